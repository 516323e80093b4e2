//! Who takes part in the demo. The people are invented.

/// A text in English, Japanese and Korean.
pub type Three = [&'static str; 3];

/// A party of the demo.
pub struct PartyRole {
    pub id: &'static str,
    pub name: Three,
    /// One per line, in the order of [`LINES`].
    pub offices: [OfficeRole; 3],
}

/// An office and the person who holds it.
pub struct OfficeRole {
    pub id: &'static str,
    pub title: Three,
    pub person: &'static str,
}

/// A line of the demo.
pub struct LineRole {
    pub id: &'static str,
    pub name: Three,
    /// Highest precedence that each of its offices may ring with.
    pub authority: &'static str,
}

/// Marking of every line.
pub const MARKING: &str = "EXERCISE · REL TO USA, JPN, KOR";

/// The lines, as the board shows them.
pub const LINES: [LineRole; 3] = [
    LineRole { id: "leaders", name: ["Leaders", "首脳", "정상"], authority: "flash-override" },
    LineRole {
        id: "advisers", name: ["Security advisers", "安全保障担当", "안보보좌관"], authority: "flash"
    },
    LineRole { id: "duty", name: ["Duty officers", "当直", "당직"], authority: "immediate" },
];

const DUTY: Three = ["Duty Officer", "当直官", "당직관"];

/// The parties, as the demo prints them.
pub const PARTIES: [PartyRole; 3] = [
    PartyRole {
        id: "USA",
        name: ["United States", "アメリカ合衆国", "미국"],
        offices: [
            OfficeRole { id: "usa-president", title: ["President", "大統領", "대통령"], person: "Alex Morgan" },
            OfficeRole {
                id: "usa-security-adviser",
                title: ["National Security Adviser", "国家安全保障問題担当補佐官", "국가안보보좌관"],
                person: "Jordan Lee",
            },
            OfficeRole { id: "usa-duty-officer", title: DUTY, person: "Sam Carter" },
        ],
    },
    PartyRole {
        id: "JPN",
        name: ["Japan", "日本", "일본"],
        offices: [
            OfficeRole {
                id: "jpn-prime-minister",
                title: ["Prime Minister", "内閣総理大臣", "총리"],
                person: "佐藤 葵",
            },
            OfficeRole {
                id: "jpn-security-adviser",
                title: ["National Security Adviser", "国家安全保障局長", "국가안전보장국장"],
                person: "高橋 律",
            },
            OfficeRole { id: "jpn-duty-officer", title: DUTY, person: "渡辺 蓮" },
        ],
    },
    PartyRole {
        id: "KOR",
        name: ["Republic of Korea", "大韓民国", "대한민국"],
        offices: [
            OfficeRole { id: "kor-president", title: ["President", "大統領", "대통령"], person: "김하늘" },
            OfficeRole {
                id: "kor-security-adviser",
                title: ["National Security Adviser", "国家安保室長", "국가안보실장"],
                person: "이서진",
            },
            OfficeRole { id: "kor-duty-officer", title: DUTY, person: "박지우" },
        ],
    },
];

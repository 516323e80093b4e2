//! Who takes part in the demo. The people are invented.

/// A text in English, Japanese and Korean.
pub type Three = [&'static str; 3];

/// A party of the demo.
pub struct PartyRole {
    pub id: &'static str,
    pub name: Three,
    /// In the order in which a ring comes to them on each of their lines.
    pub offices: [OfficeRole; 6],
}

/// An office and the person who holds it.
pub struct OfficeRole {
    pub id: &'static str,
    pub title: Three,
    pub person: &'static str,
    /// As in `charter.toml`.
    pub role: &'static str,
    /// Ids of its lines.
    pub lines: &'static [&'static str],
}

/// A line of the demo.
pub struct LineRole {
    pub id: &'static str,
    pub name: Three,
    /// Highest precedence that those may ring with who act for their party.
    pub authority: &'static str,
    /// Principals come on together.
    pub staged: bool,
}

/// The line that stations have to themselves.
pub const TEST_LINE: &str = "test";
/// Marking of every line.
pub const MARKING: &str = "EXERCISE · REL TO USA, JPN, KOR";
/// Seconds until a ring comes to a party's next office on the line.
pub const ESCALATE_SECONDS: u16 = 15;
/// Bytes to whose multiples pictures are filled.
pub const PICTURE_STEP: u16 = 256;

/// The lines, as the board shows them.
pub const LINES: [LineRole; 4] = [
    LineRole { id: "leaders", name: ["Leaders", "首脳", "정상"], authority: "flash-override", staged: true },
    LineRole {
        id: "advisers",
        name: ["Security advisers", "安全保障担当", "안보보좌관"],
        authority: "flash",
        staged: false,
    },
    LineRole { id: "duty", name: ["Duty officers", "当直", "당직"], authority: "immediate", staged: false },
    LineRole {
        id: TEST_LINE, name: ["Line test", "回線試験", "회선 시험"], authority: "routine", staged: false
    },
];

/// What a consultation may be about: id and text.
pub const SUBJECTS: [(&str, Three); 6] = [
    ("missile-launch", ["Missile launch", "ミサイル発射", "미사일 발사"]),
    ("incident-at-sea", ["Incident at sea", "海上での事案", "해상 사건"]),
    ("airspace", ["Incident in the air", "空域での事案", "공역 사건"]),
    ("arms-transfer", ["Arms transfer", "武器移転", "무기 이전"]),
    ("cyber-attack", ["Cyber attack", "サイバー攻撃", "사이버 공격"]),
    ("exercise", ["Exercise", "演習", "훈련"]),
];

const fn duty(id: &'static str, person: &'static str) -> OfficeRole {
    OfficeRole {
        id,
        title: ["Duty Officer", "当直官", "당직관"],
        person,
        role: "duty-officer",
        lines: &["leaders", "advisers", "duty"],
    }
}

const fn leader(id: &'static str, title: Three, person: &'static str) -> OfficeRole {
    OfficeRole { id, title, person, role: "principal", lines: &["leaders"] }
}

const fn adviser(id: &'static str, title: Three, person: &'static str) -> OfficeRole {
    OfficeRole { id, title, person, role: "principal", lines: &["advisers"] }
}

const fn interpreter(id: &'static str, person: &'static str) -> OfficeRole {
    OfficeRole {
        id,
        title: ["Interpreter", "通訳", "통역"],
        person,
        role: "interpreter",
        lines: &["leaders", "advisers"],
    }
}

const fn note_taker(id: &'static str, person: &'static str) -> OfficeRole {
    OfficeRole {
        id,
        title: ["Note-taker", "記録係", "기록 담당"],
        person,
        role: "note-taker",
        lines: &["leaders", "advisers"],
    }
}

const fn station(id: &'static str) -> OfficeRole {
    OfficeRole {
        id,
        title: ["Line test", "回線試験", "회선 시험"],
        person: "Station",
        role: "station",
        lines: &[TEST_LINE],
    }
}

/// The parties, as the demo prints them.
pub const PARTIES: [PartyRole; 3] = [
    PartyRole {
        id: "USA",
        name: ["United States", "アメリカ合衆国", "미국"],
        offices: [
            adviser(
                "usa-security-adviser",
                ["National Security Adviser", "国家安全保障問題担当補佐官", "국가안보보좌관"],
                "Jordan Lee",
            ),
            duty("usa-duty-officer", "Sam Carter"),
            leader("usa-president", ["President", "大統領", "대통령"], "Alex Morgan"),
            interpreter("usa-interpreter", "Casey Nguyen"),
            note_taker("usa-note-taker", "Robin Hayes"),
            station("usa-station"),
        ],
    },
    PartyRole {
        id: "JPN",
        name: ["Japan", "日本", "일본"],
        offices: [
            adviser(
                "jpn-security-adviser",
                ["National Security Adviser", "国家安全保障局長", "국가안전보장국장"],
                "高橋 律",
            ),
            duty("jpn-duty-officer", "渡辺 蓮"),
            leader("jpn-prime-minister", ["Prime Minister", "内閣総理大臣", "총리"], "佐藤 葵"),
            interpreter("jpn-interpreter", "中村 凪"),
            note_taker("jpn-note-taker", "小林 湊"),
            station("jpn-station"),
        ],
    },
    PartyRole {
        id: "KOR",
        name: ["Republic of Korea", "大韓民国", "대한민국"],
        offices: [
            adviser("kor-security-adviser", ["National Security Adviser", "国家安保室長", "국가안보실장"], "이서진"),
            duty("kor-duty-officer", "박지우"),
            leader("kor-president", ["President", "大統領", "대통령"], "김하늘"),
            interpreter("kor-interpreter", "정다온"),
            note_taker("kor-note-taker", "최아린"),
            station("kor-station"),
        ],
    },
];

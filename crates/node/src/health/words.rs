//! What the page says, in the three languages of the console.

use super::Window;

/// A language of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tongue {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
    /// Korean.
    Ko,
}

impl Tongue {
    /// All.
    pub const ALL: [Self; 3] = [Self::En, Self::Ja, Self::Ko];

    /// As in `lang`, and as browsers name it.
    #[must_use]
    pub fn code(self) -> &'static str {
        ["en", "ja", "ko"][self as usize]
    }

    /// Its own name.
    pub(super) fn name(self) -> &'static str {
        ["English", "日本語", "한국어"][self as usize]
    }

    /// The one that was asked for, or the first that a browser would read (RFC 9110 §12.5.4, in the order in which it
    /// names them).
    #[must_use]
    pub fn choose(asked: Option<&str>, accepts: &str) -> Self {
        let named = |code: &str| Self::ALL.into_iter().find(|tongue| code.trim().get(..2) == Some(tongue.code()));
        asked.and_then(named).or_else(|| accepts.split(',').find_map(named)).unwrap_or_default()
    }

    pub(super) fn say(self, words: [&'static str; 3]) -> &'static str {
        words[self as usize]
    }
}

pub(super) const TITLE: [&str; 3] = ["Health of the lines", "回線の状態", "회선 상태"];
pub(super) const NODE: [&str; 3] = ["Node", "ノード", "노드"];
pub(super) const TESTS: [&str; 3] = ["Tests of the lines", "回線の試験", "회선 시험"];
pub(super) const NOTHING: [&str; 3] = [
    "Nothing has been measured in this time yet.",
    "この期間の測定値はまだありません。",
    "이 기간의 측정값이 아직 없습니다.",
];
pub(super) const LAST_GOOD: [&str; 3] = ["Last good", "最後の正常", "마지막 정상"];
pub(super) const LEVEL: [&str; 3] = ["Test", "試験", "시험"];
pub(super) const BETWEEN: [&str; 3] = ["Between", "区間", "구간"];
pub(super) const STATE: [&str; 3] = ["State", "状態", "상태"];
pub(super) const SUBJECT: [&str; 3] = ["Path, party or line", "経路・当事国・回線", "경로·당사국·회선"];
pub(super) const AVAILABLE: [&str; 3] = ["Available", "稼働率", "가용률"];
pub(super) const DOWN: [&str; 3] = ["Down, s", "停止（秒）", "중단(초)"];
pub(super) const BUDGET: [&str; 3] =
    ["Of 99.999 % budget", "99.999 % の許容時間に対する割合", "99.999 % 허용 시간 대비"];
pub(super) const ROUND_TRIP: [&str; 3] = ["Round trip, ms", "往復遅延（ms）", "왕복 지연(ms)"];
pub(super) const JITTER: [&str; 3] = ["Jitter, ms", "ジッター（ms）", "지터(ms)"];
pub(super) const LOSS: [&str; 3] = ["Loss, %", "損失（%）", "손실(%)"];
pub(super) const QUALITY: [&str; 3] = ["Speech quality, 1–5", "音声品質（1～5）", "음성 품질(1~5)"];
pub(super) const WATCHED: [&str; 3] = ["Watched, min", "監視時間（分）", "감시 시간(분)"];
pub(super) const TABLE: [&str; 3] = ["Figures as a table", "数値の表", "수치 표"];
pub(super) const FROM: [&str; 3] = ["Time (UTC)", "時刻（UTC）", "시각(UTC)"];
pub(super) const EXPORT: [&str; 3] = ["Export", "書き出し", "내보내기"];
pub(super) const LANGUAGE: [&str; 3] = ["Language", "言語", "언어"];
pub(super) const TIME: [&str; 3] = ["Time", "期間", "기간"];

/// What `99.999 %` allows in the window.
pub(super) fn budget(tongue: Tongue, seconds: f64) -> String {
    match tongue {
        Tongue::En => format!("99.999 % allows {seconds:.1} s down in this window."),
        Tongue::Ja => format!("99.999 % では、この期間に許容される停止時間は {seconds:.1} 秒です。"),
        Tongue::Ko => format!("99.999 %에서 이 기간에 허용되는 중단 시간은 {seconds:.1}초입니다."),
    }
}

pub(super) fn window(tongue: Tongue, window: Window) -> &'static str {
    tongue.say(match window {
        Window::Hour => ["1 hour", "1時間", "1시간"],
        Window::Day => ["24 hours", "24時間", "24시간"],
        Window::Quarter => ["90 days", "90日", "90일"],
    })
}

pub(super) fn level(tongue: Tongue, level: &str) -> &'static str {
    tongue.say(match level {
        "path" => ["Path", "経路", "경로"],
        "station" => ["Station", "局", "국"],
        _ => ["People", "担当者", "담당자"],
    })
}

pub(super) fn grade(tongue: Tongue, grade: &str) -> &'static str {
    tongue.say(match grade {
        "good" => ["Good", "良好", "양호"],
        "amber" => ["One missed, failed or poor", "1回未実施・失敗、または品質低下", "한 번 누락·실패 또는 품질 저하"],
        "red" => ["Failed", "異常", "이상"],
        "unknown" => ["No result yet", "まだ結果がありません", "아직 결과 없음"],
        _ => ["Not scheduled", "予定なし", "예정 없음"],
    })
}

/// What a subject is, before its id.
pub(super) fn kind(tongue: Tongue, subject: &str) -> &'static str {
    tongue.say(match subject.split('/').next() {
        Some("path") => ["Path", "経路", "경로"],
        Some("party") => ["Party", "当事国", "당사국"],
        _ => ["Line", "回線", "회선"],
    })
}

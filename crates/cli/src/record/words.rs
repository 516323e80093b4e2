//! The words of the summary of calls, in the three languages of the console: the same as on its screens
//! (docs/glossary.md, *Words on screens*).

use trialogue_charter::{PartyId, Precedence, Texts, VerifiedCharter};
use trialogue_journal::{DeclineReason, Language};
use trialogue_node::precedence_words;
use trialogue_record::calls::{Ended, Outcome, Person};
use trialogue_record::utc::Utc;

/// One language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    fn pick<T>(self, [en, ja, ko]: [T; 3]) -> T {
        match self.0 {
            Language::En => en,
            Language::Ja => ja,
            Language::Ko => ko,
        }
    }

    /// What the charter says in this language.
    pub(super) fn text(self, texts: &Texts) -> String {
        self.pick([&texts.en, &texts.ja, &texts.ko]).clone()
    }

    pub(super) fn party(self, charter: &VerifiedCharter, party: &PartyId) -> String {
        charter.party(party).map_or_else(|| party.to_string(), |known| self.text(&known.name))
    }

    /// Party, office and name.
    pub(super) fn who(self, charter: &VerifiedCharter, who: &Person) -> String {
        let office =
            charter.office(&who.office).map_or_else(|| who.office.to_string(), |known| self.text(&known.title));
        let (party, name) = (self.party(charter, &who.party), &who.name);
        self.pick([
            format!("{party}, {office} ({name})"),
            format!("{party}　{office}（{name}）"),
            format!("{party} {office} ({name})"),
        ])
    }

    fn precedence(self, precedence: Precedence) -> String {
        let word = self.pick(precedence_words(precedence));
        self.pick([word.to_lowercase(), word.to_owned(), word.to_owned()])
    }

    pub(super) fn call(self, line: &str, call: &str, began: &str, ended: Option<String>) -> String {
        match ended {
            Some(ended) => self.pick([
                format!("{began} to {ended} · line {line} · call {call}"),
                format!("{began} ～ {ended} · 回線 {line} · 通話 {call}"),
                format!("{began} ~ {ended} · 회선 {line} · 통화 {call}"),
            ]),
            None => self.pick([
                format!("{began}, going on where the record ends · line {line} · call {call}"),
                format!("{began} から（記録の末尾で継続中） · 回線 {line} · 通話 {call}"),
                format!("{began}부터 (기록이 끝나는 시점에 진행 중) · 회선 {line} · 통화 {call}"),
            ]),
        }
    }

    pub(super) fn rang(self, time: &str, who: &str, precedence: Precedence) -> String {
        let urgency = self.precedence(precedence);
        self.pick([
            format!("rung at {time} by {who}, {urgency}"),
            format!("呼び出し {time} {who}（{urgency}）"),
            format!("호출 {time} {who} ({urgency})"),
        ])
    }

    pub(super) fn answered(self, time: &str, party: &str, outcome: &str) -> String {
        self.pick([
            format!("{party} at {time}: {outcome}"),
            format!("{party} {time}：{outcome}"),
            format!("{party} {time}: {outcome}"),
        ])
    }

    pub(super) fn outcome(self, outcome: &Outcome, at: impl Fn(Utc) -> String) -> String {
        match outcome {
            Outcome::Declined { reason, call_back } => {
                let why = self.reason(*reason);
                let then = call_back.map(at).map_or_else(String::new, |time| {
                    self.pick([
                        format!(", will call back at {time}"),
                        format!("、{time} に折り返す約束"),
                        format!(", {time}에 다시 연락하기로 함"),
                    ])
                });
                self.pick([
                    format!("declined: {why}{then}"),
                    format!("辞退：{why}{then}"),
                    format!("거절: {why}{then}"),
                ])
            }
            Outcome::Refused(reason) => {
                let why = self.reason(*reason);
                self.pick([
                    format!("refused by policy of its node: {why}"),
                    format!("ノードの方針により辞退：{why}"),
                    format!("노드 방침에 따라 거절: {why}"),
                ])
            }
            Outcome::Unstaffed => self
                .pick([
                    "had the ring, no one on watch",
                    "呼び出しは届いたが待機者なし",
                    "호출이 도착했으나 대기자 없음",
                ])
                .to_owned(),
            Outcome::Fetching(until) => {
                let time = at(*until);
                self.pick([
                    format!("was fetching somebody, expected at {time}"),
                    format!("担当者を呼びに行った（{time} の見込み）"),
                    format!("담당자를 부르러 감 ({time} 예정)"),
                ])
            }
            Outcome::Expired => self.pick(["no answer in time", "時間内に応答なし", "시간 안에 응답 없음"]).to_owned(),
            Outcome::Missed => {
                self.pick(["the ring ended unanswered", "応答のないまま呼び出し終了", "응답 없이 호출 종료"]).to_owned()
            }
        }
    }

    fn reason(self, reason: DeclineReason) -> &'static str {
        self.pick(match reason {
            DeclineReason::Busy => ["not available then", "応じられない", "응할 수 없음"],
            DeclineReason::CallBack => ["will call back", "折り返す", "다시 연락함"],
            DeclineReason::Deputy => {
                ["another office should be rung", "代理の役職を呼び出してほしい", "대리 직위를 호출 바람"]
            }
            DeclineReason::Refused => ["did not wish to talk", "通話を望まない", "통화를 원하지 않음"],
        })
    }

    /// Who was in, from when, until when with how long and how it ended.
    pub(super) fn present(self, who: &str, from: &str, until: Option<(String, String, Ended)>) -> String {
        match until {
            Some((until, lasted, how)) => {
                let how = self.ended(how);
                self.pick([
                    format!("in: {who}, {from} to {until}, {lasted}: {how}"),
                    format!("参加 {who} {from} ～ {until}、{lasted}：{how}"),
                    format!("참여 {who} {from} ~ {until}, {lasted}: {how}"),
                ])
            }
            None => self.pick([
                format!("in: {who}, since {from}, still in where the record ends"),
                format!("参加 {who} {from} から（記録の末尾で参加中）"),
                format!("참여 {who} {from}부터 (기록이 끝나는 시점에 참여 중)"),
            ]),
        }
    }

    fn ended(self, how: Ended) -> String {
        match how {
            Ended::CalledAway(precedence) => {
                let urgency = self.precedence(precedence);
                self.pick([
                    format!("left for a ring on another line ({urgency})"),
                    format!("ほかの回線の呼び出し（{urgency}）のため退出"),
                    format!("다른 회선의 호출({urgency})로 퇴장"),
                ])
            }
            plain => self
                .pick(match plain {
                    Ended::Left | Ended::CalledAway(_) => ["left", "退出", "퇴장"],
                    Ended::Lost => ["out of touch", "接続が途絶", "연결 끊김"],
                    Ended::Restarted => ["its node started again", "ノードが再起動", "노드 재시작"],
                    Ended::Removed => ["taken out by its party", "自国が通話から外した", "자국이 통화에서 내보냄"],
                    Ended::Barred => ["its device was barred", "端末が失効または停止", "단말기 폐기 또는 정지"],
                    Ended::Another => ["went to another call", "別の通話に移動", "다른 통화로 이동"],
                })
                .to_owned(),
        }
    }

    /// `28 min 7 s`.
    pub(super) fn length(self, ms: u64) -> String {
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let [h, min, s] = self.pick([[" h", " min", " s"], ["時間", "分", "秒"], ["시간", "분", "초"]]);
        let gap = self.pick([" ", "", " "]);
        match (hours, minutes) {
            (0, 0) => format!("{seconds}{s}"),
            (0, _) => format!("{minutes}{min}{gap}{seconds}{s}"),
            _ => format!("{hours}{h}{gap}{minutes}{min}{gap}{seconds}{s}"),
        }
    }
}

/// For programs.
pub(super) fn key(precedence: Precedence) -> String {
    precedence_words(precedence)[0].to_lowercase().replace(' ', "_")
}

/// For programs: the outcome, why, and the time that it names.
pub(super) fn outcome_keys(outcome: &Outcome) -> (&'static str, Option<&'static str>, Option<Utc>) {
    match outcome {
        Outcome::Declined { reason, call_back } => ("declined", Some(reason_key(*reason)), *call_back),
        Outcome::Refused(reason) => ("refused", Some(reason_key(*reason)), None),
        Outcome::Unstaffed => ("unstaffed", None, None),
        Outcome::Fetching(until) => ("fetching", None, Some(*until)),
        Outcome::Expired => ("expired", None, None),
        Outcome::Missed => ("missed", None, None),
    }
}

fn reason_key(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Busy => "busy",
        DeclineReason::CallBack => "call_back",
        DeclineReason::Deputy => "deputy",
        DeclineReason::Refused => "refused",
    }
}

/// For programs.
pub(super) fn ended_key(how: Ended) -> &'static str {
    match how {
        Ended::Left => "left",
        Ended::CalledAway(_) => "called_away",
        Ended::Lost => "lost",
        Ended::Restarted => "restarted",
        Ended::Removed => "removed",
        Ended::Barred => "barred",
        Ended::Another => "another_call",
    }
}

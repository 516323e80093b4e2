//! What a mail says, in the three languages of the console. Ids of the charter and numbers only: no name of a person
//! leaves by mail.

use super::{Alarm, Alert, Overdue};
use trialogue_charter::{PartyId, Precedence};
use trialogue_journal::Level;

pub(super) fn subject(alarm: &Alarm) -> String {
    match alarm {
        Alarm::Ring(alert) => format!("[{}] {} -> {}", precedence(alert.precedence)[0], alert.party, alert.line),
        Alarm::Writing(Overdue { line, party, precedence: urgency, messages }) => {
            let what = if *messages == 1 { "message".to_owned() } else { format!("{messages} messages") };
            format!("[{}] {party}: {what} on {line} not acknowledged", precedence(*urgency)[0])
        }
        Alarm::Test { party, level } => format!("[Test failed] {}: {party}", tested(*level)[0]),
    }
}

pub(super) fn text(alarm: &Alarm) -> String {
    match alarm {
        Alarm::Ring(alert) => ring(alert),
        Alarm::Writing(overdue) => writing(overdue),
        Alarm::Test { party, level } => test(party, *level),
    }
}

fn writing(overdue: &Overdue) -> String {
    let Overdue { line, party, messages, .. } = overdue;
    let [en, ja, ko] = precedence(overdue.precedence);
    format!(
        "{party} has written on the line \"{line}\" and asked for an acknowledgement by a time that is past. Precedence: {en}. Messages: {messages}.\n\
         Please go to a console of this line now, read what is not acknowledged and acknowledge it, or send somebody who can.\n\n\
         {party} が回線「{line}」に送った文書について、期限を過ぎても受領の確認がありません。優先度：{ja}。文書：{messages} 件。\n\
         すぐにこの回線のコンソールで文書を読み、受領を確認するか、確認できる人を向かわせてください。\n\n\
         {party}가 \"{line}\" 회선에 보낸 문서의 수신 확인 기한이 지났습니다. 우선순위: {ko}. 문서: {messages}건.\n\
         지금 이 회선의 콘솔에서 문서를 읽고 수신을 확인하거나, 확인할 수 있는 사람을 보내십시오.\n"
    )
}

fn test(party: &PartyId, level: Level) -> String {
    let [en, ja, ko] = tested(level);
    format!(
        "{en}: the test of the line with {party} failed or did not come twice in a row. The line may not work when it is needed.\n\
         Please look at the board or at /health of the node now.\n\n\
         {ja}：{party} との回線試験が2回続けて失敗したか、行われませんでした。必要なときに回線が使えないおそれがあります。\n\
         すぐにボードまたはノードの /health をご確認ください。\n\n\
         {ko}: {party}와의 회선 시험이 두 번 연속 실패했거나 이루어지지 않았습니다. 필요할 때 회선을 쓰지 못할 수 있습니다.\n\
         지금 상황판이나 노드의 /health를 확인하십시오.\n"
    )
}

/// As the console shows it, in English, Japanese and Korean.
fn tested(level: Level) -> [&'static str; 3] {
    match level {
        Level::Path => ["Path", "経路", "경로"],
        Level::Station => ["Station", "局", "통신소"],
        Level::Human => ["People", "担当者", "담당자"],
    }
}

fn ring(alert: &Alert) -> String {
    let Alert { line, party, consoles, call, .. } = alert;
    let [en, ja, ko] = precedence(alert.precedence);
    format!(
        "{party} is ringing the line \"{line}\" and nobody has answered. Precedence: {en}. Consoles that ring: {consoles}.\n\
         Please go to a console of this line now, or send somebody who can.\n\n\
         {party} が回線「{line}」を呼び出していますが、まだ誰も応答していません。優先度：{ja}。呼び出し中のコンソール：{consoles} 台。\n\
         すぐにこの回線のコンソールに向かうか、応答できる人を向かわせてください。\n\n\
         {party}의 \"{line}\" 회선 호출에 아직 아무도 응답하지 않았습니다. 우선순위: {ko}. 호출 중인 콘솔: {consoles}대.\n\
         지금 이 회선의 콘솔로 가거나, 응답할 수 있는 사람을 보내십시오.\n\n\
         {call}\n"
    )
}

/// As the console shows it, in English, Japanese and Korean.
fn precedence(precedence: Precedence) -> [&'static str; 3] {
    match precedence {
        Precedence::Routine => ["Routine", "通常", "일반"],
        Precedence::Priority => ["Priority", "優先", "우선"],
        Precedence::Immediate => ["Immediate", "至急", "긴급"],
        Precedence::Flash => ["Flash", "大至急", "초긴급"],
        Precedence::FlashOverride => ["Flash override", "最優先", "최우선"],
    }
}

//! What a mail says, in the three languages of the console. Ids of the charter and numbers only: no name of a person leaves by mail.

use super::Alert;
use trialogue_charter::Precedence;

pub(super) fn subject(alert: &Alert) -> String {
    format!("[{}] {} -> {}", precedence(alert.precedence)[0], alert.party, alert.line)
}

pub(super) fn text(alert: &Alert) -> String {
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
        Precedence::Flash => ["Flash", "緊急", "초긴급"],
        Precedence::FlashOverride => ["Flash override", "最優先緊急", "최우선 초긴급"],
    }
}

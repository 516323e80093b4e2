//! Why something was refused or declined, as it is shown. Both are closed lists: a word that is in neither is no
//! reason, and nothing is made of it.

use serde::{Deserialize, Serialize};
use trialogue_journal as journal;
use trialogue_wire::console as wire;
use ts_rs::TS;

/// Why an act, or this console, was refused: by the own node, or by the console itself before it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Refusal {
    /// Another protocol version.
    Protocol,
    /// The certificate does not lead to the party's root in this charter, has expired, or its voucher was used.
    Certificate,
    /// The device was revoked.
    Revoked,
    /// The signature does not hold.
    Signature,
    /// The office is not on that line.
    NotOnLine,
    /// The number is not above the device's last.
    Replayed,
    /// The bytes are not a message of this protocol, or over a limit.
    Malformed,
    /// A handshake for another epoch than the group's: one of the same node came first.
    Epoch,
    /// The act does not fit the state (answering no ring, leaving without being in).
    NotNow,
    /// Too much at once.
    Busy,
    /// The charter does not let the office ring that line at that precedence.
    AboveAuthority,
    /// The role of the office does not let it do that.
    Role,
    /// A party disposes of its own people only.
    NotOwn,
    /// The charter does not let the others drop a party from a call.
    Policy,
    /// The party was dropped from the call by the majority that the charter asks for.
    Dropped,
    /// The time named is past, or further ahead than the act may reach.
    Time,
    /// The office is not one of the own party's on that line.
    OtherOffice,
    /// No such consultation waits: withdrawn, begun, over, or never proposed.
    NoConsultation,
    /// The node was restored and takes its own journal back from the others before it speaks.
    CatchingUp,
    /// The statement was made for another node.
    OtherNode,
    /// The statement was made under another charter than the one in force at the node.
    OtherCharter,
    /// The statement was made too long ago, by the clocks of console and node: it is to be made anew.
    Outdated,
    /// The statement's number or time is too far ahead of the node's clock.
    Ahead,
    /// The console has reached the node at an address that the charter does not have for it.
    Origin,
    /// The party has as many devices in on the line as it has seats in a group.
    NoSeat,
    /// The node lets the device in no more, by its own word: another node of the party may.
    Suspended,
}

impl From<wire::Refusal> for Refusal {
    fn from(reason: wire::Refusal) -> Self {
        match reason {
            wire::Refusal::Protocol => Self::Protocol,
            wire::Refusal::Certificate => Self::Certificate,
            wire::Refusal::Revoked => Self::Revoked,
            wire::Refusal::Signature => Self::Signature,
            wire::Refusal::NotOnLine => Self::NotOnLine,
            wire::Refusal::Replayed => Self::Replayed,
            wire::Refusal::Malformed => Self::Malformed,
            wire::Refusal::Epoch => Self::Epoch,
            wire::Refusal::NotNow => Self::NotNow,
            wire::Refusal::Busy => Self::Busy,
            wire::Refusal::AboveAuthority => Self::AboveAuthority,
            wire::Refusal::Role => Self::Role,
            wire::Refusal::NotOwn => Self::NotOwn,
            wire::Refusal::Policy => Self::Policy,
            wire::Refusal::Dropped => Self::Dropped,
            wire::Refusal::Time => Self::Time,
            wire::Refusal::OtherOffice => Self::OtherOffice,
            wire::Refusal::NoConsultation => Self::NoConsultation,
            wire::Refusal::CatchingUp => Self::CatchingUp,
            wire::Refusal::OtherNode => Self::OtherNode,
            wire::Refusal::OtherCharter => Self::OtherCharter,
            wire::Refusal::Outdated => Self::Outdated,
            wire::Refusal::Ahead => Self::Ahead,
            wire::Refusal::Origin => Self::Origin,
            wire::Refusal::NoSeat => Self::NoSeat,
            wire::Refusal::Suspended => Self::Suspended,
        }
    }
}

/// Why somebody declines a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum DeclineReason {
    /// Nobody can come to the line now.
    Busy,
    /// Somebody will call back.
    CallBack,
    /// Another office should be rung.
    Deputy,
    /// The party does not wish to talk now.
    Refused,
}

impl From<journal::DeclineReason> for DeclineReason {
    fn from(reason: journal::DeclineReason) -> Self {
        match reason {
            journal::DeclineReason::Busy => Self::Busy,
            journal::DeclineReason::CallBack => Self::CallBack,
            journal::DeclineReason::Deputy => Self::Deputy,
            journal::DeclineReason::Refused => Self::Refused,
        }
    }
}

impl From<DeclineReason> for journal::DeclineReason {
    fn from(reason: DeclineReason) -> Self {
        match reason {
            DeclineReason::Busy => Self::Busy,
            DeclineReason::CallBack => Self::CallBack,
            DeclineReason::Deputy => Self::Deputy,
            DeclineReason::Refused => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::view::Command;

    #[test]
    fn a_word_that_is_no_reason_declines_nothing() {
        let decline = |reason: &str| {
            let said = serde_json::json!({
                "kind": "decline", "line": "duty", "reason": reason, "call_back_ms": null, "deputy": null
            });
            serde_json::from_value::<Command>(said)
        };
        for (word, reason) in [
            ("busy", DeclineReason::Busy),
            ("callBack", DeclineReason::CallBack),
            ("deputy", DeclineReason::Deputy),
            ("refused", DeclineReason::Refused),
        ] {
            assert!(
                matches!(decline(word).unwrap(), Command::Decline { reason: said, .. } if said == reason),
                "{word}"
            );
        }
        // It was signed as *does not wish to talk* once.
        for word in ["", "later", "Busy", "callback"] {
            let why = decline(word).unwrap_err().to_string();
            assert!(why.contains("unknown variant") && why.contains("callBack"), "{why}");
        }
    }
}

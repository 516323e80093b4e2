//! What is written, for whoever looks into a scenario.

use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement};

/// One line per journal entry: shown when a test fails.
pub(super) fn trace(now_us: u64, entry: &[u8]) {
    let Ok(entry) = UnverifiedEntry::decode(entry) else { return };
    let entry = entry.claim();
    let what = match &entry.body {
        Body::Stated { statement } => match UnverifiedStatement::decode(statement).map(|s| s.claim().clone()) {
            Ok(statement) => match &statement.act {
                Act::Ring { call, .. } => format!("{:?} rings {call:?}", statement.device),
                Act::Answer { call, .. } => format!("{:?} answers {call:?}", statement.device),
                Act::Handshake { group, epoch, added, removed, .. } => {
                    format!(
                        "{:?} moves {:02x}{:02x} from {epoch} +{added:?} -{removed:?}",
                        statement.device, group.0[0], group.0[1]
                    )
                }
                act => format!("{:?} {act:?}", statement.device),
            },
            Err(_) => "nonsense".to_owned(),
        },
        body => format!("{body:?}").chars().take(60).collect(),
    };
    eprintln!("{:9.3} {} {}: {what}", now_us as f64 / 1e6, entry.node, entry.seq);
}

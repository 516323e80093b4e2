//! Notes of the machine as log lines.

use trialogue_core::{Note, Weight};

pub(super) fn write(note: &Note) {
    let text = text(note);
    match note.weight() {
        Weight::Info => tracing::info!("{text}"),
        Weight::Warn => tracing::warn!("{text}"),
        Weight::Alarm => tracing::error!("{text}"),
    }
}

fn text(note: &Note) -> String {
    match note {
        Note::ConsoleOn { console, on_watch: true } => format!("console {} is on watch", console.0),
        Note::ConsoleOn { console, on_watch: false } => format!("console {} is connected", console.0),
        Note::ConsoleOff { console } => format!("console {} has gone", console.0),
        Note::Refused { console, reason } => format!("console {} was refused something: {reason:?}", console.0),
        Note::LinkUp { node } => format!("the link to {node} is up"),
        Note::LinkDown { node } => format!("the link to {node} is down"),
        Note::LinkRefused { node, why } => format!("the link to {node} was refused: {why}"),
        Note::EntryRefused { from, why } => format!("an entry that {from} sent was refused: {why}"),
        Note::Fork { node, seq } => format!(
            "node {node} signed two different entries for position {seq}: its key is in two places, it was restored from an old copy, or it lies; the evidence is kept"
        ),
        Note::OwnFork { seq } => format!(
            "others hold another entry {seq} of this node's own journal than this disk: the disk was set back, or the node runs twice; they refuse what it says from now on, and their evidence is kept. Stop it, make sure that it runs nowhere else, and put it back to what they hold with `trialogue node restore --from-others` (docs/operator.md)"
        ),
        Note::GivenBack { from, seq, running: false } => {
            format!("{from} gives back own entries that this disk does not have, from entry {seq} on")
        }
        Note::GivenBack { from, seq, running: true } => format!(
            "{from} has entries of this node's own journal from entry {seq} on that this node does not: this machine was set back, or its journal key is in use elsewhere; they are taken back. Make sure that the node runs nowhere else"
        ),
        Note::Unproven { from, seq } => format!(
            "{from} says that it holds entry {seq} of this node's journal, and does not show what follows on the last one here; the node goes on without"
        ),
        Note::CaughtUp { seq } => format!("all that others hold of this node's journal is here, up to entry {seq}"),
        Note::Disputed { node, seq, by } => format!(
            "node {by} has signed that the first {seq} entries of {node} were other ones than those held here: {node} has shown two histories, or {by} lies; the evidence is kept, and `trialogue record verify` says what it proves"
        ),
        Note::RelayLies { source, relay } => format!(
            "{relay} passed on packets as {source}'s that are not those which came from {source} itself; it is no relay for {source} here for ten minutes. Ask that party: its node is in wrong hands, or its memory fails"
        ),
        Note::Unrecorded { seq } => {
            format!(
                "the journal cannot be written from entry {seq} on; calls go on unrecorded: free space on the disk or replace it"
            )
        }
        Note::Recorded { seq } => format!("the journal is on disk again, up to entry {seq}"),
        Note::Ring { party, line, consoles } => format!("{party} rings on line {line}; {consoles} consoles sound here"),
        Note::Charter { serial } => format!("the charter with serial {serial} is in force"),
        Note::CharterRefused { from, why } => format!("a charter that {from} gave is not followed: {why}"),
        Note::Retired { serial } => format!(
            "the charter with serial {serial} does not have this node in service: its consoles were sent away; stop it and keep its data"
        ),
        Note::TestFailed { a, b, level } => format!(
            "the {} test between {a} and {b} failed or stayed away twice in a row; the board and /health say since when",
            level.name()
        ),
        Note::TestGood { a, b, level } => format!("the {} test between {a} and {b} is good again", level.name()),
        Note::Fault { what } => format!("a defect was met and got over, please report it: {what}"),
    }
}

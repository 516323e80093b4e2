//! The written line on the board: what is unread, and what waits for the own party's acknowledgement.

use super::Writer;
use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::view::{Due, Reading, WrittenNote};
use trialogue_charter::{Hash, LineId, NodeId, PartyId};
use trialogue_journal::fold::Writing;
use trialogue_journal::{Kind, State};

/// Somebody of that party has acknowledged the message.
pub(super) fn has_acknowledged(fold: &State, party: &PartyId, id: &Hash) -> bool {
    let of = |node| fold.charter().party_of_node(node).is_some_and(|of| of.id == *party);
    fold.receipts(id).any(|(node, receipts)| of(node) && !receipts.acknowledged.is_empty())
}

impl Writer {
    /// What of a line's writings is on the board.
    pub(crate) fn note(&self, line: &LineId, at: Roster, now: Now) -> WrittenNote {
        let (Some(fold), true) = (at.fold(), self.on) else { return WrittenNote::default() };
        let unread = |(id, node, writing): &(Hash, &NodeId, &Writing)| {
            writing.written.kind == Kind::Message
                && self.is_unread(id, writing, at)
                && self.is_for_us(fold, node, writing, at)
        };
        let all = fold.writings(line);
        let unread: Vec<&Writing> =
            all.iter().filter(|writing| unread(writing)).map(|(_, _, writing)| *writing).collect();
        let urgency = unread.iter().map(|writing| writing.written.precedence).max().unwrap_or_default().into();
        let due = due(fold, line, at).into_iter().min_by_key(|(_, _, by)| *by).and_then(|(id, writing, by)| {
            Some(Due {
                id: id.to_string(),
                by: at.person(&writing.by)?,
                answer_by_ms: WallMs::shown(by),
                precedence: writing.written.precedence.into(),
                overdue: now.ms >= by,
                sounds: now.ms >= sounds_ms(fold, line, by, at),
            })
        });
        WrittenNote { unread: u32::try_from(unread.len()).unwrap_or(u32::MAX), urgency, due }
    }

    /// Another's, and this console has not shown it.
    pub(super) fn is_unread(&self, id: &Hash, writing: &Writing, at: Roster) -> bool {
        let (Some(fold), me) = (at.fold(), at.id()) else { return false };
        let shown = || fold.receipts(id).any(|(_, receipts)| receipts.shown.contains_key(&me));
        let closed = || matches!(self.page.reading(id), Reading::NotForUs | Reading::Damaged);
        writing.by != me && !self.shown_here.is_owed(id) && !shown() && !closed()
    }

    /// This device is among its readers, and has found nothing wrong with it.
    fn is_for_us(&self, fold: &State, node: &NodeId, writing: &Writing, at: Roster) -> bool {
        let reads = |circle| fold.circle(node, circle).is_some_and(|known| known.readers.contains(&at.id()));
        let mut keys = writing.written.keys.iter();
        keys.any(|key| self.circles.held().get(&key.circle, &writing.by).is_some() || reads(&key.circle))
    }
}

/// Messages of others that the own party is asked to acknowledge, and has not.
fn due<'a>(fold: &'a State, line: &LineId, at: Roster) -> Vec<(Hash, &'a Writing, u64)> {
    let Some(own) = at.me().map(|me| &me.party) else { return Vec::new() };
    let of_others = fold
        .writings(line)
        .into_iter()
        .filter(|(_, node, _)| fold.charter().party_of_node(node).is_some_and(|party| party.id != *own));
    of_others
        .filter_map(|(id, _, writing)| Some((id, writing, writing.written.answer_by_ms?)))
        .filter(|(id, _, _)| !has_acknowledged(fold, own, id))
        .collect()
}

/// When an overdue message comes to this office: as a ring does, to the party's offices in the charter's order, each so
/// much later than the one before; an empty one is passed over. Who does not act for the party hears it with the last.
fn sounds_ms(fold: &State, line: &LineId, by_ms: u64, at: Roster) -> u64 {
    let Some(me) = at.me() else { return by_ms };
    let staffed: Vec<_> =
        fold.charter().acting_offices(&me.party, line).filter(|office| fold.is_staffed(&office.id)).collect();
    let last = staffed.len().saturating_sub(1);
    let turn = staffed.iter().position(|office| office.id == me.office).unwrap_or(last) as u64;
    let wait_ms = turn * u64::from(fold.charter().policy.escalate_seconds) * 1_000;
    by_ms.saturating_add(wait_ms)
}

/// When the next one becomes overdue, or comes to this office, milliseconds since 1970 UTC.
pub(super) fn next_due_ms(at: Roster, now: Now) -> Option<u64> {
    let (charter, me, fold) = at.whole()?;
    let lines = charter.lines_of_office(&me.office);
    let due = lines.flat_map(|line| {
        let all = due(fold, &line.id, at);
        all.into_iter().flat_map(|(_, _, by)| [by, sounds_ms(fold, &line.id, by, at)])
    });
    due.filter(|by| *by > now.ms).min()
}

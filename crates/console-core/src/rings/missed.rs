//! Rings that nobody of the own party has answered, as its nodes have written them down.

use super::Rings;
use crate::limits::CALLED_BACK_US;
use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::show::text;
use crate::view::{MissedRing, Refusal};
use std::collections::BTreeSet;
use trialogue_charter::{CallId, LineId, PartyId, VerifiedCharter};
use trialogue_journal::Act;
use trialogue_journal::limits::MISSED_MAX;

/// Those of a line that wait for somebody to call back, the most urgent last, of one precedence in the order in which
/// they rang; for whoever acts for the party.
pub(crate) fn shown(charter: &VerifiedCharter, at: Roster, line: &LineId) -> Vec<MissedRing> {
    let (Some(fold), Some(me), true) = (at.fold(), at.me(), at.acts_for_party()) else { return Vec::new() };
    let mut missed = fold.missed(line, &me.party);
    missed.sort_by_key(|missed| missed.rang.precedence);
    let view = |missed: trialogue_journal::fold::Missed| {
        let rang = &missed.rang;
        Some(MissedRing {
            call: missed.call.to_string(),
            party: rang.party.to_string(),
            name: text(&charter.party(&rang.party)?.name),
            office: text(&charter.office(&rang.office)?.title),
            precedence: rang.precedence.into(),
            at_ms: WallMs::shown(rang.at_ms),
            call_back_ms: rang.call_back_ms.map(WallMs::shown),
        })
    };
    missed.into_iter().filter_map(view).collect()
}

/// Dismisses rings of a party on a line: those of these ids, in hexadecimal, that still wait.
pub(crate) fn dismiss(at: Roster, line: &LineId, party: &str, calls: &[String]) -> Result<Act, Refusal> {
    let waiting = at.fold().zip(at.me()).map(|(fold, me)| fold.missed(line, &me.party)).unwrap_or_default();
    let waiting = waiting.into_iter().filter(|missed| missed.rang.party.as_str() == party);
    let calls: BTreeSet<CallId> =
        waiting.map(|missed| missed.call).filter(|call| calls.contains(&call.to_string())).collect();
    let party = PartyId::new(party).ok().filter(|_| !calls.is_empty()).ok_or(Refusal::NotNow)?;
    Ok(Act::Dismiss { party, calls: calls.into_iter().take(MISSED_MAX).collect() })
}

impl Rings {
    /// What this console says once people of the own party and of one that it has missed are in on a line together:
    /// they have called back. Said by the first of the party's that is in, again after a while if it came to nothing.
    pub(crate) fn called_back(&mut self, at: Roster, line: &LineId, now: Now) -> Option<Act> {
        let (fold, me) = (at.fold()?, at.me()?);
        let inside = at.in_on(line);
        if inside.iter().find(|participant| participant.acts_for(&me.party))?.device != at.id() {
            return None;
        }
        if self.called_back_us.is_some_and(|said_us| now.us < said_us + CALLED_BACK_US) {
            return None;
        }
        let missed = fold.missed(line, &me.party);
        let there = |party: &PartyId| inside.iter().any(|participant| participant.acts_for(party));
        let party = missed.iter().map(|missed| &missed.rang.party).find(|party| there(party))?;
        let of = missed.iter().filter(|missed| missed.rang.party == *party).map(|missed| missed.call);
        let calls: BTreeSet<CallId> = of.take(MISSED_MAX).collect();
        self.called_back_us = Some(now.us);
        Some(Act::Dismiss { party: party.clone(), calls: calls.into_iter().collect() })
    }
}

//! The last call on each line, as this console has seen it since it came on watch.

use super::Rings;
use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::show::text;
use crate::view::LastCall;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{LineId, PartyId, VerifiedCharter};

/// A call on a line: people of two parties at least were in.
#[derive(Clone)]
pub(super) struct Seen {
    since_ms: u64,
    /// None while it goes on.
    until_ms: Option<u64>,
    parties: BTreeSet<PartyId>,
}

impl Rings {
    /// Notes which calls began and which ended. Not while the state is being told anew: then nobody has left.
    pub(crate) fn note_calls(&mut self, at: Roster, now: Now) {
        let (Some(_), Some(charter)) = (at.fold(), at.charter()) else { return };
        let inside = |line: &LineId| at.in_on(line).iter().map(|participant| participant.party.clone()).collect();
        let present: BTreeMap<LineId, BTreeSet<PartyId>> =
            charter.lines.iter().map(|line| (line.id.clone(), inside(&line.id))).collect();
        self.calls.retain(|line, _| present.contains_key(line));
        for (line, parties) in present {
            let going_on = parties.len() > 1;
            match self.calls.get_mut(&line) {
                Some(seen) if seen.until_ms.is_none() => {
                    seen.parties.extend(parties);
                    seen.until_ms = (!going_on).then_some(now.ms);
                }
                _ if going_on => {
                    self.calls.insert(line, Seen { since_ms: now.ms, until_ms: None, parties });
                }
                _ => {}
            }
        }
    }

    pub(crate) fn last_call(&self, charter: &VerifiedCharter, line: &LineId) -> Option<LastCall> {
        let seen = self.calls.get(line)?;
        let parties = charter.parties_on_line(line).filter(|party| seen.parties.contains(&party.id));
        Some(LastCall {
            since_ms: WallMs::shown(seen.since_ms),
            until_ms: WallMs::shown(seen.until_ms?),
            parties: parties.map(|party| text(&party.name)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Scene, after_ms, line_id};
    use trialogue_charter::{CallId, Precedence};
    use trialogue_journal::Act;

    fn after(seconds: u64) -> Now {
        after_ms(seconds * 1_000)
    }

    #[test]
    fn a_call_is_the_last_one_once_nobody_of_a_second_party_is_in() {
        let mut scene = Scene::new();
        let [usa, japan] = ["usa-duty", "jpn-duty"].map(|office| scene.enrol(office, 1));
        let (line, mut rings) = (line_id("duty"), Rings::default());
        let last = |rings: &Rings, scene: &Scene| rings.last_call(&scene.charter, &line_id("duty"));
        scene.rings(&usa, "duty", 1, Precedence::Routine);
        rings.note_calls(scene.roster(&usa), after(1));
        assert!(!rings.calls.contains_key(&line), "one party alone is no call");
        scene.says(&japan, "duty", Act::Answer { call: CallId([1; 16]), offers: Vec::new() });
        rings.note_calls(scene.roster(&usa), after(2));
        assert_eq!(last(&rings, &scene), None, "it goes on");
        scene.says(&japan, "duty", Act::Leave { cause: None });
        rings.note_calls(scene.roster(&usa), after(9));
        let seen = last(&rings, &scene).unwrap();
        assert_eq!((seen.since_ms, seen.until_ms), (after(2).ms as f64, after(9).ms as f64));
        assert_eq!(seen.parties.len(), 2);
        rings.note_calls(scene.roster(&usa), after(20));
        assert_eq!(last(&rings, &scene), Some(seen));
    }
}

//! Rings of others that nobody of the party has answered: what a node says of them, and who has dismissed them.

use super::line::LineView;
use super::respond::Response;
use super::speaker::{Own, Speaker};
use super::{Applied, Ignored};
use crate::entry::Rang;
use crate::limits::{DISMISSALS_MAX, MISSED_MAX};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, LineId, PartyId};

/// A ring that nobody of a party has answered and that waits for somebody to call back, as all nodes of the party say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Which ring.
    pub call: CallId,
    /// Who rang.
    pub rang: Rang,
}

/// A ring as one node's journal says that it was missed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Said {
    #[n(0)]
    call: CallId,
    #[n(1)]
    rang: Rang,
    /// Position of the entry.
    #[n(2)]
    seq: u64,
}

/// Rings that somebody has dismissed by one statement. It may stand in the journal of one site while they were missed
/// at the other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Dismissal {
    #[n(0)]
    calls: Vec<CallId>,
    #[n(1)]
    by: DeviceId,
    /// Position of the entry.
    #[n(2)]
    seq: u64,
}

/// Of one party on one line. What is remembered is whole entries, so that whoever is given those that are remembered
/// remembers the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
struct OfParty {
    /// In the order of their entries.
    #[n(0)]
    missed: Vec<Said>,
    /// The newest, oldest first: apart from what was missed, of which they take no places.
    #[n(1)]
    dismissed: Vec<Dismissal>,
    /// The latest time of those that were forgotten, milliseconds since 1970 UTC.
    #[n(2)]
    forgotten_ms: u64,
}

impl OfParty {
    fn has(&self, call: &CallId) -> bool {
        self.missed.iter().any(|said| said.call == *call)
    }

    /// The oldest of the least urgent goes first, and what is to be called back last.
    fn miss(&mut self, said: Said) {
        if self.missed.len() >= MISSED_MAX {
            let worth = |said: &Said| (said.rang.call_back_ms.is_some(), said.rang.precedence, said.seq);
            if let Some((least, _)) = self.missed.iter().enumerate().min_by_key(|(_, said)| worth(said)) {
                self.forgotten_ms = self.forgotten_ms.max(self.missed.remove(least).rang.at_ms);
            }
        }
        self.missed.push(said);
    }

    fn dismiss(&mut self, dismissal: Dismissal) {
        if self.dismissed.len() >= DISMISSALS_MAX {
            self.dismissed.remove(0);
        }
        self.dismissed.push(dismissal);
    }
}

/// By line and ringing party: no party's rings make another's be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct MissedRings {
    #[n(0)]
    lines: BTreeMap<LineId, BTreeMap<PartyId, OfParty>>,
}

impl MissedRings {
    fn of(&self, line: &LineId, party: &PartyId) -> Option<&OfParty> {
        self.lines.get(line)?.get(party)
    }

    fn entry(&mut self, line: &LineId, party: &PartyId) -> &mut OfParty {
        self.lines.entry(line.clone()).or_default().entry(party.clone()).or_default()
    }

    /// The node has a ring that nobody answered. Said once.
    pub(super) fn miss(
        &mut self,
        own: Own<'_>,
        line: &LineId,
        call: CallId,
        rang: &Rang,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        own.on_line(line)?;
        own.another(line, &rang.party)?;
        let office = own.charter.office(&rang.office).is_some_and(|office| office.party == rang.party);
        if !office || !own.charter.is_on_line(&rang.office, line) {
            return Err(Ignored::Malformed);
        }
        if self.of(line, &rang.party).is_some_and(|of| of.has(&call)) {
            return Err(Ignored::NotNow);
        }
        self.entry(line, &rang.party).miss(Said { call, rang: rang.clone(), seq });
        Ok(Applied::Missed { line: line.clone(), call })
    }

    /// A console that acts for its party dismisses rings of another party, also such as this node has not missed.
    pub(super) fn may_dismiss(by: &Speaker<'_>, line: &LineId, party: &PartyId) -> Result<(), Ignored> {
        by.must_act()?;
        by.own.another(line, party)
    }

    pub(super) fn dismiss(&mut self, line: &LineId, party: &PartyId, calls: &[CallId], by: DeviceId, seq: u64) {
        self.entry(line, party).dismiss(Dismissal { calls: calls.to_vec(), by, seq });
    }

    /// Has this node said that it missed the ring, as far as it remembers?
    pub(super) fn has(&self, line: &LineId, party: &PartyId, call: &CallId) -> bool {
        self.of(line, party).is_some_and(|of| of.has(call))
    }

    /// The same of one that rang at this time, which it may have forgotten.
    pub(super) fn had(&self, line: &LineId, party: &PartyId, call: &CallId, at_ms: u64) -> bool {
        self.of(line, party).is_some_and(|of| of.has(call) || at_ms <= of.forgotten_ms)
    }

    fn all(&self) -> impl Iterator<Item = &OfParty> {
        self.lines.values().flat_map(BTreeMap::values)
    }

    /// Calls on a line of which the node says that it missed them.
    pub(super) fn calls(&self, line: &LineId) -> impl Iterator<Item = CallId> {
        let of = self.lines.get(line).into_iter().flat_map(BTreeMap::values);
        of.flat_map(|of| &of.missed).map(|said| said.call)
    }

    /// Devices whose statements dismiss some.
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> {
        self.all().flat_map(|of| &of.dismissed).map(|dismissal| dismissal.by)
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        for of in self.all() {
            seqs.extend(of.missed.iter().map(|said| said.seq));
            seqs.extend(of.dismissed.iter().map(|dismissal| dismissal.seq));
        }
    }
}

impl LineView<'_, '_> {
    /// Rings that a party has missed and nobody of it has dismissed, in the order in which they rang.
    pub(super) fn missed(self, party: &PartyId) -> Vec<Missed> {
        // By party as well: whoever rings draws the call's number, and may take that of another's ring.
        let mut rings: BTreeMap<(&PartyId, CallId), &Rang> = BTreeMap::new();
        let mut dismissed: BTreeSet<(&PartyId, CallId)> = BTreeSet::new();
        let nodes = self.people().nodes_of(party);
        for (by, of) in nodes.filter_map(|node| node.missed.lines.get(self.id())).flatten() {
            for said in &of.missed {
                rings.entry((by, said.call)).or_insert(&said.rang);
            }
            dismissed.extend(of.dismissed.iter().flat_map(|one| &one.calls).map(|call| (by, *call)));
        }
        let waits = rings.into_iter().filter(|(ring, _)| !dismissed.contains(ring));
        let waits = waits.map(|((_, call), rang)| Missed { call, rang: rang.clone() });
        let mut waits: Vec<Missed> = waits.filter(|missed| !self.is_met(party, missed)).collect();
        waits.sort_by_key(|missed| (missed.rang.at_ms, missed.call));
        waits
    }

    /// At another site somebody came to the ring, whatever this one has said. A site that has missed it itself may be
    /// *joined* since by who came in long after: that is not said of the ring.
    fn is_met(self, party: &PartyId, missed: &Missed) -> bool {
        let mut others = self.people().nodes_of(party).filter(|node| {
            let Rang { party, at_ms, .. } = &missed.rang;
            !node.missed.had(self.id(), party, &missed.call, *at_ms)
        });
        others.any(|node| node.response(self.id(), &missed.call).is_some_and(Response::is_settled))
    }

    /// Has a person of the party answered the ring, or declined it without the promise to call back?
    pub(super) fn is_settled(self, party: &PartyId, call: &CallId) -> bool {
        self.responses(party, call).any(Response::is_settled)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::scene::{CHARTER, Console, Journals, answer, call, device, duty, line, office, own, party};
    use super::*;
    use trialogue_charter::Precedence;

    fn rang(by: &str, at_ms: u64) -> Rang {
        let precedence = Precedence::default();
        Rang { party: party(by), office: office(&by_duty(by)), precedence, at_ms, call_back_ms: None }
    }

    fn by_duty(party: &str) -> String {
        format!("{}-duty", party.to_lowercase())
    }

    fn missed(journals: &Journals) -> Vec<CallId> {
        let view = LineView::new(&CHARTER, journals.people(), &DUTY);
        view.missed(&party("JPN")).into_iter().map(|missed| missed.call).collect()
    }

    static DUTY: std::sync::LazyLock<LineId> = std::sync::LazyLock::new(duty);

    #[test]
    fn a_node_says_once_that_another_party_s_ring_was_missed() {
        let (mut rings, japan) = (MissedRings::default(), party("JPN"));
        let own = own(&japan);
        assert_eq!(rings.miss(own, &line("nowhere"), call(1), &rang("USA", 1), 1), Err(Ignored::NotOnLine));
        assert_eq!(rings.miss(own, &duty(), call(1), &rang("JPN", 1), 1), Err(Ignored::Malformed));
        let other = Rang { office: office("kor-duty"), ..rang("USA", 1) };
        assert_eq!(rings.miss(own, &duty(), call(1), &other, 1), Err(Ignored::Malformed));
        assert_eq!(rings, MissedRings::default());
        assert!(rings.miss(own, &duty(), call(1), &rang("USA", 1), 1).is_ok());
        assert!(rings.has(&duty(), &party("USA"), &call(1)));
        assert_eq!(rings.miss(own, &duty(), call(1), &rang("USA", 2), 2), Err(Ignored::NotNow));
    }

    #[test]
    fn the_oldest_of_the_same_party_makes_room() {
        let (mut rings, japan) = (MissedRings::default(), party("JPN"));
        assert!(rings.miss(own(&japan), &duty(), call(99), &rang("USA", 1), 1).is_ok());
        for number in 0..=MISSED_MAX as u8 {
            let seq = u64::from(number) + 2;
            assert!(rings.miss(own(&japan), &duty(), call(number), &rang("KOR", seq), seq).is_ok());
        }
        assert!(rings.has(&duty(), &party("USA"), &call(99)));
        assert!(!rings.has(&duty(), &party("KOR"), &call(0)) && rings.has(&duty(), &party("KOR"), &call(1)));
        assert!(rings.had(&duty(), &party("KOR"), &call(0), 2) && !rings.had(&duty(), &party("KOR"), &call(0), 3));
        rings.dismiss(&duty(), &party("USA"), &[call(99)], device(7), 50);
        assert_eq!(rings.speakers().collect::<Vec<_>>(), [device(7)]);
        let mut seqs = BTreeSet::new();
        rings.relevant(&mut seqs);
        assert_eq!(seqs.len(), MISSED_MAX + 2, "of each ring what was said, and the word that dismissed one");
    }

    #[test]
    fn what_is_urgent_or_to_be_called_back_is_not_forgotten_for_what_is_not() {
        let (mut rings, japan) = (MissedRings::default(), party("JPN"));
        let flash = Rang { precedence: Precedence::Flash, ..rang("KOR", 1) };
        let promised = Rang { call_back_ms: Some(9), ..rang("KOR", 2) };
        for (number, rang) in [(1, flash), (2, promised)] {
            assert!(rings.miss(own(&japan), &duty(), call(number), &rang, u64::from(number)).is_ok());
        }
        for number in 3..40 {
            let seq = u64::from(number);
            assert!(rings.miss(own(&japan), &duty(), call(number), &rang("KOR", seq), seq).is_ok());
        }
        assert!(rings.has(&duty(), &party("KOR"), &call(1)) && rings.has(&duty(), &party("KOR"), &call(2)));
        assert!(rings.has(&duty(), &party("KOR"), &call(39)) && rings.has(&duty(), &party("KOR"), &call(38)));
    }

    #[test]
    fn another_party_takes_nothing_off_by_ringing_under_the_same_number() {
        let (mut journals, _, japan) = super::super::scene::duty_officers();
        let asia = party("JPN");
        let rings = &mut journals.node_of(&japan).missed;
        assert!(rings.miss(own(&asia), &duty(), call(1), &rang("USA", 10), 11).is_ok());
        assert!(rings.miss(own(&asia), &duty(), call(1), &rang("KOR", 20), 12).is_ok());
        assert_eq!(missed(&journals), [call(1), call(1)]);
        journals.node_of(&japan).missed.dismiss(&duty(), &party("KOR"), &[call(1)], japan.id(), 13);
        let view = LineView::new(&CHARTER, journals.people(), &DUTY).missed(&asia);
        assert_eq!(view.iter().map(|missed| missed.rang.party.as_str()).collect::<Vec<_>>(), ["USA"]);
    }

    #[test]
    fn a_ring_waits_until_somebody_dismisses_or_answers_it() {
        let (mut journals, usa, japan) = super::super::scene::duty_officers();
        let asia = party("JPN");
        for (number, at_ms) in [(1, 20), (2, 10), (3, 30)] {
            let rings = &mut journals.node_of(&japan).missed;
            assert!(rings.miss(own(&asia), &duty(), call(number), &rang("USA", at_ms), 10 + u64::from(number)).is_ok());
        }
        assert_eq!(missed(&journals), [call(2), call(1), call(3)]);
        journals.node_of(&japan).missed.dismiss(&duty(), &usa.device.party, &[call(2)], japan.id(), 20);
        assert_eq!(missed(&journals), [call(1), call(3)]);
        journals.says(&japan, &duty(), answer(3), 21);
        assert_eq!(missed(&journals), [call(1), call(3)], "who comes in later dismisses it");
        let notes = Console::new("jpn-notes", 1);
        let may =
            |by: &Console, of: &str| MissedRings::may_dismiss(&own(&asia).speaker(&by.device), &duty(), &party(of));
        assert_eq!(may(&japan, "USA"), Ok(()));
        assert_eq!(may(&japan, "JPN"), Err(Ignored::Malformed));
        assert_eq!(may(&notes, "USA"), Err(Ignored::Role));
    }
}

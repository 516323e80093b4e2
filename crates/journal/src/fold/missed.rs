//! Rings of others that nobody of the party has answered: what a node says of them, and who has dismissed them.

use super::line::{LineView, RingResponse};
use super::respond::Response;
use super::speaker::{Own, Speaker};
use super::{Applied, Ignored};
use crate::entry::Rang;
use crate::limits::MISSED_MAX;
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

/// What one node's journal says about one ring.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Said {
    #[n(0)]
    call: CallId,
    /// Who rang, and the position of the entry that says so.
    #[n(1)]
    rang: Option<(Rang, u64)>,
    /// Who has dismissed it, and the position of the entry. It may stand in the journal of one site while the ring was
    /// missed at the other.
    #[n(2)]
    dismissed: Option<(DeviceId, u64)>,
}

impl Said {
    fn seqs(&self) -> impl Iterator<Item = u64> {
        let rang = self.rang.as_ref().map(|(_, seq)| *seq);
        [rang, self.dismissed.map(|(_, seq)| seq)].into_iter().flatten()
    }
}

/// The newest of each line and ringing party, oldest first: no party's rings make another's be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct MissedRings {
    #[n(0)]
    lines: BTreeMap<LineId, BTreeMap<PartyId, Vec<Said>>>,
}

impl MissedRings {
    fn of(&self, line: &LineId, party: &PartyId) -> &[Said] {
        self.lines.get(line).and_then(|parties| parties.get(party)).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is said of a ring, from now on if nothing was. The oldest is forgotten when a new one needs its place.
    fn begin(&mut self, line: &LineId, party: &PartyId, call: CallId) -> &mut Said {
        let all = self.lines.entry(line.clone()).or_default().entry(party.clone()).or_default();
        let at = all.iter().position(|said| said.call == call).unwrap_or_else(|| {
            if all.len() >= MISSED_MAX {
                all.remove(0);
            }
            all.push(Said { call, rang: None, dismissed: None });
            all.len() - 1
        });
        &mut all[at]
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
        if self.of(line, &rang.party).iter().any(|said| said.call == call && said.rang.is_some()) {
            return Err(Ignored::NotNow);
        }
        self.begin(line, &rang.party, call).rang = Some((rang.clone(), seq));
        Ok(Applied::Missed { line: line.clone(), call })
    }

    /// A console that acts for its party dismisses rings of another party, also such as this node has not missed.
    pub(super) fn may_dismiss(by: &Speaker<'_>, line: &LineId, party: &PartyId) -> Result<(), Ignored> {
        by.must_act()?;
        by.own.another(line, party)
    }

    pub(super) fn dismiss(&mut self, line: &LineId, party: &PartyId, calls: &[CallId], by: DeviceId, seq: u64) {
        for call in calls {
            // Who said so first.
            self.begin(line, party, *call).dismissed.get_or_insert((by, seq));
        }
    }

    /// Has this node said that it missed the ring?
    pub(super) fn has(&self, line: &LineId, party: &PartyId, call: &CallId) -> bool {
        self.of(line, party).iter().any(|said| said.call == *call && said.rang.is_some())
    }

    fn all(&self) -> impl Iterator<Item = &Said> {
        self.lines.values().flat_map(BTreeMap::values).flatten()
    }

    /// Devices whose statements dismiss some.
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> {
        self.all().filter_map(|said| said.dismissed).map(|(by, _)| by)
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        seqs.extend(self.all().flat_map(Said::seqs));
    }
}

impl LineView<'_, '_> {
    /// Rings that a party has missed and nobody of it has dismissed, in the order in which they rang.
    pub(super) fn missed(self, party: &PartyId) -> Vec<Missed> {
        let mut rings: BTreeMap<CallId, (Option<&Rang>, bool)> = BTreeMap::new();
        let nodes = self.nodes().values().filter(|node| node.party == *party);
        for said in nodes.filter_map(|node| node.missed.lines.get(self.id())).flat_map(BTreeMap::values).flatten() {
            let ring = rings.entry(said.call).or_default();
            ring.0 = ring.0.or(said.rang.as_ref().map(|(rang, _)| rang));
            ring.1 |= said.dismissed.is_some();
        }
        let waits = rings.into_iter().filter(|(_, (_, dismissed))| !dismissed);
        let waits = waits.filter_map(|(call, (rang, _))| Some(Missed { call, rang: rang?.clone() }));
        let mut waits: Vec<Missed> = waits.filter(|missed| !self.is_met(party, missed)).collect();
        waits.sort_by_key(|missed| (missed.rang.at_ms, missed.call));
        waits
    }

    /// At another site somebody came to the ring, whatever this one has said. A site that has missed it itself may be
    /// *joined* since by who came in long after: that is not said of the ring.
    fn is_met(self, party: &PartyId, missed: &Missed) -> bool {
        let mut others =
            self.people().nodes_of(party).filter(|node| !node.missed.has(self.id(), &missed.rang.party, &missed.call));
        others.any(|node| node.response(self.id(), &missed.call).is_some_and(Response::is_settled))
    }

    /// Has a person of the party answered the ring, or declined it without the promise to call back?
    pub(super) fn is_settled(self, party: &PartyId, call: &CallId) -> bool {
        match self.response(party, call) {
            RingResponse::Answered | RingResponse::Left => true,
            RingResponse::Declined { by, call_back_ms, .. } => by.is_some() && call_back_ms.is_none(),
            _ => false,
        }
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
        rings.dismiss(&duty(), &party("USA"), &[call(99)], device(7), 50);
        rings.dismiss(&duty(), &party("USA"), &[call(99)], device(8), 51);
        assert_eq!(rings.speakers().collect::<Vec<_>>(), [device(7)]);
        let mut seqs = BTreeSet::new();
        rings.relevant(&mut seqs);
        assert_eq!(seqs.len(), MISSED_MAX + 2, "of each ring what was said, and the word that dismissed one");
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

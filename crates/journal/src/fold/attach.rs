//! A console comes over from another node of its party: the same stay in the same call, at another site.

use super::Ignored;
use super::present::{OwnRing, Presence};
use super::speaker::{At, Speaker};
use super::stage::Word;
use crate::statement::Carried;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId, PartyId, Precedence, Removal, Role};

/// What the journal of this node alone can tell: that the console says nothing by it that it could not say otherwise.
pub(super) fn may_carry(
    by: &Speaker<'_>,
    line: &LineId,
    ring: Option<Precedence>,
    word: &Carried,
) -> Result<(), Ignored> {
    if let Some(precedence) = ring {
        by.must_act()?;
        by.may_ring(line, precedence)?;
    }
    for party in word.lists().into_iter().flatten() {
        by.own.another(line, party)?;
    }
    let speaks = !word.confirmed.is_empty() || !word.ready.is_empty() || !word.drops.is_empty();
    if (speaks && !by.role.acts_for_party()) || (!word.on.is_empty() && by.role != Role::Principal) {
        return Err(Ignored::Role);
    }
    if !word.drops.is_empty() && by.own.charter.policy.removal == Removal::Never {
        return Err(Ignored::Policy);
    }
    let known = word.ready.iter().all(|party| word.confirmed.contains(party));
    let of_stage = !word.ready.is_empty() || !word.on.is_empty();
    if !known || (of_stage && !by.own.is_staged(line)) { Err(Ignored::NotNow) } else { Ok(()) }
}

impl Presence {
    /// Takes over what it has said in the stay that it comes from. That stands in another journal, and counts no more
    /// because its number is lower.
    pub(super) fn carrying(mut self, device: DeviceId, ring: Option<Precedence>, said: Carried, at: At) -> Self {
        let At { seq, time_ms } = at;
        self.ring = ring.map(|precedence| OwnRing { call: self.call, precedence, seq, time_ms });
        self.held = said.held.then_some((device, seq));
        let set = |list: Vec<PartyId>| {
            Some((list.into_iter().collect(), seq)).filter(|(set, _): &(BTreeSet<_>, _)| !set.is_empty())
        };
        self.word = Word {
            confirmed: said.confirmed.into_iter().map(|party| (party, seq)).collect(),
            ready: set(said.ready),
            on: set(said.on),
            drops: said.drops.into_iter().map(|party| (party, seq)).collect(),
            ..Word::default()
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Console, at, call, device, duty, line, own, party};
    use super::*;
    use trialogue_charter::fixture::SUMMIT;

    fn carried() -> Carried {
        let nobody = Vec::new;
        Carried { confirmed: nobody(), ready: nobody(), on: nobody(), drops: nobody(), held: false }
    }

    #[test]
    fn it_carries_no_more_than_it_could_say() {
        let (japan, korea) = (party("JPN"), vec![party("KOR")]);
        let own = own(&japan);
        let consoles = ["jpn-leaders", "jpn-notes"].map(|office| Console::new(office, 1));
        let [leader, notes] = consoles.each_ref().map(|console| own.speaker(&console.device));
        let ready = Carried { confirmed: korea.clone(), ready: korea.clone(), on: korea.clone(), ..carried() };
        let judged = |by: &Speaker<'_>, at: &LineId, word: &Carried| may_carry(by, at, None, word);
        assert_eq!(judged(&leader, &line(SUMMIT), &ready), Ok(()));
        assert_eq!(judged(&notes, &line(SUMMIT), &ready), Err(Ignored::Role));
        assert_eq!(judged(&notes, &line(SUMMIT), &carried()), Ok(()), "it says nothing");
        let unknown = Carried { confirmed: Vec::new(), ..ready.clone() };
        assert_eq!(judged(&leader, &line(SUMMIT), &unknown), Err(Ignored::NotNow));
        let itself = Carried { confirmed: vec![japan.clone()], ..carried() };
        assert_eq!(judged(&leader, &line(SUMMIT), &itself), Err(Ignored::Malformed));
        let officer = Console::new("jpn-duty", 1);
        let waits = Carried { on: Vec::new(), ..ready };
        assert_eq!(judged(&own.speaker(&officer.device), &duty(), &waits), Err(Ignored::NotNow), "no staged line");
        assert_eq!(may_carry(&notes, &duty(), Some(Precedence::default()), &carried()), Err(Ignored::Role));
    }

    #[test]
    fn what_it_has_said_stands_at_the_entry_by_which_it_comes() {
        let word = Carried { confirmed: vec![party("KOR")], held: true, ..carried() };
        let stay = Presence::new(call(1), Role::Principal, at(7), &[]);
        let stay = stay.carrying(device(1), Some(Precedence::default()), word, at(7));
        assert_eq!(
            (stay.held, stay.ring.map(|ring| (ring.call, ring.seq))),
            (Some((device(1), 7)), Some((call(1), 7)))
        );
        assert_eq!(stay.word.seqs().collect::<Vec<_>>(), [7]);
        assert_eq!((stay.word.ready, stay.word.on), (None, None), "nobody");
    }
}

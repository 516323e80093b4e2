//! Before principals come on: stations are confirmed, parties say that they are ready, principals come on.

use super::Ignored;
use super::present::Present;
use super::speaker::Speaker;
use crate::statement::Act;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{LineId, PartyId, Role};

/// What a console has said about the parties of the call, in its present stay, each with the position of the entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Word {
    /// Stations that it has confirmed.
    #[n(0)]
    pub(super) confirmed: BTreeMap<PartyId, u64>,
    /// Its party's principal is ready to come on with these; with nobody where it has taken that back.
    #[n(1)]
    pub(super) ready: Option<(BTreeSet<PartyId>, u64)>,
    /// It is a principal, and on with these.
    #[n(2)]
    pub(super) on: Option<(BTreeSet<PartyId>, u64)>,
    /// Parties that it wants dropped.
    #[n(3)]
    pub(super) drops: BTreeMap<PartyId, u64>,
    /// Parties that it wants dropped no more: it may have come in with that wish.
    #[n(4)]
    pub(super) undropped: BTreeMap<PartyId, u64>,
}

impl Word {
    /// It says something about the parties of the call; it was found allowed.
    pub(super) fn say(&mut self, act: Act, seq: u64) {
        match act {
            Act::Confirm { party } => {
                self.confirmed.insert(party, seq);
            }
            Act::Ready { with } => {
                self.ready = Some((with.into_iter().collect(), seq));
            }
            Act::ComeOn { with } => self.on = Some((with.into_iter().collect(), seq)),
            Act::Drop { party, on: true } => {
                self.undropped.remove(&party);
                self.drops.insert(party, seq);
            }
            Act::Drop { party, on: false } => {
                self.drops.remove(&party);
                self.undropped.insert(party, seq);
            }
            _ => {}
        }
    }

    /// Positions of the entries by which it was said, or taken back: the one by which it came in may say it still.
    pub(super) fn seqs(&self) -> impl Iterator<Item = u64> {
        let sets = [&self.ready, &self.on].into_iter().flatten().map(|(_, seq)| *seq);
        let wishes = self.drops.values().chain(self.undropped.values());
        self.confirmed.values().chain(wishes).copied().chain(sets)
    }
}

impl Present {
    pub(super) fn may_confirm(&self, by: &Speaker<'_>, line: &LineId, party: &PartyId) -> Result<(), Ignored> {
        by.must_act()?;
        by.own.another(line, party)?;
        self.stay(&by.id()).map(drop)
    }

    /// Only with parties whose stations this console itself has confirmed.
    pub(super) fn may_be_ready(&self, by: &Speaker<'_>, line: &LineId, with: &[PartyId]) -> Result<(), Ignored> {
        by.must_act()?;
        let word = &self.stay(&by.id())?.word;
        with.iter().try_for_each(|party| by.own.another(line, party))?;
        let known = with.iter().all(|party| word.confirmed.contains_key(party));
        if by.own.is_staged(line) && known { Ok(()) } else { Err(Ignored::NotNow) }
    }

    pub(super) fn may_come_on(&self, by: &Speaker<'_>, line: &LineId, with: &[PartyId]) -> Result<(), Ignored> {
        if by.role != Role::Principal {
            return Err(Ignored::Role);
        }
        with.iter().try_for_each(|party| by.own.another(line, party))?;
        self.stay(&by.id())?;
        if by.own.is_staged(line) { Ok(()) } else { Err(Ignored::NotNow) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::present::Presence;
    use super::super::scene::{Console, at, call, duty, line, own, party};
    use super::*;
    use trialogue_charter::fixture::SUMMIT;

    fn in_by(console: &Console, role: Role) -> Present {
        let mut present = Present::default();
        let _ = present.come(console.id(), Presence::new(call(1), role, at(1), &[]));
        present
    }

    #[test]
    fn a_station_is_confirmed_by_one_that_is_in_and_acts_for_another_party() {
        let (japan, korea) = (party("JPN"), party("KOR"));
        let (officer, notes) = (Console::new("jpn-duty", 1), Console::new("jpn-notes", 1));
        let own = own(&japan);
        let present = in_by(&officer, Role::DutyOfficer);
        assert_eq!(present.may_confirm(&own.speaker(&officer.device), &duty(), &korea), Ok(()));
        assert_eq!(present.may_confirm(&own.speaker(&officer.device), &duty(), &japan), Err(Ignored::Malformed));
        assert_eq!(present.may_confirm(&own.speaker(&notes.device), &duty(), &korea), Err(Ignored::Role));
        let nobody = Present::default();
        assert_eq!(nobody.may_confirm(&own.speaker(&officer.device), &duty(), &korea), Err(Ignored::NotIn));
    }

    #[test]
    fn a_party_is_ready_with_those_it_has_confirmed_on_a_staged_line() {
        let (japan, korea, officer) = (party("JPN"), party("KOR"), Console::new("jpn-leaders", 1));
        let own = own(&japan);
        let by = &own.speaker(&officer.device);
        let mut present = in_by(&officer, Role::Principal);
        let ready = |present: &Present, at: &LineId| present.may_be_ready(by, at, std::slice::from_ref(&korea));
        assert_eq!(ready(&present, &line(SUMMIT)), Err(Ignored::NotNow));
        present.say(&officer.id(), Act::Confirm { party: korea.clone() }, 2);
        assert_eq!(ready(&present, &line(SUMMIT)), Ok(()));
        assert_eq!(ready(&present, &duty()), Err(Ignored::NotNow), "no staged line");
        assert_eq!(present.may_come_on(by, &line(SUMMIT), std::slice::from_ref(&korea)), Ok(()));
        let officer = Console::new("jpn-duty", 1);
        assert_eq!(present.may_come_on(&own.speaker(&officer.device), &line(SUMMIT), &[]), Err(Ignored::Role));
    }

    #[test]
    fn the_last_word_stands() {
        let (mut word, korea) = (Word::default(), party("KOR"));
        word.say(Act::Confirm { party: korea.clone() }, 1);
        word.say(Act::Ready { with: vec![korea.clone()] }, 2);
        word.say(Act::Drop { party: korea.clone(), on: true }, 3);
        assert_eq!(word.seqs().collect::<Vec<_>>(), [1, 3, 2]);
        word.say(Act::Ready { with: Vec::new() }, 4);
        word.say(Act::Drop { party: korea, on: false }, 5);
        assert!(word.drops.is_empty() && word.ready.as_ref().is_some_and(|(with, _)| with.is_empty()));
        assert_eq!(word.seqs().collect::<Vec<_>>(), [1, 5, 4], "it may have come in with what it takes back");
    }
}

//! Would a statement be accepted now? What a node asks of its own consoles beyond the rules of its journal: what only
//! all journals together say.

use super::Ignored;
use super::consultation::{Asked, Consultation};
use super::line::{LineState, LineView};
use super::node::NodeState;
use super::people::People;
use super::writings::{AllWritings, is_read_back};
use crate::statement::{Act, Statement};
use crate::writing::Kind;
use trialogue_charter::{Hash, VerifiedCharter};

/// A statement that the rules of its node's journal, `own`, allow.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) charter: &'a VerifiedCharter,
    pub(super) people: People<'a>,
    pub(super) own: &'a NodeState,
    pub(super) statement: &'a Statement,
    /// The line of the statement now.
    pub(super) now: &'a LineState,
}

impl<'a> Judge<'a> {
    /// Others may hang up while an answer travels, but nobody answers what was never there.
    pub(super) fn judge(self, now_ms: u64) -> Result<(), Ignored> {
        let statement = self.statement;
        if self.people.is_revoked(&statement.device) {
            return Err(Ignored::Revoked);
        }
        if self.own.suspends(&statement.device) {
            return Err(Ignored::Suspended);
        }
        if let Act::Ring { offers, .. } | Act::Answer { offers, .. } | Act::Attach { offers, .. } = &statement.act
            && offers.iter().any(|offer| self.charter.node(&offer.node).is_none())
        {
            return Err(Ignored::Malformed);
        }
        if let Act::Answer { .. } = statement.act
            && self.now.participants.is_empty()
        {
            return Err(Ignored::NotNow);
        }
        self.among_others()?;
        self.attendance(now_ms)?;
        self.writing()
    }

    fn line(self) -> LineView<'a, 'a> {
        LineView::new(self.charter, self.people, &self.statement.line)
    }

    /// What a node asks of its own consoles beyond the rules of one journal.
    fn among_others(self) -> Result<(), Ignored> {
        let Self { own, statement, .. } = self;
        let (party, line) = (&own.party, self.line());
        match &statement.act {
            Act::ComeOn { with } => {
                let mut able = line.may_come_on_with(party, self.now);
                // With whom it is on already it stays on, also while one of them is out of touch.
                let said = line.said(&own.id, &statement.device);
                if !able.is_empty() {
                    able.extend(said.map(|said| said.prepared.on).unwrap_or_default());
                }
                if with.iter().all(|other| able.contains(other)) { Ok(()) } else { Err(Ignored::NotNow) }
            }
            Act::Attach { .. } => self.coming_over(),
            Act::Ring { .. } | Act::Answer { .. } if line.dropped(&self.now.drops).contains(party) => {
                Err(Ignored::Dropped)
            }
            _ => Ok(()),
        }
    }

    /// Only a console that is in on the line at another node of its party comes over, to no other call, and with no
    /// more than it has said there.
    fn coming_over(self) -> Result<(), Ignored> {
        let Self { own, statement, .. } = self;
        let Act::Attach { call, ring, word, .. } = &statement.act else { return Ok(()) };
        let (line, device) = (self.line(), &statement.device);
        let there = self.now.participants.iter().find(|p| p.device == *device).ok_or(Ignored::NotIn)?;
        if there.node == own.id || there.party != own.party {
            return Err(Ignored::NotIn);
        }
        let stay = line.presence(&there.node, device).ok_or(Ignored::NotIn)?;
        let rings = stay.ring.map(|ring| (ring.call, ring.precedence));
        let same = match ring {
            Some(precedence) => rings == Some((*call, *precedence)),
            None => stay.call == *call || rings.is_some_and(|(rung, _)| rung == *call),
        };
        let on = line.said(&there.node, device).map(|said| said.prepared.on).unwrap_or_default();
        if same && word.on.iter().all(|party| on.contains(party)) { Ok(()) } else { Err(Ignored::NotNow) }
    }

    /// Nobody answers what was never proposed, is over, or was proposed on other lines.
    fn attendance(self, now_ms: u64) -> Result<(), Ignored> {
        let statement = self.statement;
        let Act::Attend { proposal, level, .. } = &statement.act else { return Ok(()) };
        let fits = |waiting: &Consultation| {
            let proposed = &waiting.proposal;
            proposed.hash == *proposal
                && proposed.level == *level
                && (statement.line == proposed.line || statement.line == proposed.level)
        };
        if Asked::new(self.charter, self.people).waiting(now_ms).iter().any(fits) {
            Ok(())
        } else {
            Err(Ignored::NoConsultation)
        }
    }

    /// What only all journals together can say to a word about a writing: it is there, of the kind that is meant, and
    /// another's.
    fn writing(self) -> Result<(), Ignored> {
        let Self { own, statement, people, .. } = self;
        let find = |id: &Hash| AllWritings::new(people).one(&statement.line, id).ok_or(Ignored::NotNow);
        let of_kind = |id: &Hash, kind: Kind| match find(id)? {
            (node, writing) if writing.written.kind == kind => Ok((node, writing)),
            _ => Err(Ignored::NotNow),
        };
        let is_there = |digest: &Hash| {
            people.nodes().values().any(|node| node.writings.has(&statement.line, &statement.device, digest))
        };
        match &statement.act {
            // At another node of the party already: it had not said so yet when its console went on here.
            Act::Write { written } if is_there(&written.digest) => Err(Ignored::Replayed),
            Act::Write { written } => match (&written.about, written.kind) {
                (Some(about), Kind::Readout) => of_kind(about, Kind::Readout).map(drop),
                (Some(about), _) => of_kind(about, Kind::Message).map(drop),
                (None, _) => Ok(()),
            },
            Act::Shown { writings } => writings.iter().try_for_each(|id| find(id).map(drop)),
            Act::AcknowledgeWriting { writing, read_back } => {
                let (node, _) = of_kind(writing, Kind::Message)?;
                if people.nodes().get(node).is_some_and(|node| node.party == own.party) {
                    return Err(Ignored::NotOwn);
                }
                let Some(read_back) = read_back else { return Ok(()) };
                let (_, back) = find(read_back)?;
                if is_read_back(back, &statement.device, writing) { Ok(()) } else { Err(Ignored::NotNow) }
            }
            Act::CertifyWriting { writing } => {
                let (_, translation) = of_kind(writing, Kind::Translation)?;
                let own = people.is_same_person(&translation.by, &statement.device);
                if own { Err(Ignored::NotOwn) } else { Ok(()) }
            }
            Act::Approve { writing } => of_kind(writing, Kind::Readout).map(drop),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{
        CHARTER, Console, Journals, answer, at, bytes, call, duty, duty_officers, message, ring,
    };
    use super::*;
    use crate::statement::KeyOffer;
    use trialogue_charter::{NodeId, fixture};

    fn judged(journals: &Journals, by: &Console, act: Act) -> Result<(), Ignored> {
        let (people, statement) = (journals.people(), by.says(9, &duty(), act));
        let own = people.nodes().values().find(|node| node.party == by.device.party).ok_or(Ignored::UnknownNode)?;
        let now = LineView::new(&CHARTER, people, &statement.line).now();
        Judge { charter: &CHARTER, people, own, statement: &statement, now: &now }.judge(60_000)
    }

    #[test]
    fn nobody_answers_what_was_never_there() {
        let (mut journals, usa, japan) = duty_officers();
        assert_eq!(judged(&journals, &japan, answer(1)), Err(Ignored::NotNow));
        journals.says(&usa, &duty(), ring(1), 2);
        assert_eq!(judged(&journals, &japan, answer(1)), Ok(()));
        let package = bytes();
        let offers = NodeId::new("no-1").map(|node| vec![KeyOffer { node, package }]).unwrap_or_default();
        assert_eq!(judged(&journals, &japan, Act::Answer { call: call(1), offers }), Err(Ignored::Malformed));
    }

    #[test]
    fn who_is_out_says_nothing_whatever_its_own_journal_says() {
        let (mut journals, usa, japan) = duty_officers();
        let party = &japan.device.party;
        assert_eq!(journals.node_of(&japan).barred.suspend(party, &japan.id(), true, 2), Ok(()));
        assert_eq!(judged(&journals, &japan, ring(1)), Err(Ignored::Suspended));
        let revocation = fixture::revocation("JPN", &japan.id());
        assert!(journals.node_of(&usa).barred.revoke(&CHARTER, &revocation, 2).is_ok());
        assert_eq!(judged(&journals, &japan, ring(1)), Err(Ignored::Revoked), "it stands in another's journal");
        assert_eq!(judged(&journals, &usa, ring(1)), Ok(()));
    }

    #[test]
    fn a_word_is_about_a_writing_that_is_there_and_another_s() {
        let (mut journals, usa, japan) = duty_officers();
        let said = usa.says(3, &duty(), message(1, 1));
        let writing = Hash::of(&said.payload());
        let acknowledges = || Act::AcknowledgeWriting { writing, read_back: None };
        assert_eq!(judged(&journals, &japan, acknowledges()), Err(Ignored::NotNow));
        journals.node_of(&usa).writings.take(&said, at(3));
        assert_eq!(judged(&journals, &japan, acknowledges()), Ok(()));
        assert_eq!(judged(&journals, &usa, acknowledges()), Err(Ignored::NotOwn));
        assert_eq!(judged(&journals, &japan, Act::Approve { writing }), Err(Ignored::NotNow), "no text to approve");
        assert_eq!(judged(&journals, &usa, message(1, 1)), Err(Ignored::Replayed));
    }

    #[test]
    fn nobody_attends_what_was_not_proposed_or_comes_over_from_nowhere() {
        let (journals, usa, _) = duty_officers();
        let attends = Act::Attend { proposal: Hash::of(b"none"), level: duty(), coming: None };
        assert_eq!(judged(&journals, &usa, attends), Err(Ignored::NoConsultation));
        let word = crate::statement::Carried {
            confirmed: Vec::new(),
            ready: Vec::new(),
            on: Vec::new(),
            drops: Vec::new(),
            held: false,
        };
        let comes = Act::Attach { call: call(1), offers: Vec::new(), ring: None, word };
        assert_eq!(judged(&journals, &usa, comes), Err(Ignored::NotIn));
    }
}

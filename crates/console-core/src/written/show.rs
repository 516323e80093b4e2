//! The written line as the page shows it.

use super::kept::KeptOut;
use super::note::has_acknowledged;
use super::read::OpenLine;
use super::{Writer, stock};
use crate::bodies::Bodies;
use crate::limits::WITHOUT_SHOWN;
use crate::now::WallMs;
use crate::roster::Roster;
use crate::show::text as named;
use crate::view::{
    Acknowledgement, Draft, FileView, MessageView, Outgoing, PartyReceipt, Person, PersonReceipt, Reader, Scratch,
    Traffic, TranslationView, WrittenView,
};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId, Party, PartyId, Role, VerifiedCharter};
use trialogue_e2ee::writing::{Content, Part, Tongue};
use trialogue_journal::fold::{Receipt, Writing};
use trialogue_journal::{Kind, State};

type Found<'a> = (Hash, &'a NodeId, &'a Writing);

/// What the page of a line is made of.
pub(super) struct Page<'a> {
    pub(super) writer: &'a Writer,
    /// What became of the line's writings.
    pub(super) line: &'a OpenLine,
    pub(super) at: Roster<'a>,
    pub(super) bodies: &'a Bodies,
    pub(super) is_up: bool,
}

impl Page<'_> {
    pub(super) fn view(&self, line: &LineId) -> Option<WrittenView> {
        let (charter, _, fold) = self.at.whole()?;
        let agreed = charter.line(line)?;
        let all = fold.writings(line);
        let of_kind = |kind: Kind| all.iter().filter(move |(_, _, writing)| writing.written.kind == kind);
        let there: Vec<DeviceId> = fold.readers(line).into_keys().collect();
        let (readers, without) = self.who_reads(&there, line);
        let drafts = &self.writer.drafts;
        Some(WrittenView {
            line: line.to_string(),
            name: named(&agreed.name),
            marking: agreed.marking.clone(),
            acts: self.at.acts_for_party(),
            translates: translates(self.at),
            ready: stock::own(self.writer.circles.ring(), self.at).is_some(),
            readers,
            without,
            messages: of_kind(Kind::Message)
                .filter_map(|found| {
                    let without = self.without(fold, &there, found);
                    Some(MessageView { without, ..self.message(fold, charter, line, &all, found)? })
                })
                .collect(),
            earlier: self.writer.earlier.is_there(self.at.fold(), line),
            readouts: self.readouts(fold, charter, line, &all),
            outbox: {
                let of_line = self.writer.outbox.outs().iter().filter(|out| out.line == *line);
                of_line.map(|out| self.outgoing(out)).collect()
            },
            draft: drafts
                .of(line)
                .filter(|draft| !draft.text.is_empty())
                .map(|draft| Draft { language: draft.language.into(), text: draft.text.clone() }),
            scratch: {
                let of_line = drafts.scratch().into_iter().flatten().filter(|held| held.line == *line);
                of_line.map(|held| Scratch { key: held.key.clone(), text: held.text.clone() }).collect()
            },
            attached: drafts
                .files(line)
                .map(|kept| FileView {
                    name: kept.file.name.clone(),
                    size: kept.file.size as f64,
                    ..FileView::default()
                })
                .collect(),
        })
    }

    /// Who can read what is written now, and whose device has no keys yet; by person, this console's first.
    fn who_reads(&self, there: &[DeviceId], line: &LineId) -> (Vec<Reader>, Vec<Person>) {
        let can = self.writer.circles.readers_that_fit(self.at, line);
        let (mut readers, mut without): (Vec<Reader>, Vec<Person>) = (Vec::new(), Vec::new());
        let mut add = |person: Person| {
            let same =
                |held: &&mut Reader| held.person.name == person.name && held.person.office_id == person.office_id;
            match readers.iter_mut().find(same) {
                Some(held) => held.devices += 1,
                None => readers.push(Reader { person, devices: 1 }),
            }
        };
        self.at.person(&self.at.id()).into_iter().for_each(&mut add);
        for device in there.iter().filter(|device| **device != self.at.id()) {
            let Some(person) = self.at.person(device) else { continue };
            let reads = can.get(device).is_some_and(|package| !self.writer.circles.is_lacking(package, self.bodies));
            if reads { add(person) } else { without.push(person) }
        }
        (readers, without)
    }

    /// Of those who were on the line when it was written, and are, whoever cannot read it: none of their devices is a
    /// reader. It is the circles that say so, which everybody sees: the writer, whose node may have kept a key back,
    /// and all others, should the writer have left somebody out.
    /// Many devices of one party cost little here and hide nobody of another.
    fn without(&self, fold: &State, there: &[DeviceId], (_, node, writing): &Found<'_>) -> Vec<Person> {
        let circles = || writing.written.keys.iter().filter_map(|key| fold.circle(node, &key.circle));
        let readers: BTreeSet<&DeviceId> = circles().flat_map(|circle| &circle.readers).chain([&writing.by]).collect();
        let known =
            |device: &DeviceId| fold.known_device(device).map(|one| (&one.party, &one.office, one.person.as_str()));
        let read: BTreeSet<_> = readers.iter().filter_map(|device| known(device)).collect();
        let was_there = |device: &DeviceId| fold.enrolled_ms(device).is_some_and(|since| since <= writing.time_ms);
        let (mut named, mut of_party) = (BTreeSet::new(), BTreeMap::new());
        let left_out = |device: &&DeviceId| {
            let Some(person) = known(device).filter(|person| !read.contains(person)) else { return false };
            let count: &mut usize = of_party.entry(person.0).or_default();
            let shown = *count < WITHOUT_SHOWN && was_there(device) && named.insert(person);
            *count += usize::from(shown);
            shown
        };
        let left_out = there.iter().filter(|device| !readers.contains(device)).filter(left_out);
        left_out.filter_map(|device| self.at.person(device)).collect()
    }

    fn message(
        &self,
        fold: &State,
        charter: &VerifiedCharter,
        line: &LineId,
        all: &[Found<'_>],
        (id, node, writing): &Found<'_>,
    ) -> Option<MessageView> {
        let by = self.at.person(&writing.by)?;
        let own = self.at.me().is_some_and(|me| me.party.as_str() == by.party);
        let (said, marking) = match self.line.part(id) {
            Some(Part::Message { text, marking, .. }) => (Some(text), marking.clone()),
            _ => (None, String::new()),
        };
        let translates =
            |found: &&Found<'_>| found.2.written.kind == Kind::Translation && found.2.written.about == Some(*id);
        let others = || charter.parties_on_line(line).filter(|party| party.id.as_str() != by.party);
        let asked = writing.written.answer_by_ms;
        let awaited = others().filter(|party| asked.is_some() && !has_acknowledged(fold, &party.id, id));
        let me = self.at.me().map(|me| &me.party)?;
        Some(MessageView {
            id: id.to_string(),
            own,
            at_ms: WallMs::shown(writing.written.at_ms),
            traffic: writing.written.traffic.into(),
            precedence: writing.written.precedence.into(),
            reading: self.line.reading(id),
            language: said.map(|text| text.language.into()),
            text: said.map(|text| text.text.clone()).unwrap_or_default(),
            marking,
            files: self.line.file_views(id),
            without: Vec::new(),
            answers: writing.written.about.map(|about| about.to_string()),
            translations: all.iter().filter(translates).filter_map(|found| self.translation(fold, found)).collect(),
            stored: self.stored(fold, charter, id, node, writing),
            shown: self.people(fold, id, |receipts| &receipts.shown),
            acknowledged: self.acknowledged(fold, id),
            awaited: awaited.map(|party| named(&party.name)).collect(),
            answer_by_ms: asked.map(WallMs::shown),
            unread: self.writer.is_unread(id, writing, self.at),
            may_acknowledge: !own && self.at.acts_for_party() && !has_acknowledged(fold, me, id),
            by,
        })
    }

    fn translation(&self, fold: &State, (id, _, writing): &Found<'_>) -> Option<TranslationView> {
        let by = self.at.person(&writing.by)?;
        let (said, machine) = match self.line.part(id) {
            Some(Part::Translation { text, machine }) => (Some(text), *machine),
            _ => (None, false),
        };
        let certified = self.people(fold, id, |receipts| &receipts.certified);
        let me = self.at.person(&self.at.id())?;
        let same = |other: &Person| other.name == me.name && other.office_id == me.office_id;
        let may = translates(self.at);
        Some(TranslationView {
            id: id.to_string(),
            at_ms: WallMs::shown(writing.written.at_ms),
            reading: self.line.reading(id),
            language: said.map(|text| text.language.into()),
            text: said.map(|text| text.text.clone()).unwrap_or_default(),
            machine,
            may_certify: may && said.is_some() && !same(&by) && !certified.iter().any(|receipt| same(&receipt.by)),
            certified,
            by,
        })
    }

    /// Parties whose node has it: the writer's, by the entry itself, and those that said so.
    fn stored(
        &self,
        fold: &State,
        charter: &VerifiedCharter,
        id: &Hash,
        node: &NodeId,
        writing: &Writing,
    ) -> Vec<PartyReceipt> {
        let mut at: BTreeMap<PartyId, u64> = BTreeMap::new();
        let said = fold.receipts(id).filter_map(|(node, receipts)| Some((node, receipts.stored?.time_ms)));
        for (node, time_ms) in said.chain([(node, writing.time_ms)]) {
            if let Some(party) = charter.party_of_node(node) {
                let held = at.entry(party.id.clone()).or_insert(time_ms);
                *held = (*held).min(time_ms);
            }
        }
        let receipt = |party: &Party, at_ms: u64| PartyReceipt {
            party: party.id.to_string(),
            name: named(&party.name),
            at_ms: WallMs::shown(at_ms),
        };
        at.iter().filter_map(|(id, at_ms)| Some(receipt(charter.party(id)?, *at_ms))).collect()
    }

    /// People of one kind of receipt, the earliest of each first.
    pub(super) fn people(
        &self,
        fold: &State,
        id: &Hash,
        of: impl Fn(&trialogue_journal::fold::Receipts) -> &BTreeMap<DeviceId, Receipt>,
    ) -> Vec<PersonReceipt> {
        let mut all: Vec<PersonReceipt> = Vec::new();
        for (_, receipts) in fold.receipts(id) {
            for (device, receipt) in of(&receipts) {
                let Some(by) = self.at.person(device) else { continue };
                all.push(PersonReceipt { by, at_ms: WallMs::shown(receipt.time_ms) });
            }
        }
        all.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
        let mut people: Vec<PersonReceipt> = Vec::new();
        for receipt in all {
            let same =
                |held: &PersonReceipt| held.by.name == receipt.by.name && held.by.office_id == receipt.by.office_id;
            if !people.iter().any(same) {
                people.push(receipt);
            }
        }
        people
    }

    fn acknowledged(&self, fold: &State, id: &Hash) -> Vec<Acknowledgement> {
        let all = fold.receipts(id).flat_map(|(_, receipts)| receipts.into_owned().acknowledged);
        let mut all: Vec<Acknowledgement> = all
            .filter_map(|(device, (receipt, back))| {
                let read_back = back.and_then(|back| match self.line.part(&back) {
                    Some(Part::ReadBack { text }) => Some(text.text.clone()),
                    _ => None,
                });
                Some(Acknowledgement { by: self.at.person(&device)?, at_ms: WallMs::shown(receipt.time_ms), read_back })
            })
            .collect();
        all.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
        all
    }

    fn outgoing(&self, out: &KeptOut) -> Outgoing {
        let said = match Content::decode(&out.content).map(|content| content.part) {
            Some(Part::Message { text, .. } | Part::Translation { text, .. } | Part::ReadBack { text }) => text.text,
            Some(Part::Readout { texts }) => {
                texts.into_iter().map(|Tongue { text, .. }| text).collect::<Vec<_>>().join("\n")
            }
            None => String::new(),
        };
        let waits = self.writer.outbox.waits(out, self.is_up);
        let what = match out.kind {
            Kind::Message => crate::view::Writing::Message,
            Kind::Translation => crate::view::Writing::Translation,
            Kind::Readout => crate::view::Writing::Readout,
            Kind::ReadBack => crate::view::Writing::ReadBack,
        };
        Outgoing { id: out.id.to_string(), what, text: said, waits, given: self.writer.outbox.share_given(out) }
    }
}

/// May the officer translate what others have written, and certify translations?
pub(super) fn translates(at: Roster) -> bool {
    at.acts_for_party() || at.role() == Role::Interpreter
}

impl From<trialogue_journal::Traffic> for Traffic {
    fn from(traffic: trialogue_journal::Traffic) -> Self {
        match traffic {
            trialogue_journal::Traffic::Principal => Self::Principal,
            trialogue_journal::Traffic::Service => Self::Service,
            trialogue_journal::Traffic::Test => Self::Test,
        }
    }
}

impl From<Traffic> for trialogue_journal::Traffic {
    fn from(traffic: Traffic) -> Self {
        match traffic {
            Traffic::Principal => Self::Principal,
            Traffic::Service => Self::Service,
            Traffic::Test => Self::Test,
        }
    }
}

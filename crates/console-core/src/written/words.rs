//! What the officer does on the written line.

use super::kept::{KeptFile, KeptOut};
use super::stock::reads;
use crate::acts::Purpose;
use crate::console::Console;
use crate::view::{Draft, Language, ReadoutText, Refusal};
use trialogue_charter::text::{Form, clean};
use trialogue_charter::{Hash, LineId, Precedence, Role};
use trialogue_e2ee::writing::{Content, Part, Tongue};
use trialogue_journal::{Act, Kind, Traffic};

/// A message as the officer gives it.
pub(crate) struct NewMessage {
    pub(crate) line: String,
    pub(crate) text: Tongue,
    pub(crate) marking: String,
    pub(crate) traffic: Traffic,
    pub(crate) precedence: Precedence,
    pub(crate) answer_by_ms: Option<u64>,
    pub(crate) answers: Option<String>,
}

/// What the officer has written, without what would hide or move something: nothing that could be read is lost.
pub(crate) fn tongue(language: Language, text: &str) -> Tongue {
    Tongue { language: language.into(), text: clean(text, Form::Prose).trim().to_owned() }
}

impl Console {
    /// The line, if this console may write there; it need not be connected.
    fn write_on(&mut self, line: &str) -> Option<LineId> {
        let id = LineId::new(line).ok();
        let (charter, me) = (self.charter.as_ref()?, self.me.as_ref()?);
        let id = id.filter(|id| charter.is_on_line(&me.office, id) && self.writer.on);
        if id.is_none() {
            self.refuse(Refusal::NotOnLine);
        }
        id
    }

    /// A writing of a line of this console by its id, and what it is.
    fn find(&self, id: &str) -> Option<(LineId, Hash, Kind)> {
        let (fold, charter, me) = (self.sites.fold()?, self.charter.as_ref()?, self.me.as_ref()?);
        charter.lines_of_office(&me.office).find_map(|line| {
            let found = fold.writings(&line.id).into_iter().find(|(hash, _, _)| hash.to_string() == id);
            found.map(|(hash, _, writing)| (line.id.clone(), hash, writing.written.kind))
        })
    }

    fn translates(&self) -> bool {
        self.acts_for_party() || self.role() == Role::Interpreter
    }

    pub(crate) fn write(&mut self, new: NewMessage) {
        let Some(line) = self.write_on(&new.line) else { return };
        if !self.acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        let may = self.charter.as_ref().zip(self.me.as_ref()).and_then(|(c, me)| c.authority(&me.office, &line));
        if may.is_none_or(|up_to| new.precedence > up_to) {
            return self.refuse(Refusal::AboveAuthority);
        }
        let about = match new.answers.as_deref().map(|id| self.find(id)) {
            None => None,
            Some(Some((on, id, Kind::Message))) if on == line => Some(id),
            Some(_) => return self.refuse(Refusal::NotNow),
        };
        let attached: Vec<KeptFile> = self.writer.drafts.files(&line).cloned().collect();
        let files =
            Some(attached.iter().map(|kept| kept.file.clone()).collect::<Vec<_>>()).filter(|all| !all.is_empty());
        let chunks: Vec<Hash> = attached.into_iter().flat_map(|kept| kept.chunks).collect();
        let part = Part::Message { text: new.text, marking: clean(&new.marking, Form::Name), files };
        let mut out = KeptOut::empty(&line, Kind::Message, about);
        (out.traffic, out.precedence, out.answer_by_ms) = (new.traffic, new.precedence, new.answer_by_ms);
        out.attached = Some(chunks).filter(|chunks| !chunks.is_empty());
        let put = self.put_out(part, out);
        if put {
            self.writer.drafts.sent(&line);
        }
    }

    pub(crate) fn translate(&mut self, id: &str, text: Tongue, machine: bool) {
        let Some((line, about, Kind::Message)) = self.find(id) else { return self.refuse(Refusal::NotNow) };
        if !self.translates() {
            return self.refuse(Refusal::Role);
        }
        self.put_out(Part::Translation { text, machine }, KeptOut::empty(&line, Kind::Translation, Some(about)));
    }

    pub(crate) fn certify_translation(&mut self, id: &str) {
        let Some((line, writing, Kind::Translation)) = self.find(id) else { return self.refuse(Refusal::NotNow) };
        if !self.translates() {
            return self.refuse(Refusal::Role);
        }
        self.say_of(&line, Act::CertifyWriting { writing });
    }

    pub(crate) fn acknowledge_message(&mut self, id: &str, read_back: Option<Tongue>) {
        let Some((line, writing, Kind::Message)) = self.find(id) else { return self.refuse(Refusal::NotNow) };
        if !self.acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        let Some(text) = read_back else {
            return self.say_of(&line, Act::AcknowledgeWriting { writing, read_back: None });
        };
        let mut out = KeptOut::empty(&line, Kind::ReadBack, Some(writing));
        out.acknowledges = Some(writing);
        self.put_out(Part::ReadBack { text }, out);
    }

    pub(crate) fn write_readout(&mut self, line: &str, replaces: Option<String>, texts: Vec<ReadoutText>) {
        let Some(line) = self.write_on(line) else { return };
        if !self.acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        let about = match replaces.as_deref().map(|id| self.find(id)) {
            None => None,
            Some(Some((on, id, Kind::Readout))) if on == line => Some(id),
            Some(_) => return self.refuse(Refusal::NotNow),
        };
        let mut texts: Vec<Tongue> = texts.iter().map(|text| tongue(text.language, &text.text)).collect();
        texts.sort_by_key(|text| text.language);
        self.put_out(Part::Readout { texts }, KeptOut::empty(&line, Kind::Readout, about));
    }

    pub(crate) fn approve_readout(&mut self, id: &str) {
        let Some((line, writing, Kind::Readout)) = self.find(id) else { return self.refuse(Refusal::NotNow) };
        if !self.acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        self.say_of(&line, Act::Approve { writing });
    }

    /// Puts a writing into the outbox; false: it is no writing, or there are too many.
    fn put_out(&mut self, part: Part, out: KeptOut) -> bool {
        let (writer, mut around) = self.written();
        let put = writer.outbox.put(part, out, &mut writer.keeping, &mut around);
        if let Err(reason) = put {
            self.refuse(reason);
        }
        put.is_ok()
    }

    /// Takes an own writing back that no node has taken. What it said becomes the draft, if there is none.
    pub(crate) fn unsend(&mut self, id: &str) {
        let (writer, mut around) = self.written();
        let out = match writer.outbox.take_back(id, &mut writer.keeping) {
            Ok(Some(out)) => out,
            Ok(None) => return,
            Err(reason) => return self.refuse(reason),
        };
        let none = writer.drafts.of(&out.line).is_none();
        let chunks: Vec<Hash> = out.chunks().copied().collect();
        match Content::decode(&out.content).map(|content| content.part) {
            Some(Part::Message { text, files, .. }) if none => {
                let draft = Draft { language: text.language.into(), text: text.text };
                around.forget_chunks(writer.drafts.keep(out.line.clone(), Some(draft), &mut writer.keeping));
                let files = files.unwrap_or_default();
                let gone = writer.drafts.attach_again(&out.line, files, chunks, &mut writer.keeping);
                around.forget_chunks(gone);
            }
            _ => around.forget_chunks(chunks),
        }
    }

    fn say_of(&mut self, line: &LineId, act: Act) {
        if let Some(line) = self.act_on(line.to_string()) {
            self.say(&line, Purpose::Standing, act, Vec::new());
        }
    }

    pub(crate) fn keep_draft(&mut self, line: &str, draft: Option<Draft>) {
        if let (Ok(line), true) = (LineId::new(line), self.writer.on) {
            let (writer, mut around) = self.written();
            around.forget_chunks(writer.drafts.keep(line, draft, &mut writer.keeping));
        }
    }

    /// Keeps a text that is not sent yet; an empty one is forgotten.
    pub(crate) fn keep_scratch(&mut self, line: &str, key: String, text: String) {
        if let (Ok(line), true) = (LineId::new(line), self.writer.on) {
            self.writer.drafts.keep_scratch(line, key, text, &mut self.writer.keeping);
        }
    }
}

impl Console {
    /// These are on screen.
    pub(crate) fn writings_shown(&mut self, ids: &[String]) {
        let (Some(line), Some(fold)) = (self.open_line(), self.sites.fold()) else { return };
        if !reads(self.roster()) {
            return;
        }
        let listed = fold.writings(&line).into_iter().filter(|(_, _, writing)| writing.by != self.id);
        let listed = listed.map(|(id, _, _)| id).filter(|id| ids.contains(&id.to_string()));
        let new: Vec<Hash> = listed.filter(|id| self.is_not_said(&line, id) && self.part(id).is_some()).collect();
        new.into_iter().for_each(|id| self.writer.shown_here.on_screen(id, &line));
        // The page says it once: where the connection has just gone, it is said when that is back.
        if self.sites.is_up() {
            self.settle_shown();
        }
    }

    /// Says of what was shown, of one line at a time, that it was.
    pub(super) fn settle_shown(&mut self) {
        let mut shown = std::mem::take(&mut self.writer.shown_here);
        let due =
            shown.take_due(self.now_us, |line, id| self.is_not_said(line, id), |number| self.acts.is_said(number));
        if let Some((line, writings)) = due {
            let number = self.say(&line, Purpose::Shown, Act::Shown { writings: writings.clone() }, Vec::new());
            shown.said(&writings, number, self.now_us);
        }
        self.writer.shown_here = shown;
    }

    /// There is such a writing, and no journal says that it was shown here.
    fn is_not_said(&self, line: &LineId, id: &Hash) -> bool {
        let Some(fold) = self.sites.fold() else { return true };
        fold.writing(line, id).is_some()
            && !fold.receipts(id).any(|(_, receipts)| receipts.shown.contains_key(&self.id))
    }
}

//! What the officer does on the written line.

use super::Writer;
use super::kept::{KeptFile, KeptOut};
use super::show::translates;
use super::shown::is_not_said;
use super::stock::reads;
use crate::around::Around;
use crate::roster::Roster;
use crate::view::{Draft, Language, ReadoutText, Refusal};
use trialogue_charter::text::{Form, clean};
use trialogue_charter::{Hash, LineId, Precedence};
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

/// What is to be said on a line, once it is known that the officer may act there now.
#[derive(Debug, PartialEq)]
#[must_use = "it is said by whoever knows whether there is a node"]
pub(crate) struct Saying {
    pub(crate) line: LineId,
    pub(crate) act: Act,
}

/// What the officer has written, without what would hide or move something: nothing that could be read is lost.
pub(crate) fn tongue(language: Language, text: &str) -> Tongue {
    Tongue { language: language.into(), text: clean(text, Form::Prose).trim().to_owned() }
}

/// A writing of a line of this console by its id, and what it is.
fn find(id: &str, at: Roster) -> Option<(LineId, Hash, Kind)> {
    let (charter, me, fold) = at.whole()?;
    charter.lines_of_office(&me.office).find_map(|line| {
        let found = fold.writings(&line.id).into_iter().find(|(hash, _, _)| hash.to_string() == id);
        found.map(|(hash, _, writing)| (line.id.clone(), hash, writing.written.kind))
    })
}

/// The one that a command names, if it is of that kind.
fn find_kind(id: &str, kind: Kind, at: Roster) -> Result<(LineId, Hash), Refusal> {
    let found = find(id, at).filter(|(_, _, of)| *of == kind);
    found.map(|(line, id, _)| (line, id)).ok_or(Refusal::NotNow)
}

/// The one of that line and kind that a new one is about; none is named: about none.
fn about(id: Option<&str>, line: &LineId, kind: Kind, at: Roster) -> Result<Option<Hash>, Refusal> {
    let Some(id) = id else { return Ok(None) };
    match find(id, at) {
        Some((on, id, of)) if on == *line && of == kind => Ok(Some(id)),
        _ => Err(Refusal::NotNow),
    }
}

fn acts(at: Roster) -> Result<(), Refusal> {
    if at.acts_for_party() { Ok(()) } else { Err(Refusal::Role) }
}

impl Writer {
    /// The line, if this console may write there; it need not be connected.
    fn write_on(&self, line: &str, at: Roster) -> Result<LineId, Refusal> {
        let id = LineId::new(line).ok();
        let on_line = |id: &LineId| at.charter().zip(at.me()).is_some_and(|(c, me)| c.is_on_line(&me.office, id));
        id.filter(|id| self.on && on_line(id)).ok_or(Refusal::NotOnLine)
    }

    pub(crate) fn write(&mut self, new: NewMessage, around: &mut Around<'_>) -> Result<(), Refusal> {
        let at = around.at;
        let line = self.write_on(&new.line, at)?;
        acts(at)?;
        let may = at.charter().zip(at.me()).and_then(|(charter, me)| charter.authority(&me.office, &line));
        if may.is_none_or(|up_to| new.precedence > up_to) {
            return Err(Refusal::AboveAuthority);
        }
        let about = about(new.answers.as_deref(), &line, Kind::Message, at)?;
        let attached: Vec<KeptFile> = self.drafts.files(&line).cloned().collect();
        let files =
            Some(attached.iter().map(|kept| kept.file.clone()).collect::<Vec<_>>()).filter(|all| !all.is_empty());
        let chunks: Vec<Hash> = attached.into_iter().flat_map(|kept| kept.chunks).collect();
        let part = Part::Message { text: new.text, marking: clean(&new.marking, Form::Name), files };
        let mut out = KeptOut::empty(&line, Kind::Message, about);
        (out.traffic, out.precedence, out.answer_by_ms) = (new.traffic, new.precedence, new.answer_by_ms);
        out.attached = Some(chunks).filter(|chunks| !chunks.is_empty());
        self.outbox.put(part, out, &mut self.keeping, around)?;
        self.drafts.sent(&line);
        Ok(())
    }

    pub(crate) fn translate(
        &mut self,
        id: &str,
        text: Tongue,
        machine: bool,
        around: &mut Around<'_>,
    ) -> Result<(), Refusal> {
        let (line, about) = find_kind(id, Kind::Message, around.at)?;
        if !translates(around.at) {
            return Err(Refusal::Role);
        }
        let out = KeptOut::empty(&line, Kind::Translation, Some(about));
        self.outbox.put(Part::Translation { text, machine }, out, &mut self.keeping, around)
    }

    /// None: it is said once what was read back is in the journal.
    pub(crate) fn acknowledge(
        &mut self,
        id: &str,
        read_back: Option<Tongue>,
        around: &mut Around<'_>,
    ) -> Result<Option<Saying>, Refusal> {
        let (line, writing) = find_kind(id, Kind::Message, around.at)?;
        acts(around.at)?;
        let Some(text) = read_back else {
            return Ok(Some(Saying { line, act: Act::AcknowledgeWriting { writing, read_back: None } }));
        };
        let mut out = KeptOut::empty(&line, Kind::ReadBack, Some(writing));
        out.acknowledges = Some(writing);
        self.outbox.put(Part::ReadBack { text }, out, &mut self.keeping, around).map(|()| None)
    }

    pub(crate) fn write_readout(
        &mut self,
        line: &str,
        replaces: Option<String>,
        texts: &[ReadoutText],
        around: &mut Around<'_>,
    ) -> Result<(), Refusal> {
        let at = around.at;
        let line = self.write_on(line, at)?;
        acts(at)?;
        let about = about(replaces.as_deref(), &line, Kind::Readout, at)?;
        let mut texts: Vec<Tongue> = texts.iter().map(|text| tongue(text.language, &text.text)).collect();
        texts.sort_by_key(|text| text.language);
        let out = KeptOut::empty(&line, Kind::Readout, about);
        self.outbox.put(Part::Readout { texts }, out, &mut self.keeping, around)
    }

    pub(crate) fn keep_draft(&mut self, line: &str, draft: Option<Draft>, around: &mut Around<'_>) {
        if let (Ok(line), true) = (LineId::new(line), self.on) {
            around.forget_chunks(self.drafts.keep(line, draft, &mut self.keeping));
        }
    }

    pub(crate) fn keep_scratch(&mut self, line: &str, key: String, text: String) {
        if let (Ok(line), true) = (LineId::new(line), self.on) {
            self.drafts.keep_scratch(line, key, text, &mut self.keeping);
        }
    }

    /// Takes an own writing back that no node has taken. What it said becomes the draft, if there is none.
    pub(crate) fn unsend(&mut self, id: &str, around: &mut Around<'_>) -> Result<(), Refusal> {
        let Some(out) = self.outbox.take_back(id, &mut self.keeping)? else { return Ok(()) };
        let none = self.drafts.of(&out.line).is_none();
        let chunks: Vec<Hash> = out.chunks().copied().collect();
        match Content::decode(&out.content).map(|content| content.part) {
            Some(Part::Message { text, files, .. }) if none => {
                let draft = Draft { language: text.language.into(), text: text.text };
                self.keep_draft(out.line.as_str(), Some(draft), around);
                let gone = self.drafts.attach_again(&out.line, files.unwrap_or_default(), chunks, &mut self.keeping);
                around.forget_chunks(gone);
            }
            _ => around.forget_chunks(chunks),
        }
        Ok(())
    }

    /// These are on screen.
    pub(crate) fn on_screen(&mut self, ids: &[String], around: &mut Around<'_>) {
        let at = around.at;
        let (Some(line), Some(fold)) = (self.page.line(at), at.fold()) else { return };
        if !reads(at) {
            return;
        }
        let listed = fold.writings(line).into_iter().filter(|(_, _, writing)| writing.by != at.id());
        let listed = listed.map(|(id, _, _)| id).filter(|id| ids.contains(&id.to_string()));
        for id in listed.filter(|id| is_not_said(at, line, id) && self.page.part(id).is_some()) {
            self.shown_here.on_screen(id, line);
        }
        // The page says it once: where the connection has just gone, it is said when that is back.
        if around.is_up() {
            self.shown_here.settle(at, &mut around.speaker);
        }
    }
}

/// A translation of another is certified.
pub(crate) fn certify(id: &str, at: Roster) -> Result<Saying, Refusal> {
    let (line, writing) = find_kind(id, Kind::Translation, at)?;
    if !translates(at) {
        return Err(Refusal::Role);
    }
    Ok(Saying { line, act: Act::CertifyWriting { writing } })
}

/// The party approves a version of a joint text.
pub(crate) fn approve(id: &str, at: Roster) -> Result<Saying, Refusal> {
    let (line, writing) = find_kind(id, Kind::Readout, at)?;
    acts(at)?;
    Ok(Saying { line, act: Act::Approve { writing } })
}

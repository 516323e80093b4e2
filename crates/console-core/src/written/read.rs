//! Opening what was written, and what became of it on the line that the page shows.

use super::circles::Circles;
use super::keeping::Keeping;
use super::ring::NotIn;
use super::save::Saves;
use crate::around::Around;
use crate::roster::Roster;
use crate::view::{FileView, Reading, Refusal};
use std::collections::BTreeMap;
use trialogue_charter::{Hash, LineId, NodeId};
use trialogue_e2ee::writing::{Content, File, Part, Wrap, unseal};
use trialogue_journal::Kind;
use trialogue_journal::fold::Writing;

/// What became of a writing. None yet: it is on its way.
pub(super) enum Opened {
    Content(Box<Content>),
    /// This device is none of its readers.
    NotForUs,
    /// It is not what was signed.
    Damaged,
}

/// The line that the page shows.
#[derive(Default)]
pub(super) struct OpenLine {
    line: Option<LineId>,
    opened: BTreeMap<Hash, Opened>,
    saves: Saves,
}

impl OpenLine {
    /// The page shows this line from now on, or none.
    pub(super) fn open(&mut self, line: Option<LineId>) {
        if line != self.line {
            *self = Self { line, ..Self::default() };
        }
    }

    /// The page shows one, whether it is this console's or not.
    pub(super) fn is_open(&self) -> bool {
        self.line.is_some()
    }

    /// It, if it is one of this console's: a page may ask before the charter is here.
    pub(super) fn line(&self, at: Roster) -> Option<&LineId> {
        let (charter, me) = (at.charter()?, at.me()?);
        self.line.as_ref().filter(|line| charter.is_on_line(&me.office, line))
    }

    /// Opens what has come.
    pub(super) fn settle(&mut self, circles: &mut Circles, keeping: &mut Keeping, around: &mut Around<'_>) {
        let (Some(line), Some(fold)) = (self.line(around.at), around.at.fold()) else { return };
        for (id, node, writing) in fold.writings(line) {
            if !self.opened.contains_key(&id)
                && let Some(opened) = read(node, writing, circles, keeping, around)
            {
                self.opened.insert(id, opened);
            }
        }
    }

    /// One step of a file on its way to the page.
    pub(super) fn settle_saving(&mut self, around: &mut Around<'_>) {
        let line = self.line(around.at).cloned();
        let Some(id) = self.saves.of() else { return };
        let files = files(&self.opened, &id);
        let writing = line.zip(around.at.fold()).and_then(|(line, fold)| fold.writing(&line, &id));
        self.saves.settle(files, writing.map(|(_, writing)| writing), around);
    }

    /// The officer wants a file of a message. One at a time: a new wish ends the one before.
    pub(super) fn save_file(&mut self, id: &str, at: u32) -> Result<(), Refusal> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let id = self.opened.keys().find(|held| held.to_string() == id).copied();
        let found = id.and_then(|id| Some((id, files(&self.opened, &id).get(at)?.clone())));
        let (id, file) = found.ok_or(Refusal::NotNow)?;
        self.saves.begin(id, at, file);
        Ok(())
    }

    pub(super) fn stop_saving(&mut self) {
        self.saves.stop();
    }

    /// What a writing says, if it was opened.
    pub(super) fn part(&self, id: &Hash) -> Option<&Part> {
        match self.opened.get(id) {
            Some(Opened::Content(content)) => Some(&content.part),
            _ => None,
        }
    }

    /// How far the reading of it is, for the screen.
    pub(super) fn reading(&self, id: &Hash) -> Reading {
        match self.opened.get(id) {
            Some(Opened::Content(_)) => Reading::Open,
            Some(Opened::NotForUs) => Reading::NotForUs,
            Some(Opened::Damaged) => Reading::Damaged,
            None => Reading::Arriving,
        }
    }

    /// What is attached to a message, for the screen.
    pub(super) fn file_views(&self, id: &Hash) -> Vec<FileView> {
        self.saves.views(id, files(&self.opened, id))
    }
}

/// What is attached to a writing, if it was opened.
fn files<'a>(opened: &'a BTreeMap<Hash, Opened>, id: &Hash) -> &'a [File] {
    match opened.get(id) {
        Some(Opened::Content(content)) => content.files(),
        _ => &[],
    }
}

/// Opens a writing; none: something of it is on its way.
pub(super) fn read(
    node: &NodeId,
    writing: &Writing,
    circles: &mut Circles,
    keeping: &mut Keeping,
    around: &mut Around<'_>,
) -> Option<Opened> {
    let mut outcome = Opened::NotForUs;
    let mut key = None;
    for wrapped in &writing.written.keys {
        match circles.key((node, &wrapped.circle, &writing.by), keeping, around) {
            Ok(found) => key = Some((wrapped, found)),
            Err(NotIn::Wait) => return None,
            Err(NotIn::Damaged) => outcome = Opened::Damaged,
            Err(NotIn::NotForUs) => {}
        }
        if key.is_some() {
            break;
        }
    }
    let Some((wrapped, circle)) = key else { return Some(outcome) };
    let Some(sealed) = around.bodies.get(&writing.written.content) else {
        around.bodies.want(&writing.written.content);
        return None;
    };
    let wrap = Wrap { by: writing.by, number: writing.number, circle: wrapped.circle };
    let content = unseal(wrap, &wrapped.key, &circle, sealed, &writing.written.digest);
    Some(match content {
        Ok(content) if fits(writing.written.kind, &content.part) => Opened::Content(Box::new(content)),
        _ => Opened::Damaged,
    })
}

/// A content says what its statement says that it is.
fn fits(kind: Kind, part: &Part) -> bool {
    matches!(
        (kind, part),
        (Kind::Message, Part::Message { .. })
            | (Kind::Translation, Part::Translation { .. })
            | (Kind::Readout, Part::Readout { .. })
            | (Kind::ReadBack, Part::ReadBack { .. })
    )
}

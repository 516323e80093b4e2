//! Opening what was written on the line that the page shows.

use super::ring::NotIn;
use crate::console::Console;
use trialogue_charter::{Hash, LineId, NodeId};
use trialogue_e2ee::writing::{Content, Part, Wrap, unseal};
use trialogue_journal::Kind;
use trialogue_journal::fold::Writing;

/// What became of a writing. None yet: it is on its way.
pub(crate) enum Opened {
    Content(Box<Content>),
    /// This device is none of its readers.
    NotForUs,
    /// It is not what was signed.
    Damaged,
}

impl Console {
    /// The page shows this line from now on, or none.
    pub(crate) fn open_written(&mut self, line: Option<String>) {
        let line = line.and_then(|line| LineId::new(line).ok());
        if line != self.writer.open {
            self.writer.opened.clear();
            self.writer.saved.clear();
            self.writer.saving = None;
            self.writer.open = line;
        }
    }

    /// It, if it is one of this console's: a page may ask before the charter is here.
    pub(super) fn open_line(&self) -> Option<LineId> {
        let (charter, me) = (self.charter.as_ref()?, self.me.as_ref()?);
        self.writer.open.clone().filter(|line| charter.is_on_line(&me.office, line))
    }

    pub(super) fn read_open_line(&mut self) {
        let (Some(line), Some(fold)) = (self.open_line(), self.sites.fold()) else { return };
        let new = fold.writings(&line).into_iter().filter(|(id, _, _)| !self.writer.opened.contains_key(id));
        let new: Vec<(Hash, NodeId, Writing)> =
            new.map(|(id, node, writing)| (id, node.clone(), writing.clone())).collect();
        for (id, node, writing) in new {
            if let Some(opened) = self.read(&node, &writing) {
                self.writer.opened.insert(id, opened);
            }
        }
    }

    /// None: something of it is on its way.
    pub(super) fn read(&mut self, node: &NodeId, writing: &Writing) -> Option<Opened> {
        let mut outcome = Opened::NotForUs;
        let mut key = None;
        for wrapped in &writing.written.keys {
            let (writer, mut around) = self.written();
            let key_of = (node, &wrapped.circle, &writing.by);
            match writer.circles.key(key_of, &mut writer.keeping, &mut around) {
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
        let Some(sealed) = self.bodies.get(&writing.written.content) else {
            self.bodies.want(&writing.written.content);
            return None;
        };
        let wrap = Wrap { by: writing.by, number: writing.number, circle: wrapped.circle };
        let content = unseal(wrap, &wrapped.key, &circle, sealed, &writing.written.digest);
        Some(match content {
            Ok(content) if fits(writing.written.kind, &content.part) => Opened::Content(Box::new(content)),
            _ => Opened::Damaged,
        })
    }

    /// What a writing of the open line says, if it was opened.
    pub(super) fn part(&self, id: &Hash) -> Option<&Part> {
        match self.writer.opened.get(id) {
            Some(Opened::Content(content)) => Some(&content.part),
            _ => None,
        }
    }
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

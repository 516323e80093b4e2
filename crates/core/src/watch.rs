//! Who is on watch, as the own journal says it.

use crate::journals::After;
use crate::limits::STAFFED_US;
use crate::machine::Machine;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::OfficeId;
use trialogue_journal::Body;

/// Consoles on watch, by office, of those that have any.
type Staffed = Vec<(OfficeId, u16)>;

/// When it is to be written who is on watch, and what was written last.
#[derive(Default)]
pub(crate) struct Watch {
    due_us: Option<u64>,
    written: Option<Staffed>,
}

impl Watch {
    /// Somebody came or went: written once it has been quiet for a second.
    fn changed(&mut self, now_us: u64) {
        self.due_us = Some(now_us + STAFFED_US);
    }

    /// What the journal says of it is to be said again.
    pub(crate) fn forget(&mut self) {
        self.written = None;
    }

    /// The node is in service no more: nothing is written.
    pub(crate) fn retire(&mut self) {
        self.due_us = None;
    }

    /// When something is due next.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.due_us
    }

    /// Is it to be written now? Said once.
    fn take_due(&mut self, now_us: u64) -> bool {
        self.due_us.take_if(|due_us| now_us >= *due_us).is_some()
    }

    fn is_written(&self, staffed: &Staffed) -> bool {
        self.written.as_ref() == Some(staffed)
    }

    fn wrote(&mut self, staffed: Staffed) {
        self.written = Some(staffed);
    }
}

impl Machine {
    /// A console came on watch or went off it: written once it has been quiet for a second.
    pub(crate) fn watch_changed(&mut self) {
        self.out.changed.lines = true;
        self.watch.changed(self.here.now.us);
    }

    fn staffed(&self) -> Staffed {
        let mut offices: BTreeMap<OfficeId, u16> = BTreeMap::new();
        for device in self.consoles.values().filter_map(|console| console.watch()) {
            let count = offices.entry(device.office.clone()).or_default();
            *count = count.saturating_add(1);
        }
        offices.into_iter().collect()
    }

    /// Writes who is on watch, if that has changed.
    pub(crate) fn write_staffed(&mut self) {
        if !self.watch.take_due(self.here.now.us) {
            return;
        }
        self.write_at_console();
        let offices = self.staffed();
        if self.watch.is_written(&offices) {
            return;
        }
        if self.append(Body::Staffed { offices: offices.clone() }, Vec::new(), After::Nothing).is_ok() {
            self.watch.wrote(offices);
        } else {
            self.watch.changed(self.here.now.us);
        }
    }

    /// Writes of which offices the one on duty is at a console here, if that is not what the own journal says.
    fn write_at_console(&mut self) {
        let watching: BTreeSet<_> =
            self.consoles.values().filter_map(|console| console.watch()).map(|d| d.id).collect();
        let own = self.here.charter.offices.iter().filter(|office| office.party == self.here.party);
        let here = own.filter(|office| {
            let on = self.journals.ahead().duty(&self.here.party, &office.id, self.here.now.wall_ms);
            on.is_some_and(|on| watching.contains(&on.duty.by))
        });
        let offices: Vec<OfficeId> = here.map(|office| office.id.clone()).collect();
        let said = self.journals.ahead().node(&self.here.node).is_some_and(|own| own.at_console().iter().eq(&offices));
        if !said && self.append(Body::AtConsole { offices }, Vec::new(), After::Nothing).is_err() {
            self.watch.changed(self.here.now.us);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_is_written_once_it_has_been_quiet_for_a_while() {
        let mut watch = Watch::default();
        assert!(watch.next_us().is_none() && !watch.take_due(u64::MAX));
        watch.changed(10);
        watch.changed(20);
        assert_eq!(watch.next_us(), Some(20 + STAFFED_US));
        assert!(!watch.take_due(19 + STAFFED_US));
        assert!(watch.take_due(20 + STAFFED_US) && !watch.take_due(u64::MAX), "said once");
    }

    #[test]
    fn what_was_written_is_not_written_again_until_it_is_forgotten() {
        let mut watch = Watch::default();
        let staffed = vec![(OfficeId::new("usa-duty").unwrap(), 2)];
        assert!(!watch.is_written(&staffed) && !watch.is_written(&Vec::new()), "nothing was said yet, also of nobody");
        watch.wrote(staffed.clone());
        assert!(watch.is_written(&staffed) && !watch.is_written(&Vec::new()));
        watch.forget();
        assert!(!watch.is_written(&staffed));
        watch.changed(0);
        watch.retire();
        assert_eq!(watch.next_us(), None);
    }
}

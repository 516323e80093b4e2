//! Who is on watch, as the own journal says it.

use crate::append::After;
use crate::limits::STAFFED_US;
use crate::machine::Machine;
use std::collections::BTreeMap;
use trialogue_charter::OfficeId;
use trialogue_journal::Body;

impl Machine {
    /// A console came on watch or went off it: written once it has been quiet for a second.
    pub(crate) fn watch_changed(&mut self) {
        self.lines_changed = true;
        self.staffed_due_us = Some(self.now.us + STAFFED_US);
    }

    /// Consoles on watch, per office that has any.
    fn staffed(&self) -> Vec<(OfficeId, u16)> {
        let mut offices: BTreeMap<OfficeId, u16> = BTreeMap::new();
        for device in self.consoles.values().filter_map(|console| console.watch()) {
            let count = offices.entry(device.office.clone()).or_default();
            *count = count.saturating_add(1);
        }
        offices.into_iter().collect()
    }

    /// Writes who is on watch, if that has changed.
    pub(crate) fn write_staffed(&mut self) {
        if self.opening_until_us.is_some() || self.staffed_due_us.is_none_or(|due| self.now.us < due) {
            return;
        }
        self.staffed_due_us = None;
        let offices = self.staffed();
        if self.staffed_written.as_ref() == Some(&offices) {
            return;
        }
        if self.append(Body::Staffed { offices: offices.clone() }, Vec::new(), After::Nothing).is_ok() {
            self.staffed_written = Some(offices);
        } else {
            self.staffed_due_us = Some(self.now.us + STAFFED_US);
        }
    }
}

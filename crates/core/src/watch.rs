//! Who is on watch, as the own journal says it.

use crate::append::After;
use crate::limits::STAFFED_US;
use crate::machine::Machine;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::OfficeId;
use trialogue_journal::Body;

impl Machine {
    /// A console came on watch or went off it: written once it has been quiet for a second.
    pub(crate) fn watch_changed(&mut self) {
        self.out.changed.lines = true;
        self.staffed_due_us = Some(self.here.now.us + STAFFED_US);
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
        if self.staffed_due_us.is_none_or(|due| self.here.now.us < due) {
            return;
        }
        self.staffed_due_us = None;
        self.write_at_console();
        let offices = self.staffed();
        if self.staffed_written.as_ref() == Some(&offices) {
            return;
        }
        if self.append(Body::Staffed { offices: offices.clone() }, Vec::new(), After::Nothing).is_ok() {
            self.staffed_written = Some(offices);
        } else {
            self.staffed_due_us = Some(self.here.now.us + STAFFED_US);
        }
    }

    /// Writes of which offices the one on duty is at a console here, if that is not what the own journal says.
    fn write_at_console(&mut self) {
        let watching: BTreeSet<_> =
            self.consoles.values().filter_map(|console| console.watch()).map(|d| d.id).collect();
        let own = self.here.charter.offices.iter().filter(|office| office.party == self.here.party);
        let here = own.filter(|office| {
            self.ahead.duty(&self.here.party, &office.id).is_some_and(|on| watching.contains(&on.duty.by))
        });
        let offices: Vec<OfficeId> = here.map(|office| office.id.clone()).collect();
        let said = self.ahead.node(&self.here.node).is_some_and(|own| own.at_console().iter().eq(&offices));
        if !said && self.append(Body::AtConsole { offices }, Vec::new(), After::Nothing).is_err() {
            self.staffed_due_us = Some(self.here.now.us + STAFFED_US);
        }
    }
}

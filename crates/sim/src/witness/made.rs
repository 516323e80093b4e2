//! Who may have signed what.

use super::Sight;
use crate::mischief::Taken;
use crate::trace::digest;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::DeviceId;

/// Statements of honest devices are theirs if their console made them.
pub(super) struct Made<'w> {
    consoles: BTreeMap<DeviceId, &'w BTreeSet<u64>>,
    taken: Option<&'w Taken>,
}

impl<'w> Sight<'w> {
    /// Who has really stated what.
    pub(super) fn made(&self) -> Made<'w> {
        let models = self.consoles.iter().enumerate().map(|(at, console)| (self.consoles.device(at), &console.made));
        let real = self.real.desks.iter().map(|desk| (desk.id, &desk.made));
        Made { consoles: models.chain(real).collect(), taken: self.taken }
    }
}

impl Made<'_> {
    /// Did this device state that?
    pub(super) fn by(&self, device: &DeviceId, statement: &[u8]) -> bool {
        let said = digest(statement);
        self.consoles.get(device).is_some_and(|made| made.contains(&said))
            || self.taken.is_some_and(|taken| taken.stated(statement))
    }
}

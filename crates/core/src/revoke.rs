//! Devices that are accepted no more. Whoever asked for it is told once it stands in the journal, or why nothing was done.

use crate::append::After;
use crate::io::Output;
use crate::machine::Machine;
use trialogue_charter::DeviceId;
use trialogue_journal::{Body, State};

/// Something that a person asked of this node, named by the shell. It is answered once, with what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errand(pub u64);

/// What became of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stands in this node's journal, on the disk.
    Written,
    /// It took effect here, and the disk could not take it.
    Unrecorded,
    /// Nothing was done.
    Refused(NotDone),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The node has just started.
    #[error(
        "the node has just started and writes nothing before it has heard what others hold of its journal; nothing was done, ask again in ten seconds"
    )]
    Opening,
    /// The node was restored from a backup.
    #[error(
        "the node was restored from a backup and writes nothing before it has its journal back from the others; nothing was done, ask again when `health` says that it has caught up"
    )]
    Restored,
    /// The charter does not have it in service.
    #[error("the node is retired in the charter and writes nothing more; nothing was done")]
    Retired,
    /// The disk does not keep up.
    #[error("too much waits for the node's disk; nothing was done, ask again")]
    Busy,
    /// It is on its way to the disk already.
    #[error("this is being written already; ask again in a moment to know that it is done")]
    UnderWay,
    /// Nobody here has that device.
    #[error("no such device is enrolled at this node; `trialogue device list` shows those that are")]
    NoSuchDevice,
}

impl Machine {
    /// A device of this node is accepted no more, for good; what follows from it follows when it is written.
    pub(crate) fn revoke(&mut self, device: DeviceId, errand: Errand) {
        let fate = match self.try_revoke(device, errand) {
            Ok(None) => return,
            Ok(Some(seq)) if seq <= self.recorded => Fate::Written,
            Ok(Some(_)) => Fate::Unrecorded,
            Err(why) => Fate::Refused(why),
        };
        self.push_out(Output::Errand { errand, fate });
    }

    /// None: the answer comes when it is written. Else where it stands already.
    fn try_revoke(&mut self, device: DeviceId, errand: Errand) -> Result<Option<u64>, NotDone> {
        self.may_write()?;
        let revoked = |state: &State| {
            state.node(&self.node).and_then(|own| own.devices().get(&device)).map(|known| known.revoked)
        };
        match (revoked(&self.state), revoked(&self.ahead)) {
            (_, None) => return Err(NotDone::NoSuchDevice),
            (Some(Some(seq)), _) => return Ok(Some(seq)),
            (_, Some(Some(_))) => return Err(NotDone::UnderWay),
            _ => {}
        }
        let body = Body::Revoked { device };
        self.append(body, Vec::new(), After::Errand(errand)).map(|_| None).map_err(|_| NotDone::Busy)
    }

    /// What is asked for is done at once or not at all: who asks is told so.
    fn may_write(&self) -> Result<(), NotDone> {
        if self.is_retired() {
            return Err(NotDone::Retired);
        }
        if self.waits_restored() {
            return Err(NotDone::Restored);
        }
        if self.is_opening() { Err(NotDone::Opening) } else { Ok(()) }
    }
}

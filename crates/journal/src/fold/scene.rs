//! What the tests of the parts need: a charter, devices that are enrolled, and statements.
#![allow(clippy::unwrap_used)]

use super::speaker::{At, Own};
use crate::occasion::Occasion;
use crate::statement::{Act, Statement};
use std::sync::{Arc, LazyLock};
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{CallId, Device, DeviceId, LineId, NodeId, OfficeId, PartyId, Suite, VerifiedCharter};

pub(super) static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));
pub(super) static CHARTER: LazyLock<Arc<VerifiedCharter>> = LazyLock::new(|| Arc::new(THREE.charter.clone()));

/// A device with its certificate, and what it says. Nothing here asks for a signature.
pub(super) struct Console {
    pub(super) device: Device,
    pub(super) certificate: Vec<u8>,
}

impl Console {
    pub(super) fn new(office: &str, number: u8) -> Self {
        let (_, certificate, device) = THREE.device(office, number);
        Self { device, certificate }
    }

    pub(super) fn id(&self) -> DeviceId {
        self.device.id
    }

    pub(super) fn says(&self, number: u64, line: &LineId, act: Act) -> Statement {
        let node = NodeId::new(format!("{}-1", self.device.party.as_str().to_ascii_lowercase())).unwrap();
        let occasion = Occasion { node, charter: CHARTER.hash(), now_ms: 60_000 };
        Statement::new(self.id(), number, &occasion, line.clone(), act)
    }
}

pub(super) fn own(party: &PartyId) -> Own<'_> {
    Own { charter: &CHARTER, party }
}

/// A position, and a time of as many seconds.
pub(super) fn at(seq: u64) -> At {
    At { seq, time_ms: seq * 1_000 }
}

/// A device without keys, where a part asks for no more than its id.
pub(super) fn device(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

pub(super) fn call(number: u8) -> CallId {
    CallId([number; 16])
}

pub(super) fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

pub(super) fn office(id: &str) -> OfficeId {
    OfficeId::new(id).unwrap()
}

pub(super) fn line(id: &str) -> LineId {
    LineId::new(id).unwrap()
}

/// The duty officers' line.
pub(super) fn duty() -> LineId {
    line("duty")
}

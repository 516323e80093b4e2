//! What the operator asks on the node's own machine, and the security officer from a browser.

use super::Control;
use crate::admin::{Asked, DeviceInfo, ProofInfo, Reply, Request};
use crate::counters::Counters;
use std::collections::BTreeMap;
use tokio::sync::oneshot;
use trialogue_charter::DeviceId;
use trialogue_charter::limits::PROOFS_MAX;
use trialogue_core::{Errand, Fate, Input};

/// Those who asked for something that is being written.
#[derive(Default)]
pub(crate) struct Errands {
    next: u64,
    waiting: BTreeMap<Errand, Waiting>,
}

struct Waiting {
    reply: oneshot::Sender<Reply>,
    /// Counted when it is written.
    counter: &'static str,
}

impl Errands {
    fn begin(&mut self, reply: oneshot::Sender<Reply>, counter: &'static str) -> Errand {
        let errand = Errand(self.next);
        self.next += 1;
        self.waiting.insert(errand, Waiting { reply, counter });
        errand
    }

    /// Whoever asked may be gone: what was asked is done all the same.
    pub(super) fn end(&mut self, errand: Errand, fate: &Fate, counters: &Counters) {
        let Some(Waiting { reply, counter }) = self.waiting.remove(&errand) else { return };
        if matches!(fate, Fate::Written) {
            counters.count(counter);
        }
        let _ = reply.send(match fate {
            Fate::Written => Reply::Done,
            Fate::Unrecorded => refused(
                "it took effect at this node, whose disk could not take it: it may be forgotten when the node starts again; make room on the disk, and ask again then",
            ),
            Fate::Refused(why) => refused(&why.to_string()),
        });
    }
}

fn refused(why: &str) -> Reply {
    Reply::Refused { why: why.to_owned() }
}

const NO_ID: &str = "a device id is 64 hexadecimal digits; `trialogue device list` shows them";

fn device_id(text: &str) -> Option<DeviceId> {
    hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(DeviceId)
}

impl Control {
    pub(super) fn asked(&mut self, Asked { request, reply }: Asked, by: &'static str) {
        let now = match request {
            Request::Devices => Reply::Devices { devices: self.devices() },
            Request::Proofs { devices } => self.proofs(&devices),
            Request::Revoke { revocation } => match hex::decode(revocation) {
                Ok(revocation) => {
                    tracing::warn!("{by} hands over the revocation of a device");
                    let errand = self.errands.begin(reply, "device_revoked");
                    return self.input(Input::Revoke { revocation, errand });
                }
                Err(_) => refused("a revocation comes in hexadecimal digits; use the program of the node's version"),
            },
            Request::Suspend { device, on } => match device_id(&device) {
                Some(device) => {
                    let what = if on { "suspends a device" } else { "lets in a device again" };
                    tracing::warn!("{by} {what}");
                    let counter = if on { "device_suspended" } else { "device_let_in_again" };
                    let errand = self.errands.begin(reply, counter);
                    return self.input(Input::Suspend { device, on, errand });
                }
                None => refused(NO_ID),
            },
            Request::Install { charter } => self.install(&charter),
        };
        // Whoever asked may be gone.
        let _ = reply.send(now);
    }

    fn proofs(&self, devices: &[String]) -> Reply {
        if devices.len() > PROOFS_MAX {
            return refused("more than 16 devices at once: ask in parts");
        }
        let proof = |text: &String| {
            let proof = self.machine.proof_of(&device_id(text)?);
            let (certificate, revocation) = (proof.certificate.map(hex::encode), proof.revocation.map(hex::encode));
            Some(ProofInfo { device: text.clone(), certificate, revocation })
        };
        match devices.iter().map(proof).collect() {
            Some(proofs) => Reply::Proofs { proofs },
            None => refused(NO_ID),
        }
    }

    /// Those enrolled here, in that order; then those that are enrolled at another node of the party and suspended
    /// here.
    fn devices(&self) -> Vec<DeviceInfo> {
        let state = self.machine.state();
        let Some(own) = state.node(&self.node) else { return Vec::new() };
        let mut here: Vec<_> = own.devices().iter().collect();
        here.sort_by_key(|(_, enrolment)| enrolment.seq);
        let enrolled = |id| state.nodes().find_map(|(_, node)| node.devices().get_key_value(id));
        let elsewhere = own.suspended().filter(|id| !own.devices().contains_key(id)).filter_map(enrolled);
        let info = |(id, enrolment): (&DeviceId, &trialogue_journal::fold::Enrolment)| DeviceInfo {
            device: id.to_string(),
            person: enrolment.device.person.as_str().to_owned(),
            office: enrolment.device.office.to_string(),
            since_ms: enrolment.since_ms,
            revoked: state.is_revoked(id),
            suspended: own.suspends(id),
        };
        here.into_iter().chain(elsewhere).map(info).collect()
    }
}

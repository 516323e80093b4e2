//! What the operator asks on the node's own machine, and the security officer from a browser.

use super::Control;
use crate::admin::{Asked, DeviceInfo, Reply, Request};
use crate::officer;
use std::collections::BTreeMap;
use tokio::sync::oneshot;
use trialogue_charter::{Device, DeviceId};
use trialogue_core::{Errand, Fate, Input};

/// Devices with their certificates in one answer: 2 MB at most.
const PAGE: usize = 64;

/// Those who asked for something that is being written.
#[derive(Default)]
pub(crate) struct Errands {
    next: u64,
    waiting: BTreeMap<Errand, oneshot::Sender<Reply>>,
}

impl Errands {
    fn begin(&mut self, reply: oneshot::Sender<Reply>) -> Errand {
        let errand = Errand(self.next);
        self.next += 1;
        self.waiting.insert(errand, reply);
        errand
    }

    /// Whoever asked may be gone: what was asked is done all the same.
    pub(super) fn end(&mut self, errand: Errand, fate: &Fate) {
        let Some(reply) = self.waiting.remove(&errand) else { return };
        let _ = reply.send(match fate {
            Fate::Written => Reply::Done,
            Fate::Unrecorded => refused(
                "it took effect at this node, whose disk could not take it: it may be forgotten when the node starts again; ask at another node as well",
            ),
            Fate::Refused(why) => refused(&why.to_string()),
        });
    }
}

fn refused(why: &str) -> Reply {
    Reply::Refused { why: why.to_owned() }
}

impl Control {
    pub(super) fn asked(&mut self, Asked { request, reply }: Asked, by: &'static str) {
        let now = match request {
            Request::Devices => self.devices(0, usize::MAX, false),
            Request::Install { charter } => self.install(&charter),
            Request::Revoke { list } => match hex::decode(list) {
                Ok(list) => {
                    tracing::warn!("{by} hands over a revocation list");
                    self.counters.count("revocation_list_given");
                    let errand = self.errands.begin(reply);
                    return self.input(Input::Revoke { list, errand });
                }
                Err(_) => refused("a revocation list is given in hexadecimal digits"),
            },
            Request::Suspend { device, on } => {
                let id = hex::decode(device).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
                match id {
                    Some(id) => {
                        let done = if on { "suspends" } else { "restores" };
                        tracing::warn!("{by} {done} a device at this node");
                        self.counters.count("device_suspended");
                        let errand = self.errands.begin(reply);
                        return self.input(Input::Suspend { device: DeviceId(id), on, errand });
                    }
                    None => refused("a device id is 64 hexadecimal digits; `trialogue device list` shows them"),
                }
            }
        };
        // Whoever asked may be gone.
        let _ = reply.send(now);
    }

    /// For the security officer.
    pub(super) fn errand(&mut self, errand: officer::Errand) {
        match errand {
            officer::Errand::Asked(asked) => self.asked(asked, "a security officer"),
            officer::Errand::Devices(from, reply) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                drop(reply.send(self.devices(from, PAGE, true)));
            }
        }
    }

    /// Devices of the own party, in the order of their ids.
    fn devices(&self, from: usize, most: usize, certificates: bool) -> Reply {
        let state = self.machine.state();
        let Some(own) = state.node(&self.node) else { return refused("the charter does not have this node") };
        let mut all: BTreeMap<DeviceId, (&Device, u64)> = BTreeMap::new();
        for (_, node) in state.nodes().filter(|(_, node)| node.party() == own.party()) {
            for (id, known) in node.devices() {
                let since = all.entry(*id).or_insert((&known.device, known.since_ms));
                since.1 = since.1.min(known.since_ms);
            }
        }
        let more = all.len() > from.saturating_add(most);
        let info = |(id, (device, since_ms)): (DeviceId, (&Device, u64))| DeviceInfo {
            device: id.to_string(),
            person: device.person.as_str().to_owned(),
            office: device.office.to_string(),
            since_ms,
            revoked: state.is_revoked(&id),
            suspended: own.suspends(&id),
            certificate: certificates.then(|| self.machine.certificate(&id).map(hex::encode)).flatten(),
        };
        let list = state.revocations().newest(own.party()).and_then(|(name, _)| self.machine.list(&name));
        Reply::Devices {
            devices: all.into_iter().skip(from).take(most).map(info).collect(),
            list: list.map(hex::encode),
            more,
        }
    }
}

//! A console logs in; if it is new, it is enrolled first.

use super::{Around, Console, Consoles, Gone, Standing};
use crate::io::ConsoleKey;
use crate::limits::CONSOLES_MAX;
use crate::note::{Count, Note};
use crate::out::Out;
use trialogue_charter::{Device, DeviceCertificate, DeviceId, Hash};
use trialogue_journal::limits::DEVICES_MAX;
use trialogue_journal::{Body, BodyRef};
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};

/// How a device that proved itself stands in the own journal.
enum Known {
    Enrolled,
    New,
}

/// What becomes of a console that proves itself.
#[must_use]
pub(crate) enum Proven {
    /// It is turned away.
    Refused(Option<Gone>),
    /// It is let in.
    Accepted(Accepted),
    /// This is to be written first, with the certificate. See [`Consoles::enrolled`].
    Enrols { body: Body, certificate: Vec<u8> },
}

/// A console that is let in, for the parts that keep something of each.
#[must_use]
pub(crate) struct Accepted {
    pub(crate) console: ConsoleKey,
    pub(crate) device: DeviceId,
    /// The WebSocket at which the device was before.
    pub(crate) older: Option<Gone>,
}

/// What a console says of itself.
struct Proof<'a> {
    protocol: u8,
    certificate: &'a [u8],
    signature: &'a [u8],
    origin: &'a str,
}

impl Consoles {
    /// A console proved itself and is looked at once something may be written again.
    pub(crate) fn is_early(&mut self, key: ConsoleKey, message: ToNode) {
        if let Some(console) = self.sockets.get_mut(&key) {
            console.standing = Standing::Early(Box::new(message));
        }
    }

    /// What a console said that was early.
    pub(crate) fn take_early(&mut self, key: ConsoleKey) -> Option<ToNode> {
        let standing = &mut self.sockets.get_mut(&key)?.standing;
        match std::mem::replace(standing, Standing::Stranger) {
            Standing::Early(message) => Some(*message),
            other => {
                *standing = other;
                None
            }
        }
    }

    /// A console proves itself.
    pub(crate) fn prove(&mut self, key: ConsoleKey, message: ToNode, around: Around, out: &mut Out) -> Proven {
        let ToNode::Prove { protocol, certificate, signature, on_watch, origin } = message else {
            return Proven::Refused(None);
        };
        let proof = Proof { protocol, certificate: &certificate, signature: &signature, origin: &origin };
        match self.examine(key, proof, around) {
            Err(reason) => Proven::Refused(self.refuse(key, reason, out)),
            Ok((device, Known::Enrolled)) => {
                Proven::Accepted(self.accept(key, Box::new(device), on_watch, around, out))
            }
            Ok((device, Known::New)) => {
                let reference = BodyRef { hash: Hash::of(&certificate), len: certificate.len() as u32 };
                let body = Body::Enrolled { device: device.id, certificate: reference };
                if let Some(console) = self.sockets.get_mut(&key) {
                    console.standing = Standing::Enrolling { device: Box::new(device), on_watch };
                }
                Proven::Enrols { body, certificate }
            }
        }
    }

    fn examine(&self, key: ConsoleKey, proof: Proof<'_>, around: Around) -> Result<(Device, Known), Refusal> {
        let here = around.here;
        let console = self.sockets.get(&key).ok_or(Refusal::NotNow)?;
        if proof.protocol != PROTOCOL {
            return Err(Refusal::Protocol);
        }
        let device = DeviceCertificate::verify(&here.charter, proof.certificate).map_err(|_| Refusal::Certificate)?;
        if device.party != here.party {
            return Err(Refusal::Certificate);
        }
        if !device.proves(&here.node, proof.origin, &console.nonce, proof.signature) {
            return Err(Refusal::Signature);
        }
        // What it signed was meant for where it was signed: a site that handed on this node's challenge is none of
        // these.
        let origins = here.charter.node(&here.node).map(|own| own.origins.as_slice()).unwrap_or_default();
        if !origins.is_empty() && !origins.iter().any(|own| own == proof.origin) {
            return Err(Refusal::Origin);
        }
        if self.sockets.values().filter_map(Console::known).count() >= CONSOLES_MAX {
            return Err(Refusal::Busy);
        }
        let known = standing_of(&device, around)?;
        Ok((device, known))
    }

    /// The enrolment was written.
    pub(crate) fn enrolled(&mut self, key: ConsoleKey, around: Around, out: &mut Out) -> Option<Accepted> {
        let standing = &mut self.sockets.get_mut(&key)?.standing;
        match std::mem::replace(standing, Standing::Stranger) {
            Standing::Enrolling { device, on_watch } => Some(self.accept(key, device, on_watch, around, out)),
            other => {
                *standing = other;
                None
            }
        }
    }

    fn accept(
        &mut self,
        key: ConsoleKey,
        device: Box<Device>,
        on_watch: bool,
        around: Around,
        out: &mut Out,
    ) -> Accepted {
        let id = device.id;
        // One WebSocket per device: the newer one is where the person is.
        let older = self.devices.insert(id, key).filter(|older| *older != key);
        let older = older.and_then(|older| self.drop(older, out));
        if let Some(console) = self.sockets.get_mut(&key) {
            console.standing = Standing::Known { device, on_watch, can_sound: true };
            console.heard_us = around.here.now.us;
        }
        out.count(Count::ConsoleAccepted);
        out.log(Note::ConsoleOn { console: key, on_watch });
        out.console(key, &ToConsole::Welcome { time_ms: around.journals.time_ms(around.here) });
        self.sites.tell(key, around.here, out);
        self.tell_state(key, around, out);
        Accepted { console: key, device: id, older }
    }
}

/// Is it enrolled here, may it be? The first device that comes with a voucher has it.
fn standing_of(device: &Device, around: Around) -> Result<Known, Refusal> {
    let (here, ahead) = (around.here, around.journals.ahead());
    if ahead.has_revoked(&here.party, &device.id) || ahead.is_doubled(&device.id) {
        return Err(Refusal::Revoked);
    }
    let own = ahead.node(&here.node).ok_or(Refusal::NotNow)?;
    if own.suspends(&device.id) {
        return Err(Refusal::Suspended);
    }
    let devices = own.devices();
    if let Some(held) = devices.get(&device.id) {
        let same = held.device.voucher_id == device.voucher_id;
        return if same { Ok(Known::Enrolled) } else { Err(Refusal::Certificate) };
    }
    let party = ahead.nodes().filter(|(_, node)| *node.party() == here.party);
    let mut enrolled = party.flat_map(|(_, node)| node.devices().values());
    let used = enrolled.any(|e| e.device.voucher_id == device.voucher_id && e.device.id != device.id);
    if used || device.not_after_ms < here.now.wall_ms {
        return Err(Refusal::Certificate);
    }
    if devices.len() >= DEVICES_MAX {
        return Err(Refusal::Busy);
    }
    Ok(Known::New)
}

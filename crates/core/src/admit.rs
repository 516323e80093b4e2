//! A console logs in; if it is new, it is enrolled first.

use crate::consoles::Standing;
use crate::io::ConsoleKey;
use crate::journals::After;
use crate::limits::CONSOLES_MAX;
use crate::machine::Machine;
use crate::note::{Count, Note};
use trialogue_charter::{Device, DeviceCertificate, Hash};
use trialogue_journal::limits::DEVICES_MAX;
use trialogue_journal::{Body, BodyRef};
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};

/// How a device that proved itself stands in the own journal.
enum Known {
    Enrolled,
    New,
}

impl Machine {
    pub(crate) fn admit(&mut self, key: ConsoleKey, message: ToNode) {
        if self.waits_restored() {
            // It may last: the person is told, and the console comes again.
            return self.refuse_console(key, Refusal::CatchingUp);
        }
        if self.is_opening() {
            if let Some(console) = self.consoles.get_mut(&key) {
                console.standing = Standing::Early(Box::new(message));
            }
            return;
        }
        let ToNode::Prove { protocol, certificate, signature, on_watch, origin } = message else { return };
        match self.examine(key, protocol, &certificate, &origin, &signature) {
            Err(reason) => self.refuse_console(key, reason),
            Ok((device, Known::Enrolled)) => self.accept(key, Box::new(device), on_watch),
            Ok((device, Known::New)) => self.enrol(key, Box::new(device), certificate, on_watch),
        }
    }

    fn examine(
        &self,
        key: ConsoleKey,
        protocol: u8,
        certificate: &[u8],
        origin: &str,
        signature: &[u8],
    ) -> Result<(Device, Known), Refusal> {
        let console = self.consoles.get(&key).ok_or(Refusal::NotNow)?;
        if protocol != PROTOCOL {
            return Err(Refusal::Protocol);
        }
        let device = DeviceCertificate::verify(&self.here.charter, certificate).map_err(|_| Refusal::Certificate)?;
        if device.party != self.here.party {
            return Err(Refusal::Certificate);
        }
        if !device.proves(&self.here.node, origin, &console.nonce, signature) {
            return Err(Refusal::Signature);
        }
        // What it signed was meant for where it was signed: a site that handed on this node's challenge is none of
        // these.
        let origins = self.here.charter.node(&self.here.node).map(|own| own.origins.as_slice()).unwrap_or_default();
        if !origins.is_empty() && !origins.iter().any(|own| own == origin) {
            return Err(Refusal::Origin);
        }
        if self.consoles.values().filter(|console| console.known().is_some()).count() >= CONSOLES_MAX {
            return Err(Refusal::Busy);
        }
        let known = self.standing_of(&device)?;
        Ok((device, known))
    }

    /// Is it enrolled here, may it be? The first device that comes with a voucher has it.
    fn standing_of(&self, device: &Device) -> Result<Known, Refusal> {
        if self.journals.ahead().has_revoked(&self.here.party, &device.id)
            || self.journals.ahead().is_doubled(&device.id)
        {
            return Err(Refusal::Revoked);
        }
        let own = self.journals.ahead().node(&self.here.node).ok_or(Refusal::NotNow)?;
        if own.suspends(&device.id) {
            return Err(Refusal::Suspended);
        }
        let devices = own.devices();
        if let Some(held) = devices.get(&device.id) {
            let same = held.device.voucher_id == device.voucher_id;
            return if same { Ok(Known::Enrolled) } else { Err(Refusal::Certificate) };
        }
        let party = self.journals.ahead().nodes().filter(|(_, node)| *node.party() == self.here.party);
        let mut enrolled = party.flat_map(|(_, node)| node.devices().values());
        let used = enrolled.any(|e| e.device.voucher_id == device.voucher_id && e.device.id != device.id);
        if used || device.not_after_ms < self.here.now.wall_ms {
            return Err(Refusal::Certificate);
        }
        if devices.len() >= DEVICES_MAX {
            return Err(Refusal::Busy);
        }
        Ok(Known::New)
    }

    fn enrol(&mut self, key: ConsoleKey, device: Box<Device>, certificate: Vec<u8>, on_watch: bool) {
        let reference = BodyRef { hash: Hash::of(&certificate), len: certificate.len() as u32 };
        let body = Body::Enrolled { device: device.id, certificate: reference };
        if let Some(console) = self.consoles.get_mut(&key) {
            console.standing = Standing::Enrolling { device, on_watch };
        }
        if self.append(body, vec![certificate.into()], After::Enrolled(key)).is_err() {
            self.refuse_console(key, Refusal::Busy);
        }
    }

    /// The enrolment was written.
    pub(crate) fn enrolled(&mut self, key: ConsoleKey) {
        let Some(console) = self.consoles.get_mut(&key) else { return };
        match std::mem::replace(&mut console.standing, Standing::Stranger) {
            Standing::Enrolling { device, on_watch } => self.accept(key, device, on_watch),
            other => console.standing = other,
        }
    }

    fn accept(&mut self, key: ConsoleKey, device: Box<Device>, on_watch: bool) {
        let id = device.id;
        // One WebSocket per device: the newer one is where the person is.
        if let Some(older) = self.devices.insert(id, key)
            && older != key
        {
            self.drop_console(older);
        }
        self.media.is_not_lost(&id);
        let now = self.here.now.us;
        if let Some(console) = self.consoles.get_mut(&key) {
            console.standing = Standing::Known { device, on_watch };
            console.heard_us = now;
        }
        self.count(Count::ConsoleAccepted);
        self.log(Note::ConsoleOn { console: key, on_watch });
        self.send_console(key, &ToConsole::Welcome { time_ms: self.time_ms() });
        self.tell_sites(key);
        self.feed_all(key);
        self.media.tell_places(key, &id, &mut self.out);
        let watching = self.consoles.get(&key).and_then(|console| Some((console.watch()?, console.nonce)));
        if let Some((device, seed)) = watching {
            self.alive.came(key, device, seed, &self.here);
        }
        self.watch.changed(&self.here, &mut self.out);
    }

    /// The journal is open: those who came early are looked at now.
    pub(crate) fn admit_early(&mut self) {
        for key in self.consoles.keys().copied().collect::<Vec<_>>() {
            let Some(console) = self.consoles.get_mut(&key) else { continue };
            match std::mem::replace(&mut console.standing, Standing::Stranger) {
                Standing::Early(message) => self.admit(key, *message),
                other => console.standing = other,
            }
        }
    }
}

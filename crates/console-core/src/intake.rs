//! Entries and bodies from the node: verified, folded, kept. A node can leave entries out; it cannot alter or invent
//! any.

use crate::console::{Console, Parts};
use crate::io::Event;
use crate::limits::*;
use minicbor::bytes::ByteVec;
use trialogue_charter::Hash;
use trialogue_journal::{Applied, Body, Ignored, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToNode;
use trialogue_wire::limits::WANT_MAX;

impl Console {
    /// Told by the node of a site.
    pub(crate) fn take_entries(&mut self, slot: u8, bundles: Vec<Bundle>) {
        for bundle in bundles {
            self.take_entry(slot, bundle);
            // Before the next entry counts: a member that was added with what it offered then is told from one that has
            // offered anew.
            if self.sites.is_active(slot) && self.sites.is_up() {
                self.note_added();
            }
        }
    }

    /// Notes with which key packages the members of the own node's group are in it.
    pub(crate) fn note_added(&mut self) {
        let Parts { keys, call, around, .. } = self.parts();
        if let Some(call) = call {
            keys.note_added(around.at, &call.line);
        }
    }

    fn take_entry(&mut self, slot: u8, bundle: Bundle) {
        let Some(charter) = self.charter.clone() else { return };
        let entry = match VerifiedEntry::open(&bundle.entry, &charter) {
            Ok(entry) => entry,
            Err(error) => return self.log(Event::BadEntry(error.to_string())),
        };
        let references = entry.bodies();
        for body in &bundle.bodies {
            let hash = Hash::of(body);
            if references.iter().any(|reference| reference.hash == hash && reference.len as usize == body.len()) {
                self.bodies.keep(hash, body.to_vec());
            }
        }
        // Before anything else is asked: a revocation counts however late and from whatever journal it comes.
        self.note_revocations(slot, entry.entry());
        let claim = entry.entry();
        let bodies: Vec<&[u8]> = bundle.bodies.iter().map(|body| body.as_slice()).collect();
        let Some(folded) = self.sites.of_mut(slot).and_then(|site| site.fold_in(&entry, &bodies)) else { return };
        match folded {
            // The call is as the site in use has it; the other one tells the same a moment sooner or later.
            Ok(applied) if self.sites.is_active(slot) => self.applied(&applied),
            Ok(_) => {}
            Err(Ignored::Certificate) => {
                if let Body::Enrolled { device, .. } = claim.body {
                    self.log(Event::BadCertificate(device));
                }
            }
            Err(Ignored::Signature) => {
                self.log(Event::BadEntry("a statement that its console did not sign".to_owned()))
            }
            // Held already, or without effect at its node as well.
            Err(_) => {}
        }
    }

    fn applied(&mut self, applied: &Applied) {
        let Some(call) = &mut self.call else { return };
        let id = self.id;
        match applied {
            Applied::Left { line, device, cause } if *line == call.line => call.hung_up(*device, *cause),
            Applied::Removed { line, device, by } if *line == call.line && *device == id => {
                let by = *by;
                self.removed(&by);
            }
            Applied::Removed { line, device, .. } if *line == call.line => call.hung_up(*device, None),
            _ => {}
        }
    }

    pub(crate) fn take_bodies(&mut self, bodies: Vec<ByteVec>) {
        for body in bodies {
            let hash = Hash::of(&body);
            if self.bodies.is_wanted(&hash) {
                self.bodies.keep(hash, body.to_vec());
            }
        }
    }

    pub(crate) fn ask_bodies(&mut self) {
        if !self.sites.is_up() {
            return;
        }
        if self.call.is_none() && !self.writer.needs_bodies() {
            return self.bodies.stop_wanting();
        }
        let hashes = self.bodies.ask(self.now_us, WANT_MAX.min(TRIED_MAX));
        if !hashes.is_empty() {
            self.send(&ToNode::Want { hashes });
        }
    }
}

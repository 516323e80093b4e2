//! What the platform and a node say at a site, and whom it is for. What was said, was said at the site in use: whatever
//! is an answer to it, or rests on it, counts for nothing where it comes from the other one.

use super::{Console, Parts};
use crate::acts::{How, Purpose, Settled};
use crate::io::{Event, Input, Output};
use crate::limits::TRIED_MAX;
use crate::sites::{Challenge, LegWord, Site, Stage};
use minicbor::bytes::ByteVec;
use trialogue_charter::Hash;
use trialogue_journal::{Body, Ignored, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::{Refusal, ToConsole, ToNode};
use trialogue_wire::limits::WANT_MAX;

impl Console {
    /// Something happened at a WebSocket or leg.
    pub(super) fn happened_at(&mut self, slot: u8, input: Input) {
        let Some((site, mut around)) = self.at(slot) else { return };
        match input {
            Input::Opened => site.opened(around.now),
            Input::Received(bytes) => self.received(slot, &bytes),
            Input::Closed => self.close(slot),
            input => {
                let word = site.leg_input(input, &mut around);
                self.leg_says(slot, word);
            }
        }
    }

    fn received(&mut self, slot: u8, bytes: &[u8]) {
        let Some((site, around)) = self.at(slot) else { return };
        if !site.heard(around.now) {
            return;
        }
        match trialogue_wire::decode::<ToConsole>(bytes) {
            Ok(message) => self.said(slot, message),
            Err(_) => self.log(Event::Malformed("message")),
        }
    }

    /// Only the leg in use is complained of.
    fn leg_says(&mut self, slot: u8, word: Option<LegWord>) {
        match word.filter(|_| self.sites.is_active(slot)) {
            Some(LegWord::Up) => self.troubles.leg_up(),
            Some(LegWord::Unfit) => self.troubles.leg_unfit(),
            None => {}
        }
    }

    fn said(&mut self, slot: u8, message: ToConsole) {
        let stage = self.sites.of(slot).map_or(Stage::Down, Site::stage);
        let known = matches!(stage, Stage::Syncing | Stage::Up);
        if let (ToConsole::Entries { .. } | ToConsole::MoreFollows {}, Some((site, around))) = (&message, self.at(slot))
        {
            site.tells(around.now);
        }
        match message {
            ToConsole::Challenge { protocol, node, nonce, charter } if stage == Stage::Open => {
                self.challenged(slot, protocol, Challenge { node, nonce, charter: charter.to_vec() });
            }
            ToConsole::Welcome { time_ms } if stage == Stage::Proven => self.welcomed(slot, time_ms),
            ToConsole::Refused { number: None, reason, .. } => self.turned_away(slot, reason),
            ToConsole::Charter { charter } if stage == Stage::Open => self.stepped(slot, &charter),
            ToConsole::Charter { charter } if known => self.amended(slot, &charter),
            _ if !known => self.log(Event::Malformed("message before its time")),
            ToConsole::Entries { bundles } => self.take_entries(slot, bundles),
            ToConsole::Paths { paths } => {
                if let Some(site) = self.sites.of_mut(slot) {
                    site.take_paths(paths);
                }
                self.synced(slot);
            }
            ToConsole::Sites { sites } => {
                if let Some(url) = self.sites.take_list(slot, sites) {
                    self.connect(1, url);
                }
            }
            ToConsole::Answer { answer, leg } => {
                let Some((site, mut around)) = self.at(slot) else { return };
                let word = site.leg_mut().answer(leg, &answer, &mut around);
                self.leg_says(slot, word);
            }
            ToConsole::Place { mid, device, medium, leg } => {
                let Some((site, mut around)) = self.at(slot) else { return };
                site.leg_mut().placed(leg, mid, device, medium, &mut around);
            }
            ToConsole::Bodies { bodies } => self.take_bodies(bodies),
            ToConsole::Anew { writings } => self.told_with_more(slot, writings),
            ToConsole::MoreFollows {} => self.more_follows(slot),
            ToConsole::Clock { time_ms } => self.take_clock(slot, time_ms),
            ToConsole::Pong { .. } => {}
            ToConsole::Challenge { .. } | ToConsole::Welcome { .. } | ToConsole::Charter { .. } => {
                self.log(Event::Malformed("message out of turn"));
            }
            ToConsole::Accepted { .. }
            | ToConsole::Refused { number: Some(_), .. }
            | ToConsole::Lacking { .. }
            | ToConsole::ChunkStored { .. }
            | ToConsole::Sending { .. }
            | ToConsole::AskAlive { .. } => {
                if self.sites.is_active(slot) {
                    self.said_in_use(message);
                }
            }
        }
    }

    /// Words of the site in use that answer what was said there, or are about the call there.
    fn said_in_use(&mut self, message: ToConsole) {
        match message {
            ToConsole::Accepted { number, unrecorded } => {
                self.troubles.written_down(unrecorded);
                if let Some(settled) = self.acts.accepted(number) {
                    self.settled(settled);
                }
            }
            ToConsole::Refused { number: Some(number), reason, after_ms } => self.refused(number, reason, after_ms),
            ToConsole::Lacking { hashes } => {
                let now = self.now();
                self.writer.lacking(&hashes, now);
            }
            ToConsole::ChunkStored { hash } => {
                let (in_call, now) = (self.call.is_on(), self.now());
                self.writer.chunk_stored(hash, in_call, now);
            }
            ToConsole::Sending { device, voice, picture } => self.call.says(&device, voice, picture),
            // This console is on watch here. The media worker shows first that it lives.
            ToConsole::AskAlive { nonce } => self.push(Output::ProveAlive { nonce }),
            _ => {}
        }
    }

    /// All that came is taken. What was asked for meanwhile was not given.
    fn more_follows(&mut self, slot: u8) {
        let Some((_, mut around)) = self.at(slot) else { return };
        around.send(&ToNode::Next {});
        if around.active {
            self.bodies.ask_again(self.now_us);
        }
    }
}

/// Entries and bodies: verified, folded, kept. A node can leave entries out; it cannot alter or invent any.
impl Console {
    /// Told by the node of a site.
    fn take_entries(&mut self, slot: u8, bundles: Vec<Bundle>) {
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
    pub(super) fn note_added(&mut self) {
        let Parts { keys, call, around, .. } = self.parts();
        if let Some(line) = call.line() {
            keys.note_added(around.at, line);
        }
    }

    fn take_entry(&mut self, slot: u8, bundle: Bundle) {
        let Some(charter) = self.agreed.charter().cloned() else { return };
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
            Ok(applied) if self.sites.is_active(slot) => {
                let Parts { keys, call, mut around, .. } = self.parts();
                call.applied(&applied, keys, &mut around);
            }
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

    fn take_bodies(&mut self, bodies: Vec<ByteVec>) {
        for body in bodies {
            let hash = Hash::of(&body);
            if self.bodies.is_wanted(&hash) {
                self.bodies.keep(hash, body.to_vec());
            }
        }
    }

    /// What is missing is asked for, where anybody needs it.
    pub(super) fn ask_bodies(&mut self) {
        if !self.sites.is_up() {
            return;
        }
        if !self.call.is_on() && !self.writer.needs_bodies() {
            return self.bodies.stop_wanting();
        }
        let hashes = self.bodies.ask(self.now_us, WANT_MAX.min(TRIED_MAX));
        if !hashes.is_empty() {
            self.send(&ToNode::Want { hashes });
        }
    }
}

/// What became of what this console has said.
impl Console {
    /// The state is whole: what it does not show of what this console has said is said once more.
    pub(super) fn say_again(&mut self) {
        for settled in self.speaker().again() {
            self.settled(settled);
        }
    }

    /// The node has refused a statement.
    pub(super) fn refused(&mut self, number: u64, reason: Refusal, after_ms: Option<u32>) {
        let Some(settled) = self.speaker().refused(number, reason, after_ms) else { return };
        self.settled(settled);
        if let Some(after_ms) = after_ms {
            self.troubles.try_later(after_ms);
        }
    }

    /// Tells whoever had it said what became of a statement.
    pub(super) fn settled(&mut self, settled: Settled) {
        let Settled { purpose, how, .. } = settled;
        use How::{Counted, Later, Past, Refused};
        match (purpose, how) {
            (Purpose::Handshake(_) | Purpose::Tags, _) => self.keys.settled(&settled, self.now()),
            (Purpose::Archive | Purpose::Shown | Purpose::Circle(_) | Purpose::Write(_), _) => {
                self.writer.settled(&settled, self.now_us, &mut self.out);
            }
            (Purpose::Enter | Purpose::Again, Counted | Refused(Refusal::Replayed)) => {
                let Parts { keys, call, mut around, .. } = self.parts();
                call.settled(&settled, keys, &mut around);
            }
            (_, Counted) | (_, Refused(Refusal::Replayed)) => {}
            (_, Past | Later(_)) => {}
            (Purpose::Decline | Purpose::Acknowledge | Purpose::Standing, Refused(reason)) => {
                self.troubles.refuse(reason.into());
            }
            (Purpose::Enter | Purpose::Again | Purpose::Stage | Purpose::ComeOn, Refused(reason)) => {
                let Parts { keys, call, mut around, .. } = self.parts();
                if call.settled(&settled, keys, &mut around) {
                    self.troubles.refuse(reason.into());
                }
            }
            (
                Purpose::Leave | Purpose::Attach | Purpose::CalledBack | Purpose::Proof | Purpose::Written,
                Refused(_),
            ) => {}
        }
    }
}

//! What the machine wants done.

use super::{Control, log};
use crate::alert::{Alarm, Alert, Overdue};
use crate::store::{Lasting, Write};
use crate::web::ConsoleOut;
use trialogue_charter::Hash;
use trialogue_core::{Input, Note, Output};
use trialogue_journal::{Body, UnverifiedEntry};
use trialogue_wire::Bundle;

impl Control {
    /// Does everything that the machine has to say.
    pub(super) fn drain(&mut self) {
        while let Some(output) = self.machine.poll() {
            self.output(output);
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Errand { errand, fate } => self.errands.end(errand, &fate, &self.counters),
            Output::Append { seq, bundle } => {
                let (node, chunks) = (self.node.clone(), attached(&bundle));
                self.status.change(|s| s.journal_head = s.journal_head.max(seq));
                if self.store.write(Write::Entry { node, seq, lasting: lasts(&bundle), bundle, chunks }).is_err() {
                    // The writer has ended; calls go on without a record.
                    self.machine.handle(self.clock.now(), Input::AppendFailed { up_to: seq });
                }
            }
            Output::KeepChunk { hash, bytes, lasting } => {
                let lasting = if lasting { Lasting::Written } else { Lasting::Passing };
                // Refused only when the writer has ended: nobody hears that it is stored.
                if self.store.write(Write::Chunk { hash, bytes, lasting }).is_err() {
                    self.counters.count("chunk_not_kept");
                }
            }
            Output::Keep { node, seq, bundle } => {
                let chunks = attached(&bundle);
                if self.store.write(Write::Entry { node, seq, lasting: lasts(&bundle), bundle, chunks }).is_err() {
                    self.gaps = true;
                    self.counters.count("entry_not_kept");
                    self.machine.handle(self.clock.now(), Input::EntryNotKept);
                }
            }
            Output::Charter(charter) => self.charter_taken(&charter),
            Output::NextKey { charter } => self.look_for_key(&charter),
            Output::Snapshot { bytes } => {
                // One that stands for entries which are not on the disk is not to be started from.
                if !self.gaps && self.store.write(Write::Snapshot(bytes)).is_err() {
                    self.counters.count("snapshot_not_kept");
                }
            }
            Output::Evidence { node, seq, entry } => {
                if self.store.write(Write::Evidence { node, seq, entry }).is_err() {
                    self.counters.count("evidence_not_kept");
                }
            }
            Output::SendConsole { console, bytes, last } => {
                let kept = self.consoles.get(&console).is_none_or(|out| out.send(bytes, last));
                if !kept {
                    self.consoles.remove(&console);
                    tracing::warn!(console = console.0, "a console does not read what it is sent and was cut off");
                }
            }
            Output::SendLink { node, bytes } => {
                if !self.links.put(&node, bytes) {
                    self.counters.count("link_overflow");
                    tracing::warn!(%node, "a link does not keep up and is closed; it catches up when it is back");
                    // At once: what it says to this link from now on would be lost, and it would not know.
                    self.link_down(node);
                }
            }
            Output::CloseLink { node } => self.links.close(&node),
            Output::Leg { console, device: _, leg, offer } => self.media.leg(console, leg, *offer),
            Output::CloseLeg { console } => self.media.close_leg(console),
            Output::Route(route) => self.media.route(route),
            Output::RouteEnd { node, number } => self.media.route_end(node, number),
            Output::TraceFrames { device } => self.media.trace_frames(device),
            Output::RequestKeyFrame { console } => self.media.request_key_frame(console),
            Output::Alert { call, line, party, precedence, consoles } => {
                let alert = Alert { call, line: line.clone(), party, precedence, consoles };
                if !self.alerter.as_mut().is_some_and(|alerter| alerter.alert(Alarm::Ring(alert))) {
                    self.machine.handle(self.clock.now(), Input::Alerted { call, line, done: false });
                }
            }
            Output::AlertWriting { line, party, precedence, messages } => {
                let alarm = Alarm::Writing(Overdue { line, party, precedence, messages });
                if !self.alerter.as_mut().is_some_and(|alerter| alerter.alert(alarm)) {
                    self.counters.count("alert_failed");
                }
            }
            Output::AlertTest { party, level } => {
                if !self.alerter.as_mut().is_some_and(|alerter| alerter.alert(Alarm::Test { party, level })) {
                    self.counters.count("alert_failed");
                }
            }
            Output::Tests { pairs, now_ms } => self.show_tests(&pairs, now_ms),
            Output::Count(count) => self.counters.count(count.name()),
            Output::Log(note) => {
                match &note {
                    // Up means: both sides said hello, under the same charter.
                    Note::LinkUp { node } => self.show_link(node, |link| link.up = true),
                    Note::LinkDown { node } => self.show_link(node, |link| link.up = false),
                    Note::ConsoleOn { console, .. } => {
                        self.consoles.get(console).map(ConsoleOut::proven).unwrap_or_default();
                    }
                    _ => {}
                }
                log::write(&note);
            }
        }
    }
}

/// Certificates are needed as long as the entry, writings for years; handshakes and key packages as long as a call.
fn lasts(bundle: &Bundle) -> Lasting {
    match UnverifiedEntry::decode(&bundle.entry) {
        Ok(entry) if matches!(entry.claim().body, Body::Enrolled { .. }) => Lasting::Entry,
        Ok(entry) if entry.writes() => Lasting::Written,
        _ => Lasting::Passing,
    }
}

/// Chunks of what is attached to a message.
fn attached(bundle: &Bundle) -> Vec<Hash> {
    let list = UnverifiedEntry::decode(&bundle.entry).ok().and_then(|entry| entry.attached());
    let bodies: Vec<&[u8]> = bundle.bodies.iter().map(|body| body.as_slice()).collect();
    list.and_then(|list| trialogue_journal::chunks(list.find(&bodies)?)).unwrap_or_default()
}

//! What follows when an entry takes effect: at the consoles, on the links, in the parts that read it.

use crate::consoles::Fresh;
use crate::io::Output;
use crate::journals::After;
use crate::machine::Machine;
use crate::note::Count;
use crate::revocations::Fate;
use trialogue_journal::{Act, Body, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::console::ToConsole;

impl Machine {
    /// The disk has the own journal up to here.
    pub(crate) fn appended(&mut self, up_to: u64) {
        self.journals.recorded(up_to, &self.here, &mut self.out);
        self.release(up_to, false);
    }

    /// The disk could not take the own journal up to here. A record must never stop an emergency.
    pub(crate) fn append_failed(&mut self, up_to: u64) {
        self.journals.failed(up_to, &mut self.out);
        self.release(up_to, true);
    }

    /// What the disk was silent about for too long goes out all the same.
    pub(crate) fn appends_overdue(&mut self) {
        if let Some(seq) = self.journals.overdue(&self.here) {
            self.append_failed(seq);
        }
    }

    /// Lets own entries take effect: in the state, at the consoles, on the links.
    fn release(&mut self, up_to: u64, unrecorded: bool) {
        let mut fresh = Vec::new();
        while let Some(released) = self.journals.release_next(up_to, unrecorded, &self.here, &mut self.out) {
            match released.after {
                After::Nothing => {}
                After::Statement { console, number } => {
                    self.count(Count::StatementAccepted);
                    if self.consoles.has(console) {
                        self.out.console(console, &ToConsole::Accepted { number, unrecorded });
                    }
                }
                After::Enrolled(console) => self.enrolled(console),
                After::Errand(errand) => {
                    let fate = if unrecorded { Fate::Unrecorded } else { Fate::Written };
                    self.push_out(Output::Errand { errand, fate });
                }
            }
            let fresh_of = |bundle| Fresh::of(&released.entry, bundle, self.journals.state());
            fresh.extend(released.bundle.map(fresh_of));
            self.applied(&released.entry);
        }
        self.feed(&fresh);
    }

    /// An entry has taken effect.
    pub(crate) fn applied(&mut self, verified: &VerifiedEntry) {
        let entry = verified.entry();
        self.out.changed.lines = true;
        self.out.changed.routes = true;
        let (media, at, _) = self.for_media();
        media.forget_who_left(at);
        match entry.body {
            Body::Revoked { .. } => {
                self.put_out();
                self.revocations.came(&self.here);
            }
            // Its voucher may have made another device as well.
            Body::Enrolled { .. } | Body::Suspended { .. } => self.put_out(),
            _ => {}
        }
        if matches!(entry.body, Body::Tested { .. }) {
            self.trials.changed();
        }
        self.writings.note(&entry.node, verified.said(), &self.here, &self.journals, &mut self.chunks, &mut self.out);
        let Some(claim) = verified.said().map(UnverifiedStatement::claim) else { return };
        match claim.act {
            Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. } => {
                self.media.came_in(&claim.device, &mut self.out);
            }
            // Another may be at a console of this node.
            Act::TakeDuty { .. } => self.watch.changed(&self.here, &mut self.out),
            Act::StationTested { .. } | Act::Alive { .. } | Act::SendTest { .. } | Act::Certify { .. } => {
                self.trials.changed();
            }
            Act::Handshake { .. } if entry.node == self.here.node => {
                // Own consoles seal with a new key soon: who opens it needs a picture that does not build on older
                // ones.
                let (_, at, _) = self.for_media();
                let own = at.members(&claim.line).into_iter().filter(|(_, node)| *node == at.here.node);
                for (device, _) in own.collect::<Vec<_>>() {
                    self.want_key_frame(device);
                }
            }
            _ => {}
        }
    }
}

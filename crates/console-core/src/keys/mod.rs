//! The keys of a call: one MLS group of each node, what the media worker seals and opens with, and what others are told
//! so that each frame is known to be its sender's. Each part is told what it needs of the others; the top is [`Keys`].

mod admission;
mod code;
mod groups;
mod lead;
mod members;
mod offers;
mod open;
mod packages;
mod refreshes;
mod seal;
mod seats;
mod tag_lists;
mod tagging;
#[cfg(test)]
mod tests;
mod worth;

pub(crate) use code::Code;
pub(crate) use offers::Offered;

use crate::acts::{How, Purpose, Settled};
use crate::around::Around;
use crate::io::{Event, Suspicion};
use crate::now::Now;
use crate::roster::Roster;
use crate::view::{self, KeyState};
use groups::Groups;
use lead::Lead;
use members::Members;
use offers::{Offers, Source};
use open::Opening;
use packages::Packages;
use seal::{Made, Sealing};
use std::collections::BTreeMap;
use tagging::Tagging;
use trialogue_charter::{CallId, DeviceId, LineId, PartyId, Precedence, Suite, VerifiedCharter};
use trialogue_e2ee::Keyring;
use trialogue_wire::console::Refusal;
use worth::Present;

/// The call that the keys are for.
#[derive(Clone, Copy)]
pub(crate) struct Seat<'a> {
    pub(crate) line: &'a LineId,
    pub(crate) call: CallId,
    /// How urgent the own ring was.
    pub(crate) precedence: Precedence,
}

/// All keys of this console but those of the written line.
#[derive(Default)]
pub(crate) struct Keys {
    /// None: there is no charter yet, or there are no random numbers. Nothing is sealed, and nobody is heard.
    held: Option<Box<Held>>,
    offers: Offers,
    members: Members,
}

/// What rests on the keyring, which is of one suite.
struct Held {
    groups: Groups,
    packages: Packages,
    lead: Lead,
    tagging: Tagging,
    sealing: Sealing,
    opening: Opening,
}

impl Held {
    fn new(ring: Keyring) -> Self {
        Self {
            groups: Groups::new(ring),
            packages: Packages::default(),
            lead: Lead::default(),
            tagging: Tagging::default(),
            sealing: Sealing::default(),
            opening: Opening::default(),
        }
    }

    fn source(&mut self) -> Source<'_> {
        Source { groups: &mut self.groups, packages: &mut self.packages }
    }

    fn end_call(&mut self, around: &mut Around<'_>) {
        self.groups.end_call();
        self.lead.end_call();
        self.tagging.end_call();
        self.sealing.end_call(around);
        self.opening.end_call(around);
    }
}

impl Keys {
    /// Keys of another suite open and seal nothing any more: there are new ones from here on. In a call, this console
    /// offers new ones and comes in anew.
    pub(crate) fn begin(&mut self, suite: Suite, around: &mut Around<'_>) {
        let former = self.held.take();
        let former = former.map(|mut former| {
            former.end_call(around);
            former
        });
        self.members.keys_are_gone();
        self.offers.keys_are_gone();
        let key = around.speaker.secret.mls_key(suite).private;
        match Keyring::new(suite, around.at.id(), &key, around.chance) {
            Ok(ring) => {
                let mut held = Held::new(ring);
                if let Some(former) = &former {
                    held.tagging.begin_after(&former.tagging);
                }
                self.held = Some(Box::new(held));
            }
            // The screens say that keys are missing.
            Err(none) => around.log(Event::BadHandshake { step: "keys", why: none.to_string() }),
        }
    }

    /// Another charter is in force.
    pub(crate) fn charter_is(&mut self, charter: &VerifiedCharter) {
        self.offers.keep_only(charter);
    }

    /// Hung up: nothing is sealed, opened or held from here on.
    pub(crate) fn end_call(&mut self, around: &mut Around<'_>) {
        if let Some(held) = &mut self.held {
            held.end_call(around);
        }
        self.offers.end_call();
        self.members = Members::default();
    }

    /// Fresh key packages for the groups of all nodes: this console comes into a call, or comes in anew.
    pub(crate) fn offer(&mut self, around: &Around<'_>) -> Offered {
        self.offers.begin(self.held.as_mut().map(|held| held.source()), around)
    }

    /// Those that were offered last.
    pub(crate) fn offered(&self) -> Offered {
        self.offers.all()
    }

    /// These others are in the call.
    pub(crate) fn members_are(&mut self, others: &[DeviceId], around: &Around<'_>) {
        self.members.are(others, around.at, around.now.us);
    }

    /// The device is revoked.
    pub(crate) fn revoked(&mut self, device: &DeviceId) {
        self.members.revoked(device);
    }

    /// An entry has counted: before the next one does, a member that was added with what it offered then is told from
    /// one that has offered anew.
    pub(crate) fn note_added(&mut self, at: Roster, line: &LineId) {
        if let Some(held) = &mut self.held {
            held.groups.note_added(at, line);
        }
    }

    /// Follows the groups of all nodes, as their journals order them.
    pub(crate) fn follow(&mut self, seat: Seat, around: &mut Around<'_>) {
        let Self { held: Some(held), offers, members } = self else { return };
        let groups = groups::on_line(around.at, seat.line);
        held.groups.follow(&groups, held.sealing.over(), offers, members, around);
        if let Some((own, group)) = held.groups.settle_move(&groups, seat, around) {
            held.lead.has_counted(&own, &group, around);
        }
    }

    /// Commits to the own node's group, where that is this console's to do.
    pub(crate) fn lead(&mut self, seat: Seat, around: &mut Around<'_>) {
        if let Some(held) = &mut self.held {
            held.lead.lead(&mut held.groups, seat, around);
        }
    }

    /// Gives fresh secrets to the own node's group, once those that it has are old.
    pub(crate) fn renew(&mut self, seat: Seat, around: &mut Around<'_>) {
        if let Some(held) = &mut self.held {
            held.lead.renew(&mut held.groups, seat, around);
        }
    }

    /// Tells those who hear this console, and have not been told, by what they know its frames.
    pub(crate) fn tell_tags(&mut self, seat: Seat, around: &mut Around<'_>) {
        let Some(held) = &mut self.held else { return };
        let sealed_for = held.groups.own(around.at, seat.line).into_iter().chain(held.sealing.over()).collect();
        held.tagging.tell(seat, sealed_for, &held.groups, around);
    }

    /// Brings the media worker up to date. `heard`: what this console seals may be heard by somebody.
    pub(crate) fn settle(&mut self, seat: Seat, heard: bool, around: &mut Around<'_>) {
        let participants = around.at.in_on(seat.line);
        let roster = participants.iter().map(|participant| (participant.device, participant)).collect();
        let (mut speaking, mut opening) = Default::default();
        if let Some(held) = &mut self.held {
            let Held { groups, tagging, sealing, opening: open, .. } = &mut **held;
            tagging.hear(seat.line, &roster, groups.ring(), around);
            let (members, roster, line) = (&self.members, &roster, seat.line);
            let (at, revocations, now) = (around.at, around.revocations, around.now);
            let present = Present { line, roster, members, at, revocations, now };
            speaking = sealing.settle(present, heard, Made { groups, tagging }, around);
            opening = open.settle(present, groups, tagging, around);
        }
        self.members.settle((&speaking, &opening), seat.line, participants, around);
    }

    /// The same while the node tells the state anew. `seat`: none, in no call.
    pub(crate) fn settle_told_anew(&mut self, seat: Option<Seat>, around: &mut Around<'_>) {
        let Some(held) = &mut self.held else { return };
        let Held { groups, tagging, sealing, opening, .. } = &mut **held;
        sealing.settle_told_anew(seat, Made { groups, tagging }, around);
        opening.retire(None, groups.ring(), around);
    }

    /// Replaces offers where that is needed.
    pub(crate) fn refresh(&mut self, seat: Seat, around: &mut Around<'_>) {
        if let Some(held) = self.held.as_mut().filter(|_| around.is_up()) {
            self.offers.refresh(seat, held.source(), &self.members, around);
        }
    }

    /// What became of a handshake, or of a list of tags.
    pub(crate) fn settled(&mut self, Settled { purpose, number, how, .. }: &Settled, now: Now) {
        let Some(held) = &mut self.held else { return };
        match (*purpose, *how) {
            (Purpose::Handshake(group), How::Counted) => {
                let was_own = held.groups.accepted(group, *number, now.us);
                if was_own {
                    held.lead.accepted();
                }
            }
            (Purpose::Handshake(group), how) => {
                let after_us = if let How::Later(after_us) = how { after_us } else { 0 };
                let was_own = held.groups.refused(group, *number);
                held.lead.refused(after_us, was_own, now.us);
            }
            (Purpose::Tags, How::Counted) => held.tagging.accepted(*number, now.us),
            (Purpose::Tags, How::Refused(Refusal::Replayed)) => {}
            (Purpose::Tags, _) => held.tagging.refused(now.us),
            _ => {}
        }
    }

    /// At another site: what is sealed stays until the group of the new one is there, and handshakes of the former one
    /// are nobody's any more.
    pub(crate) fn came_over(&mut self, now: Now) {
        if let Some(held) = &mut self.held {
            held.groups.forget_move();
            held.sealing.came_over(now.us);
            held.lead.came_over();
        }
    }

    /// The node has told the state anew, and all of it has come.
    pub(crate) fn state_is_whole(&mut self) {
        if let Some(held) = &mut self.held {
            held.groups.state_is_whole();
        }
    }

    /// A frame was refused, or one is taken that is suspect.
    pub(crate) fn suspect(&mut self, device: DeviceId, what: Suspicion, around: &mut Around<'_>) {
        self.members.suspect(device, what, around);
    }

    /// The media worker has opened frames up to these numbers.
    pub(crate) fn heard(&mut self, highest: Vec<(u64, u64)>) {
        if let Some(held) = &mut self.held {
            held.opening.heard(highest);
        }
    }

    /// A new media worker: it gets every key again, opens nothing that the one before may have opened, and seals under
    /// keys that no worker had before. True: there are keys.
    pub(crate) fn worker_restarted(&mut self) -> bool {
        let Some(held) = &mut self.held else { return false };
        held.sealing.worker_restarted();
        held.tagging.next_generation();
        held.opening.worker_restarted();
        true
    }

    /// Makes one key package ahead, if some are missing.
    pub(crate) fn make_package(&mut self, in_call: bool, around: &mut Around<'_>) {
        let now_us = around.now.us;
        let due = self.package_us(around.at, around.is_up(), in_call, now_us);
        if let Some(held) = self.held.as_mut().filter(|_| due.is_some_and(|at| at <= now_us)) {
            held.packages.make(held.groups.ring_mut(), around);
        }
    }

    fn package_us(&self, at: Roster, is_up: bool, in_call: bool, now_us: u64) -> Option<u64> {
        let held = self.held.as_ref().filter(|_| is_up)?;
        held.packages.next_us(at, in_call, self.members.complete_us(), now_us)
    }

    pub(crate) fn next_timeout(&self, at: Roster, is_up: bool, in_call: bool, now: Now) -> Option<u64> {
        let of_call = [self.offers.next_us(now.us), self.members.next_us(now.us)];
        let package = self.package_us(at, is_up, in_call, now.us);
        let held = self.held.iter().flat_map(|held| {
            [
                held.opening.next_us(),
                held.lead.next_us(&held.groups, in_call, now.us),
                held.sealing.next_us(now.us),
                held.tagging.next_us(now.us).filter(|_| in_call),
                self.old_us().filter(|at| *at > now.us),
            ]
        });
        held.chain(of_call).chain([package]).flatten().min()
    }

    /// From when on the officer is told that the own secrets are old, while they are used.
    fn old_us(&self) -> Option<u64> {
        self.held.as_ref().filter(|held| held.sealing.is_able())?.groups.old_us()
    }
}

/// What is shown of the keys, and asked by others.
impl Keys {
    /// The own secrets were not renewed for too long.
    pub(crate) fn is_old(&self, now: Now) -> bool {
        self.old_us().is_some_and(|at| now.us >= at)
    }

    /// Keys with everyone are there, so that this console could seal.
    pub(crate) fn is_able(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.sealing.is_able())
    }

    pub(crate) fn sealing(&self, at: Roster, now: Now) -> view::Sealing {
        self.held.as_ref().map_or(view::Sealing::Waiting, |held| held.sealing.view(at, now.us))
    }

    /// What the people in the call can compare by voice.
    pub(crate) fn code(&self, at: Roster, line: &LineId) -> Code {
        self.held.as_ref().map_or_else(Code::default, |held| code::Seen { ring: held.groups.ring(), at, line }.code())
    }

    /// The same for two parties alone, the own one and this.
    pub(crate) fn code_with(&self, party: &PartyId, at: Roster, line: &LineId) -> Code {
        let seen = |held: &Held| code::Seen { ring: held.groups.ring(), at, line }.code_with(party);
        self.held.as_ref().map_or_else(Code::default, |held| seen(held))
    }

    /// How the keys of each other member are; whoever has left is among them as long as it can open what is sealed.
    pub(crate) fn members(&self, now: Now) -> BTreeMap<DeviceId, KeyState> {
        let shown = |(device, state): &(DeviceId, KeyState)| *state != KeyState::Leaving || self.is_sealed_for(device);
        self.members.states(now.us).filter(shown).collect()
    }

    /// Is the device still in a group that this console speaks into?
    fn is_sealed_for(&self, device: &DeviceId) -> bool {
        let leaves = self.held.as_ref().and_then(|held| held.groups.ring().members(&held.sealing.group()?).ok());
        leaves.is_some_and(|leaves| leaves.iter().any(|leaf| leaf.device == *device))
    }

    /// What is suspect about the frames at a member's place.
    pub(crate) fn suspicion(&self, device: &DeviceId, now: Now) -> Option<Suspicion> {
        self.members.suspicion(device, now.us)
    }

    /// Somebody's keys have not come for long enough that it is said.
    pub(crate) fn is_keyless(&self, device: &DeviceId, now: Now) -> bool {
        self.members.is_keyless(device, now.us)
    }

    /// Somebody's keys are only just on their way.
    pub(crate) fn awaits_keys(&self, now: Now) -> bool {
        self.members.awaits_keys(now.us)
    }

    /// Who has said otherwise of its group's members than is so, the last ones.
    pub(crate) fn misled(&self) -> impl Iterator<Item = &DeviceId> {
        self.members.misled()
    }
}

//! One line at one node: who is in, what the node did with rings, and its keys. What one of these does to the others is
//! here.

use super::enrolled::Enrolled;
use super::forged::Forgeries;
use super::group::HandshakeRecord;
use super::keys::Keys;
use super::present::{OwnRing, Presence, Present, TagsTold};
use super::respond::{Acknowledged, Declined, Responses};
use super::speaker::{At, Speaker};
use super::{Applied, Ignored, attach};
use crate::statement::{Act, KeyOffer, Statement};
use std::collections::BTreeSet;
use trialogue_charter::{CallId, DeviceId, Role};

/// One line, as far as one node's journal speaks of it. Its bytes are in kept.rs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OnLine {
    /// Who is in.
    pub(super) present: Present,
    /// What the node did with rings of others.
    pub(super) responses: Responses,
    /// The node's group, while a console of the node that is in can use it.
    pub(super) keys: Keys,
    /// Frames that were not their sender's.
    pub(super) forgeries: Forgeries,
}

impl OnLine {
    /// What the rules of this line at this node say to an act in a call.
    pub(super) fn may(&self, by: &Speaker<'_>, enrolled: &Enrolled, statement: &Statement) -> Result<(), Ignored> {
        let (device, line) = (&statement.device, &statement.line);
        match &statement.act {
            // Whoever is in may offer new key packages by it; only who acts for the party rings by it.
            Act::Ring { .. } if self.present.has(device) && by.must_act().is_err() => Ok(()),
            Act::Ring { precedence, .. } => {
                by.must_act()?;
                by.may_ring(line, *precedence)?;
                self.present.may_come_in(device)
            }
            Act::Answer { .. } => self.present.may_come_in(device),
            Act::Attach { ring, word, .. } => {
                attach::may_carry(by, line, *ring, word)?;
                self.present.may_come_in(device)
            }
            Act::Acknowledge { call, .. } => {
                by.must_act()?;
                self.responses.may_acknowledge(call)
            }
            Act::Decline { call, deputy, .. } => {
                by.must_act()?;
                self.responses.may_decline(by.own, line, call, deputy.as_ref())
            }
            Act::Confirm { party } => self.present.may_confirm(by, line, party),
            Act::Ready { with } => self.present.may_be_ready(by, line, with),
            Act::ComeOn { with } => self.present.may_come_on(by, line, with),
            Act::Drop { party, .. } => self.present.may_drop(by, line, party),
            Act::Tags { anew, .. } => self.present.may_tell_tags(device, *anew),
            Act::Hold { device: held, .. } => self.present.may_hold(by, enrolled, held),
            Act::Remove { device: removed } => self.present.may_remove(by, enrolled, removed),
            Act::Leave { .. } => self.present.stay(device).map(drop),
            Act::Handshake { group, epoch, added, removed, .. } => {
                let stay = self.present.stay(device)?;
                self.keys.may_move((device, stay), group, *epoch, added, removed)
            }
            // No act in a call.
            _ => Err(Ignored::NotNow),
        }
    }

    /// Does what [`OnLine::may`] has found allowed, but for leaving and removing ([`OnLine::depart`]): what a console
    /// of this role says in a call.
    pub(super) fn take(&mut self, role: Role, statement: Statement, at: At) -> Applied {
        let At { seq, time_ms } = at;
        let Statement { device, number, line, act, .. } = statement;
        match act {
            Act::Ring { call, offers, precedence } => {
                self.ring(device, OwnRing { call, precedence, seq, time_ms }, &offers, role);
                Applied::Rang { line, call, device }
            }
            Act::Answer { call, offers } => {
                self.answer(device, call, Presence::new(call, role, at, &offers));
                Applied::Answered { line, call, device }
            }
            Act::Attach { call, offers, ring, word } => {
                self.come(device, Presence::new(call, role, at, &offers).carrying(device, ring, word, at));
                Applied::CameOver { line, device }
            }
            Act::Decline { call, reason, call_back_ms, deputy } => {
                self.responses.decline(call, Declined { reason, call_back_ms, deputy }, Some(device), seq);
                Applied::Declined { line, call, reason, by: Some(device) }
            }
            Act::Acknowledge { call, ready_ms } => {
                let wait_ms = ready_ms.saturating_sub(number.max(time_ms));
                self.responses.acknowledge(call, Acknowledged { by: device, ready_ms, wait_ms, seq });
                Applied::Acknowledged { line, call, device }
            }
            Act::Hold { device: held, on } => {
                self.present.hold(&held, on, device, seq);
                Applied::Held { line, device: held, on, by: device }
            }
            Act::Tags { generation, anew, secrets } => {
                self.present.tell_tags(&device, TagsTold { seq, generation, secrets }, anew);
                Applied::Tagged { line, device }
            }
            Act::Handshake { group, epoch, commit, welcome, added, removed } => {
                let order = self.present.stay(&device).map_or(0, |stay| stay.order);
                let record = HandshakeRecord { seq, by: device, epoch, commit, welcome, added, removed };
                let (epoch, created) = self.keys.handshake(group, record, order);
                Applied::Moved { line, group, epoch, created, device }
            }
            said => {
                self.present.say(&device, said, seq);
                Applied::Said { line, device }
            }
        }
    }

    /// Rings. A console that is in already does so from its place.
    fn ring(&mut self, device: DeviceId, ring: OwnRing, offers: &[KeyOffer], role: Role) {
        if self.present.ring_again(&device, ring, offers, role.acts_for_party()) {
            return;
        }
        let mut presence = Presence::new(ring.call, role, At { seq: ring.seq, time_ms: ring.time_ms }, offers);
        presence.ring = Some(ring);
        // Whoever stays in the call may go on ringing with its id for others: not for those who began it and have left.
        self.answer(device, ring.call, presence);
    }

    /// Comes in with fresh keys by this ring. A console that was in starts a new stay: it goes behind the others in
    /// order, groups that held it hold it no more until it is added again, and it no longer rings.
    fn answer(&mut self, device: DeviceId, call: CallId, presence: Presence) {
        let (order, acts) = (presence.order, presence.role.acts_for_party());
        self.come(device, presence);
        // Otherwise it takes part, and its party has not answered by that.
        if acts {
            self.responses.answer(call, device, order);
        }
    }

    /// A console is in from here on; a stay that it had before ends.
    fn come(&mut self, device: DeviceId, presence: Presence) {
        let (order, acts) = (presence.order, presence.role.acts_for_party());
        if let Some(before) = self.present.come(device, presence) {
            self.end_stay(before, order, true);
        }
        if acts {
            self.responses.join(device, order);
        }
    }

    /// The console is out; false: it was not in.
    pub(super) fn depart(&mut self, device: &DeviceId, seq: u64) -> bool {
        let Some(order) = self.present.leave(device) else { return false };
        self.end_stay(order, seq, false);
        true
    }

    /// A stay ends at `seq`; `again`: because the same console begins another one there.
    fn end_stay(&mut self, order: u64, seq: u64, again: bool) {
        self.responses.end_stay(order, seq);
        self.keys.end_stay(order, seq, again, &self.present);
    }

    /// Devices whose statements are among the relevant entries. `live`: the calls on the line.
    pub(super) fn speakers(&self, live: Option<&BTreeSet<CallId>>, devices: &mut BTreeSet<DeviceId>) {
        devices.extend(self.present.speakers());
        devices.extend(self.keys.speakers());
        self.responses.speakers(live, devices);
    }

    /// Positions of the entries that a console needs to have the same line.
    pub(super) fn relevant(&self, live: Option<&BTreeSet<CallId>>, seqs: &mut BTreeSet<u64>) {
        self.present.relevant(seqs);
        self.forgeries.relevant(seqs);
        self.keys.relevant(seqs);
        self.responses.relevant(live, seqs);
    }
}

#[cfg(test)]
mod tests {
    use super::super::respond::Ended;
    use super::super::scene::{Console, answer, at, call, duty, own, ring};
    use super::*;
    use crate::statement::GroupId;

    const ID: GroupId = GroupId([1; 16]);

    fn judged(on: &OnLine, by: &Console, act: Act) -> Result<(), Ignored> {
        on.may(&own(&by.device.party).speaker(&by.device), &Enrolled::default(), &by.says(1, &duty(), act))
    }

    fn takes(on: &mut OnLine, by: &Console, act: Act, seq: u64) -> Applied {
        let own = own(&by.device.party);
        on.take(own.speaker(&by.device).role, by.says(seq, &duty(), act), at(seq))
    }

    fn handshake(added: &[&Console]) -> Act {
        let (commit, welcome, added, removed) = (None, None, added.iter().map(|it| it.id()).collect(), Vec::new());
        Act::Handshake { group: ID, epoch: 0, commit, welcome, added, removed }
    }

    #[test]
    fn an_answer_ends_what_rings_and_a_note_taker_s_does_not() {
        let (mut on, japan) = (OnLine::default(), Console::new("jpn-duty", 1));
        let ended = |on: &OnLine, number| on.responses.to(&call(number)).is_some_and(|it| it.ended.is_some());
        assert_eq!(on.responses.receive(call(1), None, 1), Ok(()));
        takes(&mut on, &Console::new("jpn-notes", 1), answer(1), 2);
        assert!(!ended(&on, 1));
        assert_eq!(
            takes(&mut on, &japan, answer(2), 3),
            Applied::Answered { line: duty(), call: call(2), device: japan.id() }
        );
        assert!(ended(&on, 1) && ended(&on, 2), "it rang while somebody was in");
        assert_eq!(
            judged(
                &on,
                &japan,
                Act::Decline {
                    call: call(1),
                    reason: crate::statement::DeclineReason::Busy,
                    call_back_ms: None,
                    deputy: None
                }
            ),
            Err(Ignored::NotNow)
        );
    }

    #[test]
    fn whoever_is_in_rings_from_its_place_and_who_may_not_ring_gives_packages_alone() {
        let (mut on, notes) = (OnLine::default(), Console::new("jpn-notes", 1));
        assert_eq!(judged(&on, &notes, ring(1)), Err(Ignored::Role));
        takes(&mut on, &notes, answer(1), 1);
        assert_eq!(judged(&on, &notes, ring(1)), Ok(()));
        takes(&mut on, &notes, ring(1), 2);
        let stay = on.present.stay(&notes.id()).map(|stay| (stay.order, stay.ring));
        assert_eq!(stay, Ok((1, None)));
    }

    #[test]
    fn who_comes_in_anew_or_leaves_ends_stays_and_the_group_that_nobody_can_use() {
        let (mut on, japan) = (OnLine::default(), Console::new("jpn-duty", 1));
        assert_eq!(judged(&on, &japan, handshake(&[])), Err(Ignored::NotIn));
        takes(&mut on, &japan, ring(1), 1);
        assert_eq!(judged(&on, &japan, handshake(&[])), Ok(()));
        takes(&mut on, &japan, handshake(&[]), 2);
        assert!(on.keys.group().is_some());
        takes(&mut on, &japan, answer(1), 3);
        assert!(on.keys.group().is_none(), "its keys are gone");
        assert!(on.depart(&japan.id(), 4) && !on.depart(&japan.id(), 5));
        let ended = on.responses.to(&call(1)).and_then(|response| response.ended.clone());
        assert_eq!(ended, Some(Ended::Joined { by: japan.id(), first: 3, order: 3, end: Some(4) }));
        let (mut seqs, mut devices) = (BTreeSet::new(), BTreeSet::new());
        on.relevant(None, &mut seqs);
        on.speakers(None, &mut devices);
        assert_eq!((seqs, devices), (BTreeSet::from([3, 4]), BTreeSet::from([japan.id()])));
    }

    #[test]
    fn what_is_no_act_in_a_call_is_refused_here() {
        let on = OnLine::default();
        assert_eq!(judged(&on, &Console::new("jpn-duty", 1), Act::TakeDuty { until_ms: 1 }), Err(Ignored::NotNow));
        assert_eq!(judged(&on, &Console::new("jpn-duty", 1), Act::Leave { cause: None }), Err(Ignored::NotIn));
    }
}

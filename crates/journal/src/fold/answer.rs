//! A console answers, joins, or comes back.

use super::node::{OnLine, Presence};
use super::respond::{Ended, Response};
use super::ring::by_node;
use crate::statement::KeyOffer;
use trialogue_charter::{CallId, DeviceId, Role};

impl OnLine {
    /// Comes in with fresh keys. A console that was in starts a new stay: it goes behind the others in order, groups that held it
    /// hold it no more until it is added again, and it no longer rings.
    pub(super) fn answer(
        &mut self,
        device: DeviceId,
        call: CallId,
        offers: Vec<KeyOffer>,
        role: Role,
        seq: u64,
        time_ms: u64,
    ) {
        self.come(device, Presence::new(call, role, seq, time_ms, by_node(offers)));
        if !role.acts_for_party() {
            // It takes part, and its party has not answered by that.
            return;
        }
        // Named, it counts as answered even after a decline or an expiry.
        self.response(call, seq).ended = Some(Ended::Joined { by: device, first: seq, order: seq, end: None });
    }

    /// What is remembered of a ring; begins now if nothing was.
    pub(super) fn response(&mut self, call: CallId, seq: u64) -> &mut Response {
        self.make_room(&call);
        self.responses.entry(call).or_insert_with(|| Response::new(seq))
    }
}

//! A console answers, joins, or comes back.

use super::node::{OnLine, Presence};
use super::respond::{Ended, Response};
use super::ring::by_node;
use crate::statement::KeyOffer;
use trialogue_charter::{CallId, DeviceId};

impl OnLine {
    /// Comes in with fresh keys. A console that was in starts a new stay: it goes behind the others in order, and groups that held it
    /// hold it no more until it is added again. Its own ring of that call goes on.
    pub(super) fn answer(&mut self, device: DeviceId, call: CallId, offers: Vec<KeyOffer>, seq: u64, time_ms: u64) {
        let ring = self.present.get(&device).and_then(|before| before.ring).filter(|ring| ring.call == call);
        let own = self.present.values().any(|presence| presence.ring.is_some_and(|ring| ring.call == call));
        let presence = Presence { call, order: seq, since_ms: time_ms, ring, offers: by_node(offers) };
        self.come(device, presence);
        // Named, it counts as answered even after a decline or an expiry.
        if !own {
            self.response(call, seq).ended = Some(Ended::Joined { by: device, order: seq, end: None });
        }
    }

    /// What is remembered of a ring; begins now if nothing was.
    pub(super) fn response(&mut self, call: CallId, seq: u64) -> &mut Response {
        self.make_room(&call);
        self.responses.entry(call).or_insert_with(|| Response::new(seq))
    }
}

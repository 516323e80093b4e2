//! The party's security officer, from a browser: a request signed by the party's root, for this node and one of its
//! nonces.
//!
//! Who has not proven the root costs the node a few microseconds and no memory: nonces are made, not kept.

use crate::admin::{Asked, Reply, Request};
use crate::door::Ended;
use crate::limits::officer::{NONCE_LIFE, NONCES_USED_MAX, TURN, WAITING};
use aws_lc_rs::{constant_time, hmac};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use trialogue_charter::{ClaimedRequest, NodeId, OfficerAct, VerifiedCharter};

/// Answers officers.
pub struct Officer {
    node: NodeId,
    /// In force. Kept here: who asks for it has proven nothing, and shall cost the control task nothing.
    charter: watch::Receiver<Arc<VerifiedCharter>>,
    control: mpsc::Sender<Asked>,
    nonces: Nonces,
    /// One at a time: signatures after quantum computers take milliseconds.
    turn: Semaphore,
}

/// Why a request was refused, for the HTTP answer.
pub(crate) enum Refused {
    /// It proves nothing.
    Unproven(String),
    /// Later perhaps.
    Busy(&'static str),
}

const STOPPING: &str = "the node is stopping; ask again when it runs";

impl Officer {
    /// Answers for `node`; none if the system gives no random bytes. What comes out of the receiver is for the control
    /// task, and proven.
    pub(crate) fn new(
        node: NodeId,
        charter: watch::Receiver<Arc<VerifiedCharter>>,
    ) -> Option<(Self, mpsc::Receiver<Asked>)> {
        let (control, proven) = mpsc::channel(WAITING);
        let nonces = Nonces::new()?;
        Some((Self { node, charter, control, nonces, turn: Semaphore::new(1) }, proven))
    }

    /// Which node answers.
    pub(crate) fn node(&self) -> &NodeId {
        &self.node
    }

    /// A nonce to sign.
    pub(crate) fn nonce(&self) -> Option<[u8; 32]> {
        self.nonces.give(Instant::now())
    }

    /// The charter in force.
    pub(crate) fn charter(&self) -> Arc<VerifiedCharter> {
        self.charter.borrow().clone()
    }

    /// Verifies a signed request, and does it. Until it has its turn `ended` ends it.
    pub(crate) async fn ask(&self, bytes: &[u8], ended: Ended) -> Result<Reply, Refused> {
        let unproven = |why: trialogue_charter::OfficerError| Refused::Unproven(why.to_string());
        let claimed = ClaimedRequest::decode(bytes).map_err(unproven)?;
        let nonce = *claimed.nonce();
        if !self.nonces.is_fresh(&nonce, Instant::now()) {
            return Err(Refused::Unproven(STALE.to_owned()));
        }
        let turn = tokio::select! {
            biased;
            () = ended => None,
            turn = tokio::time::timeout(TURN, self.turn.acquire()) => turn.ok().and_then(Result::ok),
        };
        let Some(_turn) = turn else {
            return Err(Refused::Busy("the node is answering other requests of an officer; ask again"));
        };
        let charter = self.charter();
        let request = claimed.verify(&charter, &self.node).map_err(unproven)?;
        match self.nonces.take(nonce, Instant::now()) {
            Taken::Now => {}
            Taken::Before => return Err(Refused::Unproven(STALE.to_owned())),
            Taken::Full => return Err(Refused::Busy("too many requests within a minute; ask again in a minute")),
        }
        let request = match request.act {
            OfficerAct::Devices => Request::Devices,
            OfficerAct::Proofs { devices } => {
                Request::Proofs { devices: devices.iter().map(ToString::to_string).collect() }
            }
            OfficerAct::Revoke { revocation } => Request::Revoke { revocation: hex::encode(revocation) },
        };
        let (reply, answer) = oneshot::channel();
        let asked = Asked { request, reply };
        self.control.send(asked).await.map_err(|_| Refused::Busy(STOPPING))?;
        answer.await.map_err(|_| Refused::Busy(STOPPING))
    }
}

const STALE: &str = "the request answers no fresh nonce of this node: it is older than a minute, was made for another node, or was \
used before; ask again";

/// What became of a nonce.
enum Taken {
    Now,
    Before,
    Full,
}

/// Nonces: 8 bytes of time, 8 random ones, and 16 that only this process can make of them. Only those that were used
/// are kept, while they live, and only the party's root can use one.
struct Nonces {
    key: hmac::Key,
    began: Instant,
    used: Mutex<BTreeMap<[u8; 32], Instant>>,
}

impl Nonces {
    fn new() -> Option<Self> {
        let mut key = [0; 48];
        getrandom::fill(&mut key).ok()?;
        let key = hmac::Key::new(hmac::HMAC_SHA384, &key);
        Some(Self { key, began: Instant::now(), used: Mutex::default() })
    }

    fn ms(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }

    fn give(&self, now: Instant) -> Option<[u8; 32]> {
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&self.ms(now).to_be_bytes());
        getrandom::fill(&mut nonce[8..16]).ok()?;
        let tag = hmac::sign(&self.key, &nonce[..16]);
        nonce[16..].copy_from_slice(&tag.as_ref()[..16]);
        Some(nonce)
    }

    fn is_fresh(&self, nonce: &[u8; 32], now: Instant) -> bool {
        let (said, tag) = nonce.split_at(16);
        let made = hmac::sign(&self.key, said);
        if constant_time::verify_slices_are_equal(&made.as_ref()[..16], tag).is_err() {
            return false;
        }
        let mut at = [0; 8];
        at.copy_from_slice(&said[..8]);
        let age = self.ms(now).saturating_sub(u64::from_be_bytes(at));
        Duration::from_millis(age) <= NONCE_LIFE && !self.lock().contains_key(nonce)
    }

    fn take(&self, nonce: [u8; 32], now: Instant) -> Taken {
        let mut used = self.lock();
        // Twice the life: one that is forgotten here is too old for `is_fresh`.
        used.retain(|_, at| now.saturating_duration_since(*at) <= 2 * NONCE_LIFE);
        if used.len() >= NONCES_USED_MAX {
            return Taken::Full;
        }
        if used.insert(nonce, now).is_some() { Taken::Before } else { Taken::Now }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<[u8; 32], Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_nonce_is_of_this_process_fresh_and_used_once() {
        let (ours, other) = (Nonces::new().unwrap(), Nonces::new().unwrap());
        let now = Instant::now();
        let nonce = ours.give(now).unwrap();
        assert!(ours.is_fresh(&nonce, now) && !other.is_fresh(&nonce, now));
        let mut later = nonce;
        later[7] ^= 1;
        assert!(!ours.is_fresh(&later, now), "its time is not for others to say");
        assert!(matches!(ours.take(nonce, now), Taken::Now) && !ours.is_fresh(&nonce, now));
        assert!(matches!(ours.take(nonce, now), Taken::Before));
        let old = ours.give(now).unwrap();
        assert!(ours.is_fresh(&old, now + NONCE_LIFE));
        assert!(!ours.is_fresh(&old, now + NONCE_LIFE + Duration::from_millis(2)));
    }

    #[test]
    fn used_nonces_are_bounded_and_forgotten() {
        let nonces = Nonces::new().unwrap();
        let now = Instant::now();
        for _ in 0..NONCES_USED_MAX {
            assert!(matches!(nonces.take(nonces.give(now).unwrap(), now), Taken::Now));
        }
        assert!(matches!(nonces.take(nonces.give(now).unwrap(), now), Taken::Full));
        let later = now + 3 * NONCE_LIFE;
        assert!(matches!(nonces.take(nonces.give(later).unwrap(), later), Taken::Now));
    }
}

//! How QUIC is set for a link: bounded in everything, quick to notice a cut, narrow enough for a 1,280-byte path.

use super::steady::Factory;
use crate::limits::links::{DATAGRAMS_IN, DATAGRAMS_OUT};
use quinn::{ConnectionId, ConnectionIdGenerator, EndpointConfig, IdleTimeout, TransportConfig, VarInt};
use std::sync::Arc;
use std::time::Duration;
use trialogue_wire::limits::MESSAGE_MAX;

/// A link without a word for this long is down. Lower finds a cut earlier and takes a lossy path down wrongly.
const IDLE: u32 = 6_000;
/// A word at least this often.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// UDP payload that passes a 1,280-byte path under IPv6 (40 bytes) and UDP (8 bytes) before anything was measured.
const MTU: u16 = 1_232;
/// Length of connection ids: with 2 bytes a datagram of 1,200 bytes fits [`MTU`] (1 flags, 2 id, at most 4 number, 16
/// tag, 9 frame), so an RTP packet of 1,200 bytes is not cut in two. A node has a few dozen ids at once; a stray hit
/// fails its decryption.
const ID_LEN: usize = 2;
/// Longer than any node runs, short enough to be added to a clock.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);
/// A packet is not lost because so many later ones came before it, nor within this share of a round trip: paths reorder
/// (RFC 9002 §6.1 has 3 and 9/8). More finds real loss later; control waits for that, voices never do.
const REORDERED: u32 = 16;
const REORDERED_TIME: f32 = 1.375;

pub(super) fn endpoint() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.cid_generator(|| Box::new(ShortIds { drawn: 0 }));
    // No stateless resets (RFC 9000 §10.3): with ids this short, a stranger could collect the tokens of all of them and
    // cut a link with one. A restarted node dials anew at once instead.
    config.min_reset_interval(NEVER);
    config
}

pub(super) fn transport() -> Arc<TransportConfig> {
    let control = u32::try_from(2 * MESSAGE_MAX).unwrap_or(u32::MAX);
    let mut config = TransportConfig::default();
    config
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(control))
        .receive_window(VarInt::from_u32(control))
        .send_window(u64::from(control))
        .initial_mtu(MTU)
        .packet_threshold(REORDERED)
        .time_threshold(REORDERED_TIME)
        .datagram_receive_buffer_size(Some(DATAGRAMS_IN))
        .datagram_send_buffer_size(DATAGRAMS_OUT)
        .congestion_controller_factory(Arc::new(Factory));
    Arc::new(config)
}

/// Random connection ids of [`ID_LEN`] bytes.
struct ShortIds {
    drawn: u16,
}

impl ConnectionIdGenerator for ShortIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; ID_LEN];
        self.drawn = self.drawn.wrapping_add(1);
        if getrandom::fill(&mut id).is_err() {
            // Ids need to differ, not to be secret.
            id = self.drawn.to_be_bytes();
        }
        ConnectionId::new(&id)
    }

    fn cid_len(&self) -> usize {
        ID_LEN
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

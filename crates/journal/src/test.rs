//! Results of tests of the line, as they are written: what a node measured, what a station heard, what officers sent
//! and certified.

use minicbor::{Decode, Encode};
use trialogue_charter::{NodeId, PartyId};

/// What a node has measured of one path to another node since its last [`crate::Body::Tested`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PathTest {
    /// The other node.
    #[n(1)]
    pub node: NodeId,
    /// Which of the paths to it, from 0.
    #[n(2)]
    pub path: u8,
    /// The path was up, and what was sent on it came.
    #[n(3)]
    pub ok: bool,
    /// Round trip in microseconds, mean.
    #[n(4)]
    pub round_trip_us: Option<u32>,
    /// How much one round trip differs from the next, in microseconds, mean (as RFC 3550 §6.4.1 means it, of round
    /// trips).
    #[n(5)]
    pub jitter_us: Option<u32>,
    /// Packets lost, in millionths.
    #[n(6)]
    pub loss_ppm: Option<u32>,
    /// Throughput of a small probe in kbit/s: at least so much passes. None where none was sent: in a call, or on a
    /// narrow path.
    #[n(7)]
    pub kbit: Option<u32>,
}

/// What a station has heard of the station of another party in one test call.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StationTest {
    /// The other party.
    #[n(1)]
    pub party: PartyId,
    /// Its known speech was opened and heard.
    #[n(2)]
    pub ok: bool,
    /// From mouth to ear and back, in microseconds: sealed, sent, opened, decoded, in both directions.
    #[n(3)]
    pub round_trip_us: Option<u32>,
    /// Speech quality in hundredths, 100 (not the same speech) to 500 (the same); see docs/monitoring.
    #[n(4)]
    pub quality: Option<u16>,
    /// Voice frames that did not come in time, in millionths.
    #[n(5)]
    pub loss_ppm: Option<u32>,
}

/// A language of test texts and consoles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Language {
    /// English.
    #[default]
    #[n(0)]
    En,
    /// Japanese.
    #[n(1)]
    Ja,
    /// Korean.
    #[n(2)]
    Ko,
}

impl Language {
    /// Its tag (BCP 47): `en`, `ja`, `ko`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
            Self::Ko => "ko",
        }
    }
}

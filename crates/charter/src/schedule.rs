//! How often the parties test what they would need in a crisis, whether or not anybody rings.

use minicbor::{Decode, Encode};

/// The schedule of tests at its three levels. A period is also how long a board waits for a result before it says that
/// one is missing, so all parties go by the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tests {
    /// Seconds between two measurements of every path by every node (10 to 3,600).
    #[n(1)]
    pub path_seconds: u32,
    /// Seconds between two sealed test calls of every station, and between two proofs of every console on watch (60 to
    /// 86,400).
    #[n(2)]
    pub station_seconds: u32,
    /// Seconds between two test texts that officers send, translate and certify (600 to 604,800).
    #[n(3)]
    pub human_seconds: u32,
}

/// Every minute, every hour, every shift of eight hours.
impl Default for Tests {
    fn default() -> Self {
        Self { path_seconds: 60, station_seconds: 3_600, human_seconds: 28_800 }
    }
}

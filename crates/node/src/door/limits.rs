//! Every bound of the doors, with what raising or lowering it costs. They hold for those who have proven nothing yet: who has is bounded by the machine.

use crate::pace::Rate;
use std::time::Duration;

/// TCP connections of browsers that are no WebSocket yet. Each costs a descriptor and up to 70 kB; fewer let an attacker with many addresses drive out
/// somebody who is just coming.
pub(crate) const STREAMS: usize = 384;
/// WebSockets before their log-in. Each costs its challenge with the charter, 40 to 400 kB, until it is read. Less than
/// `trialogue_core::limits::STRANGERS_MAX`, so that it is decided here, by address, who has to go.
pub(crate) const SOCKETS: usize = 192;
/// Media connections over TCP that no leg has taken. Each costs a descriptor and up to 20 kB.
pub(crate) const MEDIA_STREAMS: usize = 192;
/// Media connections over TCP of legs: more than the consoles of a party have.
pub(crate) const MEDIA_PROVEN: usize = 512;
/// Handshakes of links under way, on each carrier. Each costs a key exchange and some ten kilobytes.
pub(crate) const HANDSHAKES: usize = 256;
/// Requests of officers under way. Each costs up to 10 ms of verifying, one after the other.
pub(crate) const OFFICERS: usize = 48;
/// Requests on the operator's socket under way: whoever may open it has the node's rights.
pub(crate) const OPERATORS: usize = 16;
/// Pages of health that are being made. Each may read 90 days from the disk, one after the other.
pub(crate) const HEALTH_PAGES: usize = 48;

/// Addresses remembered because somebody has proven itself from there. Times what is kept for each this must stay below the places of every door, or
/// known addresses alone could fill it.
pub(crate) const KNOWN_MAX: usize = 32;
/// Addresses that the charter names: 18 nodes with eight each. With [`KNOWN_MAX`], and [`RESOLVED_EACH`] of 17 nodes, fewer than [`HANDSHAKES`].
pub(crate) const NAMED_MAX: usize = 144;
/// Places kept for each known address at the door of browsers, which open six connections. More leaves fewer to who comes for the first time.
pub(crate) const KEPT: usize = 8;
/// The same at all other doors.
pub(crate) const KEPT_FEW: usize = 1;

/// Costly steps (a TLS handshake, a challenge, a log-in) that one address may ask for, per second and at once, before it has proven itself. A log-in takes three:
/// eighty consoles behind one router come at once after a restart, and twenty a second after them. More lets one address take more than a twentieth of a core.
pub(crate) const PACE: Rate = Rate { per_second: 64.0, burst: 256.0 };
/// Addresses of which that is remembered.
pub(crate) const PACED_MAX: usize = 1_024;

/// A TLS handshake takes this long at most; over a satellite, packets lost, 5 s.
pub(crate) const TLS: Duration = Duration::from_secs(10);
/// The head of a request takes this long at most, and so long a connection may wait for the next one.
pub(crate) const HEAD: Duration = Duration::from_secs(10);
/// What is written to a connection moves on within this; the console's files over a line that passes nothing are given up.
pub(crate) const STALL: Duration = Duration::from_secs(20);

/// Addresses remembered behind the names of one node. More lets its owner keep places for whomever its names lead to; fewer than are dialled
/// ([`crate::links`]: 4) forgets those that it comes from.
pub(super) const RESOLVED_EACH: usize = 4;

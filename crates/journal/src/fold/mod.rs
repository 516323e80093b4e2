//! The fold: from journals to the state of the lines.
//!
//! Every [`NodeState`] is folded from its own node's journal and nothing else, and a line's state is a join that is
//! computed when it is asked for. So every node that holds the same entries has the same state, in whatever order the
//! journals came in.
//!
//! An entry that does not fit is *ignored with a reason* and changes nothing: the journals of others are not ours to
//! refuse. The same rules tell a node which statements of its own consoles to refuse ([`State::judge`]).

mod applied;
mod attach;
mod consult;
mod consultation;
mod course;
mod device;
mod duty;
mod enrolled;
mod floor;
mod forged;
mod group;
mod ignored;
mod judge;
mod kept;
mod keys;
mod line;
mod lines;
mod missed;
mod node;
mod now;
mod on_line;
mod people;
mod present;
mod relevant;
mod respond;
mod revoked;
#[cfg(test)]
mod scene;
mod seen;
mod sounding;
mod speaker;
mod staffed;
mod stage;
mod state;
mod stated;
mod steward;
mod tested;
mod version;
mod writings;
mod written;

pub use applied::Applied;
pub use consult::{Attendance, Proposal};
pub use consultation::Consultation;
pub use device::Enrolment;
pub use duty::{Duty, OnDuty, Relieved};
pub use floor::{Floor, Prepared, Said};
pub use forged::Forgery;
pub use group::{Group, HandshakeRecord};
pub use ignored::Ignored;
pub use line::{LineState, Participant, Ring, RingResponse};
pub use missed::Missed;
pub use node::NodeState;
pub use present::{OwnRing, Presence, TagsTold};
pub use respond::{Ended, Response};
pub use seen::Seen;
pub use state::State;
pub use tested::{Alive, Certified, StationTested, TestText, Tested};
pub use version::{FOLD_GOLDEN, FOLD_VERSION};
pub use written::{Circle, Receipt, Receipts, Stock, Writing};

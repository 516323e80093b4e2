//! What the [`crate::forward::Forwarder`] is told by the control machine, and what it has to say.

use trialogue_charter::{DeviceId, LineId};
use trialogue_wire::console::Medium;

/// A set of nodes by their index in the charter (0 to 63).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nodes(u64);

impl Nodes {
    /// No node.
    pub const NONE: Self = Self(0);

    /// With one more node; an index above 63 is left out.
    #[must_use]
    pub fn with(self, node: u8) -> Self {
        Self(self.0 | 1u64.checked_shl(node.into()).unwrap_or(0))
    }

    /// Without a node.
    #[must_use]
    pub fn without(self, node: u8) -> Self {
        Self(self.0 & !1u64.checked_shl(node.into()).unwrap_or(0))
    }

    /// Is the node in it?
    pub fn has(self, node: u8) -> bool {
        self.0 & 1u64.checked_shl(node.into()).unwrap_or(0) != 0
    }

    /// Nobody is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices, ascending.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let node = (rest != 0).then(|| rest.trailing_zeros() as u8)?;
            rest &= rest - 1;
            Some(node)
        })
    }
}

impl FromIterator<u8> for Nodes {
    fn from_iter<I: IntoIterator<Item = u8>>(nodes: I) -> Self {
        nodes.into_iter().fold(Self::NONE, Self::with)
    }
}

/// A change of what is forwarded, from the control machine. Each is idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardChange {
    /// A device is in on a line, from here on it is heard and seen by the others there. A device that is in on several
    /// lines speaks on the one that it joined last.
    In {
        /// The line.
        line: LineId,
        /// Who; local or not.
        device: DeviceId,
        /// Index in the charter of the node that it belongs to.
        node: u8,
    },
    /// A device is not in on a line any more.
    Out {
        /// The line.
        line: LineId,
        /// Who.
        device: DeviceId,
    },
    /// Names a stream as in `LinkMessage::Stream`: the control machine draws numbers for its own node's consoles, and hands on
    /// what other nodes announced.
    Stream {
        /// Index of the source node.
        node: u8,
        /// Its number there.
        number: u16,
        /// The speaking console.
        device: DeviceId,
        /// On which line.
        line: LineId,
        /// Voice or picture.
        medium: Medium,
    },
    /// A stream number is free again.
    StreamEnd {
        /// Index of the source node.
        node: u8,
        /// Its number there.
        number: u16,
    },
    /// Which directly linked nodes get the packets of a source node on a line; replaces what was said before. For the own node's
    /// consoles `source` is the own index; for another node it makes this node a relay.
    Route {
        /// The line.
        line: LineId,
        /// Index of the source node.
        source: u8,
        /// Next nodes for voice: every path at once.
        voice: Nodes,
        /// Next nodes for pictures: the best path.
        picture: Nodes,
    },
    /// Somebody wants a key frame of this device's picture (`ToNode::KeyFrame`, `LinkMessage::KeyFrame`).
    KeyFrame {
        /// Whose.
        device: DeviceId,
    },
}

/// What the forwarder has to say, apart from packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardEvent {
    /// Who is received at a place of a console's leg from now on.
    Placed {
        /// The leg.
        leg: u32,
        /// The receiving console.
        console: DeviceId,
        /// Voice or picture.
        medium: Medium,
        /// The place, counted from 0 for each medium.
        place: u8,
        /// The sender; none: free.
        sender: Option<DeviceId>,
    },
    /// Ask the console on this leg for a key frame (PLI, RFC 4585 §6.3.1).
    AskLeg {
        /// The leg.
        leg: u32,
    },
    /// Ask the node of a device for a key frame (`LinkMessage::KeyFrame`).
    AskNode {
        /// Index of the device's node.
        node: u8,
        /// Whose picture.
        device: DeviceId,
    },
}

//! Sets of nodes, small enough to be copied with every packet.

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

    /// With all of another set.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
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

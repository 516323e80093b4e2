//! Which ports the demo takes, all counted from one.

/// The usual first port.
pub const USUAL: u16 = 8_440;
/// Ports from the first to the last.
pub const SPAN: u16 = 24;

/// The ports of a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    base: u16,
}

impl Ports {
    /// Counted from `base`; none if there are not enough ports above it.
    pub fn from(base: u16) -> Option<Self> {
        (base > 0 && base.checked_add(SPAN).is_some()).then_some(Self { base })
    }

    /// The ports of a demo whose first node has this link port.
    pub fn of_first_link(link: u16) -> Option<Self> {
        link.checked_sub(11).and_then(Self::from)
    }

    pub fn base(self) -> u16 {
        self.base
    }

    /// The desk with the enrolment links: TCP.
    pub fn desk(self) -> u16 {
        self.base
    }

    /// A node's web console: TCP.
    pub fn web(self, node: u16) -> u16 {
        self.base + 1 + node
    }

    /// A node's links: UDP.
    pub fn link(self, node: u16) -> u16 {
        self.base + 11 + node
    }

    /// A node's media: UDP and TCP.
    pub fn media(self, node: u16) -> u16 {
        self.base + 21 + node
    }
}

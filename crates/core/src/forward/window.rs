//! Dropping copies: the same packet arrives by several paths, and only the first one counts.

/// How many sequence numbers below the highest are remembered: 40 s of voice, and some seconds of picture. A larger window costs
/// a bit per number and stream; a smaller one would take a copy from a slow path for a new packet.
pub const WINDOW: u64 = 2_048;

/// What the window says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Not seen before; its sequence, extended to 64 bits.
    New(u64),
    /// Not seen before, and the source began again: nothing before it is comparable.
    Restart(u64),
    /// A copy, or older than the window.
    Copy,
}

/// Which of the last [`WINDOW`] packets of a stream have been seen.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    highest: Option<u64>,
    bits: [u64; (WINDOW / 64) as usize],
    /// The sequence that would prove a restart: one after a packet far outside (RFC 3550 appendix A.1).
    suspect: Option<u32>,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self { highest: None, bits: [0; (WINDOW / 64) as usize], suspect: None }
    }

    /// Takes the low 32 bits of a packet's sequence.
    pub(crate) fn take(&mut self, sequence: u32) -> Seen {
        let Some(highest) = self.highest else {
            return Seen::New(self.begin(sequence));
        };
        let ahead = sequence.wrapping_sub(highest as u32) as i32 as i64;
        if ahead <= -(WINDOW as i64) || ahead >= 8 * WINDOW as i64 {
            return self.far(sequence);
        }
        self.suspect = None;
        let Some(extended) = highest.checked_add_signed(ahead) else {
            return Seen::Copy;
        };
        if ahead > 0 {
            self.slide(highest, extended);
            self.highest = Some(extended);
        } else if self.is_set(extended) {
            return Seen::Copy;
        }
        self.set(extended);
        Seen::New(extended)
    }

    /// One stray packet far outside changes nothing; two in a row are a source that began again.
    fn far(&mut self, sequence: u32) -> Seen {
        if self.suspect == Some(sequence) {
            *self = Self::new();
            return Seen::Restart(self.begin(sequence));
        }
        self.suspect = Some(sequence.wrapping_add(1));
        Seen::Copy
    }

    fn begin(&mut self, sequence: u32) -> u64 {
        // Room below, so that a packet overtaken by the first one still has a number.
        let extended = (1 << 32) | u64::from(sequence);
        self.highest = Some(extended);
        self.set(extended);
        extended
    }

    fn slide(&mut self, from: u64, to: u64) {
        if to - from >= WINDOW {
            self.bits = [0; (WINDOW / 64) as usize];
            return;
        }
        for sequence in from + 1..=to {
            let at = (sequence % WINDOW) as usize;
            self.bits[at / 64] &= !(1 << (at % 64));
        }
    }

    fn set(&mut self, sequence: u64) {
        let at = (sequence % WINDOW) as usize;
        self.bits[at / 64] |= 1 << (at % 64);
    }

    fn is_set(&self, sequence: u64) -> bool {
        let at = (sequence % WINDOW) as usize;
        self.bits[at / 64] & (1 << (at % 64)) != 0
    }
}

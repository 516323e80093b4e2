//! Dropping copies: the same packet arrives by several paths, and only the first one counts.

/// How many sequence numbers below the highest are remembered: 40 s of voice, and some seconds of picture. A larger
/// window costs a bit per number and stream; a smaller one would take a copy from a slow path for a new packet.
pub const WINDOW: u64 = 2_048;

/// What is remembered of a packet of another node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Of its contents.
    pub(crate) hash: u32,
    /// The node whose link brought it.
    pub(crate) via: u8,
}

/// What the window says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Not seen before; its sequence, extended to 64 bits.
    New(u64),
    /// Not seen before, and the source began again: nothing before it is comparable.
    Restart(u64),
    /// A copy, of a packet with this mark.
    Copy(Option<Mark>),
    /// Far from everything seen so far: too old, or a stray one.
    Far,
}

/// Which of the last [`WINDOW`] packets of a stream have been seen.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    highest: Option<u64>,
    bits: [u64; (WINDOW / 64) as usize],
    /// The sequence that would prove a restart: one after a packet far outside (RFC 3550 appendix A.1).
    suspect: Option<u32>,
    /// One for each bit, in streams of other nodes.
    marks: Vec<Mark>,
}

impl Window {
    /// `marked`: keep marks too.
    pub(crate) fn new(marked: bool) -> Self {
        let marks = if marked { vec![Mark::default(); WINDOW as usize] } else { Vec::new() };
        Self { highest: None, bits: [0; (WINDOW / 64) as usize], suspect: None, marks }
    }

    /// Takes the low 32 bits of a packet's sequence.
    pub(crate) fn take(&mut self, sequence: u32, mark: Mark) -> Seen {
        let Some(highest) = self.highest else {
            return Seen::New(self.restart(sequence, mark));
        };
        if self.is_far(sequence) {
            return self.far(sequence, mark);
        }
        let ahead = ahead(sequence, highest);
        self.suspect = None;
        let Some(extended) = highest.checked_add_signed(ahead) else {
            return Seen::Far;
        };
        if ahead > 0 {
            self.slide(highest, extended);
            self.highest = Some(extended);
        } else if self.is_set(extended) {
            return Seen::Copy(self.mark(extended));
        }
        self.set(extended, mark);
        Seen::New(extended)
    }

    /// Is it far from everything seen so far?
    pub(crate) fn is_far(&self, sequence: u32) -> bool {
        let ahead = self.highest.map_or(0, |highest| ahead(sequence, highest));
        ahead <= -(WINDOW as i64) || ahead >= 8 * WINDOW as i64
    }

    /// Was it seen, as far as that is remembered?
    pub(crate) fn has(&self, sequence: u32) -> bool {
        self.remembered(sequence).is_some_and(|extended| self.is_set(extended))
    }

    /// Marks a packet of the window anew; its extended sequence, if it is there.
    pub(crate) fn mark_again(&mut self, sequence: u32, mark: Mark) -> Option<u64> {
        let extended = self.remembered(sequence)?;
        self.set(extended, mark);
        Some(extended)
    }

    /// The extended sequence of one that is not above the highest, nor below the window.
    fn remembered(&self, sequence: u32) -> Option<u64> {
        let highest = self.highest?;
        let ahead = ahead(sequence, highest);
        highest.checked_add_signed(ahead).filter(|_| ahead <= 0 && ahead > -(WINDOW as i64))
    }

    /// One stray packet far outside changes nothing; two in a row are a source that began again.
    fn far(&mut self, sequence: u32, mark: Mark) -> Seen {
        if self.suspect == Some(sequence) {
            return Seen::Restart(self.restart(sequence, mark));
        }
        self.suspect = Some(sequence.wrapping_add(1));
        Seen::Far
    }

    /// Forgets everything and begins with this packet.
    pub(crate) fn restart(&mut self, sequence: u32, mark: Mark) -> u64 {
        self.bits = [0; (WINDOW / 64) as usize];
        self.suspect = None;
        // Room below, so that a packet overtaken by the first one still has a number.
        let extended = (1 << 32) | u64::from(sequence);
        self.highest = Some(extended);
        self.set(extended, mark);
        extended
    }

    /// Whose link brought the highest one.
    pub(crate) fn top_via(&self) -> Option<u8> {
        self.highest.and_then(|highest| self.mark(highest)).map(|mark| mark.via)
    }

    /// By whose links those came that are remembered.
    pub(crate) fn ways(&self) -> impl Iterator<Item = u8> + '_ {
        let highest = self.highest.into_iter();
        let numbers = highest.flat_map(|highest| highest.saturating_sub(WINDOW - 1)..=highest);
        numbers.filter(|number| self.is_set(*number)).filter_map(|number| self.mark(number)).map(|mark| mark.via)
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

    fn mark(&self, sequence: u64) -> Option<Mark> {
        self.marks.get((sequence % WINDOW) as usize).copied()
    }

    fn set(&mut self, sequence: u64, mark: Mark) {
        let at = (sequence % WINDOW) as usize;
        if let Some(slot) = self.marks.get_mut(at) {
            *slot = mark;
        }
        self.bits[at / 64] |= 1 << (at % 64);
    }

    fn is_set(&self, sequence: u64) -> bool {
        let at = (sequence % WINDOW) as usize;
        self.bits[at / 64] & (1 << (at % 64)) != 0
    }
}

/// By how much it is ahead of the highest one.
fn ahead(sequence: u32, highest: u64) -> i64 {
    i64::from(sequence.wrapping_sub(highest as u32) as i32)
}

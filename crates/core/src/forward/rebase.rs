//! Numbers that go on without a break while the sender behind them changes.
//!
//! A place of a leg is one RTP stream for the console (one SSRC), whoever is heard there. Sequence and time are moved so that
//! they go on. A sequence is never given out twice: it is part of the SRTP nonce (RFC 7714 §8.1).

/// A jump larger than this is a new beginning: half of what a receiver can follow (RFC 3550 appendix A.1).
const JUMP: u64 = 16_384;

/// Moves the numbers of changing senders onto one line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rebase {
    /// What the anchor belongs to; another one begins anew.
    generation: u32,
    base_in: u64,
    base_out: u64,
    shift_time: u32,
    /// Highest sequence given out; the first one is 1, far below the first roll-over.
    last_out: u64,
    last_time: u32,
    last_ms: u64,
    /// The next packet follows the last one sent, whatever lay between.
    gap: bool,
    /// The next packet begins anew.
    anew: bool,
}

impl Rebase {
    /// Gives out `after + 1` first.
    pub(crate) fn after(after: u64) -> Self {
        Self { last_out: after, ..Self::default() }
    }

    /// The numbers to send for a packet with these numbers, or none if it is older than the beginning of this sender here.
    /// `clock_khz` is the RTP clock (48 for voice, 90 for pictures). `generation` is never 0.
    pub(crate) fn map(
        &mut self,
        generation: u32,
        sequence: u64,
        time: u32,
        clock_khz: u32,
        now_ms: u64,
    ) -> Option<(u64, u32)> {
        if self.generation != generation || std::mem::take(&mut self.anew) {
            self.anchor(generation, sequence, time, clock_khz, now_ms);
        } else if self.gap {
            self.base_in = sequence;
            self.base_out = self.last_out + 1;
        }
        self.gap = false;
        let mut out = self.base_out + sequence.checked_sub(self.base_in)?;
        if out > self.last_out + JUMP {
            self.anchor(generation, sequence, time, clock_khz, now_ms);
            out = self.base_out;
        }
        let out_time = time.wrapping_add(self.shift_time);
        if out > self.last_out {
            self.last_out = out;
            self.last_time = out_time;
            self.last_ms = now_ms;
        }
        Some((out, out_time))
    }

    /// This packet is the newest that came from the source itself. If what began here before it was further on, that was a relay's, and perhaps made up:
    /// what comes from here on begins anew.
    pub(crate) fn is_newest(&mut self, sequence: u64) {
        self.anew |= sequence < self.base_in;
    }

    /// What was left out since the last packet was left out on purpose: the receiver must not look for it.
    pub(crate) fn close_gap(&mut self) {
        self.gap = true;
    }

    fn anchor(&mut self, generation: u32, sequence: u64, time: u32, clock_khz: u32, now_ms: u64) {
        let first = self.generation == 0;
        self.anew = false;
        self.generation = generation;
        self.base_in = sequence;
        self.base_out = self.last_out + 1;
        self.shift_time = if first {
            0
        } else {
            let gap_ms = now_ms.saturating_sub(self.last_ms).clamp(1, 3_600_000) as u32;
            self.last_time.wrapping_add(gap_ms.wrapping_mul(clock_khz)).wrapping_sub(time)
        };
    }
}

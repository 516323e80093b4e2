//! Whether a voice of this node is heard or quiet, as its packets say: the word of this node for it, by which others
//! refuse what is made up meanwhile.

/// A voice without a packet for so long is quiet: consoles send one every 20 to 60 ms while the microphone is on. Less
/// takes a gap of a bad network for a mute, more gives a liar more time.
const QUIET_MS: u64 = 500;
/// How many packets the first one after a silence may have overtaken on its leg, and still leave them a number:
/// networks swap neighbours. More leaves others a wider gap before it where packets were lost, fewer loses 20 ms of
/// who begins to speak.
pub(super) const OVERTAKEN: u64 = 1;

/// What is known of one voice.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sound {
    /// The newest sequence, and when a packet came last.
    last: Option<(u32, u64)>,
    quiet: bool,
}

impl Sound {
    /// Of a voice that has not been heard yet: nothing was sent after this sequence.
    pub(super) fn before(sequence: u32) -> Self {
        Self { last: Some((sequence, 0)), quiet: true }
    }

    /// A packet goes out. True: it was quiet before.
    pub(super) fn heard(&mut self, sequence: u32, now_ms: u64) -> bool {
        let newest = self.last.map_or(
            sequence,
            |(last, _)| {
                if sequence.wrapping_sub(last) as i32 > 0 { sequence } else { last }
            },
        );
        self.last = Some((newest, now_ms));
        std::mem::take(&mut self.quiet)
    }

    /// When it will have become quiet.
    pub(super) fn due_ms(&self) -> Option<u64> {
        self.last.filter(|_| !self.quiet).map(|(_, at)| at + QUIET_MS)
    }

    /// Has it become quiet by now? Said once, with the last sequence.
    pub(super) fn becomes_quiet(&mut self, now_ms: u64) -> Option<u32> {
        self.due_ms().filter(|due| *due <= now_ms)?;
        self.quiet = true;
        self.last.map(|(last, _)| last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_becomes_quiet_once_and_is_heard_again() {
        let mut sound = Sound::before(9);
        assert!(sound.due_ms().is_none() && sound.heard(10, 1_000), "before its first packet it was quiet");
        assert!(!sound.heard(12, 1_020) && !sound.heard(11, 1_030), "packets overtake each other");
        assert_eq!(sound.due_ms(), Some(1_030 + QUIET_MS));
        assert_eq!(sound.becomes_quiet(1_529), None);
        assert_eq!(sound.becomes_quiet(1_530), Some(12));
        assert_eq!((sound.becomes_quiet(9_000), sound.due_ms()), (None, None));
        assert!(sound.heard(13, 9_000));
    }
}

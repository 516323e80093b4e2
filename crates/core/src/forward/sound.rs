//! Whether a voice of this node is heard or quiet, as its packets say: the word of this node for it, by which others refuse what is made up meanwhile.

use super::{ForwardEvent, Forwarder};

/// A voice without a packet for so long is quiet: consoles send one every 20 to 60 ms while the microphone is on. Less takes a gap of a bad network
/// for a mute, more gives a liar more time.
const QUIET_MS: u64 = 500;
/// How many packets the first one after a silence may have overtaken on its leg, and still leave them a number:
/// networks swap neighbours. More leaves others a wider gap before it where packets were lost, fewer loses 20 ms of
/// who begins to speak.
const OVERTAKEN: u64 = 1;

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

    fn due_ms(&self) -> Option<u64> {
        self.last.filter(|_| !self.quiet).map(|(_, at)| at + QUIET_MS)
    }
}

impl Forwarder {
    /// A voice of this node had a packet.
    pub(super) fn sound(&mut self, number: u16, again: bool) {
        if again {
            self.event(ForwardEvent::VoiceQuiet { number, after: None });
        }
    }

    /// When the next voice may have become quiet.
    pub(super) fn next_quiet_ms(&self) -> Option<u64> {
        self.streams.iter().flatten().filter_map(|stream| stream.sound.due_ms()).min()
    }

    pub(super) fn note_quiet(&mut self, now_ms: u64) {
        for at in 0..self.streams.len() {
            let Some(stream) = self.streams[at].as_mut() else { continue };
            if stream.sound.due_ms().is_none_or(|due| due > now_ms) {
                continue;
            }
            stream.sound.quiet = true;
            // What comes next follows the last packet, whatever was lost before it came here: others take from relays nothing that is far ahead of that.
            stream.source.close_gap(OVERTAKEN);
            let (number, after) = (stream.number, stream.sound.last.map(|(last, _)| last));
            self.event(ForwardEvent::VoiceQuiet { number, after });
        }
    }
}

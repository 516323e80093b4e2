//! What happened in a world, in the order in which it happened: a number that is the same whenever the same happened,
//! and lines for people.

/// Most lines that are kept; a world of a soak has some hundreds.
const LINES_MAX: usize = 20_000;

/// Everything that happened so far.
#[derive(Debug, Clone)]
pub struct Trace {
    hash: u64,
    /// Lines are kept, with their time.
    pub(crate) told: bool,
    /// Also of each call of a machine from time alone, and why: many more than of all else together.
    timers: bool,
    /// Time in microseconds, and what happened.
    pub lines: Vec<(u64, String)>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, told: false, timers: false, lines: Vec::new() }
    }
}

impl Trace {
    /// One that keeps lines.
    pub fn told() -> Self {
        Self { told: true, ..Self::default() }
    }

    /// One that also keeps a line of each call of a machine from time alone, with its cause.
    pub fn told_with_timers() -> Self {
        Self { timers: true, ..Self::told() }
    }

    pub(crate) fn tells_timers(&self) -> bool {
        self.told && self.timers
    }

    /// Two worlds in which the same happened have the same.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Something happened: its kind, when, and what tells it from others.
    pub(crate) fn note(&mut self, at_us: u64, what: u64) {
        self.hash = mix(mix(self.hash, at_us), what);
    }

    pub(crate) fn line(&mut self, at_us: u64, line: String) {
        self.note(at_us, digest(line.as_bytes()));
        self.aside(at_us, line);
    }

    /// A line for people about what was noted already.
    pub(crate) fn aside(&mut self, at_us: u64, line: String) {
        if self.told && self.lines.len() < LINES_MAX {
            self.lines.push((at_us, line));
        }
    }
}

fn mix(state: u64, word: u64) -> u64 {
    (state.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Short and not secret.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = mix(state, u64::from_le_bytes(word));
    }
    state
}

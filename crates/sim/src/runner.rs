//! Many networks, one after the other and beside each other; what fails is told with the seed that replays it.

use crate::mutation::Mutation;
use crate::trace::Trace;
use crate::world::World;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

thread_local! {
    /// What went wrong in the world that this thread runs; none: nobody is to be told here.
    static WRONG: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How one network ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The promise that did not hold; none: all did.
    pub broken: Option<String>,
    /// What happened.
    pub trace: Trace,
    /// How long it lived, in simulated microseconds.
    pub lived_us: u64,
    /// Packets that reached consoles; with real consoles, keys that they were given to open with.
    pub heard: u64,
    /// With real consoles: how long it took until everybody had everybody's keys, once the network was whole.
    pub whole_us: u64,
    /// With real consoles: how many messages were written.
    pub written: u64,
    /// Everyone who is in at the end, for people.
    pub ends: Vec<String>,
}

/// Which consoles a network has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Consoles {
    /// Models without keys.
    #[default]
    Modelled,
    /// Those of the products, in networks that live so long.
    Real(Life),
}

/// How much trouble a network with real consoles has before all is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// 20 to 59 strokes of luck.
    Long,
    /// 4 to 11: a third of the time of a processor, so that many seeds can be run.
    Short,
}

impl Consoles {
    /// The line that replays a network.
    pub fn replay(self, seed: u64) -> String {
        let real = match self {
            Self::Modelled => "",
            Self::Real(Life::Long) => "--real ",
            Self::Real(Life::Short) => "--real --short ",
        };
        format!("cargo xtask sim {real}--seed {seed}")
    }

    /// That a network has failed, and how to see it.
    pub fn failed(self, seed: u64, broken: &str) -> String {
        format!("seed {seed} fails: {broken}\n  {}", self.replay(seed))
    }
}

/// Runs the network of a seed to its end, or to the first promise that does not hold.
pub fn run(seed: u64, trace: Trace, mutation: Option<Mutation>) -> Outcome {
    run_with(Consoles::Modelled, seed, trace, mutation)
}

/// The same with consoles of either kind.
pub fn run_with(consoles: Consoles, seed: u64, trace: Trace, mutation: Option<Mutation>) -> Outcome {
    listen();
    WRONG.with(|wrong| *wrong.borrow_mut() = Some(String::new()));
    let mut world = None;
    let ended = catch_unwind(AssertUnwindSafe(|| match consoles {
        Consoles::Modelled => world.insert(World::network(seed, trace.clone(), mutation)).live(),
        Consoles::Real(life) => {
            world.insert(crate::real::real_network(seed, trace.clone(), mutation)).seated().live_real(life);
        }
    }));
    let wrong = WRONG.with(|wrong| wrong.borrow_mut().take()).unwrap_or_default();
    let broken = ended.is_err().then_some(wrong);
    let Some(mut world) = world else {
        return Outcome { seed, broken, trace, lived_us: 0, heard: 0, whole_us: 0, written: 0, ends: Vec::new() };
    };
    let heard = if world.media.is_on() { world.witness.arrived() } else { world.real.given };
    let mut ends = Vec::new();
    if world.witness.trace().told {
        ends.extend(world.sight().ends());
        ends.extend((0..world.real.count()).map(|desk| world.seated().desk_says(desk)));
    }
    let written = world.real.written.count() as u64;
    let (lived_us, whole_us) = (world.now_us(), world.real.whole_us);
    Outcome { seed, broken, lived_us, heard, whole_us, written, ends, trace: world.witness.into_trace() }
}

/// A panic of a world says what is wrong with it, to us and to nobody else.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let ours = WRONG.with(|wrong| {
                let mut wrong = wrong.borrow_mut();
                let Some(wrong) = wrong.as_mut() else { return false };
                let said = panic.payload_as_str().unwrap_or("a panic without words");
                let at = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
                *wrong = format!("{said}{at}");
                true
            });
            if !ours {
                usual(panic);
            }
        }));
    });
}

/// A safeguard whose loss was noticed.
#[derive(Debug)]
pub struct Caught {
    /// In the network of this seed.
    pub seed: u64,
    /// The promise that broke.
    pub broken: String,
}

/// Looks for the first of some networks that breaks a promise that a safeguard is about when the safeguard is missing,
/// and none when it is there.
///
/// # Errors
/// When no network does, or the one that does breaks a promise with the safeguard as well; in words.
pub fn catch(mutation: Mutation, seeds: Range<u64>) -> Result<Caught, String> {
    let consoles = mutation.consoles();
    let run = |seed, mutation| run_with(consoles, seed, Trace::default(), mutation).broken;
    for seed in seeds.clone() {
        let Some(broken) = run(seed, Some(mutation)) else { continue };
        // What it is about must be noticed as well, where something else broke first.
        if !mutation.promises().iter().any(|word| broken.contains(word)) {
            continue;
        }
        return match run(seed, None) {
            None => Ok(Caught { seed, broken }),
            Some(broken) => Err(format!("seed {seed} breaks a promise without {mutation:?} as well: {broken}")),
        };
    }
    Err(format!("what {mutation:?} is about went unnoticed in the networks {seeds:?}"))
}

/// What many networks came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many ran.
    pub ran: u64,
    /// Seed and promise of those that failed.
    pub failed: BTreeMap<u64, String>,
    /// How long it took.
    pub took: Duration,
    /// How long they lived together, in simulated seconds.
    pub lived_s: u64,
    /// Packets that reached consoles, or keys that they were given.
    pub heard: u64,
    /// The longest time until everybody had everybody's keys.
    pub whole_us: u64,
    /// Messages that were written.
    pub written: u64,
}

impl Tally {
    /// What failed, and how to see it; empty: nothing.
    pub fn failures(&self, consoles: Consoles) -> String {
        let failed = self.failed.iter().map(|(seed, broken)| consoles.failed(*seed, broken));
        failed.collect::<Vec<_>>().join("\n")
    }
}

/// When to stop.
#[derive(Debug, Clone)]
pub enum Until {
    /// These seeds have run.
    Seeds(Range<u64>),
    /// So much time has passed, from this seed on.
    For(Duration, u64),
}

/// So many failures are enough.
const FAILURES_MAX: usize = 60;

/// Runs networks on so many threads. `told` hears of each failure when it happens, and of how far it is.
pub fn many(until: &Until, threads: usize, told: &(dyn Fn(&Outcome, u64) + Sync)) -> Tally {
    many_with(Consoles::Modelled, until, threads, told)
}

/// The same with consoles of either kind.
pub fn many_with(consoles: Consoles, until: &Until, threads: usize, told: &(dyn Fn(&Outcome, u64) + Sync)) -> Tally {
    let began = Instant::now();
    let (first, last, deadline) = match until {
        Until::Seeds(seeds) => (seeds.start, seeds.end, None),
        Until::For(time, first) => (*first, u64::MAX, Some(*time)),
    };
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && deadline.is_none_or(|deadline| began.elapsed() < deadline) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= last {
                        return;
                    }
                    let outcome = run_with(consoles, seed, Trace::default(), None);
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.ran += 1;
                    tally.lived_s += outcome.lived_us / 1_000_000;
                    tally.heard += outcome.heard;
                    tally.written += outcome.written;
                    tally.whole_us = tally.whole_us.max(outcome.whole_us);
                    if let Some(broken) = &outcome.broken {
                        tally.failed.insert(seed, broken.clone());
                        stop.fetch_or(tally.failed.len() >= FAILURES_MAX, Ordering::Relaxed);
                    }
                    told(&outcome, tally.ran);
                }
            });
        }
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.took = began.elapsed();
    tally
}

//! Strokes of luck: which of the many things that can go wrong does, by chance.

use crate::disk::Health;
use crate::network::Quality;
use crate::node::SimNode;
use crate::rng::Rng;

/// An hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// One thing that happens to a network. Nodes and consoles are named by their positions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stroke {
    /// Somebody does what people do.
    Deed,
    Cut(usize, usize),
    Mended(usize, usize),
    /// The first hears nothing of the second any more.
    Deaf(usize, usize),
    Hangs(usize, usize),
    /// No cable of a node carries.
    CutOff(usize),
    /// Datagrams between two nodes are lost, doubled, slow.
    Bad(usize, usize, Quality, u64),
    Reloaded(usize),
    Silent(usize),
    Moves(usize),
    Mutes(usize),
    /// A node's power goes, or comes back.
    Power(usize),
    Disk(usize, Health),
    /// A node's wall clock is off by so much from now on, in milliseconds.
    Clock(usize, i64),
    /// A console's leg has room for so many kbit/s.
    Narrow(usize, u32),
    /// The first tells the second what it must not.
    Forged(usize, usize),
}

/// Whom a stroke may hit.
struct Hit {
    node: usize,
    other: usize,
    console: usize,
}

impl Hit {
    fn draw(nodes: usize, consoles: usize, rng: &mut Rng) -> Self {
        let node = rng.below(nodes as u64) as usize;
        let other = (node + 1 + rng.below(nodes as u64 - 1) as usize) % nodes;
        Self { node, other, console: rng.below(consoles as u64) as usize }
    }
}

impl Stroke {
    /// One of a network with voices, in which everything breaks.
    pub(crate) fn draw(nodes: usize, consoles: usize, rng: &mut Rng) -> Self {
        let Hit { node, other, console } = Hit::draw(nodes, consoles, rng);
        match rng.below(44) {
            0..=21 => Self::Deed,
            22..=23 => Self::Cut(node, other),
            24..=26 => Self::Mended(node, other),
            27 => Self::Deaf(node, other),
            28 => Self::Hangs(node, other),
            29 => Self::CutOff(node),
            30 => {
                let (lost, doubled, slow_us) = (rng.below(150), rng.below(300), rng.below(300_000));
                Self::Bad(node, other, Quality { lost, doubled, kbit_s: rng.one_in(2).then_some(64) }, slow_us)
            }
            31 => Self::Reloaded(console),
            32 => Self::Silent(console),
            33 => Self::Moves(console),
            34 => Self::Mutes(console),
            35..=36 => Self::Power(node),
            37..=38 => Self::Disk(node, [Health::Good, Health::Failing, Health::Hanging][rng.below(3) as usize]),
            39 => Self::Clock(node, rng.below(2 * HOUR_MS as u64) as i64 - HOUR_MS),
            40..=41 => Self::Narrow(console, rng.between(12, 60) as u32),
            _ => Self::Forged(node, other),
        }
    }

    /// One of a world without voices, in which disks fail more often.
    pub(crate) fn draw_plain(nodes: usize, consoles: usize, rng: &mut Rng) -> Self {
        let Hit { node, other, console } = Hit::draw(nodes, consoles, rng);
        match rng.below(30) {
            0..=19 => Self::Deed,
            20 => Self::Cut(node, other),
            21..=22 => Self::Mended(node, other),
            23 => Self::Reloaded(console),
            24 => Self::Silent(console),
            25..=26 => Self::Power(node),
            _ => {
                let of = [Health::Good, Health::Good, Health::Failing, Health::Hanging];
                Self::Disk(node, of[rng.below(4) as usize])
            }
        }
    }

    /// What has happened; none: that is told where it happens. `name`: of a console; `at`: the node where it is now.
    pub(crate) fn in_words(
        &self,
        nodes: &[SimNode],
        name: impl Fn(usize) -> String,
        at: impl Fn(usize) -> usize,
    ) -> Option<String> {
        let id = |node: &usize| &nodes[*node].id;
        let words = match self {
            Self::Deed | Self::Power(_) => return None,
            Self::Cut(a, b) => format!("{} – {} is cut", id(a), id(b)),
            Self::Mended(a, b) => format!("{} – {} is mended", id(a), id(b)),
            Self::Deaf(a, b) => format!("{} hears nothing of {} any more", id(a), id(b)),
            Self::Hangs(a, b) => format!("{} – {} hangs", id(a), id(b)),
            Self::CutOff(node) => format!("{} is cut off", id(node)),
            Self::Bad(a, b, Quality { lost, doubled, kbit_s }, slow_us) => {
                let (a, b) = (id(a), id(b));
                format!("{a} – {b} loses {lost} and doubles {doubled} of 1000, {slow_us} µs slower, {kbit_s:?} kbit/s")
            }
            Self::Reloaded(console) => format!("{} is loaded anew", name(*console)),
            Self::Silent(console) => format!("{} falls silent", name(*console)),
            Self::Moves(console) => format!("{} comes to {}", name(*console), id(&at(*console))),
            Self::Mutes(console) => format!("{} mutes or unmutes", name(*console)),
            Self::Disk(node, health) => format!("the disk of {} is {health:?}, if disks fail here", id(node)),
            Self::Clock(node, off_ms) => format!("the clock of {} jumps to {off_ms} ms off", id(node)),
            Self::Narrow(console, kbit_s) => format!("{} has room for {kbit_s} kbit/s", name(*console)),
            Self::Forged(a, b) => format!("{} tells {} what it must not", id(a), id(b)),
        };
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::discriminant;

    fn drawn(draw: fn(usize, usize, &mut Rng) -> Stroke) -> Vec<Stroke> {
        let mut rng = Rng::new(1);
        (0..2_000).map(|_| draw(3, 9, &mut rng)).collect()
    }

    #[test]
    fn everything_that_can_go_wrong_does_sooner_or_later() {
        let all = drawn(Stroke::draw);
        let mut kinds: Vec<_> = Vec::new();
        for stroke in &all {
            if !kinds.contains(&discriminant(stroke)) {
                kinds.push(discriminant(stroke));
            }
        }
        assert_eq!(kinds.len(), 16);
    }

    #[test]
    fn no_node_is_cut_off_from_itself() {
        let both = |stroke: &Stroke| match stroke {
            Stroke::Cut(a, b) | Stroke::Mended(a, b) | Stroke::Deaf(a, b) | Stroke::Forged(a, b) => Some((*a, *b)),
            _ => None,
        };
        let pairs: Vec<_> = drawn(Stroke::draw).iter().filter_map(both).collect();
        assert!(pairs.iter().all(|(a, b)| a != b && *a < 3 && *b < 3) && pairs.len() > 100);
    }

    #[test]
    fn a_world_without_voices_has_no_stroke_against_them() {
        let media = |stroke: &Stroke| matches!(stroke, Stroke::Mutes(_) | Stroke::Narrow(..) | Stroke::Bad(..));
        assert!(!drawn(Stroke::draw_plain).iter().any(media) && drawn(Stroke::draw).iter().any(media));
    }
}

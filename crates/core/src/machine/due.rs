//! What is due and what is done about it, in one table: when the machine wants to be called and what it does then are
//! not written apart.

use super::Machine;
use crate::stays::end_moved;
use trialogue_wire::console::ToConsole;

/// Why the machine wants to be called: told to whoever looks for the reason, and nothing is decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A neighbour had time enough to say how far it holds the own journal, or to give it back.
    Opening,
    /// A link has not said hello, has not gone on to the charter in force, or is to be left.
    LinkLate,
    /// Entries that a link brought have their turn in the budget of their journal.
    Waiting,
    /// A stranger has not logged in, or a console is silent.
    ConsoleLate,
    /// The disk has said nothing of an own entry for too long.
    Disk,
    /// The journal has room again for copies of revocations.
    Copy,
    /// The revocations in the own journal are told of again.
    Listed,
    /// A console in a call was out of touch for too long.
    Lost,
    /// Who is on watch has not changed for a while, and is written.
    Staffed,
    /// The period of the paths' tests ends.
    PathTest,
    /// A console is asked to prove that it lives.
    AskAlive,
    /// It is looked whether a test of the line is missing.
    TestsLook,
    /// A ring expires, is told of again, comes to its next office, or people are alerted to it.
    Ring,
    /// A message that was to be acknowledged by a time is overdue.
    Overdue,
    /// The heads of all journals are signed.
    Seen,
    /// A console may be asked for a key frame again.
    KeyFrame,
    /// A word of another node may be passed on that came too soon after others.
    Word,
    /// Consoles are told of the ways to other nodes.
    Paths,
    /// Entries stayed away that a neighbour should have had from their own node.
    Relay,
    /// Neighbours are told how far journals are held.
    Heads,
    /// A part of a chunk stays away, or what nobody had is looked for again.
    Chunk,
}

/// When the machine wants to be called next, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// On the clock of [`crate::Now::us`].
    pub at_us: u64,
    /// The first in the order of what is done, where several are due at once.
    pub cause: Cause,
}

/// When a row of the table counts: it is neither due nor done otherwise.
#[derive(Clone, Copy)]
enum Gate {
    Always,
    /// While the charter has the node in service.
    Serving,
    /// While entries may be written, too.
    Writing,
}

/// When something is due, on the clock of [`crate::Now::us`]; none: time alone does not bring it about.
type DueAt = fn(&Machine) -> Option<u64>;

/// Something that is done after each input.
struct Row {
    gate: Gate,
    /// Why time alone can bring it about, and when it does; none: it follows from inputs only.
    timer: Option<(Cause, DueAt)>,
    act: fn(&mut Machine),
}

impl Row {
    const fn timed(gate: Gate, cause: Cause, due: DueAt, act: fn(&mut Machine)) -> Self {
        Self { gate, timer: Some((cause, due)), act }
    }

    const fn follows(gate: Gate, act: fn(&mut Machine)) -> Self {
        Self { gate, timer: None, act }
    }
}

use Gate::{Always, Serving, Writing};

/// All of it, in the order in which it is done.
const ROWS: &[Row] = &[
    Row::timed(Always, Cause::Opening, |m| m.catch_up.next_us(&m.here), Machine::open_journal),
    Row::timed(Always, Cause::LinkLate, |m| m.links.next_late_us(), links_overdue),
    // Rides on whatever comes in: consoles ping, and links tell heads, at least every five seconds.
    Row::follows(Always, Machine::tell_clock),
    Row::timed(Serving, Cause::Waiting, |m| m.links.next_waiting_us(), Machine::settle_waiting),
    Row::timed(Serving, Cause::ConsoleLate, |m| m.consoles.next_late_us(), Machine::consoles_overdue),
    Row::timed(Serving, Cause::Disk, |m| m.journals.next_overdue_us(), Machine::appends_overdue),
    // What the disk has no room for rides on the disk's next word.
    Row::timed(Writing, Cause::Copy, |m| m.revocations.next_copy_us(), copy_revocations),
    Row::timed(Writing, Cause::Listed, |m| m.revocations.next_listed_us(), write_listed),
    Row::timed(Writing, Cause::Lost, |m| m.media.next_lost_us(), write_lost),
    Row::timed(Writing, Cause::Staffed, |m| m.watch.next_us(), write_staffed),
    Row::timed(Writing, Cause::PathTest, |m| m.trials.next_path_test_us(), write_paths),
    Row::timed(Writing, Cause::AskAlive, |m| m.alive.next_us(), |m| m.alive.ask(&m.here, &mut m.out)),
    Row::timed(Writing, Cause::TestsLook, |m| m.trials.next_look_us(), look_at_tests),
    Row::follows(Writing, |m| {
        // As far as rings have not looked at what changed, which is next.
        if m.out.changed.lines {
            end_moved(&mut m.pen());
        }
    }),
    // A ring that has come to its next office is looked at again with the disk's word about the entry that says so.
    Row::timed(Writing, Cause::Ring, |m| m.rings.next_us(&m.here), settle_rings),
    // Rides on the disk's next word, as copies do.
    Row::follows(Writing, say_stored),
    Row::timed(
        Writing,
        Cause::Overdue,
        |m| m.writings.next_overdue_us(&m.here, m.journals.state()),
        |m| m.writings.tell_overdue(&m.here, m.journals.state(), &mut m.out),
    ),
    Row::timed(Writing, Cause::Seen, |m| m.journals.next_seen_us(), |m| m.pen().write_seen()),
    // What a neighbour may not say yet rides on its heads.
    Row::follows(Serving, |m| m.links.follow_neighbours(&m.here, &mut m.out)),
    Row::follows(Always, |m| {
        let (media, at, out) = m.for_media();
        media.settle_routes(at, out);
    }),
    Row::timed(
        Serving,
        Cause::Word,
        |m| m.media.next_word_us(),
        |m| {
            let (media, at, out) = m.for_media();
            media.tell_words(at, out);
        },
    ),
    Row::timed(
        Serving,
        Cause::KeyFrame,
        |m| m.media.next_key_frame_us(),
        |m| {
            let (media, at, out) = m.for_media();
            media.settle_key_frames(at, out);
        },
    ),
    Row::timed(
        Serving,
        Cause::Paths,
        |m| (!m.consoles.are_away()).then_some(m.links.next_paths_us()),
        |m| {
            if let Some(paths) = m.links.paths_news(&m.here, &m.journals, &mut m.out) {
                m.consoles.tell_whole(&ToConsole::Paths { paths }, &mut m.out);
            }
        },
    ),
    Row::timed(
        Serving,
        Cause::Relay,
        |m| m.links.next_relay_us(&m.here),
        |m| m.links.push_entries(&m.here, &m.journals, &mut m.out),
    ),
    Row::timed(
        Serving,
        Cause::Heads,
        |m| m.links.next_heads_us(),
        |m| m.links.tell_heads(&m.here, &m.journals, &mut m.out),
    ),
    Row::timed(Serving, Cause::Chunk, |m| m.chunks.next_us(&m.here), settle_chunks),
    Row::follows(Serving, |m| m.journals.keep_snapshot(&m.here, &mut m.out)),
];

fn links_overdue(machine: &mut Machine) {
    let changes = machine.links.overdue(&machine.here, &mut machine.out);
    machine.links_changed(changes);
}

fn copy_revocations(machine: &mut Machine) {
    let (revocations, mut pen) = machine.for_revocations();
    revocations.copy(&mut pen);
}

fn write_lost(machine: &mut Machine) {
    loop {
        let (media, mut pen) = machine.for_lost();
        let Some(device) = media.write_next_lost(&mut pen) else { return };
        machine.close_leg(&device);
    }
}

fn write_staffed(machine: &mut Machine) {
    let (watch, consoles, mut pen) = machine.for_watch();
    watch.settle(consoles, &mut pen);
}

fn write_paths(machine: &mut Machine) {
    let (trials, links, mut pen) = machine.for_trials();
    trials.write_paths(links, &mut pen);
}

fn look_at_tests(machine: &mut Machine) {
    machine.trials.look(machine.journals.state(), &machine.here, &mut machine.out);
}

fn settle_rings(machine: &mut Machine) {
    let (rings, watching, mut pen) = machine.for_rings();
    rings.settle(watching, &mut pen);
}

fn say_stored(machine: &mut Machine) {
    let (writings, mut pen) = machine.for_writings();
    writings.say_stored(&mut pen);
}

fn settle_chunks(machine: &mut Machine) {
    let whole = machine.chunks.settle(&machine.here, &machine.journals, &machine.links, &mut machine.out);
    machine.writings.are_whole(whole);
}

fn write_listed(machine: &mut Machine) {
    let (revocations, mut pen) = machine.for_revocations();
    revocations.write_listed(&mut pen);
}

impl Machine {
    /// When the machine wants to be called next from time alone, and why; none: only when something happens.
    pub fn due(&self) -> Option<Due> {
        let rows = ROWS.iter().filter(|row| self.counts(row.gate));
        let due = rows.filter_map(|row| row.timer).filter_map(|(cause, due)| Some(Due { at_us: due(self)?, cause }));
        due.min_by_key(|due| due.at_us)
    }

    /// What follows from what changed, and what is due.
    pub(super) fn settle(&mut self) {
        for row in ROWS {
            if self.counts(row.gate) {
                (row.act)(self);
            }
        }
        // Entries that waited are taken a number at a time, so that inputs have their turn between.
        debug_assert!(
            self.due().is_none_or(|due| due.at_us > self.here.now.us || due.cause == Cause::Waiting),
            "still due: {:?}",
            self.due()
        );
    }

    fn counts(&self, gate: Gate) -> bool {
        match gate {
            Gate::Always => true,
            Gate::Serving => !self.is_retired(),
            Gate::Writing => !self.is_retired() && !self.catch_up.is_opening(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The compiler asks for a cause that is not here.
    fn after(cause: Cause) -> Option<Cause> {
        Some(match cause {
            Cause::Opening => Cause::LinkLate,
            Cause::LinkLate => Cause::Waiting,
            Cause::Waiting => Cause::ConsoleLate,
            Cause::ConsoleLate => Cause::Disk,
            Cause::Disk => Cause::Copy,
            Cause::Copy => Cause::Listed,
            Cause::Listed => Cause::Lost,
            Cause::Lost => Cause::Staffed,
            Cause::Staffed => Cause::PathTest,
            Cause::PathTest => Cause::AskAlive,
            Cause::AskAlive => Cause::TestsLook,
            Cause::TestsLook => Cause::Ring,
            Cause::Ring => Cause::Overdue,
            Cause::Overdue => Cause::Seen,
            Cause::Seen => Cause::Word,
            Cause::Word => Cause::KeyFrame,
            Cause::KeyFrame => Cause::Paths,
            Cause::Paths => Cause::Relay,
            Cause::Relay => Cause::Heads,
            Cause::Heads => Cause::Chunk,
            Cause::Chunk => return None,
        })
    }

    #[test]
    fn every_cause_stands_in_the_table_once_and_in_its_order() {
        let rows: Vec<Cause> = ROWS.iter().filter_map(|row| row.timer).map(|(cause, _)| cause).collect();
        let all: Vec<Cause> = std::iter::successors(Some(Cause::Opening), |cause| after(*cause)).collect();
        assert_eq!(rows, all);
    }
}

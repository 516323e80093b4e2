//! Time passes: what is next happens, and nodes do what their machines ask for.

use crate::agenda::Event;
use crate::disk::Health;
use crate::mutation::Mutation;
use crate::world::World;
use trialogue_core::{Input, Machine, Output};

impl World {
    /// Lets so much time pass.
    pub fn run(&mut self, for_us: u64) {
        let until = self.agenda.now_us() + for_us;
        while self.step(until) {}
        self.agenda.pass_to(until);
    }

    /// Lets time pass until something holds; false: it did not within a minute.
    pub fn run_until(&mut self, holds: impl Fn(&Self) -> bool) -> bool {
        let until = self.agenda.now_us() + 60_000_000;
        while !holds(self) {
            if !self.step(until) {
                return holds(self);
            }
        }
        true
    }

    /// The next thing happens, if it does before `until_us`.
    #[allow(clippy::panic)]
    fn step(&mut self, until_us: u64) -> bool {
        let timeouts = self.nodes.iter().enumerate().filter_map(|(at, node)| node.due_us.map(|due| (due, at)));
        let first = self.agenda.first_us();
        let timeout = timeouts.min().filter(|(due, _)| first.is_none_or(|first| *due < first));
        if let Some((due, desk)) = self.real.due()
            && first.is_none_or(|first| due < first)
            && timeout.is_none_or(|(timeout, _)| due < timeout)
        {
            if due > until_us {
                return false;
            }
            self.agenda.pass_to(due);
            self.seated().desk_input(desk, trialogue_console_core::Input::Tick);
            return true;
        }
        if let Some((due, at)) = timeout {
            if due > until_us {
                return false;
            }
            self.agenda.pass_to(due);
            self.witness.tell_timer(&self.nodes[at], self.agenda.now_us());
            self.input(at, Input::Tick);
            let own = &self.nodes[at];
            let later = own.due_us.is_none_or(|next| next > self.agenda.now_us());
            assert!(later, "{} asks for the same time again: {:?}", own.id, own.due_cause);
            return true;
        }
        let Some(event) = self.agenda.take(until_us) else { return false };
        self.happen(event);
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Input { node, run, input } => {
                if let (true, Input::LinkUp { node: other, .. }) = (self.nodes[node].hostile, &input) {
                    let (mischief, mut means) = self.mischief();
                    mischief.greet(node, other, &mut means);
                } else if self.nodes[node].run == run {
                    self.input(node, input);
                }
            }
            Event::Message { from, to, connection, bytes } => {
                if !self.network.stands(from, to, connection) {
                    return;
                }
                let node = self.nodes[from].id.clone();
                if self.mischief.has_taken(to) {
                    // It has heard everything that the others hold: see `Taken::recorded`.
                } else if self.nodes[to].hostile {
                    self.nodes[to].inbox.push((from, bytes));
                } else {
                    let wall_ms = self.agenda.wall_ms();
                    let (bytes, ahead_ms) = self.mischief.tamper(&self.nodes[to], bytes, self.fixture, wall_ms);
                    self.nodes[to].ahead_us += ahead_ms * 1_000;
                    self.input(to, Input::LinkMessage { node, bytes });
                }
            }
            Event::Idle { pair, connection } => {
                self.cabled(|network, travel| network.idle(pair, connection, travel));
            }
            Event::LegReady { node, run, console } => self.leg_ready(node, run, console),
            Event::Talk { console, key } => self.talk(console, key),
            Event::Datagram(datagram) => self.datagram(&datagram),
            Event::Sync { node, run } => self.synced(node, run),
            Event::Hear { console, key, bytes, last } => {
                let talks = self.media.is_on();
                self.at_consoles(|consoles, travel| consoles.hear((console, key), &bytes, last, talks, travel));
            }
            Event::Dial { node } => self.relink(node),
            Event::Real(what) => self.seated().happens(what),
            Event::Ping { console, key } => {
                self.at_consoles(|consoles, travel| consoles.ping(console, key, travel));
            }
        }
    }

    fn synced(&mut self, node: usize, run: u64) {
        let own = &mut self.nodes[node];
        if own.run != run || own.machine.is_none() || !own.syncing || own.disk.health == Health::Hanging {
            return;
        }
        let up_to = own.written;
        if self.mischief.misses(Mutation::ForgottenFsync) || own.disk.sync() {
            own.syncing = false;
            let total = own.chunks;
            if total > 0 {
                self.input(node, Input::ChunksStored { total });
            }
            self.input(node, Input::Appended { up_to });
        } else {
            self.agenda.later(500_000, Event::Sync { node, run });
            self.input(node, Input::AppendFailed { up_to });
        }
    }

    /// Does what a machine asks for.
    pub(crate) fn drain(&mut self, node: usize) {
        while let Some(output) = self.nodes[node].machine.as_mut().and_then(Machine::poll) {
            self.asks(node, output);
            if self.nodes[node].disk.power_goes() {
                self.crash(node);
            }
        }
        if self.nodes[node].machine.as_ref().is_some_and(Machine::has_opened) {
            self.nodes[node].disk.write_spoken();
        }
        self.place(node);
        self.set_due(node);
    }

    /// When a node's machine wants to be called, by the world's time.
    pub(crate) fn set_due(&mut self, node: usize) {
        let own = &mut self.nodes[node];
        let due = own.machine.as_ref().and_then(Machine::due);
        own.due_us = due.map(|due| due.at_us.saturating_sub(own.ahead_us));
        own.due_cause = due.map(|due| due.cause);
    }

    /// A machine asks for something: the witness sees it before it is done.
    pub(crate) fn asks(&mut self, node: usize, output: Output) {
        let (witness, sight) = self.witness();
        witness.check_output(node, &output, &sight);
        self.perform(node, output);
    }

    fn perform(&mut self, node: usize, output: Output) {
        let run = self.nodes[node].run;
        match output {
            Output::Append { seq, bundle } => {
                let id = self.nodes[node].id.clone();
                self.nodes[node].know(&id, seq, &bundle);
                let (witness, sight) = self.witness();
                witness.appended(node, seq, &bundle, &sight);
                if self.mischief.misses(Mutation::AckBeforeAppend) {
                    self.agenda.later(0, Event::Input { node, run, input: Input::Appended { up_to: seq } });
                }
                let own = &mut self.nodes[node];
                own.disk.write(own.id.clone(), seq, bundle);
                own.written = seq;
                if !std::mem::replace(&mut own.syncing, true) {
                    let after = self.rng.between(500, 8_000);
                    self.agenda.later(after, Event::Sync { node, run });
                }
            }
            Output::KeepChunk { hash, bytes, .. } => {
                let own = &mut self.nodes[node];
                own.disk.write_chunk(hash, bytes);
                own.chunks += 1;
                if !std::mem::replace(&mut own.syncing, true) {
                    let after = self.rng.between(500, 8_000);
                    self.agenda.later(after, Event::Sync { node, run });
                }
            }
            Output::Keep { node: journal, seq, bundle } => {
                self.witness.check_kept(node, &journal, seq, &bundle, &self.sight());
                self.nodes[node].know(&journal, seq, &bundle);
                self.nodes[node].disk.write(journal, seq, bundle);
            }
            Output::Snapshot { bytes } => self.nodes[node].disk.write_snapshot(bytes),
            Output::Charter(charter) => self.nodes[node].charters.push(charter),
            Output::NextKey { .. } => {}
            Output::Errand { fate, .. } => self.nodes[node].fates.push(fate),
            Output::Evidence { node: journal, seq, entry } => self.nodes[node].evidence.push((journal, seq, entry)),
            Output::SendConsole { console: key, bytes, last } => {
                if self.consoles.owner(&key).is_some() {
                    self.at_consoles(|consoles, travel| consoles.tell(key, bytes, last, travel));
                } else {
                    self.seated().desk_is_told(key, bytes, last);
                }
            }
            Output::SendLink { node: to, bytes } => {
                if let Some(to) = self.nodes.iter().position(|other| other.id == to) {
                    *self.nodes[node].sent.entry(to).or_default() += 1;
                    self.cabled(|network, travel| network.transmit(node, to, bytes, travel));
                }
            }
            Output::CloseLink { node: other } => {
                self.cabled(|network, travel| network.close(node, &other, travel));
            }
            Output::Leg { console, leg, .. } => {
                self.nodes[node].legs.insert(console);
                self.leg_up(node, console);
                self.seated().desk_leg_up(node, console);
                let input = Input::LegAnswer { console, leg, answer: trialogue_wire::leg::fixture::answer(leg) };
                self.agenda.later(300, Event::Input { node, run, input });
            }
            Output::CloseLeg { console } => {
                self.nodes[node].legs.remove(&console);
                self.leg_down(node, console);
            }
            Output::Route(route) => self.route(node, route),
            Output::RouteEnd { node: index, number } => self.route_end(node, index, number),
            Output::TraceFrames { device } => {
                self.media.trace(node, device);
                self.place(node);
            }
            Output::RequestKeyFrame { console } => {
                self.key_frame_wanted(console);
                self.nodes[node].key_frames.push(console);
            }
            Output::Alert { call, line, .. } => {
                self.nodes[node].alerts.push(call);
                // A pager takes its time, and now and then it does not work.
                let (after_us, done) = (self.rng.between(10_000, 3_000_000), !self.rng.one_in(4));
                let run = self.nodes[node].run;
                self.agenda.later(after_us, Event::Input { node, run, input: Input::Alerted { call, line, done } });
            }
            Output::AlertWriting { .. } => {}
            Output::AlertTest { party, level } => self.nodes[node].test_alerts.push((party, level)),
            Output::Tests { .. } => {}
            Output::Count(count) => *self.nodes[node].counts.entry(count).or_default() += 1,
            Output::Log(note) => {
                self.seated().tell_fault(node, &note);
                self.nodes[node].notes.push(note);
            }
        }
    }
}

//! A console and its node as the two pure machines that they are, without a socket, a disk, a thread or a clock: the
//! console enrols, logs in and rings, and what each has to say is handed to the other.
//!
//! `cargo run -p trialogue-console-core --example in_memory`
//!
//! This is all that a platform does: give inputs with the time, drain `poll`, and call again when `next_timeout` has
//! come. The other parties' nodes are not there, and that is what the ringer is shown. Everybody knows the fixture's
//! keys: they are for trying things out alone.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{NodeId, Suite};
use trialogue_console_core::view::{Command, NodeLink, Precedence, RingState};
use trialogue_console_core::{Chance, Console, Input, Output, enrol};
use trialogue_core::{ConsoleKey, Machine, Now, Setup};
use trialogue_wire::leg::fixture;

/// When the story begins, milliseconds since 1970 UTC.
const BEGINS_MS: u64 = 1_790_000_000_000;
/// Longest that it may take by its own clock, in microseconds.
const LONGEST_US: u64 = 30_000_000;

/// What is under way between the two.
enum Step {
    ToNode(trialogue_core::Input),
    ToConsole(Input),
}

struct World {
    now_us: u64,
    console: Console,
    node: Machine,
    /// The WebSocket between them, and how many there were.
    socket: Option<ConsoleKey>,
    sockets: u64,
    steps: VecDeque<Step>,
}

impl World {
    fn new(office: &str, node: &str) -> Result<Self, Box<dyn Error>> {
        let parties = Trilateral::new(Suite::XWing);
        let node = NodeId::new(node)?;
        let setup = Setup {
            charter: Arc::new(parties.charter.clone()),
            lineage: Vec::new(),
            journal: parties.journal(&node).clone(),
            node,
            next_journal: None,
            alerts: false,
            restored: false,
            shelf: None,
        };
        let machine = Machine::restore(setup, Now { us: 0, wall_ms: BEGINS_MS }, Vec::new())?;
        // What the link's holder keeps from now on: the platform stores it before it connects.
        let mut chance = Chance::new(|bytes| getrandom::fill(bytes).is_ok());
        let identity = enrol(&parties.enrolment(office, 1).to_fragment(), BEGINS_MS, &mut chance)?;
        let console = Console::new(identity, None, true, chance)?;
        Ok(Self { now_us: 0, console, node: machine, socket: None, sockets: 0, steps: VecDeque::new() })
    }

    fn now_ms(&self) -> u64 {
        BEGINS_MS + self.now_us / 1_000
    }

    /// A WebSocket is opened. The shell draws the nonce that the console signs.
    fn connect(&mut self) {
        self.sockets += 1;
        let console = ConsoleKey(self.sockets);
        self.socket = Some(console);
        self.steps.push_back(Step::ToConsole(Input::Opened));
        self.steps.push_back(Step::ToNode(trialogue_core::Input::ConsoleOpened { console, nonce: [7; 32] }));
    }

    /// Hands over all that is under way, and what follows from it.
    fn settle(&mut self) {
        self.drain();
        while let Some(step) = self.steps.pop_front() {
            match step {
                Step::ToNode(input) => self.node.handle(Now { us: self.now_us, wall_ms: self.now_ms() }, input),
                Step::ToConsole(input) => self.console.handle(self.now_us, self.now_ms(), input),
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.node.poll() {
            self.act_for_node(output);
        }
        while let Some(output) = self.console.poll() {
            self.act_for_console(output);
        }
    }

    fn act_for_node(&mut self, output: trialogue_core::Output) {
        use trialogue_core::{Input as In, Output as Out};
        match output {
            // A disk that takes everything at once. Nothing counts, and nobody sees it, before this is said.
            Out::Append { seq, .. } => self.steps.push_back(Step::ToNode(In::Appended { up_to: seq })),
            Out::SendConsole { console, bytes, last } if self.socket == Some(console) => {
                if !bytes.is_empty() {
                    self.steps.push_back(Step::ToConsole(Input::Received(bytes)));
                }
                if last {
                    self.socket = None;
                    self.steps.push_back(Step::ToConsole(Input::Closed));
                }
            }
            // The media thread would make the leg.
            Out::Leg { console, leg, .. } => {
                let answer = fixture::answer(leg);
                self.steps.push_back(Step::ToNode(In::LegAnswer { console, leg, answer }));
                self.steps.push_back(Step::ToNode(In::LegState { console, up: true }));
            }
            _ => {}
        }
    }

    fn act_for_console(&mut self, output: Output) {
        match output {
            Output::Send(bytes) => {
                let message = self.socket.map(|console| trialogue_core::Input::ConsoleMessage { console, bytes });
                self.steps.extend(message.map(Step::ToNode));
            }
            Output::Reconnect { .. } => self.connect(),
            // The browser's WebRTC stack would make the offer, and then connect.
            Output::MakeOffer { leg } => {
                self.steps.push_back(Step::ToConsole(Input::LegOffer { leg, sdp: fixture::sdp(leg) }));
            }
            Output::LegAnswer { leg, .. } => self.steps.push_back(Step::ToConsole(Input::LegUp { leg })),
            Output::Log(event) => println!("{:>6} ms  {event:?}", self.now_us / 1_000),
            _ => {}
        }
    }

    /// Lets time pass, from one thing that is due to the next, until it holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Console) -> bool) -> Result<(), Box<dyn Error>> {
        self.settle();
        while !holds(&self.console) {
            let due = [self.node.next_timeout(), self.console.next_timeout()].into_iter().flatten().min();
            self.now_us = due.ok_or("nothing is due any more")?.max(self.now_us + 1_000);
            if self.now_us > LONGEST_US {
                return Err(format!("it did not come to {what}").into());
            }
            self.steps.push_back(Step::ToNode(trialogue_core::Input::Tick));
            self.steps.push_back(Step::ToConsole(Input::Tick));
            self.settle();
        }
        println!("{:>6} ms  {what}", self.now_us / 1_000);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut world = World::new("usa-duty", "usa-1")?;
    world.connect();
    world.until("on watch", |console| console.view().node == NodeLink::Up && !console.view().lines.is_empty())?;
    let line = "duty".to_owned();
    let ring = Command::Ring { line: line.clone(), precedence: Precedence::Immediate };
    world.steps.push_back(Step::ToConsole(Input::Command(ring)));
    world.until("the ring stands in the journal", |console| {
        console.view().lines.iter().any(|line| line.id == "duty" && line.active && line.joined)
    })?;
    let view = world.console.view();
    for party in view.lines.iter().filter(|shown| shown.id == line).flat_map(|shown| &shown.parties) {
        let shown = match &party.ring {
            RingState::PathDown => "cannot know: its node is not reached".to_owned(),
            RingState::Answered => "is in the call".to_owned(),
            other => format!("{other:?}"),
        };
        println!("           {}: {shown}", party.name.en);
    }
    println!("           {} entries in the journal", world.node.head());
    Ok(())
}

//! What parts of the machine hand out: what the shell is to do, in its order, and what another part is to look at
//! again.

use crate::io::{ConsoleKey, Output};
use crate::note::{Count, Note};
use std::collections::VecDeque;
use trialogue_charter::NodeId;
use trialogue_wire::console::ToConsole;
use trialogue_wire::link::LinkMessage;

/// What is handed out. It is only ever added to by parts, and never asks them anything.
pub(crate) struct Out {
    queue: VecDeque<Output>,
    pub(crate) changed: Changed,
}

/// What is to be looked at again: said by any part, taken back by the one whose work it is.
pub(crate) struct Changed {
    /// Which rings sound, and where.
    pub(crate) lines: bool,
    /// Where media goes.
    pub(crate) routes: bool,
    /// The ways to other nodes, as consoles are told of them.
    pub(crate) paths: bool,
    /// Words of nodes, or whom they are for.
    pub(crate) words: bool,
}

impl Out {
    /// Of a node that starts: its lines are looked at first.
    pub(crate) fn new() -> Self {
        Self { queue: VecDeque::new(), changed: Changed { lines: true, routes: false, paths: false, words: false } }
    }

    /// The next thing for the shell to do.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.queue.push_back(output);
    }

    pub(crate) fn count(&mut self, count: Count) {
        self.push(Output::Count(count));
    }

    pub(crate) fn log(&mut self, note: Note) {
        self.push(Output::Log(note));
    }

    /// Says something to a console.
    pub(crate) fn console(&mut self, console: ConsoleKey, message: &ToConsole) {
        let bytes = trialogue_wire::encode(message);
        self.push(Output::SendConsole { console, bytes, last: false });
    }

    /// Says something to a neighbour.
    pub(crate) fn link(&mut self, node: &NodeId, message: &LinkMessage) {
        let bytes = trialogue_wire::encode(message);
        self.push(Output::SendLink { node: node.clone(), bytes });
    }
}

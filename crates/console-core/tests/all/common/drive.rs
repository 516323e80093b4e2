//! What time brings: messages arrive, machines are drained into each other.

use super::*;
use trialogue_wire::leg::fixture;

impl Desk {
    /// By the clock of the world.
    fn next_timeout(&self) -> Option<u64> {
        self.console.next_timeout().map(|at| at.saturating_sub(self.off_us))
    }
}

impl World {
    pub fn run(&mut self, us: u64) {
        let end = self.now_us + us;
        while self.now_us < end {
            self.settle();
            self.advance(end);
        }
        self.settle();
    }

    pub(super) fn advance(&mut self, end: u64) {
        let machines = self.nodes.iter().filter_map(|node| node.machine.as_ref()?.next_timeout());
        let consoles = self.desks.iter().filter_map(Desk::next_timeout);
        let opens = self.desks.iter().filter(|desk| !desk.cut).flat_map(|desk| [desk.open_at, desk.other.2]).flatten();
        let next = machines.chain(consoles).chain(opens).min().unwrap_or(end);
        self.now_us = next.clamp(self.now_us + 1_000, end.max(self.now_us + 1_000));
        for node in 0..self.nodes.len() {
            if self.nodes[node].machine.as_ref().and_then(Machine::next_timeout).is_some_and(|at| at <= self.now_us) {
                self.steps.push_back(Step::ToNode(node, trialogue_core::Input::Tick));
            }
        }
        for desk in 0..self.desks.len() {
            if self.desks[desk].next_timeout().is_some_and(|at| at <= self.now_us) {
                self.steps.push_back(Step::ToConsole(desk, Input::Tick));
            }
            if self.desks[desk].open_at.is_some_and(|at| at <= self.now_us) {
                self.open(desk);
            }
            if self.desks[desk].other.2.is_some_and(|at| at <= self.now_us) {
                self.open_other(desk);
            }
        }
    }

    pub(super) fn open(&mut self, desk: usize) {
        self.desks[desk].open_at = None;
        if self.desks[desk].unanswered > 0 {
            self.desks[desk].unanswered -= 1;
            return;
        }
        let node = self.desks[desk].node;
        if self.desks[desk].cut || self.nodes[node].machine.is_none() {
            self.steps.push_back(Step::ToConsole(desk, Input::Closed));
            return;
        }
        self.keys += 1;
        let console = ConsoleKey(self.keys);
        self.desks[desk].key = Some(console);
        self.steps.push_back(Step::ToConsole(desk, Input::Opened));
        let nonce = [self.keys as u8; 32];
        self.steps.push_back(Step::ToNode(node, trialogue_core::Input::ConsoleOpened { console, nonce }));
    }

    pub(super) fn open_other(&mut self, desk: usize) {
        let node = self.desks[desk].other.0;
        self.desks[desk].other = (node, None, None);
        if self.desks[desk].cut || self.nodes[node].machine.is_none() {
            return self.steps.push_back(Step::ToConsole(desk, at_other(Input::Closed)));
        }
        self.keys += 1;
        let console = ConsoleKey(self.keys);
        self.desks[desk].other.1 = Some(console);
        self.steps.push_back(Step::ToConsole(desk, at_other(Input::Opened)));
        let nonce = [self.keys as u8; 32];
        self.steps.push_back(Step::ToNode(node, trialogue_core::Input::ConsoleOpened { console, nonce }));
    }

    /// What a console wants done at its second WebSocket and leg.
    fn act_at_other(&mut self, desk: usize, output: Output) {
        let now = self.now_us;
        let (node, key, _) = self.desks[desk].other;
        match output {
            Output::Connect { url } => {
                let node = self.nodes.iter().position(|node| node.id.as_str() == url).unwrap();
                self.desks[desk].other = (node, None, Some(now));
            }
            Output::Send(bytes) => {
                if let Some(console) = key {
                    let input = trialogue_core::Input::ConsoleMessage { console, bytes };
                    self.steps.push_back(Step::ToNode(node, input));
                }
            }
            Output::Reconnect { after_ms } => {
                self.desks[desk].other = (node, None, Some(now + u64::from(after_ms) * 1_000));
                if let Some(console) = key {
                    self.steps.push_back(Step::ToNode(node, trialogue_core::Input::ConsoleClosed { console }));
                }
            }
            Output::MakeOffer { leg } => {
                self.desks[desk].legs[1] = leg;
                let input = Input::LegOffer { leg, sdp: fixture::sdp(leg) };
                self.steps.push_back(Step::ToConsole(desk, at_other(input)));
            }
            Output::LegAnswer { leg, .. } => {
                self.steps.push_back(Step::ToConsole(desk, at_other(Input::LegUp { leg })));
            }
            _ => {}
        }
    }

    /// Hands over everything that is under way.
    pub fn settle(&mut self) {
        while let Some(step) = self.steps.pop_front() {
            match step {
                Step::ToNode(node, input) => {
                    let mut now = self.now();
                    now.wall_ms = now.wall_ms.saturating_add_signed(self.nodes[node].off_ms);
                    if let Some(machine) = &mut self.nodes[node].machine {
                        machine.handle(now, input);
                        // What is due and not done wakes a node again and again for nothing.
                        assert!(
                            machine.next_timeout().is_none_or(|at| at > now.us),
                            "what is due at {node} is not done"
                        );
                        self.drain_node(node);
                    }
                }
                Step::ToConsole(desk, input) => {
                    let now_ms = self.wall_ms().saturating_add_signed(self.desks[desk].off_ms);
                    let now_us = self.now_us + self.desks[desk].off_us;
                    self.desks[desk].console.handle(now_us, now_ms, input);
                    self.drain_desk(desk);
                }
            }
        }
    }

    pub(super) fn drain_node(&mut self, node: usize) {
        use trialogue_core::Output as Out;
        while let Some(output) = self.nodes[node].machine.as_mut().and_then(Machine::poll) {
            match output {
                Out::Append { seq, bundle } => {
                    trace(self.now_us, &bundle.entry);
                    let id = self.nodes[node].id.clone();
                    self.nodes[node].disk.entry(id).or_default().push(bundle);
                    self.steps.push_back(Step::ToNode(node, trialogue_core::Input::Appended { up_to: seq }));
                }
                Out::AlertWriting { .. } => self.nodes[node].alerted_us.push(self.now_us),
                Out::KeepChunk { .. } => {
                    self.nodes[node].chunks += 1;
                    let total = self.nodes[node].chunks;
                    self.steps.push_back(Step::ToNode(node, trialogue_core::Input::ChunksStored { total }));
                }
                Out::Keep { node: of, bundle, .. } => self.nodes[node].disk.entry(of).or_default().push(bundle),
                Out::SendConsole { console, bytes, last } => self.hand_to_console(console, bytes, last),
                Out::SendLink { node: to, bytes } => {
                    let to = self.nodes.iter().position(|other| other.id == to).unwrap();
                    let said = match &mut self.link_tamper {
                        Some(tamper) => tamper(node, to, bytes),
                        None => Some(bytes),
                    };
                    let cut = self.cut_links.contains(&(node.min(to), node.max(to)));
                    if let (Some(bytes), false) = (said, cut) {
                        let from = self.nodes[node].id.clone();
                        let input = trialogue_core::Input::LinkMessage { node: from, bytes };
                        self.steps.push_back(Step::ToNode(to, input));
                    }
                }
                Out::TraceFrames { device } => {
                    let via = self.ways.clone();
                    let input = trialogue_core::Input::FramesTraced { device, via };
                    self.steps.push_back(Step::ToNode(node, input));
                }
                Out::Leg { console, leg, .. } => {
                    let answer = fixture::answer(leg);
                    self.steps.push_back(Step::ToNode(node, trialogue_core::Input::LegAnswer { console, leg, answer }));
                    self.steps.push_back(Step::ToNode(node, trialogue_core::Input::LegState { console, up: true }));
                }
                _ => {}
            }
        }
    }

    fn hand_to_console(&mut self, console: ConsoleKey, bytes: Vec<u8>, last: bool) {
        if let Some(desk) = self.desks.iter().position(|desk| desk.other.1 == Some(console)) {
            if !bytes.is_empty() {
                self.steps.push_back(Step::ToConsole(desk, at_other(Input::Received(bytes))));
            }
            if last {
                self.desks[desk].other.1 = None;
                self.steps.push_back(Step::ToConsole(desk, at_other(Input::Closed)));
            }
            return;
        }
        let Some(desk) = self.desks.iter().position(|desk| desk.key == Some(console)) else { return };
        if !bytes.is_empty() {
            self.desks[desk].heard.push(bytes.clone());
            let messages = match &mut self.tamper {
                Some(tamper) => tamper(desk, &bytes),
                None => vec![bytes],
            };
            for bytes in messages {
                self.steps.push_back(Step::ToConsole(desk, Input::Received(bytes)));
            }
        }
        if last {
            self.desks[desk].key = None;
            self.steps.push_back(Step::ToConsole(desk, Input::Closed));
        }
    }

    fn drain_desk(&mut self, desk: usize) {
        while let Some(output) = self.desks[desk].console.poll() {
            let now = self.now_us;
            let held = &mut self.desks[desk];
            match output {
                Output::Send(bytes) => {
                    if let Some(answer) = self.said_tamper.as_mut().and_then(|tamper| tamper(desk, &bytes)) {
                        self.steps.push_back(Step::ToConsole(desk, Input::Received(answer)));
                    } else if let Some(console) = held.key {
                        let input = trialogue_core::Input::ConsoleMessage { console, bytes };
                        self.steps.push_back(Step::ToNode(held.node, input));
                    }
                }
                Output::Reconnect { after_ms } => {
                    held.open_at = Some(now + u64::from(after_ms) * 1_000);
                    if let Some(console) = held.key.take() {
                        let input = trialogue_core::Input::ConsoleClosed { console };
                        self.steps.push_back(Step::ToNode(held.node, input));
                    }
                }
                Output::Stop => held.stopped = true,
                Output::MakeOffer { leg } => {
                    held.offers += 1;
                    held.legs[0] = leg;
                    self.steps.push_back(Step::ToConsole(desk, Input::LegOffer { leg, sdp: fixture::sdp(leg) }));
                }
                Output::LegAnswer { leg, .. } => self.steps.push_back(Step::ToConsole(desk, Input::LegUp { leg })),
                Output::Seal(key) => {
                    if let Some(key) = &key {
                        assert!(!key.receivers.is_empty(), "a frame for nobody");
                        let worker = held.sealed_keys.entry(*key.base_key).or_insert(held.worker);
                        assert_eq!(*worker, held.worker, "a seal key was given to two media workers");
                    }
                    held.seal = key.as_ref().map(|key| (key.key_id, *key.base_key));
                    held.seal_for = key.map(|key| key.receivers).unwrap_or_default();
                }
                Output::OpenKey(key) => {
                    held.open.insert(key.key_id, (key.device, *key.base_key));
                    held.open_with.insert(key.key_id, key);
                }
                Output::ForgetKey { key_id, .. } => {
                    held.open.remove(&key_id);
                    held.open_with.remove(&key_id);
                }
                Output::At { output, .. } => self.act_at_other(desk, *output),
                Output::Use { slot } => held.active = slot,
                Output::Connect { .. } => {}
                Output::ProveAlive { nonce } => held.asked = Some(nonce),
                Output::Ringing(on) => held.ringing = on,
                Output::View(view) => {
                    if let Some(line) = view.lines.first() {
                        let shown = (line.active, line.ring.is_some());
                        if held.shown.last() != Some(&shown) {
                            held.shown.push(shown);
                        }
                    }
                }
                Output::Keep { version, bytes } => {
                    held.kept = Some(bytes.to_vec());
                    self.steps.push_back(Step::ToConsole(desk, Input::Kept { version }));
                }
                Output::Written(written) => held.written = written.map(|written| *written),
                Output::Charter(bytes) => held.charter = Some(bytes),
                Output::Log(event) => {
                    eprintln!("{:9.3} desk {desk}: {event:?}", now as f64 / 1e6);
                    held.events.push(event);
                }
                Output::Archive(writing) => held.archived.push(*writing),
                Output::ArchiveChunk(chunk) => held.archived_chunks.push(chunk),
                Output::ArchiveSaid(word) => held.archive_said.push(word),
                Output::GiveChunk(hash) => {
                    if held.gave < held.gives {
                        let bytes = held.chunks.get(&hash).cloned();
                        held.gave += 1;
                        self.steps.push_back(Step::ToConsole(desk, Input::Chunk { hash, bytes }));
                    }
                }
                Output::ForgetChunks(hashes) => held.chunks.retain(|hash, _| !hashes.contains(hash)),
                Output::File(part) => {
                    held.file.0.extend_from_slice(&part.bytes);
                    held.file.1 |= part.whole;
                }
                Output::Place { .. } => {}
            }
        }
    }
}

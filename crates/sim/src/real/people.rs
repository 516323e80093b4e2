//! What people do at real consoles: they see a screen, and press its buttons.

use crate::fixture::{DUTY, LEADERS, SUMMIT};
use crate::real::Seated;
use std::collections::BTreeSet;
use trialogue_console_core::Input;
use trialogue_console_core::view::{CallView, Command, DeclineReason, Floor, Language, NodeLink, Station};

impl Seated<'_> {
    /// Somebody presses a button.
    pub fn press(&mut self, desk: usize, command: Command) {
        let kind = format!("{command:?}");
        let kind: String = kind.chars().take_while(|c| c.is_alphanumeric()).collect();
        self.tell(format!("{}: {kind}", self.desk_name(desk)));
        self.desk_input(desk, Input::Command(command));
    }

    /// A console's machine has another network than before.
    pub fn change_network(&mut self, desk: usize) {
        self.desk_input(desk, Input::Network);
    }

    /// Rings a line.
    pub fn press_ring(&mut self, desk: usize, line: &str) {
        self.press(desk, Command::Ring { line: line.to_owned(), precedence: Default::default() });
    }

    /// Answers on a line.
    pub fn press_answer(&mut self, desk: usize, line: &str) {
        self.press(desk, Command::Answer { line: line.to_owned() });
    }

    /// Declines on a line.
    pub fn press_decline(&mut self, desk: usize, line: &str) {
        let reason = DeclineReason::Busy;
        self.press(desk, Command::Decline { line: line.to_owned(), reason, call_back_ms: None, deputy: None });
    }

    /// What a console shows of its call, for people.
    pub(crate) fn desk_says(&self, desk: usize) -> String {
        let (name, view) = (self.desk_name(desk), self.world.real.shown(desk));
        let Some(call) = &view.call else { return format!("{name} shows {:?}, in no call", view.node) };
        let members = call.members.iter().filter(|member| !member.me);
        let members: Vec<String> = members
            .map(|member| format!("{} ({:?})", member.person.name.trim_start_matches("Officer "), member.keys))
            .collect();
        let (line, sealing) = (&call.line, &call.sealing);
        format!("{name} shows {:?}, in on {line} with {}: {sealing:?}", view.node, members.join(", "))
    }

    /// The page has the written line of all open.
    pub(crate) fn opens_written(&mut self, desk: usize) {
        self.desk_input(desk, Input::Command(Command::OpenWritten { line: Some(LEADERS.to_owned()) }));
    }

    /// Somebody writes, or acknowledges for the own party what was written last.
    pub(crate) fn officer_writes(&mut self, desk: usize) {
        let desk_has = &self.world.real.desks[desk];
        let asked = desk_has.page.iter().flat_map(|page| page.messages.iter().rev()).find(|m| m.may_acknowledge);
        let asked = asked.map(|message| message.id.clone());
        let writes = !self.world.rng.one_in(3);
        let command = match asked.filter(|_| !writes) {
            Some(id) => Command::AcknowledgeMessage { id, language: Language::En, read_back: String::new() },
            None => {
                let id = self.world.real.desks[desk].id;
                self.world.real.written.write(id, LEADERS)
            }
        };
        self.press(desk, command);
    }

    /// One who is rung answers, mostly; one for whom there is a call comes in; else there is a ring.
    pub(crate) fn officer_acts(&mut self) {
        let desk = self.world.rng.below(self.world.real.count() as u64) as usize;
        let duty = self.world.real.desks[desk].device > 0;
        let line = match self.world.rng.below(8) {
            0..=1 if duty => DUTY,
            2..=3 => SUMMIT,
            _ => LEADERS,
        };
        let what = self.world.rng.below(16);
        let view = self.world.real.shown(desk);
        if view.node != NodeLink::Up {
            return;
        }
        if view.call.is_some() {
            return self.officer_acts_in_call(desk);
        }
        let rung = view.lines.iter().find(|line| line.ring.is_some()).map(|line| line.id.clone());
        if let Some(line) = rung {
            return if what == 0 { self.press_decline(desk, &line) } else { self.press_answer(desk, &line) };
        }
        let there = view.lines.iter().any(|shown| shown.id == line && shown.active);
        if there { self.press_answer(desk, line) } else { self.press_ring(desk, line) }
    }

    /// One who is in may leave, ring those who are missing, hold or take out somebody of the own party, and, on a
    /// staged line, prepare the call.
    fn officer_acts_in_call(&mut self, desk: usize) {
        let what = self.world.rng.below(20);
        let Some(call) = &self.world.real.shown(desk).call else { return };
        let managed = call.members.iter().find(|member| member.may_manage && !member.me);
        let device = managed.map(|member| member.person.device.clone());
        let command = match (what, device) {
            (0..=3, _) => Command::HangUp,
            (4..=5, Some(device)) => Command::Remove { device },
            (6..=8, _) => Command::Ring { line: call.line.clone(), precedence: Default::default() },
            (9..=10, _) => Command::Hold { device: None, on: call.floor != Floor::Held },
            (11..=12, device @ Some(_)) => {
                Command::Hold { device, on: managed.is_some_and(|member| member.floor != Floor::Held) }
            }
            (13..=17, _) => {
                let station = call.stations.iter().find(|station| may_be_confirmed(call, station));
                let Some(party) = station.map(|station| station.id.clone()) else { return };
                Command::Confirm { party }
            }
            (18, _) if call.may_be_ready => Command::Ready { ready: !call.ready },
            _ => return,
        };
        self.press(desk, command);
    }

    /// Whoever may prepare a staged call does so, with all others that are in, and waits for nobody in hostile hands.
    pub(crate) fn prepare_all(&mut self) {
        let desks = self.world.real.desks.iter().filter(|desk| desk.taken);
        let taken: BTreeSet<&str> = desks.map(|desk| self.world.fixture.parties[desk.party].id.as_str()).collect();
        let mut presses = Vec::new();
        for (at, desk) in self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts()) {
            let Some(call) = desk.console.view().call.as_ref().filter(|call| call.prepares) else { continue };
            let stations = call.stations.iter().filter(|station| may_be_confirmed(call, station));
            let mut said: Vec<Command> = stations.map(|it| Command::Confirm { party: it.id.clone() }).collect();
            if call.may_be_ready && !call.ready && said.is_empty() {
                said.push(Command::Ready { ready: true });
            }
            let waits = call.stations.iter().filter(|station| station.awaited && taken.contains(station.id.as_str()));
            said.extend(waits.map(|it| Command::ReadyWithout { party: it.id.clone() }));
            presses.extend(said.into_iter().map(|command| (at, command)));
        }
        for (at, command) in presses {
            self.press(at, command);
        }
    }
}

/// Another party's station that is in and was not confirmed here, with a code to compare.
fn may_be_confirmed(call: &CallView, station: &Station) -> bool {
    call.prepares && station.present && !station.own && !station.confirmed && !station.code.is_empty()
}

//! What people do at real consoles: they see a screen, and press its buttons.

use crate::fixture::{DUTY, LEADERS};
use crate::real::Seated;
use trialogue_console_core::Input;
use trialogue_console_core::view::{Command, DeclineReason, Language, NodeLink};

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

    /// One who is rung answers, mostly; one who is in may leave, ring those who are missing, or take out somebody of
    /// the own party; one for whom there is a call comes in; else there is a ring.
    pub(crate) fn officer_acts(&mut self) {
        let desk = self.world.rng.below(self.world.real.count() as u64) as usize;
        let duty = self.world.real.desks[desk].device > 0;
        let line = if duty && self.world.rng.one_in(4) { DUTY } else { LEADERS };
        let what = self.world.rng.below(16);
        let view = self.world.real.shown(desk);
        if view.node != NodeLink::Up {
            return;
        }
        let rung = view.lines.iter().find(|line| line.ring.is_some()).map(|line| line.id.clone());
        if let Some(call) = &view.call {
            let managed = call.members.iter().find(|member| member.may_manage && !member.me);
            let removed = managed.map(|member| member.person.device.clone());
            let line = call.line.clone();
            return match (what, removed) {
                (0..=3, _) => self.press(desk, Command::HangUp),
                (4..=6, Some(device)) => self.press(desk, Command::Remove { device }),
                (7..=9, _) => self.press_ring(desk, &line),
                _ => {}
            };
        }
        if let Some(line) = rung {
            return if what == 0 { self.press_decline(desk, &line) } else { self.press_answer(desk, &line) };
        }
        let there = view.lines.iter().any(|shown| shown.id == line && shown.active);
        if there { self.press_answer(desk, line) } else { self.press_ring(desk, line) }
    }
}

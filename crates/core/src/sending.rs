//! What consoles say that they send: passed on in the words of their own nodes, never believed.

use crate::machine::Machine;
use crate::words::Said;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_wire::console::ToConsole;
use trialogue_wire::word::What;

impl Machine {
    /// From an own console: the node gives its word for it. Only of who is in on the line here, and only if it is news.
    pub(crate) fn take_sending(&mut self, device: DeviceId, line: LineId, voice: bool, picture: bool) {
        let members = self.members(&line);
        let own = members.iter().any(|(member, node)| *member == device && *node == self.here.node);
        let what = What::Sending { voice, picture };
        let held = self.sending.get(&device).map(|said| &said.word);
        if !own || held.is_some_and(|word| word.node == self.here.node && word.line == line && word.what == what) {
            return;
        }
        let said = self.say(device, line, what);
        self.sending.insert(device, said);
        self.tell_sending(device, &members, None);
    }

    /// The word of another node, which is news and whose signature holds: of who is in there.
    pub(crate) fn take_sending_word(&mut self, link: &NodeId, said: Said) {
        let members = self.members(&said.word.line);
        let device = said.word.device;
        if members.iter().any(|(member, node)| *member == device && *node == said.word.node) {
            self.sending.insert(device, said);
            self.tell_sending(device, &members, Some(link));
        }
    }

    fn tell_sending(&mut self, device: DeviceId, members: &[(DeviceId, NodeId)], but: Option<&NodeId>) {
        let Some(said) = self.sending.get(&device).cloned() else { return };
        let What::Sending { voice, picture } = said.word.what else { return };
        let message = ToConsole::Sending { device, voice, picture };
        let own = members.iter().filter(|(other, at)| *at == self.here.node && *other != device);
        for console in own.filter_map(|(other, _)| self.devices.get(other).copied()).collect::<Vec<_>>() {
            self.send_console(console, &message);
        }
        let nodes: BTreeSet<NodeId> = members.iter().map(|(_, node)| node.clone()).collect();
        for hop in self.next_hops(&said.word.node, &nodes).into_iter().filter(|hop| Some(hop) != but) {
            self.send_link(&hop, &said.message());
        }
    }

    /// What was signed with the journal key of a charter before is signed anew.
    pub(crate) fn sign_sending_anew(&mut self) {
        let own = self.sending.values().filter(|said| said.word.node == self.here.node).map(|said| said.word.clone());
        for word in own.collect::<Vec<_>>() {
            let said = self.say(word.device, word.line, word.what);
            self.sending.insert(word.device, said);
        }
    }

    /// Who came to a line, or a link that came up, has not heard the words of before.
    pub(crate) fn tell_all_sending(&mut self) {
        for line in self.here.charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>() {
            let members = self.members(&line);
            for (device, node) in &members {
                if self.sending.get(device).is_some_and(|said| said.word.line == line && said.word.node == *node) {
                    self.tell_sending(*device, &members, None);
                }
            }
        }
    }

    /// Forgets the words of those who left.
    pub(crate) fn forget_sending(&mut self) {
        let said: Vec<(DeviceId, LineId)> = self.sending.iter().map(|(d, said)| (*d, said.word.line.clone())).collect();
        for (device, line) in said {
            if !self.members(&line).iter().any(|(member, _)| *member == device) {
                self.sending.remove(&device);
            }
        }
    }
}

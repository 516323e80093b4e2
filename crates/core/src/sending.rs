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
        let members = self.for_media().1.members(&line);
        let own = members.iter().any(|(member, node)| *member == device && *node == self.here.node);
        let what = What::Sending { voice, picture };
        let held = self.sending.get(&device).map(|said| &said.word);
        if !own || held.is_some_and(|word| word.node == self.here.node && word.line == line && word.what == what) {
            return;
        }
        let said = self.say(device, line, what);
        self.sending.insert(device, said);
        self.out.changed.words = true;
    }

    /// The word of another node, which is news and whose signature holds: of who is in there.
    pub(crate) fn take_sending_word(&mut self, link: &NodeId, said: Said) {
        let members = self.for_media().1.members(&said.word.line);
        let device = said.word.device;
        if members.iter().any(|(member, node)| *member == device && *node == said.word.node) {
            if let Some(link) = self.links.get_mut(link) {
                link.sending_told.insert(device, said.word.number);
            }
            self.sending.insert(device, said);
            self.out.changed.words = true;
        }
    }

    /// Tells every console that is in on a line, and every neighbour behind which somebody is, the last word about each of the others that it has not been told.
    pub(crate) fn tell_sending(&mut self) {
        let mut in_on: BTreeSet<DeviceId> = BTreeSet::new();
        // Who is in on a line costs a look at all nodes: only where somebody has said something.
        let lines: BTreeSet<LineId> = self.sending.values().map(|said| said.word.line.clone()).collect();
        for line in lines {
            let members = self.for_media().1.members(&line);
            let nodes: BTreeSet<NodeId> = members.iter().map(|(_, node)| node.clone()).collect();
            in_on.extend(members.iter().map(|(device, _)| *device));
            for (device, node) in &members {
                let held = self.sending.get(device).cloned();
                let Some(said) = held.filter(|said| said.word.line == line && said.word.node == *node) else {
                    continue;
                };
                let own = members.iter().filter(|(other, at)| *at == self.here.node && other != device);
                let own: Vec<DeviceId> = own.map(|(other, _)| *other).collect();
                self.tell_consoles_sending(&own, &said);
                for hop in self.for_media().1.next_hops(node, &nodes) {
                    self.tell_link_sending(&hop, &said);
                }
            }
        }
        for link in self.links.values_mut() {
            link.sending_told.retain(|device, _| in_on.contains(device));
        }
        for (device, key) in &self.devices {
            let there = in_on.contains(device);
            if let Some(console) = self.consoles.get_mut(key) {
                console.sending_told.retain(|other, _| there && in_on.contains(other));
            }
        }
    }

    fn tell_consoles_sending(&mut self, devices: &[DeviceId], said: &Said) {
        let What::Sending { voice, picture } = said.word.what else { return };
        for device in devices {
            let Some(key) = self.devices.get(device).copied() else { continue };
            let Some(console) = self.consoles.get_mut(&key) else { continue };
            // One that is still told entries may not know yet that the device is in, and would drop it.
            if !console.telling.is_free() {
                continue;
            }
            if console.sending_told.insert(said.word.device, said.word.number) != Some(said.word.number) {
                self.send_console(key, &ToConsole::Sending { device: said.word.device, voice, picture });
            }
        }
    }

    fn tell_link_sending(&mut self, node: &NodeId, said: &Said) {
        let (device, number) = (said.word.device, said.word.number);
        if self.links.get(node).is_none_or(|link| link.sending_told.get(&device) == Some(&number)) {
            return;
        }
        if self.pass_on(node, said)
            && let Some(link) = self.links.get_mut(node)
        {
            link.sending_told.insert(device, number);
        }
    }

    /// Somebody came to a line: own consoles, which drop what is said of who is not in yet, are told all again, and neighbours what is said of it.
    pub(crate) fn tell_sending_again(&mut self, device: &DeviceId) {
        self.consoles.values_mut().for_each(|console| console.sending_told.clear());
        for link in self.links.values_mut() {
            link.sending_told.remove(device);
        }
        self.out.changed.words = true;
    }

    /// What was signed with the journal key of a charter before is signed anew.
    pub(crate) fn sign_sending_anew(&mut self) {
        let own = self.sending.values().filter(|said| said.word.node == self.here.node).map(|said| said.word.clone());
        for word in own.collect::<Vec<_>>() {
            let said = self.say(word.device, word.line, word.what);
            self.sending.insert(word.device, said);
        }
    }

    /// Forgets the words of those who left.
    pub(crate) fn forget_sending(&mut self) {
        let said: Vec<(DeviceId, LineId)> = self.sending.iter().map(|(d, said)| (*d, said.word.line.clone())).collect();
        for (device, line) in said {
            if !self.for_media().1.members(&line).iter().any(|(member, _)| *member == device) {
                self.sending.remove(&device);
            }
        }
    }
}

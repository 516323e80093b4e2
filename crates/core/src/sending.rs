//! What consoles say that they send: passed on, never believed.

use crate::machine::Machine;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_wire::console::ToConsole;
use trialogue_wire::link::LinkMessage;

/// The last word of a device.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Says {
    line: LineId,
    voice: bool,
    picture: bool,
}

impl Machine {
    /// From an own console (`link` none) or a link. Only of who is in on the line, and only if it is news, so that it cannot
    /// run in circles.
    pub(crate) fn take_sending(
        &mut self,
        link: Option<&NodeId>,
        device: DeviceId,
        line: LineId,
        voice: bool,
        picture: bool,
    ) {
        let members = self.members(&line);
        let Some((_, node)) = members.iter().find(|(member, _)| *member == device) else { return };
        // Of its own consoles this node knows best.
        if link.is_some() == (*node == self.node) {
            return;
        }
        let says = Says { line, voice, picture };
        if self.sending.get(&device) == Some(&says) {
            return;
        }
        let node = node.clone();
        self.sending.insert(device, says);
        self.tell_sending(device, &node, &members, link);
    }

    fn tell_sending(&mut self, device: DeviceId, node: &NodeId, members: &[(DeviceId, NodeId)], but: Option<&NodeId>) {
        let Some(Says { line, voice, picture }) = self.sending.get(&device).cloned() else { return };
        let message = ToConsole::Sending { device, voice, picture };
        let own = members.iter().filter(|(other, at)| *at == self.node && *other != device);
        for console in own.filter_map(|(other, _)| self.devices.get(other).copied()).collect::<Vec<_>>() {
            self.send_console(console, &message);
        }
        let nodes: BTreeSet<NodeId> = members.iter().map(|(_, node)| node.clone()).collect();
        for hop in self.next_hops(node, &nodes).into_iter().filter(|hop| Some(hop) != but) {
            self.send_link(&hop, &LinkMessage::Sending { device, line: line.clone(), voice, picture });
        }
    }

    /// Who came to a line, or a link that came up, has not heard the words of before.
    pub(crate) fn tell_all_sending(&mut self) {
        for line in self.charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>() {
            let members = self.members(&line);
            for (device, node) in &members {
                if self.sending.get(device).is_some_and(|says| says.line == line) {
                    self.tell_sending(*device, node, &members, None);
                }
            }
        }
    }

    /// Forgets the words of those who left.
    pub(crate) fn forget_sending(&mut self) {
        let said: Vec<(DeviceId, LineId)> = self.sending.iter().map(|(d, says)| (*d, says.line.clone())).collect();
        for (device, line) in said {
            if !self.members(&line).iter().any(|(member, _)| *member == device) {
                self.sending.remove(&device);
            }
        }
    }
}

//! Model groups: who leads a node's group on a line brings its members in line with who is in, as every console does.
//! Commits and welcomes are opaque bytes.

use crate::world::World;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::fold::Participant;
use trialogue_journal::{Act, BodyRef, GroupId};

/// With which stay a device was added to a group: where and at which position it came in.
pub(crate) type Members = BTreeMap<(GroupId, DeviceId), (NodeId, u64)>;

fn stay(participant: &Participant) -> (NodeId, u64) {
    (participant.node.clone(), participant.order)
}

impl World {
    /// Brings the group of a console's node in line with who is in, as the console sees both.
    pub fn commit(&mut self, console: usize, line: &str) {
        let Some(line) = self.lines(line).cloned() else { return };
        let node = self.nodes[self.consoles[console].node].id.clone();
        let me = self.device(console);
        let now = self.consoles[console].state.line(&line);
        let inside = now.participants.iter().filter(|participant| participant.device != me);
        let inside: BTreeMap<DeviceId, (NodeId, u64)> = inside.map(|p| (p.device, stay(p))).collect();
        let group = now.groups.get(&node);
        let id = group.map_or_else(|| GroupId(self.rng.bytes()), |group| group.id);
        let members: Vec<DeviceId> = group.map(|group| group.members.keys().copied().collect()).unwrap_or_default();
        // Who began a new stay has lost its keys.
        let holds = |device: &DeviceId| {
            let added = self.members.get(&(id, *device));
            members.contains(device) && added.is_some() && added == inside.get(device)
        };
        let added: Vec<DeviceId> = inside.keys().copied().filter(|device| !holds(device)).collect();
        let removed: Vec<DeviceId> = members.iter().copied().filter(|device| *device != me && !holds(device)).collect();
        if group.is_some() && added.is_empty() && removed.is_empty() {
            return;
        }
        let (commit, welcome) = (self.rng.bytes::<64>().to_vec(), self.rng.bytes::<96>().to_vec());
        let act = Act::Handshake {
            group: id,
            epoch: group.map_or(0, |group| group.epoch),
            commit: group.and(BodyRef::of(&commit)),
            welcome: BodyRef::of(&welcome).filter(|_| !added.is_empty()),
            added: added.clone(),
            removed,
        };
        let stays = added.iter().filter_map(|device| Some(((id, *device), inside.get(device)?.clone())));
        let stays: Members = stays.collect();
        let bodies = [(group.is_some(), commit), (!added.is_empty(), welcome)];
        let bodies = bodies.into_iter().filter(|(there, _)| *there).map(|(_, body)| body).collect();
        self.act(console, line.as_str(), act, bodies);
        self.consoles[console].committing = Some((self.consoles[console].number, stays));
    }

    /// A console that leads looks after its node's groups, one handshake at a time.
    pub(crate) fn keep_keys(&mut self, console: usize) {
        let own = &mut self.consoles[console];
        self.members.append(&mut own.moved);
        if !own.welcomed || own.committing.is_some() || own.silent || !std::mem::take(&mut own.fresh) {
            return;
        }
        let node = self.nodes[own.node].id.clone();
        let me = self.device(console);
        for line in self.fixture.charter.lines.iter().map(|line| line.id.clone()) {
            if self.consoles[console].state.lead(&node, &line) == Some(me) {
                self.commit(console, line.as_str());
                if self.consoles[console].committing.is_some() {
                    // The rest when its node has decided.
                    return;
                }
            }
        }
    }

    /// Once it is quiet, each group has exactly those who are in, in their present stays, and each of them was shown
    /// what it needs to follow.
    ///
    /// # Panics
    /// When a key is stuck.
    pub fn check_keys(&self) {
        for console in (0..self.consoles.len()).filter(|console| self.consoles[*console].welcomed) {
            let (own, me) = (&self.consoles[console], self.device(console));
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                let now = own.state.line(line);
                if now.participants.iter().any(|participant| participant.device == me) {
                    self.check_groups(console, line, &now);
                }
            }
        }
    }

    fn check_groups(&self, console: usize, line: &LineId, now: &trialogue_journal::fold::LineState) {
        let (own, me) = (&self.consoles[console], self.device(console));
        for node in now.participants.iter().map(|participant| &participant.node) {
            if self.nodes.iter().any(|other| other.id == *node && other.hostile) {
                continue;
            }
            let name = self.name(&me);
            let Some(group) = now.groups.get(node) else {
                panic!("{name} sees no group of {node} on {line}, whose consoles are in");
            };
            let inside: Vec<DeviceId> = now.participants.iter().map(|participant| participant.device).collect();
            assert!(
                group.members.keys().all(|device| inside.contains(device)) && group.members.len() == inside.len(),
                "{name} sees a group of {node} on {line} with {:?}, while {:?} are in",
                group.members.keys().map(|device| self.name(device)).collect::<Vec<_>>(),
                inside.iter().map(|device| self.name(device)).collect::<Vec<_>>(),
            );
            let since =
                group.handshakes.iter().rposition(|handshake| handshake.added.contains(&me) || handshake.by == me);
            for handshake in group.handshakes.iter().skip(since.unwrap_or(0)).filter(|handshake| handshake.by != me) {
                let joins = handshake.added.contains(&me);
                let needs = if joins { &handshake.welcome } else { &handshake.commit };
                let has =
                    |body: &BodyRef| own.bodies.iter().any(|held| body.find(std::slice::from_ref(held)).is_some());
                assert!(needs.as_ref().is_none_or(has), "{name} was not shown the keys of {node} on {line}");
            }
        }
    }
}

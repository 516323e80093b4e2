//! Model groups: who leads a node's group on a line brings its members in line with who is in, as every console does.
//! Commits and welcomes are opaque bytes.

use crate::console::SimConsole;
use crate::rng::Rng;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::fold::Participant;
use trialogue_journal::{Act, BodyRef, GroupId};

/// With which stay a device was added to a group: where and at which position it came in.
pub(crate) type Members = BTreeMap<(GroupId, DeviceId), (NodeId, u64)>;

fn stay(participant: &Participant) -> (NodeId, u64) {
    (participant.node.clone(), participant.order)
}

/// What the members of groups know of each other's stays, all consoles together.
#[derive(Default)]
pub(super) struct Groups {
    members: Members,
}

/// A handshake that a console is to state.
pub(super) struct Handshake {
    pub(super) act: Act,
    pub(super) bodies: Vec<Vec<u8>>,
    /// Whom it adds, in which stay.
    pub(super) adds: Members,
}

impl Groups {
    /// Handshakes of a console were accepted: these are in with their keys.
    pub(super) fn moved(&mut self, members: &mut Members) {
        self.members.append(members);
    }

    /// What brings the group of a console's node in line with who is in, as the console sees both; none: it is.
    pub(super) fn commit(
        &self,
        own: &SimConsole,
        node: &NodeId,
        line: &LineId,
        me: DeviceId,
        rng: &mut Rng,
    ) -> Option<Handshake> {
        let now = own.state.line(line);
        let inside = now.participants.iter().filter(|participant| participant.device != me);
        let inside: BTreeMap<DeviceId, (NodeId, u64)> = inside.map(|p| (p.device, stay(p))).collect();
        let group = now.groups.get(node);
        let id = group.map_or_else(|| GroupId(rng.bytes()), |group| group.id);
        let members: Vec<DeviceId> = group.map(|group| group.members.keys().copied().collect()).unwrap_or_default();
        // Who began a new stay has lost its keys.
        let holds = |device: &DeviceId| {
            let added = self.members.get(&(id, *device));
            members.contains(device) && added.is_some() && added == inside.get(device)
        };
        let added: Vec<DeviceId> = inside.keys().copied().filter(|device| !holds(device)).collect();
        let removed: Vec<DeviceId> = members.iter().copied().filter(|device| *device != me && !holds(device)).collect();
        if group.is_some() && added.is_empty() && removed.is_empty() {
            return None;
        }
        let (commit, welcome) = (rng.bytes::<64>().to_vec(), rng.bytes::<96>().to_vec());
        let act = Act::Handshake {
            group: id,
            epoch: group.map_or(0, |group| group.epoch),
            commit: group.and(BodyRef::of(&commit)),
            welcome: BodyRef::of(&welcome).filter(|_| !added.is_empty()),
            added: added.clone(),
            removed,
        };
        let stays = added.iter().filter_map(|device| Some(((id, *device), inside.get(device)?.clone())));
        let adds = stays.collect();
        let bodies = [(group.is_some(), commit), (!added.is_empty(), welcome)];
        let bodies = bodies.into_iter().filter(|(there, _)| *there).map(|(_, body)| body).collect();
        Some(Handshake { act, bodies, adds })
    }
}

//! Keys of circles that this device has, own and others', and which go first where there are too many.

use super::kept::KeptCircle;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, NodeId};
use trialogue_journal::GroupId;

/// Most circles of others kept. Each is what opens the writings of one writer until readers change.
const KEPT_CIRCLES_MAX: usize = 6_144;
/// Most own ones: nobody can give them to this console again, and so nobody else takes their places.
const KEPT_OWN_CIRCLES_MAX: usize = 2_048;

/// All of them, the oldest first.
#[derive(Default)]
pub(super) struct HeldCircles(Vec<KeptCircle>);

impl HeldCircles {
    /// Those that were kept.
    pub(super) fn recalled(circles: Vec<KeptCircle>) -> Self {
        Self(circles)
    }

    pub(super) fn all(&self) -> &[KeptCircle] {
        &self.0
    }

    pub(super) fn get(&self, circle: &GroupId, by: &DeviceId) -> Option<&KeptCircle> {
        self.0.iter().rfind(|held| held.circle == *circle && held.by == *by)
    }

    /// Keeps a circle at the device `me`. Beyond the bound of own ones the oldest own one goes; beyond that of others
    /// the oldest of whoever has most of the node that has most: who makes circles without end closes nobody else's
    /// writings, and a party that enrols many devices stands against none of them alone.
    pub(super) fn add(&mut self, me: DeviceId, circle: KeptCircle) {
        let own = circle.by == me;
        self.0.push(circle);
        let most = if own { KEPT_OWN_CIRCLES_MAX } else { KEPT_CIRCLES_MAX };
        let alike = |held: &KeptCircle| (held.by == me) == own;
        let beyond = self.0.iter().filter(|held| alike(held)).count().saturating_sub(most);
        if beyond == 0 {
            return;
        }
        // Where each writer's stand, the oldest first.
        let mut nodes: BTreeMap<&NodeId, BTreeMap<DeviceId, VecDeque<usize>>> = BTreeMap::new();
        for (at, held) in self.0.iter().enumerate().filter(|(_, held)| alike(held)) {
            nodes.entry(&held.node).or_default().entry(held.by).or_default().push_back(at);
        }
        let mut gone = BTreeSet::new();
        if own {
            let mut all: Vec<usize> = nodes.into_values().flat_map(BTreeMap::into_values).flatten().collect();
            all.sort_unstable();
            gone.extend(all.into_iter().take(beyond));
        } else {
            for _ in 0..beyond {
                let most = nodes.values_mut().max_by_key(|writers| writers.values().map(VecDeque::len).sum::<usize>());
                let most = most.and_then(|writers| writers.values_mut().max_by_key(|held| held.len()));
                gone.extend(most.and_then(VecDeque::pop_front));
            }
        }
        let mut at = 0..;
        self.0.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use trialogue_charter::LineId;

    fn circle(number: u64, by: u8, node: &str) -> KeptCircle {
        let mut id = [by; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        KeptCircle {
            circle: GroupId(id),
            key: [0; 32].into(),
            by: DeviceId([by; DeviceId::LEN]),
            line: LineId::new("duty").unwrap(),
            node: NodeId::new(node).unwrap(),
            readers: Vec::new(),
        }
    }

    #[test]
    fn who_makes_circles_without_end_closes_nobody_elses_writings() {
        let me = DeviceId([1; DeviceId::LEN]);
        let mut kept = HeldCircles::default();
        kept.add(me, circle(0, 1, "jpn-1"));
        kept.add(me, circle(0, 2, "kor-1"));
        // One device of a node, and then many.
        for number in 0..KEPT_CIRCLES_MAX as u64 + 100 {
            kept.add(me, circle(number, 3, "usa-1"));
        }
        for by in 4..255 {
            (0..30).for_each(|number| kept.add(me, circle(number, by, "usa-1")));
        }
        assert_eq!(kept.0.len(), KEPT_CIRCLES_MAX + 1);
        let has = |number: u64, by, node| {
            let wanted = circle(number, by, node);
            kept.get(&wanted.circle, &wanted.by).is_some()
        };
        assert!(has(0, 1, "jpn-1") && has(0, 2, "kor-1"));
        assert!(has(29, 254, "usa-1"), "the newest is kept");
        assert!(!has(0, 3, "usa-1"), "and who has most gives way");
        for number in 1..KEPT_OWN_CIRCLES_MAX as u64 + 1 {
            kept.add(me, circle(number, 1, "jpn-1"));
        }
        assert_eq!(kept.0.len(), KEPT_CIRCLES_MAX + KEPT_OWN_CIRCLES_MAX);
        assert!(kept.0.iter().any(|held| held.by.0[0] == 2), "nor do own ones");
    }
}

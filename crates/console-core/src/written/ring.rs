//! The keys with which this device opens what others write: those that it made itself, and what came of circles that it
//! was to join.

use super::kept::KeptStock;
use super::stock::number_of;
use crate::around::Around;
use crate::io::Event;
use crate::limits::FAILED_MAX;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, Hash, NodeId, Suite};
use trialogue_e2ee::KeyringError;
use trialogue_e2ee::writing::{CircleJoined, StockSecret, WritingKeys};
use trialogue_journal::GroupId;
use trialogue_journal::fold::Circle;
use zeroize::Zeroizing;

/// Most key packages kept, the newest: one a week.
const STOCK_MAX: usize = 26;

/// Why a circle of another cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotIn {
    /// Its welcome is on its way, or others are joined before it.
    Wait,
    /// This device was not made a reader, or has lost the key.
    NotForUs,
    /// The welcome is not what was signed.
    Damaged,
}

/// Circles of others are joined one at a time: a welcome for many readers takes a browser as long as many entries, and
/// a member may write a thousand.
#[derive(Default)]
struct Joins {
    /// Those that cannot be joined, by the node in whose journal they stand: the same welcome fails again.
    failed: BTreeMap<NodeId, BTreeMap<GroupId, NotIn>>,
    /// One may be joined in this input.
    turn: bool,
    /// Another waits for its turn.
    more: bool,
}

impl Joins {
    /// A new input. `idle`: nothing came with it, so that nothing waits for what is done in it.
    fn begin(&mut self, idle: bool) {
        (self.turn, self.more) = (idle, false);
    }

    /// May one be joined now? What has to wait is due at once.
    fn take_turn(&mut self) -> bool {
        let turn = std::mem::take(&mut self.turn);
        self.more |= !turn;
        turn
    }

    fn why_not(&self, node: &NodeId, circle: &GroupId) -> Option<NotIn> {
        let failed = self.failed.get(node)?;
        // Of a node of which so many cannot be joined none is tried any more: what is forgotten would be tried without
        // end.
        failed.get(circle).copied().or((failed.len() >= FAILED_MAX).then_some(NotIn::Damaged))
    }

    fn fail(&mut self, node: &NodeId, circle: GroupId, why: NotIn) -> NotIn {
        self.failed.entry(node.clone()).or_default().insert(circle, why);
        why
    }

    fn next_us(&self, now_us: u64) -> Option<u64> {
        self.more.then_some(now_us)
    }
}

/// The keys of this device.
#[derive(Default)]
pub(super) struct Ring {
    /// With the suite that they are of.
    keys: Option<(Suite, WritingKeys)>,
    /// Secrets of the key packages with which others write to this device, the oldest first.
    stock: Vec<KeptStock>,
    joins: Joins,
}

impl Ring {
    /// With key packages that were kept.
    pub(super) fn recalled(stock: Vec<KeptStock>) -> Self {
        Self { stock, ..Self::default() }
    }

    pub(super) fn stock(&self) -> &[KeptStock] {
        &self.stock
    }

    /// A new input. `idle`: nothing came with it.
    pub(super) fn begin(&mut self, idle: bool) {
        self.joins.begin(idle);
    }

    /// The key package of that hash, if its secret is here.
    pub(super) fn own(&self, package: &Hash, suite: Suite) -> Option<&KeptStock> {
        self.stock.iter().find(|stock| stock.package == *package && stock.suite == number_of(suite))
    }

    /// The keys of the written line, with all key packages that are kept.
    pub(super) fn keys(&mut self, around: &mut Around<'_>) -> Option<&mut WritingKeys> {
        let suite = around.at.charter()?.suite();
        if self.keys.as_ref().is_none_or(|(held, _)| *held != suite) {
            let mls = around.speaker.secret.mls_key(suite);
            let mut keys = WritingKeys::new(suite, around.at.id(), &mls.private, around.chance).ok()?;
            self.joins = Joins::default();
            for stock in self.stock.iter().filter(|stock| stock.suite == number_of(suite)) {
                let secret = StockSecret(Zeroizing::new(stock.secret.to_vec()));
                // One that is damaged opens nothing; a new one is made once it is missed.
                let _ = keys.take_stock(&secret);
            }
            self.keys = Some((suite, keys));
        }
        self.keys.as_mut().map(|(_, keys)| keys)
    }

    /// Makes a key package; none: there are no keys, or none can be made.
    pub(super) fn make_stock(&mut self, around: &mut Around<'_>) -> Option<Result<Vec<u8>, KeyringError>> {
        let suite = around.at.charter()?.suite();
        let made = match self.keys(around)?.make_stock() {
            Ok(made) => made,
            Err(error) => return Some(Err(error)),
        };
        if self.stock.len() >= STOCK_MAX {
            self.stock.remove(0);
        }
        self.stock.push(KeptStock {
            package: Hash::of(&made.package),
            secret: made.secret.0.to_vec().into(),
            made_ms: around.now.ms,
            suite: number_of(suite),
        });
        Some(Ok(made.package))
    }

    /// Joins a circle of another as soon as its welcome is here and it has its turn.
    pub(super) fn join(
        &mut self,
        (node, circle, by): (&NodeId, &GroupId, &DeviceId),
        known: &Circle,
        around: &mut Around<'_>,
    ) -> Result<CircleJoined, NotIn> {
        if let Some(why) = self.joins.why_not(node, circle) {
            return Err(why);
        }
        let Some(welcome) = around.bodies.get(&known.welcome).cloned() else {
            around.bodies.want(&known.welcome);
            return Err(NotIn::Wait);
        };
        if !self.joins.take_turn() {
            return Err(NotIn::Wait);
        }
        let joined = match self.keys(around).ok_or(NotIn::Wait)?.join_circle(circle, by, &welcome) {
            Ok(joined) => joined,
            Err(KeyringError::NotForUs) => return Err(self.joins.fail(node, *circle, NotIn::NotForUs)),
            Err(error) => {
                around.log(Event::BadHandshake { step: "circle of another", why: error.to_string() });
                return Err(self.joins.fail(node, *circle, NotIn::Damaged));
            }
        };
        let mut readers = known.readers.clone();
        readers.sort_unstable();
        if joined.readers != readers {
            around.log(Event::BadHandshake {
                step: "circle of another",
                why: "its readers are not those signed".to_owned(),
            });
            return Err(self.joins.fail(node, *circle, NotIn::Damaged));
        }
        Ok(joined)
    }

    /// When a circle that waits for its turn may be joined.
    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        self.joins.next_us(now_us)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Joins, NotIn};
    use crate::limits::FAILED_MAX;
    use trialogue_charter::NodeId;
    use trialogue_journal::GroupId;

    #[test]
    fn circles_are_joined_one_at_a_time_while_nothing_else_comes_and_none_of_a_node_without_end() {
        let mut joins = Joins::default();
        joins.begin(false);
        assert!(!joins.take_turn() && joins.next_us(5) == Some(5), "a ring may have come: in a moment");
        joins.begin(true);
        assert!(joins.next_us(5).is_none() && joins.take_turn() && !joins.take_turn());
        let node = |id: &str| NodeId::new(id).unwrap();
        let circle =
            |number: usize| GroupId([number as u8, (number >> 8) as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in 0..FAILED_MAX {
            assert_eq!(joins.why_not(&node("kor-1"), &circle(number)), None);
            joins.fail(&node("kor-1"), circle(number), NotIn::NotForUs);
        }
        assert_eq!(joins.why_not(&node("kor-1"), &circle(0)), Some(NotIn::NotForUs));
        assert_eq!(joins.why_not(&node("kor-1"), &circle(FAILED_MAX)), Some(NotIn::Damaged));
        assert_eq!(joins.why_not(&node("jpn-1"), &circle(0)), None);
    }
}

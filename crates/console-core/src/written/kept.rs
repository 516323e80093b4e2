//! What must outlive the process: kept by the platform, under the seal that keeps the device's own key.

use crate::revocations::KeptRevocations;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_e2ee::writing::File;
use trialogue_journal::{GroupId, Kind, Language, Traffic};
use zeroize::{Zeroize, Zeroizing};

/// Version of the form.
const VERSION: u32 = 1;
/// Most bytes read back.
const KEPT_MAX: usize = 32 << 20;
/// Most key packages kept, the newest: one a week.
pub(crate) const STOCK_MAX: usize = 26;
/// Most circles of others kept. Each is what opens the writings of one writer until readers change.
pub(crate) const KEPT_CIRCLES_MAX: usize = 6_144;
/// Most own ones: nobody can give them to this console again, and so nobody else takes their places.
pub(crate) const KEPT_OWN_CIRCLES_MAX: usize = 2_048;
/// Most own writings that wait for a node.
pub(crate) const OUTBOX_MAX: usize = 64;
/// Most drafts, one per line.
pub(crate) const DRAFTS_MAX: usize = 16;

/// Most texts beside drafts, the newest: three languages of a joint text, and translations of some messages.
pub(crate) const SCRATCH_MAX: usize = 48;
/// Most characters of the name of one.
pub(crate) const SCRATCH_KEY_MAX: usize = 200;

/// All of it.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct Kept {
    #[n(0)]
    version: u32,
    /// Whose.
    #[n(1)]
    pub(crate) device: DeviceId,
    #[n(2)]
    pub(crate) stock: Vec<KeptStock>,
    #[n(3)]
    pub(crate) circles: Vec<KeptCircle>,
    #[n(4)]
    pub(crate) outbox: Vec<KeptOut>,
    #[n(5)]
    pub(crate) drafts: Vec<KeptDraft>,
    #[n(6)]
    pub(crate) scratch: Option<Vec<KeptScratch>>,
    /// Who is accepted no more.
    #[n(7)]
    pub(crate) revocations: Option<KeptRevocations>,
}

/// What was being written beside a message or for a joint text, by the page's own name for it.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptScratch {
    #[n(0)]
    pub(crate) line: LineId,
    #[n(1)]
    pub(crate) key: String,
    #[n(2)]
    pub(crate) text: String,
}

/// A key package with which others write to this device.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptStock {
    /// Hash of the key package.
    #[n(0)]
    pub(crate) package: Hash,
    #[n(1)]
    pub(crate) secret: ByteVec,
    /// When it was made, milliseconds since 1970 UTC.
    #[n(2)]
    pub(crate) made_ms: u64,
    /// Number of the suite in the charter.
    #[n(3)]
    pub(crate) suite: u16,
}

/// A circle, own or not.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptCircle {
    #[n(0)]
    pub(crate) circle: GroupId,
    #[n(1)]
    pub(crate) key: ByteArray<32>,
    /// Who writes by it.
    #[n(2)]
    pub(crate) by: DeviceId,
    #[n(3)]
    pub(crate) line: LineId,
    /// In whose journal it stands.
    #[n(4)]
    pub(crate) node: NodeId,
    /// Of an own one: the readers, with the key package of each.
    #[n(5)]
    pub(crate) readers: Vec<(DeviceId, Hash)>,
}

/// An own writing that no node has taken yet.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptOut {
    #[n(0)]
    pub(crate) id: u64,
    #[n(1)]
    pub(crate) line: LineId,
    /// The content in its one encoding: its hash is what is signed, so a writing that went out is known again.
    #[n(2)]
    pub(crate) content: ByteVec,
    #[n(3)]
    pub(crate) kind: Kind,
    #[n(4)]
    pub(crate) about: Option<Hash>,
    #[n(5)]
    pub(crate) traffic: Traffic,
    #[n(6)]
    pub(crate) precedence: trialogue_charter::Precedence,
    #[n(7)]
    pub(crate) answer_by_ms: Option<u64>,
    /// This message is acknowledged with it, once it is taken.
    #[n(8)]
    pub(crate) acknowledges: Option<Hash>,
    /// Chunks of what is attached to it, in their order.
    #[n(9)]
    pub(crate) attached: Option<Vec<Hash>>,
}

/// What was being written.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptDraft {
    #[n(0)]
    pub(crate) line: LineId,
    #[n(1)]
    pub(crate) language: Language,
    #[n(2)]
    pub(crate) text: String,
    #[n(3)]
    pub(crate) files: Option<Vec<KeptFile>>,
}

/// A file attached to it.
#[derive(Clone, Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptFile {
    #[n(0)]
    pub(crate) file: File,
    /// Its sealed chunks, which the platform keeps apart.
    #[n(1)]
    pub(crate) chunks: Vec<Hash>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            version: VERSION,
            device: DeviceId([0; DeviceId::LEN]),
            stock: Vec::new(),
            circles: Vec::new(),
            outbox: Vec::new(),
            drafts: Vec::new(),
            scratch: None,
            revocations: None,
        }
    }
}

impl Drop for KeptStock {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl Drop for KeptCircle {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl Drop for KeptOut {
    fn drop(&mut self) {
        self.content.zeroize();
    }
}

impl Drop for KeptScratch {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl Drop for KeptDraft {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl KeptOut {
    /// Hash of the content: what is signed of it.
    pub(crate) fn digest(&self) -> Hash {
        Hash::of(&self.content)
    }

    /// Chunks of what is attached to it.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Hash> {
        self.attached.iter().flatten()
    }
}

impl Kept {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.len()));
        // Writing to memory cannot fail.
        let _ = minicbor::encode(self, &mut *bytes);
        bytes
    }

    /// About how many bytes it takes, rounded up: the buffer does not grow, which would leave copies behind.
    fn len(&self) -> usize {
        let stock: usize = self.stock.iter().map(|stock| stock.secret.len() + 128).sum();
        let circles: usize = self.circles.iter().map(|circle| circle.readers.len() * 96 + 320).sum();
        let outbox: usize = self.outbox.iter().map(|out| out.content.len() + out.chunks().count() * 50 + 320).sum();
        let file = |file: &KeptFile| file.file.name.len() + file.chunks.len() * 50 + 160;
        let files = |draft: &KeptDraft| draft.files.iter().flatten().map(file).sum::<usize>();
        let drafts: usize = self.drafts.iter().map(|draft| draft.text.len() + files(draft) + 128).sum();
        let scratch = self.scratch.iter().flatten().map(|held| held.key.len() + held.text.len() + 96).sum::<usize>();
        let revocations = self.revocations.as_ref().map_or(0, KeptRevocations::len);
        stock + circles + outbox + drafts + scratch + revocations + 256
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > KEPT_MAX {
            return None;
        }
        let kept: Self = minicbor::decode(bytes).ok()?;
        (kept.version == VERSION).then_some(kept)
    }

    pub(crate) fn circle(&self, circle: &GroupId, by: &DeviceId) -> Option<&KeptCircle> {
        self.circles.iter().rfind(|held| held.circle == *circle && held.by == *by)
    }

    /// Keeps a circle. Beyond the bound of own ones the oldest own one goes; beyond that of others the oldest of
    /// whoever has most of the node that has most: who makes circles without end closes nobody else's writings, and a
    /// party that enrols many devices stands against none of them alone.
    pub(crate) fn add_circle(&mut self, circle: KeptCircle) {
        let (me, own) = (self.device, circle.by == self.device);
        self.circles.push(circle);
        let most = if own { KEPT_OWN_CIRCLES_MAX } else { KEPT_CIRCLES_MAX };
        let alike = |held: &KeptCircle| (held.by == me) == own;
        let beyond = self.circles.iter().filter(|held| alike(held)).count().saturating_sub(most);
        if beyond == 0 {
            return;
        }
        // Where each writer's stand, the oldest first.
        let mut nodes: BTreeMap<&NodeId, BTreeMap<DeviceId, VecDeque<usize>>> = BTreeMap::new();
        for (at, held) in self.circles.iter().enumerate().filter(|(_, held)| alike(held)) {
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
        self.circles.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
        let mut kept = Kept { device: DeviceId([1; DeviceId::LEN]), ..Kept::default() };
        kept.add_circle(circle(0, 1, "jpn-1"));
        kept.add_circle(circle(0, 2, "kor-1"));
        // One device of a node, and then many.
        for number in 0..KEPT_CIRCLES_MAX as u64 + 100 {
            kept.add_circle(circle(number, 3, "usa-1"));
        }
        for by in 4..255 {
            (0..30).for_each(|number| kept.add_circle(circle(number, by, "usa-1")));
        }
        assert_eq!(kept.circles.len(), KEPT_CIRCLES_MAX + 1);
        let has = |number: u64, by, node| {
            let wanted = circle(number, by, node);
            kept.circle(&wanted.circle, &wanted.by).is_some()
        };
        assert!(has(0, 1, "jpn-1") && has(0, 2, "kor-1"));
        assert!(has(29, 254, "usa-1"), "the newest is kept");
        assert!(!has(0, 3, "usa-1"), "and who has most gives way");
        for number in 1..KEPT_OWN_CIRCLES_MAX as u64 + 1 {
            kept.add_circle(circle(number, 1, "jpn-1"));
        }
        assert_eq!(kept.circles.len(), KEPT_CIRCLES_MAX + KEPT_OWN_CIRCLES_MAX);
        assert!(kept.circles.iter().any(|held| held.by.0[0] == 2), "nor do own ones");
    }
}

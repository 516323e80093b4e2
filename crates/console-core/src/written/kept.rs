//! What must outlive the process: kept by the platform, under the seal that keeps the device's own key.

use crate::revocations::KeptRevocations;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_e2ee::writing::File;
use trialogue_journal::{GroupId, Kind, Language, Traffic};
use zeroize::{Zeroize, Zeroizing};

/// Version of the form.
const VERSION: u32 = 1;
/// Most bytes read back.
const KEPT_MAX: usize = 32 << 20;

/// All of it, as it is read back.
#[derive(Decode)]
#[cbor(map)]
pub(super) struct Kept {
    #[n(0)]
    version: u32,
    /// Whose.
    #[n(1)]
    pub(super) device: DeviceId,
    #[n(2)]
    pub(super) stock: Vec<KeptStock>,
    #[n(3)]
    pub(super) circles: Vec<KeptCircle>,
    #[n(4)]
    pub(super) outbox: Vec<KeptOut>,
    #[n(5)]
    pub(super) drafts: Vec<KeptDraft>,
    #[n(6)]
    pub(super) scratch: Option<Vec<KeptScratch>>,
    /// Who is accepted no more.
    #[n(7)]
    pub(super) revocations: Option<KeptRevocations>,
}

/// The same, as it is written: what each part holds of it.
#[derive(Encode)]
#[cbor(map)]
pub(super) struct ToKeep<'a> {
    #[n(0)]
    version: u32,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    pub(super) stock: &'a [KeptStock],
    #[n(3)]
    pub(super) circles: &'a [KeptCircle],
    #[n(4)]
    pub(super) outbox: &'a [KeptOut],
    #[n(5)]
    pub(super) drafts: &'a [KeptDraft],
    #[n(6)]
    pub(super) scratch: Option<&'a [KeptScratch]>,
    #[n(7)]
    pub(super) revocations: Option<KeptRevocations>,
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

impl<'a> ToKeep<'a> {
    /// Nothing yet, of that device.
    pub(super) fn of(device: DeviceId) -> Self {
        Self {
            version: VERSION,
            device,
            stock: &[],
            circles: &[],
            outbox: &[],
            drafts: &[],
            scratch: None,
            revocations: None,
        }
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
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
        let scratch = self.scratch.into_iter().flatten();
        let scratch = scratch.map(|held| held.key.len() + held.text.len() + 96).sum::<usize>();
        let revocations = self.revocations.as_ref().map_or(0, KeptRevocations::len);
        stock + circles + outbox + drafts + scratch + revocations + 256
    }
}

impl Kept {
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > KEPT_MAX {
            return None;
        }
        let kept: Self = minicbor::decode(bytes).ok()?;
        (kept.version == VERSION).then_some(kept)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::line_id;

    #[test]
    fn what_was_kept_is_read_back_and_nothing_of_another_form() {
        let device = DeviceId([7; DeviceId::LEN]);
        let stock = [KeptStock { package: Hash([1; 48]), secret: vec![2; 32].into(), made_ms: 3, suite: 1 }];
        let draft = KeptDraft { line: line_id("duty"), language: Language::Ja, text: "三者".to_owned(), files: None };
        let drafts = [draft];
        let scratch = [KeptScratch { line: line_id("duty"), key: "ko".to_owned(), text: "검토".to_owned() }];
        let kept = ToKeep { stock: &stock, drafts: &drafts, scratch: Some(&scratch), ..ToKeep::of(device) };
        let bytes = kept.encode();
        assert!(bytes.len() <= kept.len(), "the buffer has not grown");
        let back = Kept::decode(&bytes).unwrap();
        assert_eq!((back.device, back.stock[0].made_ms, back.circles.len()), (device, 3, 0));
        assert_eq!((back.drafts[0].text.as_str(), back.scratch.unwrap()[0].key.as_str()), ("三者", "ko"));
        assert!(back.revocations.is_none());
        assert!(Kept::decode(&ToKeep { version: VERSION + 1, ..ToKeep::of(device) }.encode()).is_none());
    }
}

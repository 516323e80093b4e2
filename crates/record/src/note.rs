//! Heads as C2SP checkpoints: a signed note that any tool of transparency logs reads (c2sp.org/tlog-checkpoint,
//! c2sp.org/signed-note, c2sp.org/tlog-cosignature).
//!
//! A node signs heads of its own journal as a log does (type 1), and of others' journals as a witness does (type 4,
//! with the time). Both with the Ed25519 half of its journal key: the first line of what is signed tells them apart
//! from each other and from entries.

use crate::limits::{NOTE_MAX, SIGNATURES_MAX};
use crate::tree::Root;
use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};
use trialogue_charter::key::ed25519_holds;
use trialogue_charter::{HybridSecret, NodeId, VerifiedCharter};

/// The head of a journal's tree, as a node says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which journal of which charter, see [`origin`].
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// The root over them.
    pub root: Root,
}

/// A checkpoint with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// By whom, in the order of the lines.
    pub signatures: Vec<Signature>,
}

/// One line of signature, verified or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Four bytes that say which key and of which type, and the signature.
    pub bytes: Vec<u8>,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Which node signed.
    pub node: NodeId,
    /// As a witness, at this time by its clock (seconds since 1970 UTC); none: as the journal's own node.
    pub witnessed_s: Option<u64>,
}

/// Why text is not a checkpoint that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Over the bound, or not in the form.
    #[error("this is not a checkpoint in the form of c2sp.org/tlog-checkpoint: ask for the original text")]
    Malformed,
    /// A key of the charter is named, and did not sign.
    #[error("a signature on the checkpoint does not hold: the text was altered, or the signature is forged")]
    Signature,
    /// It is another charter's, or of no node of it.
    #[error("the checkpoint is of no journal of this charter: compare charters")]
    Origin,
    /// No node of the charter has signed.
    #[error(
        "no node of this charter has signed the checkpoint with the key that it has there: it proves nothing; a proof from before a key was replaced is to be made anew"
    )]
    Nobody,
}

/// The name of a journal among all logs: `trialogue/`, 32 hexadecimal digits, `/` and the node's id. The digits are the
/// beginning of the SHA-256 of the Ed25519 half of the node's first journal key and the id: charters are amended and
/// keys replaced, and the journal goes on.
pub fn origin(charter: &VerifiedCharter, node: &NodeId) -> Option<String> {
    let known = charter.node(node)?;
    let first = known.former.first().map_or(&known.journal.ed25519, |former| &former.key);
    let digest = Sha256::digest([&first[..], node.as_str().as_bytes()].concat());
    let digits: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("trialogue/{digits}/{node}"))
}

/// The journal that a name is of.
fn journal_of<'a>(charter: &'a VerifiedCharter, name: &str) -> Option<&'a NodeId> {
    charter.nodes.iter().map(|node| &node.id).find(|node| origin(charter, node).as_deref() == Some(name))
}

/// Type of a signature: a log's own, or a witness's with its time.
const LOG: u8 = 1;
const WITNESS: u8 = 4;

fn key_id(name: &str, kind: u8, key: &[u8; 32]) -> [u8; 4] {
    let digest = Sha256::new().chain_update(name.as_bytes()).chain_update([b'\n', kind]).chain_update(key).finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn witnessed(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

impl Checkpoint {
    /// What is signed: three lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, Base64::encode_string(&self.root.0))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let decoded = Base64::decode_vec(root).ok()?;
        let checkpoint =
            Self { origin: origin.to_owned(), size: size.parse().ok()?, root: Root(decoded.try_into().ok()?) };
        // Exactly the three lines, in their one form.
        (checkpoint.text() == text && !origin.is_empty()).then_some(checkpoint)
    }

    /// Signs as a node of the charter: as the log if it is its own journal, otherwise as a witness at this time,
    /// seconds since 1970 UTC. None: the charter has no such node.
    pub fn sign(&self, charter: &VerifiedCharter, by: &NodeId, key: &HybridSecret, time_s: u64) -> Option<Signature> {
        let name = origin(charter, by)?;
        let public = key.public().ed25519;
        let text = self.text();
        let bytes = if name == self.origin {
            [&key_id(&name, LOG, &public)[..], &key.sign_ed25519(text.as_bytes())].concat()
        } else {
            let signature = key.sign_ed25519(witnessed(time_s, &text).as_bytes());
            [&key_id(&name, WITNESS, &public)[..], &time_s.to_be_bytes(), &signature].concat()
        };
        Some(Signature { name, bytes })
    }
}

impl Note {
    /// The text, with its signatures.
    pub fn text(&self) -> String {
        let lines = self.signatures.iter();
        let lines: String =
            lines.map(|s| format!("\u{2014} {} {}\n", s.name, Base64::encode_string(&s.bytes))).collect();
        format!("{}\n{lines}", self.checkpoint.text())
    }

    /// Reads a note without believing it.
    ///
    /// # Errors
    /// When it is not in the form, or over the bounds.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > NOTE_MAX || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let (body, lines) = text.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let checkpoint = Checkpoint::parse(&format!("{body}\n")).ok_or(NoteError::Malformed)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let signatures: Option<Vec<Signature>> = lines.split('\n').take(SIGNATURES_MAX + 1).map(signature).collect();
        let signatures = signatures.filter(|list| list.len() <= SIGNATURES_MAX).ok_or(NoteError::Malformed)?;
        Ok(Self { checkpoint, signatures })
    }

    /// Whose journal it is of, and which nodes of the charter have signed with their present keys. Signatures of others
    /// are passed over.
    ///
    /// # Errors
    /// When it is of no journal of the charter, nobody of it has signed, or a signature by a key of it does not hold.
    pub fn verify(&self, charter: &VerifiedCharter) -> Result<(NodeId, Vec<Signer>), NoteError> {
        let journal = journal_of(charter, &self.checkpoint.origin).ok_or(NoteError::Origin)?.clone();
        let mut signers = Vec::new();
        for signature in &self.signatures {
            let Some(node) = journal_of(charter, &signature.name).and_then(|id| charter.node(id)) else { continue };
            // Whoever has a key that was replaced may have made a head with it: nothing in a note says when it was
            // signed.
            let key = &node.journal.ed25519;
            let own = node.id == journal;
            let kind = if own { LOG } else { WITNESS };
            let Some((id, rest)) = signature.bytes.split_first_chunk::<4>() else { continue };
            if *id != key_id(&signature.name, kind, key) {
                continue;
            }
            let witnessed_s = if own { None } else { rest.first_chunk().map(|time| u64::from_be_bytes(*time)) };
            let message = witnessed_s.map_or_else(|| self.checkpoint.text(), |s| witnessed(s, &self.checkpoint.text()));
            let rest = if own { rest } else { rest.get(8..).unwrap_or_default() };
            if !ed25519_holds(key, message.as_bytes(), rest) {
                return Err(NoteError::Signature);
            }
            signers.push(Signer { node: node.id.clone(), witnessed_s });
        }
        if signers.is_empty() { Err(NoteError::Nobody) } else { Ok((journal, signers)) }
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = Base64::decode_vec(bytes).ok().filter(|bytes| bytes.len() > 4)?;
    let spaced = name.chars().any(|c| c.is_whitespace() || c == '+');
    (!name.is_empty() && !spaced).then(|| Signature { name: name.to_owned(), bytes })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The example note of Go's golang.org/x/mod/sumdb/note, which C2SP describes.
    #[test]
    fn keys_are_named_as_other_tools_name_them() {
        let key = Base64::decode_vec("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let (kind, key) = key.split_first().unwrap();
        let key: [u8; 32] = key.try_into().unwrap();
        assert_eq!(*kind, LOG);
        assert_eq!(key_id("PeterNeumann", LOG, &key), [0xc7, 0x4f, 0x20, 0xa3]);
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let bytes = Base64::decode_vec(line).unwrap();
        assert_eq!(bytes[..4], [0xc7, 0x4f, 0x20, 0xa3]);
        assert!(ed25519_holds(&key, text.as_bytes(), &bytes[4..]));
    }
}

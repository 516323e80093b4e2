//! The file in which a record travels: a CBOR sequence (RFC 8742) of these items, in one order, so that one record has
//! one file.

use crate::limits::{ITEM_MAX, ITEMS_MAX};
use crate::span::span;
use minicbor::{Decode, Encode};
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::strict;

/// The version of the file that this program writes and reads.
pub const VERSION: u8 = 2;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// The first.
    #[n(0)]
    #[cbor(map)]
    Header {
        /// [`VERSION`].
        #[n(1)]
        version: u8,
        /// The node whose record it is: what that node holds of all journals.
        #[n(2)]
        node: NodeId,
        /// Hash of the payload of the charter that was in force there: the last one in the file.
        #[n(3)]
        charter: Hash,
    },
    /// A charter that is or was in force there, by serial.
    #[n(1)]
    #[cbor(map)]
    Charter {
        /// As signed.
        #[cbor(n(1), with = "minicbor::bytes")]
        charter: Vec<u8>,
    },
    /// An entry that contradicts what is held of a journal: of that journal, or one in which another node says what it
    /// has seen of it. By node and position.
    #[n(2)]
    #[cbor(map)]
    Evidence {
        /// Against whose journal.
        #[n(1)]
        node: NodeId,
        /// Up to which position the histories differ.
        #[n(2)]
        seq: u64,
        /// The signed entry.
        #[cbor(n(3), with = "minicbor::bytes")]
        entry: Vec<u8>,
    },
    /// An entry of a journal; by node and position.
    #[n(3)]
    #[cbor(map)]
    Entry {
        /// As signed.
        #[cbor(n(1), with = "minicbor::bytes")]
        entry: Vec<u8>,
        /// The certificate, where it enrols a device.
        #[cbor(n(2), with = "minicbor::bytes")]
        certificate: Option<Vec<u8>>,
    },
    /// The last.
    #[n(4)]
    #[cbor(map)]
    End {
        /// Number of items before it.
        #[n(1)]
        items: u64,
        /// SHA-384 of all bytes before it.
        #[n(2)]
        digest: Hash,
        /// The signature of the node whose record it is, see [`crate::seal`].
        #[cbor(n(3), with = "minicbor::bytes")]
        seal: Option<Vec<u8>>,
    },
}

/// SHA-384 over the items of a file, as they are written or read.
#[derive(Clone, Default)]
pub struct Digest(sha2::Sha384);

impl Digest {
    /// Of no items.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the bytes of the next item.
    pub fn add(&mut self, bytes: &[u8]) {
        use sha2::Digest as _;
        self.0.update(bytes);
    }

    /// The digest so far.
    pub fn hash(&self) -> Hash {
        use sha2::Digest as _;
        Hash(self.0.clone().finalize().into())
    }
}

/// Bytes that are no item of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an item of an exported record in its one form: the file is damaged, or not an export of this version")]
pub struct ItemError;

impl Item {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        // Encoding into memory cannot fail; if it ever did, no bytes decode.
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// The item that the bytes begin with and its length; none: more bytes are needed.
    ///
    /// # Errors
    /// When they begin with none.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, ItemError> {
        let Some(len) = span(bytes).map_err(|_| ItemError)? else {
            return if bytes.len() > ITEM_MAX { Err(ItemError) } else { Ok(None) };
        };
        let Some(bytes) = bytes.get(..len) else { return Ok(None) };
        strict::check(bytes, ITEMS_MAX).map_err(|_| ItemError)?;
        let item: Self = minicbor::decode(bytes).map_err(|_| ItemError)?;
        if item.encode() == bytes { Ok(Some((item, len))) } else { Err(ItemError) }
    }
}

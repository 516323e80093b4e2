//! Messages to bytes and back. A decoded message has been held against every bound of [`crate::limits`].

use crate::Bundle;
use crate::console::{ToConsole, ToNode};
use crate::leg::NotALeg;
use crate::limits::*;
use crate::link::LinkMessage;
use crate::word::Word;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trialogue_journal::strict::{self, NotStrict};

/// Bytes that are not an acceptable message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Larger than any message may be; checked before anything else.
    #[error("message of {len} bytes is larger than the most allowed, {MESSAGE_MAX}")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
    },
    /// Not deterministic CBOR.
    #[error("message is not deterministic CBOR: {0}")]
    NotStrict(#[from] NotStrict),
    /// CBOR, and not a message of this protocol.
    #[error("not a message of this protocol; the other side may run another version")]
    NotAMessage,
    /// A list is longer than allowed.
    #[error("more {what} than the most allowed, {most}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// A text or a string of bytes is longer than allowed.
    #[error("{what} is longer than the most allowed, {most} bytes")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// An offer or answer of which no leg can be made.
    #[error(transparent)]
    NotALeg(#[from] NotALeg),
}

/// A message that has bounds. Closed: the messages of this protocol implement it.
pub trait Message: sealed::Sealed + Encode<()> + for<'b> Decode<'b, ()> {
    /// Holds every list, text and string of bytes against its bound.
    fn bounded(&self) -> Result<(), WireError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ToNode {}
    impl Sealed for super::ToConsole {}
    impl Sealed for super::LinkMessage {}
    impl Sealed for super::Word {}
    impl Sealed for super::Bundle {}
}

/// The bytes of a message: deterministic CBOR (RFC 8949 §4.2.1).
pub fn encode<T: Message>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into a `Vec` cannot fail, and no type of this protocol refuses to be encoded.
    let _ = minicbor::encode(message, &mut bytes);
    bytes
}

/// Reads exactly one message.
///
/// # Errors
/// When the bytes are too large, not deterministic, no message, or over a bound. Nothing large is allocated before that
/// is known.
pub fn decode<T: Message>(bytes: &[u8]) -> Result<T, WireError> {
    if bytes.len() > MESSAGE_MAX {
        return Err(WireError::TooLarge { len: bytes.len() });
    }
    strict::check(bytes, MESSAGE_ITEMS_MAX)?;
    let message: T = minicbor::decode(bytes).map_err(|_| WireError::NotAMessage)?;
    message.bounded()?;
    Ok(message)
}

impl Message for ToNode {
    fn bounded(&self) -> Result<(), WireError> {
        match self {
            Self::Prove { certificate, signature, origin, .. } => {
                long("origin", origin.len(), ORIGIN_MAX)?;
                long("certificate", certificate.len(), CERTIFICATE_MAX)?;
                long("signature", signature.len(), SIGNATURE_MAX)
            }
            Self::State { statement, bodies } => {
                long("statement", statement.len(), STATEMENT_MAX)?;
                all_bodies(bodies)
            }
            Self::Offer { offer, .. } => Ok(offer.check()?),
            Self::Want { hashes } => many("hashes", hashes.len(), WANT_MAX),
            Self::Lacking { hashes } => many("hashes", hashes.len(), CHUNKS_MAX),
            Self::Chunk { bytes } => long("chunk", bytes.len(), CHUNK_MAX),
            Self::KeyFrame { .. }
            | Self::Forged { .. }
            | Self::Ping { .. }
            | Self::Sending { .. }
            | Self::Behind { .. }
            | Self::Earlier { .. }
            | Self::Next {}
            | Self::Watch { .. }
            | Self::Sound { .. } => Ok(()),
        }
    }
}

impl Message for ToConsole {
    fn bounded(&self) -> Result<(), WireError> {
        match self {
            Self::Challenge { charter, .. } | Self::Charter { charter } => long("charter", charter.len(), CHARTER_MAX),
            Self::Entries { bundles } => all_bundles(bundles),
            Self::Paths { paths } => {
                many("paths", paths.len(), NODES_MAX)?;
                paths.iter().try_for_each(|to| {
                    many("paths of a link", to.paths.len(), PATHS_SHOWN_MAX)?;
                    to.paths.iter().try_for_each(|path| {
                        long("carrier", path.carrier.len(), CARRIER_MAX)?;
                        long("address", path.address.len(), ADDRESS_MAX)
                    })
                })
            }
            Self::Answer { answer, .. } => Ok(answer.check()?),
            Self::Sites { sites } => {
                many("sites", sites.len(), SITES_MAX)?;
                sites.iter().try_for_each(|site| long("url", site.url.len(), URL_MAX))
            }
            Self::Place { mid, .. } => long("mid", mid.len(), MID_MAX),
            Self::Bodies { bodies } => all_bodies(bodies),
            Self::Lacking { hashes } => many("hashes", hashes.len(), CHUNKS_MAX),
            Self::Welcome { .. }
            | Self::Clock { .. }
            | Self::Accepted { .. }
            | Self::Refused { .. }
            | Self::Pong { .. }
            | Self::AskAlive { .. }
            | Self::ChunkStored { .. }
            | Self::Anew { .. }
            | Self::MoreFollows {}
            | Self::Sending { .. } => Ok(()),
        }
    }
}

impl Message for LinkMessage {
    fn bounded(&self) -> Result<(), WireError> {
        match self {
            Self::Hello { heads, .. } | Self::Heads { heads } => many("heads", heads.len(), NODES_EVER),
            Self::Entries { bundles } => all_bundles(bundles),
            Self::Neighbours { nodes } => many("neighbours", nodes.len(), NODES_MAX),
            Self::Charter { charter } => long("charter", charter.len(), CHARTER_MAX),
            Self::Probe { filler, .. } => long("probe", filler.len(), PROBE_MAX),
            Self::Chunk { bytes, .. } => long("chunk", bytes.len(), CHUNK_MAX),
            Self::Said { word, signature } => {
                long("word", word.len(), WORD_MAX)?;
                long("signature", signature.len(), SIGNATURE_MAX)
            }
            Self::KeyFrame { .. } => Ok(()),
            Self::Probed { .. } | Self::WantChunk { .. } => Ok(()),
        }
    }
}

impl Message for Word {
    fn bounded(&self) -> Result<(), WireError> {
        Ok(())
    }
}

impl Message for Bundle {
    fn bounded(&self) -> Result<(), WireError> {
        long("entry", self.entry.len(), ENTRY_MAX)?;
        all_bodies(&self.bodies)
    }
}

fn all_bundles(bundles: &[Bundle]) -> Result<(), WireError> {
    many("entries", bundles.len(), ENTRIES_MAX)?;
    bundles.iter().try_for_each(Bundle::bounded)
}

fn all_bodies(bodies: &[ByteVec]) -> Result<(), WireError> {
    many("bodies", bodies.len(), BODIES_MAX)?;
    bodies.iter().try_for_each(|body| long("body", body.len(), BODY_MAX))
}

fn many(what: &'static str, len: usize, most: usize) -> Result<(), WireError> {
    if len > most { Err(WireError::TooMany { what, most }) } else { Ok(()) }
}

fn long(what: &'static str, len: usize, most: usize) -> Result<(), WireError> {
    if len > most { Err(WireError::TooLong { what, most }) } else { Ok(()) }
}

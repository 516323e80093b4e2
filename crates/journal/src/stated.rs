//! Statements on their way to proof: [`Statement`] (a claim) → [`SignedStatement`] (bytes) → [`UnverifiedStatement`] →
//! [`VerifiedStatement`].

use crate::canonical;
use crate::entry::BodyRef;
use crate::limits::{
    BODY_MAX, CHUNKS_MAX, CIRCLES_MAX, CONTENT_MAX, GENERATION_MAX, MEMBERS_MAX, MISSED_MAX, NODES_MAX, PARTIES_MAX,
    READERS_MAX, SHOWN_MAX, STATEMENT_MAX, TRANSLATION_MAX,
};
use crate::statement::{Act, Statement};
use crate::writing::Kind;
use std::sync::{Arc, OnceLock};
use trialogue_charter::cose::Signed1;
use trialogue_charter::text::{Form, refuse};
use trialogue_charter::{Device, DeviceId, DeviceSecret, Hash};

/// Bytes of a statement as signed by its console: COSE_Sign1 (RFC 9052 §4.2) with the domain `trialogue statement 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement(pub Vec<u8>);

/// A statement whose form was checked and whose signature was not. Cheap to clone: whoever needs it hands it on, so
/// that it is read once on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedStatement(Arc<Read>);

/// A statement of the device that signed it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStatement(Arc<Read>);

#[derive(Debug)]
struct Read {
    signed: Signed1,
    statement: Statement,
    /// The key under which the signature was seen to hold. Nothing but the key and the bytes decides that, so a second
    /// fold that is handed the same value asks the key and not the signature.
    holds: OnceLock<[u8; 32]>,
}

/// By the bytes: the rest follows from them.
impl PartialEq for Read {
    fn eq(&self, other: &Self) -> bool {
        self.signed == other.signed
    }
}

impl Eq for Read {}

/// Why bytes are not a statement that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Over the bound, or not the one encoding of a statement.
    #[error("not a statement in its deterministic form; the console is faulty or runs another version")]
    Malformed,
    /// It is another device's.
    #[error("the statement is another device's; the console is faulty")]
    OtherDevice,
    /// The device did not sign it.
    #[error("the device's signature on the statement does not hold; whoever sent it may have forged it")]
    Signature,
}

impl Statement {
    /// What is signed: deterministic CBOR.
    pub fn payload(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Signs with the device's key (its Ed25519 half).
    pub fn sign(&self, device: &DeviceSecret) -> SignedStatement {
        SignedStatement(device.sign_statement(&self.payload()))
    }

    /// The bodies that it refers to.
    pub fn bodies(&self) -> impl Iterator<Item = &BodyRef> {
        let (offers, pair) = match &self.act {
            Act::Ring { offers, .. } | Act::Answer { offers, .. } => (offers.as_slice(), [None, None]),
            Act::Handshake { commit, welcome, .. } => ([].as_slice(), [commit.as_ref(), welcome.as_ref()]),
            Act::Stock { package } => ([].as_slice(), [Some(package), None]),
            Act::Tags { secrets, .. } => ([].as_slice(), [Some(secrets), None]),
            Act::Circle { welcome, .. } => ([].as_slice(), [Some(welcome), None]),
            Act::Write { written } => ([].as_slice(), [Some(&written.content), written.attached.as_ref()]),
            _ => ([].as_slice(), [None, None]),
        };
        offers.iter().map(|offer| &offer.package).chain(pair.into_iter().flatten())
    }

    /// Bounds and order that the types do not hold by themselves.
    fn bounded(&self) -> bool {
        let listed = match &self.act {
            Act::Ring { offers, .. } | Act::Answer { offers, .. } => {
                offers.len() <= NODES_MAX && offers.is_sorted_by(|a, b| a.node < b.node)
            }
            Act::Attach { offers, word, .. } => {
                offers.len() <= NODES_MAX
                    && offers.is_sorted_by(|a, b| a.node < b.node)
                    && offers.iter().all(|offer| offer.package.len as usize <= BODY_MAX)
                    && word.lists().iter().all(|list| list.len() <= PARTIES_MAX && list.is_sorted_by(|a, b| a < b))
            }
            Act::Handshake { epoch, commit, welcome, added, removed, .. } => {
                let distinct = |devices: &[DeviceId]| {
                    devices.len() <= MEMBERS_MAX
                        && devices.iter().enumerate().all(|(at, device)| !devices[..at].contains(device))
                        && !devices.contains(&self.device)
                };
                distinct(added)
                    && distinct(removed)
                    && welcome.is_some() != added.is_empty()
                    && (*epoch == 0 || commit.is_some())
            }
            Act::Tags { generation, .. } => *generation <= GENERATION_MAX,
            Act::Ready { with } => with.len() <= PARTIES_MAX && with.is_sorted_by(|a, b| a < b),
            Act::StationTested { results } => {
                let known = results.iter().all(|r| r.quality.is_none_or(|quality| (100..=500).contains(&quality)));
                let sorted = results.is_sorted_by(|a, b| a.party < b.party);
                known && sorted && !results.is_empty() && results.len() <= PARTIES_MAX
            }
            Act::Certify { translation, .. } => refuse(translation, Form::Line, TRANSLATION_MAX).is_ok(),
            Act::Circle { readers, .. } => {
                let once = readers.iter().enumerate().all(|(at, device)| !readers[..at].contains(device));
                once && !readers.is_empty() && readers.len() <= READERS_MAX && !readers.contains(&self.device)
            }
            Act::Write { written } => {
                let keys = written.keys.is_sorted_by(|a, b| a.circle < b.circle) && !written.keys.is_empty();
                let about = match written.kind {
                    Kind::Translation | Kind::ReadBack => written.about.is_some(),
                    Kind::Message | Kind::Readout => true,
                };
                let asks = written.answer_by_ms.is_none() || written.kind == Kind::Message;
                let sized = written.content.len as usize <= CONTENT_MAX;
                let attached = written.attached.as_ref().is_none_or(|list| {
                    let (count, rest) = (list.len as usize / Hash::LEN, list.len as usize % Hash::LEN);
                    written.kind == Kind::Message && rest == 0 && (1..=CHUNKS_MAX).contains(&count)
                });
                keys && written.keys.len() <= CIRCLES_MAX && about && asks && sized && attached
            }
            Act::Shown { writings } | Act::Archive { writings, .. } => {
                !writings.is_empty() && writings.len() <= SHOWN_MAX && writings.is_sorted_by(|a, b| a < b)
            }
            Act::Dismiss { calls, .. } => {
                !calls.is_empty() && calls.len() <= MISSED_MAX && calls.is_sorted_by(|a, b| a < b)
            }
            Act::ComeOn { with } => !with.is_empty() && with.len() <= PARTIES_MAX && with.is_sorted_by(|a, b| a < b),
            _ => true,
        };
        listed && self.bodies().all(|body| body.len as usize <= BODY_MAX)
    }
}

impl UnverifiedStatement {
    /// Reads a signed statement without believing it.
    ///
    /// # Errors
    /// When it is too large, or not the one encoding of a statement.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > STATEMENT_MAX {
            return Err(StatementError::Malformed);
        }
        let signed = Signed1::parse(bytes).map_err(|_| StatementError::Malformed)?;
        let statement: Statement = canonical::decode(signed.payload()).ok_or(StatementError::Malformed)?;
        if !statement.bounded() {
            return Err(StatementError::Malformed);
        }
        Ok(Self(Arc::new(Read { signed, statement, holds: OnceLock::new() })))
    }

    /// What it claims.
    pub fn claim(&self) -> &Statement {
        &self.0.statement
    }

    /// SHA-384 of what is signed, by which others name it.
    pub fn hash(&self) -> Hash {
        Hash::of(self.0.signed.payload())
    }

    /// The signed bytes, as an entry carries them.
    pub fn bytes(&self) -> &[u8] {
        self.0.signed.bytes()
    }

    /// The statement, if this device signed it.
    ///
    /// # Errors
    /// When it is another device's, or the signature does not hold.
    pub fn verify(&self, device: &Device) -> Result<VerifiedStatement, StatementError> {
        if device.id != self.claim().device {
            return Err(StatementError::OtherDevice);
        }
        if self.0.holds.get() != Some(&device.ed25519) {
            if !device.stated(&self.0.signed) {
                return Err(StatementError::Signature);
            }
            // One of another key is there only where two devices have one id.
            let _ = self.0.holds.set(device.ed25519);
        }
        Ok(VerifiedStatement(self.0.clone()))
    }
}

impl std::ops::Deref for VerifiedStatement {
    type Target = Statement;

    fn deref(&self) -> &Statement {
        &self.0.statement
    }
}

impl VerifiedStatement {
    /// As it was before it was verified, for an entry that carries it.
    pub fn read(&self) -> UnverifiedStatement {
        UnverifiedStatement(self.0.clone())
    }
}

//! What a party's security officer asks its own node: signed by the party's root, for one node and one of its nonces.

use crate::canonical;
use crate::cose::{Algorithm, Fault, Many, OpenError, domain};
use crate::device::{Device, DeviceCertificate};
use crate::ids::{DeviceId, NodeId, PartyId};
use crate::key::HybridSecret;
use crate::limits::{OFFICER_MAX, PROOFS_MAX};
use crate::revocation::Revocation;
use crate::verified::VerifiedCharter;
use minicbor::{Decode, Encode};

/// What the officer wants done.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum OfficerAct {
    /// Tell all devices that were ever enrolled at the node.
    #[n(0)]
    #[cbor(map)]
    Devices,
    /// Take a revocation into the journal.
    #[n(1)]
    #[cbor(map)]
    Revoke {
        /// A signed [`crate::Revocation`], which counts at every node by itself.
        #[cbor(n(1), with = "minicbor::bytes")]
        revocation: Vec<u8>,
    },
    /// Show what proves who has these devices, and which of them are revoked.
    #[n(2)]
    #[cbor(map)]
    Proofs {
        /// At most [`PROOFS_MAX`].
        #[n(1)]
        devices: Vec<DeviceId>,
    },
}

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OfficerRequest {
    /// Whose officer; this party's root signs.
    #[n(1)]
    pub party: PartyId,
    /// The node that is asked: a node of the same party takes no request that was made for another.
    #[n(2)]
    pub node: NodeId,
    /// 32 bytes that the node gave a moment ago; it takes each once.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// What.
    #[n(4)]
    pub act: OfficerAct,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficerError {
    /// Not such bytes.
    #[error("this is not a security officer's request: {0}")]
    Open(#[from] OpenError),
    /// The content is not deterministic CBOR of this format.
    #[error("the content is not in the one form that signatures are made for: use the officer's page of this node")]
    NotCanonical,
    /// For another node.
    #[error("the request was made for node {0}, not for this one: open the officer's page of this node and ask again")]
    OtherNode(NodeId),
    /// Of another party.
    #[error("party {0} does not run this node: only the root of the party that runs a node may ask it")]
    OtherParty(PartyId),
    /// Over [`PROOFS_MAX`].
    #[error("the request names {0} devices, and at most {PROOFS_MAX} are answered: ask in parts")]
    TooMany(usize),
    /// The root did not sign it.
    #[error("the {0} signature of the party's root on the request is {1}: ask again with the party's root key")]
    Root(Algorithm, Fault),
}

/// A request of which nothing is proven yet.
pub struct ClaimedRequest {
    signed: Many,
    claims: OfficerRequest,
}

impl OfficerRequest {
    /// The signed request.
    pub fn sign(&self, root: &HybridSecret) -> Vec<u8> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign(domain::OFFICER, self.party.as_str().as_bytes(), root);
        signed.encode()
    }
}

impl ClaimedRequest {
    /// Reads at most [`OFFICER_MAX`] bytes.
    ///
    /// # Errors
    /// When they are no request.
    pub fn decode(bytes: &[u8]) -> Result<Self, OfficerError> {
        let signed = Many::decode(bytes, OFFICER_MAX)?;
        let claims = canonical::decode(signed.payload()).ok_or(OfficerError::NotCanonical)?;
        Ok(Self { signed, claims })
    }

    /// The nonce that it claims to answer: whether the node gave it is cheaper to tell than whether the signatures
    /// hold.
    pub fn nonce(&self) -> &[u8; 32] {
        &self.claims.nonce
    }

    /// Verifies it at `node` against the root of the party that runs this node.
    ///
    /// # Errors
    /// When it is for another node, of another party, or not signed by the root with both algorithms.
    pub fn verify(self, charter: &VerifiedCharter, node: &NodeId) -> Result<OfficerRequest, OfficerError> {
        let Self { signed, claims } = self;
        if claims.node != *node {
            return Err(OfficerError::OtherNode(claims.node));
        }
        let party = charter.party_of_node(node).filter(|party| party.id == claims.party);
        let party = party.ok_or_else(|| OfficerError::OtherParty(claims.party.clone()))?;
        let kid = party.id.as_str().as_bytes();
        signed.check_only(domain::OFFICER, kid, &party.root).map_err(|(a, fault)| OfficerError::Root(a, fault))?;
        if let OfficerAct::Proofs { devices } = &claims.act
            && devices.len() > PROOFS_MAX
        {
            return Err(OfficerError::TooMany(devices.len()));
        }
        Ok(claims)
    }
}

/// What a node shows of a device. The officer takes nothing of it before [`DeviceProof::check`]: a revocation is for
/// good, and the officer shall revoke the device of whom the list names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceProof {
    /// Its certificate; none: the node has none.
    pub certificate: Option<Vec<u8>>,
    /// The revocation that stands in a journal; none: the node knows of none.
    pub revocation: Option<Vec<u8>>,
}

/// What is proven of a device of the officer's party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// What its certificate says, under the party's root in force; none: nothing is proven.
    pub device: Option<Device>,
    /// The party's root has revoked it.
    pub revoked: bool,
}

impl DeviceProof {
    /// What it proves of `device` of `party`.
    pub fn check(&self, charter: &VerifiedCharter, party: &PartyId, device: &DeviceId) -> Proven {
        let certified = self.certificate.as_deref().and_then(|bytes| DeviceCertificate::verify(charter, bytes).ok());
        let revocation = self.revocation.as_deref().and_then(|bytes| Revocation::open(charter, bytes).ok());
        Proven {
            device: certified.filter(|certified| certified.party == *party && certified.id == *device),
            revoked: revocation.is_some_and(|said| said.party == *party && said.device == *device),
        }
    }
}

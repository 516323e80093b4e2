//! What a party's security officer asks its own node: signed by the party's root, for one node and one of its nonces.

use crate::canonical;
use crate::cose::{Algorithm, Fault, Many, OpenError, domain};
use crate::ids::{NodeId, PartyId};
use crate::key::HybridSecret;
use crate::limits::OFFICER_MAX;
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

    /// The nonce that it claims to answer: whether the node gave it is cheaper to tell than whether the signatures hold.
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
        Ok(claims)
    }
}

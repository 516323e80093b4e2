//! Secret key files: 32-byte seeds in hex.

use super::lines::{BadKeyFile, Lines, seed};
use crate::ids::{NodeId, PartyId};
use crate::key::HybridSecret;
use zeroize::Zeroizing;

/// `root.key`: a party's root, kept by its security officer, never on a node.
#[derive(Clone)]
pub struct RootSecret {
    /// Whose.
    pub party: PartyId,
    /// The key.
    pub key: HybridSecret,
}

/// `node.key`: a node's keys, kept on the node.
#[derive(Clone)]
pub struct NodeSecret {
    /// Which node.
    pub node: NodeId,
    /// Signs its journal.
    pub journal: HybridSecret,
    /// Shown on links: only its Ed25519 half is used ([`HybridSecret::ed25519_seed`]).
    pub link: HybridSecret,
}

const ROOT: &str = "trialogue root key 1";
const NODE: &str = "trialogue node key 1";

impl RootSecret {
    /// The file's text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(hex::encode(self.key.seed()));
        Zeroizing::new(format!(
            "{ROOT}\n# Whoever holds this file speaks for {party}. Keep it offline.\nparty: {party}\nseed: {seed}\n",
            party = self.party,
            seed = seed.as_str(),
        ))
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, BadKeyFile> {
        let mut lines = Lines::open(ROOT, text)?;
        let party = lines.take("party", |value| PartyId::new(value).ok())?;
        let seed = lines.take("seed", seed)?;
        lines.end()?;
        Ok(Self { party, key: HybridSecret::from_seed(&seed) })
    }
}

impl NodeSecret {
    /// New keys from 64 bytes of entropy.
    pub fn generate(node: NodeId, entropy: &[u8; 64]) -> Self {
        let mut seeds = Zeroizing::new([[0; 32]; 2]);
        seeds[0].copy_from_slice(&entropy[..32]);
        seeds[1].copy_from_slice(&entropy[32..]);
        Self { node, journal: HybridSecret::from_seed(&seeds[0]), link: HybridSecret::from_seed(&seeds[1]) }
    }

    /// The file's text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let journal = Zeroizing::new(hex::encode(self.journal.seed()));
        let link = Zeroizing::new(hex::encode(self.link.seed()));
        Zeroizing::new(format!(
            "{NODE}\n# Whoever holds this file speaks for the node {node}.\nnode: {node}\njournal-seed: {journal}\nlink-seed: {link}\n",
            node = self.node,
            journal = journal.as_str(),
            link = link.as_str(),
        ))
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, BadKeyFile> {
        let mut lines = Lines::open(NODE, text)?;
        let node = lines.take("node", |value| NodeId::new(value).ok())?;
        let journal = lines.take("journal-seed", seed)?;
        let link = lines.take("link-seed", seed)?;
        lines.end()?;
        Ok(Self { node, journal: HybridSecret::from_seed(&journal), link: HybridSecret::from_seed(&link) })
    }
}

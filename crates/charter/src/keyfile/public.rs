//! Public key files: what a party hands to whoever drafts the charter.

use super::lines::{BadKeyFile, Lines, bytes};
use super::secret::{NodeSecret, RootSecret};
use crate::agreement::{HybridPublic, Node, Party, Texts};
use crate::ids::{NodeId, PartyId};
use crate::key::{ML_DSA_87_PUBLIC, ed25519_is_well_formed};
use crate::limits::{ADDRESSES_MAX, TEXT_MAX};
use crate::text::{Form, refuse};
use crate::validate::is_address;

/// `party.pub`: a party as the charter will have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyPublic(pub Party);

/// `node.pub`: a node as the charter will have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePublic(pub Node);

const PARTY: &str = "trialogue party 1";
const NODE: &str = "trialogue node 1";

impl PartyPublic {
    /// The public half of a root.
    pub fn of(root: &RootSecret, name: Texts) -> Self {
        Self(Party { id: root.party.clone(), name, root: root.key.public() })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let Party { id, name, root } = &self.0;
        format!(
            "{PARTY}\n# Fingerprint: {}\nparty: {id}\nname-en: {}\nname-ja: {}\nname-ko: {}\n{}",
            root.fingerprint(),
            name.en,
            name.ja,
            name.ko,
            hybrid("root", root),
        )
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, BadKeyFile> {
        let mut lines = Lines::open(PARTY, text)?;
        let id = lines.take("party", |value| PartyId::new(value).ok())?;
        let name = |value: &str| refuse(value, Form::Name, TEXT_MAX).ok().map(|()| value.to_owned());
        let name = Texts {
            en: lines.take("name-en", name)?,
            ja: lines.take("name-ja", name)?,
            ko: lines.take("name-ko", name)?,
        };
        let root = take_hybrid(&mut lines, "root")?;
        lines.end()?;
        Ok(Self(Party { id, name, root }))
    }
}

impl NodePublic {
    /// The public half of a node's keys, and where it is reached.
    pub fn of(secret: &NodeSecret, party: PartyId, addresses: Vec<String>) -> Self {
        let link = secret.link.public().ed25519;
        let (index, former, retired, last) = (0, Vec::new(), false, None);
        Self(Node {
            id: secret.node.clone(),
            party,
            journal: secret.journal.public(),
            link,
            addresses,
            index,
            former,
            retired,
            last,
            origins: Vec::new(),
        })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let Node { id, party, journal, link, addresses, .. } = &self.0;
        let addresses: String = addresses.iter().map(|address| format!("address: {address}\n")).collect();
        format!(
            "{NODE}\nnode: {id}\nparty: {party}\n{addresses}link-ed25519: {}\n{}",
            hex::encode(link),
            hybrid("journal", journal)
        )
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, BadKeyFile> {
        let mut lines = Lines::open(NODE, text)?;
        let id = lines.take("node", |value| NodeId::new(value).ok())?;
        let party = lines.take("party", |value| PartyId::new(value).ok())?;
        let mut addresses = Vec::new();
        while lines.has("address") && addresses.len() < ADDRESSES_MAX {
            addresses.push(lines.take("address", |value| is_address(value).then(|| value.to_owned()))?);
        }
        let link = lines.take("link-ed25519", ed25519)?;
        let journal = take_hybrid(&mut lines, "journal")?;
        lines.end()?;
        let (index, former, retired, last) = (0, Vec::new(), false, None);
        Ok(Self(Node { id, party, journal, link, addresses, index, former, retired, last, origins: Vec::new() }))
    }
}

/// A key that a charter can have.
fn ed25519(value: &str) -> Option<[u8; 32]> {
    bytes(value).filter(ed25519_is_well_formed)
}

pub(super) fn hybrid(what: &str, key: &HybridPublic) -> String {
    format!("{what}-ed25519: {}\n{what}-ml-dsa-87: {}\n", hex::encode(key.ed25519), hex::encode(&key.ml_dsa_87))
}

pub(super) fn take_hybrid(lines: &mut Lines<'_>, what: &str) -> Result<HybridPublic, BadKeyFile> {
    let ed25519 = lines.take(&format!("{what}-ed25519"), ed25519)?;
    let ml_dsa_87 = lines.take(&format!("{what}-ml-dsa-87"), bytes::<ML_DSA_87_PUBLIC>)?.to_vec();
    Ok(HybridPublic { ed25519, ml_dsa_87 })
}

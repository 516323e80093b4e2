//! A charter takes the place of another: who must have agreed, and what stays as it was whoever agrees.
//!
//! A node's pinned root keeps its own party's nodes from following a charter that the party never signed. This rule
//! keeps them from following one that *another* party never signed: nobody is put out, given another root, or outvoted
//! behind its back.

use crate::agreement::{Amending, Node};
use crate::ids::{NodeId, OfficeId, PartyId};
use crate::journal_key::Former;
use crate::limits::AMENDERS_MIN;
use crate::signed::{CharterError, UnverifiedCharter};
use crate::verified::VerifiedCharter;

/// What no amendment may do, whoever signs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// A node of a party that stays is not there any more: with its journal, revocations would be forgotten.
    #[error("node {0} is missing from the amendment although its party stays: keep it in the charter as retired")]
    NodeMissing(NodeId),
    /// A node is another party's now.
    #[error("node {0} belongs to another party in the amendment: retire it, and add a node with a new id")]
    NodeMoved(NodeId),
    /// A retired node serves again.
    #[error("node {0} is retired and the amendment brings it back: add a node with a new id")]
    NodeBack(NodeId),
    /// Indices are in key ids and datagrams of calls that go on.
    #[error(
        "node {node} has the index {index} in the amendment, which is not its own: `charter draft --amends` gives the right one"
    )]
    Index {
        /// Which node.
        node: NodeId,
        /// Its index there.
        index: u8,
    },
    /// Older entries of the node could not be verified any more.
    #[error(
        "the amendment does not name the former journal keys of node {0} with their last entries: `charter draft --amends` keeps them"
    )]
    FormerKeys(NodeId),
    /// An office is another party's now.
    #[error("office {0} belongs to another party in the amendment: give the new office a new id")]
    OfficeMoved(OfficeId),
}

impl VerifiedCharter {
    /// May this charter take the place of the one that is held? It is the same; or its serial is higher, those agreed
    /// who must, and nothing is in it that no amendment may do. Who must: every party of this charter, which verifying
    /// has shown; and every party of the one held with the root that it has there, also when it leaves or gets another
    /// root. Where the held charter says [`Amending::AllButOne`], one of them may be missing, if two others signed: a
    /// party alone drops nobody.
    ///
    /// # Errors
    /// What is wrong, with the remedy.
    pub fn supersedes(&self, held: &VerifiedCharter) -> Result<(), CharterError> {
        if self.serial < held.serial {
            return Err(CharterError::Older { offered: self.serial, held: held.serial });
        }
        if self.serial == held.serial {
            return if self.hash() == held.hash() { Ok(()) } else { Err(CharterError::Conflicting(self.serial)) };
        }
        self.is_agreed(held)?;
        Ok(self.keeps(held)?)
    }

    fn is_agreed(&self, held: &VerifiedCharter) -> Result<(), CharterError> {
        let signed = UnverifiedCharter::decode(self.bytes())?;
        let mut refused = held.parties.iter().filter_map(|party| Some((party.id.clone(), signed.agrees(party).err()?)));
        let Some((party, (algorithm, fault))) = refused.next() else { return Ok(()) };
        let rest = held.parties.len() - 1 - refused.count();
        let may = held.policy.amending == Amending::AllButOne && rest == held.parties.len() - 1 && rest >= AMENDERS_MIN;
        if may { Ok(()) } else { Err(CharterError::NotAgreed { party, algorithm, fault }) }
    }

    /// What stays as it was, whoever agrees.
    fn keeps(&self, held: &VerifiedCharter) -> Result<(), Breach> {
        for before in &held.nodes {
            match self.node(&before.id) {
                Some(now) => keeps_node(before, now)?,
                None if self.party(&before.party).is_some() => return Err(Breach::NodeMissing(before.id.clone())),
                None => {}
            }
        }
        for node in self.nodes.iter().filter(|node| held.node(&node.id).is_none()) {
            if held.node_at(node.index).is_some() {
                return Err(Breach::Index { node: node.id.clone(), index: node.index });
            }
        }
        let moved =
            |office: &&crate::Office| held.office(&office.id).is_some_and(|before| before.party != office.party);
        match self.offices.iter().find(moved) {
            Some(office) => Err(Breach::OfficeMoved(office.id.clone())),
            None => Ok(()),
        }
    }

    /// Parties of the charter in force whose signature on this draft, made with the root that they have there, is
    /// missing: what [`Self::supersedes`] will ask for.
    pub fn awaits(&self, draft: &UnverifiedCharter) -> Vec<PartyId> {
        self.parties.iter().filter(|party| draft.agrees(party).is_err()).map(|party| party.id.clone()).collect()
    }
}

fn keeps_node(before: &Node, now: &Node) -> Result<(), Breach> {
    let id = || now.id.clone();
    if before.party != now.party {
        return Err(Breach::NodeMoved(id()));
    }
    if before.retired && !now.retired {
        return Err(Breach::NodeBack(id()));
    }
    if before.index != now.index {
        return Err(Breach::Index { node: id(), index: now.index });
    }
    let rotated = before.journal != now.journal;
    // Where a key ended stays as it was said; where nobody has said it, this amendment must.
    let same = |before: &Former, now: &Former| {
        before.key == now.key && now.last.is_some() && (before.last.is_none() || before.last == now.last)
    };
    let pairs = || before.former.iter().zip(&now.former);
    let kept = now.former.len() >= before.former.len() && pairs().all(|(before, now)| same(before, now));
    let added = now.former.len().saturating_sub(before.former.len());
    // A reader that missed an amendment in between sees more than one new former key, the held one first.
    let first_is_held = now.former.get(before.former.len()).is_some_and(|former| former.key == before.journal.ed25519);
    let right = if rotated { first_is_held } else { added == 0 };
    let ended = before.last.is_none() || before.last == now.last;
    if kept && right && ended { Ok(()) } else { Err(Breach::FormerKeys(id())) }
}

//! Which charters of a file count: those that the auditor's leads to, upwards and downwards, step by step.

use crate::finding::Finding;
use crate::limits::CHARTERS_MAX;
use std::sync::Arc;
use trialogue_charter::cose::Many;
use trialogue_charter::limits::CHARTER_MAX;
use trialogue_charter::{Hash, HybridPublic, NodeId, UnverifiedCharter, VerifiedCharter};

pub(crate) struct Anchor {
    pinned: Arc<VerifiedCharter>,
    /// Those of the file that every one of their parties has signed, by serial, with the number of the item.
    offered: Vec<(u64, Arc<VerifiedCharter>)>,
    count: usize,
    /// The hash of the last one in the file, whatever else is wrong with it.
    last: Option<Hash>,
    /// From the oldest to the newest; the auditor's alone until [`Self::settle`].
    chain: Vec<Arc<VerifiedCharter>>,
    settled: bool,
}

impl Anchor {
    pub(crate) fn new(pinned: Arc<VerifiedCharter>) -> Self {
        Self { chain: vec![pinned.clone()], pinned, offered: Vec::new(), count: 0, last: None, settled: false }
    }

    /// A charter of the file. Each must hold by itself, whether it is needed or not.
    pub(crate) fn offer(&mut self, item: u64, bytes: &[u8]) -> Option<Finding> {
        let refused = |why: String| Some(Finding::Charter { item, why });
        self.count += 1;
        if self.count > CHARTERS_MAX {
            return refused("there are more than this program reads".to_owned());
        }
        if let Ok(signed) = Many::decode(bytes, CHARTER_MAX) {
            self.last = Some(Hash::of(signed.payload()));
        }
        let read = match UnverifiedCharter::decode(bytes) {
            Ok(read) => read,
            Err(why) => return refused(why.to_string()),
        };
        let charter = match read.verify(None) {
            Ok(charter) => charter,
            Err(why) => return refused(why.to_string()),
        };
        if self.offered.last().is_some_and(|(_, before)| before.serial >= charter.serial) {
            return Some(Finding::Order { item });
        }
        self.offered.push((item, Arc::new(charter)));
        None
    }

    /// All have come: which of them count?
    pub(crate) fn settle(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if std::mem::replace(&mut self.settled, true) {
            return findings;
        }
        let mut refused = |item: u64, why: String| findings.push(Finding::Charter { item, why });
        if self.count == 0 {
            refused(2, "there is none: the file does not say under what it was written".to_owned());
        }
        let mut chain = std::collections::VecDeque::from([self.pinned.clone()]);
        for (item, charter) in self.offered.iter().filter(|(_, charter)| charter.serial >= self.pinned.serial) {
            let Some(held) = chain.back() else { break };
            if charter.hash() == held.hash() {
                continue;
            }
            match charter.supersedes(held) {
                Ok(()) => chain.push_back(charter.clone()),
                Err(why) => {
                    refused(*item, why.to_string());
                    break;
                }
            }
        }
        for (item, charter) in self.offered.iter().rev().filter(|(_, charter)| charter.serial < self.pinned.serial) {
            let Some(next) = chain.front() else { break };
            match next.supersedes(charter) {
                Ok(()) => chain.push_front(charter.clone()),
                Err(why) => {
                    refused(*item, why.to_string());
                    break;
                }
            }
        }
        self.chain = chain.into();
        findings
    }

    /// The hash of the last one in the file, if one could be read.
    pub(crate) fn last(&self) -> Option<Hash> {
        self.last
    }

    /// The auditor's charter and all that it leads to, the oldest first.
    pub(crate) fn chain(&self) -> &[Arc<VerifiedCharter>] {
        &self.chain
    }

    /// Where a charter stands in the chain.
    pub(crate) fn place(&self, charter: &Hash) -> Option<usize> {
        self.chain.iter().position(|known| known.hash() == *charter)
    }

    /// Where the auditor's stands.
    pub(crate) fn pinned(&self) -> usize {
        self.place(&self.pinned.hash()).unwrap_or_default()
    }

    /// The newest of the chain: all journals are read under it.
    pub(crate) fn newest(&self) -> &Arc<VerifiedCharter> {
        self.chain.last().unwrap_or(&self.pinned)
    }

    /// The newest that has this node: of a party that left, an older one.
    pub(crate) fn with_node(&self, node: &NodeId) -> Option<&Arc<VerifiedCharter>> {
        self.chain.iter().rev().find(|charter| charter.node(node).is_some())
    }

    /// Every journal key that a charter of the chain gives the node, the newest first.
    pub(crate) fn keys<'a>(&'a self, node: &'a NodeId) -> impl Iterator<Item = &'a HybridPublic> {
        self.chain.iter().rev().filter_map(|charter| charter.node(node)).map(|node| &node.journal)
    }
}

//! A newer charter: stored, and everything around the machine brought in line with it.

use super::Control;
use crate::admin::Reply;
use crate::keys;
use crate::links::LinkSecret;
use crate::store::Write;
use crate::web::LinkStatus;
use std::sync::Arc;
use trialogue_charter::{UnverifiedCharter, VerifiedCharter};

impl Control {
    /// The operator installs a charter.
    pub(super) fn install(&mut self, charter: &str) -> Reply {
        match self.try_install(charter) {
            Ok(()) => {
                let (charter, links) = (self.machine.charter().clone(), self.links.len());
                Reply::Installed { serial: charter.serial, content: charter.hash().to_string(), links }
            }
            Err(why) => Reply::Refused { why },
        }
    }

    fn try_install(&mut self, charter: &str) -> Result<(), String> {
        let bytes =
            hex::decode(charter).map_err(|_| "the charter did not arrive as it was sent; ask again".to_owned())?;
        let offered = UnverifiedCharter::decode(&bytes).map_err(|error| error.to_string())?;
        let next = keys::next(&self.node_key).map_err(|error| error.to_string())?;
        let own = |charter: &trialogue_charter::Charter| charter.nodes.iter().find(|n| n.id == self.node).cloned();
        if let (Some(now), Some(then)) = (own(self.machine.charter()), own(offered.claims())) {
            let has = next.as_ref().is_some_and(|next| keys::is_of(next, &then));
            if !then.retired && (now.link != then.link || now.journal != then.journal) && !has {
                let path = keys::next_path(&self.node_key);
                return Err(format!(
                    "the charter names other keys for this node: put their key file at {} first",
                    path.display()
                ));
            }
        }
        let outcome = self.machine.amend(self.clock.now(), &bytes, next.map(|next| next.journal));
        self.drain();
        outcome.map_err(|error| error.to_string())
    }

    /// A neighbour has a charter that names other keys for this node: perhaps they have been put there since the start.
    pub(super) fn look_for_key(&mut self, charter: &[u8]) {
        match keys::next(&self.node_key) {
            Ok(Some(next)) => {
                if let Err(error) = self.machine.amend(self.clock.now(), charter, Some(next.journal)) {
                    tracing::error!(%error, "the charter that a neighbour gave is not followed");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the keys of the charter to come cannot be read"),
        }
    }

    /// A charter has taken effect in the machine.
    pub(super) fn charter_taken(&mut self, charter: &Arc<VerifiedCharter>) {
        let write = Write::Charter { serial: charter.serial, hash: charter.hash(), bytes: charter.bytes().to_vec() };
        if self.store.write(write).is_err() {
            self.counters.count("charter_not_kept");
            tracing::error!("the charter in force could not be stored: free space on the disk, then install it again");
        }
        self.charters.send_replace(charter.clone());
        self.indices.extend(charter.indices());
        self.media.nodes(charter.indices());
        let next = keys::next(&self.node_key).ok().flatten();
        let next = next.filter(|next| charter.node(&self.node).is_some_and(|own| keys::is_of(next, own)));
        let secret = next.as_ref().map(|next| LinkSecret(next.link.ed25519_seed()));
        if let Err(error) = self.amender.amend(charter, secret.as_ref()) {
            tracing::error!(%error, "links go on as before the newer charter");
        }
        if next.is_some()
            && let Err(error) = keys::promote(&self.node_key)
        {
            tracing::error!(%error, "the node's new key file could not take the place of the one before: move it there");
        }
        let others = charter.in_service().filter(|node| node.id != self.node && charter.serves(&self.node));
        let others: Vec<String> = others.map(|node| node.id.to_string()).collect();
        self.status.change(|status| {
            status.links.retain(|link| others.contains(&link.node));
            for node in others {
                if status.links.iter().all(|link| link.node != node) {
                    status.links.push(LinkStatus::of(node));
                }
            }
            status.links.sort_by(|a, b| a.node.cmp(&b.node));
        });
    }
}

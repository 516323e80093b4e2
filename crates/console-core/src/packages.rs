//! Key packages for rings and answers, made ahead while nothing else happens: a post-quantum one costs tens of
//! milliseconds.

use crate::console::Console;
use crate::engage::Offer;
use crate::io::Event;
use crate::limits::STOCK_US;
use std::collections::BTreeMap;
use trialogue_charter::NodeId;
use trialogue_journal::fold::Participant;
use trialogue_journal::{BodyRef, KeyOffer};

impl Console {
    /// One key package per node of the charter are held ready.
    fn stock_wanted(&self) -> usize {
        self.charter.as_ref().map_or(0, |charter| charter.in_service().count())
    }

    /// Makes one key package, if some are missing.
    pub(crate) fn stock_package(&mut self) {
        let wanted = self.stock_wanted();
        if self.stock_next_us().is_none_or(|at| at > self.now_us) {
            return;
        }
        let Some(keys) = &mut self.keys else { return };
        if keys.stock.len() < wanted {
            match keys.ring.key_package() {
                Ok(package) => keys.stock.push_back(package),
                Err(error) => {
                    keys.stock_broken = true;
                    self.log(Event::BadHandshake { step: "key package", why: error.to_string() });
                }
            }
        }
    }

    /// One package per tick, at once: the platform's other events come between ticks. In a call only when its keys have
    /// been complete for
    /// [`STOCK_US`]: another may just be coming in, and waits for this console's work.
    pub(crate) fn stock_next_us(&self) -> Option<u64> {
        let keys = self.keys.as_ref()?;
        if !self.sites.is_up() || keys.stock_broken || keys.stock.len() >= self.stock_wanted() {
            return None;
        }
        match &self.call {
            None => Some(self.now_us),
            Some(_) if keys.ready > 0 => Some(self.now_us.max(keys.ready_us + STOCK_US)),
            Some(_) => None,
        }
    }

    /// Offers for all nodes of the charter but those in `keep`, whose present offers stay.
    pub(crate) fn fresh_offers(&mut self, mut keep: BTreeMap<NodeId, Offer>) -> BTreeMap<NodeId, Offer> {
        let since_us = self.now_us;
        let (Some(charter), Some(keys)) = (self.charter.clone(), &mut self.keys) else { return keep };
        for node in charter.in_service() {
            if keep.contains_key(&node.id) {
                continue;
            }
            let Some(body) = keys.stock.pop_front().or_else(|| keys.ring.key_package().ok()) else { continue };
            if let Some(package) = BodyRef::of(&body) {
                keys.offer(package.hash, node.id.clone());
                keep.insert(node.id.clone(), Offer { package, body, used: false, since_us, in_a_row: 0 });
            }
        }
        keep
    }
}

/// Is it the one that the journal has of a console that is in?
pub(crate) fn is_shown(own: &Participant, node: &NodeId, offer: &Offer) -> bool {
    own.offers.get(node) == Some(&offer.package)
}

/// As a statement lists them (sorted by node), and the bodies beside it.
pub(crate) fn listed(offers: &BTreeMap<NodeId, Offer>) -> (Vec<KeyOffer>, Vec<Vec<u8>>) {
    let list = offers.iter().map(|(node, offer)| KeyOffer { node: node.clone(), package: offer.package.clone() });
    (list.collect(), offers.values().map(|offer| offer.body.clone()).collect())
}

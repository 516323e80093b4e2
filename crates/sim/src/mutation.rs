//! Safeguards that are taken away, one at a time, to see that the invariants notice. Each is taken away where a node
//! meets the world: the nodes themselves carry no switch for it.

use crate::world::World;
use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::LinkMessage;

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    /// Copies of a packet cannot be told from it: each arrives under a number of its own.
    NoDedupe,
    /// The disk says that it has synced, and has not.
    ForgottenFsync,
    /// Whatever claims to be an entry of a node is taken for one.
    NoSignatureCheck,
    /// Entries count as written before they are.
    AckBeforeAppend,
    /// A ring's time runs from what the ringer's clock said.
    ExpiryByRingersClock,
    /// A node passes on whatever comes over a link to all its other links.
    RelayLoop,
    /// What little room there is goes to pictures.
    PicturesFirst,
    /// A media worker goes on sealing under the first key that it was given. This and the following are of real
    /// consoles.
    KeepsSealing,
    /// A media worker opens for ever what it could open once.
    ForgottenForget,
    /// A console is not told that its media worker is another one, which goes on under the key of the one before.
    UntoldWorker,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NoDedupe,
        Self::ForgottenFsync,
        Self::NoSignatureCheck,
        Self::AckBeforeAppend,
        Self::ExpiryByRingersClock,
        Self::RelayLoop,
        Self::PicturesFirst,
        Self::KeepsSealing,
        Self::ForgottenForget,
        Self::UntoldWorker,
    ];

    /// The one of this name, as `Debug` writes it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mutation| format!("{mutation:?}").eq_ignore_ascii_case(name))
    }
}

impl World {
    /// A safeguard is missing from now on, to see that its loss is noticed.
    pub(crate) fn without(&mut self, mutation: Option<Mutation>) {
        self.mutation = mutation;
        match mutation {
            Some(Mutation::NoDedupe) => self.media.renumber(),
            Some(Mutation::PicturesFirst) => self.media.swap_media(),
            _ => {}
        }
    }

    /// A link message as a node without some safeguard takes it.
    pub(crate) fn mutate_message(&mut self, to: usize, bytes: Vec<u8>) -> Vec<u8> {
        let concerns = matches!(self.mutation, Some(Mutation::NoSignatureCheck | Mutation::ExpiryByRingersClock));
        if !concerns {
            return bytes;
        }
        let Ok(LinkMessage::Entries { mut bundles }) = trialogue_wire::decode(&bytes) else { return bytes };
        if self.mutation == Some(Mutation::NoSignatureCheck) {
            bundles.iter_mut().for_each(|bundle| self.believe(bundle));
            return trialogue_wire::encode(&LinkMessage::Entries { bundles });
        }
        let late_ms = bundles.iter().filter_map(|bundle| self.late(to, bundle)).max().unwrap_or(0);
        self.nodes[to].ahead_us += late_ms * 1_000;
        bytes
    }

    /// A forged entry gets the signature that nobody looks for.
    fn believe(&self, bundle: &mut Bundle) {
        if VerifiedEntry::open(&bundle.entry, &self.fixture.charter).is_ok() {
            return;
        }
        let Ok(forged) = UnverifiedEntry::decode(&bundle.entry) else { return };
        let claim = forged.claim();
        if let Some(site) = self.fixture.sites.iter().find(|site| site.node == claim.node) {
            bundle.entry = claim.sign(&site.journal).0;
        }
    }

    /// How long ago a ring was made, if it is believed what its node's clock says, in milliseconds; never more than a
    /// minute.
    fn late(&self, to: usize, bundle: &Bundle) -> Option<u64> {
        let entry = UnverifiedEntry::decode(&bundle.entry).ok()?;
        let Body::Stated { statement } = &entry.claim().body else { return None };
        let statement = UnverifiedStatement::decode(statement).ok()?;
        let Act::Ring { .. } = statement.claim().act else { return None };
        let own_ms = self.agenda.wall_ms().saturating_add_signed(self.nodes[to].wall_off_ms);
        Some(own_ms.saturating_sub(entry.claim().time_ms).min(60_000))
    }
}

//! Safeguards that are taken away, one at a time, to see that the invariants notice. Each is taken away where a node
//! meets the world: the nodes themselves carry no switch for it.

use crate::fixture::Fixture;
use crate::node::SimNode;
use crate::runner::{Consoles, Life};
use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;
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
    /// A platform says that it has kept what a console wants kept, and has not.
    ForgottenKeep,
    /// Some consoles are not told that somebody is held no more.
    UntoldRelease,
    /// Some consoles are not told that a party is ready on a staged line.
    UntoldReady,
    /// Some consoles are not told which others cannot sound a ring.
    UntoldSoundless,
    /// Some consoles are not told which rings their party has missed.
    UntoldMissed,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 15] = [
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
        Self::ForgottenKeep,
        Self::UntoldRelease,
        Self::UntoldReady,
        Self::UntoldSoundless,
        Self::UntoldMissed,
    ];

    /// The one of this name, as `Debug` writes it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mutation| format!("{mutation:?}").eq_ignore_ascii_case(name))
    }

    /// In which networks its loss is noticed.
    pub fn consoles(self) -> Consoles {
        match self {
            Self::NoDedupe
            | Self::ForgottenFsync
            | Self::NoSignatureCheck
            | Self::AckBeforeAppend
            | Self::ExpiryByRingersClock
            | Self::RelayLoop
            | Self::PicturesFirst => Consoles::Modelled,
            Self::KeepsSealing
            | Self::ForgottenForget
            | Self::UntoldWorker
            | Self::ForgottenKeep
            | Self::UntoldRelease
            | Self::UntoldReady
            | Self::UntoldSoundless
            | Self::UntoldMissed => Consoles::Real(Life::Long),
        }
    }

    /// The promises that it is about, by words of theirs: one of them breaks.
    pub fn promises(self) -> &'static [&'static str] {
        match self {
            Self::NoDedupe => &["twice"],
            Self::ForgottenFsync | Self::AckBeforeAppend => &["on disk", "had acknowledged"],
            Self::NoSignatureCheck => &["never signed"],
            Self::ExpiryByRingersClock => &["expire", "sounds", "has not come"],
            Self::RelayLoop => &["datagrams"],
            Self::PicturesFirst => &["reached", "has not heard"],
            Self::KeepsSealing => {
                &["whoever can open what a console seals", "nobody seals for longer", "whoever is held"]
            }
            Self::ForgottenForget => &["nobody keeps for longer"],
            Self::UntoldWorker => &["one media worker alone"],
            Self::ForgottenKeep => &["everybody on the line sees the same messages", "nothing is lost"],
            // Whoever takes somebody for held opens nothing of theirs: one of the two is seen first.
            Self::UntoldRelease => {
                &["a console shows whom somebody in a call reaches as its node has it", "is opened by"]
            }
            Self::UntoldReady => &["principals are on once their parties are ready"],
            Self::UntoldSoundless => &["who would hear a ring at a party shows alike at all"],
            Self::UntoldMissed => &["a ring that nobody answered shows at every console of who was rung"],
        }
    }

    /// A link message as a node without this safeguard takes it, and by how much its clock is moved, in milliseconds.
    pub(crate) fn tamper(self, node: &SimNode, bytes: Vec<u8>, fixture: &Fixture, wall_ms: u64) -> (Vec<u8>, u64) {
        if !matches!(self, Self::NoSignatureCheck | Self::ExpiryByRingersClock) {
            return (bytes, 0);
        }
        let Ok(LinkMessage::Entries { mut bundles }) = trialogue_wire::decode(&bytes) else { return (bytes, 0) };
        if self == Self::NoSignatureCheck {
            bundles.iter_mut().for_each(|bundle| believe(bundle, fixture));
            return (trialogue_wire::encode(&LinkMessage::Entries { bundles }), 0);
        }
        let own_ms = wall_ms.saturating_add_signed(node.wall_off_ms);
        let late_ms = bundles.iter().filter_map(|bundle| late_ms(own_ms, bundle)).max().unwrap_or(0);
        (bytes, late_ms)
    }

    /// What a node tells a console, without what is withheld from it.
    pub(crate) fn withhold(self, bytes: Vec<u8>) -> Vec<u8> {
        if !matches!(self, Self::UntoldRelease | Self::UntoldReady | Self::UntoldSoundless | Self::UntoldMissed) {
            return bytes;
        }
        let Ok(ToConsole::Entries { mut bundles }) = trialogue_wire::decode(&bytes) else { return bytes };
        bundles.retain(|bundle| !self.withholds(&bundle.entry));
        trialogue_wire::encode(&ToConsole::Entries { bundles })
    }

    fn withholds(self, entry: &[u8]) -> bool {
        match self {
            Self::UntoldRelease => matches!(stated(entry), Some(Act::Hold { on: false, .. })),
            Self::UntoldReady => matches!(stated(entry), Some(Act::Ready { with }) if !with.is_empty()),
            Self::UntoldSoundless => matches!(body(entry), Some(Body::Soundless { .. })),
            Self::UntoldMissed => matches!(body(entry), Some(Body::Missed { .. })),
            _ => false,
        }
    }
}

/// What an entry says.
fn body(entry: &[u8]) -> Option<Body> {
    Some(UnverifiedEntry::decode(entry).ok()?.claim().body.clone())
}

/// What a device states in an entry.
fn stated(entry: &[u8]) -> Option<Act> {
    let Body::Stated { statement } = body(entry)? else { return None };
    Some(UnverifiedStatement::decode(&statement).ok()?.claim().act.clone())
}

/// A forged entry gets the signature that nobody looks for.
fn believe(bundle: &mut Bundle, fixture: &Fixture) {
    if VerifiedEntry::open(&bundle.entry, &fixture.charter).is_ok() {
        return;
    }
    let Ok(forged) = UnverifiedEntry::decode(&bundle.entry) else { return };
    let claim = forged.claim();
    if let Some(site) = fixture.sites.iter().find(|site| site.node == claim.node) {
        bundle.entry = claim.sign(&site.journal).0;
    }
}

/// How long ago a ring was made, if it is believed what its node's clock says, in milliseconds; never more than a
/// minute.
fn late_ms(own_ms: u64, bundle: &Bundle) -> Option<u64> {
    let Act::Ring { .. } = stated(&bundle.entry)? else { return None };
    let entry = UnverifiedEntry::decode(&bundle.entry).ok()?;
    Some(own_ms.saturating_sub(entry.claim().time_ms).min(60_000))
}

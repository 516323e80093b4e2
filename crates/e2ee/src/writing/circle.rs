//! Making and joining a circle.

use crate::chance::{Chance, NoChance};
use crate::groups::{Expected, Invite, Keyring, KeyringError};
use trialogue_charter::{DeviceId, Suite};
use trialogue_journal::GroupId;
use zeroize::Zeroizing;

/// Label of the exporter (RFC 9420 §8.5) from which a circle's key comes.
pub(crate) const LABEL: &str = "trialogue written 1";

/// The one epoch of a circle: whoever makes it adds all readers by its first commit.
const EPOCH: u64 = 1;

/// What members of a circle share. No `Debug`; wiped when dropped.
#[derive(Clone)]
pub struct CircleKey(pub(crate) Zeroizing<[u8; 32]>);

impl CircleKey {
    /// From what was kept under seal.
    #[must_use]
    pub fn from_kept(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// To be kept under seal.
    #[must_use]
    pub fn to_keep(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }
}

/// A circle that this console has made.
pub struct CircleMade {
    /// For the readers.
    pub welcome: Vec<u8>,
    /// Who reads, in the order of their leaves.
    pub readers: Vec<DeviceId>,
    /// Its key.
    pub key: CircleKey,
    /// Who was left out, and why.
    pub refused: Vec<(DeviceId, KeyringError)>,
}

/// A circle that this console was let into.
pub struct CircleJoined {
    /// Everyone in it but its maker, sorted.
    pub readers: Vec<DeviceId>,
    /// Its key.
    pub key: CircleKey,
}

/// One device's keys for what is written: key packages by which others let it read, and circles, each of which lasts
/// for as long as it takes to make or join it. No `Debug`.
pub struct WritingKeys(pub(super) Keyring);

impl WritingKeys {
    /// Without key packages. `seed` is the device's seed for the signature scheme of the suite, as in [`Keyring::new`].
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn new(suite: Suite, device: DeviceId, seed: &[u8; 32], chance: &mut Chance) -> Result<Self, NoChance> {
        Keyring::new(suite, device, seed, chance).map(Self)
    }

    /// Public signature key that its key packages carry.
    #[must_use]
    pub fn signature_key(&self) -> &[u8] {
        self.0.signature_key()
    }

    /// Makes a circle of these readers. A key package that does not verify is left out and reported.
    ///
    /// # Errors
    /// When nobody is left, or the platform has no random numbers.
    pub fn make_circle(&mut self, circle: GroupId, readers: &[Invite<'_>]) -> Result<CircleMade, KeyringError> {
        self.0.create(circle)?;
        let made = self.fill_circle(&circle, readers);
        self.0.drop_group(&circle);
        made
    }

    fn fill_circle(&mut self, circle: &GroupId, readers: &[Invite<'_>]) -> Result<CircleMade, KeyringError> {
        let pending = self.0.add_and_remove(circle, readers, &[])?;
        let welcome = pending.welcome.ok_or(KeyringError::NothingToChange)?;
        self.0.confirm(circle)?;
        let key = CircleKey(self.circle_secret(circle)?);
        Ok(CircleMade { welcome, readers: pending.added, key, refused: pending.refused })
    }

    /// Joins the circle that `by` has made by its welcome; the key package stays for other writers.
    ///
    /// # Errors
    /// When the welcome is for others or for another circle, by somebody else, or does not hold.
    pub fn join_circle(
        &mut self,
        circle: &GroupId,
        by: &DeviceId,
        welcome: &[u8],
    ) -> Result<CircleJoined, KeyringError> {
        self.0.join_by_stock(welcome, &Expected { group: *circle, epoch: EPOCH, by: *by, packages: &[] })?;
        let members = self.0.members(circle);
        let secret = self.circle_secret(circle);
        self.0.drop_group(circle);
        let mut readers: Vec<DeviceId> = members?.into_iter().map(|leaf| leaf.device).collect();
        readers.retain(|device| device != by);
        readers.sort_unstable();
        Ok(CircleJoined { readers, key: CircleKey(secret?) })
    }

    fn circle_secret(&self, circle: &GroupId) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        self.0.export(circle, LABEL, &circle.0)
    }
}

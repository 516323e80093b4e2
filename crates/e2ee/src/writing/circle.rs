//! Making and joining a circle.

use crate::groups::{Expected, Invite, Keyring, KeyringError};
use trialogue_charter::DeviceId;
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

impl Keyring {
    /// Makes a circle of these readers. A key package that does not verify is left out and reported.
    ///
    /// # Errors
    /// When nobody is left, or the platform has no random numbers.
    pub fn make_circle(&mut self, circle: GroupId, readers: &[Invite<'_>]) -> Result<CircleMade, KeyringError> {
        self.create(circle)?;
        let made = self.fill_circle(&circle, readers);
        self.drop_group(&circle);
        made
    }

    fn fill_circle(&mut self, circle: &GroupId, readers: &[Invite<'_>]) -> Result<CircleMade, KeyringError> {
        let pending = self.add_and_remove(circle, readers, &[])?;
        let welcome = pending.welcome.ok_or(KeyringError::NothingToChange)?;
        self.confirm(circle)?;
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
        self.join_by_stock(welcome, &Expected { group: *circle, epoch: EPOCH, by: *by, packages: &[] })?;
        let members = self.members(circle);
        let secret = self.circle_secret(circle);
        self.drop_group(circle);
        let mut readers: Vec<DeviceId> = members?.into_iter().map(|leaf| leaf.device).collect();
        readers.retain(|device| device != by);
        readers.sort_unstable();
        Ok(CircleJoined { readers, key: CircleKey(secret?) })
    }

    fn circle_secret(&self, circle: &GroupId) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        self.export(circle, LABEL, &circle.0)
    }
}

//! What openmls works with: its cryptography and its store in memory, and random numbers from a seed of the keyring's
//! own.

use crate::chance::{Chance, NoChance};
use openmls_rust_crypto::{MemoryStorage, RustCrypto};
use openmls_traits::OpenMlsProvider;
use openmls_traits::random::OpenMlsRand;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

/// Of one keyring.
pub(super) struct Provider {
    crypto: RustCrypto,
    drawn: Drawn,
    storage: MemoryStorage,
}

/// Key packages and secrets of groups come from here. openmls draws from several threads.
pub(super) struct Drawn(Mutex<ChaCha20Rng>);

impl Provider {
    pub(super) fn new(chance: &mut Chance) -> Result<Self, NoChance> {
        let drawn = Drawn(Mutex::new(ChaCha20Rng::from_seed(*chance.secret()?)));
        Ok(Self { crypto: RustCrypto::default(), drawn, storage: MemoryStorage::default() })
    }
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = RustCrypto;
    type RandProvider = Drawn;
    type StorageProvider = MemoryStorage;

    fn storage(&self) -> &MemoryStorage {
        &self.storage
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &Drawn {
        &self.drawn
    }
}

impl OpenMlsRand for Drawn {
    type Error = Infallible;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Infallible> {
        let mut bytes = [0; N];
        // Whoever panicked while it drew has left the generator whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Infallible> {
        let mut bytes = vec![0; len];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

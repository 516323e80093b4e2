//! Signs MLS leaves and commits with the device's key of the suite.

use ed25519_dalek::Signer as _;
use ml_dsa::{Keypair as _, MlDsa87, Signer as _};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use trialogue_charter::Suite;

/// The secret half zeroizes on drop inside its library type.
enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    MlDsa87(Box<ml_dsa::SigningKey<MlDsa87>>),
}

pub(super) struct DeviceSigner {
    secret: Secret,
    public: Vec<u8>,
}

impl DeviceSigner {
    pub(super) fn new(suite: Suite, seed: &[u8; 32]) -> Self {
        match suite {
            Suite::XWing => {
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                let public = key.verifying_key().to_bytes().to_vec();
                Self { secret: Secret::Ed25519(Box::new(key)), public }
            }
            Suite::Cnsa2 => {
                let key = ml_dsa::SigningKey::<MlDsa87>::from_seed(seed.into());
                let public = key.verifying_key().encode().to_vec();
                Self { secret: Secret::MlDsa87(Box::new(key)), public }
            }
        }
    }

    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }
}

impl Signer for DeviceSigner {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        match &self.secret {
            Secret::Ed25519(key) => {
                key.try_sign(payload).map(|s| s.to_bytes().to_vec()).map_err(|_| SignerError::SigningError)
            }
            Secret::MlDsa87(key) => {
                key.try_sign(payload).map(|s| s.encode().to_vec()).map_err(|_| SignerError::SigningError)
            }
        }
    }

    fn signature_scheme(&self) -> SignatureScheme {
        match self.secret {
            Secret::Ed25519(_) => SignatureScheme::ED25519,
            Secret::MlDsa87(_) => SignatureScheme::MLDSA87,
        }
    }
}

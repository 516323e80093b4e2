//! A root whose key is in a token: found by its address, and signing.

use crate::enter::{Entered, Purpose, enter};
use crate::error::TokenError;
use crate::pin::Pin;
use crate::uri::TokenUri;
use crate::{objects, seal};
use cryptoki::mechanism::dsa::{HedgeType, SignAdditionalContext};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use std::rc::Rc;
use trialogue_charter::cose::Algorithm;
use trialogue_charter::keyfile::RootToken;
use trialogue_charter::{HybridPublic, RootSigner, SignError};

/// The root of a party in an open token. Signs until it is dropped; whoever holds it needs the PIN no more.
pub struct TokenRoot {
    at: Rc<Entered>,
    public: HybridPublic,
    ed25519: ObjectHandle,
    ml_dsa_87: MlDsa87,
}

enum MlDsa87 {
    /// The token signs itself (PKCS#11 3.2).
    InToken(ObjectHandle),
    /// It holds the seed, sealed.
    Sealed { key: ObjectHandle, sealed: Vec<u8> },
}

/// What a token needs to hold and use an ML-DSA key.
pub(crate) const ML_DSA: [MechanismType; 2] = [MechanismType::ML_DSA_KEY_PAIR_GEN, MechanismType::ML_DSA];

impl TokenRoot {
    /// Opens the token that the file names and finds the root in it. Without a PIN only a token with a PIN pad of its
    /// own opens.
    ///
    /// # Errors
    /// With the remedy.
    pub fn open(file: &RootToken, pin: Option<&Pin>) -> Result<Self, TokenError> {
        let uri = TokenUri::parse(&file.uri)?;
        let id = uri.id.as_deref().ok_or_else(|| {
            TokenError::Uri("the id that says which root is meant is missing: restore the root.token file".to_owned())
        })?;
        let at = Rc::new(enter(&uri, pin, Purpose::Sign)?);
        Self::find(at, id, file.public.clone())
    }

    pub(crate) fn find(at: Rc<Entered>, id: &[u8], public: HybridPublic) -> Result<Self, TokenError> {
        let ed25519 = objects::need(&at, &objects::private(KeyType::EC_EDWARDS, id), "the root's Ed25519 key")?;
        // The public half may have been deleted; then the first signature shows whether this is the right key.
        if let Some(shown) = objects::find(&at, &objects::public(KeyType::EC_EDWARDS, id), "the root's public key")?
            && objects::ed25519_public(&at, shown)? != public.ed25519
        {
            return Err(TokenError::OtherKey(at.label.clone()));
        }
        let native = at.can(&ML_DSA).then(|| objects::private(KeyType::ML_DSA, id));
        let native = match native {
            Some(template) => objects::find(&at, &template, "the root's ML-DSA-87 key")?,
            None => None,
        };
        let ml_dsa_87 = match native {
            Some(key) => MlDsa87::InToken(key),
            None => {
                let key = objects::need(&at, &objects::sealing(id), "the key that seals the root's ML-DSA-87 seed")?;
                let sealed = objects::need(&at, &objects::sealed(id), "the root's sealed ML-DSA-87 seed")?;
                let Some(Attribute::Value(sealed)) = objects::read(&at, sealed, AttributeType::Value)? else {
                    return Err(TokenError::Seal(at.label.clone()));
                };
                MlDsa87::Sealed { key, sealed }
            }
        };
        Ok(Self { at, public, ed25519, ml_dsa_87 })
    }

    /// Does the token make ML-DSA-87 signatures itself? If not, the seed is in this process's memory for each one.
    pub fn is_whole(&self) -> bool {
        matches!(self.ml_dsa_87, MlDsa87::InToken(_))
    }

    fn make_signature(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let session = &self.at.session;
        let refused = TokenError::said(&self.at.label, "sign");
        match (algorithm, &self.ml_dsa_87) {
            (Algorithm::Ed25519, _) => {
                let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
                session.sign(&pure, self.ed25519, message).map_err(refused)
            }
            (Algorithm::MlDsa87, MlDsa87::InToken(key)) => {
                let pure = Mechanism::MlDsa(SignAdditionalContext::new(HedgeType::Preferred, None));
                session.sign(&pure, *key, message).map_err(refused)
            }
            (Algorithm::MlDsa87, MlDsa87::Sealed { key, sealed }) => {
                let secret = seal::open(&self.at, *key, &self.public.ed25519, sealed)?;
                if secret.public() != self.public.ml_dsa_87 {
                    return Err(TokenError::OtherKey(self.at.label.clone()));
                }
                Ok(secret.sign(message))
            }
        }
    }
}

impl RootSigner for TokenRoot {
    fn public(&self) -> HybridPublic {
        self.public.clone()
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.make_signature(algorithm, message).map_err(|why| SignError::Refused(why.to_string()))
    }
}

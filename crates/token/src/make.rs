//! Makes a root in a token, proves that it signs, and says where it is.

use crate::enter::{Entered, Purpose, enter};
use crate::error::TokenError;
use crate::limits::ID_LEN;
use crate::pin::Pin;
use crate::root::{ML_DSA, TokenRoot};
use crate::seal::IV_LEN;
use crate::uri::TokenUri;
use crate::{objects, seal};
use cryptoki::error::Error;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, MlDsaParameterSetType, ObjectClass, ObjectHandle};
use std::rc::Rc;
use trialogue_charter::cose::Many;
use trialogue_charter::keyfile::RootToken;
use trialogue_charter::{HybridPublic, MlDsa87Secret, PartyId};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What a root is made of besides what the token makes itself. From the system's source of entropy.
#[derive(ZeroizeOnDrop)]
pub struct Entropy {
    /// Joins the root's objects.
    pub id: [u8; ID_LEN],
    /// Seals the seed.
    pub iv: [u8; IV_LEN],
    /// Seed ξ of the ML-DSA-87 key (FIPS 204 algorithm 6), where the token cannot make one.
    pub seed: [u8; 32],
}

/// id-Ed25519 (RFC 8410 §3) and the curve's name: PKCS#11 3.0 allows both forms of `CKA_EC_PARAMS`, and tokens know one
/// or the other.
const ED25519_FORMS: [&[u8]; 2] = [&[0x06, 0x03, 0x2b, 0x65, 0x70], b"\x13\x0cedwards25519"];

/// Makes the root of a party in the token that the address names. What this returns is the content of `root.token` and
/// holds no secret. If anything fails, what was made is deleted again.
///
/// # Errors
/// With the remedy.
pub fn make(uri: &TokenUri, pin: Option<&Pin>, party: &PartyId, entropy: &Entropy) -> Result<RootToken, TokenError> {
    if uri.id.is_some() {
        return Err(TokenError::Uri("a new root gets an id of its own: leave id out".to_owned()));
    }
    let at = Rc::new(enter(uri, pin, Purpose::Make)?);
    let mut maker = Maker { at: &at, party, entropy, made: Vec::new() };
    let outcome = maker.root().and_then(|public| prove(&at, party, &entropy.id, public));
    match outcome {
        Ok(public) => {
            let uri = uri.with(&at.serial, &entropy.id).to_string();
            Ok(RootToken { party: party.clone(), uri, public })
        }
        Err(why) => {
            // What cannot be deleted stays without a use: no file names it.
            for object in maker.made {
                let _ = at.session.destroy_object(object);
            }
            Err(why)
        }
    }
}

/// Signs something that is nothing else, the way that every later signature goes.
fn prove(at: &Rc<Entered>, party: &PartyId, id: &[u8], public: HybridPublic) -> Result<HybridPublic, TokenError> {
    let root = TokenRoot::find(Rc::clone(at), id, public.clone())?;
    let proof = Many::new(Vec::new()).sign_as_root(b"trialogue root proof 1", party.as_str().as_bytes(), &root);
    proof.map(|()| public).map_err(|why| TokenError::Refused {
        token: at.label.clone(),
        what: "sign with the new root",
        why: why.to_string(),
    })
}

struct Maker<'a> {
    at: &'a Entered,
    party: &'a PartyId,
    entropy: &'a Entropy,
    made: Vec<ObjectHandle>,
}

impl Maker<'_> {
    fn root(&mut self) -> Result<HybridPublic, TokenError> {
        let unable = |token: &str, what| TokenError::Unable { token: token.to_owned(), what };
        if !self.at.can(&[MechanismType::ECC_EDWARDS_KEY_PAIR_GEN, MechanismType::EDDSA]) {
            return Err(unable(&self.at.label, "Ed25519 (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA)"));
        }
        let native = self.at.can(&ML_DSA);
        if !native && !self.at.can(&[MechanismType::AES_KEY_GEN, MechanismType::AES_GCM]) {
            return Err(unable(&self.at.label, "ML-DSA (CKM_ML_DSA), nor AES-GCM (CKM_AES_GCM) to seal its seed"));
        }
        let ed25519 = self.ed25519()?;
        let ml_dsa_87 = if native { self.ml_dsa_87()? } else { self.sealed(&ed25519)? };
        Ok(HybridPublic { ed25519, ml_dsa_87 })
    }

    fn ed25519(&mut self) -> Result<[u8; 32], TokenError> {
        let mut outcome = Err(Error::InvalidValue);
        for form in ED25519_FORMS {
            let public = self.public_template(Attribute::EcParams(form.to_vec()));
            let mechanism = Mechanism::EccEdwardsKeyPairGen;
            outcome = self.at.session.generate_key_pair(&mechanism, &public, &self.private_template());
            if outcome.is_ok() {
                break;
            }
        }
        let (public, private) = outcome.map_err(TokenError::said(&self.at.label, "make an Ed25519 key"))?;
        self.made.extend([public, private]);
        self.is_kept(private)?;
        objects::ed25519_public(self.at, public)
    }

    fn ml_dsa_87(&mut self) -> Result<Vec<u8>, TokenError> {
        let public = self.public_template(Attribute::ParameterSet(MlDsaParameterSetType::ML_DSA_87.into()));
        let pair = self.at.session.generate_key_pair(&Mechanism::MlDsaKeyPairGen, &public, &self.private_template());
        let (public, private) = pair.map_err(TokenError::said(&self.at.label, "make an ML-DSA-87 key"))?;
        self.made.extend([public, private]);
        self.is_kept(private)?;
        match objects::read(self.at, public, AttributeType::Value)? {
            Some(Attribute::Value(public)) => Ok(public),
            _ => Err(TokenError::Refused {
                token: self.at.label.clone(),
                what: "show the ML-DSA-87 public key",
                why: "CKA_VALUE is not there".to_owned(),
            }),
        }
    }

    fn sealed(&mut self, ed25519: &[u8; 32]) -> Result<Vec<u8>, TokenError> {
        let key = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(32.into()),
            Attribute::Id(self.entropy.id.to_vec()),
            Attribute::Label(self.label()),
        ];
        let key = self.at.session.generate_key(&Mechanism::AesKeyGen, &key);
        let key = key.map_err(TokenError::said(&self.at.label, "make an AES key"))?;
        self.made.push(key);
        self.is_kept(key)?;
        let sealed = seal::seal(self.at, key, ed25519, &self.entropy.seed, &self.entropy.iv)?;
        let object = [
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Application(objects::APPLICATION.to_vec()),
            Attribute::Label(objects::sealed_label(&self.entropy.id)),
            Attribute::Value(sealed),
        ];
        let object = self.at.session.create_object(&object);
        self.made.push(object.map_err(TokenError::said(&self.at.label, "keep the sealed seed"))?);
        Ok(MlDsa87Secret::from_seed(&Zeroizing::new(self.entropy.seed)).public())
    }

    fn label(&self) -> Vec<u8> {
        format!("trialogue root {}", self.party).into_bytes()
    }

    fn public_template(&self, parameters: Attribute) -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            parameters,
            Attribute::Id(self.entropy.id.to_vec()),
            Attribute::Label(self.label()),
        ]
    }

    fn private_template(&self) -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Id(self.entropy.id.to_vec()),
            Attribute::Label(self.label()),
        ]
    }

    /// A token that ignores what was asked of it must not hold a root.
    fn is_kept(&self, key: ObjectHandle) -> Result<(), TokenError> {
        let asked = [AttributeType::Sensitive, AttributeType::Extractable];
        let says = self.at.session.get_attributes(key, &asked);
        let says = says.map_err(TokenError::said(&self.at.label, "say how it keeps a key"))?;
        if says.contains(&Attribute::Sensitive(true)) && says.contains(&Attribute::Extractable(false)) {
            return Ok(());
        }
        Err(TokenError::NotKept(self.at.label.clone()))
    }
}

//! A party's root, wherever its key is: in a file, or in a token that a file names.

use crate::{Failure, files};
use std::env;
use std::path::Path;
use trialogue_charter::cose::Algorithm;
use trialogue_charter::keyfile::{RootSecret, RootToken};
use trialogue_charter::{HybridPublic, HybridSecret, PartyId, RootSigner, SignError};
use trialogue_token::{Pin, TokenRoot, TokenUri};
use zeroize::Zeroizing;

/// Names a file that holds the PIN of the token.
const PIN_FILE: &str = "TRIALOGUE_PIN_FILE";
/// Holds the PIN itself, for those who hand it over without a file.
const PIN: &str = "TRIALOGUE_PIN";

/// A root that can sign.
pub struct Root {
    /// Whose.
    pub party: PartyId,
    /// Its key.
    pub key: RootKey,
}

/// Where the key of a root is.
pub enum RootKey {
    /// In this process, from a `root.key` file.
    File(HybridSecret),
    /// In a token, which is open.
    Token(Box<TokenRoot>),
}

impl RootKey {
    /// The public half.
    pub fn public(&self) -> HybridPublic {
        self.signer().public()
    }

    fn signer(&self) -> &dyn RootSigner {
        match self {
            Self::File(key) => key,
            Self::Token(token) => token.as_ref(),
        }
    }
}

impl RootSigner for RootKey {
    fn public(&self) -> HybridPublic {
        self.signer().public()
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signer().sign(algorithm, message)
    }
}

/// Reads a `root.key` file, or opens the token that a `root.token` file names.
pub fn read_root(path: &Path) -> Result<Root, Failure> {
    let text = files::read_text(path)?;
    if RootToken::is_heading_of(&text) {
        let file = RootToken::parse(&text).map_err(|why| Failure::at_line(path, why.line, why.what))?;
        let uri = TokenUri::parse(&file.uri).map_err(|why| Failure::content(path, why))?;
        let root = TokenRoot::open(&file, pin(&uri)?.as_ref()).map_err(|why| Failure::content(path, why))?;
        return Ok(Root { party: file.party, key: RootKey::Token(Box::new(root)) });
    }
    let RootSecret { party, key } =
        RootSecret::parse(&text).map_err(|why| Failure::at_line(path, why.line, why.what))?;
    Ok(Root { party, key: RootKey::File(key) })
}

/// The PIN of a token: from the file that the environment names, from the environment, or from the file that the
/// address names. None for tokens with a PIN pad. Never from the command line, which others on the machine can read.
pub(super) fn pin(uri: &TokenUri) -> Result<Option<Pin>, Failure> {
    let said = |why: trialogue_token::TokenError| Failure::said(why.to_string());
    if let Some(path) = env::var_os(PIN_FILE) {
        return Pin::read(Path::new(&path)).map(Some).map_err(said);
    }
    match env::var(PIN).map(Zeroizing::new) {
        Ok(text) => Pin::new(&text).map(Some).map_err(said),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::said(format!("{PIN} is not text: check what sets it"))),
        Err(env::VarError::NotPresent) => uri.pin_source().map(Pin::read).transpose().map_err(said),
    }
}

//! The PIN of a token: from a file that only its owner reads, never from the command line.

use crate::error::TokenError;
use crate::limits::PIN_MAX;
use cryptoki::types::AuthPin;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use zeroize::Zeroizing;

/// A PIN, wiped on drop. No `Debug`, no `Display`.
pub struct Pin(AuthPin);

impl Pin {
    /// A PIN as text, without the end of its line.
    ///
    /// # Errors
    /// Empty or longer than 255 bytes.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() || text.len() > PIN_MAX {
            return Err(TokenError::BadPin);
        }
        Ok(Self(AuthPin::new(text.into())))
    }

    /// Reads a file that holds the PIN and nothing else. A file that others may read is refused; a pipe is not asked.
    ///
    /// # Errors
    /// With the remedy.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let unusable = |why: &str| TokenError::PinFile { path: path.to_owned(), why: why.to_owned() };
        let file = File::open(path).map_err(|error| unusable(&format!("{error}; check the name")))?;
        let about = file.metadata().map_err(|error| unusable(&error.to_string()))?;
        if about.is_file() && about.permissions().mode() & 0o077 != 0 {
            return Err(unusable("others than its owner may use it; run chmod 600 on it, and change the PIN"));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(PIN_MAX + 3));
        let limit = u64::try_from(PIN_MAX + 3).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| unusable(&error.to_string()))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| unusable("it is not text"))?;
        Self::new(text)
    }

    pub(crate) fn auth(&self) -> &AuthPin {
        &self.0
    }
}

//! Files of the alerts: secrets, and whom to trust.

use crate::error::NodeError;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest secret, in bytes. Tokens of today have a few hundred; more would be the wrong file.
const SECRET_MAX: usize = 4_096;

/// The secret in a file, without the line end that editors add.
pub(super) fn secret(path: &Path, what: &'static str) -> Result<Zeroizing<String>, NodeError> {
    let text = std::fs::read_to_string(path).map_err(|e| NodeError::File(path.to_owned(), what, e))?;
    let text = Zeroizing::new(text);
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() || secret.len() > SECRET_MAX || !secret.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        let why = "it must hold one line of 1 to 4,096 visible ASCII characters";
        return Err(NodeError::Alert(path.to_owned(), why));
    }
    Ok(Zeroizing::new(secret.to_owned()))
}

/// The PEM text of a party's own certificate authority.
pub(super) fn authority(path: &Path) -> Result<Vec<u8>, NodeError> {
    std::fs::read(path).map_err(|e| NodeError::File(path.to_owned(), "certificate authority of the alerts", e))
}

/// What is said of one that is none, and why it is none.
pub(super) fn bad_authority(path: &Path, why: impl Into<super::Cause>) -> NodeError {
    NodeError::Authority(path.to_owned(), why.into())
}

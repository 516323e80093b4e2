//! From a file to a verifier, in bounded pieces.

use crate::Failure;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use trialogue_record::{Item, Taken, Verifier};

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Gives every item of a file to the verifier, and every entry that can be believed to `each`. What cannot be read is
/// the verifier's to say.
///
/// # Errors
/// When the file cannot be read at all.
pub fn read(path: &Path, verifier: &mut Verifier, mut each: impl FnMut(&Verifier, Taken)) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::File {
        path: path.to_owned(),
        verb: "read",
        why: error.to_string(),
        remedy: "check the name and that this account may read it",
    };
    let mut file = File::open(path).map_err(failed)?;
    let (mut bytes, mut at) = (Vec::with_capacity(2 * PIECE), 0);
    loop {
        match Item::decode(&bytes[at..]) {
            Ok(Some((item, len))) => {
                at += len;
                if let Some(taken) = verifier.take(item) {
                    each(verifier, taken);
                }
            }
            Ok(None) => {
                bytes.drain(..at);
                at = 0;
                let before = bytes.len();
                file.by_ref().take(PIECE as u64).read_to_end(&mut bytes).map_err(failed)?;
                if bytes.len() == before {
                    if before > 0 {
                        verifier.unreadable();
                    }
                    return Ok(());
                }
            }
            Err(_) => {
                verifier.unreadable();
                return Ok(());
            }
        }
    }
}

//! Keeps the identity in a directory that only its owner can read.

use crate::EndpointError;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use trialogue_charter::Hash;
use trialogue_console_core::{Chance, Identity, enrol};
use zeroize::Zeroizing;

const SECRET: &str = "device.secret";
const CERTIFICATE: &str = "device.certificate";
const ROOT: &str = "party.root";
const NODE: &str = "node.address";
const CHARTER: &str = "charter.cbor";

/// An identity and what goes with it.
pub struct Kept {
    pub identity: Identity,
    pub node: String,
    pub charter: Option<Vec<u8>>,
    pub fresh: bool,
}

/// The operating system's random numbers.
pub fn chance() -> Chance {
    Chance::new(|bytes| getrandom::fill(bytes).is_ok())
}

/// Loads the identity, or makes one from the link.
pub fn open(dir: &Path, link: Option<&str>, node: Option<&str>, now_ms: u64) -> Result<Kept, EndpointError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| EndpointError::file(dir, e))?;
    let fresh = !dir.join(SECRET).exists();
    if fresh {
        let link = link.ok_or_else(|| EndpointError::NotEnrolled(dir.to_owned()))?;
        let identity = enrol(link, now_ms, &mut chance())?;
        write(&dir.join(CERTIFICATE), &identity.certificate)?;
        write(&dir.join(ROOT), &identity.root.0)?;
        if let Some((address, _)) = link.split_once("#") {
            write(&dir.join(NODE), address.trim_end_matches('/').as_bytes())?;
        }
        // The secret last: its presence says that all is there.
        write(&dir.join(SECRET), &identity.secret[..])?;
    }
    let secret = Zeroizing::new(read(&dir.join(SECRET))?);
    let damaged = || EndpointError::Enrol(trialogue_console_core::EnrolError::Stored);
    let identity = Identity {
        secret: Zeroizing::new(secret.as_slice().try_into().map_err(|_| damaged())?),
        certificate: read(&dir.join(CERTIFICATE))?,
        root: Hash(read(&dir.join(ROOT))?.try_into().map_err(|_| damaged())?),
    };
    let kept = fs::read_to_string(dir.join(NODE)).ok();
    let node = node.map(str::to_owned).or(kept).filter(|n| !n.is_empty()).ok_or(EndpointError::NoNode)?;
    Ok(Kept { identity, node, charter: fs::read(dir.join(CHARTER)).ok(), fresh })
}

/// Keeps the charter that the machine verified.
pub fn keep_charter(dir: &Path, charter: &[u8]) -> Result<(), EndpointError> {
    write(&dir.join(CHARTER), charter)
}

fn read(path: &Path) -> Result<Vec<u8>, EndpointError> {
    fs::read(path).map_err(|e| EndpointError::file(path, e))
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), EndpointError> {
    let fresh = path.with_extension("new");
    let put = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    put().map_err(|e| EndpointError::file(path, e))
}

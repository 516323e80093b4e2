//! The two halves of an archive's key, in two files.

use crate::files::{self, Access};
use crate::{Failure, entropy};
use std::path::{Path, PathBuf};
use trialogue_e2ee::writing::{ArchivePublic, ArchiveSecret};
use zeroize::Zeroizing;

const SECRET: &str = "trialogue archive key 1";
const PUBLIC: &str = "trialogue archive public 1";
const WRONG: &str = "this is not the file that `trialogue archive key` writes: name the right one";

pub(super) fn make(out: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    files::make_dir(out)?;
    let (secret_file, public_file) = (out.join("archive.key"), out.join("archive.pub"));
    for file in [&secret_file, &public_file] {
        files::is_free(file)?;
    }
    let secret = ArchiveSecret::from_seed(&*entropy::draw::<32>()?);
    let public = secret.public().map_err(|why| Failure::said(why.to_string()))?;
    let seed = Zeroizing::new(hex::encode(secret.seed()));
    let text = Zeroizing::new(format!(
        "{SECRET}\n# Whoever holds this file reads the archive. Keep it offline.\nseed: {}\n",
        seed.as_str()
    ));
    files::write_new(&secret_file, text.as_bytes(), Access::Owner)?;
    let text = format!("{PUBLIC}\nx-wing: {}\n", hex::encode(public.bytes()));
    files::write_new(&public_file, text.as_bytes(), Access::Everyone)?;
    Ok((secret_file, public_file))
}

/// Reads `archive.key`.
///
/// # Errors
/// When it is not that file.
pub fn open_secret(path: &Path) -> Result<ArchiveSecret, Failure> {
    let bytes = value(path, SECRET, "seed: ")?;
    let seed = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| Failure::content(path, WRONG))?);
    Ok(ArchiveSecret::from_seed(&seed))
}

pub(super) fn open_public(path: &Path) -> Result<ArchivePublic, Failure> {
    ArchivePublic::from_bytes(&value(path, PUBLIC, "x-wing: ")?).map_err(|_| Failure::content(path, WRONG))
}

fn value(path: &Path, title: &str, key: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let text = files::read_text(path)?;
    let mut lines = text.lines();
    let wrong = || Failure::content(path, WRONG);
    if lines.next() != Some(title) {
        return Err(wrong());
    }
    let mut values = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    let value = values.next().and_then(|line| line.strip_prefix(key)).filter(|_| values.next().is_none());
    hex::decode(value.ok_or_else(wrong)?).map(Zeroizing::new).map_err(|_| wrong())
}

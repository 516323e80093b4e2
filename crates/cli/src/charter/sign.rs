//! Adds a party's signatures to a charter file.

use super::read;
use crate::{Failure, files, party};
use std::path::Path;
use trialogue_charter::{PartyId, UnverifiedCharter};

/// Signs in place with both keys of the root.
pub fn sign(charter: &Path, root: &Path, party: Option<&PartyId>) -> Result<UnverifiedCharter, Failure> {
    let mut signed = read(charter)?;
    let root_key = party::read_root(root)?;
    let party = party.unwrap_or(&root_key.party);
    signed.sign(party, &root_key.key).map_err(|why| Failure::content(root, why))?;
    files::replace(charter, &signed.encode())?;
    Ok(signed)
}

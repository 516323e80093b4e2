//! Adds a party's signatures to a charter file.

use super::read;
use crate::{Failure, files, party};
use std::path::Path;
use trialogue_charter::{PartyId, UnverifiedCharter};

/// Signs in place with both keys of the root. `amends`: the charter in force, for a root that the new one does not
/// have.
pub fn sign(
    charter: &Path,
    root: &Path,
    party: Option<&PartyId>,
    amends: Option<&Path>,
) -> Result<UnverifiedCharter, Failure> {
    let mut signed = read(charter)?;
    let root_key = party::read_root(root)?;
    let party = party.unwrap_or(&root_key.party);
    let public = root_key.key.public();
    let stays = signed.claims().parties.iter().any(|p| p.id == *party && p.root == public);
    match amends {
        Some(held) if !stays => {
            let held = read(held)?.verify(None).map_err(|why| Failure::content(held, why))?;
            signed.consent(&held, party, &root_key.key).map_err(|why| Failure::content(root, why))?;
        }
        _ => signed.sign(party, &root_key.key).map_err(|why| Failure::content(root, why))?,
    }
    files::replace(charter, &signed.encode())?;
    Ok(signed)
}

//! Is a charter the agreement of all?

use super::read;
use crate::Failure;
use std::path::Path;
use trialogue_charter::{Hash, UnverifiedCharter, VerifiedCharter};

/// Verifies every signature, the pin of the own root, and that the charter in force is not newer.
pub fn verify(charter: &Path, own_root: Option<&Hash>, held: Option<&Path>) -> Result<VerifiedCharter, Failure> {
    let claimed = read(charter)?;
    if let Some(missing) = missing_sentence(&claimed) {
        return Err(Failure::content(charter, format!("the charter is not valid. {missing}")));
    }
    let verified = claimed.verify(own_root).map_err(|why| Failure::content(charter, why))?;
    if let Some(held) = held {
        let in_force = read(held)?.verify(own_root).map_err(|why| Failure::content(held, why))?;
        verified.supersedes(&in_force).map_err(|why| Failure::content(charter, why))?;
    }
    Ok(verified)
}

/// One sentence on the signatures that are missing or wrong; none if all hold.
pub fn missing_sentence(charter: &UnverifiedCharter) -> Option<String> {
    let list: Vec<String> =
        charter.missing().iter().map(|(party, algorithm, fault)| format!("{party} ({algorithm}, {fault})")).collect();
    if list.is_empty() {
        return None;
    }
    Some(format!("Signatures still needed: {}. Each security officer runs `trialogue charter sign`.", list.join(", ")))
}

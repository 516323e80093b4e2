//! Puts a charter in force at a running node.

use super::verify;
use crate::Failure;
use std::path::Path;
use trialogue_node::Config;
use trialogue_node::admin::{Reply, Request, ask};

/// Hands the charter to the node over its operator's socket; the node gives it to all others.
pub fn install(config: &Path, charter: &Path) -> Result<(), Failure> {
    let config = Config::read(config).map_err(|error| Failure::said(error.to_string()))?;
    let verified = verify(charter, None, None)?;
    let request = Request::Install { charter: hex::encode(verified.bytes()) };
    match ask(&config.data_dir, &request).map_err(|error| Failure::said(error.to_string()))? {
        Reply::Installed { serial, content, links } => {
            println!("In force at {}: serial {serial}, content {content}", config.node);
            println!(
                "{links} other nodes have a link to it now and get it from here; the rest get it when they are reached."
            );
            Ok(())
        }
        Reply::Refused { why } => Err(Failure::content(charter, why)),
        _ => Err(Failure::said("the node answered something else; use the program of the node's version")),
    }
}

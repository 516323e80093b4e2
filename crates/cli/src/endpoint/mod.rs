//! `trialogue endpoint`: a console without a screen.

use crate::Failure;
pub use trialogue_endpoint::Args as Arguments;

/// Runs until it is told to stop.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::said(format!("the endpoint cannot start ({why}): free some memory or open files")))?
        .block_on(trialogue_endpoint::run(arguments))
        .map_err(|why| Failure::said(why.to_string()))
}

//! `trialogue node`: a party's server.

use crate::Failure;
use std::path::PathBuf;

/// Which node.
#[derive(clap::Args)]
pub struct Arguments {
    /// Its configuration, node.toml.
    #[arg(long)]
    pub config: PathBuf,
    /// Stop when the program that started this one ends, however it ends: no node outlives its demo or test.
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

/// Runs until it is interrupted.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    if arguments.with_parent {
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)
            .map_err(|why| Failure::said(format!("--with-parent does not work here ({why}): leave it out")))?;
    }
    trialogue_node::run(&arguments.config).map_err(|why| Failure::said(why.to_string()))
}

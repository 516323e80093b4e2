//! `trialogue device`: the devices that a running node accepts.

use crate::Failure;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use trialogue_node::Config;
use trialogue_node::admin::{Reply, Request, ask};

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Shows every device that was enrolled at the node.
    List {
        /// The node's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Accepts a device no more: lost, stolen, or its person has gone. It is out of every call at once, and for good.
    Revoke {
        /// The node's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Device id, as `device list` shows it.
        device: String,
    },
}

/// Does it.
///
/// # Errors
/// With the remedy.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { config } => list(&config),
        Command::Revoke { config, device } => revoke(&config, device),
    }
}

fn answer(config: &Path, request: &Request) -> Result<Reply, Failure> {
    let config = Config::read(config).map_err(|error| Failure::said(error.to_string()))?;
    ask(&config.data_dir, request).map_err(|error| Failure::said(error.to_string()))
}

fn list(config: &Path) -> Result<(), Failure> {
    match answer(config, &Request::Devices)? {
        Reply::Devices { devices } => {
            for device in devices {
                let state = if device.revoked { "revoked" } else { "accepted" };
                println!("{}  {state:<8}  {:<28} {}", device.device, device.office, device.person);
            }
            Ok(())
        }
        other => Err(unexpected(other)),
    }
}

fn revoke(config: &Path, device: String) -> Result<(), Failure> {
    match answer(config, &Request::Revoke { device })? {
        Reply::Done => {
            println!("Revoked. It is out of every call, and this node and all others accept it no more.");
            Ok(())
        }
        other => Err(unexpected(other)),
    }
}

fn unexpected(reply: Reply) -> Failure {
    match reply {
        Reply::Refused { why } => Failure::said(why),
        _ => Failure::said("the node answered something else; use the program of the node's version"),
    }
}

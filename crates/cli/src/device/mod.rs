//! `trialogue device`: the devices that a running node lets in, and those that it does not.

mod revoke;

use crate::Failure;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use trialogue_node::Config;
use trialogue_node::admin::{DeviceInfo, Reply, Request, ask};
use trialogue_record::utc::Utc;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Shows every device that was enrolled at the node.
    List {
        /// The node's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Accepts a device no more, at every node of every party and for good: lost, stolen, or its person has gone. The
    /// party's root signs it.
    Revoke(revoke::Arguments),
    /// Lets a device in no more at this node, until the security officer has decided. It needs no root, and no other
    /// node follows.
    Suspend {
        /// The node's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Device id, as `device list` shows it.
        device: String,
    },
    /// Lets a device that was suspended in again at this node.
    Resume {
        /// The node's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Device id, as `device list` shows it.
        device: String,
    },
}

impl Command {
    /// Reads the party's root.
    pub fn holds_secrets(&self) -> bool {
        matches!(self, Self::Revoke(arguments) if arguments.signs())
    }
}

/// Does it.
///
/// # Errors
/// With the remedy.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { config } => list(&config),
        Command::Revoke(arguments) => revoke::run(arguments),
        Command::Suspend { config, device } => suspend(&config, device, true),
        Command::Resume { config, device } => suspend(&config, device, false),
    }
}

fn answer(config: &Path, request: &Request) -> Result<Reply, Failure> {
    let config = Config::read(config).map_err(|error| Failure::said(error.to_string()))?;
    ask(&config.data_dir, request).map_err(|error| Failure::said(error.to_string()))
}

fn devices(config: &Path) -> Result<Vec<DeviceInfo>, Failure> {
    match answer(config, &Request::Devices)? {
        Reply::Devices { devices } => Ok(devices),
        other => Err(unexpected(other)),
    }
}

fn list(config: &Path) -> Result<(), Failure> {
    for device in devices(config)? {
        let state = match (device.revoked, device.suspended) {
            (true, _) => "revoked",
            (false, true) => "suspended",
            (false, false) => "accepted",
        };
        let since = Utc(device.since_ms);
        println!("{}  {state:<9}  {since}  {:<28} {}", device.device, device.office, device.person);
    }
    Ok(())
}

fn suspend(config: &Path, device: String, on: bool) -> Result<(), Failure> {
    match answer(config, &Request::Suspend { device, on })? {
        Reply::Done if on => {
            println!(
                "Suspended. It is out of every call at this node, which lets it in no more. Another node of the party may still let it in: have the security \
                 officer revoke it (`trialogue device revoke`), or `trialogue device resume` it."
            );
            Ok(())
        }
        Reply::Done => {
            println!("This node lets it in again.");
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

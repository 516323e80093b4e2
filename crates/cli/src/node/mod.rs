//! `trialogue node`: a party's server, its backup, and how it comes back from one.

use crate::Failure;
use std::path::{Path, PathBuf};
use trialogue_node::{Config, Start, backup};
use trialogue_record::utc::Utc;

/// Which node.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Its configuration, node.toml.
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// A node that was restored speaks although no other node can be reached: only when none ever will be. Whatever
    /// others hold of its journal beyond the backup is contradicted by it.
    #[arg(long)]
    alone: bool,
    /// Stop when the program that started this one ends, however it ends: no node outlives its demo or test.
    #[arg(long, hide = true)]
    with_parent: bool,
}

/// What to do instead of running it.
#[derive(clap::Subcommand)]
enum Command {
    /// Writes everything that the node needs into a new directory, while it runs.
    Backup {
        /// The node's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The backup; must not exist yet.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// With the node's secret keys and the other secrets that the configuration names, in the clear: whoever has
        /// the backup can then speak as this node. Without it they have to be brought to a new machine by another way.
        #[arg(long)]
        with_keys: bool,
    },
    /// Checks a backup and makes a fresh data directory of it. The node then takes what it has said since from the
    /// others before it speaks.
    Restore {
        /// The backup.
        #[arg(long, value_name = "DIR", required_unless_present = "from_others", conflicts_with = "from_others")]
        from: Option<PathBuf>,
        /// There is no backup: the others give back all that the node ever said.
        #[arg(long)]
        from_others: bool,
        /// The node's configuration. Where there is none it is the one of the backup.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// Runs until it is interrupted, or does what else was asked.
///
/// # Errors
/// With the remedy.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let said = |why: &dyn std::fmt::Display| Failure::said(why.to_string());
    match arguments.command {
        Some(Command::Backup { config, to, with_keys }) => take(&config, &to, with_keys),
        Some(Command::Restore { from: Some(from), config, .. }) => restore(&from, &config),
        Some(Command::Restore { from: None, config, .. }) => {
            let read = Config::read(&config).map_err(|why| said(&why))?;
            backup::restore_from_others(&read).map_err(|why| said(&why))?;
            println!("Node {} has a fresh data directory, {}.", read.node, read.data_dir.display());
            println!("Start it: it speaks once the others have given back all that it ever said.");
            Ok(())
        }
        None => {
            if arguments.with_parent {
                nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)
                    .map_err(|why| Failure::said(format!("--with-parent does not work here ({why}): leave it out")))?;
            }
            let config = arguments.config.ok_or_else(|| Failure::said("give --config"))?;
            trialogue_node::run(&config, Start { alone: arguments.alone }).map_err(|why| said(&why))
        }
    }
}

fn take(config: &Path, to: &Path, with_keys: bool) -> Result<(), Failure> {
    let read = Config::read(config).map_err(|why| Failure::said(why.to_string()))?;
    let taken = backup::take(&read, config, to, with_keys).map_err(|why| Failure::said(why.to_string()))?;
    println!("Backed up node {}: {} entries, {} bytes, in {}.", read.node, taken.entries, taken.bytes, to.display());
    if with_keys {
        println!(
            "It holds the node's secret keys in the clear: whoever has it can speak as this node. Keep it where the node itself could stand."
        );
    } else {
        println!(
            "Secret keys are not in it. Keep {} by another way: without it the node comes back only by an amendment.",
            read.node_key.display()
        );
    }
    Ok(())
}

fn restore(from: &Path, config: &Path) -> Result<(), Failure> {
    let restored = backup::restore(from, config).map_err(|why| Failure::said(why.to_string()))?;
    println!(
        "Restored node {} from its backup of {}: {} entries, all verified.",
        restored.node,
        Utc(restored.taken_ms),
        restored.entries
    );
    for path in &restored.written {
        println!("Wrote {}.", path.display());
    }
    for path in &restored.missing {
        println!("MISSING {}: it is not in the backup; bring it before the node is started.", path.display());
    }
    println!(
        "Make sure that the node runs nowhere else, then start it: it speaks once the others have given back what it has said since."
    );
    Ok(())
}

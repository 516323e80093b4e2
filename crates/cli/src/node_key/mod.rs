//! `trialogue node-key`: the keys of a node.

use crate::files::{self, Access};
use crate::{Failure, entropy};
use std::path::{Path, PathBuf};
use trialogue_charter::keyfile::{NodePublic, NodeSecret};
use trialogue_charter::limits::ADDRESSES_MAX;
use trialogue_charter::{NodeId, PartyId, is_address};

/// Which node, and where its files go.
#[derive(clap::Args)]
pub struct Arguments {
    /// Id of the node, for example usa-1.
    #[arg(long)]
    pub node: NodeId,
    /// The party that runs it.
    #[arg(long)]
    pub party: PartyId,
    /// Where other nodes reach it, host:port (UDP); repeat for more, best first.
    #[arg(long, required = true)]
    pub address: Vec<String>,
    /// Directory for node.key and node.pub; made if it is not there.
    #[arg(long)]
    pub out: PathBuf,
}

/// Does it and says so.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let node = init(&arguments)?;
    println!("Made the keys of node {} of party {}.", node.0.id, node.0.party);
    println!("  {}  secret: stays on the node", arguments.out.join("node.key").display());
    println!("  {}  public: hand it to whoever drafts the charter", arguments.out.join("node.pub").display());
    Ok(())
}

/// Writes `node.key` and `node.pub`; never over files that exist.
pub fn init(arguments: &Arguments) -> Result<NodePublic, Failure> {
    if let Some(wrong) = arguments.address.iter().find(|address| !is_address(address)) {
        return Err(Failure::said(format!(
            "--address {wrong} is not host:port: write for example node.example.jp:4460, or fibre=node.example.jp:4460 for one of several carriers"
        )));
    }
    if arguments.address.len() > ADDRESSES_MAX {
        return Err(Failure::said(format!("a node has at most {ADDRESSES_MAX} addresses: give the best ones")));
    }
    let secret = NodeSecret::generate(arguments.node.clone(), &*entropy::draw::<64>()?);
    let public = NodePublic::of(&secret, arguments.party.clone(), arguments.address.clone());
    files::make_dir(&arguments.out)?;
    files::write_new(&arguments.out.join("node.key"), secret.to_text().as_bytes(), Access::Owner)?;
    files::write_new(&arguments.out.join("node.pub"), public.to_text().as_bytes(), Access::Everyone)?;
    Ok(public)
}

/// Reads a node's secret key file.
pub fn read_secret(path: &Path) -> Result<NodeSecret, Failure> {
    NodeSecret::parse(&files::read_text(path)?).map_err(|why| Failure::at_line(path, why.line, why.what))
}

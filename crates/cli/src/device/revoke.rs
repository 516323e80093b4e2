//! `trialogue device revoke`: the party's root signs who is accepted no more, and a node, any node, takes it into its
//! journal.

use super::{answer, devices, unexpected};
use crate::files::{self, Access};
use crate::{Failure, party};
use std::path::{Path, PathBuf};
use trialogue_charter::limits::REVOCATION_MAX;
use trialogue_charter::{DeviceId, Revocation};
use trialogue_node::admin::{DeviceInfo, Reply, Request};

/// Who, by whose word, and where to.
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration of a running node that takes the revocation, of whatever party; without it the revocation is only
    /// written to --out.
    #[arg(long, value_name = "FILE", required_unless_present = "out")]
    config: Option<PathBuf>,
    /// The party's root.key or root.token, which signs.
    #[arg(long, value_name = "FILE", requires = "device", required_unless_present = "revocation")]
    root: Option<PathBuf>,
    /// A revocation that was signed before.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["root", "device", "out"])]
    revocation: Option<PathBuf>,
    /// Where to write the signed revocation, to be brought to other nodes.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Revokes a device that the node does not have: one of another node, or one that is not enrolled yet.
    #[arg(long)]
    unknown: bool,
    /// Device id, as `device list` shows it.
    device: Option<String>,
}

impl Arguments {
    /// Does a root sign here?
    pub fn signs(&self) -> bool {
        self.root.is_some()
    }
}

/// Does it.
///
/// # Errors
/// With the remedy.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { config, root, revocation, out, unknown, device } = arguments;
    let bytes = match (revocation, root, device) {
        (Some(file), ..) => files::read(&file, REVOCATION_MAX)?.to_vec(),
        (None, Some(root), Some(device)) => sign(&root, config.as_deref().filter(|_| !unknown), &device)?,
        _ => return Err(Failure::said("give the party's root with --root and a device id, or --revocation")),
    };
    if let Some(out) = out {
        files::write_new(&out, &bytes, Access::Everyone)?;
        println!(
            "Signed: {}. Bring it to any node: `trialogue device revoke --config node.toml --revocation {}`.",
            out.display(),
            out.display()
        );
    }
    let Some(config) = config else { return Ok(()) };
    let said = Revocation::claimed(&bytes).map_err(|why| Failure::said(why.to_string()))?;
    match answer(&config, &Request::Revoke { revocation: hex::encode(&bytes) })? {
        Reply::Done => {
            println!("Written to this node's journal. Every node that receives it refuses the device.");
            // The node counts it as revoked by the right root alone.
            let out = |known: &DeviceInfo| known.device == said.device.to_string() && known.revoked;
            if !devices(&config)?.iter().any(out) {
                println!(
                    "This node has no device {} of {}. If you expected one, compare the id with `trialogue device list` at the node where it was enrolled, and \
                     check whose root has signed.",
                    said.device, said.party
                );
            }
            Ok(())
        }
        other => Err(unexpected(other)),
    }
}

fn sign(root: &Path, config: Option<&Path>, device: &str) -> Result<Vec<u8>, Failure> {
    let bytes = hex::decode(device).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let id = bytes.map(DeviceId).ok_or_else(|| {
        Failure::said(format!(
            "{device} is no device id, which has 64 hexadecimal digits; `trialogue device list` shows those of a node"
        ))
    })?;
    // It is for good: whoever has mistyped it is told.
    if let Some(config) = config
        && !devices(config)?.iter().any(|known| known.device == id.to_string())
    {
        return Err(Failure::said(format!(
            "no device {device} is enrolled at this node: compare it with `trialogue device list`; to revoke it all the same, add --unknown"
        )));
    }
    let root = party::read_root(root)?;
    let revocation = Revocation { party: root.party.clone(), device: id };
    revocation.sign_as_root(&root.key).map_err(|why| Failure::said(why.to_string()))
}

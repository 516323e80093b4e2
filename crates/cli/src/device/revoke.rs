//! `trialogue device revoke`: the party's root signs who is accepted no more, and a node, any node, takes it.

use super::{answer, unexpected};
use crate::files::{self, Access};
use crate::{Failure, enrol, party};
use std::path::{Path, PathBuf};
use trialogue_charter::limits::REVOCATIONS_MAX;
use trialogue_charter::{DeviceId, RevocationList};
use trialogue_node::admin::{Reply, Request};

/// Who, by whose word, and where to.
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration of a running node that takes the list, of whatever party; without it the list is only written to --out.
    #[arg(long, value_name = "FILE", required_unless_present = "out")]
    config: Option<PathBuf>,
    /// The party's root.key or root.token, which signs.
    #[arg(long, value_name = "FILE", required_unless_present = "list", conflicts_with = "list")]
    root: Option<PathBuf>,
    /// A list that was signed before, for a node that has not taken it yet.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["devices", "out"])]
    list: Option<PathBuf>,
    /// Where to write the signed list, to be brought to other nodes.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Device ids, as `device list` shows them; none: the list is signed anew with its present date.
    devices: Vec<String>,
}

/// Does it.
///
/// # Errors
/// With the remedy.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { config, root, list, out, devices } = arguments;
    let bytes = match (list, root) {
        (Some(list), _) => files::read(&list, REVOCATIONS_MAX)?.to_vec(),
        (None, Some(root)) => sign(&root, config.as_deref(), &devices)?,
        (None, None) => return Err(Failure::said("give the party's root with --root, or a signed list with --list")),
    };
    if let Some(out) = out {
        files::write_new(&out, &bytes, Access::Everyone)?;
        println!(
            "Signed: {}. Bring it to any node: `trialogue device revoke --config node.toml --list FILE`.",
            out.display()
        );
    }
    let Some(config) = config else { return Ok(()) };
    match answer(&config, &Request::Revoke { list: hex::encode(&bytes) })? {
        Reply::Done => {
            println!(
                "Revoked, and written in this node's journal. It is out of every call, and every node and console that hears of it accepts it no more."
            );
            Ok(())
        }
        other => Err(unexpected(other)),
    }
}

fn sign(root: &Path, config: Option<&Path>, devices: &[String]) -> Result<Vec<u8>, Failure> {
    let root = party::read_root(root)?;
    let id = |device: &String| {
        let bytes = hex::decode(device).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(DeviceId).ok_or_else(|| {
            Failure::said(format!(
                "{device} is no device id, which has 64 hexadecimal digits; `trialogue device list` shows them"
            ))
        })
    };
    let devices: Vec<DeviceId> = devices.iter().map(id).collect::<Result<_, _>>()?;
    // What the node shows is verified. Were it an old list, nothing would be lost: all lists of a root count together.
    let held = match config {
        Some(config) => match answer(config, &Request::Devices)? {
            Reply::Devices { list, .. } => list.and_then(|list| hex::decode(list).ok()),
            other => return Err(unexpected(other)),
        },
        None => None,
    };
    let held = held.and_then(|bytes| RevocationList::open_by(&root.party, &root.key.public(), &bytes).ok());
    let said = |why: trialogue_charter::RevocationError| Failure::said(why.to_string());
    let list = RevocationList::next(root.party.clone(), held.as_ref(), devices, enrol::now_ms()?).map_err(said)?;
    list.sign_as_root(&root.key).map_err(said)
}

//! `trialogue station`: a machine that tests the line by calling those of the other parties, and answers theirs.

use crate::Failure;
use std::path::PathBuf;

/// An enrolled device of an office with the role station.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the identity is kept (directory, made if missing). Holds the device's secret: mode 0700.
    #[arg(long)]
    identity: PathBuf,
    /// Enrolment link, needed the first time; later the address of the node is enough.
    #[arg(long)]
    link: Option<String>,
    /// Address of the own node, for example `http://localhost:8443`; by default the one in the enrolment link.
    #[arg(long)]
    node: Option<String>,
    /// Certificates to trust for an https address (PEM), instead of the system's.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Stop when standard input ends: for whoever starts it as a child.
    #[arg(long)]
    stdin: bool,
}

/// Runs until it is told to stop. Prints what it does as one JSON object per line.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { identity, link, node, ca, stdin } = arguments;
    crate::endpoint::run(trialogue_endpoint::Args {
        identity,
        link,
        node,
        ca,
        stdin,
        answer: Some("any".to_owned()),
        voices: 12,
        station: true,
        ..Default::default()
    })
}

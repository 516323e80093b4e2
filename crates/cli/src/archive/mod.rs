//! `trialogue archive`: a party's own archive of what is written, readable with the archive's key alone.

mod key;

use crate::Failure;
use std::path::PathBuf;
use trialogue_endpoint::archive::Archiving;

pub use key::open_secret;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes the key of an archive: `archive.key`, which opens it and is kept offline, and `archive.pub`, with which it
    /// is filled.
    Key {
        /// Directory for both; made if it is not there.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Fills an archive: reads every line of a note-taker's office, visible to all as a reader, and says in the journal
    /// what it has kept and destroyed. Prints one JSON object per event, never a content.
    Run(Box<Run>),
}

/// A records office.
#[derive(clap::Args)]
pub struct Run {
    /// Where the identity is kept (directory, made if missing). Holds the device's secret: mode 0700.
    #[arg(long)]
    identity: PathBuf,
    /// Enrolment link of an office with the role note-taker, needed the first time.
    #[arg(long)]
    link: Option<String>,
    /// Address of the own node, for example `http://localhost:8443`; by default the one in the enrolment link.
    #[arg(long)]
    node: Option<String>,
    /// Certificates to trust for an https address (PEM), instead of the system's.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// The archive (directory, made if missing).
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// `archive.pub`: whoever has the other half opens the archive, and nobody else does.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Destroy contents so many days after they came into the archive (1 to 36500), and say so in the journal. Without
    /// it they stay.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: Option<u32>,
    /// Stop when standard input ends: for whoever starts it as a child.
    #[arg(long)]
    stdin: bool,
}

/// Does it and says so.
///
/// # Errors
/// One sentence with the remedy.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Key { out } => {
            let (secret, public) = key::make(&out)?;
            println!("Wrote {} and {}.", secret.display(), public.display());
            println!(
                "Take archive.key offline, to those who may read what is written; archive.pub goes to the machine that fills the archive."
            );
            Ok(())
        }
        Command::Run(run) => {
            let Run { identity, link, node, ca, to, key, keep_days, stdin } = *run;
            let key = key::open_public(&key)?;
            crate::endpoint::run(trialogue_endpoint::Args {
                identity,
                link,
                node,
                ca,
                stdin,
                off_watch: true,
                mute: true,
                archive: Some(Archiving { dir: to, key, keep_days }),
                ..Default::default()
            })
        }
    }
}

//! `trialogue record`: what was rung, answered and said, for operators and auditors.

mod attached;
mod contents;
mod export;
mod one;
mod prove;
mod read;
mod show;
mod text;
mod text_pdf;
mod timeline_pdf;
mod verify;
mod zone;

pub use export::export;
pub use read::read;

use crate::{Failure, files, pdf};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::limits::CHARTER_MAX;
use trialogue_charter::{NodeId, VerifiedCharter};
use trialogue_record::Weight;

/// Something that others have signed for is not in the record.
pub const INCOMPLETE: u8 = 3;
/// The record is not what was signed.
pub const ALTERED: u8 = 4;
/// A node has signed two histories, or what was not so.
pub const PROOF: u8 = 5;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Writes everything that a node holds of all journals into one file, while it runs.
    Export {
        /// The node's configuration.
        #[arg(long, value_name = "FILE", required_unless_present = "data", conflicts_with = "data")]
        config: Option<PathBuf>,
        /// The node's data directory, in place of its configuration: then the file carries no signature of the node.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The record; must not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Says whether a record is whole and as it was signed. Exit code: 0 all holds, 3 something is missing that others
    /// have signed for, 4 the file was altered, 5 a node has signed two histories or what was not so; 1 when nothing
    /// could be said.
    Verify {
        /// The record.
        file: PathBuf,
        /// The charter that the auditor trusts.
        #[arg(long, value_name = "FILE")]
        charter: PathBuf,
        /// Print the signed entries that prove something, in hexadecimal digits, to be handed on.
        #[arg(long)]
        evidence: bool,
    },
    /// Shows what happened, by time. Exit code as `verify`.
    Show {
        /// The record.
        file: PathBuf,
        /// The charter that the auditor trusts.
        #[arg(long, value_name = "FILE")]
        charter: PathBuf,
        /// One JSON object a line.
        #[arg(long, conflicts_with = "pdf")]
        json: bool,
        /// Of when and where.
        #[command(flatten)]
        asked: show::Asked,
        /// Also what machines say by the clock: keys, tests, who is on watch.
        #[arg(long)]
        all: bool,
        /// The party's archive, for what was written.
        #[command(flatten)]
        contents: contents::Source,
        /// A PDF in place of the text on the screen.
        #[command(flatten)]
        pdf: pdf::Arguments,
    },
    /// Proves that one entry is in a journal: the entry, the path to a head, and the head signed by this node
    /// (c2sp.org/tlog-proof).
    Prove {
        /// The record.
        file: PathBuf,
        /// The configuration of the node that signs the head: the journal's own, or another as witness.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Whose journal.
        #[arg(long)]
        node: NodeId,
        /// Which entry, from 1.
        #[arg(long)]
        position: u64,
        /// The proof; must not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Hands one writing on as plain signed data: what it says, who wrote it, and who approved, certified or
    /// acknowledged it, in one JSON file.
    Text {
        /// Which.
        #[command(flatten)]
        of: one::Named,
        /// The file; must not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Writes the files that are attached to a message, as they were when they were attached.
    Files {
        /// Of which message.
        #[command(flatten)]
        of: one::Named,
        /// The directory that they go to; made if missing, and nothing in it is overwritten.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Says who wrote, approved, certified or acknowledged what such a file says, with the charter alone. Exit code: 0
    /// proved, 4 altered, 1 when nothing could be said.
    CheckText {
        /// The file.
        file: PathBuf,
        /// The charter that the auditor trusts.
        #[arg(long, value_name = "FILE")]
        charter: PathBuf,
        /// A PDF of what is proved.
        #[command(flatten)]
        pdf: pdf::Arguments,
    },
    /// Says what a proof proves.
    CheckProof {
        /// The proof.
        file: PathBuf,
        /// The charter that the auditor trusts.
        #[arg(long, value_name = "FILE")]
        charter: PathBuf,
    },
}

/// Does it and says so.
///
/// # Errors
/// When nothing can be said, with the remedy.
pub fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Export { config, data, out } => {
            let (dir, key) = match (config, data) {
                (Some(config), _) => {
                    let config = config_of(&config)?;
                    let key = NodeSecret::parse(&files::read_text(&config.node_key)?)
                        .map_err(|why| Failure::content(&config.node_key, why))?;
                    (config.data_dir, Some(key))
                }
                (None, Some(data)) => (data, None),
                (None, None) => return Err(Failure::said("give --config or --data")),
            };
            let entries = export(&dir, key.as_ref(), &out)?;
            println!("Exported {entries} entries to {}.", out.display());
            if key.is_none() {
                println!(
                    "Without --config the node's key is not at hand: whoever verifies it is told that nobody has signed the file as a whole."
                );
            }
            println!("Whoever has it and the charter verifies it with `trialogue record verify`, offline.");
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify { file, charter, evidence } => verify::verify(&file, trusted(&charter)?, evidence),
        Command::Show { file, charter, json, asked, all, contents, pdf } => {
            let wanted = show::Wanted { json, asked, all, contents: contents.open()? };
            show::show(&file, trusted(&charter)?, &wanted, pdf.open()?.as_ref())
        }
        Command::Prove { file, config, node, position, out } => {
            prove::prove(&file, &config_of(&config)?, &node, position, &out)
        }
        Command::Text { of, out } => text::write(&of, &out),
        Command::Files { of, out } => attached::write(&of, &out),
        Command::CheckText { file, charter, pdf } => text::check_text(&file, trusted(&charter)?, pdf.open()?.as_ref()),
        Command::CheckProof { file, charter } => prove::check(&file, &trusted(&charter)?),
    }
}

fn config_of(path: &Path) -> Result<trialogue_node::Config, Failure> {
    trialogue_node::Config::read(path).map_err(|error| Failure::said(error.to_string()))
}

fn trusted(path: &Path) -> Result<VerifiedCharter, Failure> {
    let bytes = files::read(path, CHARTER_MAX)?;
    VerifiedCharter::open(&bytes, None).map_err(|why| Failure::content(path, why))
}

fn code(weight: Option<Weight>) -> ExitCode {
    ExitCode::from(match weight {
        None => 0,
        Some(Weight::Incomplete) => INCOMPLETE,
        Some(Weight::Altered) => ALTERED,
        Some(Weight::Proof) => PROOF,
    })
}

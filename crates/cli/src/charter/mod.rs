//! `trialogue charter`: from a draft to the agreement of all.

mod amend;
mod authority;
mod changes;
mod draft;
mod install;
mod journals;
mod plan;
mod show;
mod sign;
mod verify;

pub use changes::changes;
pub use draft::{draft, draft_text};
pub use show::show;
pub use sign::sign;
pub use verify::{missing_sentence, verify};

use crate::{Failure, files};
use std::path::{Path, PathBuf};
use trialogue_charter::limits::CHARTER_MAX;
use trialogue_charter::{Hash, PartyId, UnverifiedCharter};

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes a charter to be signed from charter.toml and the public files of parties and nodes.
    Draft {
        /// The plan: parties, nodes, offices, lines, policy, suite.
        #[arg(long)]
        from: PathBuf,
        /// The charter in force that it amends: nodes keep their places on the wire, and those that are left out are
        /// retired.
        #[arg(long)]
        amends: Option<PathBuf>,
        /// A record that was exported after a node went on under a new journal key: the amendment names the last entry
        /// under the former one.
        #[arg(long, requires = "amends")]
        journals: Option<PathBuf>,
        /// The charter; must not exist yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Signs a charter with a party's root key, in place.
    Sign {
        /// The charter.
        #[arg(long)]
        charter: PathBuf,
        /// The party's root.key or root.token.
        #[arg(long)]
        root: PathBuf,
        /// Sign for this party; the one that the root names if it is left out.
        #[arg(long)]
        party: Option<PartyId>,
        /// The charter in force, for a root that is not in the new one: the party leaves, or gets another root, and
        /// agrees to it.
        #[arg(long)]
        amends: Option<PathBuf>,
    },
    /// Puts a charter that everyone has signed in force, here and at every node that is reached from here.
    Install {
        /// The configuration of the running node.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The charter.
        #[arg(long)]
        charter: PathBuf,
    },
    /// Says whether every party's root has signed, and which signatures are missing or wrong.
    Verify {
        /// The charter.
        #[arg(long)]
        charter: PathBuf,
        /// Fingerprint of the own party's root that must be in it.
        #[arg(long, value_parser = fingerprint)]
        party_root: Option<Hash>,
        /// The charter in force: the new one must not be older.
        #[arg(long)]
        held: Option<PathBuf>,
    },
    /// Says in plain words what a charter contains.
    Show {
        /// The charter.
        #[arg(long)]
        charter: PathBuf,
        /// The charter in force: says what changes instead, and who has still to agree.
        #[arg(long)]
        against: Option<PathBuf>,
    },
}

impl Command {
    /// It signs with a root.
    pub fn holds_secrets(&self) -> bool {
        matches!(self, Self::Sign { .. })
    }
}

/// Does it and says so.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Draft { from, amends, journals: record, out } => {
            let held = amends.as_deref().map(read).transpose()?;
            let ends = match (&held, &record) {
                (Some(held), Some(record)) => {
                    let held = held.verify(None).map_err(|why| Failure::content(record, why))?;
                    Some(journals::Ends::read(record, held)?)
                }
                _ => None,
            };
            let charter = draft(&from, held.as_ref().map(UnverifiedCharter::claims), ends.as_ref())?;
            files::write_new(&out, &charter.encode(), files::Access::Everyone)?;
            println!("Drafted {} with serial {}.", out.display(), charter.claims().serial);
            println!("Content: {}", charter.hash());
            if let Some(held) = held {
                print!("{}", changes(&held, &charter));
            }
            println!(
                "Every party now checks it with `trialogue charter show` and signs it with `trialogue charter sign`."
            );
        }
        Command::Sign { charter, root, party, amends } => {
            let signed = sign(&charter, &root, party.as_ref(), amends.as_deref())?;
            println!("Signed. Content: {}", signed.hash());
            match missing_sentence(&signed) {
                Some(missing) => println!("{missing}"),
                None => println!("All parties have signed: the charter is valid."),
            }
        }
        Command::Verify { charter, party_root, held } => {
            let verified = verify(&charter, party_root.as_ref(), held.as_deref())?;
            println!("Valid: every party's root has signed with Ed25519 and ML-DSA-87.");
            println!("Serial {}, content {}", verified.serial, verified.hash());
        }
        Command::Install { config, charter } => install::install(&config, &charter)?,
        Command::Show { charter, against: None } => print!("{}", show(&read(&charter)?)),
        Command::Show { charter, against: Some(held) } => print!("{}", changes(&read(&held)?, &read(&charter)?)),
    }
    Ok(())
}

/// Reads a charter file, signed or not.
pub fn read(path: &Path) -> Result<UnverifiedCharter, Failure> {
    let bytes = files::read(path, CHARTER_MAX)?;
    UnverifiedCharter::decode(&bytes).map_err(|why| Failure::content(path, why))
}

/// Reads a fingerprint: 96 hexadecimal digits.
pub fn fingerprint(text: &str) -> Result<Hash, String> {
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| <[u8; Hash::LEN]>::try_from(bytes).ok());
    bytes
        .map(Hash)
        .ok_or_else(|| "a fingerprint has 96 hexadecimal digits: copy it from `trialogue charter show`".to_owned())
}

//! `trialogue party`: a party and its root key.

mod init;

pub use init::{Init, init, read_root};

use crate::Failure;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes a party's root key: root.key (keep it secret and offline) and party.pub (hand it to whoever drafts the charter).
    Init(Init),
}

/// Does it and says so.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => {
            let party = init(&arguments)?;
            println!("Made the root key of party {}.", party.0.id);
            println!(
                "  {}   secret: keep it offline, with a copy in another safe",
                arguments.out.join("root.key").display()
            );
            println!("  {}  public: hand it to whoever drafts the charter", arguments.out.join("party.pub").display());
            println!("Fingerprint: {}", party.0.root.fingerprint());
            Ok(())
        }
    }
}

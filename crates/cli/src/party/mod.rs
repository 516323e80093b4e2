//! `trialogue party`: a party and its root key.

mod init;
mod root;

pub use init::{Init, init};
pub use root::{Root, RootKey, read_root};

use crate::Failure;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes a party's root key: root.key (keep it secret and offline) or, with --token, root.token (says where the key
    /// is), and party.pub (hand it to whoever drafts the charter).
    Init(Init),
}

/// Does it and says so.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => {
            let party = init(&arguments)?;
            println!("Made the root key of party {}.", party.0.id);
            let written = |name| arguments.out.join(name).display().to_string();
            if arguments.token.is_some() {
                println!("  {}  not secret: says where the key is; take the token's backup now", written("root.token"));
            } else {
                println!("  {}    secret: keep it offline, with a copy in another safe", written("root.key"));
            }
            println!("  {}   public: hand it to whoever drafts the charter", written("party.pub"));
            println!("Fingerprint: {}", party.0.root.fingerprint());
            Ok(())
        }
    }
}

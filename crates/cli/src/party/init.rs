//! Makes a party's root key.

use crate::files::{self, Access};
use crate::{Failure, entropy};
use std::path::{Path, PathBuf};
use trialogue_charter::keyfile::{PartyPublic, RootSecret};
use trialogue_charter::{HybridSecret, PartyId, PersonName, Texts};

/// Which party, and where its files go.
#[derive(clap::Args)]
pub struct Init {
    /// Short id of the party, 1 to 8 capital letters or digits, for example USA.
    #[arg(long)]
    pub party: PartyId,
    /// Name in English.
    #[arg(long)]
    pub name_en: String,
    /// Name in Japanese.
    #[arg(long)]
    pub name_ja: String,
    /// Name in Korean.
    #[arg(long)]
    pub name_ko: String,
    /// Directory for root.key and party.pub; made if it is not there.
    #[arg(long)]
    pub out: PathBuf,
}

/// Writes `root.key` and `party.pub`; never over files that exist.
pub fn init(arguments: &Init) -> Result<PartyPublic, Failure> {
    let name = Texts { en: arguments.name_en.clone(), ja: arguments.name_ja.clone(), ko: arguments.name_ko.clone() };
    for (flag, text) in [("--name-en", &name.en), ("--name-ja", &name.ja), ("--name-ko", &name.ko)] {
        // A party's name has the form of a personal name: what a screen can show.
        PersonName::new(text.clone()).map_err(|why| Failure::said(format!("{flag} is not usable: {why}")))?;
    }
    let root = RootSecret { party: arguments.party.clone(), key: HybridSecret::from_seed(&*entropy::draw::<32>()?) };
    let public = PartyPublic::of(&root, name);
    files::make_dir(&arguments.out)?;
    files::write_new(&arguments.out.join("root.key"), root.to_text().as_bytes(), Access::Owner)?;
    files::write_new(&arguments.out.join("party.pub"), public.to_text().as_bytes(), Access::Everyone)?;
    Ok(public)
}

/// Reads a root key file.
pub fn read_root(path: &Path) -> Result<RootSecret, Failure> {
    RootSecret::parse(&files::read_text(path)?).map_err(|why| Failure::at_line(path, why.line, why.what))
}

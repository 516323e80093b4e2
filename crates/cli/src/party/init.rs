//! Makes a party's root key.

use super::root;
use crate::files::{self, Access};
use crate::{Failure, entropy};
use std::path::PathBuf;
use trialogue_charter::keyfile::{PartyPublic, RootSecret, RootToken};
use trialogue_charter::{HybridSecret, Party, PartyId, PersonName, Texts};
use trialogue_token::{Entropy, TokenUri};

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
    /// Make the key in a PKCS#11 token instead of a file, for example
    /// "pkcs11:token=USA?module-path=/usr/lib/softhsm/libsofthsm2.so" (RFC 7512). The PIN comes from the file that
    /// TRIALOGUE_PIN_FILE or pin-source names, or from TRIALOGUE_PIN.
    #[arg(long, value_name = "URI")]
    pub token: Option<String>,
    /// Directory for root.key or root.token, and party.pub; made if it is not there.
    #[arg(long)]
    pub out: PathBuf,
}

/// Writes `root.key` or `root.token`, and `party.pub`; never over files that exist.
pub fn init(arguments: &Init) -> Result<PartyPublic, Failure> {
    let name = Texts { en: arguments.name_en.clone(), ja: arguments.name_ja.clone(), ko: arguments.name_ko.clone() };
    for (flag, text) in [("--name-en", &name.en), ("--name-ja", &name.ja), ("--name-ko", &name.ko)] {
        // A party's name has the form of a personal name: what a screen can show.
        PersonName::new(text.clone()).map_err(|why| Failure::said(format!("{flag} is not usable: {why}")))?;
    }
    files::make_dir(&arguments.out)?;
    let public_file = arguments.out.join("party.pub");
    let Some(uri) = &arguments.token else {
        let root =
            RootSecret { party: arguments.party.clone(), key: HybridSecret::from_seed(&*entropy::draw::<32>()?) };
        let public = PartyPublic::of(&root, name);
        files::write_new(&arguments.out.join("root.key"), root.to_text().as_bytes(), Access::Owner)?;
        files::write_new(&public_file, public.to_text().as_bytes(), Access::Everyone)?;
        return Ok(public);
    };
    let root_file = arguments.out.join("root.token");
    // Looked at before the token is: a key there that no file names would be of no use to anybody.
    for file in [&root_file, &public_file] {
        files::is_free(file)?;
    }
    let root = in_token(uri, &arguments.party)?;
    let public = PartyPublic(Party { id: root.party.clone(), name, root: root.public.clone() });
    files::write_new(&root_file, root.to_text().as_bytes(), Access::Everyone)?;
    files::write_new(&public_file, public.to_text().as_bytes(), Access::Everyone)?;
    Ok(public)
}

fn in_token(uri: &str, party: &PartyId) -> Result<RootToken, Failure> {
    let uri = TokenUri::parse(uri).map_err(|why| Failure::said(format!("--token: {why}")))?;
    let entropy = Entropy { id: *entropy::draw::<16>()?, iv: *entropy::draw::<12>()?, seed: *entropy::draw::<32>()? };
    let pin = root::pin(&uri)?;
    trialogue_token::make(&uri, pin.as_ref(), party, &entropy).map_err(|why| Failure::said(why.to_string()))
}

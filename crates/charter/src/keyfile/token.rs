//! `root.token`: where a root key is that never leaves its token. Nothing in it is secret.

use super::lines::{BadKeyFile, Lines};
use super::public::{hybrid, take_hybrid};
use crate::agreement::HybridPublic;
use crate::ids::PartyId;
use crate::limits::TOKEN_URI_MAX;

/// `root.token`: takes the place of `root.key` wherever a root signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootToken {
    /// Whose root it is.
    pub party: PartyId,
    /// Where it is: a PKCS#11 URI (RFC 7512) with the path of the module.
    pub uri: String,
    /// Its public half: what the token signs must hold under it.
    pub public: HybridPublic,
}

const TOKEN: &str = "trialogue root token 1";

impl RootToken {
    /// Does a text begin as such a file does? A root may be given as either kind of file.
    pub fn is_heading_of(text: &str) -> bool {
        let mut rows = text.lines().map(str::trim).filter(|row| !row.is_empty() && !row.starts_with('#'));
        rows.next() == Some(TOKEN)
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        format!(
            "{TOKEN}\n# Where the root key of {party} is. Not secret: who signs needs the token and its PIN.\nparty: {party}\ntoken: {uri}\n{key}",
            party = self.party,
            uri = self.uri,
            key = hybrid("root", &self.public),
        )
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, BadKeyFile> {
        let mut lines = Lines::open(TOKEN, text)?;
        let party = lines.take("party", |value| PartyId::new(value).ok())?;
        let is_uri = |value: &str| value.len() <= TOKEN_URI_MAX && value.bytes().all(|byte| byte.is_ascii_graphic());
        let uri = lines.take("token", |value| is_uri(value).then(|| value.to_owned()))?;
        let public = take_hybrid(&mut lines, "root")?;
        lines.end()?;
        Ok(Self { party, uri, public })
    }
}

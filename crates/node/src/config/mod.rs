//! `node.toml`: what one node is told by its operator. A wrong line names file, line and remedy.

mod alert;
mod carriers;
mod check;
mod error;

pub use alert::{AlertConfig, MailConfig, MailTls, WebhookConfig};
pub use error::ConfigError;

use crate::links::Carrier;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::Spanned;
use trialogue_charter::{Hash, NodeId};
use trialogue_wire::console::Site;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// How a web console keeps its device's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Passkeys {
    /// Sealed under a passkey: nobody who opens the browser comes on watch without its owner.
    #[default]
    Required,
    /// The person who enrols chooses; else sealed under a key of the browser, which opens for whoever opens the
    /// browser.
    Offered,
}

/// Certificate and key of the web console's HTTPS, both PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebTls {
    /// Certificate chain, leaf first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// A node's configuration, checked. Paths are absolute or relative to where the process runs; in the file they are
/// relative to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which node of the charter this is.
    pub node: NodeId,
    /// Where the journal is kept.
    pub data_dir: PathBuf,
    /// The signed charter.
    pub charter: PathBuf,
    /// Fingerprint of the own party's root key, pinned.
    pub party_root: Hash,
    /// The node's secret keys.
    pub node_key: PathBuf,
    /// Where consoles come: TCP.
    pub listen_web: SocketAddr,
    /// HTTPS. None: plain HTTP, on a loopback address only.
    pub web_tls: Option<WebTls>,
    /// Other origins than the one a browser asked for that may open a console, for example behind a reverse proxy.
    pub web_origins: Vec<String>,
    /// Other nodes of the own party, with their web addresses, the preferred one first.
    pub sites: Vec<Site>,
    /// Where media comes: UDP and TCP on the same port.
    pub listen_media: SocketAddr,
    /// Where other nodes come: UDP. One without a name, or several that have one each.
    pub carriers: Vec<Carrier>,
    /// Addresses under which browsers reach `listen_media`; empty: the listening address, or all of this machine's if
    /// that is a wildcard.
    pub public_addresses: Vec<IpAddr>,
    /// Whether consoles must enrol with a passkey.
    pub passkeys: Passkeys,
    /// Files of the web console; none: those that the program brings along.
    pub console_dir: Option<PathBuf>,
    /// By what means people beyond the consoles are alerted.
    pub alert: AlertConfig,
    /// How log lines look.
    pub log: LogFormat,
}

/// One `[[site]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    node: Spanned<String>,
    url: Spanned<String>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    node: Spanned<String>,
    data_dir: PathBuf,
    charter: PathBuf,
    party_root: Spanned<String>,
    node_key: PathBuf,
    listen_web: Spanned<String>,
    tls_cert: Option<Spanned<PathBuf>>,
    tls_key: Option<Spanned<PathBuf>>,
    #[serde(default)]
    web_origins: Vec<Spanned<String>>,
    #[serde(default)]
    site: Vec<SiteFile>,
    listen_media: Spanned<String>,
    listen_link: Option<Spanned<String>>,
    #[serde(default)]
    carrier: Vec<Spanned<CarrierFile>>,
    #[serde(default)]
    public_addresses: Vec<Spanned<String>>,
    console_dir: Option<Spanned<PathBuf>>,
    #[serde(default)]
    passkeys: Passkeys,
    #[serde(default, deserialize_with = "alert::table")]
    alert: Option<alert::AlertFile>,
    #[serde(default)]
    log: LogFormat,
}

/// One of several carriers, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CarrierFile {
    name: Spanned<String>,
    listen: Spanned<String>,
    cap_kbit: Option<Spanned<u32>>,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// With file, line and remedy.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigError::unreadable(path, &e))?;
        Self::parse(path, &text)
    }

    /// Checks the text of a file that stands at `path`.
    ///
    /// # Errors
    /// With file, line and remedy.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|e| ConfigError::syntax(path, text, &e))?;
        check::checked(path, text, file)
    }
}

//! `[alert]`: by what means people beyond the consoles are told of a ring.

use super::ConfigError;
use super::check::Checker;
use lettre::Address;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Most addresses that a mail goes to. Each is a connection to the mail server.
const TO_MAX: usize = 16;

/// By what means people are alerted; any of them that works is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertConfig {
    /// A program with its arguments; empty: none.
    pub command: Vec<String>,
    /// A webhook.
    pub webhook: Option<WebhookConfig>,
    /// A mail.
    pub mail: Option<MailConfig>,
}

impl AlertConfig {
    /// The operator has set nothing.
    pub fn is_empty(&self) -> bool {
        self.command.is_empty() && self.webhook.is_none() && self.mail.is_none()
    }
}

/// An HTTPS POST.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Path and query. Some services keep their secret there, so it is never shown.
    pub path: String,
    /// The file with the bearer token (RFC 6750), if the server asks for one.
    pub token_file: Option<PathBuf>,
    /// The only authority whose certificates are trusted, PEM; none: those of the system.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookConfig").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// Name of the mail server, as its certificate has it.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How it is encrypted.
    pub tls: MailTls,
    /// Log-in name, if the server asks for one.
    pub user: Option<String>,
    /// The file with the password; there exactly if `user` is.
    pub password_file: Option<PathBuf>,
    /// Sender.
    pub from: Address,
    /// Who gets it.
    pub to: Vec<Address>,
    /// The only authority whose certificates are trusted, PEM; none: those of the system.
    pub ca: Option<PathBuf>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// In the clear until STARTTLS, which must work; usually port 587.
    #[default]
    Starttls,
    /// Encrypted from the first byte; usually port 465.
    Tls,
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertFile {
    command: Option<Spanned<Vec<String>>>,
    webhook: Option<WebhookFile>,
    mail: Option<MailFile>,
}

/// Reads the table as one: a list in its place (`alert = [...]`) is told what to become.
pub(super) fn table<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AlertFile>, D::Error> {
    struct Table;
    impl<'de> Visitor<'de> for Table {
        type Value = AlertFile;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the table [alert] with command = [...], or [alert.webhook], or [alert.mail]")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AlertFile, A::Error> {
            AlertFile::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_map(Table).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookFile {
    url: Spanned<String>,
    token_file: Option<PathBuf>,
    ca: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailFile {
    server: Spanned<String>,
    #[serde(default)]
    tls: MailTls,
    user: Option<Spanned<String>>,
    password_file: Option<Spanned<PathBuf>>,
    from: Spanned<String>,
    to: Spanned<Vec<String>>,
    ca: Option<PathBuf>,
}

impl Checker<'_> {
    pub(super) fn alert(&self, file: AlertFile) -> Result<AlertConfig, ConfigError> {
        Ok(AlertConfig {
            command: file.command.map(|command| self.command(command)).transpose()?.unwrap_or_default(),
            webhook: file.webhook.map(|webhook| self.webhook(webhook)).transpose()?,
            mail: file.mail.map(|mail| self.mail(mail)).transpose()?,
        })
    }

    fn command(&self, value: Spanned<Vec<String>>) -> Result<Vec<String>, ConfigError> {
        let remedy = "Name a program by its whole path, then its arguments: command = [\"/usr/local/bin/page-duty\"].";
        let Some(program) = value.get_ref().first() else {
            return Err(self.wrong(&value, "command names no program", remedy));
        };
        let path = Path::new(program);
        if !path.is_absolute() || !path.is_file() {
            let what = format!("command names \"{program}\", which is not a file");
            return Err(self.wrong(&value, what, remedy));
        }
        Ok(value.into_inner())
    }

    fn webhook(&self, file: WebhookFile) -> Result<WebhookConfig, ConfigError> {
        let bad = |what: &str| {
            let remedy = "Write it like url = \"https://pager.example/hotline\"; a token belongs into token_file.";
            self.wrong(&file.url, what, remedy)
        };
        let url: Result<hyper::Uri, _> = file.url.get_ref().parse();
        let url = url.map_err(|e| bad(&format!("url is no address of a web server ({e})")))?;
        if url.scheme_str() != Some("https") {
            return Err(bad("url is not https, and what is told could be read on its way"));
        }
        let authority = url.authority().filter(|authority| !authority.as_str().contains('@'));
        let Some(authority) = authority else {
            return Err(bad("url has no host, or a name and password in it"));
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if rustls::pki_types::ServerName::try_from(host.as_str()).is_err() {
            return Err(bad("url has no host that a certificate can be for"));
        }
        Ok(WebhookConfig {
            host,
            port: authority.port_u16().unwrap_or(443),
            path: url.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            token_file: file.token_file.map(|path| self.beside(path)),
            ca: file.ca.map(|path| self.beside(path)),
        })
    }

    fn mail(&self, file: MailFile) -> Result<MailConfig, ConfigError> {
        let parts = file.server.get_ref().rsplit_once(':').and_then(|(host, port)| {
            let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
            rustls::pki_types::ServerName::try_from(host).is_ok().then(|| (host.to_owned(), port))
        });
        let Some((server, port)) = parts else {
            let remedy = "Write name and port as the certificate has the name: server = \"mail.example:587\".";
            return Err(self.wrong(&file.server, "server is not a name and a port", remedy));
        };
        match (&file.user, &file.password_file) {
            (Some(only), None) => {
                let remedy = "Name the file with the password as password_file.";
                return Err(self.wrong(only, "user without password_file", remedy));
            }
            (None, Some(only)) => {
                return Err(self.wrong(only, "password_file without user", "Name the account as user."));
            }
            _ => {}
        }
        let remedy = "Write addresses without names: \"duty@example.gov\".";
        let from = file.from.get_ref().parse();
        let from: Address =
            from.map_err(|e| self.wrong(&file.from, format!("from is not a mail address ({e})"), remedy))?;
        let to = file.to.get_ref().iter().map(|to| {
            to.parse().map_err(|e| {
                self.wrong(&file.to, format!("to holds \"{to}\", which is not a mail address ({e})"), remedy)
            })
        });
        let to: Vec<Address> = to.collect::<Result<_, ConfigError>>()?;
        if to.is_empty() || to.len() > TO_MAX {
            return Err(self.wrong(&file.to, "to must hold 1 to 16 addresses", remedy));
        }
        Ok(MailConfig {
            server,
            port,
            tls: file.tls,
            user: file.user.map(Spanned::into_inner),
            password_file: file.password_file.map(|path| self.beside(path.into_inner())),
            from,
            to,
            ca: file.ca.map(|path| self.beside(path)),
        })
    }
}

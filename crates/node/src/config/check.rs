//! From the file as written to a configuration that can be used.

use super::error::line_of;
use super::{Config, ConfigError, File, SiteFile, WebTls};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::Spanned;
use trialogue_charter::{Hash, NodeId};
use trialogue_wire::console::Site;
use trialogue_wire::limits::{SITES_MAX, URL_MAX};

pub(super) struct Checker<'a> {
    pub(super) path: &'a Path,
    text: &'a str,
}

impl Checker<'_> {
    pub(super) fn wrong<T>(&self, at: &Spanned<T>, what: impl Into<String>, remedy: &str) -> ConfigError {
        let line = Some(line_of(self.text, at.span().start));
        ConfigError { file: self.path.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn beside(&self, path: PathBuf) -> PathBuf {
        // `join` keeps an absolute path as it is.
        self.path.parent().map(|dir| dir.join(&path)).unwrap_or(path)
    }

    pub(super) fn socket(&self, name: &str, value: &Spanned<String>, example: &str) -> Result<SocketAddr, ConfigError> {
        value.get_ref().parse().map_err(|_| {
            let what = format!("{name} is \"{}\", which is not an address and a port", value.get_ref());
            self.wrong(value, what, &format!("Write an IP address and a port, for example {name} = \"{example}\"."))
        })
    }

    fn root(&self, value: &Spanned<String>) -> Result<Hash, ConfigError> {
        let text: String = value.get_ref().chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
        let bytes = hex::decode(text).ok().and_then(|b| <[u8; Hash::LEN]>::try_from(b).ok());
        bytes.map(Hash).ok_or_else(|| {
            let remedy =
                "Copy the 96 hexadecimal digits that `trialogue charter show` prints as the root of your party.";
            self.wrong(value, "party_root is not the fingerprint of a root key", remedy)
        })
    }

    fn web_tls(&self, file: &File, listen_web: SocketAddr) -> Result<Option<WebTls>, ConfigError> {
        match (&file.tls_cert, &file.tls_key) {
            (Some(cert), Some(key)) => Ok(Some(WebTls {
                certificate: self.beside(cert.get_ref().clone()),
                key: self.beside(key.get_ref().clone()),
            })),
            (Some(only), None) => {
                Err(self.wrong(only, "tls_cert without tls_key", "Name the certificate's private key as tls_key."))
            }
            (None, Some(only)) => {
                Err(self.wrong(only, "tls_key without tls_cert", "Name the certificate chain as tls_cert."))
            }
            (None, None) if !listen_web.ip().is_loopback() => {
                let what = format!("plain HTTP on {listen_web} could be read and changed on its way");
                let remedy = "Set tls_cert and tls_key, or listen on 127.0.0.1 or [::1].";
                Err(self.wrong(&file.listen_web, what, remedy))
            }
            (None, None) => Ok(None),
        }
    }

    fn origin(&self, value: &Spanned<String>) -> Result<String, ConfigError> {
        let text = value.get_ref();
        let own = || text.strip_prefix("http://127.0.0.1").or_else(|| text.strip_prefix("http://localhost:"));
        let host = text.strip_prefix("https://").or_else(own);
        match host {
            Some(rest) if !rest.contains('/') => Ok(text.to_ascii_lowercase()),
            _ => Err(self.wrong(
                value,
                format!("\"{text}\" is not an origin"),
                "Write scheme and host as a browser does, for example \"https://hotline.example\", without a path.",
            )),
        }
    }

    fn sites(&self, written: Vec<SiteFile>) -> Result<Vec<Site>, ConfigError> {
        if let Some(beyond) = written.get(SITES_MAX) {
            let what = format!("more than {SITES_MAX} sites");
            return Err(self.wrong(&beyond.node, what, "Name the ones that consoles shall go to first."));
        }
        let site = |site: SiteFile| {
            let node = NodeId::new(site.node.get_ref().clone()).map_err(|e| {
                self.wrong(
                    &site.node,
                    e.to_string(),
                    "Write the id of another node of your party, as the charter has it.",
                )
            })?;
            let url = self.origin(&site.url)?;
            if url.len() > URL_MAX || url.contains([' ', ';', ',']) {
                return Err(self.wrong(
                    &site.url,
                    "the web address of the site is not one",
                    "Write scheme and host only.",
                ));
            }
            Ok(Site { node, url })
        };
        written.into_iter().map(site).collect()
    }

    fn public(&self, value: &Spanned<String>) -> Result<IpAddr, ConfigError> {
        let ip: Option<IpAddr> = value.get_ref().parse().ok();
        ip.filter(|ip| !ip.is_unspecified() && !ip.is_multicast()).ok_or_else(|| {
            let what = format!("\"{}\" is not an address that a browser can reach", value.get_ref());
            self.wrong(value, what, "Write an IP address without a port, for example \"203.0.113.7\".")
        })
    }
}

pub(super) fn checked(path: &Path, text: &str, file: File) -> Result<Config, ConfigError> {
    let c = Checker { path, text };
    let node = NodeId::new(file.node.get_ref().clone()).map_err(|e| {
        c.wrong(&file.node, e.to_string(), "Write the node's id as the charter has it, for example \"usa-1\".")
    })?;
    let listen_web = c.socket("listen_web", &file.listen_web, "127.0.0.1:8443")?;
    let listen_media = c.socket("listen_media", &file.listen_media, "0.0.0.0:3478")?;
    let carriers = c.carriers(&file, listen_media)?;
    if listen_media.port() != 0 && listen_media.port() == listen_web.port() {
        let what = "listen_media has the port of listen_web, and both are TCP";
        return Err(c.wrong(&file.listen_media, what, "Give each its own port."));
    }
    if let Some(dir) = &file.console_dir
        && !c.beside(dir.get_ref().clone()).join("index.html").is_file()
    {
        let what = "console_dir holds no index.html";
        return Err(c.wrong(dir, what, "Name the directory of the built console, or remove the line."));
    }
    let web_tls = c.web_tls(&file, listen_web)?;
    Ok(Config {
        node,
        data_dir: c.beside(file.data_dir),
        charter: c.beside(file.charter),
        party_root: c.root(&file.party_root)?,
        node_key: c.beside(file.node_key),
        listen_web,
        web_tls,
        web_origins: file.web_origins.iter().map(|o| c.origin(o)).collect::<Result<_, _>>()?,
        sites: c.sites(file.site)?,
        listen_media,
        carriers,
        public_addresses: file.public_addresses.iter().map(|a| c.public(a)).collect::<Result<_, _>>()?,
        console_dir: file.console_dir.map(|dir| c.beside(dir.into_inner())),
        passkeys: file.passkeys,
        alert: file.alert.map(|alert| c.alert(alert)).transpose()?.unwrap_or_default(),
        log: file.log,
    })
}

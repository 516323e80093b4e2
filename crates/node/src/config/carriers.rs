//! The carriers: one by `listen_link`, or several by `[[carrier]]`.

use super::check::Checker;
use super::{ConfigError, File};
use crate::links::{CARRIERS_MAX, Carrier};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use trialogue_charter::is_carrier;

/// Least and most cap in kbit/s. Less carries no voice; more is none.
const CAP_KBIT: std::ops::RangeInclusive<u32> = 16..=10_000_000;

impl Checker<'_> {
    pub(super) fn carriers(&self, file: &File, media: SocketAddr) -> Result<Vec<Carrier>, ConfigError> {
        if let Some(link) = &file.listen_link {
            if let Some(first) = file.carrier.first() {
                let remedy = "Leave listen_link out: the carriers' `listen` takes its place.";
                return Err(self.wrong(first, "there are carriers beside listen_link", remedy));
            }
            let listen = self.socket("listen_link", link, "0.0.0.0:4460")?;
            if media.port() != 0 && media.port() == listen.port() {
                let what = "listen_link has the port of listen_media, and both are UDP";
                return Err(self.wrong(link, what, "Give each its own port."));
            }
            return Ok(vec![Carrier { name: String::new(), listen, cap_kbit: None }]);
        }
        if !(1..=CARRIERS_MAX).contains(&file.carrier.len()) {
            let what = format!("there is no listen_link, and there are {} carriers", file.carrier.len());
            let remedy = format!("Set listen_link, or 1 to {CARRIERS_MAX} tables [[carrier]] with name and listen.");
            return Err(ConfigError { file: self.path.to_owned(), line: None, what, remedy });
        }
        let (mut names, mut ports) = (BTreeSet::new(), BTreeSet::new());
        let mut all = Vec::new();
        for carrier in &file.carrier {
            let carrier = carrier.get_ref();
            let name = carrier.name.get_ref();
            if !is_carrier(name) || !names.insert(name.clone()) {
                let what = format!("\"{name}\" is no name for a carrier, or the name of another one");
                return Err(self.wrong(&carrier.name, what, "Write 1 to 16 of a-z, 0-9 and -, another for each."));
            }
            let listen = self.socket("listen", &carrier.listen, "10.0.0.1:4460")?;
            if listen.port() != 0 && (!ports.insert(listen) || media.port() == listen.port()) {
                let what = "listen is the address of another carrier, or has the port of listen_media";
                return Err(self.wrong(&carrier.listen, what, "Give each its own address and port."));
            }
            let cap = carrier.cap_kbit.as_ref();
            if let Some(cap) = cap.filter(|cap| !CAP_KBIT.contains(cap.get_ref())) {
                let what = format!("cap_kbit is {}", cap.get_ref());
                let remedy = "Write 16 to 10000000, or leave it out: no cap.";
                return Err(self.wrong(cap, what, remedy));
            }
            all.push(Carrier { name: name.clone(), listen, cap_kbit: cap.map(|cap| *cap.get_ref()) });
        }
        Ok(all)
    }
}

//! The other nodes of the own party: consoles hold a leg to one of them as well, and go on there when this one dies.

use crate::here::Here;
use crate::io::ConsoleKey;
use crate::out::Out;
use trialogue_wire::console::{Site, ToConsole};
use trialogue_wire::limits::SITES_MAX;

/// Where they are found, the preferred one first.
#[derive(Default)]
pub(super) struct Sites(Vec<Site>);

impl Sites {
    /// Beyond [`SITES_MAX`] none is told.
    pub(super) fn new(mut sites: Vec<Site>) -> Self {
        sites.truncate(SITES_MAX);
        Self(sites)
    }

    /// Those that the charter has in service for the own party.
    pub(super) fn tell(&self, console: ConsoleKey, here: &Here, out: &mut Out) {
        let sites: Vec<Site> = self.0.iter().filter(|site| here.is_sibling(&site.node)).cloned().collect();
        if !sites.is_empty() {
            out.console(console, &ToConsole::Sites { sites });
        }
    }
}

//! The other nodes of the own party: consoles hold a leg to one of them as well, and go on there when this one dies.

use crate::consoles::Standing;
use crate::io::ConsoleKey;
use crate::machine::Machine;
use trialogue_charter::NodeId;
use trialogue_wire::console::{Site, ToConsole};
use trialogue_wire::limits::SITES_MAX;

impl Machine {
    /// Where else consoles find their party, the preferred one first: told to each that logs in from now on. Beyond
    /// [`SITES_MAX`] none is.
    pub fn set_sites(&mut self, mut sites: Vec<Site>) {
        sites.truncate(SITES_MAX);
        self.sites = sites;
    }

    /// Those that the charter has in service for the own party.
    pub(crate) fn tell_sites(&mut self, console: ConsoleKey) {
        let sites: Vec<Site> = self.sites.iter().filter(|site| self.is_sibling(&site.node)).cloned().collect();
        if !sites.is_empty() {
            self.send_console(console, &ToConsole::Sites { sites });
        }
    }

    /// Another node of the own party.
    pub(crate) fn is_sibling(&self, node: &NodeId) -> bool {
        self.here.is_sibling(node)
    }

    /// The console is on watch here from now on, or not any more.
    pub(crate) fn take_watch(&mut self, key: ConsoleKey, on: bool) {
        let Some(console) = self.consoles.get_mut(&key) else { return };
        if let Standing::Known { on_watch, .. } = &mut console.standing
            && std::mem::replace(on_watch, on) != on
        {
            self.watch.changed(&self.here, &mut self.out);
        }
    }
}

//! Whole nodes and endpoints in a [`Lab`].

use crate::endpoint::end;
use crate::house::{CERTIFICATE, link_address};
use crate::{Carrier, Desk, Endpoint, Extra, House, Lab, LabError, PARTIES, PartyRole, Suite};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// How long a node may take to end.
const END_MAX: Duration = Duration::from_secs(10);

/// What is to be in it.
pub struct Plan<'a> {
    /// The program `trialogue`.
    pub binary: &'a Path,
    /// Where speech and pictures are (`cargo xtask assets`).
    pub assets: &'a Path,
    /// An empty directory for everything that is written.
    pub dir: &'a Path,
    /// How many of [`PARTIES`].
    pub parties: usize,
    /// What the first party has beside its node.
    pub extra: Extra,
    /// Between each two nodes.
    pub carriers: &'a [Carrier],
    /// Of the charter.
    pub suite: Suite,
}

/// Running nodes; they end with it, before their namespaces.
pub struct World {
    nodes: BTreeMap<&'static str, Child>,
    house: House,
    binary: PathBuf,
    assets: PathBuf,
    /// Of the first party, if it has one.
    pub desk: Option<Desk>,
    /// Where they run.
    pub lab: Lab,
}

impl World {
    /// Makes everything and starts the nodes.
    ///
    /// # Errors
    /// When there can be no lab here, or the program refuses.
    pub fn build(plan: &Plan<'_>) -> Result<Self, LabError> {
        let parties = PARTIES.get(..plan.parties).ok_or_else(|| LabError::Unknown("party of that number".into()))?;
        // Programs are started in other directories.
        let absolute =
            |path: &Path| std::path::absolute(path).map_err(|why| LabError::Io(path.display().to_string(), why));
        let (binary, assets) = (absolute(plan.binary)?, absolute(plan.assets)?);
        let lab = Lab::build(&parties.iter().map(|party| party.node).collect::<Vec<_>>(), plan.carriers)?;
        let first = parties.first().filter(|_| plan.extra == Extra::Desk);
        let desk = first.map(|party| lab.desk(party.node)).transpose()?;
        let house = House::make(&binary, plan.dir, parties, plan.extra, plan.suite, |node| {
            let space = space(node.node);
            let address = |carrier: &Carrier| Ok(link_address(carrier.name, lab.address(space, carrier.name)?, node));
            plan.carriers.iter().map(address).collect()
        })?;
        let mut world = Self { nodes: BTreeMap::new(), house, binary, assets, desk, lab };
        for node in world.house.nodes().to_vec() {
            world.start_node(node.node)?;
        }
        Ok(world)
    }

    /// The parties, in the order of the charter.
    pub fn parties(&self) -> &[PartyRole] {
        self.house.parties()
    }

    /// Where a node keeps its journal.
    ///
    /// # Errors
    /// When there is no such party.
    pub fn data(&self, node: &str) -> Result<PathBuf, LabError> {
        Ok(self.house.of(self.party(node)?).join("data"))
    }

    fn party(&self, node: &str) -> Result<PartyRole, LabError> {
        let found = self.house.nodes().iter().find(|party| party.node == node);
        found.copied().ok_or_else(|| LabError::Unknown(format!("node {node}")))
    }

    /// Starts a node that is not running.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_node(&mut self, node: &str) -> Result<(), LabError> {
        let party = self.party(node)?;
        let dir = self.house.of(party);
        let io = |why| LabError::Io(format!("the log of node {node}"), why);
        let log = File::options().create(true).append(true).open(dir.join("node.log")).map_err(io)?;
        let mut command = self.lab.command(space(node), &self.binary)?;
        command.args(["node", "--config"]).arg(dir.join("node.toml"));
        command.stdin(Stdio::null()).stdout(log.try_clone().map_err(io)?).stderr(log);
        let child = command.spawn().map_err(|why| LabError::Missing(format!("node {node}"), why))?;
        self.nodes.insert(party.node, child);
        Ok(())
    }

    /// Kills a node, as a power cut would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill_node(&mut self, node: &str) -> Result<(), LabError> {
        let mut child = self.nodes.remove(node).ok_or_else(|| LabError::Unknown(format!("running node {node}")))?;
        let _ = child.kill();
        let _ = child.wait();
        Ok(())
    }

    /// The duty officer of a party: speaks a clip, and shows one if `picture`. What is heard is recorded in `records`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn officer(&self, node: &str, picture: bool, records: Option<&Path>) -> Result<Endpoint, LabError> {
        let party = self.party(node)?;
        let clip = self.house.parties().iter().position(|other| *other == party).unwrap_or(0) % 3 + 1;
        let desk = self.desk.as_ref().filter(|_| self.house.parties().first() == Some(&party));
        let mut command = match desk {
            Some(desk) => desk.command(&self.binary),
            None => self.lab.command(node, &self.binary)?,
        };
        command.args(["endpoint", "--stdin", "--identity"]).arg(self.house.of(party).join("officer"));
        command.args(["--link", &self.house.link(party)?, "--wav"]).arg(self.assets.join(format!("speech-{clip}.wav")));
        if picture {
            command.arg("--video").arg(self.assets.join(format!("video-{clip}.ivf")));
        }
        if desk.is_some() {
            command.arg("--ca").arg(self.house.of(party).join(CERTIFICATE));
        }
        if let Some(records) = records {
            command.arg("--record").arg(records);
        }
        Endpoint::start(party.id, command)
    }

    /// An enrolment link for the duty officer of a party, for a console of any kind.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn link(&self, node: &str) -> Result<String, LabError> {
        self.house.link(self.party(node)?)
    }

    /// The last lines that a node has logged.
    pub fn log(&self, node: &str) -> String {
        let path = self.party(node).map(|party| self.house.of(party).join("node.log"));
        let text = path.ok().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let from = text.lines().count().saturating_sub(20);
        text.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}

/// Where a node runs: with the first one of its party.
fn space(node: &str) -> &str {
    node.split_once('-').map_or(node, |(first, _)| first)
}

impl Drop for World {
    fn drop(&mut self) {
        for node in self.nodes.values() {
            if let Ok(pid) = i32::try_from(node.id()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
        }
        for node in self.nodes.values_mut() {
            end(node, END_MAX);
        }
    }
}

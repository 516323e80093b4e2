//! Network namespaces: one per node and its consoles, and between each two of them one carrier per name.
//!
//! Node *i* has on carrier *c* the address `10.90.c.i`, which every other node reaches over the cable of that pair and
//! carrier and over nothing else: an address that answers is a carrier that stands.

use crate::command::words;
use crate::{Cable, Counted, Desk, LabError, Shape};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Between each two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carrier {
    /// As people call it, for example fibre.
    pub name: &'static str,
    /// What it is made of.
    pub kind: Kind,
}

/// What a carrier is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A pair of the kernel's virtual Ethernet devices: costs nothing; can be cut, lose at random, and be narrow.
    Veth,
    /// A [`Cable`] with this seed: can do anything that a [`Shape`] says.
    Shaped(u64),
}

/// Namespaces and cables; all gone when this is dropped.
pub struct Lab {
    /// Among the labs of this process.
    number: u32,
    nodes: Vec<String>,
    spaces: Vec<String>,
    carriers: Vec<Carrier>,
    cables: BTreeMap<(usize, usize, usize), Cable>,
}

/// Labs of this process so far.
static LABS: AtomicU32 = AtomicU32::new(0);
/// Of every namespace of any lab; the number of its process follows.
const PREFIX: &str = "trialogue-";

/// Why there can be no lab here, if so: one sentence to print before a test is left out.
pub fn why_not() -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("network namespaces need root".into());
    }
    let name = format!("{PREFIX}{}-try{}", std::process::id(), LABS.fetch_add(1, Ordering::Relaxed));
    let tried = words(&format!("ip netns add {name}")).and_then(|_| words(&format!("ip netns del {name}")));
    tried.err().map(|why| format!("no network namespaces here: {why}"))
}

impl Lab {
    /// Makes a namespace for each node, and every carrier between each two.
    ///
    /// # Errors
    /// Without root, or without `ip`.
    pub fn build(nodes: &[&str], carriers: &[Carrier]) -> Result<Self, LabError> {
        sweep()?;
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let tag = format!("{PREFIX}{}-{number}", std::process::id());
        let spaces = nodes.iter().map(|node| format!("{tag}-{node}")).collect();
        let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
        let mut lab = Self { number, nodes, spaces, carriers: carriers.to_vec(), cables: BTreeMap::new() };
        for (node, space) in lab.spaces.iter().enumerate() {
            words(&format!("ip netns add {space}"))?;
            words(&format!("ip -n {space} link set lo up"))?;
            for carrier in 0..carriers.len() {
                words(&format!("ip -n {space} address add {}/32 dev lo", address(node, carrier)))?;
            }
        }
        for (a, b) in lab.pairs() {
            for carrier in 0..carriers.len() {
                lab.lay(a, b, carrier)?;
            }
        }
        Ok(lab)
    }

    /// Every two nodes, the first one lower.
    fn pairs(&self) -> Vec<(usize, usize)> {
        (0..self.nodes.len()).flat_map(|a| (a + 1..self.nodes.len()).map(move |b| (a, b))).collect()
    }

    fn lay(&mut self, a: usize, b: usize, carrier: usize) -> Result<(), LabError> {
        let (from, to) = (&self.spaces[a], &self.spaces[b]);
        let (near, far) = (device(carrier, b), device(carrier, a));
        match self.carriers[carrier].kind {
            Kind::Veth => {
                words(&format!("ip link add {near} netns {from} type veth peer name {far} netns {to}"))?;
            }
            Kind::Shaped(seed) => {
                // Named apart from those of other labs for the moment that they are here.
                let lab = format!("{}-{}", std::process::id() % 100_000, self.number % 100);
                let names = [(a, b), (b, a)].map(|(a, b)| format!("t{lab}x{a}{b}{carrier}"));
                let seed = seed.wrapping_add((a as u64) << 40).wrapping_add((b as u64) << 32);
                self.cables.insert((a, b, carrier), Cable::between([&names[0], &names[1]], seed)?);
                words(&format!("ip link set {} netns {from} name {near}", names[0]))?;
                words(&format!("ip link set {} netns {to} name {far}", names[1]))?;
            }
        }
        self.up(a, b, carrier)?;
        self.up(b, a, carrier)
    }

    /// One end, and the way to the other node over it.
    fn up(&self, here: usize, there: usize, carrier: usize) -> Result<(), LabError> {
        let (space, device) = (&self.spaces[here], device(carrier, there));
        words(&format!("ip -n {space} link set {device} up"))?;
        let (own, other) = (address(here, carrier), address(there, carrier));
        words(&format!("ip -n {space} route replace {other}/32 dev {device} src {own}")).map(drop)
    }

    /// The nodes, as they were named.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// The carriers between each two nodes.
    pub fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    /// Where a node is reached over a carrier.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn address(&self, node: &str, carrier: &str) -> Result<Ipv4Addr, LabError> {
        Ok(address(self.node(node)?, self.carrier(carrier)?))
    }

    /// A program beside a node. The process is the program itself: it can be killed.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn command(&self, node: &str, program: impl AsRef<OsStr>) -> Result<Command, LabError> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.spaces[self.node(node)?]]).arg(program);
        Ok(command)
    }

    /// A machine of its own for consoles of a node; there can be one for each node.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn desk(&self, node: &str) -> Result<Desk, LabError> {
        Desk::lay(&self.spaces[self.node(node)?])
    }

    /// Cuts one carrier between two nodes, as an anchor does: the first one's device goes down.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn cut(&self, a: &str, b: &str, carrier: &str) -> Result<(), LabError> {
        let (a, b, carrier) = self.path(a, b, carrier)?;
        words(&format!("ip -n {} link set {} down", self.spaces[a], device(carrier, b))).map(drop)
    }

    /// Mends what was cut.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn mend(&self, a: &str, b: &str, carrier: &str) -> Result<(), LabError> {
        let (a, b, carrier) = self.path(a, b, carrier)?;
        self.up(a, b, carrier)
    }

    /// Every carrier between nodes of different groups is cut, all others stand. A node that is in no group is alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn partition(&self, groups: &[&[&str]]) -> Result<(), LabError> {
        let group = |node: usize| groups.iter().position(|group| group.contains(&self.nodes[node].as_str()));
        for (a, b) in self.pairs() {
            for carrier in &self.carriers {
                let (near, far) = (&self.nodes[a], &self.nodes[b]);
                match group(a).is_some() && group(a) == group(b) {
                    true => self.mend(near, far, carrier.name)?,
                    false => self.cut(near, far, carrier.name)?,
                }
            }
        }
        Ok(())
    }

    /// Mends everything.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn heal(&self) -> Result<(), LabError> {
        self.partition(&[&self.nodes.iter().map(String::as_str).collect::<Vec<_>>()])
    }

    /// The kernel drops so many packets in a hundred (at most 99) of everything that comes to these two nodes over the
    /// carrier; 0: none.
    ///
    /// # Errors
    /// Without `nft`.
    pub fn lose(&self, a: &str, b: &str, carrier: &str, percent: u8) -> Result<(), LabError> {
        let (a, b, carrier) = self.path(a, b, carrier)?;
        for (here, there) in [(a, b), (b, a)] {
            let (space, device) = (&self.spaces[here], device(carrier, there));
            let nft = |line: String| words(&format!("ip netns exec {space} nft {line}"));
            // Added first, so that it is there to be deleted.
            nft(format!("add table inet {device}"))?;
            nft(format!("delete table inet {device}"))?;
            if percent > 0 {
                nft(format!("add table inet {device}"))?;
                nft(format!("add chain inet {device} in {{ type filter hook input priority 0 ; }}"))?;
                nft(format!("add rule inet {device} in iifname {device} numgen random mod 100 < {percent} drop"))?;
            }
        }
        Ok(())
    }

    /// A shaped carrier is like this from now on, in both directions.
    ///
    /// # Errors
    /// When there is no shaped carrier of that name.
    pub fn shape(&self, a: &str, b: &str, carrier: &str, shape: Shape) -> Result<(), LabError> {
        let (a, b, carrier) = self.path(a, b, carrier)?;
        self.cable(a, b, carrier)?.shape(shape);
        let mtu = if shape.mtu == 0 { 1_500 } else { shape.mtu };
        for (here, there) in [(a, b), (b, a)] {
            words(&format!("ip -n {} link set {} mtu {mtu}", self.spaces[here], device(carrier, there)))?;
        }
        Ok(())
    }

    /// Every shaped carrier is like this from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn shape_all(&self, shape: Shape) -> Result<(), LabError> {
        for (a, b, carrier) in self.cables.keys() {
            self.shape(&self.nodes[*a], &self.nodes[*b], self.carriers[*carrier].name, shape)?;
        }
        Ok(())
    }

    /// What became of packets of a shaped carrier, in each direction.
    ///
    /// # Errors
    /// When there is no shaped carrier of that name.
    pub fn counted(&self, a: &str, b: &str, carrier: &str) -> Result<[Counted; 2], LabError> {
        let (a, b, carrier) = self.path(a, b, carrier)?;
        Ok(self.cable(a, b, carrier)?.counted())
    }

    fn cable(&self, a: usize, b: usize, carrier: usize) -> Result<&Cable, LabError> {
        let name = self.carriers[carrier].name;
        self.cables
            .get(&(a.min(b), a.max(b), carrier))
            .ok_or_else(|| LabError::Unknown(format!("shaped carrier {name}")))
    }

    fn node(&self, name: &str) -> Result<usize, LabError> {
        self.nodes.iter().position(|node| node == name).ok_or_else(|| LabError::Unknown(format!("node {name}")))
    }

    fn carrier(&self, name: &str) -> Result<usize, LabError> {
        let at = self.carriers.iter().position(|carrier| carrier.name == name);
        at.ok_or_else(|| LabError::Unknown(format!("carrier {name}")))
    }

    fn path(&self, a: &str, b: &str, carrier: &str) -> Result<(usize, usize, usize), LabError> {
        Ok((self.node(a)?, self.node(b)?, self.carrier(carrier)?))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.cables.clear();
        for space in &self.spaces {
            // What is left of it is swept by the next lab.
            let _ = words(&format!("ip netns del {space}"));
        }
    }
}

fn address(node: usize, carrier: usize) -> Ipv4Addr {
    let small = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    Ipv4Addr::new(10, 90, small(carrier), small(node + 1))
}

fn device(carrier: usize, there: usize) -> String {
    format!("c{carrier}n{there}")
}

/// Removes namespaces of labs whose process is gone.
fn sweep() -> Result<(), LabError> {
    for line in words("ip netns list")?.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
            // Another lab may sweep at the same time.
            let _ = words(&format!("ip netns del {name}"));
        }
    }
    Ok(())
}

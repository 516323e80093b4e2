//! A console's own machine beside a node, with two wires to it: cable and wireless, say.

use crate::LabError;
use crate::command::words;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::Command;

/// Where consoles at desks find the node.
pub(crate) const NODE: Ipv4Addr = Ipv4Addr::new(10, 91, 0, 1);

/// A namespace of its own; gone when this is dropped. It uses one wire at a time, under one address.
pub struct Desk {
    space: String,
    /// Which wire, and which of the two addresses on it.
    at: (u8, u8),
}

impl Desk {
    /// Lays the wires to the node in `node` (a namespace) and takes the first address of the first one.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn lay(node: &str) -> Result<Self, LabError> {
        let desk = Self { space: format!("{node}-desk"), at: (0, 0) };
        let space = &desk.space;
        words(&format!("ip netns add {space}"))?;
        words(&format!("ip -n {space} link set lo up"))?;
        words(&format!("ip -n {node} address replace {NODE}/32 dev lo"))?;
        for wire in 0..2 {
            words(&format!("ip link add desk{wire} netns {node} type veth peer name wire{wire} netns {space}"))?;
            words(&format!("ip -n {node} link set desk{wire} up"))?;
            words(&format!("ip -n {space} link set wire{wire} up"))?;
            words(&format!("ip -n {node} route replace 10.91.{}.0/24 dev desk{wire} src {NODE}", wire + 1))?;
        }
        desk.up()?;
        Ok(desk)
    }

    /// A program at the desk. The process is the program itself: it can be killed.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.space]).arg(program);
        command
    }

    /// The name of its namespace.
    pub fn space(&self) -> &str {
        &self.space
    }

    /// The wire that is used brings another address, and the one before is gone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn renumber(&mut self) -> Result<(), LabError> {
        let before = self.address();
        self.at.1 = 1 - self.at.1;
        self.up()?;
        words(&format!("ip -n {} address del {before}/32 dev wire{}", self.space, self.at.0)).map(drop)
    }

    /// The wire that is used is pulled out, and the other one, which is in already, takes over.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn rewire(&mut self) -> Result<(), LabError> {
        let (old, space, address) = (self.at.0, &self.space, self.address());
        words(&format!("ip -n {space} link set wire{old} down"))?;
        words(&format!("ip -n {space} address del {address}/32 dev wire{old}"))?;
        self.at.0 = 1 - old;
        self.up()?;
        // It leads somewhere again, for the next time: the system takes up to a second to believe in a wire that was
        // just put in.
        words(&format!("ip -n {} link set wire{old} up", self.space)).map(drop)
    }

    /// Everything that runs at the desk stops where it is, as in a laptop whose lid is closed.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn sleep(&self) -> Result<(), LabError> {
        self.signal(Signal::SIGSTOP)
    }

    /// It goes on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn wake(&self) -> Result<(), LabError> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), LabError> {
        for pid in words(&format!("ip netns pids {}", self.space))?.lines() {
            if let Ok(pid) = pid.trim().parse() {
                // One that has just ended needs none.
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
        Ok(())
    }

    /// The wire that is used is pulled out.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn unplug(&self) -> Result<(), LabError> {
        words(&format!("ip -n {} link set wire{} down", self.space, self.at.0)).map(drop)
    }

    /// The wire that was used is in again.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn plug(&self) -> Result<(), LabError> {
        self.up()
    }

    fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 91, self.at.0 + 1, self.at.1 + 2)
    }

    fn up(&self) -> Result<(), LabError> {
        let (space, wire, own) = (&self.space, self.at.0, self.address());
        words(&format!("ip -n {space} link set wire{wire} up"))?;
        words(&format!("ip -n {space} address replace {own}/32 dev wire{wire}"))?;
        words(&format!("ip -n {space} route replace {NODE}/32 dev wire{wire} src {own}")).map(drop)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // What is left of it is swept by the next lab.
        let _ = words(&format!("ip netns del {}", self.space));
    }
}

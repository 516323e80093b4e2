//! Ends of links with several carriers, without the rest of a node, and cables between them that can be cut.
#![allow(dead_code)]

use super::common::house::{free_udp, id};
use super::common::{House, Relay};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use trialogue_node::counters::Counters;
use trialogue_node::links::{Carrier, LinkEvent, LinkSecret, Links, OnDatagram};
use trialogue_node::outbox::Outbox;
use trialogue_wire::console::PathMeasure;

pub struct End {
    pub links: Links,
    pub index: u8,
    pub datagrams: mpsc::UnboundedReceiver<(u8, Bytes)>,
    /// To the link that came up last.
    pub out: Option<Outbox<Vec<u8>>>,
    /// A link ends when nobody holds what writes to it.
    held: Vec<Outbox<Vec<u8>>>,
    pub downs: usize,
    events: mpsc::Receiver<LinkEvent>,
}

/// On a carrier of its own, at an address of loopback.
pub fn carrier(name: &str, host: u8, cap_kbit: Option<u32>) -> Carrier {
    let port = free_udp().port();
    Carrier { name: name.to_owned(), listen: SocketAddr::from(([127, 0, 0, host], port)), cap_kbit }
}

impl End {
    pub fn start(house: &House, node: &str, carriers: &[Carrier]) -> Self {
        let (heard, datagrams) = mpsc::unbounded_channel();
        Self::start_with(
            house,
            node,
            carriers,
            Arc::new(move |from, datagram| drop(heard.send((from, datagram)))),
            datagrams,
        )
    }

    pub fn start_with(
        house: &House,
        node: &str,
        carriers: &[Carrier],
        on_datagram: OnDatagram,
        datagrams: mpsc::UnboundedReceiver<(u8, Bytes)>,
    ) -> Self {
        let node = id(node);
        let index = house.charter.node_index(&node).unwrap();
        let (tx, events) = mpsc::channel(64);
        let key = house.keys.link(&node);
        let secret = LinkSecret(key.ed25519_seed());
        let links =
            Links::start(carriers, &node, &secret, &house.charter, &Counters::default(), tx, on_datagram).unwrap();
        Self { links, index, datagrams, out: None, held: Vec::new(), downs: 0, events }
    }

    async fn next(&mut self) -> LinkEvent {
        let wait = tokio::time::timeout(std::time::Duration::from_secs(60), self.events.recv());
        let event = wait.await.unwrap().unwrap();
        match &event {
            LinkEvent::Up { out, .. } => self.held.extend(self.out.replace(out.clone())),
            LinkEvent::Down { .. } => self.downs += 1,
            _ => {}
        }
        event
    }

    /// The next message.
    pub async fn message(&mut self) -> Vec<u8> {
        loop {
            if let LinkEvent::Message { bytes, .. } = self.next().await {
                return bytes;
            }
        }
    }

    /// Waits until the link to another node is up; what writes to it.
    pub async fn up(&mut self, node: &str) -> Outbox<Vec<u8>> {
        loop {
            if let LinkEvent::Up { node: to, out, .. } = self.next().await
                && to == id(node)
            {
                return out;
            }
        }
    }

    /// Waits until the links to both are up, and hears nothing after that.
    pub async fn both_up(&mut self, nodes: [&str; 2]) {
        let mut missing = nodes.map(id).to_vec();
        while !missing.is_empty() {
            if let LinkEvent::Up { node, .. } = self.next().await {
                missing.retain(|missing| *missing != node);
            }
        }
    }

    /// Waits until so many events wait to be heard.
    pub async fn waiting(&self, count: usize) {
        while self.events.len() < count {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Hears events and does nothing about them.
    pub async fn keep(mut self) {
        loop {
            self.next().await;
        }
    }

    /// Waits until the paths of a link are so.
    pub async fn paths(&mut self, so: impl Fn(&[PathMeasure]) -> bool) -> Vec<PathMeasure> {
        loop {
            if let LinkEvent::Paths { paths, .. } = self.next().await
                && so(&paths)
            {
                return paths;
            }
        }
    }

    /// Waits until all paths to another node are up.
    pub async fn all_up(&mut self, node: &str, count: usize) {
        loop {
            if let LinkEvent::Paths { node: to, paths } = self.next().await
                && to == id(node)
                && paths.iter().filter(|path| path.up).count() == count
            {
                return;
            }
        }
    }
}

/// Two nodes with a fibre and a satellite between them. A cable ends by being dropped.
pub struct Pair {
    pub jpn: End,
    pub usa: End,
    pub fibre: Relay,
    pub sat: Relay,
    /// Where the fibre begins and ends, and who may use it.
    pub fibre_ends: (SocketAddr, SocketAddr, SocketAddr),
}

impl Pair {
    /// Both paths are up. `cap_kbit`: of the satellite.
    pub async fn new(cap_kbit: Option<u32>) -> Self {
        let of_jpn = [carrier("fibre", 2, None), carrier("sat", 3, cap_kbit)];
        let of_usa = [carrier("fibre", 4, None), carrier("sat", 5, cap_kbit)];
        let doors = [free_udp(), free_udp()];
        // Only Japan finds the other: all goes through the cables.
        let house = House::written(|node, listen| match node.as_str() {
            "usa-1" => vec![format!("fibre={}", doors[0]), format!("sat={}", doors[1])],
            "jpn-1" => vec![format!("fibre={}", free_udp()), format!("sat={}", free_udp())],
            _ => vec![listen.to_string()],
        });
        let cable = |at: usize| (doors[at], of_usa[at].listen, of_jpn[at].listen);
        let fibre_ends = cable(0);
        let fibre = Relay::start(fibre_ends.0, fibre_ends.1, vec![fibre_ends.2]).await;
        let sat = Relay::start(cable(1).0, cable(1).1, vec![cable(1).2]).await;
        let mut usa = End::start(&house, "usa-1", &of_usa);
        let mut jpn = End::start(&house, "jpn-1", &of_jpn);
        tokio::join!(jpn.all_up("usa-1", 2), usa.all_up("jpn-1", 2));
        Self { jpn, usa, fibre, sat, fibre_ends }
    }
}

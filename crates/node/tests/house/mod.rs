//! A node's media thread with consoles around it, for tests.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use crate::client::Client;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_node::media::{MediaConfig, MediaEvent, MediaHandle};
use trialogue_wire::console::Medium;
use trialogue_wire::leg::LegOffer;

/// A node's media thread with its consoles.
pub struct House {
    pub media: MediaHandle,
    pub events: Receiver<MediaEvent>,
    pub consoles: BTreeMap<u64, Client>,
    /// Mid and device at each place of each console.
    pub places: BTreeMap<(u64, String), DeviceId>,
    pub up: BTreeMap<u64, bool>,
    pub wanted: Vec<DeviceId>,
    pub refused: usize,
    pub answered: usize,
}

pub fn device(n: u64) -> DeviceId {
    DeviceId([n as u8; 32])
}

pub fn nodes() -> Vec<NodeId> {
    ["jpn-1", "kor-1", "usa-1"].map(|id| NodeId::new(id).unwrap()).to_vec()
}

pub fn route(from: u64, medium: Medium, to: &[u64], links: &[&str]) -> Route {
    Route {
        node: 0,
        number: (from * 2) as u16 + u16::from(medium == Medium::Picture),
        source: Source::Leg(ConsoleKey(from)),
        device: device(from),
        line: LineId::new("leaders").unwrap(),
        medium,
        legs: to.iter().map(|c| ConsoleKey(*c)).collect(),
        links: links.iter().map(|id| NodeId::new(*id).unwrap()).collect(),
        spare: Vec::new(),
        relays: Vec::new(),
        alive: false,
        quiet_after: None,
    }
}

impl House {
    pub fn new() -> Self {
        let (tx, events) = channel();
        let config = MediaConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            public: vec![],
            own: 0,
            nodes: nodes().into_iter().zip(0..).collect(),
        };
        let media = MediaHandle::start(&config, move |event| drop(tx.send(event))).unwrap();
        Self {
            media,
            events,
            consoles: BTreeMap::new(),
            places: BTreeMap::new(),
            up: BTreeMap::new(),
            wanted: vec![],
            refused: 0,
            answered: 0,
        }
    }

    pub fn add(&mut self, key: u64, (client, offer): (Client, LegOffer)) {
        self.consoles.insert(key, client);
        self.media.leg(ConsoleKey(key), 1, offer);
        self.until(|house| house.up.get(&key) == Some(&true) && house.consoles[&key].up);
    }

    pub fn until(&mut self, done: impl Fn(&Self) -> bool) {
        self.until_with(|_| (), done);
    }

    /// Does something between the looks.
    pub fn until_with(&mut self, mut act: impl FnMut(&mut Self), done: impl Fn(&Self) -> bool) {
        let limit = Instant::now() + Duration::from_secs(90);
        loop {
            self.turn();
            act(self);
            if done(self) {
                return;
            }
            assert!(Instant::now() < limit, "waited for nothing: {:?}", self.media.counters());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn turn(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            match event {
                MediaEvent::Answer { console, answer, .. } => {
                    self.answered += 1;
                    if let Some(client) = self.consoles.get_mut(&console.0) {
                        client.answer(&answer);
                    }
                }
                MediaEvent::Refused { .. } => self.refused += 1,
                MediaEvent::Leg { console, up } => drop(self.up.insert(console.0, up)),
                MediaEvent::Placed { console, mid, device, .. } => match device {
                    Some(device) => drop(self.places.insert((console.0, mid), device)),
                    None => drop(self.places.remove(&(console.0, mid))),
                },
                MediaEvent::FramesTraced { .. } => {}
                MediaEvent::KeyFrameWanted { device } => self.wanted.push(device),
                MediaEvent::VoiceQuiet { .. } | MediaEvent::RelayBarred { .. } => {}
            }
        }
        for client in self.consoles.values_mut() {
            client.turn();
        }
    }

    pub fn mid(&self, console: u64, sender: u64, skip: usize) -> String {
        let at = self.places.iter().filter(|((c, _), d)| *c == console && **d == device(sender));
        at.map(|((_, mid), _)| mid.clone()).nth(skip).expect("placed")
    }
}

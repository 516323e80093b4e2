//! What is done to a call, and how it is made good again.

use super::stage::{CARRIERS, NODES};
use std::time::Duration;
use trialogue_impair::Carrier;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// One carrier between two nodes.
    Cut(&'static str, &'static str, &'static str),
    Mend(&'static str, &'static str, &'static str),
    /// The kernel drops so many in a hundred on every carrier of every pair.
    Lose(u8),
    Kill(&'static str),
    Start(&'static str),
    /// The site in use of a party with two, and the same one again.
    KillSite,
    StartSite,
    /// This node is cut off from all others.
    Alone(&'static str),
    Heal,
    /// The first officer's machine gets another address.
    Renumber,
    /// It is put to another wire.
    Rewire,
}

/// Where something may take longer than usual.
const WATCHED_LONG: Duration = Duration::from_secs(6);

/// One measured part of a fault.
pub struct Part {
    pub name: String,
    pub acts: Vec<Act>,
    /// Nodes whose officers are not expected to be heard or to hear.
    pub gone: Vec<&'static str>,
    /// It is measured at least so long: what it does is not heard at once.
    pub watched: Duration,
}

impl Part {
    fn new(name: String, acts: Vec<Act>) -> Self {
        Self { name, acts, gone: Vec::new(), watched: Duration::from_secs(2) }
    }
}

/// Parts that are measured one after the other; `after` makes all good again, unmeasured.
pub struct Fault {
    pub parts: Vec<Part>,
    pub after: Vec<Act>,
}

/// Every two nodes.
fn pairs() -> Vec<(&'static str, &'static str)> {
    vec![(NODES[0], NODES[1]), (NODES[0], NODES[2]), (NODES[1], NODES[2])]
}

/// In the order in which they are measured.
pub fn all() -> Vec<Fault> {
    let mut all = Vec::new();
    for (a, b) in pairs() {
        for Carrier { name, .. } in CARRIERS {
            let parts = vec![Part::new(format!("path cut: {a}-{b} {name}"), vec![Act::Cut(a, b, name)])];
            all.push(Fault { parts, after: vec![Act::Mend(a, b, name)] });
        }
    }
    for (a, b) in pairs() {
        let cut = CARRIERS.iter().map(|carrier| Act::Cut(a, b, carrier.name)).collect();
        let mend = CARRIERS.iter().map(|carrier| Act::Mend(a, b, carrier.name)).collect();
        let part = Part::new(format!("all paths cut: {a}-{b}"), cut);
        all.push(Fault { parts: vec![Part { watched: WATCHED_LONG, ..part }], after: mend });
    }
    for node in NODES {
        let killed = Part::new(format!("node killed: {node}, for the others"), vec![Act::Kill(node)]);
        let back = Part::new(format!("node restarted: {node}, for all"), vec![Act::Start(node)]);
        all.push(Fault { parts: vec![Part { gone: vec![node], ..killed }, back], after: Vec::new() });
    }
    for node in NODES {
        let alone = Part::new(format!("partition: {node}, for the others"), vec![Act::Alone(node)]);
        let healed = Part::new(format!("healed: {node}, for all"), vec![Act::Heal]);
        all.push(Fault { parts: vec![Part { gone: vec![node], ..alone }, healed], after: Vec::new() });
    }
    let lossy = Part::new("20 % loss on every path, 5 s".to_owned(), vec![Act::Lose(20)]);
    all.push(Fault { parts: vec![Part { watched: Duration::from_secs(5), ..lossy }], after: vec![Act::Lose(0)] });
    all
}

/// In a world in which a party has two sites.
pub fn of_sites() -> Vec<Fault> {
    let parts = vec![Part::new("main site killed: usa, for all".to_owned(), vec![Act::KillSite])];
    vec![Fault { parts, after: vec![Act::StartSite] }]
}

/// In a world in which an officer is at a desk.
pub fn of_desks() -> Vec<Fault> {
    let fault = |name: &str, act| {
        let part = Part { watched: Duration::from_secs(4), ..Part::new(name.to_owned(), vec![act]) };
        Fault { parts: vec![part], after: Vec::new() }
    };
    vec![fault("console address changed: usa", Act::Renumber), fault("console wire changed: usa", Act::Rewire)]
}

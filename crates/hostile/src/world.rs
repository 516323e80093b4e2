//! What the targets share: a real charter of either suite, and entries of its nodes.

use crate::vectors;
use std::sync::{Arc, LazyLock};
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{DeviceSecret, LineId, Node, NodeId, Suite, VerifiedCharter};
use trialogue_journal::{Act, Body, BodyRef, Journal, KeyOffer, Occasion, Statement};
use trialogue_wire::Bundle;

/// With ML-DSA in its groups.
pub(crate) static CNSA2: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2));
/// With the quick suite.
pub(crate) static XWING: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));
/// Of [`XWING`].
pub(crate) static CHARTER: LazyLock<Arc<VerifiedCharter>> = LazyLock::new(|| Arc::new(XWING.charter.clone()));
/// The duty officers of JPN and USA, two each: office, secret, certificate.
pub(crate) static DEVICES: LazyLock<Vec<(NodeId, DeviceSecret, Vec<u8>)>> = LazyLock::new(|| {
    let all = [("jpn", 1), ("jpn", 2), ("usa", 1), ("usa", 2)];
    let device = |(party, number)| {
        let (secret, certificate, _) = XWING.device(&format!("{party}-duty"), number);
        (node(&format!("{party}-1")), secret, certificate)
    };
    all.into_iter().map(device).collect()
});

/// What every offer offers: no node can tell that it is none.
pub(crate) const KEY_PACKAGE: &[u8] = b"key package";

pub(crate) fn node(id: &str) -> NodeId {
    NodeId::new(id).expect("fixture")
}

pub(crate) fn line() -> LineId {
    LineId::new("duty").expect("fixture")
}

/// A device's signed statement on the duty line.
pub(crate) fn stated(node: &NodeId, secret: &DeviceSecret, number: u64, act: Act) -> Vec<u8> {
    Statement::new(secret.id(), number, &occasion(node), line(), act).sign(secret).0
}

/// At that node, at the time of all its entries.
pub(crate) fn occasion(node: &NodeId) -> Occasion {
    Occasion { node: node.clone(), charter: CHARTER.hash(), now_ms: 1 }
}

/// An act of the specification, by its name there.
pub(crate) fn act(name: &str) -> Act {
    let payload = vectors::statement(name);
    minicbor::decode::<Statement>(&payload).expect("a vector").act
}

/// With the key packages that [`bundles`] brings along.
pub(crate) fn ring() -> Act {
    with_offers(act("ring"))
}

/// Answers [`ring`].
pub(crate) fn answer() -> Act {
    let mut answer = with_offers(act("answer"));
    if let (Act::Ring { call, .. }, Act::Answer { call: answered, .. }) = (ring(), &mut answer) {
        *answered = call;
    }
    answer
}

fn with_offers(mut act: Act) -> Act {
    if let Act::Ring { offers, .. } | Act::Answer { offers, .. } = &mut act {
        let package = BodyRef::of(KEY_PACKAGE).expect("small");
        let offer = |node: &Node| KeyOffer { node: node.id.clone(), package: package.clone() };
        *offers = CHARTER.nodes.iter().map(offer).collect();
    }
    act
}

/// A node's journal in which its two devices are enrolled and then say something.
pub(crate) fn bundles(party: &str, acts: &[Act]) -> Vec<Bundle> {
    let node = node(&format!("{party}-1"));
    let own: Vec<_> = DEVICES.iter().filter(|(of, _, _)| *of == node).collect();
    let mut journal = Journal::new(node.clone());
    let mut bodies = vec![(Body::Opened { charter: CHARTER.hash() }, Vec::new())];
    for (_, secret, certificate) in &own {
        let reference = BodyRef::of(certificate).expect("small");
        bodies.push((Body::Enrolled { device: secret.id(), certificate: reference }, vec![certificate.clone().into()]));
    }
    for (number, act) in (1..).zip(acts) {
        let statement = stated(&node, &own[0].1, number, act.clone());
        bodies.push((Body::Stated { statement }, vec![KEY_PACKAGE.to_vec().into()]));
    }
    let sign = |(body, bodies)| Bundle { entry: journal.append(1, body).sign(XWING.journal(&node)).0, bodies };
    bodies.into_iter().map(sign).collect()
}

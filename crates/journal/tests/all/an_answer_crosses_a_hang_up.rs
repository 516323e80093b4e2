//! The ringer hangs up while the answer is on its way: nobody is told what did not happen, and the line is free
//! afterwards.

use crate::common;
use common::*;
use trialogue_journal::*;

#[test]
fn the_answerer_is_alone_and_can_leave() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    scene.received("jpn-1", 1).unwrap();
    // Japan's node accepts the answer before it hears of the hang-up.
    scene.says(&jpn, answer(1)).unwrap();
    scene.says(&usa, Act::Leave { cause: None }).unwrap();
    let line = scene.line();
    assert_eq!(scene.in_on(), [jpn.id()]);
    assert!(line.rings.is_empty());
    assert_eq!(line.call, Some(call(1)));
    scene.says(&jpn, Act::Leave { cause: None }).unwrap();
    assert_eq!(scene.line().call, None);
    assert_eq!(scene.says(&jpn, Act::Leave { cause: None }), Err(Ignored::NotIn));
}

#[test]
fn a_node_refuses_an_answer_to_a_call_that_is_over() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    let said = jpn.says(5, &duty(), answer(1));
    assert!(scene.state.judge(&jpn.node, &read(&said), 60_000).is_ok());
    scene.says(&usa, Act::Leave { cause: None }).unwrap();
    assert_eq!(scene.state.judge(&jpn.node, &read(&said), 60_000), Err(Ignored::NotNow));
    // In a journal it counts all the same: there the node could not know.
    assert!(scene.stated(&jpn.node.clone(), said).is_ok());
}

#[test]
fn a_lost_console_is_out_and_comes_back() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    scene.says(&jpn, answer(1)).unwrap();
    scene.node("jpn-1", Body::Lost { device: jpn.id(), line: duty() }).unwrap();
    assert_eq!(scene.in_on(), [usa.id()]);
    let again = scene.node("jpn-1", Body::Lost { device: jpn.id(), line: duty() });
    assert_eq!(again, Err(Ignored::NotIn));
    // A node speaks for its own consoles only.
    let foreign = scene.node("jpn-1", Body::Lost { device: usa.id(), line: duty() });
    assert_eq!(foreign, Err(Ignored::NotIn));
    scene.says(&jpn, answer(1)).unwrap();
    assert_eq!(scene.in_on(), [jpn.id(), usa.id()]);
}

//! A restart takes the node's own consoles off every line, and nobody else's.

use crate::common;
use common::*;
use trialogue_journal::*;

#[test]
fn its_consoles_are_out_and_the_others_stay() {
    let (usa, jpn, kor) = (console("usa-duty", 1), console("jpn-duty", 1), console("kor-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn, &kor]);
    scene.says(&usa, ring(1)).unwrap();
    scene.says(&jpn, answer(1)).unwrap();
    scene.says(&kor, answer(1)).unwrap();
    scene.says(&usa, creates(1, &[jpn.id(), kor.id()])).unwrap();
    scene.says(&jpn, creates(2, &[usa.id(), kor.id()])).unwrap();
    scene.node("usa-1", Body::Restarted {}).unwrap();
    assert_eq!(scene.in_on(), [jpn.id(), kor.id()]);
    let groups = &scene.line().groups;
    assert_eq!(groups.keys().map(|node| node.as_str()).collect::<Vec<_>>(), ["jpn-1"]);
    assert_eq!(scene.line().call, Some(call(1)), "the call goes on without its ring");
    // The console comes back with a new group.
    scene.says(&usa, answer(1)).unwrap();
    assert_eq!(scene.says(&usa, moves(1, 1, &[kor.id()], &[])), Err(Ignored::Epoch));
    scene.says(&usa, creates(3, &[jpn.id(), kor.id()])).unwrap();
    assert_eq!(scene.line().groups[&usa.node].id, group(3));
}

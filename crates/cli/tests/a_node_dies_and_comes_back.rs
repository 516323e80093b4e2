//! A party's node is killed in the middle of a call: the two others talk on; it comes back, and its officer is back in
//! the call.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, line, party};

#[test]
fn a_node_dies_and_comes_back() {
    let hotline = Hotline::start();
    let [mut usa, mut jpn, mut kor] = hotline.duty_officers();
    let devices = [&usa, &jpn, &kor].map(Endpoint::device);
    // The one whose node will die has rung: the call is not bound to the node where it began.
    kor.ring();
    usa.answer_ring();
    jpn.answer_ring();
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_sealed_for(&devices);
    }
    usa.until_more_voice(&devices[2], 50);

    hotline.kill_node("kor");
    kor.until_view("its node is gone", |view| view["node"] == "connecting");
    for (endpoint, other) in [(&mut usa, &devices[1]), (&mut jpn, &devices[0])] {
        endpoint.until_view("KOR is not reached", |view| party(view, "KOR")["reached"] == false);
        let pictures = endpoint.opened(other, "picture");
        endpoint.until_more_voice(other, 150);
        endpoint.until_opened(other, "picture", pictures + 10);
    }

    let _node = hotline.restart_node("kor");
    kor.until_view("its node is back", |view| view["node"] == "up");
    for endpoint in [&mut usa, &mut jpn] {
        endpoint.until_view("KOR is reached", |view| party(view, "KOR")["reached"] == true);
    }
    // Its console may have come back into the call by itself; if not, its officer rings again.
    kor.until_view("the call", |view| !view["call"].is_null() || line(view)["active"] == true);
    if kor.view["call"].is_null() {
        kor.ring();
    }
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_sealed_for(&devices);
    }
    for (endpoint, other) in [(&mut usa, &devices[2]), (&mut jpn, &devices[2]), (&mut kor, &devices[0])] {
        endpoint.until_more_voice(other, 100);
    }
    let keeps = kor.until_opened(&devices[1], "picture", 1);
    assert!(keeps["media_packets_sent"].as_u64() > Some(0));
}

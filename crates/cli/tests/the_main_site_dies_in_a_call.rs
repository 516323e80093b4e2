//! A party has two sites. In the middle of a call its main one is killed: its officer presses nothing, hears and is
//! heard within a moment, and it is the same call for everybody. Later the site is back, and the call is not touched by
//! that.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, roster};
use serde_json::{Value, json};

/// Longest gap and lost frames of a sender's voice, as an endpoint has counted.
fn voice(figures: &Value, device: &str) -> (f64, u64) {
    let all = figures["voice"].as_array().cloned().unwrap_or_default();
    let voice =
        all.into_iter().find(|voice| voice["device"] == device).unwrap_or_else(|| panic!("no voice in {figures}"));
    (voice["longest_gap_ms"].as_f64().unwrap(), voice["lost"].as_u64().unwrap())
}

fn reset(endpoints: &mut [&mut Endpoint]) {
    for endpoint in endpoints {
        endpoint.tell(&json!({ "do": "reset_voice" }));
    }
}

#[test]
fn the_main_site_dies_in_a_call() {
    let hotline = Hotline::start_with(&["--alternate", "USA"]);
    let mut usa = hotline.endpoint("usa-duty-officer", 1);
    let mut legs = [false; 2];
    usa.until("a leg to each site", |event| {
        if let (true, Some(slot)) = (event["event"] == "leg" && event["up"] == true, event["slot"].as_u64()) {
            legs[usize::try_from(slot).unwrap()] = true;
        }
        legs == [true; 2]
    });
    let (mut jpn, mut kor) = (hotline.endpoint("jpn-duty-officer", 2), hotline.endpoint("kor-duty-officer", 3));
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_staffed();
    }
    let devices = [&usa, &jpn, &kor].map(Endpoint::device);
    // The call hangs on the ring of the one whose site will die.
    usa.ring();
    jpn.answer_ring();
    kor.answer_ring();
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_sealed_for(&devices);
    }
    usa.until_more_voice(&devices[1], 100);
    let call = usa.view["call"]["call"].clone();
    let since = usa.view["call"]["sinceMs"].clone();

    reset(&mut [&mut usa, &mut jpn, &mut kor]);
    jpn.until_more_voice(&devices[0], 50);
    // Where the machine has stood still for a moment it is at the other site already: the one in use dies.
    let (dies, dead, other) = if usa.site == 0 { ("usa", 0, 1) } else { ("usa/alternate", 1, 0) };
    hotline.kill_node(dies);
    usa.until_site(other);
    for (endpoint, other) in [(&mut usa, &devices[1]), (&mut jpn, &devices[0]), (&mut kor, &devices[0])] {
        endpoint.until_more_voice(other, 150);
    }
    for (name, endpoint, others) in [
        ("USA", &mut usa, [&devices[1], &devices[2]]),
        ("JPN", &mut jpn, [&devices[0], &devices[2]]),
        ("KOR", &mut kor, [&devices[0], &devices[1]]),
    ] {
        let figures = endpoint.figures();
        let gaps = others.map(|device| voice(&figures, device));
        println!("{name} hears: longest gap and lost frames of each of the others: {gaps:?}");
    }
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_sealed_for(&devices);
        assert_eq!(endpoint.view["call"]["call"], call, "the same call");
        assert_eq!(roster(&endpoint.view).len(), 3);
    }
    assert_eq!(usa.view["call"]["sinceMs"], since, "its time goes on");
    let pictures = jpn.opened(&devices[0], "picture");
    jpn.until_opened(&devices[0], "picture", pictures + 10);
    let pictures = usa.opened(&devices[2], "picture");
    usa.until_opened(&devices[2], "picture", pictures + 10);

    // The main site is back: nobody is moved in the middle of the call.
    let _node = hotline.restart_node(dies);
    usa.until("a warm leg to it", |event| event["event"] == "leg" && event["up"] == true && event["slot"] == dead);
    reset(&mut [&mut usa, &mut jpn, &mut kor]);
    for (endpoint, other) in [(&mut usa, &devices[1]), (&mut jpn, &devices[0]), (&mut kor, &devices[0])] {
        endpoint.until_more_voice(other, 150);
        endpoint.until_sealed_for(&devices);
    }
    let (gap, lost) = voice(&jpn.figures(), &devices[0]);
    println!("JPN hears USA while the main site is back: longest gap {gap:.0} ms, {lost} lost");
    usa.hang_up();
    usa.until_site(0);
    jpn.hang_up();
    kor.hang_up();
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_quiet();
    }
}

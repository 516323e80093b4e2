//! Three nodes in three processes, three endpoints with human speech and real clips: each hears and sees both others,
//! and nobody is in the call who is not on the roster.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::{Endpoint, heard};
use hotline::{DUTY, Hotline, line, party, recording};
use serde_json::json;
use std::path::Path;

/// Voice frames that each hears of each: 6 s, enough to tell voices apart.
const VOICE: u64 = 300;
/// Frames of the picture that each sees of each.
const PICTURE: u64 = 60;

#[test]
fn three_endpoints_talk() {
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    let devices = endpoints.each_ref().map(Endpoint::device);

    endpoints[0].ring();
    for endpoint in &mut endpoints[1..] {
        endpoint.until_view("a ring of the duty officer of the USA", |view| {
            line(view)["ring"]["from"]["officeId"] == DUTY[0] && line(view)["ring"]["from"]["device"] == devices[0]
        });
        endpoint.answer();
    }
    for endpoint in &mut endpoints {
        endpoint.until_sealed_for(&devices);
    }
    everyone_is_heard_and_seen(&mut endpoints, &devices);
    // The digits that people compare by voice are the same at all three.
    let code = endpoints[0].view["call"]["code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 30, "{code}");
    for endpoint in &mut endpoints {
        endpoint.until_view("the same code", |view| view["call"]["code"] == code);
    }

    one_hangs_up_then_another(&mut endpoints, &devices);
    a_ring_is_declined(&mut endpoints);

    // What was recorded is whole when the endpoints have ended.
    drop(endpoints);
    for (listener, office) in DUTY.iter().enumerate() {
        for speaker in (0..3).filter(|speaker| *speaker != listener) {
            let path = |ending: &str| hotline.records(office).join(format!("{}.{ending}", devices[speaker]));
            the_recording_is_of(speaker + 1, office, &path("wav"), &path("ivf"));
        }
    }
}

fn everyone_is_heard_and_seen(endpoints: &mut [Endpoint; 3], devices: &[String; 3]) {
    for (listener, endpoint) in endpoints.iter_mut().enumerate() {
        for speaker in (0..3).filter(|speaker| *speaker != listener) {
            endpoint.until_opened(&devices[speaker], "picture", PICTURE);
            let figures = endpoint.until_opened(&devices[speaker], "voice", VOICE);
            let loudness = heard(&figures, &devices[speaker], "voice")["loudness"].as_f64().unwrap();
            assert!(loudness > 0.005, "{} hears silence of {}: {figures:#}", DUTY[listener], DUTY[speaker]);
        }
    }
}

fn one_hangs_up_then_another(endpoints: &mut [Endpoint; 3], devices: &[String; 3]) {
    endpoints[0].hang_up();
    endpoints[0].until_view("out of the call", |view| view["call"].is_null());
    for endpoint in &mut endpoints[1..] {
        endpoint.until_sealed_for(&devices[1..]);
    }
    endpoints[2].hang_up();
    endpoints[1].until_view("the end of the call", |view| view["call"].is_null() && line(view)["outcome"] == "ended");
    for endpoint in endpoints {
        endpoint.until_quiet();
    }
}

fn a_ring_is_declined(endpoints: &mut [Endpoint; 3]) {
    const LATER_MS: u64 = 1_900_000_000_000;
    let [caller, busy, later] = endpoints;
    caller.ring();
    busy.until_view("a ring", |view| !line(view)["ring"].is_null());
    busy.tell(&json!({ "kind": "decline", "line": "duty", "reason": "busy", "callBackMs": null, "deputy": null }));
    caller.until_view("JPN is busy", |view| {
        party(view, "JPN")["ring"]["kind"] == "declined" && party(view, "JPN")["ring"]["reason"] == "busy"
    });
    later.until_view("a ring", |view| !line(view)["ring"].is_null());
    later.tell(
        &json!({ "kind": "decline", "line": "duty", "reason": "callBack", "callBackMs": LATER_MS, "deputy": null }),
    );
    caller.until_view("KOR will call back, and the ring has ended", |view| {
        let ring = &party(view, "KOR")["ring"];
        ring["reason"] == "callBack"
            && ring["callBackMs"].as_f64() == Some(LATER_MS as f64)
            && line(view)["outcome"] == "declined"
    });
    for endpoint in [caller, busy, later] {
        endpoint.until_quiet();
    }
}

fn the_recording_is_of(speaker: usize, office: &str, wav: &Path, ivf: &Path) {
    let likeness = [1, 2, 3].map(|clip| recording::likeness(wav, clip));
    eprintln!("{office} heard clip {speaker}: likeness to the clips {likeness:.3?}");
    for clip in 1..=3 {
        let (right, other) = (likeness[speaker - 1], likeness[clip - 1]);
        assert!(right > 0.6 && (clip == speaker || other < right), "{office} heard clip {speaker} as {likeness:?}");
    }
    let film = recording::film(ivf);
    assert!(film.len() as u64 >= PICTURE && recording::is_key_frame(&film[0]), "{office}: {} frames", film.len());
    assert_eq!(recording::clips_of(&film), [speaker], "{office} saw frames that clip {speaker} has not");
}

//! Muted with the camera off, before a call and after it: not one media packet leaves the endpoint, while the others
//! talk on.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, LINE, line};
use serde_json::{Value, json};

/// How long nothing may be sent: two seconds of somebody else's voice, in frames.
const MEANWHILE: u64 = 101;

#[test]
fn mute_sends_nothing() {
    let hotline = Hotline::start();
    let [mut usa, mut jpn, mut kor] = hotline.duty_officers();
    let devices = [&usa, &jpn, &kor].map(Endpoint::device);

    // The line is in use, and KOR has been rung: it sends nothing until it answers.
    usa.ring();
    jpn.answer_ring();
    kor.until_view("a ring", |view| !line(view)["ring"].is_null());
    usa.until_sealed_for(&devices[..2]);
    usa.until_more_voice(&devices[1], MEANWHILE);
    assert_eq!(kor.sent(), 0, "KOR has not answered");

    kor.answer();
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_sealed_for(&devices);
    }
    usa.until_opened(&devices[2], "voice", MEANWHILE);
    usa.until_opened(&devices[2], "picture", 10);
    assert!(kor.sent() > MEANWHILE);

    kor.tell(&json!({ "do": "mute" }));
    kor.tell(&json!({ "do": "camera_off" }));
    for other in [&mut usa, &mut jpn] {
        other.until_view("KOR is muted and its camera off", |view| sends(view, &devices[2]) == Some((false, false)));
    }
    nothing_is_sent("muted", &mut kor, &mut usa, &devices);
    // Muted is not deaf.
    kor.until_more_voice(&devices[0], MEANWHILE);

    // The camera alone.
    let before = kor.figures();
    kor.tell(&json!({ "do": "camera_on" }));
    let seen = usa.opened(&devices[2], "picture");
    usa.until_opened(&devices[2], "picture", seen + 10);
    let after = kor.figures();
    assert_eq!(before["voice_sent"], after["voice_sent"], "voice is still muted");
    kor.tell(&json!({ "do": "unmute" }));
    for other in [&mut usa, &mut jpn] {
        other.until_more_voice(&devices[2], MEANWHILE);
    }
    assert_eq!(sends(&usa.view, &devices[2]), Some((true, true)));

    kor.hang_up();
    kor.until_view("out of the call", |view| view["call"].is_null());
    usa.until_sealed_for(&devices[..2]);
    nothing_is_sent("after it hung up", &mut kor, &mut usa, &devices);
    // The line is still in use, and KOR can join it again.
    kor.tell(&json!({ "kind": "answer", "line": LINE }));
    kor.until_sealed_for(&devices);
    usa.until_more_voice(&devices[2], MEANWHILE);
}

/// USA opens two seconds of JPN's voice, and meanwhile KOR sends not one packet, nor is one of KOR's opened.
fn nothing_is_sent(when: &str, kor: &mut Endpoint, usa: &mut Endpoint, devices: &[String; 3]) {
    let sent = kor.sent();
    // What was on its way has come by then.
    usa.until_more_voice(&devices[1], 10);
    let opened = ["voice", "picture"].map(|medium| usa.opened(&devices[2], medium));
    usa.until_more_voice(&devices[1], MEANWHILE);
    assert_eq!(["voice", "picture"].map(|medium| usa.opened(&devices[2], medium)), opened, "{when}");
    assert_eq!(kor.sent(), sent, "{when}");
}

/// Whether a device is shown to send voice and picture.
fn sends(view: &Value, device: &str) -> Option<(bool, bool)> {
    let members = view["call"]["members"].as_array()?;
    let member = members.iter().find(|member| member["person"]["device"] == device)?;
    Some((member["voice"].as_bool()?, member["picture"].as_bool()?))
}

//! A hostile own node says what it likes about a leg: what the console's WebRTC stack is given stays the profile.
//! `spec/vectors/leg.json` has both descriptions whole; `TRIALOGUE_WRITE_VECTORS=1` writes it anew.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use trialogue_wire::console::{ToConsole, ToNode};
use trialogue_wire::leg::{LegAddress, LegAnswer, LegOffer, NotALeg, VOICE_FORMAT, fixture};
use trialogue_wire::limits::{LEG_ADDRESSES_MAX, PICTURES_MAX, SDP_MAX, VOICES_MAX};
use trialogue_wire::{WireError, decode, encode};

/// What a current Chromium offers, cut to what matters: more codecs, more header extensions, loudness among them.
const BROWSER: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2113937151 192.0.2.7 51000 typ host\r\na=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlW4\r\na=ice-options:trickle\r\n\
a=fingerprint:sha-256 75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:24\r\na=setup:actpass\r\na=mid:0\r\n\
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\na=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
a=sendonly\r\na=msid:- f1\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlW4\r\na=mid:1\r\na=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\na=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
a=extmap:13 urn:3gpp:video-orientation\r\na=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=ssrc-group:FID 2231627014 632943048\r\na=ssrc:2231627014 cname:x\r\na=ssrc:632943048 cname:x\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:3\r\na=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n";

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/leg.json");

#[test]
fn the_vectors_are_what_this_crate_makes() {
    let (offer, answer) = (fixture::offer(7), fixture::answer(7));
    let made = serde_json::json!({
        "about": "What a console and its node say of a leg (console.md §5), and the descriptions that each makes of it for its own WebRTC stack.",
        "offer": hex::encode(encode(&ToNode::Offer { offer: offer.clone(), leg: 7 })),
        "offer_described": offer.describe().unwrap().split_terminator("\r\n").collect::<Vec<_>>(),
        "answer": hex::encode(encode(&ToConsole::Answer { answer: answer.clone(), leg: 7 })),
        "answer_described": answer.describe(&offer).unwrap().split_terminator("\r\n").collect::<Vec<_>>(),
    });
    if std::env::var_os("TRIALOGUE_WRITE_VECTORS").is_some() {
        std::fs::write(VECTORS, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let held: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    assert_eq!(held, made);
}

#[test]
fn the_browsers_page_knows_the_same_voice() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../console/src/media/profile.ts");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&format!("VOICE_FORMAT = '{VOICE_FORMAT}'")));
    for rule in ["cbr=1", "usedtx=0"] {
        assert!(VOICE_FORMAT.split(';').any(|part| part == rule), "{rule}");
    }
}

#[test]
fn of_what_a_browser_offers_the_profile_alone_reaches_the_node() {
    let offer = LegOffer::read(BROWSER).unwrap();
    assert_eq!((offer.mids.join(" ").as_str(), offer.voices), ("0 1 2 3", 1));
    let numbers = offer.numbers;
    assert_eq!((numbers.voice, numbers.picture, numbers.again, numbers.mid), (111, 96, Some(97), 4));
    assert_eq!((numbers.sent_rate, numbers.received_rate), (Some(3), Some(2)));
    assert_eq!(
        (offer.voice.ssrc, offer.picture.ssrc, offer.picture.again),
        (3_570_614_608, 2_231_627_014, Some(632_943_048))
    );
    let said = encode(&ToNode::Offer { offer: offer.clone(), leg: 1 });
    assert!(said.len() < 250, "{} bytes", said.len());
    let described = offer.describe().unwrap();
    for gone in ["audio-level", "192.0.2.7", "red/", "G722", "toffset", "orientation"] {
        assert!(BROWSER.contains(gone) || gone == "orientation", "{gone}");
        assert!(!described.contains(gone), "{gone} in {described}");
    }
    // What it makes of the own description, it reads from it.
    assert_eq!(LegOffer::read(&described), Ok(offer));
}

#[test]
fn an_own_description_of_which_no_leg_can_be_made_is_refused() {
    let without = |what: &str| BROWSER.lines().filter(|l| !l.starts_with(what)).map(|l| format!("{l}\r\n")).collect();
    let texts: Vec<String> = vec![
        String::new(),
        "v=0".to_owned(),
        "m=audio".repeat(10_000),
        "m=audio\r\n".repeat(10_000),
        "x".repeat(SDP_MAX + 1),
        without("a=fingerprint"),
        without("a=ice-ufrag"),
        without("a=mid"),
        without("m="),
        without("a=extmap:4"),
        without("a=rtpmap:111"),
        without("a=ssrc:35"),
        BROWSER.replace("sha-256", "sha-1"),
        BROWSER.replace("sendonly", "sendrecv"),
        BROWSER.replace("a=mid:3", "a=mid:2"),
        BROWSER.replace("a=mid:3", "a=mid:3 x"),
        BROWSER.replace("75:74:", "75:74:AA:"),
    ];
    for text in texts {
        assert!(LegOffer::read(&text).is_err(), "{text:.200}");
    }
}

/// Everything that a console can be told that is not an answer.
fn hostile() -> Vec<(&'static str, LegAnswer)> {
    let changed = |change: fn(&mut LegAnswer)| {
        let mut answer = fixture::answer(1);
        change(&mut answer);
        answer
    };
    vec![
        ("a line in the fragment", changed(|a| a.end.fragment = "abcd\r\na=rtpmap:111 OPUS/48000/2".to_owned())),
        (
            "a line in the password",
            changed(|a| a.end.password = "x\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level".to_owned()),
        ),
        ("a short password", changed(|a| a.end.password = "x".repeat(21))),
        ("a long fragment", changed(|a| a.end.fragment = "x".repeat(33))),
        ("letters that look like others", changed(|a| a.end.fragment = "аbcd".to_owned())),
        ("no address", changed(|a| a.addresses.clear())),
        ("too many addresses", changed(|a| a.addresses = vec![a.addresses[0]; LEG_ADDRESSES_MAX + 1])),
        ("no port", changed(|a| a.addresses[0].port = 0)),
        ("any address", changed(|a| a.addresses[0].ip = IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
        ("everybody's address", changed(|a| a.addresses[0].ip = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1)))),
        (
            "everybody's address",
            changed(|a| a.addresses[0].ip = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1))),
        ),
        ("one stream twice", changed(|a| a.streams[1].ssrc = a.streams[0].ssrc)),
        ("a stream that repeats itself", changed(|a| a.streams[2].again = Some(a.streams[2].ssrc))),
        (
            "too many streams",
            changed(|a| {
                a.streams = (0..)
                    .zip(0..=VOICES_MAX + PICTURES_MAX)
                    .map(|(ssrc, _)| trialogue_wire::leg::LegStream { ssrc, again: None })
                    .collect()
            }),
        ),
    ]
}

#[test]
fn what_is_no_answer_is_refused_before_it_is_a_message() {
    for (what, answer) in hostile() {
        let bytes = encode(&ToConsole::Answer { answer: answer.clone(), leg: 1 });
        assert!(matches!(decode::<ToConsole>(&bytes), Err(WireError::NotALeg(_))), "{what}");
        // And whoever does not ask the decoder gets no description either.
        assert!(answer.describe(&fixture::offer(1)).is_err(), "{what}");
    }
}

#[test]
fn an_answer_to_another_offer_is_refused() {
    let offer = fixture::offer(1);
    let mut few = fixture::answer(1);
    few.streams.pop();
    let mut many = fixture::answer(1);
    many.streams.push(trialogue_wire::leg::LegStream { ssrc: 99, again: None });
    let mut repeats = fixture::answer(1);
    repeats.streams[0].again = Some(99);
    for answer in [few, many, repeats] {
        assert_eq!(answer.describe(&offer), Err(NotALeg::Streams));
    }
    let mut once = offer.clone();
    once.numbers.again = None;
    assert_eq!(fixture::answer(1).describe(&once), Err(NotALeg::Streams), "it was not asked to repeat");
}

fn any_answer() -> impl Strategy<Value = LegAnswer> {
    let text = || prop_oneof!["[A-Za-z0-9+/]{4,64}", "[\\x00-\\x7f]{0,64}", ".{0,40}"];
    let address = (any::<[u8; 4]>(), any::<[u8; 16]>(), any::<bool>(), any::<u16>(), any::<bool>());
    let address = address.prop_map(|(four, sixteen, small, port, tcp)| {
        let ip = if small { IpAddr::from(four) } else { IpAddr::from(sixteen) };
        LegAddress { ip, port, tcp }
    });
    let streams = (any::<[u32; 3]>(), any::<Option<u32>>());
    (text(), text(), any::<[u8; 32]>(), proptest::collection::vec(address, 0..5), streams).prop_map(
        |(fragment, password, fingerprint, addresses, (ssrcs, again))| {
            let mut answer = fixture::answer(1);
            (answer.end.fragment, answer.end.password, answer.end.fingerprint) = (fragment, password, fingerprint);
            answer.addresses = addresses;
            for (stream, ssrc) in answer.streams.iter_mut().zip(ssrcs) {
                stream.ssrc = ssrc;
            }
            answer.streams[2].again = again;
            answer
        },
    )
}

/// A description without what may differ between two legs.
fn skeleton(text: &str) -> Vec<&str> {
    let variable =
        ["a=candidate:", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:sha-256 ", "a=ssrc:", "a=ssrc-group:FID "];
    text.split_terminator("\r\n").filter(|line| !variable.iter().any(|v| line.starts_with(v))).collect()
}

proptest! {
    #[test]
    fn whatever_a_node_says_the_description_is_the_profile_or_there_is_none(answer in any_answer()) {
        let offer = fixture::offer(1);
        if let Ok(text) = answer.describe(&offer) {
            let known = fixture::answer(1).describe(&offer).unwrap();
            prop_assert_eq!(skeleton(&text), skeleton(&known));
            prop_assert!(text.chars().all(|c| matches!(c, ' '..='~' | '\r' | '\n')));
            prop_assert_eq!(text.matches("a=fmtp:111 ").count(), 3);
        }
    }

    #[test]
    fn bytes_of_a_node_are_no_answer_or_one_that_is_within_the_profile(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(ToConsole::Answer { answer, .. }) = decode(&bytes) {
            prop_assert!(answer.check().is_ok());
        }
    }
}

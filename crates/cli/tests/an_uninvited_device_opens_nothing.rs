//! While the duty officers talk, an enrolled endpoint of another office tries to come in at its own node: it is
//! refused, is on nobody's roster and opens nothing; and what the three nodes have written down holds no secret of the
//! call.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, LINE, recording, roster, sealed_for};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn an_uninvited_device_opens_nothing() {
    let hotline = Hotline::start();
    let mut talking = hotline.duty_officers();
    let devices = talking.each_ref().map(Endpoint::device);
    let mut uninvited = hotline.endpoint("usa-president", 1);
    uninvited.until_view("accepted by its node", |view| view["node"] == "up" && !view["me"].is_null());
    let stranger = uninvited.device();

    let (caller, others) = talking.split_first_mut().unwrap();
    caller.ring();
    others.iter_mut().for_each(Endpoint::answer_ring);
    for endpoint in &mut talking {
        endpoint.until_sealed_for(&devices);
    }
    for act in ["ring", "answer"] {
        uninvited.tell(&json!({ "kind": act, "line": LINE }));
        uninvited.until_view("refused", |view| view["trouble"]["kind"] == "actRefused");
        assert_eq!(uninvited.view["trouble"]["reason"], "notOnLine");
        uninvited.tell(&json!({ "kind": "dismiss", "line": null }));
        uninvited.until_view("the notice is gone", |view| view["trouble"].is_null());
    }
    // The talk goes on, for these three.
    for (listener, endpoint) in talking.iter_mut().enumerate() {
        for speaker in (0..3).filter(|speaker| *speaker != listener) {
            endpoint.until_opened(&devices[speaker], "voice", 150);
            endpoint.until_opened(&devices[speaker], "picture", 20);
        }
        let view = &endpoint.view;
        assert!(sealed_for(view, &devices) && !roster(view).contains(&stranger), "{view:#}");
        for medium in ["voice", "picture"] {
            assert_eq!(endpoint.opened(&stranger, medium), 0);
        }
    }
    let figures = uninvited.figures();
    assert_eq!((&figures["heard"], &figures["media_packets_sent"]), (&json!([]), &json!(0)), "{figures:#}");
    let view = &uninvited.view;
    assert!(
        view["call"].is_null() && view["lines"].as_array().unwrap().iter().all(|line| line["id"] != LINE),
        "{view:#}"
    );

    drop((talking, uninvited));
    nothing_is_readable(&hotline);
}

/// The eavesdropping node: nothing that the nodes have on disk holds a piece of a picture or an endpoint's secret.
fn nothing_is_readable(hotline: &Hotline) {
    let mut secrets: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (office, clip) in hotline::DUTY.into_iter().zip(1..) {
        let frames = recording::film(&hotline::asset(&format!("video-{clip}.ivf")));
        secrets.extend(frames.iter().filter(|frame| frame.len() > 96).map(|frame| frame[32..64].to_vec()));
        secrets.insert(fs::read(hotline.identity(office).join("device.secret")).unwrap());
    }
    assert!(secrets.len() > 100 && secrets.iter().all(|secret| secret.len() == 32));
    let mut read = 0;
    for party in ["usa", "jpn", "kor"] {
        for path in files(&hotline.house().join(party).join("data")) {
            let bytes = fs::read(&path).unwrap();
            read += bytes.len();
            assert!(!bytes.windows(32).any(|window| secrets.contains(window)), "{} holds a secret", path.display());
        }
    }
    assert!(read > 100_000, "the journals are there: {read} bytes");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|why| panic!("{}: {why}", dir.display()));
    let (dirs, files): (Vec<_>, Vec<_>) = entries.map(|entry| entry.unwrap().path()).partition(|path| path.is_dir());
    // The operator's socket holds nothing.
    let files = files.into_iter().filter(|path| path.is_file());
    dirs.iter().flat_map(|dir| self::files(dir)).chain(files).collect()
}

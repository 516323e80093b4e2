//! A call of three over one kind of path, and what came of each voice.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use trialogue_impair::{Carrier, Endpoint, Extra, Kind, Plan, Suite, World, why_not};

/// What was heard of one party by another.
#[derive(Debug)]
#[expect(dead_code, reason = "who is for messages")]
pub struct Heard {
    /// Share of voice frames that came, by the numbers under which they were sealed.
    came: f64,
    /// Voice frames that were sealed and are neither here nor lost: what is under way.
    under_way: u64,
    /// Pictures opened.
    pictures: u64,
    /// For messages.
    who: String,
}

/// All that was heard in a call.
#[derive(Debug)]
pub struct Talk(Vec<Heard>);

/// What may be under way: the longest delay of these paths and the longest queue, together 0.8 s.
const UNDER_WAY: u64 = 50;

impl Talk {
    /// Of every voice at least this share came everywhere, and none lags behind.
    pub fn hears_everybody(&self, share: f64) {
        let well = |heard: &Heard| heard.came >= share && heard.under_way <= UNDER_WAY;
        assert!(self.0.iter().all(well), "at least {share}, {UNDER_WAY} under way: {:#?}", self.0);
    }

    /// Every picture came everywhere.
    pub fn sees_everybody(&self) {
        assert!(self.0.iter().all(|heard| heard.pictures > 50), "{:#?}", self.0);
    }
}

/// A clip of the media tests.
fn assets() -> PathBuf {
    let target = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/assets"));
    let path = std::env::var_os("TRIALOGUE_ASSETS").map_or_else(target, PathBuf::from);
    assert!(path.join("speech-1.wav").exists(), "{} is missing: run `cargo xtask assets`", path.display());
    path
}

/// So many parties call over such paths between each two nodes, and measures while each hears `frames` more of each.
/// None: no lab here.
pub fn talk(count: usize, shape: &str, frames: u64) -> Option<Talk> {
    if let Some(why) = why_not() {
        eprintln!("skipped: {why}");
        return None;
    }
    // Two of them on two cores would measure each other.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let carriers = [Carrier { name: "satellite", kind: Kind::Shaped(7) }];
    let world = World::build(&Plan {
        binary: env!("CARGO_BIN_EXE_trialogue").as_ref(),
        assets: &assets(),
        dir: dir.path(),
        parties: count,
        extra: Extra::Nothing,
        carriers: &carriers,
        suite: Suite::Xwing,
    });
    let world = world.unwrap();
    world.lab.shape_all(shape.parse().unwrap()).unwrap();
    let nodes: Vec<_> = world.parties().iter().map(|party| party.node).collect();
    let mut officers: Vec<_> = nodes.iter().map(|node| world.officer(node, true, None).unwrap()).collect();
    let parties: Vec<_> = world.parties().iter().map(|party| party.id).collect();
    for (at, officer) in officers.iter_mut().enumerate() {
        let others: Vec<_> = parties.iter().copied().filter(|party| *party != parties[at]).collect();
        officer.until_reaches(&others).unwrap_or_else(|why| panic!("{why}\n{}", world.log(nodes[at])));
    }
    let devices: Vec<_> = officers.iter().map(Endpoint::device).collect();
    let began = Instant::now();
    officers[0].ring().unwrap();
    officers[1..].iter_mut().for_each(|officer| officer.answer_ring().unwrap());
    officers.iter_mut().for_each(|officer| officer.until_sealed_for(&devices).unwrap());
    let heard = listen(&mut officers, &devices, frames);
    eprintln!("{shape}: all this took {:?}", began.elapsed());
    Some(heard)
}

fn listen(officers: &mut [Endpoint], devices: &[String], frames: u64) -> Talk {
    // A party's newest keys may still be under way; and the first seconds decide what the path is taken for.
    for (listener, officer) in officers.iter_mut().enumerate() {
        for speaker in (0..devices.len()).filter(|speaker| *speaker != listener) {
            officer.until_more(&devices[speaker], "voice", 100).unwrap();
        }
    }
    let voice = |figures: &Value, device: &str, what: &str| {
        let all = figures["voice"].as_array().cloned().unwrap_or_default();
        all.iter().find(|voice| voice["device"] == device).and_then(|voice| voice[what].as_u64()).unwrap_or(0)
    };
    let pictures = |figures: &Value, device: &str| {
        let heard = figures["heard"].as_array().unwrap().iter();
        let of = heard.filter(|heard| heard["device"] == device && heard["medium"] == "picture");
        of.map(|heard| heard["opened"].as_u64().unwrap()).sum::<u64>()
    };
    let mut before: Vec<Value> = Vec::new();
    for officer in officers.iter_mut() {
        officer.tell(&json!({ "do": "reset_voice" })).unwrap();
        before.push(officer.figures().unwrap());
    }
    // By numbers, not by time: a machine that stands still for a moment has lost nothing.
    for (listener, officer) in officers.iter_mut().enumerate() {
        let others: Vec<&String> = devices.iter().filter(|device| **device != devices[listener]).collect();
        let passed =
            |figures: &Value, device: &str| voice(figures, device, "frames") + voice(figures, device, "lost") >= frames;
        let all = |event: &Value| event["event"] == "figures" && others.iter().all(|device| passed(event, device));
        officer.until("so many frames of everybody", all).unwrap();
    }
    let after: Vec<Value> = officers.iter_mut().map(|officer| officer.figures().unwrap()).collect();
    let sent = |speaker: usize| {
        after[speaker]["voice_sent"].as_u64().unwrap() - before[speaker]["voice_sent"].as_u64().unwrap()
    };
    let mut all = Vec::new();
    for (listener, officer) in officers.iter_mut().enumerate() {
        let last = officer.figures().unwrap();
        for speaker in (0..devices.len()).filter(|speaker| *speaker != listener) {
            let of = |what: &str| voice(&last, &devices[speaker], what);
            let heard = Heard {
                came: of("frames") as f64 / (of("frames") + of("lost")).max(1) as f64,
                under_way: sent(speaker).saturating_sub(of("frames") + of("lost")),
                pictures: pictures(&last, &devices[speaker]) - pictures(&before[listener], &devices[speaker]),
                who: format!("{listener} hears {speaker}"),
            };
            eprintln!("{heard:?}");
            all.push(heard);
        }
    }
    Talk(all)
}

//! A call of three over one kind of path, and what came of each voice.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use trialogue_impair::{Carrier, Endpoint, Extra, Kind, Plan, Suite, World, why_not};

/// What was heard of one party by another.
#[derive(Debug)]
#[expect(dead_code, reason = "who is for messages")]
pub struct Heard {
    /// Share of voice frames that came, by the numbers under which they were sealed.
    came: f64,
    /// Voice frames that came, of those that time has at 50 a second. What a path's queue holds more at the end than in the beginning is missing here.
    in_time: f64,
    /// Pictures opened.
    pictures: u64,
    /// For messages.
    who: String,
}

/// All that was heard in a call.
#[derive(Debug)]
pub struct Talk {
    heard: Vec<Heard>,
    seconds: f64,
}

/// What a queue on the way may hold, in seconds: the longest that the tests have.
const QUEUE: f64 = 0.5;

impl Talk {
    /// Of every voice at least this share came everywhere.
    pub fn hears_everybody(&self, share: f64) {
        let in_time = share - QUEUE / self.seconds;
        let well = |heard: &Heard| heard.came >= share && heard.in_time >= in_time;
        assert!(self.heard.iter().all(well), "at least {share}, and {in_time} in time: {:#?}", self.heard);
    }

    /// Every picture came everywhere.
    pub fn sees_everybody(&self) {
        assert!(self.heard.iter().all(|heard| heard.pictures > 50), "{:#?}", self.heard);
    }
}

/// A clip of the media tests.
fn assets() -> PathBuf {
    let target = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/assets"));
    let path = std::env::var_os("TRIALOGUE_ASSETS").map_or_else(target, PathBuf::from);
    assert!(path.join("speech-1.wav").exists(), "{} is missing: run `cargo xtask assets`", path.display());
    path
}

/// So many parties call over such paths between each two nodes, and measures while each hears `frames` more of each. None: no lab here.
pub fn talk(count: usize, shape: &str, frames: u64) -> Option<Talk> {
    if let Some(why) = why_not() {
        eprintln!("skipped: {why}");
        return None;
    }
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
    let mut before: Vec<(Value, Instant)> = Vec::new();
    for officer in officers.iter_mut() {
        officer.tell(&json!({ "do": "reset_voice" })).unwrap();
        before.push((officer.figures().unwrap(), Instant::now()));
    }
    let seconds = frames as f64 / 50.0;
    std::thread::sleep(Duration::from_secs_f64(seconds));
    let mut all = Vec::new();
    for (listener, officer) in officers.iter_mut().enumerate() {
        let after = officer.figures().unwrap();
        let elapsed = before[listener].1.elapsed().as_secs_f64();
        for speaker in (0..devices.len()).filter(|speaker| *speaker != listener) {
            let pictures = |figures: &Value| {
                let heard = figures["heard"].as_array().unwrap().iter();
                let of = heard.filter(|heard| heard["device"] == devices[speaker] && heard["medium"] == "picture");
                of.map(|heard| heard["opened"].as_u64().unwrap()).sum::<u64>()
            };
            let voice = after["voice"].as_array().unwrap().iter().find(|voice| voice["device"] == devices[speaker]);
            let of = |what: &str| voice.map_or(0.0, |voice| voice[what].as_f64().unwrap());
            let heard = Heard {
                came: of("frames") / (of("frames") + of("lost")).max(1.0),
                in_time: of("frames") / (elapsed * 50.0),
                pictures: pictures(&after) - pictures(&before[listener].0),
                who: format!("{listener} hears {speaker}"),
            };
            eprintln!("{heard:?}");
            all.push(heard);
        }
    }
    Talk { heard: all, seconds }
}

//! A console's own machine gets another address, is put to another wire, and is off the network for 20 seconds, all in
//! one call: each time it is back in the same call by itself. It reaches its node over real (virtual) wires, by HTTPS.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use trialogue_impair::{Carrier, Endpoint, Extra, Kind, Plan, Suite, World, why_not};

struct Call {
    // End before the world that they run in.
    officers: Vec<Endpoint>,
    devices: Vec<String>,
    id: Value,
    world: World,
    _dir: tempfile::TempDir,
}

impl Call {
    /// Two parties; the officer of the first one is at a desk.
    fn begin() -> Option<Self> {
        if let Some(why) = why_not() {
            eprintln!("skipped: {why}");
            return None;
        }
        let target = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/assets"));
        let assets = std::env::var_os("TRIALOGUE_ASSETS").map_or_else(target, PathBuf::from);
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan {
            binary: env!("CARGO_BIN_EXE_trialogue").as_ref(),
            assets: &assets,
            dir: dir.path(),
            parties: 2,
            extra: Extra::Desk,
            carriers: &[Carrier { name: "fibre", kind: Kind::Veth }],
            suite: Suite::Cnsa2,
        };
        let world = World::build(&plan).unwrap();
        let mut officers: Vec<_> =
            ["usa", "jpn"].iter().map(|node| world.officer(node, false, None).unwrap()).collect();
        officers[0].until_reaches(&["JPN"]).unwrap_or_else(|why| panic!("{why}\n{}", world.log("usa")));
        officers[1].until_reaches(&["USA"]).unwrap();
        let devices: Vec<_> = officers.iter().map(Endpoint::device).collect();
        officers[0].ring().unwrap();
        officers[1].answer_ring().unwrap();
        let mut call = Self { officers, devices, id: Value::Null, world, _dir: dir };
        call.until_all_talk();
        call.id = call.officers[0].view["call"]["call"].clone();
        assert!(call.id.is_string());
        Some(call)
    }

    fn until_all_talk(&mut self) {
        for officer in &mut self.officers {
            officer.until_sealed_for(&self.devices).unwrap();
        }
        for (listener, speaker) in [(0, 1), (1, 0)] {
            self.officers[listener].until_more(&self.devices[speaker], "voice", 100).unwrap();
        }
    }

    /// Something happens to the desk's network. Everybody talks again afterwards, in the same call, and nobody has
    /// pressed anything.
    fn survives(&mut self, what: &str, happens: impl FnOnce(&mut World)) -> f64 {
        for officer in &mut self.officers {
            officer.tell(&json!({ "do": "reset_voice" })).unwrap();
        }
        let began = Instant::now();
        happens(&mut self.world);
        self.until_all_talk();
        let took = began.elapsed();
        let mut longest: f64 = 0.0;
        for officer in &mut self.officers {
            let figures = officer.figures().unwrap();
            let gaps = figures["voice"].as_array().unwrap().iter();
            longest = gaps.map(|voice| voice["longest_gap_ms"].as_f64().unwrap()).fold(longest, f64::max);
            assert_eq!(officer.view["call"]["call"], self.id, "after {what} it is another call");
        }
        eprintln!("{what}: longest silence {longest:.0} ms, all talk again after {took:?}");
        longest
    }
}

#[test]
fn it_is_back_in_the_same_call_by_itself() {
    let Some(mut call) = Call::begin() else { return };
    call.survives("another address", |world| world.desk.as_mut().unwrap().renumber().unwrap());
    call.survives("another wire", |world| world.desk.as_mut().unwrap().rewire().unwrap());
    call.survives("two changes at once", |world| {
        let desk = world.desk.as_mut().unwrap();
        desk.renumber().unwrap();
        desk.rewire().unwrap();
    });
    let silence = call.survives("20 s without any network", |world| {
        let desk = world.desk.as_ref().unwrap();
        desk.unplug().unwrap();
        std::thread::sleep(Duration::from_secs(20));
        desk.plug().unwrap();
    });
    assert!(silence >= 20_000.0, "the wire was not out: {silence} ms");
}

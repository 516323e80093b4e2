//! Two consoles of two parties in a call, with no more than the journals between them.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::bench::Bench;
use crate::io::{Output, SealKey};
use crate::limits::{LEAVING_US, OLD_KEYS_US};
use crate::scene::{Scene, line_id};
use trialogue_charter::{Hash, Suite};
use trialogue_journal::Act;

const CALL: CallId = CallId([1; 16]);

/// A console with keys, and what its media worker has.
struct Station {
    bench: Bench,
    keys: Keys,
    seal: Option<SealKey>,
    /// Of whom it opens frames, by the id of the key.
    opens: BTreeMap<u64, DeviceId>,
}

impl Station {
    /// It comes in: rings, or answers.
    fn enter(scene: &mut Scene, office: &str, rings: bool) -> Self {
        let mut bench = Bench::of(scene.enrol(office, 1));
        let mut keys = Keys::default();
        let mut around = bench.around(scene);
        keys.begin(Suite::XWing, &mut around);
        let (act, bodies) = keys.offer(&around).entering(CALL, rings.then_some(Precedence::Routine));
        around.speaker.say(&line_id("duty"), Purpose::Enter, act, bodies);
        Self { bench, keys, seal: None, opens: BTreeMap::new() }
    }

    fn id(&self) -> DeviceId {
        self.bench.console.device.id
    }

    fn members(&self, scene: &Scene) -> Vec<KeyState> {
        self.keys.members(Bench::now(scene)).into_values().collect()
    }

    fn code(&self, scene: &Scene) -> String {
        self.keys.code(scene.roster(&self.bench.console), &line_id("duty")).0
    }

    /// What follows from the journals is done; what is said goes into them, with bodies for everybody.
    fn settle(&mut self, scene: &mut Scene, other: &mut Self) {
        let line = line_id("duty");
        let seat = Seat { line: &line, call: CALL, precedence: Precedence::Routine };
        let around = &mut self.bench.around(scene);
        let id = around.at.id();
        let others = around.at.in_on(&line).iter().map(|one| one.device).filter(|one| *one != id).collect::<Vec<_>>();
        self.keys.members_are(&others, around);
        for step in [Keys::follow, Keys::lead, Keys::renew, Keys::tell_tags] {
            step(&mut self.keys, seat, around);
        }
        self.keys.settle(seat, true, around);
        self.keys.refresh(seat, around);
        self.worker();
        for (said, bodies, bytes) in self.bench.said() {
            for body in bodies {
                for bodies in [&mut self.bench.bodies, &mut other.bench.bodies] {
                    bodies.keep(Hash::of(&body), body.clone());
                }
            }
            scene.takes(&self.bench.console, bytes);
            if let Some(settled) = self.bench.accepted(said.number) {
                self.keys.settled(&settled, Bench::now(scene));
            }
            self.keys.note_added(scene.roster(&self.bench.console), &line);
        }
    }

    /// The media worker takes what it is given; everything else stays.
    fn worker(&mut self) {
        for output in self.bench.outputs() {
            match output {
                Output::Seal(key) => self.seal = key,
                Output::OpenKey(key) => drop(self.opens.insert(key.key_id, key.device)),
                Output::ForgetKey { key_id, .. } => drop(self.opens.remove(&key_id)),
                other => self.bench.out.push(other),
            }
        }
    }
}

/// USA has rung, and Japan has answered.
fn in_call() -> (Scene, [Station; 2]) {
    let mut scene = Scene::new();
    let usa = Station::enter(&mut scene, "usa-duty", true);
    let jpn = Station::enter(&mut scene, "jpn-duty", false);
    (scene, [usa, jpn])
}

fn settle(scene: &mut Scene, [one, other]: &mut [Station; 2], times: usize) {
    for _ in 0..times {
        one.settle(scene, other);
        other.settle(scene, one);
        scene.time_ms += 100;
    }
}

#[test]
fn two_who_enter_seal_for_each_other_and_read_the_same_code() {
    let (mut scene, mut both) = in_call();
    settle(&mut scene, &mut both, 8);
    let [usa, jpn] = &both;
    assert_eq!((usa.members(&scene), jpn.members(&scene)), (vec![KeyState::Ready], vec![KeyState::Ready]));
    for (one, other) in [(usa, jpn), (jpn, usa)] {
        let seal = one.seal.as_ref().unwrap();
        assert_eq!(other.opens.get(&seal.key_id), Some(&one.id()), "what the one seals the other opens");
        assert!(one.keys.is_able() && seal.receivers.len() == 1);
    }
    assert_eq!((usa.code(&scene), usa.code(&scene).len()), (jpn.code(&scene), 30));
    assert!(usa.keys.held.as_ref().unwrap().groups.moving().is_none(), "nothing is on its way any more");
}

#[test]
fn who_has_left_is_spoken_to_for_a_moment_and_nothing_is_sealed_when_it_stays_in_the_group() {
    let (mut scene, mut both) = in_call();
    settle(&mut scene, &mut both, 8);
    let [usa, jpn] = &mut both;
    scene.says(&jpn.bench.console, "duty", Act::Leave { cause: None });
    // Its node takes no commit meanwhile.
    usa.bench.is_up = false;
    let only = |scene: &Scene, usa: &mut Station| {
        let line = line_id("duty");
        let seat = Seat { line: &line, call: CALL, precedence: Precedence::Routine };
        let around = &mut usa.bench.around(scene);
        usa.keys.members_are(&[], around);
        usa.keys.settle(seat, true, around);
        usa.worker();
        (usa.seal.is_some(), usa.members(scene))
    };
    assert_eq!(only(&scene, usa), (true, vec![KeyState::Leaving]));
    scene.time_ms += LEAVING_US / 1_000;
    assert_eq!(only(&scene, usa), (false, vec![]));
    scene.time_ms += OLD_KEYS_US / 1_000;
    only(&scene, usa);
    assert!(usa.opens.is_empty());
}

#[test]
fn hanging_up_takes_every_key_and_a_new_media_worker_seals_under_another() {
    let (mut scene, mut both) = in_call();
    settle(&mut scene, &mut both, 8);
    let before = both[0].seal.as_ref().unwrap().key_id;
    assert!(both[0].keys.worker_restarted());
    settle(&mut scene, &mut both, 4);
    let [usa, _] = &mut both;
    assert_ne!(usa.seal.as_ref().unwrap().key_id, before);
    usa.keys.end_call(&mut usa.bench.around(&scene));
    usa.worker();
    assert!(usa.seal.is_none() && usa.opens.is_empty() && usa.members(&scene).is_empty());
    assert!(usa.keys.offered().list.is_empty());
}

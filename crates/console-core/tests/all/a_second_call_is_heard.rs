//! The media worker of a console outlives its calls. In each a sender's time begins anew, and whoever heard it in the
//! one before hears it at once.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, Suite};
use trialogue_e2ee::sealing::{BaseKey, KeyId, Medium, OpenError, Opener, Receiver, Sealer, Source, TagKey};

const JPN: usize = 0;
const KOR: usize = 1;

/// What is behind a console's pages for as long as they are open.
#[derive(Default)]
struct Worker(Opener);

impl Worker {
    /// Has the keys that its console gave, and opens a voice that was sealed `after_ms` after the generation of its
    /// sender began.
    fn hears(&mut self, world: &World, listener: usize, speaker: usize, after_ms: u64) -> Result<(), OpenError> {
        for (id, key) in &world.desks[listener].open_with {
            let tag = TagKey::new(*key.tag_key);
            let source = Source {
                device: key.device,
                party: key.party,
                turn: key.turn,
                fellows: key.fellows,
                tag,
                floor: key.floor,
            };
            self.0.insert(KeyId::from_u64(*id).unwrap(), &BaseKey::new(*key.base_key), &source).unwrap();
        }
        let device: DeviceId = world.desks[speaker].console.device();
        let (id, base) = world.desks[speaker].seal.unwrap();
        let to = &world.desks[speaker].seal_for;
        let receivers = to.iter().map(|to| Receiver { party: to.party, key: TagKey::new(*to.tag_key) }).collect();
        let mut sealer = Sealer::new(KeyId::from_u64(id).unwrap(), &BaseKey::new(base), 0, receivers).unwrap();
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        sealer.seal(Medium::Voice, after_ms, b"word", &mut sealed).unwrap();
        self.0.open(Medium::Voice, &device, world.now_us / 1_000, &sealed, &mut opened).map(drop)
    }
}

fn turns(world: &World, listener: usize) -> BTreeMap<DeviceId, u32> {
    world.desks[listener].open_with.values().map(|key| (key.device, key.turn)).collect()
}

fn talk(world: &mut World) {
    world.ring(2);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(10, |world| world.all_ready(&[0, 1, 2]));
}

#[test]
fn from_its_first_word_on() {
    let mut world = World::leaders(Suite::XWing);
    let mut worker = Worker::default();
    talk(&mut world);
    assert_eq!(worker.hears(&world, JPN, KOR, 20), Ok(()));
    world.run(60 * SECOND);
    assert_eq!(worker.hears(&world, JPN, KOR, 60_000), Ok(()));
    let first = turns(&world, JPN);
    for desk in 0..3 {
        world.command(desk, trialogue_console_core::view::Command::HangUp);
    }
    world.until(10, |world| !world.line(JPN).active);
    world.run(20 * SECOND);
    talk(&mut world);
    assert_eq!(worker.hears(&world, JPN, KOR, 20), Ok(()), "the second call is a minute younger");
    let second = turns(&world, JPN);
    assert!(first.iter().all(|(device, turn)| second[device] > *turn), "{first:?} {second:?}");
}

#[test]
fn and_whoever_was_lost_for_a_while_too() {
    let mut world = World::leaders(Suite::XWing);
    let mut worker = Worker::default();
    talk(&mut world);
    world.run(30 * SECOND);
    assert_eq!(worker.hears(&world, JPN, KOR, 30_000), Ok(()));
    // Lost, and back in the same call: with a generation of its own or the one that it had.
    world.cut(KOR, true);
    world.until(20, |world| world.all_ready(&[0, 2]));
    world.cut(KOR, false);
    world.until(20, |world| world.all_ready(&[0, 1, 2]));
    world.run(SECOND);
    assert_eq!(worker.hears(&world, JPN, KOR, 60_000), Ok(()));
}

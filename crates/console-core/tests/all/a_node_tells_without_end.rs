//! A node says again and again that it tells the state anew, and never comes to its end; it answers keep-alives. Its
//! console goes on with what it knows, but seals for nobody who was revoked meanwhile, or of whose party nothing was
//! confirmed for too long, and does not wait for it without end.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use std::cell::Cell;
use std::rc::Rc;
use trialogue_charter::{DeviceId, PartyId, Suite, fixture};
use trialogue_core::{Errand, Input as NodeInput};
use trialogue_journal::{Body, UnverifiedEntry};
use trialogue_wire::console::ToConsole;

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

/// What the American node does to its console.
#[derive(Clone, Copy, PartialEq)]
enum Tells {
    /// What it should.
    All,
    /// All but what nodes say of revocations that they have.
    NoWord,
    /// It begins anew with every keep-alive, and gives what others write but that.
    AnewWithoutEnd,
    /// It has begun anew once, and answers keep-alives.
    Nothing,
}

fn in_call(mut world: World) -> (World, Rc<Cell<Tells>>) {
    for office in ["jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.run(5 * SECOND);
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(5, |world| world.all_ready(&[JPN, KOR, USA]));
    let tells = Rc::new(Cell::new(Tells::All));
    let (held, charter) = (tells.clone(), world.fixture.charter.bytes().to_vec());
    let mut begun = false;
    world.tamper = Some(Box::new(move |desk, bytes| {
        let as_it_is = || vec![bytes.to_vec()];
        if desk != USA || held.get() == Tells::All {
            begun &= desk != USA;
            return as_it_is();
        }
        let anew = || vec![trialogue_wire::encode(&ToConsole::Charter { charter: charter.clone() })];
        match trialogue_wire::decode(bytes).unwrap() {
            ToConsole::Entries { .. } if held.get() == Tells::Nothing => Vec::new(),
            ToConsole::Entries { mut bundles } => {
                let is_word =
                    |entry: &[u8]| matches!(UnverifiedEntry::decode(entry).unwrap().claim().body, Body::Listed { .. });
                bundles.retain(|bundle| !is_word(&bundle.entry));
                vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
            }
            _ if held.get() == Tells::NoWord => as_it_is(),
            ToConsole::Paths { .. } => Vec::new(),
            ToConsole::Pong { .. } if held.get() == Tells::AnewWithoutEnd || !begun => {
                begun = true;
                anew().into_iter().chain(as_it_is()).collect()
            }
            _ => as_it_is(),
        }
    }));
    (world, tells)
}

fn knows(world: &World, device: &DeviceId) -> bool {
    world.desks[USA].console.knows_revoked(&PartyId::new("JPN").unwrap(), device)
}

#[test]
fn nothing_is_sealed_for_who_is_revoked_meanwhile() {
    let (mut world, tells) = in_call(World::new(Suite::XWing));
    let device = world.desks[JPN].console.device();
    tells.set(Tells::AnewWithoutEnd);
    world.run(5 * SECOND);
    assert!(world.desks[USA].seal.is_some(), "what is known stands meanwhile");
    let revocation = fixture::revocation("JPN", &device);
    world.node_input(JPN, NodeInput::Revoke { revocation, errand: Errand(1) });
    world.until(5, |world| knows(world, &device));
    assert!(world.desks[USA].seal.is_none());
    assert!(world.desks[USA].open.values().all(|(of, _)| *of != device));
    tells.set(Tells::All);
    world.cut(USA, true);
    world.run(SECOND);
    world.cut(USA, false);
    world.until(20, |world| world.all_ready(&[KOR, USA]));
}

#[test]
fn the_other_site_is_gone_over_to() {
    let (mut world, tells) = in_call(World::with_alternate(Suite::XWing));
    world.until(20, |world| world.desks[USA].other.1.is_some());
    world.run(5 * SECOND);
    tells.set(Tells::AnewWithoutEnd);
    world.run(5 * SECOND);
    assert_eq!(world.desks[USA].active, 0, "it may be a long state");
    world.until(10, |world| world.desks[USA].active == 1);
    world.until(20, |world| world.all_ready(&[JPN, KOR, USA]));
}

#[test]
fn nothing_is_sealed_for_whom_nothing_was_confirmed_of_for_a_day() {
    let (mut world, tells) = in_call(World::new(Suite::XWing));
    tells.set(Tells::NoWord);
    world.run(2 * SECOND);
    world.desks[USA].off_us += (23 * 60 + 50) * 60 * SECOND;
    world.run(SECOND);
    world.until(60, |world| world.all_ready(&[JPN, KOR, USA]));
    tells.set(Tells::AnewWithoutEnd);
    world.run(SECOND);
    // The console's time alone goes on from here, so that it is not its node's silence that it hears.
    let later = |world: &mut World, minutes: u64| {
        for _ in 0..2 * minutes {
            world.desks[USA].off_us += 30 * SECOND;
            world.run(200_000);
        }
    };
    later(&mut world, 5);
    assert!(world.desks[USA].seal.is_some());
    later(&mut world, 25);
    assert!(world.desks[USA].seal.is_none());
}

#[test]
fn who_answers_keep_alives_and_tells_nothing_is_left() {
    let (mut world, tells) = in_call(World::new(Suite::XWing));
    tells.set(Tells::Nothing);
    world.run(SECOND);
    let before = world.desks[USA].key;
    world.run(30 * SECOND);
    assert_eq!(world.desks[USA].key, before, "a line may be slow");
    world.until(15, |world| world.desks[USA].key != before);
    tells.set(Tells::All);
    world.cut(USA, true);
    world.run(SECOND);
    world.cut(USA, false);
    world.until(20, |world| world.all_ready(&[JPN, KOR, USA]));
}

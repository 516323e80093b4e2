//! Consoles that are not what they say, or say what cannot be understood, are turned away with the reason; the others
//! do not notice.

#![allow(clippy::unwrap_used)]

use trialogue_charter::{DeviceId, PartyId, Revocation};
use trialogue_core::{ConsoleKey, Count, Errand, Fate, Input, NotDone};
use trialogue_journal::Act;
use trialogue_sim::world::KOR;
use trialogue_sim::{Health, JPN, LEADERS, USA, World};
use trialogue_wire::console::{Refusal, ToConsole, ToNode};

/// Opens a WebSocket to a node, takes the challenge, and says something else than a console would.
fn knock(world: &mut World, node: usize, key: u64, nonce: [u8; 32], message: &ToNode) -> Option<Refusal> {
    let console = ConsoleKey(key);
    world.input(node, Input::ConsoleOpened { console, nonce });
    world.input(node, Input::ConsoleMessage { console, bytes: trialogue_wire::encode(message) });
    refusal(world, node, console)
}

fn refusal(world: &World, node: usize, key: ConsoleKey) -> Option<Refusal> {
    world.nodes[node].notes.iter().rev().find_map(|note| match note {
        trialogue_core::Note::Refused { console, reason } if *console == key => Some(*reason),
        _ => None,
    })
}

fn prove(world: &World, party: usize, device: usize, nonce: &[u8; 32]) -> ToNode {
    let keys = &world.fixture.parties[party].devices[device];
    let signature = keys.secret.prove(&world.nodes[2].id, "", nonce).to_vec();
    ToNode::Prove {
        protocol: 1,
        certificate: keys.certificate.clone(),
        signature,
        on_watch: true,
        origin: String::new(),
    }
}

#[test]
fn each_kind_of_stranger_is_refused_for_its_own_reason() {
    let mut world = World::on_watch(3, 1);
    let nonce = [5; 32];

    let japanese = prove(&world, 0, 0, &nonce);
    assert_eq!(knock(&mut world, 2, 1, nonce, &japanese), Some(Refusal::Certificate), "another party's console");
    let stale = prove(&world, 2, 0, &[6; 32]);
    assert_eq!(knock(&mut world, 2, 2, nonce, &stale), Some(Refusal::Signature), "a log-in that was heard before");
    let ToNode::Prove { certificate, signature, .. } = prove(&world, 2, 0, &nonce) else { return };
    let future = ToNode::Prove {
        protocol: 2,
        certificate: certificate.clone(),
        signature: signature.clone(),
        on_watch: true,
        origin: String::new(),
    };
    assert_eq!(knock(&mut world, 2, 3, nonce, &future), Some(Refusal::Protocol));
    let mut altered = certificate.clone();
    altered[300] ^= 1;
    let altered = ToNode::Prove { protocol: 1, certificate: altered, signature, on_watch: true, origin: String::new() };
    assert_eq!(knock(&mut world, 2, 4, nonce, &altered), Some(Refusal::Certificate));
    let other = prove(&world, 2, 1, &nonce);
    let ToNode::Prove { signature: others, .. } = other else { return };
    let borrowed = ToNode::Prove { protocol: 1, certificate, signature: others, on_watch: true, origin: String::new() };
    assert_eq!(knock(&mut world, 2, 5, nonce, &borrowed), Some(Refusal::Signature), "a certificate is no proof");
    assert_eq!(knock(&mut world, 2, 6, nonce, &ToNode::Want { hashes: vec![] }), Some(Refusal::NotNow));

    assert_eq!(world.nodes[2].count(Count::ConsoleRefused), 6);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.check_honest();
}

#[test]
fn noise_is_refused_as_malformed() {
    let mut world = World::on_watch(3, 2);
    let mut rng = trialogue_sim::Rng::new(4);
    for key in 0..200 {
        let console = ConsoleKey(key);
        world.input(2, Input::ConsoleOpened { console, nonce: rng.bytes() });
        let bytes = rng.bytes::<100>()[..rng.below(100) as usize].to_vec();
        world.input(2, Input::ConsoleMessage { console, bytes });
        assert_eq!(refusal(&world, 2, console), Some(Refusal::Malformed));
    }
    world.input(2, Input::ConsoleOpened { console: ConsoleKey(900), nonce: [0; 32] });
    world.input(2, Input::ConsoleMessage { console: ConsoleKey(900), bytes: vec![0; 65 << 10] });
    assert_eq!(refusal(&world, 2, ConsoleKey(900)), Some(Refusal::Malformed));
    assert_eq!(world.nodes[2].count(Count::ConsoleMalformed), 201);

    // One that is enrolled and turns to noise is turned away like anyone.
    world.send(USA, vec![0xff; 40]);
    assert!(world.run_until(|w| w.consoles[USA].refused.contains(&(None, Refusal::Malformed))));
    assert!(world.run_until(|w| w.consoles[USA].key.is_none()));
    assert!(world.consoles[USA + 1].welcomed);
}

#[test]
fn a_crowd_of_strangers_keeps_nobody_out() {
    let mut world = World::on_watch(3, 3);
    world.disconnect(USA);
    world.run(500_000);
    for key in 0..1_000 {
        world.input(2, Input::ConsoleOpened { console: ConsoleKey(key), nonce: [1; 32] });
    }
    assert!(world.nodes[2].count(Count::OverBound) >= 600);
    world.connect(USA);
    assert!(world.run_until(|w| w.consoles[USA].welcomed));
    world.run(11_000_000);
    let console = ConsoleKey(999);
    world.input(2, Input::ConsoleMessage { console, bytes: trialogue_wire::encode(&ToNode::Ping { number: 1 }) });
    assert_eq!(world.nodes[2].count(Count::ConsoleSilent), 0, "a stranger that waits is not missed");
}

/// The American root's word.
fn revocation(world: &World, device: DeviceId) -> Vec<u8> {
    Revocation { party: PartyId::new("USA").unwrap(), device }.sign(&world.fixture.parties[2].root)
}

#[test]
fn a_revoked_device_is_out_at_once_and_for_good() {
    let mut world = World::on_watch(3, 4);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.is_in(0, USA, LEADERS)));
    let device = world.fixture.parties[2].devices[0].id;
    // At another party's node: its own hears of it.
    let revocation = revocation(&world, device);
    world.input(1, Input::Revoke { revocation, errand: Errand(1) });
    assert!(world.nodes[1].fates.is_empty(), "not before it is written");
    assert!(world.run_until(|w| w.nodes[1].fates == [Fate::Written]));
    assert!(world.run_until(|w| w.consoles[USA].refused.contains(&(None, Refusal::Revoked))));
    assert!(world.run_until(|w| (0..3).all(|node| !w.is_in(node, USA, LEADERS))));
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) != Some(call)));
    world.connect(USA);
    assert!(world.run_until(|w| w.consoles[USA].refused.iter().filter(|r| r.1 == Refusal::Revoked).count() == 2));
    world.run(10_000_000);
    let usa = PartyId::new("USA").unwrap();
    let in_own = |world: &World, at: usize| {
        let (id, machine) = (&world.nodes[at].id, world.nodes[at].machine.as_ref());
        machine.and_then(|machine| machine.state().node(id)).is_some_and(|own| own.revoked_at(&usa, &device).is_some())
    };
    assert!((0..3).all(|at| in_own(&world, at)), "every node has it in its own journal");
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_suspended_device_is_out_until_the_operator_lets_it_in_again() {
    let mut world = World::on_watch(3, 4);
    world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.is_in(0, USA, LEADERS)));
    let device = world.fixture.parties[2].devices[0].id;
    world.input(2, Input::Suspend { device, on: false, errand: Errand(0) });
    assert_eq!(world.nodes[2].fates, [Fate::Refused(NotDone::NotSuspended)]);
    world.input(2, Input::Suspend { device, on: true, errand: Errand(1) });
    world.input(2, Input::Suspend { device, on: true, errand: Errand(2) });
    assert_eq!(world.nodes[2].fates.last(), Some(&Fate::Refused(NotDone::UnderWay)));
    assert!(world.run_until(|w| w.consoles[USA].refused.contains(&(None, Refusal::Suspended))));
    assert!(world.run_until(|w| (0..3).all(|node| !w.is_in(node, USA, LEADERS))));
    world.connect(USA);
    assert!(world.run_until(|w| w.consoles[USA].refused.iter().filter(|r| r.1 == Refusal::Suspended).count() == 2));
    world.input(2, Input::Suspend { device, on: false, errand: Errand(3) });
    assert!(world.run_until(|w| w.nodes[2].fates.last() == Some(&Fate::Written)));
    world.connect(USA);
    assert!(world.run_until(|w| w.consoles[USA].welcomed));
    world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.is_in(0, USA, LEADERS)));
    // What the root says is for good.
    let revocation = revocation(&world, device);
    world.input(2, Input::Revoke { revocation, errand: Errand(4) });
    assert!(world.run_until(|w| w.consoles[USA].refused.contains(&(None, Refusal::Revoked))));
    world.input(2, Input::Suspend { device, on: false, errand: Errand(5) });
    assert_eq!(world.nodes[2].fates.last(), Some(&Fate::Refused(NotDone::Revoked)));
    let stranger = DeviceId([1; 32]);
    world.input(2, Input::Suspend { device: stranger, on: true, errand: Errand(6) });
    assert_eq!(world.nodes[2].fates.last(), Some(&Fate::Refused(NotDone::NoSuchDevice)));
    world.run(10_000_000);
    world.check_converged();
    world.check_honest();
}

#[test]
fn the_newer_websocket_of_a_device_is_the_one() {
    let mut world = World::on_watch(3, 5);
    let old = world.consoles[USA].key;
    world.offer(USA);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.is_in(2, USA, LEADERS) && w.nodes[2].legs.len() == 1));
    world.connect(USA);
    assert!(world.run_until(|w| w.consoles[USA].welcomed && w.consoles[USA].key != old));
    world.run(10_000_000);
    assert!(world.is_in(0, USA, LEADERS), "it kept its place in the call");
    assert!(world.nodes[2].legs.contains(&old.unwrap()), "and its leg, until it makes another");
    world.offer(USA);
    assert!(world.run_until(|w| w.nodes[2].legs.iter().eq(w.consoles[USA].key.iter())));
    world.answer(JPN, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(2, JPN, LEADERS)));
    world.check_honest();
}

#[test]
fn one_console_cannot_flood_its_node() {
    let mut world = World::on_watch(3, 6);
    for _ in 0..300 {
        world.ring(USA, LEADERS);
    }
    world.run(3_000_000);
    let busy = world.consoles[USA].refused.iter().filter(|(_, reason)| *reason == Refusal::Busy).count();
    assert!(busy > 100);
    let answers = world.consoles[USA].accepted.len() + busy;
    assert_eq!(answers, 300, "every statement was answered");
    assert!(world.consoles[USA + 1].welcomed);
    assert!(world.consoles[USA].heard.iter().all(|m| !matches!(m, ToConsole::Bodies { .. })));
    world.check_honest();
}

#[test]
fn a_node_that_opens_says_that_it_has_done_nothing() {
    let mut world = World::on_watch(3, 4);
    let device = world.fixture.parties[2].devices[0].id;
    let revoked = |world: &World| {
        let machine = world.nodes[2].machine.as_ref();
        machine.is_some_and(|machine| machine.state().is_revoked(&device))
    };
    world.crash(2);
    world.start(2);
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(1) });
    assert_eq!(world.nodes[2].fates, [Fate::Refused(NotDone::Opening)]);
    assert!(!revoked(&world));
    // Once it is open it says so when the disk has it, and not before.
    assert!(world.run_until(|w| w.nodes[2].machine.as_ref().is_some_and(|machine| machine.has_opened())));
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(2) });
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(3) });
    let under_way = Fate::Refused(NotDone::UnderWay);
    assert_eq!(world.nodes[2].fates.last(), Some(&under_way), "asked twice is written once");
    assert!(world.run_until(|w| w.nodes[2].fates.last() == Some(&Fate::Written)));
    assert!(revoked(&world));
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(4) });
    assert_eq!(world.nodes[2].fates.last(), Some(&Fate::Written), "it stands there already");
    let other = Revocation { party: PartyId::new("USA").unwrap(), device }.sign(&world.fixture.parties[0].root);
    world.input(2, Input::Revoke { revocation: other, errand: Errand(5) });
    assert!(matches!(world.nodes[2].fates.last(), Some(Fate::Refused(NotDone::Unproven(_)))));
    world.check_honest();
}

#[test]
fn what_the_disk_has_not_taken_is_not_said_to_be_done() {
    let mut world = World::on_watch(3, 4);
    let device = world.fixture.parties[2].devices[0].id;
    world.set_disk(2, Health::Failing);
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(1) });
    assert!(world.run_until(|w| w.nodes[2].fates == [Fate::Unrecorded]));
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(2) });
    assert_eq!(world.nodes[2].fates.last(), Some(&Fate::Unrecorded), "it counts, and the disk does not have it");
    world.set_disk(2, Health::Good);
    world.run(2_000_000);
    world.input(2, Input::Revoke { revocation: revocation(&world, device), errand: Errand(3) });
    assert_eq!(world.nodes[2].fates[1..], [Fate::Unrecorded, Fate::Written]);
}

#[test]
fn whom_a_revoked_device_put_out_is_out_for_a_console_that_comes_later() {
    let mut world = World::on_watch(3, 33);
    let call = world.ring(JPN, LEADERS);
    for console in [USA + 1, USA + 2] {
        assert!(world.run_until(
            |w| w.consoles[console].rings_here(w.fixture, LEADERS) == Some(call) || w.is_in(1, USA + 1, LEADERS)
        ));
        world.answer(console, LEADERS, call);
        assert!(world.run_until(|w| w.is_in(1, console, LEADERS)));
    }
    let (by, out) = (world.device(USA + 1), world.device(USA + 2));
    world.act(USA + 1, LEADERS, Act::Remove { device: out }, Vec::new());
    assert!(world.run_until(|w| !w.is_in(1, USA + 2, LEADERS)));
    let revocation = revocation(&world, by);
    world.input(1, Input::Revoke { revocation, errand: Errand(1) });
    assert!(world.run_until(|w| !w.is_in(2, USA + 1, LEADERS)));
    // Neither of the two is in any more, also for one who comes now and is not shown all that happened.
    world.disconnect(KOR);
    world.run(1_000_000);
    world.connect(KOR);
    assert!(world.run_until(|w| w.consoles[KOR].welcomed));
    world.run(2_000_000);
    world.check_converged();
    let there = world.consoles[KOR].state.in_on(world.lines(LEADERS).unwrap());
    assert_eq!(there.iter().map(|p| p.device).collect::<Vec<_>>(), [world.device(JPN)]);
}

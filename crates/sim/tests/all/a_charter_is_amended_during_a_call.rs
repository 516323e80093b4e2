//! A charter is installed at one node while three parties talk: it takes effect everywhere, and what it does not touch
//! goes on.

#![allow(clippy::unwrap_used)]

use trialogue_charter::{Charter, DeviceId, LineId, OfficeId, Suite, UnverifiedCharter, VerifiedCharter};
use trialogue_core::{AmendError, Count, Input};
use trialogue_sim::{DUTY, JPN, KOR, LEADERS, USA, World};
use trialogue_wire::console::{Medium, Refusal, ToConsole};
use trialogue_wire::link::LinkMessage;

fn id(text: &str) -> LineId {
    LineId::new(text).unwrap()
}

/// What a change makes of the charter in force at a node, signed by these parties with what they have.
fn amended(world: &World, change: impl FnOnce(&mut Charter), signers: &[&str]) -> VerifiedCharter {
    let held = world.nodes[2].charter().clone();
    let mut charter = Charter::clone(&held);
    charter.serial += 1;
    change(&mut charter);
    let mut draft = UnverifiedCharter::draft(charter).unwrap();
    for party in world.fixture.parties.iter().filter(|party| signers.contains(&party.id.as_str())) {
        if draft.claims().parties.iter().any(|p| p.id == party.id) {
            draft.sign(&party.id, &party.root).unwrap();
        } else {
            draft.consent(&held, &party.id, &party.root).unwrap();
        }
    }
    draft.verify(None).unwrap()
}

const ALL: [&str; 3] = ["JPN", "KOR", "USA"];

/// One of each party is in on the leaders' line; groups stand, media flows.
fn call_of_three(seed: u64) -> World {
    let mut world = World::on_watch(3, seed);
    [JPN, KOR, USA].into_iter().for_each(|console| world.offer(console));
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| [JPN, KOR].iter().all(|c| w.consoles[*c].rings_here(w.fixture, LEADERS).is_some())));
    world.answer(JPN, LEADERS, call);
    world.answer(KOR, LEADERS, call);
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, KOR, USA].iter().all(|c| w.is_in(n, *c, LEADERS)))));
    world.run(1_000_000);
    [JPN, KOR, USA].into_iter().for_each(|console| world.commit(console, LEADERS));
    world.run(2_000_000);
    world.check_converged();
    world
}

/// Every node and every console that is on has the charter.
fn everywhere(world: &World, charter: &VerifiedCharter, nodes: &[usize]) -> bool {
    let hash = charter.hash();
    let consoles = world.consoles.iter().filter(|c| c.welcomed && nodes.contains(&c.party));
    nodes.iter().all(|n| world.nodes[*n].charter().hash() == hash)
        && consoles.into_iter().all(|console| console.charter.hash() == hash)
}

fn voices(world: &World, node: usize) -> Vec<(DeviceId, u16, usize, usize)> {
    let routes = world.nodes[node].routes.values().filter(|route| route.medium == Medium::Voice);
    routes.map(|r| (r.device, r.number, r.legs.len(), r.links.len())).collect()
}

#[test]
fn one_installs_all_have_it_and_the_call_goes_on() {
    let mut world = call_of_three(1);
    let before: Vec<_> = (0..3).map(|n| voices(&world, n)).collect();
    let line = id(LEADERS);
    let call = world.consoles[JPN].state.line(&line).clone();
    let next = amended(
        &world,
        |charter| {
            let mut more = charter.lines[1].clone();
            more.id = id("more");
            charter.lines.push(more);
            charter.policy.ring_seconds = 40;
        },
        &ALL,
    );
    assert_eq!(world.install(1, &next), Ok(()));
    assert!(world.run_until(|w| everywhere(w, &next, &[0, 1, 2])));
    world.run(3_000_000);
    // Nobody left, no group moved, no stream changed its number or its way.
    for console in [JPN, KOR, USA] {
        assert_eq!(*world.consoles[console].state.line(&line), call);
        assert!(world.consoles[console].state.charter().line(&id("more")).is_some());
    }
    assert_eq!((0..3).map(|n| voices(&world, n)).collect::<Vec<_>>(), before);
    for node in 0..3 {
        assert_eq!(world.nodes[node].count(Count::CharterTaken), 1);
        let machine = world.nodes[node].machine.as_ref().unwrap();
        assert!(machine.state().nodes().all(|(_, node)| node.opened() == Some(next.hash())));
        let down = |note: &&trialogue_core::Note| matches!(note, trialogue_core::Note::LinkDown { .. });
        assert_eq!(world.nodes[node].notes.iter().filter(down).count(), 0);
    }
    world.check_converged();
    world.check_honest();
    // The call goes on being one: somebody hangs up, another comes in. And the new line rings.
    world.leave(JPN, LEADERS);
    let ring = world.ring(JPN + 1, "more");
    assert!(world.run_until(|w| !w.is_in(2, JPN, LEADERS)));
    assert!(world.run_until(|w| w.consoles[USA + 1].state.rings(&id("more")).iter().any(|r| r.call == ring)));
    world.run(1_000_000);
    world.check_converged();
}

#[test]
fn a_party_leaves_and_the_two_others_go_on() {
    let mut world = call_of_three(2);
    let next = amended(&world, |charter| without(charter, "KOR"), &ALL);
    assert_eq!(world.install(2, &next), Ok(()));
    assert!(world.run_until(|w| everywhere(w, &next, &[0, 2])));
    world.run(6_000_000);
    for node in [0, 2] {
        assert!(world.is_in(node, JPN, LEADERS) && world.is_in(node, USA, LEADERS) && !world.is_in(node, KOR, LEADERS));
    }
    // The leads take the leaf of who is gone out of their groups.
    [JPN, USA].into_iter().for_each(|console| world.commit(console, LEADERS));
    world.run(1_000_000);
    let groups = world.consoles[JPN].state.line(&id(LEADERS)).groups.clone();
    assert_eq!(groups.len(), 2);
    assert!(groups.values().all(|group| !group.members.contains_key(&world.device(KOR))));
    // The third learned it, and is alone.
    assert!(world.nodes[1].machine.as_ref().unwrap().is_retired());
    assert!(world.consoles[KOR..USA].iter().all(|console| !console.welcomed));
    assert!(world.nodes[1].legs.is_empty());
    world.check_converged();
}

/// The world fails where a machine wants to be called for what it does not do.
#[test]
fn a_node_that_is_retired_is_called_for_nothing_more() {
    let mut world = call_of_three(68);
    let device = world.device(USA);
    // The second wish stands until the picture may be asked for again.
    (0..2).for_each(|_| world.input(1, Input::KeyFrameWanted { device }));
    let next = amended(&world, |charter| without(charter, "KOR"), &ALL);
    world.install(1, &next).unwrap();
    world.run(5_000_000);
    assert!(world.nodes[1].machine.as_ref().unwrap().is_retired());
}

fn without(charter: &mut Charter, party: &str) {
    charter.parties.retain(|p| p.id.as_str() != party);
    charter.nodes.retain(|node| node.party.as_str() != party);
    charter.offices.retain(|office| office.party.as_str() != party);
    let left: Vec<OfficeId> = charter.offices.iter().map(|office| office.id.clone()).collect();
    charter.lines.iter_mut().for_each(|line| line.offices.retain(|office| left.contains(office)));
}

#[test]
fn without_the_leaving_partys_word_nobody_follows() {
    let mut world = call_of_three(3);
    let coup = amended(&world, |charter| without(charter, "KOR"), &["JPN", "USA"]);
    assert!(matches!(world.install(2, &coup), Err(AmendError::Charter(_))));
    // A node that serves it all the same is heard by nobody.
    world.make_hostile(0);
    world.run(1_000_000);
    let hello = LinkMessage::Hello {
        protocol: 1,
        node: world.nodes[0].id.clone(),
        charter: coup.hash(),
        heads: Vec::new(),
        serial: coup.serial,
    };
    for to in [1, 2] {
        world.say_as(0, to, trialogue_wire::encode(&hello));
        for _ in 0..40 {
            let charter = coup.bytes().to_vec();
            world.say_as(0, to, trialogue_wire::encode(&LinkMessage::Charter { charter }));
        }
        let garbage = LinkMessage::Charter { charter: vec![0xa0; 1_000] };
        world.say_as(0, to, trialogue_wire::encode(&garbage));
    }
    world.run(2_000_000);
    for node in [1, 2] {
        assert_eq!(world.nodes[node].charter().serial, 1);
        // Looked at as often as the bucket lets it, and no oftener.
        assert_eq!(world.nodes[node].count(Count::CharterRefused), 10);
        assert_eq!(world.nodes[node].count(Count::OverBound), 31);
    }
    assert!(world.is_in(1, KOR, LEADERS) && world.is_in(2, KOR, LEADERS));
}

#[test]
fn a_retired_office_is_out_and_the_rest_of_its_party_is_not() {
    let mut world = call_of_three(4);
    let leader = OfficeId::new("usa-leader").unwrap();
    let call = world.consoles[USA].state.line(&id(LEADERS)).call.unwrap();
    world.answer(USA + 1, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(0, USA + 1, LEADERS)));
    let retire = |charter: &mut Charter| {
        charter.offices.retain(|office| office.id != leader);
        charter.lines.iter_mut().for_each(|line| line.offices.retain(|office| *office != leader));
    };
    let next = amended(&world, retire, &ALL);
    assert_eq!(world.install(0, &next), Ok(()));
    assert!(world.run_until(|w| everywhere(w, &next, &[0, 1, 2])));
    assert!(world.run_until(|w| w.consoles[USA].refused.contains(&(None, Refusal::Certificate))));
    world.run(3_000_000);
    for node in 0..3 {
        assert!(!world.is_in(node, USA, LEADERS));
        assert!(world.is_in(node, USA + 1, LEADERS) && world.is_in(node, JPN, LEADERS));
        assert!(world.nodes[node].routes.values().all(|route| route.device != world.device(USA)));
    }
    // It does not come back in.
    world.connect(USA);
    world.run(2_000_000);
    assert!(!world.consoles[USA].welcomed);
    world.check_converged();
}

#[test]
fn who_was_away_catches_up_step_by_step() {
    let mut world = call_of_three(5);
    world.crash(1);
    let first = amended(&world, |charter| charter.policy.ring_seconds = 40, &ALL);
    world.install(0, &first).unwrap();
    assert!(world.run_until(|w| everywhere(w, &first, &[0, 2])));
    let second = amended(&world, |charter| charter.name = "Third".to_owned(), &ALL);
    world.install(2, &second).unwrap();
    assert!(world.run_until(|w| everywhere(w, &second, &[0, 2])));
    world.crash(2);
    world.start(2);
    assert_eq!(world.nodes[2].charter().serial, 3);
    world.start(1);
    for console in 0..9 {
        if world.consoles[console].key.is_none() {
            world.connect(console);
        }
    }
    assert!(world.run_until(|w| everywhere(w, &second, &[0, 1, 2])));
    world.run(8_000_000);
    assert_eq!(world.nodes[1].charters.iter().map(|charter| charter.serial).collect::<Vec<_>>(), [1, 2, 3]);
    world.check_converged();
    // An older one is never taken back, whoever brings it.
    assert!(matches!(world.install(1, &first), Err(AmendError::Charter(_))));
    world.check_honest();
}

#[test]
fn two_installs_at_once_end_with_the_higher_serial() {
    let mut world = call_of_three(6);
    let first = amended(&world, |charter| charter.policy.ring_seconds = 40, &ALL);
    let second = amended(
        &world,
        |charter| {
            charter.serial = 7;
            charter.policy.ring_seconds = 50;
        },
        &ALL,
    );
    world.install(0, &first).unwrap();
    world.install(2, &second).unwrap();
    assert!(world.run_until(|w| everywhere(w, &second, &[0, 1, 2])));
    world.run(8_000_000);
    world.check_converged();
    world.check_honest();
    assert!([JPN, KOR, USA].iter().all(|console| world.is_in(0, *console, LEADERS)));
}

#[test]
fn rings_follow_the_charter_at_once() {
    let mut world = World::on_watch(3, 7);
    let kor = OfficeId::new("kor-duty").unwrap();
    let next = amended(&world, |charter| charter.lines[1].offices.retain(|office| *office != kor), &ALL);
    world.install(1, &next).unwrap();
    assert!(world.run_until(|w| everywhere(w, &next, &[0, 1, 2])));
    world.ring(KOR + 1, DUTY);
    assert!(world.run_until(|w| w.consoles[KOR + 1].refused.iter().any(|(_, why)| *why == Refusal::NotOnLine)));
    world.ring(JPN + 1, DUTY);
    assert!(world.run_until(|w| w.consoles[USA + 1].rings_here(w.fixture, DUTY).is_some()));
    assert!(world.consoles[KOR + 1].rings_here(world.fixture, DUTY).is_none());
    assert!(world.consoles[KOR + 1].heard.iter().all(|said| !matches!(said, ToConsole::Challenge { .. })));
}

#[test]
fn a_suite_is_changed_under_a_call() {
    let mut world = call_of_three(8);
    let next = amended(&world, |charter| charter.suite = Suite::XWing.id(), &ALL);
    world.install(0, &next).unwrap();
    assert!(world.run_until(|w| everywhere(w, &next, &[0, 1, 2])));
    world.run(4_000_000);
    assert!([JPN, KOR, USA].iter().all(|console| world.is_in(1, *console, LEADERS)));
    world.check_converged();
}

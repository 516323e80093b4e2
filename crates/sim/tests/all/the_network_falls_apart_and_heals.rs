//! Three and four parties fall apart in every way there is; each part rings, talks and goes on; healed, there is one
//! record, one call on a line, and no key that anybody has to mend.

#![allow(clippy::unwrap_used)]

use trialogue_sim::{DEVICES, LEADERS, World};

/// Every way in which so many fall into parts, two or more: for each party, in which part it is.
fn ways_apart(parties: usize) -> Vec<Vec<usize>> {
    let mut ways = vec![vec![0]];
    for _ in 1..parties {
        let more = |way: &Vec<usize>| {
            (0..=way.iter().max().unwrap() + 1).map(|part| [&way[..], &[part]].concat()).collect::<Vec<_>>()
        };
        ways = ways.iter().flat_map(more).collect();
    }
    ways.retain(|way| way.iter().any(|part| *part > 0));
    ways
}

/// A console of a party: 0 its leader's, 1 and 2 its duty officers'.
fn at(party: usize, device: usize) -> usize {
    party * DEVICES + device
}

fn party_of(world: &World, node: usize) -> usize {
    world.fixture.sites[node].party
}

fn each_cable(world: &mut World, what: impl Fn(&mut World, usize, usize)) {
    let nodes = world.nodes.len();
    (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).for_each(|(a, b)| what(world, a, b));
}

fn apart(world: &mut World, way: &[usize]) {
    each_cable(world, |world, a, b| {
        if way[party_of(world, a)] != way[party_of(world, b)] {
            world.cut(a, b);
        }
    });
    world.rest();
}

fn heal(world: &mut World) {
    each_cable(world, World::mend);
    world.rest();
    // Rings of the others that sound now may sound on.
    world.rest();
    world.check_converged();
    world.check_everyone_has_everything();
    world.check_keys();
    world.check_honest();
}

/// Parties of each part, in order.
fn parts(way: &[usize]) -> Vec<Vec<usize>> {
    let count = way.iter().max().unwrap() + 1;
    (0..count).map(|part| (0..way.len()).filter(|party| way[*party] == part).collect()).collect()
}

fn inside(world: &World, node: usize, consoles: &[usize]) -> bool {
    consoles.iter().all(|console| world.is_in(node, *console, LEADERS))
}

/// Every party's first duty officer in one call.
fn one_call(world: &mut World) {
    let parties = world.fixture.parties.len();
    let call = world.ring(at(0, 1), LEADERS);
    world.run(1_000_000);
    for party in 1..parties {
        world.answer(at(party, 1), LEADERS, call);
        world.run(400_000);
    }
    world.rest();
}

fn a_call_falls_apart(shape: &[usize], seed: u64) {
    for way in ways_apart(shape.len()) {
        let mut world = World::at_peace(shape, seed);
        one_call(&mut world);
        apart(&mut world, &way);
        let call = world.consoles[at(0, 1)].state.line(world.lines(LEADERS).unwrap()).call.unwrap();
        for parties in parts(&way) {
            // In each part one joins and one of the others leaves.
            world.answer(at(parties[0], 2), LEADERS, call);
            if let Some(leaver) = parties.get(1) {
                world.leave(at(*leaver, 1), LEADERS);
            }
        }
        world.rest();
        for parties in parts(&way) {
            let node = (0..world.nodes.len()).find(|node| party_of(&world, *node) == parties[0]).unwrap();
            assert!(inside(&world, node, &[at(parties[0], 1), at(parties[0], 2)]), "{way:?}: the part goes on");
        }
        heal(&mut world);
        for node in 0..world.nodes.len() {
            for parties in parts(&way) {
                assert!(inside(&world, node, &[at(parties[0], 1), at(parties[0], 2)]), "{way:?}: all are in again");
                assert!(
                    parties.get(1).is_none_or(|gone| !inside(&world, node, &[at(*gone, 1)])),
                    "{way:?}: who left is out"
                );
            }
        }
    }
}

fn each_part_rings(shape: &[usize], seed: u64) {
    for way in ways_apart(shape.len()) {
        let mut world = World::at_peace(shape, seed);
        apart(&mut world, &way);
        let mut calls = Vec::new();
        for parties in parts(&way) {
            let call = world.ring(at(parties[0], 1), LEADERS);
            calls.push(call);
            world.run(6_000_000);
            for party in &parties[1..] {
                world.answer(at(*party, 1), LEADERS, call);
            }
        }
        world.rest();
        heal(&mut world);
        let all: Vec<usize> = (0..shape.len()).map(|party| at(party, 1)).collect();
        for node in 0..world.nodes.len() {
            assert!(inside(&world, node, &all), "{way:?}: one call with everyone");
            let line = world.lines(LEADERS).unwrap();
            let seen = world.nodes[node].machine.as_ref().unwrap().state().line(line).call;
            assert_eq!(seen, calls.iter().min().copied(), "{way:?}: by the smallest id");
        }
    }
}

#[test]
fn a_call_of_three_falls_apart() {
    a_call_falls_apart(&[1, 1, 1], 31);
}

#[test]
fn a_call_of_four_falls_apart() {
    a_call_falls_apart(&[1, 1, 1, 1], 32);
}

#[test]
fn a_call_with_two_nodes_of_one_party_falls_apart() {
    a_call_falls_apart(&[1, 2, 1], 33);
}

#[test]
fn each_part_of_three_rings() {
    each_part_rings(&[1, 1, 1], 34);
}

#[test]
fn each_part_of_four_rings() {
    each_part_rings(&[1, 1, 1, 1], 35);
}

#[test]
fn there_are_four_ways_for_three_and_fourteen_for_four() {
    assert_eq!([3, 4].map(|parties| ways_apart(parties).len()), [4, 14]);
}

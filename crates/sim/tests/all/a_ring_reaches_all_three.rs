//! One party rings; the others' consoles sound; one answers, the other declines, comes round and joins.

#![allow(clippy::unwrap_used)]

use trialogue_core::Count;
use trialogue_core::limits::RING_EVERY_US;
use trialogue_journal::fold::RingResponse;
use trialogue_sim::{DEVICES, DUTY, JPN, KOR, LEADERS, USA, World};
use trialogue_wire::console::Refusal;

#[test]
fn ring_answer_and_hang_up_among_three() {
    let mut world = World::on_watch(3, 1);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS) == Some(call)));
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Ringing(3)));
    assert!(world.run_until(|w| w.response(USA, LEADERS, 1) == RingResponse::Ringing(3)));

    world.answer(JPN, LEADERS, call);
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Answered));
    assert!(world.run_until(|w| w.consoles[JPN + 1].rings_here(w.fixture, LEADERS).is_none()));
    assert_eq!(world.consoles[KOR].rings_here(world.fixture, LEADERS), Some(call), "Korea still rings");

    world.answer(KOR, LEADERS, call);
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, KOR, USA].iter().all(|c| w.is_in(n, *c, LEADERS)))));
    world.leave(USA, LEADERS);
    assert!(world.run_until(|w| (0..3).all(|n| !w.is_in(n, USA, LEADERS) && w.is_in(n, KOR, LEADERS))));
    assert!(world.consoles.iter().all(|c| c.rings_here(world.fixture, LEADERS).is_none()));
    world.run(10_000_000);
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_decline_ends_the_ring_for_that_party_only() {
    let mut world = World::on_watch(3, 2);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.decline(JPN, LEADERS, call);
    assert!(world.run_until(|w| matches!(w.response(USA, LEADERS, 0), RingResponse::Declined { .. })));
    assert!(world.run_until(|w| w.consoles[JPN + 2].rings_here(w.fixture, LEADERS).is_none()));
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS) == Some(call)));

    world.answer(JPN + 1, LEADERS, call);
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Answered));
    world.run(10_000_000);
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_ring_that_nobody_answers_expires_at_every_party() {
    let mut world = World::on_watch(3, 3);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Expired));
    assert!(world.run_until(|w| w.response(USA, LEADERS, 1) == RingResponse::Expired));
    assert!(world.consoles[JPN].rings_here(world.fixture, LEADERS).is_none());
    world.check_honest();
}

#[test]
fn an_unstaffed_station_is_shown_as_such_and_rings_once_somebody_comes() {
    let mut world = World::on_watch(3, 4);
    for console in JPN..JPN + DEVICES {
        world.disconnect(console);
    }
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Unstaffed));
    world.connect(JPN + 1);
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Ringing(1)));
    assert!(world.run_until(|w| w.consoles[JPN + 1].rings_here(w.fixture, LEADERS) == Some(call)));
    world.check_honest();
}

#[test]
fn two_parties_ring_at_once_and_meet_in_one_call() {
    let mut world = World::on_watch(3, 5);
    let first = world.ring(USA, LEADERS);
    let second = world.ring(JPN, LEADERS);
    assert!(world.run_until(|w| (0..3).all(|n| w.is_in(n, USA, LEADERS) && w.is_in(n, JPN, LEADERS))));
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS) == Some(first.min(second))));
    world.run(6_000_000);
    for console in [USA, JPN, KOR] {
        let line = world.consoles[console].state.line(world.lines(LEADERS).unwrap());
        assert_eq!(line.call, Some(first.min(second)));
    }
    assert!(world.consoles[USA].rings_here(world.fixture, LEADERS).is_none(), "who is in is not rung");
    world.check_converged();
    world.check_honest();
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let mut world = World::on_watch(3, 6);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.is_in(2, USA, LEADERS)));

    world.leave(USA + 1, LEADERS);
    assert!(world.run_until(|w| w.consoles[USA + 1].refused.last().is_some_and(|r| r.1 == Refusal::NotNow)));
    world.ring(USA, DUTY);
    assert!(world.run_until(|w| w.consoles[USA].refused.last().is_some_and(|r| r.1 == Refusal::NotOnLine)));
    world.answer(USA + 1, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(2, USA + 1, LEADERS)));
    world.ring(USA + 1, DUTY);
    assert!(world.run_until(|w| w.consoles[USA + 1].refused.last().is_some_and(|r| r.1 == Refusal::NotNow)));
    world.consoles[USA + 1].number -= 2;
    world.leave(USA + 1, LEADERS);
    assert!(world.run_until(|w| w.consoles[USA + 1].refused.last().is_some_and(|r| r.1 == Refusal::Replayed)));
    assert!(world.is_in(2, USA + 1, LEADERS));
    world.check_honest();
}

#[test]
fn a_ring_waits_for_the_one_who_is_being_fetched_and_not_for_ever() {
    let mut world = World::on_watch(3, 8);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.acknowledge(JPN, LEADERS, call, 300_000);
    let line = world.lines(LEADERS).unwrap().clone();
    let response = |world: &World, party: usize| {
        world.consoles[USA].state.line(&line).responses[&world.fixture.parties[party].id].clone()
    };
    assert!(world.run_until(|w| matches!(response(w, 0), RingResponse::Acknowledged { .. })));
    // Far beyond what a ring sounds without a promise.
    world.run(200_000_000);
    assert!(matches!(response(&world, 0), RingResponse::Acknowledged { .. }));
    assert_eq!(response(&world, 1), RingResponse::Expired, "KOR promised nothing");
    world.run(200_000_000);
    assert_eq!(response(&world, 0), RingResponse::Expired, "nobody came");
    world.set_rings_may_sound(false);
    world.check_converged();
}

#[test]
fn a_promise_for_next_year_ends_within_the_hour() {
    let mut world = World::on_watch(3, 9);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.acknowledge(JPN, LEADERS, call, 365 * 86_400_000);
    world.run(3_500_000_000);
    assert_eq!(world.consoles[JPN].rings_here(world.fixture, LEADERS), Some(call));
    world.run(300_000_000);
    assert_eq!(world.consoles[JPN].rings_here(world.fixture, LEADERS), None);
}

#[test]
fn people_are_alerted_where_nobody_answers_and_nowhere_else() {
    let mut world = World::on_watch(3, 10);
    for device in 0..DEVICES {
        world.disconnect(KOR + device);
    }
    world.run(5_000_000);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    // Nobody is on watch in Seoul: at once, before the charter's seconds.
    assert!(world.run_until(|w| w.nodes[1].alerts == [call]));
    assert!(world.nodes[0].alerts.is_empty(), "Tokyo's consoles sound");
    assert!(world.run_until(|w| w.nodes[0].alerts == [call]), "and nobody answers there either");
    let line = world.lines(LEADERS).unwrap().clone();
    let told = |w: &World, party: usize| w.consoles[USA].state.alerted(&line, &w.fixture.parties[party].id, &call);
    assert!(world.run_until(|w| told(w, 0).is_some() && told(w, 1).is_some()), "the caller sees what became of it");
    world.run(100_000_000);
    assert_eq!((&world.nodes[0].alerts[..], &world.nodes[1].alerts[..]), (&[call][..], &[call][..]), "once");
    assert!(world.nodes[2].alerts.is_empty(), "its own ring");
}

#[test]
fn nobody_is_alerted_when_somebody_answers_or_promises_to_unless_that_is_broken() {
    let mut world = World::on_watch(3, 11);
    let call = world.ring(USA, LEADERS);
    assert!(
        world.run_until(|w| [JPN, KOR].iter().all(|c| w.consoles[*c].rings_here(w.fixture, LEADERS) == Some(call)))
    );
    world.answer(JPN, LEADERS, call);
    world.acknowledge(KOR, LEADERS, call, 60_000);
    world.run(59_000_000);
    assert!(world.nodes.iter().all(|node| node.alerts.is_empty() && node.count(Count::RingEscalated) == 0));
    // Nobody comes: the search that the promise had stopped goes on.
    assert!(world.run_until(|w| w.consoles[KOR + 1].rings_here(w.fixture, LEADERS) == Some(call)));
    assert!(world.run_until(|w| w.nodes[1].alerts == [call]));
    world.run(100_000_000);
    assert_eq!((world.nodes[0].alerts.len(), world.nodes[1].alerts.len()), (0, 1), "once, and only there");
}

#[test]
fn a_node_that_starts_again_in_a_ring_alerts_no_second_time() {
    let mut world = World::on_watch(3, 12);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.nodes[0].alerts == [call]));
    world.run(4_000_000);
    world.crash(0);
    world.start(0);
    world.run(20_000_000);
    assert_eq!(world.nodes[0].alerts, [call]);
}

#[test]
fn a_ring_comes_to_one_office_after_the_other_until_somebody_answers() {
    let mut world = World::on_watch(3, 13);
    let call = world.ring(USA, LEADERS);
    let sounds = |w: &World, console: usize| w.consoles[console].rings_here(w.fixture, LEADERS) == Some(call);
    // Device 0 of each party is its leader's, 1 its duty officer's.
    assert!(world.run_until(|w| sounds(w, JPN)));
    assert!(!sounds(&world, JPN + 1), "the leader first");
    assert!(world.run_until(|w| sounds(w, JPN + 1)), "then the duty officer");
    assert!(sounds(&world, JPN), "and still the leader");
    let line = world.lines(LEADERS).unwrap().clone();
    let rung = world.consoles[USA].state.rung_offices(&world.fixture.parties[0].id, &line, &call).count();
    assert!(rung <= 2);
    world.answer(JPN + 1, LEADERS, call);
    assert!(world.run_until(|w| !sounds(w, JPN) && !sounds(w, JPN + 1)));
    world.run(1_000_000);
    assert_eq!(world.nodes[0].count(Count::RingEscalated), 1);
}

#[test]
fn an_empty_office_is_passed_over() {
    let mut world = World::on_watch(3, 14);
    world.disconnect(KOR);
    world.run(5_000_000);
    let call = world.ring(USA, LEADERS);
    let began = world.now_us();
    assert!(world.run_until(|w| w.consoles[KOR + 1].rings_here(w.fixture, LEADERS) == Some(call)));
    assert!(world.now_us() - began < 4_000_000, "sooner than the charter's seconds");
}

#[test]
fn who_promises_stops_the_search_for_another() {
    let mut world = World::on_watch(3, 15);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.acknowledge(JPN, LEADERS, call, 60_000);
    world.run(59_000_000);
    assert_eq!(world.nodes[0].count(Count::RingEscalated), 0);
    assert!(world.run_until(|w| w.nodes[0].count(Count::RingEscalated) == 1), "nobody came: the search goes on");
}

/// Whoever rings draws the call's number, and may take another's that it has seen, or that was agreed for a
/// consultation.
#[test]
fn a_ring_takes_nothing_from_one_of_the_same_number_on_another_line() {
    let mut world = World::on_watch(3, 16);
    let call = world.ring(KOR + 1, DUTY);
    let sounds = |w: &World, console: usize, line: &str| w.consoles[console].rings_here(w.fixture, line) == Some(call);
    assert!(world.run_until(|w| sounds(w, JPN + 1, DUTY)));
    world.run(2_000_000);
    world.ring_as(USA, LEADERS, call);
    let began = world.now_us();
    assert!(world.run_until(|w| sounds(w, JPN, LEADERS)));
    assert!(world.run_until(|w| matches!(w.response(USA, LEADERS, 0), RingResponse::Ringing(_))));
    assert_eq!(world.nodes[0].count(Count::RingReceived), 2);
    // Each comes to its next office, alerts people and ends by its own time.
    assert!(world.run_until(|w| sounds(w, JPN + 1, LEADERS)));
    assert!(world.run_until(|w| w.nodes[0].alerts == [call, call]));
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Expired));
    let ring_us = u64::from(world.fixture.charter.policy.ring_seconds) * 1_000_000;
    assert!(world.now_us() - began >= ring_us, "after {} us", world.now_us() - began);
    world.run(10_000_000);
    world.check_converged();
    world.check_honest();
}

/// Whoever rings too often is heard more slowly, and heard all the same.
#[test]
fn a_ring_beyond_the_pace_of_its_node_is_heard_as_soon_as_it_may_be() {
    const KOREA: usize = 1;
    let mut world = World::on_watch(3, 9);
    world.set_delay((1_000, 2_000));
    // Nobody is at the consoles of the others, and what follows a start is done: little else calls their nodes.
    world.cut(0, KOREA);
    (0..USA).for_each(|console| world.disconnect(console));
    world.run(12_000_000);
    while world.nodes[KOREA].count(Count::OverBound) == 0 {
        world.ring(USA, LEADERS);
        assert!(world.run_until(|w| w.is_in(KOREA, USA, LEADERS)));
        if world.nodes[KOREA].count(Count::OverBound) == 0 {
            world.leave(USA, LEADERS);
            assert!(world.run_until(|w| !w.is_in(KOREA, USA, LEADERS)));
        }
    }
    let (since_us, heard) = (world.now_us(), world.nodes[KOREA].count(Count::RingReceived));
    assert!(world.run_until(|w| w.nodes[KOREA].count(Count::RingReceived) > heard));
    assert!(world.now_us() <= since_us + RING_EVERY_US + 500_000, "after {} us", world.now_us() - since_us);
}

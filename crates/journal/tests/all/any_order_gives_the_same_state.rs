//! Random histories of three nodes, folded in random interleavings, and from the few entries that a new console gets.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::LazyLock;
use trialogue_journal::*;

const NODES: [&str; 3] = ["jpn-1", "kor-1", "usa-1"];
const PARTIES: [&str; 3] = ["JPN", "KOR", "USA"];
const DUTY: [&str; 3] = ["jpn-duty", "kor-duty", "usa-duty"];

/// One thing that happens, by node, by one of its two consoles.
#[derive(Debug, Clone)]
enum Event {
    Ring(usize, u8, u8),
    Answer(usize, u8, u8),
    Decline(usize, u8, u8),
    Acknowledge(usize, u8, u8),
    Leave(usize, u8),
    /// Gives key packages for nodes by the bits of the last one.
    Offer(usize, u8, u8, u8),
    /// The second console of the first one's party is held, or let go.
    Hold(usize, u8, u8, bool),
    /// Of the second one's party.
    Drop(usize, u8, usize, bool),
    Create(usize, u8, u8),
    /// Adds everyone who is in and no member, removes every member who is not in: what a lead does.
    Reconcile(usize),
    Junk(usize, u8, u64),
    Received(usize, u8),
    Ringing(usize, u8, u16),
    Expired(usize, u8),
    Alerted(usize, u8, bool),
    Escalated(usize, u8, u8),
    Lost(usize, u8),
    /// A ring of the second one's party.
    Missed(usize, usize, u8),
    /// Two of them.
    Dismiss(usize, u8, usize, u8),
    Restarted(usize),
    /// In the first one's journal, of a device of the second.
    Revoked(usize, usize, u8),
    Suspended(usize, u8, bool),
    Staffed(usize, u16),
    Soundless(usize, u16),
    TakeDuty(usize, u8, u64),
    AtConsole(usize, bool),
    Propose(usize, u8, u8, u64),
    Attend(usize, u8, u8, bool),
    Withdraw(usize, u8, u8),
}

fn event() -> impl Strategy<Value = Event> {
    // Rings get the ids 3 to 8, by node, so that what answers them often means one of them.
    let (n, c, ring, call) = (0..3usize, 1..4u8, 1..3u8, 3..9u8);
    prop_oneof![
        3 => (n.clone(), c.clone(), ring).prop_map(|(n, c, k)| Event::Ring(n, c, k)),
        4 => (n.clone(), c.clone(), call.clone()).prop_map(|(n, c, k)| Event::Answer(n, c, k)),
        1 => (n.clone(), c.clone(), call.clone()).prop_map(|(n, c, k)| Event::Decline(n, c, k)),
        2 => (n.clone(), c.clone(), call.clone()).prop_map(|(n, c, k)| Event::Acknowledge(n, c, k)),
        4 => (n.clone(), c.clone()).prop_map(|(n, c)| Event::Leave(n, c)),
        3 => (n.clone(), c.clone(), 3..9u8, 0..8u8).prop_map(|(n, c, k, of)| Event::Offer(n, c, k, of)),
        2 => (n.clone(), c.clone(), c.clone(), any::<bool>()).prop_map(|(n, c, o, on)| Event::Hold(n, c, o, on)),
        2 => (n.clone(), c.clone(), n.clone(), any::<bool>()).prop_map(|(n, c, p, on)| Event::Drop(n, c, p, on)),
        3 => (n.clone(), c.clone(), 0..9u8).prop_map(|(n, c, g)| Event::Create(n, c, g)),
        8 => n.clone().prop_map(Event::Reconcile),
        1 => (n.clone(), c.clone(), 0..3u64).prop_map(|(n, c, e)| Event::Junk(n, c, e)),
        2 => (n.clone(), call.clone()).prop_map(|(n, k)| Event::Received(n, k)),
        1 => (n.clone(), call.clone(), 0..3u16).prop_map(|(n, k, s)| Event::Ringing(n, k, s)),
        1 => (n.clone(), call.clone()).prop_map(|(n, k)| Event::Expired(n, k)),
        1 => (n.clone(), call.clone(), 0..4u8).prop_map(|(n, k, s)| Event::Escalated(n, k, s)),
        1 => (n.clone(), call, any::<bool>()).prop_map(|(n, k, done)| Event::Alerted(n, k, done)),
        2 => (n.clone(), c.clone()).prop_map(|(n, c)| Event::Lost(n, c)),
        2 => (n.clone(), n.clone(), 3..9u8).prop_map(|(n, by, k)| Event::Missed(n, by, k)),
        1 => (n.clone(), c.clone(), n.clone(), 3..9u8).prop_map(|(n, c, by, k)| Event::Dismiss(n, c, by, k)),
        1 => n.clone().prop_map(Event::Restarted),
        1 => (n.clone(), n.clone(), c.clone()).prop_map(|(at, n, c)| Event::Revoked(at, n, c)),
        2 => (n.clone(), c, any::<bool>()).prop_map(|(n, c, on)| Event::Suspended(n, c, on)),
        1 => (n.clone(), 1..4u8, 1..60u64).prop_map(|(n, c, until)| Event::TakeDuty(n, c, until)),
        1 => (n.clone(), any::<bool>()).prop_map(|(n, here)| Event::AtConsole(n, here)),
        2 => (n.clone(), 1..4u8, 3..9u8, 1..90u64).prop_map(|(n, c, k, at)| Event::Propose(n, c, k, at)),
        2 => (n.clone(), 1..4u8, 0..6u8, any::<bool>()).prop_map(|(n, c, k, comes)| Event::Attend(n, c, k, comes)),
        1 => (n.clone(), 1..4u8, 3..9u8).prop_map(|(n, c, k)| Event::Withdraw(n, c, k)),
        1 => (n.clone(), 0..3u16).prop_map(|(n, s)| Event::Staffed(n, s)),
        1 => (n, 0..3u16).prop_map(|(n, s)| Event::Soundless(n, s)),
    ]
}

/// Plays an event; what does not fit is ignored, and stands in the journal all the same.
fn play(scene: &mut Scene, event: &Event) {
    let at = |n: usize, c: u8| console(DUTY[n], c);
    let line = duty();
    let _ = match *event {
        Event::Ring(n, c, k) => scene.says(&at(n, c), ring(k * 3 + n as u8)),
        Event::Answer(n, c, k) => scene.says(&at(n, c), answer(k)),
        Event::Decline(n, c, k) => scene.says(&at(n, c), decline(k)),
        Event::Acknowledge(n, c, k) => scene.says(&at(n, c), acknowledge(k, u64::from(k))),
        Event::Leave(n, c) => scene.says(&at(n, c), Act::Leave { cause: None }),
        Event::Offer(n, c, k, of) => {
            let listed = NODES.iter().enumerate().filter(|(at, _)| of & (1 << at) != 0);
            let offer = |id: &str| KeyOffer { node: node(id), package: body(&format!("{id} {k}")) };
            let offers = listed.map(|(_, id)| offer(id)).collect();
            scene.says(&at(n, c), Act::Ring { call: call(k), offers, precedence: Default::default() })
        }
        Event::Hold(n, c, other, on) => scene.says(&at(n, c), Act::Hold { device: at(n, other).id(), on }),
        Event::Drop(n, c, other, on) => scene.says(&at(n, c), Act::Drop { party: party(PARTIES[other]), on }),
        Event::Create(n, c, g) => {
            let others: Vec<_> = scene.in_on().into_iter().filter(|device| *device != at(n, c).id()).collect();
            scene.says(&at(n, c), creates(g, &others))
        }
        Event::Reconcile(n) => return reconcile(scene, n),
        Event::Junk(n, c, e) => scene.says(&at(n, c), moves(1, e, &[at(0, 1).id()], &[])),
        Event::Received(n, k) => scene.received(NODES[n], k),
        Event::Ringing(n, k, consoles) => scene.node(NODES[n], Body::Ringing { call: call(k), line, consoles }),
        Event::Alerted(n, k, done) => scene.node(NODES[n], Body::Alerted { call: call(k), line, done }),
        Event::Escalated(n, k, step) => scene.node(NODES[n], Body::Escalated { call: call(k), line, step }),
        Event::Expired(n, k) => scene.node(NODES[n], Body::Expired { call: call(k), line }),
        Event::Lost(n, c) => scene.node(NODES[n], Body::Lost { device: at(n, c).id(), line }),
        Event::Missed(n, by, k) => {
            let (party, office, at_ms) = (party(PARTIES[by]), office(DUTY[by]), u64::from(k));
            let rang = Rang { party, office, precedence: Default::default(), at_ms, call_back_ms: None };
            scene.node(NODES[n], Body::Missed { call: call(k), line, rang })
        }
        Event::Dismiss(n, c, by, k) => {
            scene.says(&at(n, c), Act::Dismiss { party: party(PARTIES[by]), calls: vec![call(k), call(k + 1)] })
        }
        Event::Restarted(n) => scene.node(NODES[n], Body::Restarted {}),
        Event::Revoked(by, n, c) => scene.node(NODES[by], revoked(PARTIES[n], at(n, c).id())),
        Event::Suspended(n, c, on) => scene.node(NODES[n], Body::Suspended { device: at(n, c).id(), on }),
        Event::TakeDuty(n, c, until) => scene.says(&at(n, c), Act::TakeDuty { until_ms: until * 1_000 }),
        Event::Propose(n, c, k, when) => {
            let subject = trialogue_charter::SubjectId::new("missile-launch").unwrap();
            let (id, precedence) = (call(k), Default::default());
            scene.says(&at(n, c), Act::Propose { id, subject, level: line, at_ms: when * 1_000, precedence })
        }
        Event::Attend(n, c, k, comes) => {
            let all = scene.state.consultations(0);
            let Some(waiting) = all.get(usize::from(k) % all.len().max(1)) else { return };
            let coming = comes.then(|| Coming { office: office(DUTY[n]), at_ms: 9 });
            scene.says(&at(n, c), Act::Attend { proposal: waiting.proposal.hash, level: line, coming })
        }
        Event::Withdraw(n, c, k) => scene.says(&at(n, c), Act::Withdraw { id: call(k) }),
        Event::AtConsole(n, here) => {
            let offices = here.then(|| office(DUTY[n])).into_iter().collect();
            scene.node(NODES[n], Body::AtConsole { offices })
        }
        Event::Soundless(n, s) => scene.node(NODES[n], Body::Soundless { offices: vec![(office(DUTY[n]), s)] }),
        Event::Staffed(n, s) => scene.node(NODES[n], Body::Staffed { offices: vec![(office(DUTY[n]), s)] }),
    };
}

fn reconcile(scene: &mut Scene, n: usize) {
    // A node has every revocation in its own journal before its lead goes on.
    let own = scene.state.node(&node(NODES[n])).unwrap();
    let missing: Vec<_> =
        scene.state.revocations_to_copy(own).map(|(of, device, ..)| (of.to_string(), *device)).collect();
    for (of, device) in missing {
        scene.node(NODES[n], revoked(&of, device)).unwrap();
    }
    let Some(lead) = scene.state.lead(&node(NODES[n]), &duty()) else { return };
    let lead = (1..4).map(|c| console(DUTY[n], c)).find(|console| console.id() == lead).unwrap();
    let present = scene.in_on();
    let act = match scene.line().groups.get(&lead.node) {
        None => creates(1, &present.into_iter().filter(|device| *device != lead.id()).collect::<Vec<_>>()),
        Some(group) => {
            let added: Vec<_> = present.iter().filter(|device| !group.members.contains_key(device)).copied().collect();
            let removed: Vec<_> = group.members.keys().filter(|member| !present.contains(member)).copied().collect();
            let id = group.id.0[0];
            moves(id, group.epoch, &added, &removed)
        }
    };
    scene.says(&lead, act).unwrap();
}

/// Everyone is enrolled: verifying certificates is slow, so this is folded once.
static ENROLLED: LazyLock<Scene> = LazyLock::new(|| {
    let consoles: Vec<_> = DUTY.into_iter().flat_map(|office| (1..4).map(move |n| console(office, n))).collect();
    Scene::with(&consoles.iter().map(|console| console.as_ref()).collect::<Vec<_>>())
});

/// Folds entries that come after the enrolments.
fn fold_on(log: &[Sent]) -> State {
    let mut state = ENROLLED.state.clone();
    for (entry, bodies) in log {
        let _ = state.apply(entry, bodies);
    }
    state
}

fn history(events: &[Event]) -> Scene {
    let mut scene = ENROLLED.clone();
    for event in events {
        play(&mut scene, event);
    }
    scene
}

/// The same journals, mixed in another way.
fn interleave(log: &[Sent], picks: &[u8]) -> Vec<Sent> {
    let mut queues: Vec<VecDeque<Sent>> = NODES
        .iter()
        .map(|id| log.iter().filter(|(entry, _)| entry.entry().node.as_str() == *id).cloned().collect())
        .collect();
    let mut mixed = Vec::new();
    let mut picks = picks.iter().cycle();
    while mixed.len() < log.len() {
        let pick = usize::from(*picks.next().unwrap_or(&0));
        let open: Vec<usize> = (0..3).filter(|at| !queues[*at].is_empty()).collect();
        mixed.extend(queues[open[pick % open.len()]].pop_front());
    }
    mixed
}

#[test]
fn enrolments_fold_in_any_order() {
    assert_eq!(fold(&interleave(&ENROLLED.log, &[2, 0, 1, 1])), ENROLLED.state);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folded_in_any_order(events in prop::collection::vec(event(), 1..60), picks in prop::collection::vec(any::<u8>(), 1..40)) {
        let scene = history(&events);
        let said = &scene.log[ENROLLED.log.len()..];
        prop_assert_eq!(fold_on(&interleave(said, &picks)), scene.state);
    }

    /// A line is worked out once between two changes.
    #[test]
    fn a_line_is_never_that_of_before_a_change(events in prop::collection::vec(event(), 1..60)) {
        let scene = history(&events);
        let said = &scene.log[ENROLLED.log.len()..];
        let mut asked = ENROLLED.state.clone();
        for (entry, bodies) in said {
            let _ = asked.line(&duty());
            let _ = asked.apply(entry, bodies);
        }
        let mut anew = fold_on(said);
        prop_assert_eq!(asked.line(&duty()), anew.line(&duty()));
        for participant in scene.line().participants.clone() {
            asked.know_revoked(&participant.party, participant.device);
            anew.know_revoked(&participant.party, participant.device);
            prop_assert!(asked.in_on(&duty()).iter().all(|there| there.device != participant.device));
            prop_assert_eq!(asked.line(&duty()), anew.line(&duty()));
        }
    }

    #[test]
    fn a_new_console_needs_few_entries(events in prop::collection::vec(event(), 1..80)) {
        let scene = history(&events);
        let relevant = scene.state.relevant_entries();
        let needed = |(entry, _): &&Sent| relevant[&entry.entry().node].contains(&entry.entry().seq);
        let few: Vec<Sent> = scene.log[ENROLLED.log.len()..].iter().filter(needed).cloned().collect();
        let state = fold_on(&few);
        prop_assert_eq!(state.line(&duty()), scene.state.line(&duty()));
        for (id, of) in NODES.into_iter().zip(["JPN", "KOR", "USA"]) {
            prop_assert_eq!(state.lead(&node(id), &duty()), scene.state.lead(&node(id), &duty()));
            prop_assert_eq!(state.on_watch(&party(of), &duty()), scene.state.on_watch(&party(of), &duty()));
            let seat = office(&format!("{}-duty", of.to_ascii_lowercase()));
            prop_assert_eq!(state.consultations(0), scene.state.consultations(0));
            prop_assert_eq!(state.duty(&party(of), &seat, 0), scene.state.duty(&party(of), &seat, 0));
            prop_assert_eq!(state.sounding_on(&party(of), &duty()), scene.state.sounding_on(&party(of), &duty()));
            prop_assert_eq!(state.missed(&duty(), &party(of)), scene.state.missed(&duty(), &party(of)));
        }
        // What comes later folds on it as on the whole history.
        let (mut late, mut few) = (scene, state);
        let before = late.log.len();
        for n in 0..3 {
            reconcile(&mut late, n);
            for k in 20..23 {
                play(&mut late, &Event::Missed(n, (n + 1) % 3, k));
            }
            play(&mut late, &Event::Leave(n, 1));
            play(&mut late, &Event::Answer(n, 2, 1));
            reconcile(&mut late, n);
        }
        for (entry, bodies) in &late.log[before..] {
            let _ = few.apply(entry, bodies);
        }
        prop_assert_eq!(few.line(&duty()), late.line());
        for of in PARTIES {
            prop_assert_eq!(few.missed(&duty(), &party(of)), late.state.missed(&duty(), &party(of)));
        }
    }
}

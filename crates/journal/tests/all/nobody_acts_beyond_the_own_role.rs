//! What the role of an office, the own party and the stage of a call forbid is without effect at every node, whoever
//! has written it down.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use trialogue_charter::{DeviceId, PartyId};
use trialogue_journal::fold::{Floor, LineState, RingResponse};
use trialogue_journal::*;

struct Summit {
    scene: Scene,
    duty: [Arc<Console>; 3],
    leaders: [Arc<Console>; 3],
    interpreter: Arc<Console>,
    notes: Arc<Console>,
}

const PARTIES: [&str; 3] = ["JPN", "KOR", "USA"];

/// Japan's duty officer has rung, the duty officers and leaders of these parties are in.
fn summit(parties: &[usize]) -> Summit {
    let duty = ["jpn-duty", "kor-duty", "usa-duty"].map(|office| console(office, 1));
    let leaders = ["jpn-leaders", "kor-leaders", "usa-leaders"].map(|office| console(office, 1));
    let (interpreter, notes) = (console("usa-interpreter", 1), console("jpn-notes", 1));
    let all: Vec<&Console> = duty.iter().chain(&leaders).chain([&interpreter, &notes]).map(AsRef::as_ref).collect();
    let mut scene = Scene::with(&all);
    scene.says_at_summit(&duty[0], ring(1)).unwrap();
    for party in parties {
        if *party != 0 {
            scene.says_at_summit(&duty[*party], answer(1)).unwrap();
        }
        scene.says_at_summit(&leaders[*party], answer(1)).unwrap();
    }
    Summit { scene, duty, leaders, interpreter, notes }
}

fn with(parties: &[&str]) -> Vec<PartyId> {
    parties.iter().map(|id| party(id)).collect()
}

impl Summit {
    fn says(&mut self, who: &Arc<Console>, act: Act) -> Result<Applied, Ignored> {
        self.scene.says_at_summit(&who.clone(), act)
    }

    fn line(&self) -> &LineState {
        self.scene.state.line(&common::summit())
    }

    fn floor(&self, device: DeviceId) -> Floor {
        self.line().participants.iter().find(|p| p.device == device).unwrap().floor.clone()
    }

    /// Everyone of these parties confirms everyone else of them and is ready.
    fn prepare(&mut self, parties: &[usize]) {
        for own in parties {
            let others: Vec<&str> = parties.iter().filter(|p| *p != own).map(|p| PARTIES[*p]).collect();
            for other in &others {
                self.says(&self.duty[*own].clone(), Act::Confirm { party: party(other) }).unwrap();
            }
            self.says(&self.duty[*own].clone(), Act::Ready { with: with(&others) }).unwrap();
        }
    }

    /// A console that comes later sees the same.
    fn check_newcomer(&self) {
        let few = self.scene.state.relevant_entries();
        let log: Vec<Sent> =
            self.scene.log.iter().filter(|(e, _)| few[&e.entry().node].contains(&e.entry().seq)).cloned().collect();
        assert_eq!(fold(&log).line(&common::summit()), self.line());
    }
}

#[test]
fn interpreters_and_note_takers_neither_ring_nor_answer_for_their_party() {
    let mut summit = summit(&[0]);
    let (interpreter, notes, duty) = (summit.interpreter.clone(), summit.notes.clone(), summit.duty.clone());
    summit.scene.node("usa-1", Body::Received { call: call(1), line: common::summit() }).unwrap();
    for who in [&interpreter, &notes] {
        assert_eq!(summit.says(who, ring(7)), Err(Ignored::Role));
        assert_eq!(summit.says(who, decline(1)), Err(Ignored::Role));
        assert_eq!(summit.says(who, acknowledge(1, 9)), Err(Ignored::Role));
        assert_eq!(summit.says(who, Act::TakeDuty { until_ms: 1_000 }), Err(Ignored::Role));
        summit.says(who, answer(1)).unwrap();
        assert_eq!(summit.says(who, Act::Confirm { party: party("KOR") }), Err(Ignored::Role));
        assert_eq!(summit.says(who, Act::Drop { party: party("KOR"), on: true }), Err(Ignored::Role));
        assert_eq!(summit.says(who, Act::Ready { with: with(&["KOR"]) }), Err(Ignored::Role));
        assert_eq!(
            summit.says(who, Act::Remove { device: duty[0].id() }).unwrap_err(),
            match who.device.party.as_str() {
                "JPN" => Ignored::Role,
                _ => Ignored::NotOwn,
            }
        );
    }
    assert_eq!(summit.line().responses[&party("USA")], RingResponse::Received, "it has not answered");
    assert!(!summit.scene.state.sounding_on(&party("USA"), &common::summit()).is_empty());
    assert_eq!(summit.floor(interpreter.id()), Floor::Open);
    assert_eq!(summit.floor(notes.id()), Floor::Listening);
    summit.check_newcomer();
}

#[test]
fn a_principal_reaches_nobody_before_all_are_ready_whatever_its_own_node_writes() {
    let mut summit = summit(&[0, 2]);
    let (duty, leaders) = (summit.duty.clone(), summit.leaders.clone());
    assert_eq!(summit.says(&duty[0], Act::Ready { with: with(&["USA"]) }), Err(Ignored::NotNow), "not confirmed");
    assert_eq!(summit.says(&duty[0], Act::Confirm { party: party("JPN") }), Err(Ignored::Malformed), "its own");
    assert_eq!(summit.says(&duty[0], Act::ComeOn { with: with(&["USA"]) }), Err(Ignored::Role), "no principal");
    assert_eq!(summit.floor(leaders[0].id()), Floor::Waiting);

    // Japan's node lets its leader come on before anybody is ready: those who are not ready do not hear it.
    let statement = leaders[0].says(99, &common::summit(), Act::ComeOn { with: with(&["USA"]) });
    assert_eq!(
        summit.scene.state.judge(&node("jpn-1"), &read(&statement), 60_000),
        Err(Ignored::NotNow),
        "an honest node refuses it"
    );
    summit.scene.stated(&node("jpn-1"), statement).unwrap();
    assert_eq!(summit.floor(leaders[0].id()), Floor::To(BTreeSet::from([party("JPN")])));
    summit.prepare(&[0, 2]);
    assert_eq!(summit.floor(leaders[0].id()), Floor::To(BTreeSet::from([party("JPN"), party("USA")])));
    assert_eq!(summit.floor(leaders[2].id()), Floor::Waiting);
    let on = leaders[2].says(99, &common::summit(), Act::ComeOn { with: with(&["JPN"]) });
    summit.scene.state.judge(&node("usa-1"), &read(&on), 60_000).unwrap();
    summit.scene.stated(&node("usa-1"), on).unwrap();
    summit.check_newcomer();

    // The duty officers go: who is on stays on.
    for who in [0, 2] {
        summit.says(&duty[who], Act::Leave { cause: None }).unwrap();
    }
    assert_eq!(summit.floor(leaders[2].id()), Floor::To(BTreeSet::from([party("JPN"), party("USA")])));
    summit.check_newcomer();
}

#[test]
fn only_staged_lines_are_staged() {
    let duty = ["jpn-duty", "usa-duty"].map(|office| console(office, 1));
    let mut scene = Scene::with(&[&duty[0], &duty[1]]);
    scene.says(&duty[0], ring(1)).unwrap();
    scene.says(&duty[1], answer(1)).unwrap();
    scene.says(&duty[0], Act::Confirm { party: party("USA") }).unwrap();
    assert_eq!(scene.says(&duty[0], Act::Ready { with: with(&["USA"]) }), Err(Ignored::NotNow));
    assert!(scene.line().participants.iter().all(|participant| participant.floor == Floor::Open));
}

#[test]
fn nobody_disposes_of_another_partys_people_or_of_a_superior() {
    let mut summit = summit(&[0, 2]);
    let (duty, leaders) = (summit.duty.clone(), summit.leaders.clone());
    let (theirs, own) = (leaders[2].id(), leaders[0].id());
    assert_eq!(summit.says(&duty[0], Act::Remove { device: theirs }), Err(Ignored::NotOwn));
    assert_eq!(summit.says(&duty[0], Act::Hold { device: theirs, on: true }), Err(Ignored::NotOwn));
    assert_eq!(summit.says(&leaders[0], Act::Remove { device: duty[0].id() }), Err(Ignored::Role));
    assert_eq!(summit.says(&leaders[0], Act::Hold { device: duty[0].id(), on: true }), Err(Ignored::Role));
    assert_eq!(summit.says(&duty[0], Act::Remove { device: duty[0].id() }), Err(Ignored::Malformed));
    summit.says(&duty[0], Act::Hold { device: own, on: true }).unwrap();
    assert_eq!(summit.floor(own), Floor::Held);
    summit.says(&duty[0], Act::Leave { cause: None }).unwrap();
    summit.check_newcomer();
    summit.says(&leaders[0], Act::Hold { device: own, on: false }).unwrap();
    assert_eq!(summit.floor(own), Floor::Waiting);
    summit.says(&duty[0], Act::Remove { device: own }).unwrap();
    assert!(summit.line().participants.iter().all(|participant| participant.device != own));
    assert_eq!(summit.says(&duty[0], Act::Hold { device: own, on: true }), Err(Ignored::NotIn));
}

#[test]
fn a_majority_of_the_lines_parties_drops_one_and_no_fewer() {
    let mut summit = summit(&[0, 1, 2]);
    let (duty, leaders) = (summit.duty.clone(), summit.leaders.clone());
    let drop = |on| Act::Drop { party: party("KOR"), on };
    summit.says(&duty[0], drop(true)).unwrap();
    summit.says(&leaders[0], drop(true)).unwrap();
    assert!(summit.line().participants.iter().any(|p| p.party == party("KOR")), "two voices of one party are one");
    summit.says(&duty[2], drop(true)).unwrap();
    assert!(summit.line().participants.iter().all(|p| p.party != party("KOR")));
    summit.check_newcomer();
    let back = duty[1].says(999, &common::summit(), answer(1));
    assert_eq!(summit.scene.state.judge(&node("kor-1"), &read(&back), 60_000), Err(Ignored::Dropped));
    // Its node lets it in all the same: nobody takes it for in, and its ring does not sound.
    summit.scene.stated(&node("kor-1"), back).unwrap();
    summit.says(&duty[1], ring(9)).unwrap();
    assert!(summit.line().participants.iter().all(|p| p.party != party("KOR")));
    assert_eq!(summit.line().rings.len(), 1);
    summit.says(&duty[2], Act::Leave { cause: None }).unwrap();
    assert!(summit.line().participants.iter().any(|p| p.party == party("KOR")), "the wish of one who is gone is gone");
    summit.check_newcomer();
}

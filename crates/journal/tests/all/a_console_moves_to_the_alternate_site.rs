//! A party with two nodes: a console is where it came in last, even while the other node still believes it to be there.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::{answer, call, creates, duty, node, office, party, read, ring};
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::*;
use trialogue_journal::fold::{Floor, LineState, RingResponse};
use trialogue_journal::*;

struct Sites {
    charter: Arc<VerifiedCharter>,
    keys: BTreeMap<NodeId, HybridSecret>,
    journals: BTreeMap<NodeId, Journal>,
    log: Vec<(VerifiedEntry, Vec<Vec<u8>>)>,
    state: State,
    number: u64,
}

struct Device {
    secret: DeviceSecret,
    certificate: Vec<u8>,
}

impl Sites {
    /// The fixture's charter, with an alternate site for the USA.
    fn new() -> Self {
        let mut charter = fixture::charter(Suite::XWing);
        let main = charter.nodes.iter().find(|node| node.id.as_str() == "usa-1").unwrap();
        let key = HybridSecret::from_seed(&[5; 32]);
        let alternate = Node {
            id: node("usa-2"),
            journal: key.public(),
            link: HybridSecret::from_seed(&[6; 32]).public().ed25519,
            addresses: vec!["127.0.0.1:9009".into()],
            index: 3,
            ..main.clone()
        };
        charter.nodes.push(alternate);
        charter.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let mut draft = UnverifiedCharter::draft(charter).unwrap();
        for party in fixture::PARTIES {
            draft.sign(&common::party(party), &fixture::root(party)).unwrap();
        }
        let charter = Arc::new(draft.verify(None).unwrap());
        let secret = |id: &NodeId| if id.as_str() == "usa-2" { key.clone() } else { common::THREE.journal(id).clone() };
        let ids: Vec<NodeId> = charter.nodes.iter().map(|node| node.id.clone()).collect();
        let mut sites = Self {
            keys: ids.iter().map(|id| (id.clone(), secret(id))).collect(),
            journals: ids.iter().map(|id| (id.clone(), Journal::new(id.clone()))).collect(),
            log: Vec::new(),
            state: State::new(charter.clone()),
            charter,
            number: 0,
        };
        for id in ids {
            let charter = sites.charter.hash();
            sites.entry(id.as_str(), Body::Opened { charter }, Vec::new()).unwrap();
        }
        sites
    }

    fn entry(&mut self, at: &str, body: Body, bodies: Vec<Vec<u8>>) -> Result<Applied, Ignored> {
        let at = node(at);
        let entry = self.journals.get_mut(&at).unwrap().append(1, body);
        let entry = VerifiedEntry::open(&entry.sign(&self.keys[&at]).0, &self.charter).unwrap();
        let result = self.state.apply(&entry, &bodies);
        self.log.push((entry, bodies));
        result
    }

    fn enrol(&mut self, at: &str, device: &Device) -> Result<Applied, Ignored> {
        let certificate = BodyRef::of(&device.certificate).unwrap();
        let body = Body::Enrolled { device: device.secret.id(), certificate };
        self.entry(at, body, vec![device.certificate.clone()])
    }

    fn says(&mut self, at: &str, device: &Device, act: Act) -> Result<Applied, Ignored> {
        self.number += 1;
        let statement = self.signed(at, device, self.number, act);
        self.entry(at, Body::Stated { statement }, Vec::new())
    }

    /// Said to a node.
    fn signed(&self, at: &str, device: &Device, number: u64, act: Act) -> Vec<u8> {
        let at = Occasion { node: node(at), charter: self.charter.hash(), now_ms: 1 };
        Statement::new(device.secret.id(), number, &at, duty(), act).sign(&device.secret).0
    }

    fn line(&self) -> &LineState {
        self.state.line(&duty())
    }

    /// What a console sees that comes on watch now is the same.
    fn check_few(&self) {
        assert_eq!(self.few().line(&duty()), self.line());
    }

    /// What a console has folded that has just come on watch.
    fn few(&self) -> State {
        let relevant = self.state.relevant_entries();
        let mut few = State::new(self.charter.clone());
        for (entry, bodies) in &self.log {
            if relevant[&entry.entry().node].contains(&entry.entry().seq) {
                let _ = few.apply(entry, bodies);
            }
        }
        few
    }

    /// Where everyone is.
    fn places(&self) -> Vec<(DeviceId, String)> {
        self.check_few();
        self.line().participants.iter().map(|p| (p.device, p.node.to_string())).collect()
    }
}

fn device(office: &str) -> Device {
    let (secret, certificate, _) = common::THREE.device(office, 1);
    Device { secret, certificate }
}

fn moved() -> (Sites, Device, Device) {
    let (usa, jpn) = (device("usa-duty"), device("jpn-duty"));
    let mut sites = Sites::new();
    sites.enrol("usa-1", &usa).unwrap();
    sites.enrol("usa-2", &usa).unwrap();
    sites.enrol("jpn-1", &jpn).unwrap();
    sites.says("usa-1", &usa, ring(1)).unwrap();
    sites.says("usa-1", &usa, creates(1, &[jpn.secret.id()])).unwrap();
    sites.says("jpn-1", &jpn, answer(1)).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-1".into())]);
    // The main site falls silent; the console comes to the alternate one.
    sites.says("usa-2", &usa, answer(1)).unwrap();
    (sites, usa, jpn)
}

#[test]
fn a_stay_with_a_higher_number_that_is_over_counts_for_consoles_that_come_between() {
    let (usa, jpn) = (device("usa-duty"), device("jpn-duty"));
    let mut sites = Sites::new();
    sites.enrol("usa-1", &usa).unwrap();
    sites.enrol("usa-2", &usa).unwrap();
    sites.enrol("jpn-1", &jpn).unwrap();
    sites.says("jpn-1", &jpn, ring(1)).unwrap();
    for (number, act) in [(1_000_000, answer(1)), (1_000_001, Act::Leave { cause: None })] {
        let statement = sites.signed("usa-1", &usa, number, act);
        sites.entry("usa-1", Body::Stated { statement }, Vec::new()).unwrap();
    }
    // A console comes on watch, and then it comes in at the other site with a lower number.
    let mut between = sites.few();
    let statement = sites.signed("usa-2", &usa, 50, answer(1));
    sites.entry("usa-2", Body::Stated { statement }, Vec::new()).unwrap();
    let (entry, bodies) = sites.log.last().unwrap();
    between.apply(entry, bodies).unwrap();
    assert_eq!(between.line(&duty()), sites.line());
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into())], "it is in nowhere");
}

#[test]
fn it_is_in_once() {
    let (mut sites, usa, jpn) = moved();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-2".into())]);
    assert!(sites.line().rings.is_empty(), "the ring of the silent node is over");
    assert_eq!(sites.state.lead(&node("usa-1"), &duty()), None);
    assert_eq!(sites.state.lead(&node("usa-2"), &duty()), Some(usa.secret.id()));
    sites.says("usa-2", &usa, creates(2, &[jpn.secret.id()])).unwrap();
    assert_eq!(sites.line().groups.keys().collect::<Vec<_>>(), [&node("usa-2")]);
    sites.check_few();
}

#[test]
fn it_leaves_once() {
    let (mut sites, usa, jpn) = moved();
    sites.says("usa-2", &usa, Act::Leave { cause: None }).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into())]);
    // And may come back to the main site.
    sites.says("usa-1", &usa, answer(1)).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-1".into())]);
}

#[test]
fn revoked_in_any_journal_it_is_nowhere() {
    let (mut sites, usa, jpn) = moved();
    sites.entry("jpn-1", common::revoked("USA", usa.secret.id()), Vec::new()).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into())]);
    assert!(sites.state.device(&usa.secret.id()).is_none());
    let again = sites.signed("usa-2", &usa, 99, ring(9));
    assert_eq!(sites.state.judge(&node("usa-2"), &read(&again), 1), Err(Ignored::Revoked));
}

#[test]
fn one_site_declines_for_the_party() {
    let (usa, jpn) = (device("usa-duty"), device("jpn-duty"));
    let mut sites = Sites::new();
    sites.enrol("usa-2", &usa).unwrap();
    sites.enrol("jpn-1", &jpn).unwrap();
    sites.says("jpn-1", &jpn, ring(1)).unwrap();
    for (at, consoles) in [("usa-1", 1), ("usa-2", 2)] {
        sites.entry(at, Body::Received { call: call(1), line: duty() }, Vec::new()).unwrap();
        sites.entry(at, Body::Ringing { call: call(1), line: duty(), consoles }, Vec::new()).unwrap();
        sites.entry(at, Body::Staffed { offices: vec![(office("usa-duty"), consoles)] }, Vec::new()).unwrap();
    }
    assert_eq!(sites.line().responses[&party("USA")], RingResponse::Ringing(3));
    assert_eq!(sites.state.on_watch(&party("USA"), &duty()), 3);
    sites.says("usa-2", &usa, common::decline(1)).unwrap();
    assert!(matches!(sites.line().responses[&party("USA")], RingResponse::Declined { .. }));
    assert!(sites.state.sounding_on(&party("USA"), &duty()).is_empty());
    sites.check_few();
}

/// As it stands in the journal of usa-1: rung, with the other's station confirmed.
fn comes_over() -> Act {
    Act::Attach {
        call: call(1),
        offers: Vec::new(),
        ring: Some(Precedence::Routine),
        word: Carried { confirmed: vec![party("JPN")], ..Carried::default() },
    }
}

fn in_at_the_main_site() -> (Sites, Device, Device) {
    let (usa, jpn) = (device("usa-duty"), device("jpn-duty"));
    let mut sites = Sites::new();
    for at in ["usa-1", "usa-2"] {
        sites.enrol(at, &usa).unwrap();
    }
    sites.enrol("jpn-1", &jpn).unwrap();
    sites.says("usa-1", &usa, ring(1)).unwrap();
    sites.says("usa-1", &usa, Act::Confirm { party: party("JPN") }).unwrap();
    sites.says("jpn-1", &jpn, answer(1)).unwrap();
    (sites, usa, jpn)
}

#[test]
fn it_comes_over_with_its_ring_and_its_word() {
    let (mut sites, usa, jpn) = in_at_the_main_site();
    let before = sites.line().clone();
    assert_eq!(
        sites.says("usa-2", &usa, comes_over()),
        Ok(Applied::CameOver { line: duty(), device: usa.secret.id() })
    );
    let after = sites.line();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-2".into())]);
    assert_eq!((after.call, &after.prepared), (before.call, &before.prepared), "the same call, and nothing unsaid");
    assert_eq!(after.rings[0].call, call(1));
    assert_eq!(after.rings[0].node, node("usa-2"));
    // The main site starts again: who has come over stays in.
    sites.entry("usa-1", Body::Restarted {}, Vec::new()).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-2".into())]);
    assert_eq!(sites.line().call, Some(call(1)));
}

#[test]
fn nobody_comes_over_who_is_not_in_at_the_other_site() {
    let (mut sites, usa, jpn) = in_at_the_main_site();
    let judge = |sites: &Sites, at: &str, bytes: &[u8]| sites.state.judge(&node(at), &read(bytes), 1).map(drop);
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, 50, comes_over())), Ok(()));
    // Of another party, at its own node, with another call, with another's ring, and with what was never said.
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &jpn, 50, comes_over())), Err(Ignored::UnknownDevice));
    assert_eq!(judge(&sites, "usa-1", &sites.signed("usa-1", &usa, 50, comes_over())), Err(Ignored::NotIn));
    let with = |called, ring, word| Act::Attach { call: call(called), offers: Vec::new(), ring, word };
    let wrong = with(2, None, Carried::default());
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, 50, wrong)), Err(Ignored::NotNow));
    let louder = with(1, Some(Precedence::Priority), Carried::default());
    assert!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, 50, louder)).is_err());
    let own = with(1, None, Carried { confirmed: vec![party("USA")], ..Carried::default() });
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, 50, own)), Err(Ignored::Malformed));
    let principal = with(1, None, Carried { on: vec![party("JPN")], ..Carried::default() });
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, 50, principal)), Err(Ignored::Role));
    // Said again, and by one that has hung up.
    sites.says("usa-2", &usa, comes_over()).unwrap();
    let number = sites.number;
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, number, comes_over())), Err(Ignored::Replayed));
    sites.says("usa-2", &usa, Act::Leave { cause: None }).unwrap();
    assert_eq!(judge(&sites, "usa-1", &sites.signed("usa-1", &usa, 99, comes_over())), Err(Ignored::NotIn));
    assert_eq!(judge(&sites, "usa-2", &sites.signed("usa-2", &usa, 99, comes_over())), Err(Ignored::NotIn));
}

/// The entry by which it came says it for ever: whoever comes on watch later is told also what took it back.
#[test]
fn what_it_brought_along_is_taken_back_for_whoever_comes_later() {
    let (mut sites, usa, jpn) = in_at_the_main_site();
    let (own, other) = (usa.secret.id(), party("JPN"));
    let drops = |on| Act::Drop { party: party("JPN"), on };
    sites.says("usa-1", &usa, Act::Hold { device: own, on: true }).unwrap();
    sites.says("usa-1", &usa, drops(true)).unwrap();
    let word = Carried { confirmed: vec![other.clone()], held: true, drops: vec![other], ..Carried::default() };
    let ring = Some(Precedence::Routine);
    sites.says("usa-2", &usa, Act::Attach { call: call(1), offers: Vec::new(), ring, word }).unwrap();
    let (floors, wishes) =
        (|sites: &Sites| sites.line().participants.clone().into_iter().map(|p| (p.device, p.floor)), drops);
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (own, "usa-2".into())]);
    assert!(floors(&sites).any(|held| held == (own, Floor::Held)) && sites.line().drops.len() == 1);
    for again in [false, true, false] {
        sites.says("usa-2", &usa, Act::Hold { device: own, on: again }).unwrap();
        sites.says("usa-2", &usa, wishes(again)).unwrap();
        sites.check_few();
    }
    assert!(floors(&sites).all(|(_, floor)| floor == Floor::Open) && sites.line().drops.is_empty());
}

#[test]
fn one_statement_in_two_journals_leaves_it_in_once() {
    let (mut sites, usa, jpn) = in_at_the_main_site();
    sites.says("usa-1", &usa, answer(1)).unwrap();
    sites.number -= 1;
    sites.says("usa-2", &usa, answer(1)).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-2".into())]);
}

#[test]
fn a_statement_for_one_site_is_nothing_in_the_journal_of_the_other() {
    let (mut sites, usa, jpn) = moved();
    // The main site was silent, the officer went to the other one; the main site writes down what the officer says
    // there.
    let said = sites.signed("usa-2", &usa, 90, ring(5));
    let (main, alternate) = (Body::Stated { statement: said.clone() }, Body::Stated { statement: said });
    assert_eq!(sites.entry("usa-1", main, Vec::new()), Err(Ignored::OtherNode));
    sites.entry("usa-2", alternate, Vec::new()).unwrap();
    assert_eq!(sites.places(), [(jpn.secret.id(), "jpn-1".into()), (usa.secret.id(), "usa-2".into())]);
}

#[test]
fn one_voucher_used_at_two_sites_makes_no_device() {
    let (sites, usa, jpn) = in_at_the_main_site();
    // A copy of the enrolment link, used at the other site that did not know of the first.
    let secret = DeviceSecret::from_seed(&[9; 32]);
    let (certificate, _) = common::THREE.enrolment("usa-duty", 1).certify(&sites.charter, &secret, 0).unwrap();
    let thief = Device { secret, certificate };
    let mut anew = Sites::new();
    anew.enrol("usa-1", &usa).unwrap();
    anew.enrol("jpn-1", &jpn).unwrap();
    anew.enrol("usa-2", &thief).unwrap();
    assert!(anew.state.is_doubled(&usa.secret.id()) && anew.state.is_doubled(&thief.secret.id()));
    for (at, device) in [("usa-1", &usa), ("usa-2", &thief)] {
        let said = anew.signed(at, device, 7, ring(1));
        assert_eq!(anew.state.judge(&node(at), &read(&said), 1), Err(Ignored::Revoked));
        let _ = anew.entry(at, Body::Stated { statement: said }, Vec::new());
    }
    assert!(anew.places().is_empty(), "neither is in, whatever its node writes");
    // The same device at both sites is one device.
    assert!(!sites.state.is_revoked(&usa.secret.id()));
    sites.check_few();
}

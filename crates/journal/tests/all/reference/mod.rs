//! Journals that go through every kind of entry and every act, and through every reason to ignore one. Keys, times and
//! ids are fixed: whoever folds them by the same rules gets the same bytes.
#![allow(clippy::unwrap_used, dead_code)]

mod calls;
mod people;
mod words;

use crate::common::{THREE, duty, node, party};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::*;
use trialogue_journal::*;

/// The kinds of one enum: all by name, and the name of one. A variant that is missing in the list does not compile.
macro_rules! kinds {
    ($of:ident, $all:ident, $name:ident: $($variant:ident)+) => {
        pub const $all: &[&str] = &[$(concat!(stringify!($of), "::", stringify!($variant))),+];
        pub fn $name(of: &$of) -> &'static str {
            match of { $($of::$variant { .. } => concat!(stringify!($of), "::", stringify!($variant))),+ }
        }
    };
}

kinds! { Body, BODIES, body_name:
    Opened Enrolled Revoked Staffed Stated Received Ringing Expired Lost Restarted Refused Alerted Escalated AtConsole Tested Seen Forged Suspended
    Listed Stored Soundless Missed
}
kinds! { Act, ACTS, act_name:
    Ring Answer Decline Leave Handshake Acknowledge Confirm Ready Hold Remove Drop ComeOn TakeDuty Propose Attend Withdraw Attach StationTested Alive
    SendTest Certify Stock Circle Write Shown AcknowledgeWriting CertifyWriting Approve Tags Archive Dismiss
}
kinds! { Ignored, REASONS, reason_name:
    UnknownNode BodyMissing Certificate VoucherUsed Late AlreadyEnrolled UnknownDevice Revoked Suspended Revocation Signature Malformed Replayed OtherNode
    OtherCharter Outdated Backdated Ahead NotOnLine AboveAuthority Role NotOwn Policy Dropped NotIn Epoch NotNow Time OtherOffice NoConsultation Full
}

/// A console of the story.
pub struct Person {
    secret: DeviceSecret,
    certificate: Vec<u8>,
    node: NodeId,
}

impl Person {
    /// `number` tells those of one office apart; the voucher is that of `link`.
    fn new(at: &str, office: &str, number: u8, link: u8, not_after_ms: u64) -> Self {
        let of = office[..3].to_ascii_uppercase();
        let mut entropy = Hash::of(office.as_bytes()).0;
        (entropy[0], entropy[32]) = (link, link);
        let (id, name) = (OfficeId::new(office).unwrap(), PersonName::new(format!("{office} {link}")).unwrap());
        let link = EnrolmentLink::issue(&fixture::root(&of), party(&of), id, name, not_after_ms, &entropy);
        let mut seed = Hash::of(format!("reference {office}").as_bytes()).0[..32].to_vec();
        seed[31] = number;
        let secret = DeviceSecret::from_seed(&seed.try_into().unwrap());
        let certificate = link.certify_ahead(&secret, 0).unwrap();
        Self { secret, certificate, node: node(at) }
    }

    fn id(&self) -> DeviceId {
        self.secret.id()
    }
}

pub struct Reference {
    charter: Arc<VerifiedCharter>,
    next: Arc<VerifiedCharter>,
    journals: BTreeMap<NodeId, Journal>,
    log: Vec<(VerifiedEntry, Vec<Vec<u8>>)>,
    state: State,
    time_ms: u64,
    /// What was kept at the end of each chapter.
    pub chapters: Vec<(&'static str, Vec<u8>)>,
    /// Kinds of entries and acts that counted, and reasons why others did not.
    pub covered: BTreeSet<&'static str>,
}

impl Reference {
    /// The whole story.
    pub fn told() -> Self {
        let mut it = Self::new();
        let people = people::enrolled(&mut it);
        people::on_watch(&mut it, &people);
        calls::on_the_duty_line(&mut it, &people);
        calls::on_the_staged_line(&mut it, &people);
        calls::another_site(&mut it, &people);
        words::consultations(&mut it, &people);
        words::tests(&mut it, &people);
        words::writings(&mut it, &people);
        people::refused(&mut it, &people);
        people::let_in_no_more(&mut it, &people);
        people::amended(&mut it, &people);
        it.read_anew();
        it
    }

    fn new() -> Self {
        let charter = Arc::new(people::charter());
        let next = Arc::new(people::amendment(&charter));
        let journals = charter.nodes.iter().map(|node| (node.id.clone(), Journal::new(node.id.clone()))).collect();
        let (state, log) = (State::new(charter.clone()), Vec::new());
        Self { charter, next, journals, log, state, time_ms: 1_000_000, chapters: Vec::new(), covered: BTreeSet::new() }
    }

    fn chapter(&mut self, name: &'static str) {
        let kept = self.state.keep();
        assert!(State::kept(self.charter.clone(), &kept) == Some(self.state.clone()), "{name}: not what was kept");
        self.chapters.push((name, kept));
    }

    /// All of it once more, by the rules of the charter that has taken effect last.
    fn read_anew(&mut self) {
        let mut state = State::new(self.next.clone());
        for (entry, bodies) in &self.log {
            let entry = VerifiedEntry::open(entry.bytes(), &self.next).unwrap();
            if let Err(reason) = state.apply(&entry, bodies) {
                self.covered.insert(reason_name(&reason));
            }
        }
        self.chapters.push(("read under the amendment", state.keep()));
    }

    /// A node journals what counts.
    #[track_caller]
    fn entry(&mut self, at: &str, body: Body) {
        self.entry_with(at, body, Vec::new()).unwrap();
    }

    /// A node journals what does not count.
    #[track_caller]
    fn ignored(&mut self, at: &str, body: Body, reason: Ignored) {
        assert_eq!(self.entry_with(at, body, Vec::new()), Err(reason));
    }

    #[track_caller]
    fn entry_with(&mut self, at: &str, body: Body, bodies: Vec<Vec<u8>>) -> Result<Applied, Ignored> {
        self.time_ms += 1_000;
        self.entry_at(self.time_ms, &node(at), body, bodies)
    }

    #[track_caller]
    fn entry_at(&mut self, time_ms: u64, at: &NodeId, body: Body, bodies: Vec<Vec<u8>>) -> Result<Applied, Ignored> {
        let key = if at.as_str() == "usa-2" { fixture::next_key("usa-2") } else { THREE.journal(at).clone() };
        let entry = self.journals.get_mut(at).unwrap().append(time_ms, body);
        let entry = VerifiedEntry::open(&entry.sign(&key).0, &self.charter).unwrap();
        let result = self.state.apply(&entry, &bodies);
        match &result {
            Ok(_) => {
                let body = &entry.entry().body;
                self.covered.insert(body_name(body));
                if let Body::Stated { statement } = body {
                    self.covered.insert(act_name(&UnverifiedStatement::decode(statement).unwrap().claim().act));
                }
            }
            Err(reason) => {
                self.covered.insert(reason_name(reason));
            }
        }
        self.log.push((entry, bodies));
        result
    }

    /// A console says on a line what counts.
    #[track_caller]
    fn says(&mut self, who: &Person, line: &LineId, act: Act) {
        self.stated(who, line, act).unwrap();
    }

    /// On the duty officers' line.
    #[track_caller]
    fn duty(&mut self, who: &Person, act: Act) {
        self.says(who, &duty(), act);
    }

    /// A console says on a line what does not count.
    #[track_caller]
    fn refuses(&mut self, who: &Person, line: &LineId, act: Act, reason: Ignored) {
        assert_eq!(self.stated(who, line, act), Err(reason));
    }

    #[track_caller]
    fn stated(&mut self, who: &Person, line: &LineId, act: Act) -> Result<Applied, Ignored> {
        let statement = self.statement(who, line, act).sign(&who.secret).0;
        self.entry_with(who.node.as_str(), Body::Stated { statement }, Vec::new())
    }

    /// As the console would make it for the next entry.
    fn statement(&self, who: &Person, line: &LineId, act: Act) -> Statement {
        let at = Occasion { node: who.node.clone(), charter: self.charter.hash(), now_ms: self.time_ms };
        Statement::new(who.id(), self.state.last_number(&who.id()) + 1, &at, line.clone(), act)
    }

    /// A statement that is bent before it is signed.
    #[track_caller]
    fn bent(&mut self, who: &Person, reason: Ignored, bend: impl FnOnce(&mut Statement)) {
        let mut statement = self.statement(who, &duty(), Act::Alive { nonce: [1; 16] });
        bend(&mut statement);
        let statement = statement.sign(&who.secret).0;
        self.ignored(who.node.as_str(), Body::Stated { statement }, reason);
    }
}

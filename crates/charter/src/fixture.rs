//! A charter of three parties with fixed keys, for tests (feature `fixture`). Its keys are public: never for use.
#![allow(clippy::expect_used, clippy::missing_panics_doc)]

use crate::*;

/// Three parties, one node each, a line per level, and a staged line with people in all four roles, signed by all.
pub struct Trilateral {
    /// The charter.
    pub charter: VerifiedCharter,
    roots: Vec<(PartyId, HybridSecret)>,
    nodes: Vec<(NodeId, HybridSecret)>,
}

/// The levels of the fixture's lines; the office of a party on a line is `<party>-<level>`.
pub const LEVELS: [&str; 3] = ["leaders", "advisers", "duty"];
/// The staged line: of each party the leaders' office, the duty office, and `<party>-interpreter` and `<party>-notes`.
pub const SUMMIT: &str = "summit";
/// The parties.
pub const PARTIES: [&str; 3] = ["JPN", "KOR", "USA"];

fn secret(purpose: &str, name: &str) -> HybridSecret {
    let mut seed = [0; 32];
    seed.copy_from_slice(&Hash::of(format!("trialogue fixture {purpose} {name}").as_bytes()).0[..32]);
    HybridSecret::from_seed(&seed)
}

fn texts(text: &str) -> Texts {
    Texts { en: text.to_owned(), ja: text.to_owned(), ko: text.to_owned() }
}

fn lower(party: &str) -> String {
    party.to_ascii_lowercase()
}

/// The fixture's root key of a party.
pub fn root(party: &str) -> HybridSecret {
    secret("root", party)
}

/// The fixture's charter before anybody signed it.
pub fn charter(suite: Suite) -> Charter {
    let nodes = PARTIES.iter().enumerate().map(|(index, party)| Node {
        id: NodeId::new(format!("{}-1", lower(party))).expect("fixture"),
        party: PartyId::new(*party).expect("fixture"),
        journal: secret("journal", party).public(),
        link: secret("link", party).public().ed25519,
        addresses: vec![format!("127.0.0.1:{}", 9_001 + index)],
        index: index as u8,
        former: Vec::new(),
        retired: false,
        last: None,
        origins: Vec::new(),
    });
    let mut offices: Vec<Office> = PARTIES
        .iter()
        .flat_map(|party| LEVELS.iter().map(move |level| (party, level)))
        .map(|(party, level)| Office {
            id: OfficeId::new(format!("{}-{level}", lower(party))).expect("fixture"),
            party: PartyId::new(*party).expect("fixture"),
            title: texts(&format!("{level} of {party}")),
            role: if *level == "duty" { Role::DutyOfficer } else { Role::Principal },
        })
        .collect();
    for (name, role) in [("interpreter", Role::Interpreter), ("notes", Role::NoteTaker)] {
        offices.extend(PARTIES.iter().map(|party| Office {
            id: OfficeId::new(format!("{}-{name}", lower(party))).expect("fixture"),
            party: PartyId::new(*party).expect("fixture"),
            title: texts(&format!("{name} of {party}")),
            role,
        }));
    }
    offices.sort_by(|a, b| a.id.cmp(&b.id));
    let mut lines: Vec<Line> = LEVELS
        .iter()
        .map(|level| Line {
            id: LineId::new(*level).expect("fixture"),
            name: texts(level),
            marking: "REL TO USA, JPN, KOR".to_owned(),
            offices: PARTIES
                .iter()
                .map(|party| OfficeId::new(format!("{}-{level}", lower(party))).expect("fixture"))
                .collect(),
            authority: PARTIES
                .iter()
                .map(|party| Authority {
                    office: OfficeId::new(format!("{}-{level}", lower(party))).expect("fixture"),
                    up_to: match *level {
                        "leaders" => Precedence::FlashOverride,
                        "advisers" => Precedence::Flash,
                        _ => Precedence::Immediate,
                    },
                })
                .collect(),
            staged: false,
            recording: Recording::None,
        })
        .collect();
    let of_party =
        |party| ["leaders", "duty", "interpreter", "notes"].map(move |name| format!("{}-{name}", lower(party)));
    lines.push(Line {
        id: LineId::new(SUMMIT).expect("fixture"),
        name: texts(SUMMIT),
        marking: "REL TO USA, JPN, KOR".to_owned(),
        offices: PARTIES
            .iter()
            .flat_map(|party| of_party(party))
            .map(|id| OfficeId::new(id).expect("fixture"))
            .collect(),
        authority: Vec::new(),
        staged: true,
        recording: Recording::EachParty,
    });
    Charter {
        version: 1,
        name: "Fixture".to_owned(),
        serial: 1,
        suite: suite.id(),
        parties: PARTIES
            .iter()
            .map(|party| Party {
                id: PartyId::new(*party).expect("fixture"),
                name: texts(party),
                root: root(party).public(),
            })
            .collect(),
        nodes: nodes.collect(),
        offices,
        lines,
        policy: Policy {
            ring_seconds: 60,
            lost_seconds: 10,
            alert_seconds: 20,
            escalate_seconds: 0,
            removal: Removal::Majority,
            amending: Amending::All,
            relays: Vec::new(),
            picture_step: None,
            tests: Tests::default(),
        },
        subjects: ["missile-launch", "incident-at-sea"]
            .map(|id| Subject { id: SubjectId::new(id).expect("fixture"), text: texts(id) })
            .to_vec(),
    }
}

/// What `change` makes of a charter, with the next serial, signed by every party that it has and by roots that it has
/// no more.
pub fn amended(held: &VerifiedCharter, change: impl FnOnce(&mut Charter)) -> VerifiedCharter {
    let mut charter = Charter::clone(held);
    charter.serial += 1;
    change(&mut charter);
    let mut draft = UnverifiedCharter::draft(charter.clone()).expect("fixture");
    for party in charter.parties.iter().chain(&held.parties) {
        let root = [root(party.id.as_str()), secret("next root", party.id.as_str())];
        let root = root.iter().find(|root| root.public() == party.root).expect("fixture");
        if charter.parties.iter().any(|p| p.root == party.root) {
            draft.sign(&party.id, root).expect("fixture");
        } else {
            draft.consent(held, &party.id, root).expect("fixture");
        }
    }
    draft.verify(None).expect("fixture")
}

/// What the root of `party` says of a device.
pub fn revocation(party: &str, device: &DeviceId) -> Vec<u8> {
    Revocation { party: PartyId::new(party).expect("fixture"), device: *device }.sign(&root(party))
}

/// The root key that a party of the fixture takes after its first.
pub fn next_root(party: &str) -> HybridSecret {
    secret("next root", party)
}

/// A further key pair of a node, for amendments that change its keys.
pub fn next_key(node: &str) -> HybridSecret {
    secret("next", node)
}

/// Adds a node to a party, with keys made of its id.
pub fn add_node(charter: &mut Charter, id: &str, party: &str, index: u8) {
    charter.nodes.push(Node {
        id: NodeId::new(id).expect("fixture"),
        party: PartyId::new(party).expect("fixture"),
        journal: next_key(id).public(),
        link: next_key(&format!("{id} link")).public().ed25519,
        addresses: vec!["127.0.0.1:9009".to_owned()],
        index,
        former: Vec::new(),
        retired: false,
        last: None,
        origins: Vec::new(),
    });
    charter.nodes.sort_by(|a, b| a.id.cmp(&b.id));
}

/// Takes a party out: its nodes, its offices, and lines on which it leaves only one party.
pub fn without(charter: &mut Charter, party: &str) {
    charter.parties.retain(|p| p.id.as_str() != party);
    charter.nodes.retain(|node| node.party.as_str() != party);
    charter.offices.retain(|office| office.party.as_str() != party);
    let left: Vec<OfficeId> = charter.offices.iter().map(|office| office.id.clone()).collect();
    for line in &mut charter.lines {
        line.offices.retain(|office| left.contains(office));
        line.authority.retain(|authority| left.contains(&authority.office));
    }
}

impl Trilateral {
    /// The fixture with this suite.
    pub fn new(suite: Suite) -> Self {
        let charter = charter(suite);
        let roots: Vec<_> = charter.parties.iter().map(|party| (party.id.clone(), root(party.id.as_str()))).collect();
        let nodes =
            charter.nodes.iter().map(|node| (node.id.clone(), secret("journal", node.party.as_str()))).collect();
        let mut draft = UnverifiedCharter::draft(charter).expect("fixture");
        for (party, root) in &roots {
            draft.sign(party, root).expect("fixture");
        }
        Self { charter: draft.verify(None).expect("fixture"), roots, nodes }
    }

    /// A party's root key.
    pub fn root(&self, party: &PartyId) -> &HybridSecret {
        &self.roots.iter().find(|(id, _)| id == party).expect("fixture").1
    }

    /// A node's journal key.
    pub fn journal(&self, node: &NodeId) -> &HybridSecret {
        &self.nodes.iter().find(|(id, _)| id == node).expect("fixture").1
    }

    /// A node's link key (its Ed25519 half).
    pub fn link(&self, node: &NodeId) -> HybridSecret {
        secret("link", self.charter.node(node).expect("fixture").party.as_str())
    }

    /// An enrolment link for an office; the same `number` gives the same link. It never runs out.
    pub fn enrolment(&self, office: &str, number: u8) -> EnrolmentLink {
        self.link_for(office, number, number)
    }

    /// Another link for the same person.
    pub fn enrolment_again(&self, office: &str, number: u8) -> EnrolmentLink {
        self.link_for(office, number, number ^ 0x80)
    }

    fn link_for(&self, office: &str, number: u8, of: u8) -> EnrolmentLink {
        let office = self.charter.office(&OfficeId::new(office).expect("fixture")).expect("fixture");
        let mut entropy = Hash::of(office.id.as_str().as_bytes()).0;
        entropy[0] = of;
        entropy[32] = of;
        let person = PersonName::new(format!("{} {number}", office.title.en)).expect("fixture");
        EnrolmentLink::issue(
            self.root(&office.party),
            office.party.clone(),
            office.id.clone(),
            person,
            u64::MAX,
            &entropy,
        )
    }

    /// What the holder of a link can certify of a device whose public keys it has, and whose secret it has not.
    pub fn certificate_over(&self, office: &str, device: HybridPublic, possession: [u8; 64]) -> Vec<u8> {
        self.enrolment(office, 1).certify_keys(device, possession, 0).expect("fixture")
    }

    /// An enrolled device of an office: its secret, its certificate, and what that says.
    pub fn device(&self, office: &str, number: u8) -> (DeviceSecret, Vec<u8>, Device) {
        let mut seed = [number; 32];
        seed[..31].copy_from_slice(&Hash::of(format!("device {office}").as_bytes()).0[..31]);
        let secret = DeviceSecret::from_seed(&seed);
        let (certificate, device) = self.enrolment(office, number).certify(&self.charter, &secret, 0).expect("fixture");
        (secret, certificate, device)
    }
}

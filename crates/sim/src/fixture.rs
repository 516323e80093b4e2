//! A charter with its keys, made once for all tests: post-quantum keys cost time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use trialogue_charter::*;

/// Parties by the order of their ids, with what they keep secret.
pub struct Fixture {
    /// Signed by all.
    pub charter: Arc<VerifiedCharter>,
    /// Parties, sorted by id.
    pub parties: Vec<PartyKeys>,
    /// Nodes of all parties, in their order; where each party has one, each stands at its party's position.
    pub sites: Vec<Site>,
}

/// A node's keys.
pub struct Site {
    /// Position of its party.
    pub party: usize,
    /// Its id.
    pub node: NodeId,
    /// Its journal key.
    pub journal: HybridSecret,
}

/// What a party keeps.
pub struct PartyKeys {
    /// The party.
    pub id: PartyId,
    /// Its root.
    pub root: HybridSecret,
    /// Its first node.
    pub node: NodeId,
    /// That node's journal key.
    pub journal: HybridSecret,
    /// Its devices: a leader's and two duty officers'.
    pub devices: Vec<DeviceKeys>,
}

/// A device.
pub struct DeviceKeys {
    /// Its secret.
    pub secret: DeviceSecret,
    /// Its id.
    pub id: DeviceId,
    /// Its office.
    pub office: OfficeId,
    /// Its certificate.
    pub certificate: Vec<u8>,
}

impl Fixture {
    /// A device's name for people: party and number.
    pub fn name(&self, device: &DeviceId) -> String {
        for party in &self.parties {
            if let Some(at) = party.devices.iter().position(|keys| keys.id == *device) {
                return format!("{}/{at}", party.id);
            }
        }
        "?".to_owned()
    }

    /// The line of this name.
    pub fn line(&self, name: &str) -> Option<&LineId> {
        self.charter.lines.iter().map(|line| &line.id).find(|id| id.as_str() == name)
    }

    /// Are these nodes of one party?
    pub(crate) fn same_party(&self, a: usize, b: usize) -> bool {
        self.sites[a].party == self.sites[b].party
    }
}

/// The line of leaders; duty officers are on it too.
pub const LEADERS: &str = "leaders";
/// The staged line, of leaders and duty officers.
pub const SUMMIT: &str = "summit";
/// The line of duty officers only.
pub const DUTY: &str = "duty";
/// Seconds a ring sounds.
pub const RING_SECONDS: u16 = 30;
/// Seconds before a console that is out of touch is lost.
pub const LOST_SECONDS: u16 = 5;
/// Seconds until a ring sounds at a party's next office: on the leaders' line the leader's, then the duty officer's.
pub const ESCALATE_SECONDS: u16 = 4;
/// Seconds until people beyond the consoles are alerted.
pub const ALERT_SECONDS: u16 = 10;
/// The wall clock when a world begins, milliseconds since 1970 UTC.
pub const BEGINS_MS: u64 = 1_800_000_000_000;

/// The fixture with so many parties, two to nine, of one node each.
pub fn fixture(parties: usize) -> &'static Fixture {
    fixture_of(&vec![1; parties])
}

/// The fixture with so many nodes of each party.
pub fn fixture_of(nodes: &[usize]) -> &'static Fixture {
    fixture_in(nodes, Suite::Cnsa2)
}

/// What was made, by nodes of each party and suite.
type Made = Mutex<BTreeMap<(Vec<usize>, u16), &'static Fixture>>;

/// The same with calls sealed by this suite.
#[allow(clippy::expect_used, clippy::missing_panics_doc)]
pub fn fixture_in(nodes: &[usize], suite: Suite) -> &'static Fixture {
    static MADE: OnceLock<Made> = OnceLock::new();
    let mut made = MADE.get_or_init(Mutex::default).lock().expect("no test panics while making keys");
    let sound = || make(nodes, suite).expect("the fixture is sound");
    made.entry((nodes.to_vec(), suite as u16)).or_insert_with(|| Box::leak(Box::new(sound())))
}

fn texts(text: &str) -> Texts {
    Texts { en: text.into(), ja: text.into(), ko: text.into() }
}

fn seed(tag: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed.copy_from_slice(&Hash::of(tag.as_bytes()).0[..32]);
    seed
}

fn make(sites_of: &[usize], suite: Suite) -> Result<Fixture, Box<dyn std::error::Error>> {
    let mut names = ["USA", "JPN", "KOR", "AUS", "CAN", "FRA", "GBR", "NZL", "PHL"][..sites_of.len()].to_vec();
    names.sort_unstable();
    let secret = |tag: &str, name: &str| HybridSecret::from_seed(&seed(&format!("{tag} {name}")));
    let (mut parties, mut nodes, mut offices, mut kept) = (vec![], vec![], vec![], vec![]);
    let (mut leaders, mut duty) = (vec![], vec![]);
    let mut sites: Vec<Site> = vec![];
    for (party, name) in names.into_iter().enumerate() {
        let id = PartyId::new(name)?;
        let low = name.to_lowercase();
        let root = secret("root", name);
        parties.push(Party { id: id.clone(), name: texts(name), root: root.public() });
        for number in 1..=sites_of[party] {
            let tag = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
            let (journal, link) = (secret("journal", &tag), secret("link", &tag));
            let node = NodeId::new(format!("{low}-{number}"))?;
            nodes.push(Node {
                id: node.clone(),
                party: id.clone(),
                journal: journal.public(),
                link: link.public().ed25519,
                addresses: vec![format!("{low}-{number}.example:4433")],
                index: nodes.len() as u8,
                former: vec![],
                last: None,
                retired: false,
                origins: vec![],
            });
            sites.push(Site { party, node, journal });
        }
        let (node, journal) = (NodeId::new(format!("{low}-1"))?, secret("journal", name));
        for (office, lines, role) in [("duty", 2, Role::DutyOfficer), ("leader", 1, Role::Principal)] {
            let office = OfficeId::new(format!("{low}-{office}"))?;
            offices.push(Office { id: office.clone(), party: id.clone(), title: texts(office.as_str()), role });
            leaders.push(office.clone());
            if lines == 2 {
                duty.push(office);
            }
        }
        kept.push(PartyKeys { id, root, node, journal, devices: vec![] });
    }
    // The leader of each party before its duty officer.
    leaders.sort_by_key(|office: &OfficeId| (office.as_str()[..3].to_owned(), office.as_str().ends_with("duty")));
    duty.sort();
    let line = |id: &str, offices: &Vec<OfficeId>, staged| -> Result<Line, BadId> {
        Ok(Line {
            id: LineId::new(id)?,
            name: texts(id),
            marking: "TEST".into(),
            offices: offices.clone(),
            authority: Vec::new(),
            staged,
            recording: Recording::None,
        })
    };
    let draft = Charter {
        version: 1,
        name: "Simulated".into(),
        serial: 1,
        suite: suite as u16,
        parties,
        nodes,
        offices,
        lines: vec![line(LEADERS, &leaders, false)?, line(DUTY, &duty, false)?, line(SUMMIT, &leaders, true)?],
        policy: Policy {
            ring_seconds: RING_SECONDS,
            lost_seconds: LOST_SECONDS,
            alert_seconds: ALERT_SECONDS,
            escalate_seconds: ESCALATE_SECONDS,
            removal: Removal::Majority,
            amending: Amending::All,
            relays: Vec::new(),
            picture_step: None,
            tests: Tests::default(),
        },
        subjects: Vec::new(),
    };
    let mut draft = UnverifiedCharter::draft(draft)?;
    for party in &kept {
        draft.sign(&party.id, &party.root)?;
    }
    let charter = Arc::new(draft.verify(None)?);
    for party in &mut kept {
        for (n, office) in ["leader", "duty", "duty"].iter().enumerate() {
            let office = OfficeId::new(format!("{}-{office}", party.id.as_str().to_lowercase()))?;
            party.devices.push(enrol(&charter, party, office, n)?);
        }
    }
    Ok(Fixture { charter, parties: kept, sites })
}

fn enrol(
    charter: &VerifiedCharter,
    party: &PartyKeys,
    office: OfficeId,
    n: usize,
) -> Result<DeviceKeys, Box<dyn std::error::Error>> {
    let tag = format!("{} {n}", party.id);
    let mut entropy = [0; 48];
    entropy.copy_from_slice(&Hash::of(tag.as_bytes()).0);
    let name = PersonName::new(format!("Officer {tag}"))?;
    let not_after_ms = BEGINS_MS + 86_400_000;
    let link = EnrolmentLink::issue(&party.root, party.id.clone(), office.clone(), name, not_after_ms, &entropy);
    let secret = DeviceSecret::from_seed(&seed(&format!("device {tag}")));
    let (certificate, device) = link.certify(charter, &secret, BEGINS_MS)?;
    Ok(DeviceKeys { secret, id: device.id, office, certificate })
}

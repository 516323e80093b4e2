//! Is a charter sound in itself: bounds, references, order. Says what is wrong and where.

use crate::agreement::{Charter, HybridPublic, Suite, Texts};
use crate::ids::PartyId;
use crate::key::ed25519_is_well_formed;
use crate::limits::*;
use crate::precedence::Precedence;
use crate::role::Role;
use crate::text::{BadText, Form, refuse};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::RangeInclusive;

/// Version of the charter's format.
pub const VERSION: u8 = 1;

/// What is wrong with a charter, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// Another version of the format.
    #[error("the charter has format version {0}, this program knows {VERSION}: use the program that wrote it")]
    Version(u8),
    /// Unknown suite.
    #[error("cipher suite {0:#06x} is not known: choose cnsa2 (0x0907) or xwing (0x004e)")]
    Suite(u16),
    /// Too few or too many of something.
    #[error("there are {found} {what}, and {least} to {most} are possible")]
    Count {
        /// Of what.
        what: String,
        /// How many there are.
        found: usize,
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// The last entries of a node's former journal keys.
    #[error(
        "the last entries of the former journal keys of node {0} are missing or out of order: `charter draft --amends` takes them from its journal"
    )]
    Ends(String),
    /// Not sorted by id, or an id comes twice.
    #[error("{what} {id} comes twice or out of order: sort them by id, each once")]
    Order {
        /// Party, node, office or line.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// An id that nothing in the charter has.
    #[error("{place} names the {what} {id}, which the charter does not have: add it or correct the name")]
    Unknown {
        /// Where.
        place: String,
        /// What kind of thing.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A party without a node.
    #[error("party {0} has no node: add at least one")]
    NoNode(PartyId),
    /// A line on which only one party has offices.
    #[error("line {0} joins only one party: put offices of at least two parties on it")]
    OneParty(String),
    /// A staged line on which nobody can prepare the call for a party.
    #[error(
        "line {line} is staged, and party {party} has no duty officer on it: add an office with that role, or do not stage the line"
    )]
    NobodyPrepares {
        /// The line.
        line: String,
        /// The party.
        party: PartyId,
    },
    /// A machine among people, or the other way round.
    #[error(
        "line {0} has stations and other offices: put the stations on a line of their own, where nobody is disturbed by a test"
    )]
    StationsAmongPeople(String),
    /// What every office may do anyway is not said, so that a charter has one form.
    #[error("office {office} on line {line} is given authority up to routine, which every office has: leave it out")]
    RoutineAuthority {
        /// The line.
        line: String,
        /// The office.
        office: String,
    },
    /// A text that a screen cannot show.
    #[error("{place} cannot be shown: {why}")]
    Text {
        /// Where.
        place: String,
        /// What stands against it.
        why: BadText,
    },
    /// A number outside its bounds.
    #[error("{what} is {found} and must be {least} to {most}")]
    Range {
        /// Which.
        what: &'static str,
        /// The value.
        found: u32,
        /// At least.
        least: u32,
        /// At most.
        most: u32,
    },
    /// An origin that is none, or out of order.
    #[error(
        "node {node} has the origin {origin:?}: write https://host or https://host:port in lower case, without a path, each once and sorted"
    )]
    Origin {
        /// Whose.
        node: String,
        /// The origin.
        origin: String,
    },
    /// A party that may not relay its own media.
    #[error("party {0} is barred from relaying its own media, which only its nodes can send: remove that rule")]
    OwnRelay(PartyId),
    /// An address that is not `host:port` or `carrier=host:port`.
    #[error(
        "node {node} has the address {address:?}, which is not host:port or carrier=host:port with a port from 1 to 65535 and a carrier of a-z, 0-9 and -"
    )]
    Address {
        /// Whose.
        node: String,
        /// The text.
        address: String,
    },
    /// An index that another node has, or that key ids have no room for.
    #[error(
        "node {node} has the index {index}, which another node has or which is above {INDEX_MAX}: give it a free one"
    )]
    Index {
        /// Whose.
        node: String,
        /// The index.
        index: u8,
    },
    /// A public key that is none.
    #[error("{place} is not a usable public key: take it from the .pub file again")]
    Key {
        /// Where.
        place: String,
    },
    /// One key for two purposes.
    #[error("{place} is used a second time: every party and node needs keys of its own")]
    KeyTwice {
        /// Where.
        place: String,
    },
}

impl Charter {
    /// Is the charter sound in itself? Says nothing about signatures.
    pub fn validate(&self) -> Result<(), Unsound> {
        if self.version != VERSION {
            return Err(Unsound::Version(self.version));
        }
        Suite::of(self.suite).ok_or(Unsound::Suite(self.suite))?;
        text("the charter's name", &self.name, TEXT_MAX)?;
        count("parties", self.parties.len(), PARTIES_MIN..=PARTIES_MAX)?;
        count("nodes in service", self.nodes.iter().filter(|node| !node.retired).count(), 1..=NODES_MAX)?;
        count("nodes with retired ones", self.nodes.len(), 1..=NODES_EVER)?;
        count("offices", self.offices.len(), 1..=OFFICES_MAX)?;
        count("lines", self.lines.len(), 1..=LINES_MAX)?;
        range("policy.ring_seconds", self.policy.ring_seconds, RING_SECONDS)?;
        range("policy.escalate_seconds", self.policy.escalate_seconds, ESCALATE_SECONDS)?;
        range("policy.alert_seconds", self.policy.alert_seconds, ALERT_SECONDS)?;
        range("policy.lost_seconds", self.policy.lost_seconds, LOST_SECONDS)?;
        if let Some(step) = self.policy.picture_step {
            range("policy.picture_step", step, PICTURE_STEP)?;
        }
        self.validate_relays()?;
        let tests = &self.policy.tests;
        range("policy.tests.path_seconds", tests.path_seconds, PATH_SECONDS)?;
        range("policy.tests.station_seconds", tests.station_seconds, STATION_SECONDS)?;
        range("policy.tests.human_seconds", tests.human_seconds, HUMAN_SECONDS)?;
        let mut keys = Keys::default();
        self.validate_parties(&mut keys)?;
        self.validate_nodes(&mut keys)?;
        self.validate_offices()?;
        self.validate_lines()?;
        self.validate_subjects()
    }

    fn validate_relays(&self) -> Result<(), Unsound> {
        count("rules on relaying", self.policy.relays.len(), 0..=RELAYS_MAX)?;
        sorted("rule on relaying", self.policy.relays.iter())?;
        for barred in &self.policy.relays {
            self.known_party("a rule on relaying".to_owned(), &barred.party)?;
            self.known_party("a rule on relaying".to_owned(), &barred.via)?;
            if barred.party == barred.via {
                return Err(Unsound::OwnRelay(barred.party.clone()));
            }
        }
        Ok(())
    }

    fn validate_parties(&self, keys: &mut Keys) -> Result<(), Unsound> {
        sorted("party", self.parties.iter().map(|party| &party.id))?;
        for party in &self.parties {
            texts(&format!("the name of party {}", party.id), &party.name)?;
            keys.hybrid(format!("the root key of party {}", party.id), &party.root)?;
            if !self.nodes.iter().any(|node| node.party == party.id && !node.retired) {
                return Err(Unsound::NoNode(party.id.clone()));
            }
        }
        Ok(())
    }

    fn validate_nodes(&self, keys: &mut Keys) -> Result<(), Unsound> {
        sorted("node", self.nodes.iter().map(|node| &node.id))?;
        let mut indices = BTreeSet::new();
        for node in &self.nodes {
            if node.index > INDEX_MAX || !indices.insert(node.index) {
                return Err(Unsound::Index { node: node.id.to_string(), index: node.index });
            }
            count(&format!("former journal keys of node {}", node.id), node.former.len(), 0..=FORMER_MAX)?;
            for former in &node.former {
                keys.ed25519(format!("a former journal key of node {}", node.id), &former.key)?;
            }
            if !node.ends_are_in_order() {
                return Err(Unsound::Ends(node.id.to_string()));
            }
            self.known_party(format!("node {}", node.id), &node.party)?;
            keys.hybrid(format!("the journal key of node {}", node.id), &node.journal)?;
            keys.ed25519(format!("the link key of node {}", node.id), &node.link)?;
            let addresses = if node.retired { 0..=0 } else { 1..=ADDRESSES_MAX };
            count(&format!("addresses of node {}", node.id), node.addresses.len(), addresses)?;
            if let Some(address) = node.addresses.iter().find(|address| !is_address(address)) {
                return Err(Unsound::Address {
                    node: node.id.to_string(),
                    address: address.chars().take(80).collect(),
                });
            }
            let origins = &node.origins;
            count(&format!("origins of node {}", node.id), origins.len(), 0..=ORIGINS_MAX)?;
            let ascends = |at: usize| at == 0 || origins[at - 1] < origins[at];
            let wrong = (0..origins.len()).find(|at| !is_origin(&origins[*at]) || !ascends(*at));
            if let Some(origin) = wrong.and_then(|at| origins.get(at)) {
                return Err(Unsound::Origin { node: node.id.to_string(), origin: origin.chars().take(80).collect() });
            }
        }
        Ok(())
    }

    fn validate_offices(&self) -> Result<(), Unsound> {
        sorted("office", self.offices.iter().map(|office| &office.id))?;
        for office in &self.offices {
            self.known_party(format!("office {}", office.id), &office.party)?;
            texts(&format!("the title of office {}", office.id), &office.title)?;
        }
        Ok(())
    }

    fn validate_lines(&self) -> Result<(), Unsound> {
        let mut seen = BTreeSet::new();
        for line in &self.lines {
            if !seen.insert(&line.id) {
                return Err(Unsound::Order { what: "line", id: line.id.to_string() });
            }
            texts(&format!("the name of line {}", line.id), &line.name)?;
            text(&format!("the marking of line {}", line.id), &line.marking, MARKING_MAX)?;
            count(&format!("offices on line {}", line.id), line.offices.len(), 1..=OFFICES_MAX)?;
            let mut on_line = BTreeSet::new();
            let (mut parties, mut prepared, mut stations) = (BTreeSet::new(), BTreeSet::new(), 0);
            for id in &line.offices {
                if !on_line.insert(id) {
                    return Err(Unsound::Order { what: "office", id: id.to_string() });
                }
                let office = self.offices.iter().find(|office| office.id == *id).ok_or_else(|| Unsound::Unknown {
                    place: format!("line {}", line.id),
                    what: "office",
                    id: id.to_string(),
                })?;
                parties.insert(&office.party);
                stations += usize::from(office.role == Role::Station);
                if office.role == Role::DutyOfficer {
                    prepared.insert(&office.party);
                }
            }
            if parties.len() < 2 {
                return Err(Unsound::OneParty(line.id.to_string()));
            }
            if stations > 0 && stations < line.offices.len() {
                return Err(Unsound::StationsAmongPeople(line.id.to_string()));
            }
            if line.staged
                && let Some(party) = parties.iter().find(|party| !prepared.contains(*party))
            {
                return Err(Unsound::NobodyPrepares { line: line.id.to_string(), party: (*party).clone() });
            }
            sorted("authority of office", line.authority.iter().map(|authority| &authority.office))?;
            for authority in &line.authority {
                if !on_line.contains(&authority.office) {
                    return Err(Unsound::Unknown {
                        place: format!("the authority on line {}", line.id),
                        what: "office on that line",
                        id: authority.office.to_string(),
                    });
                }
                if authority.up_to == Precedence::Routine {
                    return Err(Unsound::RoutineAuthority {
                        line: line.id.to_string(),
                        office: authority.office.to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    fn validate_subjects(&self) -> Result<(), Unsound> {
        count("subjects", self.subjects.len(), 0..=SUBJECTS_MAX)?;
        let mut seen = BTreeSet::new();
        for subject in &self.subjects {
            if !seen.insert(&subject.id) {
                return Err(Unsound::Order { what: "subject", id: subject.id.to_string() });
            }
            texts(&format!("the text of subject {}", subject.id), &subject.text)?;
        }
        Ok(())
    }

    fn known_party(&self, place: String, id: &PartyId) -> Result<(), Unsound> {
        if self.parties.iter().any(|party| party.id == *id) {
            return Ok(());
        }
        Err(Unsound::Unknown { place, what: "party", id: id.to_string() })
    }
}

/// All keys seen so far; each may stand in one place only.
#[derive(Default)]
struct Keys(BTreeSet<Vec<u8>>);

impl Keys {
    fn hybrid(&mut self, place: String, key: &HybridPublic) -> Result<(), Unsound> {
        if !key.is_well_formed() {
            return Err(Unsound::Key { place });
        }
        self.once(place.clone(), &key.ml_dsa_87)?;
        self.ed25519(place, &key.ed25519)
    }

    fn ed25519(&mut self, place: String, key: &[u8; 32]) -> Result<(), Unsound> {
        if !ed25519_is_well_formed(key) {
            return Err(Unsound::Key { place });
        }
        self.once(place, key)
    }

    fn once(&mut self, place: String, key: &[u8]) -> Result<(), Unsound> {
        if self.0.insert(key.to_vec()) { Ok(()) } else { Err(Unsound::KeyTwice { place }) }
    }
}

fn sorted<'a, T: Ord + Debug + 'a>(what: &'static str, ids: impl Iterator<Item = &'a T>) -> Result<(), Unsound> {
    let mut last = None;
    for id in ids {
        if last.is_some_and(|last| last >= id) {
            return Err(Unsound::Order { what, id: format!("{id:?}") });
        }
        last = Some(id);
    }
    Ok(())
}

fn count(what: &str, found: usize, bounds: RangeInclusive<usize>) -> Result<(), Unsound> {
    if bounds.contains(&found) {
        return Ok(());
    }
    Err(Unsound::Count { what: what.to_owned(), found, least: *bounds.start(), most: *bounds.end() })
}

fn range<T: Copy + PartialOrd + Into<u32>>(
    what: &'static str,
    found: T,
    bounds: RangeInclusive<T>,
) -> Result<(), Unsound> {
    if bounds.contains(&found) {
        return Ok(());
    }
    let (least, most) = ((*bounds.start()).into(), (*bounds.end()).into());
    Err(Unsound::Range { what, found: found.into(), least, most })
}

fn text(place: &str, text: &str, max: usize) -> Result<(), Unsound> {
    refuse(text, Form::Name, max).map_err(|why| Unsound::Text { place: place.to_owned(), why })
}

fn texts(place: &str, texts: &Texts) -> Result<(), Unsound> {
    for (language, value) in [("English", &texts.en), ("Japanese", &texts.ja), ("Korean", &texts.ko)] {
        text(&format!("{place} ({language})"), value, TEXT_MAX)?;
    }
    Ok(())
}

/// Is this a name for a carrier: 1 to 16 of `a-z 0-9 -`?
pub fn is_carrier(name: &str) -> bool {
    let of = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=CARRIER_MAX).contains(&name.len()) && name.bytes().all(of)
}

/// Carrier, if one is named, and `host:port` of an address.
pub fn split_address(address: &str) -> (Option<&str>, &str) {
    address.split_once('=').map_or((None, address), |(carrier, rest)| (Some(carrier), rest))
}

/// `host:port` or `carrier=host:port`: a DNS name, an IPv4 address or an IPv6 address in brackets (RFC 3986 §3.2.2),
/// and a port above 0.
pub fn is_address(address: &str) -> bool {
    let (carrier, rest) = split_address(address);
    address.len() <= ADDRESS_MAX && carrier.is_none_or(is_carrier) && is_host_and_port(rest)
}

/// The origin of an address as browsers open it (RFC 6454 §4), in its one form: what follows host and port is left out,
/// and so is the scheme's usual port.
#[must_use]
pub fn origin_of(url: &str) -> String {
    let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let origin = url[..end].to_ascii_lowercase();
    let usual = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(usual).map_or(origin.clone(), str::to_owned)
}

/// A web origin in its one form (RFC 6454 §6.2): `https://host`, or `https://host:port` with another port than 443; in
/// lower case.
pub fn is_origin(origin: &str) -> bool {
    let Some(rest) = origin.strip_prefix("https://") else { return false };
    if origin.len() > ORIGIN_MAX || rest.bytes().any(|byte| byte.is_ascii_uppercase()) || rest.ends_with(":443") {
        return false;
    }
    let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    // A host alone is one with which a port would make an address.
    if has_port { is_host_and_port(rest) } else { is_host_and_port(&format!("{rest}:443")) }
}

fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else {
        return false;
    };
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if !digits || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return false;
    }
    if let Some(ipv6) = host.strip_prefix('[') {
        return ipv6.strip_suffix(']').is_some_and(|ipv6| ipv6.parse::<core::net::Ipv6Addr>().is_ok());
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

//! The demo's directory: keys, charter and configuration of three parties. Whatever is there already is kept.

use super::Arguments;
use super::cast::{OfficeRole, PARTIES, PartyRole};
use super::plan::{plan_text, toml_text};
use super::ports::{Ports, USUAL};
use crate::{Failure, charter, enrol, files, node_key, party};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use trialogue_charter::{NodeId, OfficeId, PartyId, Suite, VerifiedCharter};
use zeroize::Zeroizing;

/// How long the demo's links can be used: one day.
const LINK_VALID_MS: u64 = 24 * 60 * 60 * 1_000;

/// Everything that the demo stands on.
pub struct House {
    pub dir: PathBuf,
    pub ports: Ports,
    pub parties: Vec<Household>,
    charter: VerifiedCharter,
}

/// One party of the demo.
pub struct Household {
    pub role: &'static PartyRole,
    pub dir: PathBuf,
    pub node: String,
    pub web_port: u16,
    /// The directory of its alternate node, and its web port, if it has one.
    pub alternate: Option<(PathBuf, u16)>,
    root: party::Root,
}

/// Which of the ports are the alternate node's.
const ALTERNATE: u16 = PARTIES.len() as u16;

impl House {
    /// Makes what is missing.
    pub fn prepare(arguments: &Arguments) -> Result<Self, Failure> {
        let dir = arguments.dir.clone();
        files::make_dir(&dir)?;
        let file = dir.join("charter.cbor");
        let held = if file.exists() { Some(charter::verify(&file, None, None)?) } else { None };
        let ports = ports(arguments, held.as_ref())?;
        let mut parties = Vec::new();
        for (role, index) in PARTIES.iter().zip(0..) {
            let mut household = Household::prepare(role, &dir, ports, index)?;
            let there = held
                .as_ref()
                .is_some_and(|held| held.nodes.iter().any(|node| node.id.as_str() == household.alternate_node()));
            let asked = held.is_none() && arguments.alternate.as_deref() == Some(role.id);
            if there || asked {
                household.add_alternate(ports)?;
            }
            parties.push(household);
        }
        if let Some(party) = &arguments.alternate
            && !parties.iter().any(|household| household.role.id == party && household.alternate.is_some())
        {
            let why = format!("--alternate {party} cannot be given: write USA, JPN or KOR, and name a new --dir");
            return Err(Failure::said(why));
        }
        let charter = match held {
            Some(held) => held,
            None => agree(&dir, &file, &parties, arguments)?,
        };
        if arguments.suite.is_some_and(|suite| suite != charter.suite()) {
            let suite = charter.suite().name();
            return Err(Failure::said(format!(
                "the demo in {} has the suite {suite}: name another --dir",
                dir.display()
            )));
        }
        let house = Self { dir, ports, parties, charter };
        for (household, index) in house.parties.iter().zip(0..) {
            let config = house.node_toml(household, index, arguments.console_dir.as_deref())?;
            files::replace(&household.dir.join("node.toml"), config.as_bytes())?;
            if let Some((dir, _)) = &household.alternate {
                let config = house.node_toml(household, ALTERNATE, arguments.console_dir.as_deref())?;
                files::replace(&dir.join("node.toml"), config.as_bytes())?;
            }
        }
        Ok(house)
    }

    fn node_toml(&self, household: &Household, index: u16, console: Option<&Path>) -> Result<String, Failure> {
        let second = index == ALTERNATE;
        let mut text = format!(
            "# Written by `trialogue demo` at every start.\n\
             node = \"{node}\"\n\
             data_dir = \"data\"\n\
             charter = \"{up}charter.cbor\"\n\
             party_root = \"{root}\"\n\
             node_key = \"node.key\"\n\
             listen_web = \"127.0.0.1:{web}\"\n\
             # One click opens a console of the demo; it offers a passkey all the same.\n\
             passkeys = \"offered\"\n\
             # All addresses of this machine, so that a browser finds one that it may use.\n\
             listen_media = \"0.0.0.0:{media}\"\n\
             listen_link = \"127.0.0.1:{link}\"\n",
            node = if second { household.alternate_node() } else { household.node.clone() },
            up = if second { "../../" } else { "../" },
            root = household.root.key.public().fingerprint(),
            web = self.ports.web(index),
            media = self.ports.media(index),
            link = self.ports.link(index),
        );
        if let Some(console) = console {
            let path = std::path::absolute(console).map_err(|why| Failure::content(console, why))?;
            // Writing into a String cannot fail.
            let _ = writeln!(text, "console_dir = {}", toml_text(&path.to_string_lossy()));
        }
        if let Some((_, alternate)) = household.alternate {
            let (node, port) = if second {
                (household.node.clone(), household.web_port)
            } else {
                (household.alternate_node(), alternate)
            };
            // Each lets in pages of the other.
            let _ = writeln!(text, "web_origins = [\"http://localhost:{port}\"]");
            let _ = writeln!(text, "[[site]]\nnode = \"{node}\"\nurl = \"http://localhost:{port}\"");
        }
        Ok(text)
    }

    /// A new enrolment link for an office of the demo.
    pub fn link(&self, household: &Household, office: &OfficeRole) -> Result<Zeroizing<String>, Failure> {
        let id = OfficeId::new(office.id).map_err(|why| Failure::said(why.to_string()))?;
        let not_after_ms = enrol::now_ms()?.saturating_add(LINK_VALID_MS);
        let link = enrol::issue(&household.root, &self.charter, &id, office.person, not_after_ms)?;
        enrol::url(&household.url(), &link)
    }

    /// The charter has the office.
    pub fn has(&self, office: &OfficeRole) -> bool {
        self.charter.offices.iter().any(|known| known.id.as_str() == office.id)
    }

    /// The charter has a test line.
    pub fn has_stations(&self) -> bool {
        self.parties
            .iter()
            .flat_map(|party| &party.role.offices)
            .any(|office| office.role == "station" && self.has(office))
    }

    /// A new enrolment link for every office, by office.
    pub fn links(&self) -> Result<BTreeMap<&'static str, String>, Failure> {
        let mut links = BTreeMap::new();
        for household in &self.parties {
            for office in household.role.offices.iter().filter(|office| self.has(office)) {
                links.insert(office.id, self.link(household, office)?.as_str().to_owned());
            }
        }
        Ok(links)
    }

    /// What the demo prints when all nodes are up.
    pub fn announcement(&self) -> String {
        let mut text = String::from("\nThree parties are up, each with its own keys, data and process.\n");
        let desk = self.ports.desk();
        // Writing into a String cannot fail.
        for household in &self.parties {
            let role = household.role;
            let _ =
                writeln!(text, "\n{} — {}   (node {} at {})", role.id, role.name[0], household.node, household.url());
            for office in role.offices.iter().filter(|office| office.role != "station") {
                let _ = writeln!(text, "  {:<26} http://127.0.0.1:{desk}/{}", office.title[0], office.id);
            }
        }
        let _ = writeln!(
            text,
            "\nOpen one link of each party in its own browser window or profile: each makes a new one-time enrolment link.\n\
             Press a line on one, answer on the others. All links on one page: http://127.0.0.1:{desk}/\n\
             Logs, keys and journals: {}. Ctrl-C stops everything.",
            self.dir.display()
        );
        text
    }
}

impl Household {
    fn prepare(role: &'static PartyRole, house: &Path, ports: Ports, index: u16) -> Result<Self, Failure> {
        let lower = role.id.to_ascii_lowercase();
        let dir = house.join(&lower);
        let id = PartyId::new(role.id).map_err(|why| Failure::said(why.to_string()))?;
        if !dir.join("party.pub").exists() {
            let [name_en, name_ja, name_ko] = role.name.map(str::to_owned);
            party::init(&party::Init { party: id.clone(), name_en, name_ja, name_ko, token: None, out: dir.clone() })?;
        }
        let node = format!("{lower}-1");
        if !dir.join("node.pub").exists() {
            let node = NodeId::new(node.clone()).map_err(|why| Failure::said(why.to_string()))?;
            let address = vec![format!("127.0.0.1:{}", ports.link(index))];
            node_key::init(&node_key::Arguments { node, party: id, address, out: dir.clone() })?;
        }
        let root = party::read_root(&dir.join("root.key"))?;
        Ok(Self { role, dir, node, web_port: ports.web(index), alternate: None, root })
    }

    /// Id of its alternate node, if it has one.
    pub fn alternate_node(&self) -> String {
        format!("{}-2", self.role.id.to_ascii_lowercase())
    }

    fn add_alternate(&mut self, ports: Ports) -> Result<(), Failure> {
        let dir = self.dir.join("alternate");
        if !dir.join("node.pub").exists() {
            let party = PartyId::new(self.role.id).map_err(|why| Failure::said(why.to_string()))?;
            let node = NodeId::new(self.alternate_node()).map_err(|why| Failure::said(why.to_string()))?;
            let address = vec![format!("127.0.0.1:{}", ports.link(ALTERNATE))];
            node_key::init(&node_key::Arguments { node, party, address, out: dir.clone() })?;
        }
        self.alternate = Some((dir, ports.web(ALTERNATE)));
        Ok(())
    }

    /// Where browsers open this party's console. By name: a browser makes no passkey for a number.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.web_port)
    }
}

/// The ports of the charter that is there, or those asked for.
fn ports(arguments: &Arguments, held: Option<&VerifiedCharter>) -> Result<Ports, Failure> {
    let dir = arguments.dir.display();
    let Some(held) = held else {
        let base = arguments.base_port.unwrap_or(USUAL);
        return Ports::from(base).ok_or_else(|| {
            Failure::said(format!(
                "--base-port {base} is not usable: write a number from 1 to {}",
                u16::MAX - super::ports::SPAN
            ))
        });
    };
    let first = format!("{}-1", PARTIES[0].id.to_ascii_lowercase());
    let node = held.nodes.iter().find(|node| node.id.as_str() == first);
    let port = node.and_then(|node| node.addresses.first()?.rsplit_once(':')?.1.parse().ok());
    let ports = port
        .and_then(Ports::of_first_link)
        .ok_or_else(|| Failure::said(format!("the charter in {dir} was not made by the demo: name another --dir")))?;
    if arguments.base_port.is_some_and(|base| base != ports.base()) {
        return Err(Failure::said(format!("the demo in {dir} has the base port {}: name another --dir", ports.base())));
    }
    Ok(ports)
}

/// Drafts the charter from a plan that people can read, and has every party sign it.
fn agree(dir: &Path, file: &Path, parties: &[Household], arguments: &Arguments) -> Result<VerifiedCharter, Failure> {
    let plan = dir.join("charter.toml");
    let suite = arguments.suite.unwrap_or(Suite::Cnsa2);
    let alternates = parties.iter().filter(|household| household.alternate.is_some());
    let alternates: Vec<&str> = alternates.map(|household| household.role.id).collect();
    files::replace(&plan, plan_text(suite, &alternates, arguments.stations).as_bytes())?;
    let mut charter = charter::draft(&plan, None, None)?;
    for household in parties {
        charter.sign(&household.root.party, &household.root.key).map_err(|why| Failure::content(&plan, why))?;
    }
    files::replace(file, &charter.encode())?;
    charter::verify(file, None, None)
}

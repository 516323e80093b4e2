//! Keys, charter and configuration of some parties, made by the program itself as officers would.

use crate::command::run;
use crate::{LabError, desk};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Of every node; each is alone in its namespace.
const WEB_PORT: u16 = 8_443;
const MEDIA_PORT: u16 = 3_478;
const LINK_PORT: u16 = 4_460;

/// The line of the charter, with one office of each party on it.
pub const LINE: &str = "duty";

/// A party of a lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartyRole {
    /// As in the charter.
    pub id: &'static str,
    /// Of its node, its directory and its namespace.
    pub node: &'static str,
    /// In English.
    pub name: &'static str,
}

/// In the order of their nodes' indices.
pub const PARTIES: [PartyRole; 4] = [
    PartyRole { id: "USA", node: "usa", name: "United States" },
    PartyRole { id: "JPN", node: "jpn", name: "Japan" },
    PartyRole { id: "KOR", node: "kor", name: "Republic of Korea" },
    PartyRole { id: "AUS", node: "aus", name: "Australia" },
];

/// The other site of the first party: a node more, in the namespace of the first one.
pub(crate) const ALTERNATE: PartyRole = PartyRole { id: "USA", node: "usa-2", name: "United States" };

/// What the first party has beside its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extra {
    /// Nothing.
    #[default]
    Nothing,
    /// Another site: node `usa-2`, where `usa` is.
    Site,
    /// Its officer is at a [`crate::Desk`].
    Desk,
}

/// Cipher suite of the charter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suite {
    /// ML-KEM-1024 and ML-DSA-87.
    #[default]
    Cnsa2,
    /// X-Wing.
    Xwing,
}

/// Of the certificate of a node that serves a desk; the node's directory holds it.
pub(crate) const CERTIFICATE: &str = "web.crt";

/// Where all that is.
pub struct House {
    binary: PathBuf,
    dir: PathBuf,
    parties: Vec<PartyRole>,
    /// All of the parties', in the order of the charter.
    nodes: Vec<PartyRole>,
    /// The first party's consoles are at a desk.
    desk: bool,
}

impl House {
    /// Makes everything in an empty directory. `extra`: what the first party has beside its node. `addresses` gives
    /// those of a node, best first, as the charter names them.
    ///
    /// # Errors
    /// When the program refuses, with what it says.
    pub fn make(
        binary: &Path,
        dir: &Path,
        parties: &[PartyRole],
        extra: Extra,
        suite: Suite,
        mut addresses: impl FnMut(PartyRole) -> Result<Vec<String>, LabError>,
    ) -> Result<Self, LabError> {
        let nodes: Vec<_> = parties.iter().copied().chain((extra == Extra::Site).then_some(ALTERNATE)).collect();
        let house = Self {
            binary: binary.to_owned(),
            dir: dir.to_owned(),
            parties: parties.to_vec(),
            nodes,
            desk: extra == Extra::Desk,
        };
        let mut fingerprints = Vec::new();
        for party in parties {
            let (id, name, out) = (party.id, party.name, party.node);
            house.does(&[
                "party",
                "init",
                "--party",
                id,
                "--name-en",
                name,
                "--name-ja",
                name,
                "--name-ko",
                name,
                "--out",
                out,
            ])?;
            fingerprints.push(house.fingerprint(out)?);
        }
        for node in &house.nodes {
            let (id, out) = (node_id(*node), node.node.to_owned());
            let mut words = vec!["node-key".to_owned(), "--node".into(), id, "--party".into(), node.id.into()];
            for address in addresses(*node)? {
                words.extend(["--address".to_owned(), address]);
            }
            words.extend(["--out".to_owned(), out]);
            house.does(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        house.write("charter.toml", &house.plan(suite))?;
        house.does(&["charter", "draft", "--from", "charter.toml", "--out", "charter.cbor"])?;
        for party in parties {
            house.does(&[
                "charter",
                "sign",
                "--charter",
                "charter.cbor",
                "--root",
                &format!("{}/root.key", party.node),
            ])?;
        }
        if let Some(first) = parties.first().filter(|_| house.desk) {
            house.certify(*first)?;
        }
        for node in &house.nodes {
            let root = parties.iter().zip(&fingerprints).find(|(party, _)| party.id == node.id).map(|(_, root)| root);
            let text = house.node_toml(*node, root.map_or("", String::as_str), &addresses(*node)?);
            house.write(&format!("{}/node.toml", node.node), &text)?;
        }
        Ok(house)
    }

    /// A certificate for the address at which a desk finds the node.
    fn certify(&self, party: PartyRole) -> Result<(), LabError> {
        let made = rcgen::generate_simple_self_signed(vec![desk::NODE.to_string()])
            .map_err(|why| LabError::Certificate(why.to_string()))?;
        self.write(&format!("{}/{CERTIFICATE}", party.node), &made.cert.pem())?;
        self.write(&format!("{}/web.key", party.node), &made.signing_key.serialize_pem())
    }

    fn is_at_desk(&self, node: PartyRole) -> bool {
        self.desk && self.parties.first() == Some(&node)
    }

    fn web(&self, node: PartyRole) -> String {
        if self.is_at_desk(node) { format!("https://{}:{WEB_PORT}", desk::NODE) } else { web(node) }
    }

    /// Of the root of a party, which its node pins.
    fn fingerprint(&self, party: &str) -> Result<String, LabError> {
        let path = self.dir.join(party).join("party.pub");
        let text = std::fs::read_to_string(&path).map_err(|why| LabError::Io(path.display().to_string(), why))?;
        let line = text.lines().find_map(|line| line.strip_prefix("# Fingerprint: "));
        line.map(|line| line.trim().to_owned()).ok_or_else(|| LabError::Unknown(format!("fingerprint of {party}")))
    }

    fn plan(&self, suite: Suite) -> String {
        let list = |what: &dyn Fn(&PartyRole) -> String| {
            self.parties.iter().map(|party| format!("\"{}\"", what(party))).collect::<Vec<_>>().join(", ")
        };
        let offices = list(&|party| office(party.node));
        let authority: Vec<_> =
            self.parties.iter().map(|party| format!("{} = \"flash\"", office(party.node))).collect();
        let nodes: Vec<_> = self.nodes.iter().map(|node| format!("\"{}/node.pub\"", node.node)).collect();
        let mut text = format!(
            "name = \"Lab\"\nserial = 1\nsuite = \"{}\"\nparties = [{}]\nnodes = [{}]\n\n[policy]\nescalate_seconds = 15\n\n\
             [[line]]\nid = \"{LINE}\"\nname = {}\nmarking = \"TEST\"\noffices = [{offices}]\nauthority = {{ {} }}\n",
            match suite {
                Suite::Cnsa2 => "cnsa2",
                Suite::Xwing => "xwing",
            },
            list(&|party| format!("{}/party.pub", party.node)),
            nodes.join(", "),
            three("Duty officers"),
            authority.join(", "),
        );
        for party in &self.parties {
            let (id, title) = (office(party.node), three("Duty officer"));
            text.push_str(&format!("\n[[office]]\nid = \"{id}\"\nparty = \"{}\"\ntitle = {title}\n", party.id));
        }
        text
    }

    /// A new enrolment link for the duty officer of a party.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn link(&self, party: PartyRole) -> Result<String, LabError> {
        let (root, office) = (format!("{}/root.key", party.node), office(party.node));
        let url = self.web(party);
        let words = [
            "enrol",
            "--root",
            &root,
            "--charter",
            "charter.cbor",
            "--office",
            &office,
            "--person",
            "A B",
            "--node-url",
            &url,
        ];
        Ok(self.does(&words)?.trim().to_owned())
    }

    /// Where everything of a party is.
    pub fn of(&self, party: PartyRole) -> PathBuf {
        self.dir.join(party.node)
    }

    /// The nodes of all parties, in the order of the charter.
    pub fn nodes(&self) -> &[PartyRole] {
        &self.nodes
    }

    /// The parties, in the order of the charter.
    pub fn parties(&self) -> &[PartyRole] {
        &self.parties
    }

    /// `addresses` are those of the charter: `carrier=host:port`.
    fn node_toml(&self, node: PartyRole, root: &str, addresses: &[String]) -> String {
        let others = self.nodes.iter().filter(|other| other.id == node.id && **other != node);
        let (mut origins, mut sites) = (String::new(), String::new());
        for other in others {
            origins = format!("web_origins = [\"{}\"]\n", web(*other));
            sites = format!("\n[[site]]\nnode = \"{}\"\nurl = \"{}\"\n", node_id(*other), web(*other));
        }
        let carriers = addresses.iter().filter_map(|address| address.split_once('='));
        let carrier = |(name, listen)| format!("\n[[carrier]]\nname = \"{name}\"\nlisten = \"{listen}\"\n");
        let carriers: String = carriers.map(carrier).collect();
        let (host, tls) = match self.is_at_desk(node) {
            true => {
                ("0.0.0.0", format!("tls_cert = \"{CERTIFICATE}\"\ntls_key = \"web.key\"\npasskeys = \"offered\"\n"))
            }
            false => ("127.0.0.1", String::new()),
        };
        format!(
            "node = \"{}\"\ndata_dir = \"data\"\ncharter = \"../charter.cbor\"\nparty_root = \"{root}\"\n\
             node_key = \"node.key\"\nlisten_web = \"{host}:{}\"\nlisten_media = \"0.0.0.0:{}\"\n{tls}{origins}{sites}{carriers}",
            node_id(node),
            port(WEB_PORT, node),
            port(MEDIA_PORT, node),
        )
    }

    fn does(&self, words: &[&str]) -> Result<String, LabError> {
        run(Command::new(&self.binary).current_dir(&self.dir).args(words))
    }

    fn write(&self, file: &str, text: &str) -> Result<(), LabError> {
        let path = self.dir.join(file);
        std::fs::write(&path, text).map_err(|why| LabError::Io(path.display().to_string(), why))
    }
}

/// The link port at an address of a carrier, as the charter names it.
pub(crate) fn link_address(carrier: &str, address: std::net::Ipv4Addr, node: PartyRole) -> String {
    format!("{carrier}={address}:{}", port(LINK_PORT, node))
}

fn office(node: &str) -> String {
    format!("{node}-duty-officer")
}

fn three(text: &str) -> String {
    format!("{{ en = \"{text}\", ja = \"{text}\", ko = \"{text}\" }}")
}

/// As the charter names it.
fn node_id(node: PartyRole) -> String {
    if node == ALTERNATE { node.node.to_owned() } else { format!("{}-1", node.node) }
}

/// Of a node: two of one party are on one machine.
fn port(first: u16, node: PartyRole) -> u16 {
    if node == ALTERNATE { first + 1 } else { first }
}

fn web(node: PartyRole) -> String {
    format!("http://127.0.0.1:{}", port(WEB_PORT, node))
}

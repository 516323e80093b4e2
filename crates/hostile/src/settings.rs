//! Files that people write or are handed, and commands that a program is given: `node.toml`, `charter.toml`, lines for
//! an endpoint.

use crate::world::{XWING, node};
use std::path::Path;
use trialogue::Failure;
use trialogue::charter::draft_text;
use trialogue_charter::keyfile::{NodePublic, NodeSecret, PartyPublic};
use trialogue_charter::{PartyId, UnverifiedCharter};
use trialogue_endpoint::{Control, Lines};
use trialogue_node::Config;

/// Where both files are said to be.
const HERE: &str = "/nowhere";

/// `node.toml`. What is wrong is said with a line that there is, and a remedy.
pub fn node_toml(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    match Config::parse(&Path::new(HERE).join("node.toml"), text) {
        Ok(config) => {
            assert!(config.web_tls.is_some() || config.listen_web.ip().is_loopback(), "HTTP that others can read");
            assert!(!config.carriers.is_empty());
            true
        }
        Err(why) => {
            assert!(why.line.is_none_or(|line| (1..=text.lines().count() + 1).contains(&line)), "{why}");
            assert!(!why.remedy.is_empty());
            false
        }
    }
}

/// The file of the documentation, and one with all that it shows as a comment.
pub fn node_toml_seeds() -> Vec<Vec<u8>> {
    let shown = include_str!("../../../docs/node.toml");
    let least = "node = \"usa-1\"\ndata_dir = \"data\"\ncharter = \"charter.cbor\"\n\
        party_root = \"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\"\n\
        node_key = \"node.key\"\nlisten_web = \"127.0.0.1:8443\"\nlisten_media = \"0.0.0.0:3478\"\n";
    let more = "[[carrier]]\nname = \"fibre\"\nlisten = \"10.0.0.1:4460\"\n[[carrier]]\nname = \"sat\"\nlisten = \"10.1.0.1:4460\"\ncap_kbit = 64\n\
        [[site]]\nnode = \"usa-2\"\nurl = \"https://alternate.example\"\n[alert]\ncommand = [\"/bin/sh\", \"-x\"]\n\
        [alert.webhook]\nurl = \"https://hooks.example/x?y\"\ntoken_file = \"token\"\n\
        [alert.mail]\nserver = \"mail.example:587\"\nfrom = \"node@example.gov\"\nto = [\"duty@example.gov\"]\nuser = \"node\"\npassword_file = \"password\"\n";
    [shown.to_owned(), format!("{least}listen_link = \"0.0.0.0:4460\"\n"), format!("{least}{more}")]
        .into_iter()
        .map(String::into_bytes)
        .collect()
}

/// `charter.toml`, with key files of three parties beside it. What is drafted is a charter that others can read.
pub fn charter_toml(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let plan = Path::new(HERE).join("charter.toml");
    match draft_text(&plan, text, None, None, &beside) {
        Ok(charter) => {
            let bytes = charter.encode();
            assert_eq!(UnverifiedCharter::decode(&bytes).map(|again| again.encode()).as_ref(), Ok(&bytes));
            true
        }
        Err(why) => {
            if let Failure::Content { line: Some(line), .. } = &why {
                assert!((1..=text.lines().count() + 1).contains(line), "{why}");
            }
            false
        }
    }
}

/// `usa.pub` is its party's, `usa-1.pub` its node's.
fn beside(path: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    let missing = || Failure::said("there is no such file");
    let name = path.file_stem().and_then(|name| name.to_str()).ok_or_else(missing)?;
    let text = match name {
        "usa" | "jpn" | "kor" => {
            let id = name.to_uppercase();
            let party = XWING.charter.parties.iter().find(|party| party.id.as_str() == id).ok_or_else(missing)?;
            PartyPublic(party.clone()).to_text()
        }
        "usa-1" | "jpn-1" | "kor-1" => {
            // Its two keys must differ from each other, and from those of the others.
            let seed = std::array::from_fn(|at| name.as_bytes()[0] ^ (at as u8 & 32));
            let secret = NodeSecret::generate(node(name), &seed);
            let party = PartyId::new(name[..3].to_uppercase()).expect("fixture");
            NodePublic::of(&secret, party, vec![format!("{name}.example:4460")]).to_text()
        }
        _ => return Err(missing()),
    };
    Ok(zeroize::Zeroizing::new(text))
}

/// The plan of the specification, for these files.
pub fn charter_toml_seeds() -> Vec<Vec<u8>> {
    let spec = include_str!("../../../spec/charter.md");
    let plan = spec
        .split("## 9. ")
        .nth(1)
        .and_then(|rest| rest.split("```toml\n").nth(1))
        .and_then(|rest| rest.split("```").next())
        .expect("§9");
    let plan = plan
        .replace("\"usa/party.pub\", \"jpn/party.pub\"", "\"usa.pub\", \"jpn.pub\"")
        .replace("\"usa/node.pub\", \"jpn/node.pub\"", "\"usa-1.pub\", \"jpn-1.pub\"");
    vec![plan.into_bytes()]
}

/// Lines for an endpoint: the first byte says in pieces of how many bytes the others arrive. Taken: one of them is a
/// command.
pub fn commands(data: &[u8]) -> bool {
    let Some((piece, stream)) = data.split_first() else { return false };
    let read = |piece: usize| {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for mut part in stream.chunks(piece) {
            while !part.is_empty() {
                let (taken, line) = lines.take(part);
                assert!(taken > 0 && taken <= part.len());
                found.extend(line);
                part = &part[taken..];
            }
        }
        found.extend(lines.rest());
        found
    };
    let found = read(usize::from(*piece).max(1));
    assert_eq!(found, read(stream.len().max(1)));
    assert!(found.len() <= stream.iter().filter(|byte| **byte == b'\n').count() + 1);
    found.iter().any(|line: &Result<Control, String>| line.is_ok())
}

/// One of each that a person at the device gives, and some of an officer.
pub fn command_seeds() -> Vec<Vec<u8>> {
    let lines = "{\"do\":\"mute\"}\n{\"do\":\"unmute\"}\n{\"do\":\"camera_off\"}\n{\"do\":\"camera_on\"}\n{\"do\":\"measure\"}\n\
        {\"do\":\"reset_voice\"}\n{\"do\":\"restart_leg\"}\n{\"do\":\"attach\",\"line\":\"duty\",\"path\":\"/tmp/x\"}\n\
        {\"do\":\"save\",\"id\":\"00\",\"at\":0,\"to\":\"/tmp/y\"}\n{\"kind\":\"ring\",\"line\":\"duty\"}\nnonsense\n{\"do\":\"quit\"}";
    [0, 1, 7, 255].iter().map(|piece| [&[*piece][..], lines.as_bytes()].concat()).collect()
}

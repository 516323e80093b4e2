//! Three parties' nodes inside one program: each with its own keys, disk and ports, linked to the others over real
//! sockets.
//!
//! `cargo run -p trialogue-node --example three_nodes [-- SECONDS]`
//!
//! It waits until every node has a link to each other, prints where each one is with an enrolment link for its duty
//! officer, and runs until Ctrl-C or for so many seconds. `cargo run -p trialogue-endpoint --example ring -- LINK LINK
//! LINK` enrols consoles with the links. Everybody knows the fixture's keys: they are for trying things out alone.

use std::error::Error;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::{NodeId, Suite, UnverifiedCharter, VerifiedCharter};
use trialogue_node::{Config, Node};

/// Which suite the consoles' keys are of.
const SUITE: Suite = Suite::XWing;
/// Links are up within a second; a broken machine is told so after this.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().nth(1).map(|text| text.parse()).transpose()?;
    let keys = Trilateral::new(SUITE);
    let dir = tempfile::tempdir()?;
    let listen = free_ports(keys.charter.nodes.len())?;
    let charter = agree(&listen)?;
    std::fs::write(dir.path().join("charter.cbor"), charter.bytes())?;

    let mut nodes = Vec::new();
    for (agreed, listen) in charter.nodes.iter().zip(&listen) {
        let config = furnish(dir.path(), &keys, &charter, &agreed.id, *listen)?;
        nodes.push(Node::start(config).await?);
    }
    tokio::time::timeout(PATIENCE, linked(&nodes)).await.map_err(|_| "the nodes do not reach each other")?;
    for (agreed, node) in charter.nodes.iter().zip(&nodes) {
        let web = format!("http://{}", node.web_addr());
        let link = keys.enrolment(&format!("{}-duty", agreed.party.as_str().to_ascii_lowercase()), 1);
        println!("{} is at {web}, with links to {}", node.id(), links(node).join(", "));
        println!("  {web}/#{}", link.to_fragment().as_str());
    }

    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => tokio::signal::ctrl_c().await?,
    }
    for node in nodes {
        // Writes what waits for the disk, and says goodbye on its links.
        node.stop().await;
    }
    Ok(())
}

/// UDP ports that were free a moment ago.
fn free_ports(count: usize) -> std::io::Result<Vec<SocketAddr>> {
    let held: Vec<UdpSocket> = (0..count).map(|_| UdpSocket::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    held.iter().map(UdpSocket::local_addr).collect()
}

/// The fixture's charter with these addresses, signed by every party. It is only believed once all signatures are
/// there.
fn agree(listen: &[SocketAddr]) -> Result<VerifiedCharter, Box<dyn Error>> {
    let mut draft = fixture::charter(SUITE);
    for (node, listen) in draft.nodes.iter_mut().zip(listen) {
        node.addresses = vec![listen.to_string()];
    }
    let parties: Vec<_> = draft.parties.iter().map(|party| party.id.clone()).collect();
    let mut signed = UnverifiedCharter::draft(draft)?;
    for party in &parties {
        signed.sign(party, &fixture::root(party.as_str()))?;
    }
    Ok(signed.verify(None)?)
}

/// Writes a node's key file, and checks its configuration as that of a file; `docs/node.toml` shows every setting.
fn furnish(
    house: &Path,
    keys: &Trilateral,
    charter: &VerifiedCharter,
    node: &NodeId,
    listen: SocketAddr,
) -> Result<Config, Box<dyn Error>> {
    let dir = house.join(node.as_str());
    std::fs::create_dir_all(&dir)?;
    let secret = NodeSecret { node: node.clone(), journal: keys.journal(node).clone(), link: keys.link(node) };
    std::fs::write(dir.join("node.key"), secret.to_text().as_bytes())?;
    let party = charter.party_of_node(node).ok_or("the charter has no such node")?;
    let text = format!(
        "node = \"{node}\"\ndata_dir = \"data\"\ncharter = \"../charter.cbor\"\nparty_root = \"{root}\"\nnode_key = \"node.key\"\n\
         listen_web = \"127.0.0.1:0\"\nlisten_media = \"127.0.0.1:0\"\nlisten_link = \"{listen}\"\n",
        root = party.root.fingerprint()
    );
    Ok(Config::parse(&dir.join("node.toml"), &text)?)
}

/// Which other nodes a node has a link to.
fn links(node: &Node) -> Vec<String> {
    node.status().now().links.into_iter().filter(|link| link.up).map(|link| link.node).collect()
}

/// Waits until every node has a link to each other.
async fn linked(nodes: &[Node]) {
    while nodes.iter().any(|node| links(node).len() + 1 < nodes.len()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::limits::PATH_SECONDS;
use trialogue_charter::{Charter, NodeId, Suite, UnverifiedCharter, VerifiedCharter};
use trialogue_node::{Config, Node, NodeError};

/// Directories, keys and the charter of three parties.
pub struct House {
    pub dir: TempDir,
    pub keys: Trilateral,
    pub charter: VerifiedCharter,
    pub listen: Vec<SocketAddr>,
}

pub fn id(text: &str) -> NodeId {
    NodeId::new(text).unwrap()
}

/// A UDP port that was free a moment ago. It lies below the ports that the system gives out by itself (Linux: from
/// 32,768 on), so that no socket of a test takes it before the node does, and is given once in this process.
pub fn free_udp() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let at = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 18_000;
        let address = SocketAddr::from(([127, 0, 0, 1], 12_000 + at as u16));
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

impl House {
    pub fn new() -> Self {
        Self::reached_by(|_, listen| vec![listen])
    }

    /// `addresses`: under which the charter says that a node listening there is reached.
    pub fn reached_by(addresses: impl Fn(&NodeId, SocketAddr) -> Vec<SocketAddr>) -> Self {
        Self::written(|node, listen| addresses(node, listen).iter().map(ToString::to_string).collect())
    }

    /// `addresses`: as the charter writes them, with the carriers that they name.
    pub fn written(addresses: impl Fn(&NodeId, SocketAddr) -> Vec<String>) -> Self {
        Self::agreed(fixture::charter(Suite::XWing), addresses)
    }

    /// Nodes reach each other where they listen; every path is tested as often as may be.
    pub fn often_tested() -> Self {
        let mut draft = fixture::charter(Suite::XWing);
        draft.policy.tests.path_seconds = *PATH_SECONDS.start();
        Self::agreed(draft, |_, listen| vec![listen.to_string()])
    }

    fn agreed(mut draft: Charter, addresses: impl Fn(&NodeId, SocketAddr) -> Vec<String>) -> Self {
        let listen: Vec<_> = draft.nodes.iter().map(|_| free_udp()).collect();
        for (node, listen) in draft.nodes.iter_mut().zip(&listen) {
            node.addresses = addresses(&node.id, *listen);
        }
        let parties: Vec<_> = draft.parties.iter().map(|p| p.id.clone()).collect();
        let mut signed = UnverifiedCharter::draft(draft).unwrap();
        for party in &parties {
            signed.sign(party, &fixture::root(party.as_str())).unwrap();
        }
        let charter = signed.verify(None).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("charter.cbor"), charter.bytes()).unwrap();
        Self { dir, keys: Trilateral::new(Suite::XWing), charter, listen }
    }

    /// Writes `node.toml` and what it names, and gives its path.
    pub fn furnish(&self, node: &str) -> PathBuf {
        let node = id(node);
        let dir = self.dir.path().join(node.as_str());
        std::fs::create_dir_all(&dir).unwrap();
        let secret =
            NodeSecret { node: node.clone(), journal: self.keys.journal(&node).clone(), link: self.keys.link(&node) };
        std::fs::write(dir.join("node.key"), secret.to_text().as_bytes()).unwrap();
        let listen = self.listen[usize::from(self.charter.node_index(&node).unwrap())];
        let root = self.charter.party_of_node(&node).unwrap().root.fingerprint();
        let text = format!(
            "node = \"{node}\"\ndata_dir = \"data\"\ncharter = \"../charter.cbor\"\nparty_root = \"{root}\"\n\
             node_key = \"node.key\"\nlisten_web = \"127.0.0.1:0\"\nlisten_media = \"127.0.0.1:0\"\nlisten_link = \"{listen}\"\n"
        );
        let path = dir.join("node.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    pub async fn start(&self, node: &str) -> Node {
        self.start_with(Config::read(&self.furnish(node)).unwrap()).await
    }

    /// A node of this house with a configuration that is its own.
    pub async fn start_with(&self, config: Config) -> Node {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            match Node::start(config.clone()).await {
                Ok(node) => return node,
                // A node that was just stopped gives its port back a moment later.
                Err(NodeError::Link(why)) => assert!(std::time::Instant::now() < until, "{why}"),
                Err(other) => panic!("{other}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// All three nodes.
    pub async fn start_all(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        for node in &self.charter.nodes {
            nodes.push(self.start(node.id.as_str()).await);
        }
        nodes
    }
}

/// Which other nodes a node has a link to.
pub fn links_up(node: &Node) -> Vec<String> {
    node.status().now().links.into_iter().filter(|l| l.up).map(|l| l.node).collect()
}

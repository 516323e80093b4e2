use super::House;
use futures_util::{SinkExt, StreamExt};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use trialogue_charter::{DeviceId, DeviceSecret, Hash, NodeId};
use trialogue_journal::{Act, Occasion, Statement, VerifiedEntry};
use trialogue_wire::console::{PROTOCOL, ToConsole, ToNode};

/// A console that speaks the protocol and nothing more.
pub struct Officer {
    pub secret: DeviceSecret,
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub nonce: [u8; 32],
    pub node: NodeId,
    /// Verified entries seen, by journal.
    pub seen: BTreeMap<NodeId, Vec<VerifiedEntry>>,
    number: u64,
    charter: Hash,
}

impl Officer {
    /// Connects and takes the challenge.
    pub async fn connect(house: &House, web: SocketAddr, office: &str) -> Self {
        let (secret, _, _) = house.keys.device(office, 1);
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{web}/console")).await.unwrap();
        let first = socket.next().await.unwrap().unwrap().into_data();
        let ToConsole::Challenge { nonce, node, .. } = trialogue_wire::decode(&first).unwrap() else {
            panic!("no challenge first")
        };
        Self {
            secret,
            socket,
            nonce,
            node,
            seen: BTreeMap::new(),
            number: trialogue_wall_ms(),
            charter: house.charter.hash(),
        }
    }

    /// Connects and logs in.
    pub async fn on_watch(house: &House, web: SocketAddr, office: &str) -> Self {
        let mut officer = Self::connect(house, web, office).await;
        let (_, certificate, _) = house.keys.device(office, 1);
        let signature = officer.secret.prove(&officer.node, "", &officer.nonce).to_vec();
        officer
            .say(&ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch: true, origin: String::new() })
            .await;
        officer.hear(house, |m| matches!(m, ToConsole::Welcome { .. })).await;
        officer
    }

    pub async fn say(&mut self, message: &ToNode) {
        self.socket.send(Message::Binary(trialogue_wire::encode(message).into())).await.unwrap();
    }

    /// Signs an act and sends it.
    pub async fn act(&mut self, line: &str, act: Act) -> u64 {
        self.number += 1;
        let line = trialogue_charter::LineId::new(line).unwrap();
        let at = Occasion { node: self.node.clone(), charter: self.charter, now_ms: trialogue_wall_ms() };
        let statement = Statement::new(self.secret.id(), self.number, &at, line, act);
        let statement = statement.sign(&self.secret).0;
        self.say(&ToNode::State { statement, bodies: Vec::new() }).await;
        self.number
    }

    /// Reads until a message fits, and keeps all entries on the way.
    pub async fn hear(&mut self, house: &House, mut fits: impl FnMut(&ToConsole) -> bool) -> ToConsole {
        loop {
            let message = self.next(house).await.expect("the console was closed");
            if fits(&message) {
                return message;
            }
        }
    }

    /// The next message; none: closed.
    pub async fn next(&mut self, house: &House) -> Option<ToConsole> {
        let message =
            tokio::time::timeout(std::time::Duration::from_secs(60), self.socket.next()).await.unwrap()?.ok()?;
        let Message::Binary(bytes) = message else { return None };
        let message: ToConsole = trialogue_wire::decode(&bytes).unwrap();
        if let ToConsole::Entries { bundles } = &message {
            for bundle in bundles {
                let entry = VerifiedEntry::open(&bundle.entry, &house.charter).unwrap();
                self.seen.entry(entry.entry().node.clone()).or_default().push(entry);
            }
        }
        Some(message)
    }

    /// Reads until an entry of a journal fits.
    pub async fn sees(&mut self, house: &House, node: &str, fits: impl Fn(&VerifiedEntry) -> bool) {
        let node = NodeId::new(node).unwrap();
        while !self.seen.get(&node).is_some_and(|entries| entries.iter().any(&fits)) {
            self.next(house).await.expect("the console was closed");
        }
    }

    pub fn id(&self) -> DeviceId {
        self.secret.id()
    }
}

fn trialogue_wall_ms() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64
}

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// Stands before a node and lets only some others through, as a border would.
pub struct Relay(JoinSet<()>);

impl Relay {
    /// Passes what `allowed` sends to `front` on to `back`, and the answers back.
    pub async fn start(front: SocketAddr, back: SocketAddr, allowed: Vec<SocketAddr>) -> Self {
        let front = Arc::new(UdpSocket::bind(front).await.unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut ways: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
            let mut answers = JoinSet::new();
            let mut buffer = [0; 2_048];
            loop {
                let Ok((len, from)) = front.recv_from(&mut buffer).await else { continue };
                if !allowed.contains(&from) {
                    continue;
                }
                let way = match ways.entry(from) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let way = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
                        let (front, back_way) = (front.clone(), way.clone());
                        answers.spawn(async move {
                            let mut buffer = [0; 2_048];
                            while let Ok((len, _)) = back_way.recv_from(&mut buffer).await {
                                let _ = front.send_to(&buffer[..len], from).await;
                            }
                        });
                        new.insert(way)
                    }
                };
                let _ = way.send_to(&buffer[..len], back).await;
            }
        });
        Self(tasks)
    }
}

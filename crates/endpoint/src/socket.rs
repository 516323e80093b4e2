//! The WebSocket to the node, as a task between two bounded channels.

use crate::tls;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use trialogue_charter::origin_of;
use trialogue_wire::limits::MESSAGE_MAX;

/// Messages that wait in either direction before the WebSocket is given up: far more than an honest node sends at once.
const QUEUE: usize = 1_024;

/// What the WebSocket did. The number tells apart a WebSocket from the one before.
pub enum SocketEvent {
    Opened(u64),
    Received(u64, Vec<u8>),
    /// It closed, or could not be opened: why, for the log.
    Closed(u64, Option<String>),
}

/// How long a closing WebSocket may take to write what waits.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// The sending half; dropping it closes the WebSocket.
pub struct Sender {
    queue: mpsc::Sender<Vec<u8>>,
    task: JoinHandle<()>,
}

impl Sender {
    /// Sends a message; false: too many wait, or it has closed.
    pub fn try_send(&self, bytes: Vec<u8>) -> bool {
        self.queue.try_send(bytes).is_ok()
    }

    /// Closes it once everything that waits has been written, or after two seconds.
    pub async fn close(self) {
        let Self { queue, task } = self;
        drop(queue);
        // One that hangs goes with the process.
        let _ = tokio::time::timeout(CLOSE_MAX, task).await;
    }
}

/// Either kind of stream.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Where the node is: `http://HOST[:PORT]` or `https://HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    tls: bool,
    host: String,
    port: u16,
}

impl Address {
    /// Reads an address; what follows the port does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let number = |port: &str| port.parse::<u16>().ok();
        let (host, port) = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(number(port.strip_prefix(':')?)?)),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(number(port)?)),
                None => (authority, None),
            },
        };
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        (!host.is_empty()).then(|| Self { tls, host: host.to_owned(), port })
    }

    /// Host and port, as `ToSocketAddrs` takes them.
    pub fn host(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Its web origin, in the form in which charters have it.
    pub fn origin(&self) -> String {
        origin_of(&format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority()))
    }

    fn url(&self) -> String {
        format!("{}://{}/console", if self.tls { "wss" } else { "ws" }, self.authority())
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }
}

/// Opens a WebSocket in the background. `ca`: certificates to trust instead of the system's.
pub fn open(number: u64, address: &Address, ca: Option<PathBuf>, events: mpsc::Sender<SocketEvent>) -> Sender {
    let (queue, mut outgoing) = mpsc::channel::<Vec<u8>>(QUEUE);
    let address = address.clone();
    let task = tokio::spawn(async move {
        let connected = tokio::select! {
            connected = connect(&address, ca) => connected,
            // Nothing is sent before it is open: nobody wants it any more.
            _ = outgoing.recv() => return,
        };
        let why = match connected {
            Ok(socket) => {
                let _ = events.send(SocketEvent::Opened(number)).await;
                carry(number, socket, outgoing, &events).await;
                None
            }
            Err(why) => Some(why),
        };
        let _ = events.send(SocketEvent::Closed(number, why)).await;
    });
    Sender { queue, task }
}

async fn connect(address: &Address, ca: Option<PathBuf>) -> Result<WebSocketStream<Box<dyn Stream>>, String> {
    let tcp = TcpStream::connect(address.host()).await.map_err(|why| format!("the node is not reached: {why}"))?;
    tcp.set_nodelay(true).map_err(|why| why.to_string())?;
    let stream: Box<dyn Stream> = if address.tls {
        let name = ServerName::try_from(address.host.clone()).map_err(|why| why.to_string())?;
        let connector = TlsConnector::from(tls::config(ca.as_deref())?);
        Box::new(connector.connect(name, tcp).await.map_err(|why| format!("TLS with the node failed: {why}"))?)
    } else {
        Box::new(tcp)
    };
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
    let opened = tokio_tungstenite::client_async_with_config(address.url(), stream, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(|why| format!("the node refused the WebSocket: {why}"))
}

async fn carry(
    number: u64,
    mut socket: WebSocketStream<Box<dyn Stream>>,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
    events: &mpsc::Sender<SocketEvent>,
) {
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if events.send(SocketEvent::Received(number, bytes.into())).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            bytes = outgoing.recv() => match bytes {
                Some(bytes) => if socket.send(Message::Binary(bytes.into())).await.is_err() {
                    return;
                },
                None => {
                    let _ = socket.close(None).await;
                    return;
                }
            },
        }
    }
}

/// A channel for [`open`]'s events.
pub fn events() -> (mpsc::Sender<SocketEvent>, mpsc::Receiver<SocketEvent>) {
    mpsc::channel(QUEUE)
}

#[cfg(test)]
mod tests {
    use super::{Address, events, open};
    use std::time::Duration;
    use tokio::io::AsyncReadExt as _;

    /// Nobody waits any more for what never answers, and nothing of it is left.
    #[tokio::test]
    async fn a_node_that_answers_nothing_is_let_go() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = format!("http://127.0.0.1:{}", listener.local_addr().expect("bound").port());
        let (sender, mut said) = events();
        let socket = open(1, &Address::parse(&address).expect("an address"), None, sender);
        let (mut peer, _) = listener.accept().await.expect("it connects");
        assert!(peer.read_u8().await.is_ok(), "it asks for a WebSocket");
        drop(socket);
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(60), peer.read_to_end(&mut rest)).await;
        assert!(closed.is_ok_and(|read| read.is_ok()), "the connection is closed");
        assert!(said.recv().await.is_none(), "and nothing is said of it");
    }

    #[test]
    fn addresses_are_read_strictly() {
        let url = |text: &str| Address::parse(text).map(|address| address.url());
        assert_eq!(url("http://localhost:8443"), Some("ws://localhost:8443/console".into()));
        assert_eq!(url("https://node.example"), Some("wss://node.example:443/console".into()));
        assert_eq!(url("https://node.example/x#enrol=abc"), Some("wss://node.example:443/console".into()));
        assert_eq!(url("http://[::1]:80/"), Some("ws://[::1]:80/console".into()));
        for bad in ["", "localhost", "ftp://x", "http://", "http://x:y", "http://x:99999", "http://[::1]8"] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }
}

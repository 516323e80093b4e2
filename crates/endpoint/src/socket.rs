//! The WebSocket to the node, as a task between two bounded channels.

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use trialogue_wire::limits::MESSAGE_MAX;

/// Messages that wait in either direction before the WebSocket is given up: far more than an honest node sends at once.
const QUEUE: usize = 1_024;

/// What the WebSocket did. The number tells apart a WebSocket from the one before.
pub enum SocketEvent {
    Opened(u64),
    Received(u64, Vec<u8>),
    Closed(u64),
}

/// The sending half; dropping it closes the WebSocket.
pub type Sender = mpsc::Sender<Vec<u8>>;

/// Opens a WebSocket in the background. `address`: `http://…` or `https://…` of the node.
pub fn open(number: u64, address: &str, events: mpsc::Sender<SocketEvent>) -> Sender {
    let (sender, mut outgoing) = mpsc::channel::<Vec<u8>>(QUEUE);
    let url = format!("{}/console", address.replacen("http", "ws", 1));
    tokio::spawn(async move {
        let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
        if let Ok((mut socket, _)) = tokio_tungstenite::connect_async_with_config(url, Some(config), true).await {
            let _ = events.send(SocketEvent::Opened(number)).await;
            loop {
                tokio::select! {
                    message = socket.next() => match message {
                        Some(Ok(Message::Binary(bytes))) => {
                            if events.send(SocketEvent::Received(number, bytes.into())).await.is_err() { break }
                        }
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                        Some(Ok(_)) => {}
                    },
                    bytes = outgoing.recv() => match bytes {
                        Some(bytes) => if socket.send(Message::Binary(bytes.into())).await.is_err() { break },
                        None => { let _ = socket.close(None).await; break }
                    },
                }
            }
        }
        let _ = events.send(SocketEvent::Closed(number)).await;
    });
    sender
}

/// A channel for [`open`]'s events.
pub fn events() -> (mpsc::Sender<SocketEvent>, mpsc::Receiver<SocketEvent>) {
    mpsc::channel(QUEUE)
}

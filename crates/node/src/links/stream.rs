//! The control stream of one connection, and its datagrams.

use super::{LinkEvent, OnDatagram};
use crate::counters::Counters;
use crate::outbox::Outgoing;
use quinn::{Connection, RecvStream, SendStream};
use tokio::sync::mpsc;
use trialogue_charter::NodeId;
use trialogue_wire::frame::{FrameReader, frame};

/// Application close codes (RFC 9000 §20.2).
pub(super) mod code {
    use quinn::VarInt;
    /// Another connection to the same node stays instead.
    pub const DUPLICATE: VarInt = VarInt::from_u32(1);
    /// Something was said that this protocol does not know.
    pub const PROTOCOL: VarInt = VarInt::from_u32(2);
    /// The node stops.
    pub const SHUTDOWN: VarInt = VarInt::from_u32(3);
    /// The control task does not want this link now.
    pub const REFUSED: VarInt = VarInt::from_u32(4);
}

/// A connection that could become the link to a node.
pub(super) struct Candidate {
    pub connection: Connection,
    pub send: SendStream,
    pub receive: RecvStream,
    /// This side dialled it.
    pub dialled_here: bool,
}

/// Reads messages until the stream ends or says something that is none.
pub(super) async fn read(
    node: NodeId,
    connection: Connection,
    mut receive: RecvStream,
    events: mpsc::Sender<LinkEvent>,
    counters: Counters,
) {
    let mut reader = FrameReader::default();
    while let Ok(Some(chunk)) = receive.read_chunk(64 << 10, true).await {
        let mut rest: &[u8] = &chunk.bytes;
        while !rest.is_empty() {
            match reader.read(&mut rest) {
                Ok(Some(bytes)) => {
                    if events.send(LinkEvent::Message { node: node.clone(), bytes }).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    counters.count("link_malformed");
                    tracing::warn!(%node, %error, "a link was closed");
                    connection.close(code::PROTOCOL, b"bad frame");
                    return;
                }
            }
        }
    }
    connection.close(code::PROTOCOL, b"control stream ended");
}

/// Sends what the control task puts in, until it drops the other end. True: it did, and wants the link closed.
pub(super) async fn write(mut send: SendStream, mut out: Outgoing<Vec<u8>>) -> bool {
    // Control goes before nothing: datagrams have a queue of their own.
    while let Some(message) = out.next().await {
        let Ok(framed) = frame(&message) else {
            tracing::error!(len = message.len(), "a message too large for a link was not sent");
            continue;
        };
        if send.write_all(&framed).await.is_err() {
            return false;
        }
    }
    let _ = send.finish();
    true
}

/// Hands datagrams on until the connection ends.
pub(super) async fn datagrams(index: u8, connection: Connection, on_datagram: OnDatagram) {
    while let Ok(datagram) = connection.read_datagram().await {
        on_datagram(index, datagram);
    }
}

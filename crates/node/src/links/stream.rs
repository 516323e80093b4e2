//! The control stream of one path, and its datagrams.

use super::OnDatagram;
use super::media::MediaPath;
use bytes::Bytes;
use quinn::{Connection, RecvStream, SendStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use trialogue_wire::frame::FrameReader;
use trialogue_wire::limits::FRAME_MAX;
use trialogue_wire::path::{OPEN_MAX, PathFrame};

/// Application close codes (RFC 9000 §20.2).
pub(super) mod code {
    use quinn::VarInt;
    /// Another connection stays instead as this path.
    pub const DUPLICATE: VarInt = VarInt::from_u32(1);
    /// Something was said that this protocol does not know.
    pub const PROTOCOL: VarInt = VarInt::from_u32(2);
    /// The node stops.
    pub const SHUTDOWN: VarInt = VarInt::from_u32(3);
    /// The control task does not want this link now.
    pub const REFUSED: VarInt = VarInt::from_u32(4);
    /// There are as many paths as a link or a node may have.
    pub const FULL: VarInt = VarInt::from_u32(5);
    /// Nothing has come back for too long.
    pub const SILENT: VarInt = VarInt::from_u32(6);
}

/// This much is written at once, in bytes; less costs turns, more makes voices wait behind it.
const PIECE: usize = 600;
/// Between two pieces on a path that has turned out to be narrow: 11 kbit/s of control beside a voice of 47.
const NARROW_TURN: Duration = Duration::from_millis(450);
/// How often a path with a cap looks whether control may go on.
const TURN: Duration = Duration::from_millis(20);

/// What a path's reader says. All of one path comes in the order in which it happened.
pub(super) enum Said {
    /// One frame.
    Frame(Vec<u8>),
    /// The connection is gone.
    Gone,
}

/// Reads frames, however they were cut.
pub(super) struct Frames {
    receive: RecvStream,
    reader: FrameReader,
    rest: Bytes,
}

impl Frames {
    /// Until [`Frames::opened`] only short ones.
    pub(super) fn new(receive: RecvStream) -> Self {
        Self { receive, reader: FrameReader::new(OPEN_MAX), rest: Bytes::new() }
    }

    pub(super) fn opened(&mut self) {
        self.reader.allow(FRAME_MAX);
    }

    /// The next one; none: the stream has ended, or says something that is none.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut rest: &[u8] = &self.rest;
            let found = self.reader.read(&mut rest);
            let taken = self.rest.len() - rest.len();
            let _ = self.rest.split_to(taken);
            if let Some(frame) = found.ok()? {
                return Some(frame);
            }
            self.rest = self.receive.read_chunk(64 << 10, true).await.ok()??.bytes;
        }
    }
}

/// Reads until the path ends or says something that is no frame.
pub(super) async fn read(id: u64, connection: Connection, mut frames: Frames, said: mpsc::Sender<(u64, Said)>) {
    while let Some(frame) = frames.next().await {
        if said.send((id, Said::Frame(frame))).await.is_err() {
            return;
        }
    }
    connection.close(code::PROTOCOL, b"control stream ended");
    let _ = said.send((id, Said::Gone)).await;
}

/// Everything that a path's writer needs.
pub(super) struct Writer {
    pub send: SendStream,
    pub frames: mpsc::UnboundedReceiver<Bytes>,
    /// Bytes that wait in `frames`.
    pub waiting: Arc<AtomicUsize>,
    /// What the node with the lower id says before all else.
    pub begin: Option<u64>,
    /// Up to which number everything is here.
    pub received: watch::Receiver<u64>,
    pub media: Arc<MediaPath>,
}

/// Writes frames, and what was received whenever that has changed, until the path ends.
pub(super) async fn write(mut writer: Writer) {
    if let Some(begin) = writer.begin.and_then(|number| PathFrame::Begin(number).write().ok())
        && writer.send.write_all(&begin).await.is_err()
    {
        return;
    }
    loop {
        tokio::select! {
            biased;
            Ok(()) = writer.received.changed() => {
                let up_to = *writer.received.borrow_and_update();
                let Ok(frame) = PathFrame::Received(up_to).write() else { return };
                turn(&writer.media, frame.len()).await;
                if writer.send.write_all(&frame).await.is_err() {
                    return;
                }
            }
            frame = writer.frames.recv() => {
                let Some(frame) = frame else { return };
                let written = put(&mut writer.send, &frame, &writer.media).await;
                writer.waiting.fetch_sub(frame.len(), Ordering::Relaxed);
                if written.is_none() {
                    return;
                }
            }
        }
    }
}

async fn put(send: &mut SendStream, frame: &[u8], media: &MediaPath) -> Option<()> {
    for piece in frame.chunks(PIECE) {
        if media.cap.is_some() {
            turn(media, piece.len()).await;
        } else if media.is_busy() {
            tokio::time::sleep(NARROW_TURN).await;
        }
        send.write_all(piece).await.ok()?;
    }
    Some(())
}

/// Waits until the carrier's cap lets so much control pass.
async fn turn(media: &MediaPath, bytes: usize) {
    while !media.cap.as_ref().is_none_or(|cap| cap.control(bytes)) {
        tokio::time::sleep(TURN).await;
    }
}

/// Hands datagrams on until the connection ends.
pub(super) async fn datagrams(index: u8, connection: Connection, on_datagram: OnDatagram) {
    while let Ok(datagram) = connection.read_datagram().await {
        on_datagram(index, datagram);
    }
}

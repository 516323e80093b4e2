//! The opening of a path: both sides say which path it is, and the node with the lower id says which link it belongs
//! to.

use super::stream::{Frames, code};
use super::ways::PathKey;
use crate::counters::Counters;
use quinn::{Connection, SendStream};
use trialogue_wire::path::{Open, PathFrame};

/// A path that was opened and is not part of a link yet.
pub(super) struct Candidate {
    pub connection: Connection,
    pub send: SendStream,
    pub frames: Frames,
    /// This side dialled it.
    pub dialled_here: bool,
    /// Which of the local carriers.
    pub carrier: usize,
    pub key: PathKey,
    /// The life of the node with the higher id when the path was opened.
    pub life: u64,
    /// Which link it belongs to, as the node with the lower id said; none: this is that node, and has yet to say.
    pub link: Option<u64>,
}

/// Where a path is being opened.
#[derive(Clone)]
pub(super) struct Side {
    /// This node has the lower id of the two.
    pub lower: bool,
    /// Of this node, where it has the higher id.
    pub life: u64,
    pub carrier: usize,
    pub counters: Counters,
}

/// Opens a path that this side dialled. None: the other side does not speak this protocol, or closed it.
pub(super) async fn dialled(connection: Connection, open: Open, side: Side) -> Option<Candidate> {
    let (mut send, receive) = connection.open_bi().await.ok()?;
    let mut frames = Frames::new(receive);
    let open = Open { life: if side.lower { 0 } else { side.life }, ..open };
    say(&mut send, &PathFrame::Open(open.clone())).await?;
    let theirs = hear_open(&connection, &mut frames, &side.counters).await?;
    let key = PathKey::of(&open, side.lower);
    finish(connection, send, frames, true, key, theirs, side).await
}

/// Opens a path that the other side dialled.
pub(super) async fn accepted(connection: Connection, side: Side) -> Option<Candidate> {
    let Ok((mut send, receive)) = connection.accept_bi().await else {
        connection.close(code::PROTOCOL, b"no control stream");
        return None;
    };
    let mut frames = Frames::new(receive);
    let theirs = hear_open(&connection, &mut frames, &side.counters).await?;
    let own = Open { life: if side.lower { 0 } else { side.life }, ..theirs.clone() };
    say(&mut send, &PathFrame::Open(own)).await?;
    let key = PathKey::of(&theirs, !side.lower);
    finish(connection, send, frames, false, key, theirs, side).await
}

async fn finish(
    connection: Connection,
    send: SendStream,
    mut frames: Frames,
    dialled_here: bool,
    key: PathKey,
    theirs: Open,
    side: Side,
) -> Option<Candidate> {
    let mut link = None;
    if !side.lower {
        match frames.next().await.as_deref().map(PathFrame::parse) {
            Some(Ok(PathFrame::Begin(number))) => link = Some(number),
            _ => return refuse(&connection, &side.counters),
        }
    }
    frames.opened();
    let life = if side.lower { theirs.life } else { side.life };
    Some(Candidate { connection, send, frames, dialled_here, carrier: side.carrier, key, life, link })
}

async fn hear_open(connection: &Connection, frames: &mut Frames, counters: &Counters) -> Option<Open> {
    match frames.next().await.as_deref().map(PathFrame::parse) {
        Some(Ok(PathFrame::Open(open))) => Some(open),
        _ => refuse(connection, counters),
    }
}

async fn say(send: &mut SendStream, frame: &PathFrame<'_>) -> Option<()> {
    send.write_all(&frame.write().ok()?).await.ok()
}

/// A connection that is closed already keeps the reason that it has.
fn refuse<T>(connection: &Connection, counters: &Counters) -> Option<T> {
    if connection.close_reason().is_none() {
        counters.count("link_malformed");
        tracing::warn!("a node of the charter did not open a path as it should; the connection was closed");
        connection.close(code::PROTOCOL, b"not the opening of a path");
    }
    None
}

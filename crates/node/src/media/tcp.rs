//! ICE over TCP for consoles whose network passes nothing else: passive (RFC 6544), each packet with its length before
//! it (RFC 4571).

use super::framing::Framing;
use crate::door::{Group, Known, Places};
use crate::limits::door::{KEPT_FEW, MEDIA_PROVEN, MEDIA_STREAMS};
use crate::limits::media::{
    LEG_WITHIN_MS, PICTURES_WAITING_MAX, READS, SILENT_MS, STRANGER_BYTES, SYSTEM_BUFFER, WAITING_MAX,
};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use nix::sys::socket::{setsockopt, sockopt};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Most addresses listened on.
const LISTENERS_MAX: usize = 1_000;

/// What may be dropped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// A picture.
    Heavy,
    /// Anything else.
    Light,
}

impl Weight {
    /// Of a packet that str0m made: RTP is a picture, as voices are not sealed there; RTCP, STUN and DTLS are light
    /// (RFC 7983 §7, RFC 5761 §4).
    pub(super) fn of(packet: &[u8]) -> Self {
        match packet {
            [128..=191, kind, ..] if !(192..=223).contains(kind) => Weight::Heavy,
            _ => Weight::Light,
        }
    }
}

/// Listeners and connections.
pub(super) struct Tcp {
    listeners: Vec<(SocketAddr, TcpListener)>,
    first: usize,
    streams: BTreeMap<usize, Stream>,
    by_address: BTreeMap<SocketAddr, usize>,
    next: usize,
    /// Of connections that no leg has taken.
    places: Places,
    known: Known,
    by_place: BTreeMap<u64, usize>,
    /// Those that a leg has taken.
    proven: BTreeSet<usize>,
    /// Those of which there is more to read.
    again: BTreeSet<usize>,
}

struct Stream {
    socket: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    /// None: a leg has taken it.
    place: Option<u64>,
    read: Framing,
    read_bytes: usize,
    /// Begun, or light.
    waiting: VecDeque<u8>,
    /// Framed pictures.
    pictures: VecDeque<Vec<u8>>,
    pictures_bytes: usize,
    came_ms: u64,
    heard_ms: u64,
}

impl Tcp {
    /// Tokens from `first` on are its own: listeners, then connections.
    pub(super) fn new(first: usize) -> Self {
        let next = first + LISTENERS_MAX;
        let known = Known::default();
        Self {
            listeners: Vec::new(),
            first,
            streams: BTreeMap::new(),
            by_address: BTreeMap::new(),
            next,
            places: Places::new(MEDIA_STREAMS, KEPT_FEW, known.clone()),
            known,
            by_place: BTreeMap::new(),
            proven: BTreeSet::new(),
            again: BTreeSet::new(),
        }
    }

    /// Takes connections on one more address.
    pub(super) fn listen(
        &mut self,
        local: SocketAddr,
        mut listener: TcpListener,
        registry: &Registry,
    ) -> std::io::Result<()> {
        if self.listeners.len() >= LISTENERS_MAX {
            return Ok(());
        }
        registry.register(&mut listener, Token(self.first + self.listeners.len()), Interest::READABLE)?;
        self.listeners.push((local, listener));
        Ok(())
    }

    /// Something is to be done for a token; packets that came are given to `take` with source and destination.
    pub(super) fn ready(
        &mut self,
        token: usize,
        registry: &Registry,
        now_ms: u64,
        mut take: impl FnMut(SocketAddr, SocketAddr, &[u8]),
    ) {
        if token < self.first + LISTENERS_MAX {
            self.accept(token - self.first, registry, now_ms);
            return;
        }
        let Some(stream) = self.streams.get_mut(&token) else { return };
        let read = if stream.write_on() { stream.read(now_ms, &mut take) } else { Came::Over };
        match read {
            Came::All => drop(self.again.remove(&token)),
            Came::More => drop(self.again.insert(token)),
            Came::Over => self.close(token, registry),
        }
    }

    /// Tokens of which there is more to read: the system says so only once.
    pub(super) fn again(&self) -> impl Iterator<Item = usize> {
        self.again.iter().copied()
    }

    /// A leg has taken what came from there: it is no stranger's connection any more.
    pub(super) fn proven(&mut self, from: SocketAddr, registry: &Registry) {
        let Some(token) = self.by_address.get(&from).copied() else { return };
        let Some(place) = self.streams.get_mut(&token).and_then(|stream| stream.place.take()) else { return };
        self.places.leave(place);
        self.by_place.remove(&place);
        self.known.proven(Group::of(from.ip()));
        self.proven.insert(token);
        if self.proven.len() > MEDIA_PROVEN
            && let Some(oldest) = self.proven.first().copied()
        {
            self.close(oldest, registry);
        }
    }

    /// Sends or drops a packet; false: dropped.
    pub(super) fn send(&mut self, to: SocketAddr, packet: &[u8], weight: Weight) -> bool {
        let Some(stream) = self.by_address.get(&to).and_then(|token| self.streams.get_mut(token)) else { return false };
        let Ok(length) = u16::try_from(packet.len()) else { return false };
        match weight {
            Weight::Light if stream.waiting.len() + packet.len() + 2 <= WAITING_MAX => {
                stream.waiting.extend(length.to_be_bytes());
                stream.waiting.extend(packet);
            }
            Weight::Heavy if stream.pictures_bytes + packet.len() + 2 <= PICTURES_WAITING_MAX => {
                stream.pictures_bytes += packet.len() + 2;
                stream.pictures.push_back([&length.to_be_bytes()[..], packet].concat());
            }
            _ => return false,
        }
        // An error shows again when the system says that the connection is ready.
        stream.write_on()
    }

    /// Closes connections that have been silent, or of which no leg came.
    pub(super) fn sweep(&mut self, registry: &Registry, now_ms: u64, has_leg: impl Fn(SocketAddr) -> bool) {
        let over =
            |s: &Stream| s.heard_ms + SILENT_MS < now_ms || (s.came_ms + LEG_WITHIN_MS < now_ms && !has_leg(s.remote));
        let tokens: Vec<usize> = self.streams.iter().filter(|(_, s)| over(s)).map(|(token, _)| *token).collect();
        for token in tokens {
            self.close(token, registry);
        }
    }

    fn accept(&mut self, at: usize, registry: &Registry, now_ms: u64) {
        let Some((local, listener)) = self.listeners.get(at) else { return };
        let mut went = Vec::new();
        while let Ok((mut socket, remote)) = listener.accept() {
            let token = self.next;
            let ready = Interest::READABLE | Interest::WRITABLE;
            if registry.register(&mut socket, Token(token), ready).is_err() {
                continue;
            }
            self.next += 1;
            let _ = socket.set_nodelay(true);
            let _ = setsockopt(&socket, sockopt::SndBuf, &SYSTEM_BUFFER);
            let local = *local;
            let (place, gone) = self.places.take(Group::of(remote.ip()));
            self.by_place.insert(place, token);
            self.by_address.insert(remote, token);
            self.streams.insert(
                token,
                Stream {
                    socket,
                    local,
                    remote,
                    place: Some(place),
                    read: Framing::default(),
                    read_bytes: 0,
                    waiting: VecDeque::new(),
                    pictures: VecDeque::new(),
                    pictures_bytes: 0,
                    came_ms: now_ms,
                    heard_ms: now_ms,
                },
            );
            went.extend(gone.and_then(|gone| self.by_place.get(&gone)).copied());
        }
        for token in went {
            self.close(token, registry);
        }
    }

    fn close(&mut self, token: usize, registry: &Registry) {
        self.again.remove(&token);
        self.proven.remove(&token);
        if let Some(mut stream) = self.streams.remove(&token) {
            if let Some(place) = stream.place {
                self.places.leave(place);
                self.by_place.remove(&place);
            }
            if self.by_address.get(&stream.remote) == Some(&token) {
                self.by_address.remove(&stream.remote);
            }
            let _ = registry.deregister(&mut stream.socket);
        }
    }
}

impl Stream {
    /// Writes what waits, as far as it goes. False: the connection is over.
    fn write_on(&mut self) -> bool {
        loop {
            if self.waiting.is_empty() {
                let Some(picture) = self.pictures.pop_front() else { return true };
                self.pictures_bytes -= picture.len();
                self.waiting.extend(picture);
            }
            let (first, _) = self.waiting.as_slices();
            match self.socket.write(first) {
                Ok(0) => return false,
                Ok(n) => drop(self.waiting.drain(..n)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }

    /// Reads what is there, as far as its turn goes.
    fn read(&mut self, now_ms: u64, take: &mut impl FnMut(SocketAddr, SocketAddr, &[u8])) -> Came {
        let mut buffer = [0; 16 << 10];
        for _ in 0..READS {
            match self.socket.read(&mut buffer) {
                Ok(0) => return Came::Over,
                Ok(n) => {
                    self.heard_ms = now_ms;
                    self.read_bytes = self.read_bytes.saturating_add(n);
                    let (remote, local) = (self.remote, self.local);
                    let speaks = self.read.take(&buffer[..n], |packet| take(remote, local, packet)).is_ok();
                    if !speaks || self.place.is_some() && self.read_bytes > STRANGER_BYTES {
                        return Came::Over;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Came::All,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Came::Over,
            }
        }
        Came::More
    }
}

/// How far a connection was read.
enum Came {
    /// To its end for now.
    All,
    /// There is more.
    More,
    /// It is over, or does not speak RFC 4571.
    Over,
}

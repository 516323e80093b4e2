//! ICE over TCP for consoles whose network passes nothing else: passive (RFC 6544), each packet with its length before it (RFC 4571).

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use nix::sys::socket::{setsockopt, sockopt};
use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Most TCP connections at once, and of one address: an office behind one router has a few consoles.
const CONNECTIONS_MAX: usize = 256;
const PER_ADDRESS_MAX: usize = 32;
/// Most bytes waiting for a slow console: of voices and all else that is light, and of pictures, which go only when nothing light
/// waits. A key frame must fit.
const WAITING_MAX: usize = 32 << 10;
const PICTURES_WAITING_MAX: usize = 64 << 10;
/// What the system may keep of each connection, in bytes (it takes twice that). A voice waits behind it, so it is small.
const SYSTEM_BUFFER: usize = 16 << 10;
/// A connection that has not led to a leg by then is closed.
const LEG_WITHIN_MS: u64 = 10_000;
/// Most addresses listened on.
const LISTENERS_MAX: usize = 1_000;
/// Longest packet taken.
const LONGEST: usize = 2_048;
/// A connection on which nothing came for so long is closed.
const SILENT_MS: u64 = 30_000;
/// Most reads of one connection in one turn.
const READS: usize = 16;

/// What may be dropped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// A picture.
    Heavy,
    /// Anything else.
    Light,
}

impl Weight {
    /// Of a packet that str0m made: RTP is a picture, as voices are not sealed there; RTCP, STUN and DTLS are light (RFC 7983 §7, RFC 5761
    /// §4).
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
}

struct Stream {
    socket: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    read: Vec<u8>,
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
        Self { listeners: Vec::new(), first, streams: BTreeMap::new(), by_address: BTreeMap::new(), next }
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
        let alive = stream.write_on() && stream.read(now_ms, &mut take);
        if !alive {
            self.close(token, registry);
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
        while let Ok((mut socket, remote)) = listener.accept() {
            let token = self.next;
            let ready = Interest::READABLE | Interest::WRITABLE;
            let near = self.streams.values().filter(|s| s.remote.ip() == remote.ip()).count();
            let full = self.streams.len() >= CONNECTIONS_MAX || near >= PER_ADDRESS_MAX;
            if full || registry.register(&mut socket, Token(token), ready).is_err() {
                continue;
            }
            self.next += 1;
            let _ = socket.set_nodelay(true);
            let _ = setsockopt(&socket, sockopt::SndBuf, &SYSTEM_BUFFER);
            let local = *local;
            self.by_address.insert(remote, token);
            self.streams.insert(
                token,
                Stream {
                    socket,
                    local,
                    remote,
                    read: Vec::new(),
                    waiting: VecDeque::new(),
                    pictures: VecDeque::new(),
                    pictures_bytes: 0,
                    came_ms: now_ms,
                    heard_ms: now_ms,
                },
            );
        }
    }

    fn close(&mut self, token: usize, registry: &Registry) {
        if let Some(mut stream) = self.streams.remove(&token) {
            self.by_address.remove(&stream.remote);
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

    /// Reads what is there. False: the connection is over, or does not speak RFC 4571.
    fn read(&mut self, now_ms: u64, take: &mut impl FnMut(SocketAddr, SocketAddr, &[u8])) -> bool {
        let mut buffer = [0; 16 << 10];
        for _ in 0..READS * 64 {
            match self.socket.read(&mut buffer) {
                Ok(0) => return false,
                Ok(n) => {
                    self.heard_ms = now_ms;
                    self.read.extend_from_slice(&buffer[..n]);
                    if !self.take_whole(take) {
                        return false;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        // A console never sends so much at once.
        false
    }

    fn take_whole(&mut self, take: &mut impl FnMut(SocketAddr, SocketAddr, &[u8])) -> bool {
        let mut at = 0;
        while let Some((head, rest)) = self.read[at..].split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*head));
            if length > LONGEST {
                return false;
            }
            let Some(packet) = rest.get(..length) else { break };
            take(self.remote, self.local, packet);
            at += 2 + length;
        }
        self.read.drain(..at);
        true
    }
}

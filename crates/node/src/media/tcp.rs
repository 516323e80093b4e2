//! ICE over TCP for consoles whose network passes nothing else: passive (RFC 6544), each packet with its length before it (RFC 4571).

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Most TCP connections at once; a stranger can hold as many for as long as [`SILENT_MS`].
const CONNECTIONS_MAX: usize = 256;
/// Most bytes waiting for a slow console: 0.1 s of a busy one. More is dropped, as a network would.
const WAITING_MAX: usize = 256 << 10;
/// Longest packet taken.
const LONGEST: usize = 2_048;
/// A connection on which nothing came for so long is closed.
const SILENT_MS: u64 = 30_000;
/// Most reads of one connection in one turn.
const READS: usize = 16;

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
    waiting: VecDeque<u8>,
    heard_ms: u64,
}

impl Tcp {
    /// Tokens from `first` on are its own: listeners, then connections.
    pub(super) fn new(
        mut listeners: Vec<(SocketAddr, TcpListener)>,
        first: usize,
        registry: &Registry,
    ) -> std::io::Result<Self> {
        for (at, (_, listener)) in listeners.iter_mut().enumerate() {
            registry.register(listener, Token(first + at), Interest::READABLE)?;
        }
        let next = first + listeners.len();
        Ok(Self { listeners, first, streams: BTreeMap::new(), by_address: BTreeMap::new(), next })
    }

    /// Something is to be done for a token; packets that came are given to `take` with source and destination.
    pub(super) fn ready(
        &mut self,
        token: usize,
        registry: &Registry,
        now_ms: u64,
        mut take: impl FnMut(SocketAddr, SocketAddr, &[u8]),
    ) {
        if token < self.first + self.listeners.len() {
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
    pub(super) fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        let Some(stream) = self.by_address.get(&to).and_then(|token| self.streams.get_mut(token)) else { return false };
        let Ok(length) = u16::try_from(packet.len()) else { return false };
        if stream.waiting.len() + packet.len() + 2 > WAITING_MAX {
            return false;
        }
        stream.waiting.extend(length.to_be_bytes());
        stream.waiting.extend(packet);
        // An error shows again when the system says that the connection is ready.
        stream.write_on()
    }

    /// Closes connections that have been silent.
    pub(super) fn sweep(&mut self, registry: &Registry, now_ms: u64) {
        let silent = |s: &Stream| s.heard_ms + SILENT_MS < now_ms;
        let tokens: Vec<usize> = self.streams.iter().filter(|(_, s)| silent(s)).map(|(token, _)| *token).collect();
        for token in tokens {
            self.close(token, registry);
        }
    }

    fn accept(&mut self, at: usize, registry: &Registry, now_ms: u64) {
        while let Ok((mut socket, remote)) = self.listeners[at].1.accept() {
            let token = self.next;
            let ready = Interest::READABLE | Interest::WRITABLE;
            if self.streams.len() >= CONNECTIONS_MAX || registry.register(&mut socket, Token(token), ready).is_err() {
                continue;
            }
            self.next += 1;
            let _ = socket.set_nodelay(true);
            let local = self.listeners[at].0;
            self.by_address.insert(remote, token);
            self.streams.insert(
                token,
                Stream { socket, local, remote, read: Vec::new(), waiting: VecDeque::new(), heard_ms: now_ms },
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
        while !self.waiting.is_empty() {
            let (first, _) = self.waiting.as_slices();
            match self.socket.write(first) {
                Ok(0) => return false,
                Ok(n) => drop(self.waiting.drain(..n)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
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

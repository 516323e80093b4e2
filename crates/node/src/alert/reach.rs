//! Reaches a server by whichever of its addresses answers first (RFC 8305 §5): one that leads nowhere uses up no alert.

use super::{Failure, cause};
use crate::limits::alert::{ADDRESSES_MAX, NEXT_ADDRESS};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A connection to a server of this name.
pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, Failure> {
    let addresses = lookup_host((host, port)).await.map_err(|e| Failure::Unreachable(cause(e)))?;
    connect_any(in_turn(addresses)).await.map_err(|e| Failure::Unreachable(cause(e)))
}

/// As the system orders them, but families alternate: all of one may lead nowhere.
fn in_turn(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let addresses: Vec<SocketAddr> = addresses.collect();
    let first_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut other): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_v6);
    let mut all = Vec::new();
    while let Some(address) = first.pop_front() {
        all.push(address);
        all.extend(other.pop_front());
    }
    all.extend(other);
    all.truncate(ADDRESSES_MAX);
    all
}

/// Each is tried once the one before has failed, or has said nothing for [`NEXT_ADDRESS`]; what was begun goes on.
async fn connect_any(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut tries = JoinSet::new();
    let mut why = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    let mut addresses = addresses.into_iter();
    loop {
        let next = addresses.next();
        let is_last = next.is_none();
        if let Some(address) = next {
            tries.spawn(TcpStream::connect(address));
        }
        let patience = if is_last { std::time::Duration::MAX } else { NEXT_ADDRESS };
        match timeout(patience, tries.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => why = error,
            Ok(Some(Err(ended))) => why = io::Error::other(ended),
            // None is under way any more, and there is no other.
            Ok(None) if is_last => return Err(why),
            Ok(None) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use tokio::net::TcpListener;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn families_alternate_and_their_order_stays() {
        let given = ["[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "192.0.2.1:1", "192.0.2.2:1"];
        let wanted = ["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "192.0.2.2:1", "[2001:db8::3]:1"];
        assert_eq!(in_turn(given.map(address).into_iter()), wanted.map(address));
        let many = (0..1_000).map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        assert_eq!(in_turn(many).len(), ADDRESSES_MAX);
        assert!(in_turn(std::iter::empty()).is_empty());
    }

    #[tokio::test]
    async fn an_address_that_leads_nowhere_keeps_nothing_from_the_next() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = server.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        // Of the block for documentation (RFC 5737): no way leads there, or nobody answers.
        let nowhere = address("192.0.2.1:9");
        for before in [vec![], vec![closed], vec![nowhere], vec![nowhere, closed, nowhere]] {
            let stream = connect_any(before.into_iter().chain([there]).collect()).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), there);
        }
        assert_eq!(connect_any(vec![closed]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(connect_any(vec![]).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

//! The addresses on which legs come in.

use super::{MediaConfig, MediaError};
use mio::net::{TcpListener, UdpSocket};
use nix::net::if_::InterfaceFlags;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

/// Most local addresses listened on; each costs two descriptors and a line in every answer.
const ADDRESSES_MAX: usize = 16;
/// How often another free port is tried when port 0 was asked for.
const TRIES: usize = 16;
/// Asked of the system for each socket: half a second of a busy node, should the thread be late.
const BUFFER: usize = 4 << 20;

/// Open sockets, one UDP and one TCP per local address, all on one port.
pub(super) struct Bound {
    pub(super) udp: Vec<(SocketAddr, UdpSocket)>,
    pub(super) tcp: Vec<(SocketAddr, TcpListener)>,
    pub(super) port: u16,
}

/// Opens everything that `config` asks for. One socket per address, so that answers leave from where the question came
/// in (RFC 8445 §6.1.2.2) and the system need not be asked for the address of each packet.
pub(super) fn bind(config: &MediaConfig) -> Result<Bound, MediaError> {
    let addresses = if config.listen.ip().is_unspecified() { local() } else { vec![config.listen.ip()] };
    let mut last = None;
    for _ in 0..TRIES {
        match bind_all(&addresses, config.listen.port()) {
            Ok(bound) => return Ok(bound),
            Err(failed) if config.listen.port() == 0 => last = Some(failed),
            Err(failed) => return Err(failed),
        }
    }
    Err(last.unwrap_or(MediaError::Start(std::io::ErrorKind::AddrNotAvailable.into())))
}

fn bind_all(addresses: &[IpAddr], wanted: u16) -> Result<Bound, MediaError> {
    let (mut udp, mut tcp, mut port, mut failed) = (Vec::new(), Vec::new(), wanted, None);
    for ip in addresses {
        match bind_one(*ip, port) {
            Ok((address, socket, listener)) => {
                port = address.port();
                udp.push((address, socket));
                tcp.push((address, listener));
            }
            // Somebody else has the port: the operator must know.
            Err(MediaError::Listen { address, source }) if source.kind() == ErrorKind::AddrInUse => {
                return Err(MediaError::Listen { address, source });
            }
            // An address may be about to come or go; the others serve.
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(failed) if udp.is_empty() => Err(failed),
        _ => Ok(Bound { udp, tcp, port }),
    }
}

/// One UDP and one TCP socket on an address; port 0: a free one for both.
pub(super) fn bind_one(ip: IpAddr, port: u16) -> Result<(SocketAddr, UdpSocket, TcpListener), MediaError> {
    let address = SocketAddr::new(ip, port);
    let failed = |source| MediaError::Listen { address, source };
    let socket = UdpSocket::bind(address).map_err(failed)?;
    let address = SocketAddr::new(ip, socket.local_addr().map_err(failed)?.port());
    prepare(&socket);
    let listener = TcpListener::bind(address).map_err(|source| MediaError::Listen { address, source })?;
    Ok((address, socket, listener))
}

/// Larger buffers, as far as the system allows, and times of arrival; less is no error.
fn prepare(socket: &UdpSocket) {
    use nix::sys::socket::{setsockopt, sockopt};
    let _ = setsockopt(socket, sockopt::SndBuf, &BUFFER);
    let _ = setsockopt(socket, sockopt::RcvBuf, &BUFFER);
    // When a datagram arrived, for the measure of delay.
    let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

/// Addresses of this machine that a browser may use: loopback too, and no link-local ones, whose zone a candidate
/// cannot say.
pub(super) fn local() -> Vec<IpAddr> {
    let mut found = BTreeSet::new();
    if let Ok(interfaces) = nix::ifaddrs::getifaddrs() {
        for interface in interfaces.filter(|i| i.flags.contains(InterfaceFlags::IFF_UP)) {
            let Some(storage) = interface.address else { continue };
            if let Some(v4) = storage.as_sockaddr_in() {
                found.insert(IpAddr::V4(v4.ip()));
            } else if let Some(v6) = storage.as_sockaddr_in6()
                && !v6.ip().is_unicast_link_local()
            {
                found.insert(IpAddr::V6(v6.ip()));
            }
        }
    }
    if found.is_empty() {
        found.insert(IpAddr::from([127, 0, 0, 1]));
    }
    // Loopback is never left out, whatever else there is.
    let (mut first, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(IpAddr::is_loopback);
    first.extend(rest);
    first.truncate(ADDRESSES_MAX);
    first
}

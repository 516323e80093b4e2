//! Which addresses count as one.

use std::net::IpAddr;

/// Addresses that count as one: an IPv4 address, or a /64 of IPv6, which is what one household or office is given. It
/// has no text: addresses are no matter for logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group(u64);

impl Group {
    /// The group of an address. IPv4 stands where no IPv6 network can: below `::/64`.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u64::from(v4.to_bits())),
            // `::/64` is loopback and what is mapped: no network of others. One bit tells it from the IPv4 addresses.
            IpAddr::V6(v6) => Self(((v6.to_bits() >> 64) as u64).max(1 << 32)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Group::of(a.parse().unwrap()) == Group::of(b.parse().unwrap())
    }

    #[test]
    fn an_address_of_ipv4_and_a_network_of_ipv6_count_as_one() {
        assert!(same("192.0.2.1", "::ffff:192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2") && !same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(!same("::1", "0.0.0.1") && !same("::1", "0.0.0.0") && !same("2001:db8::1", "255.255.255.255"));
    }
}

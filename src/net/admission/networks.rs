//! Which addresses are of a local network, whatever an operator allows besides.

use std::net::{IpAddr, Ipv6Addr};

/// Loopback, private (RFC 1918), link-local (RFC 3927, RFC 4291) and
/// unique-local (RFC 4193) addresses. `peer` is no IPv4-mapped one.
pub(super) fn is_local(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => {
            v6 == Ipv6Addr::LOCALHOST || v6.is_unicast_link_local() || v6.is_unique_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_local_and_public_ones_are_not() {
        for local in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.9.9",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "febf::1",
            "fd00::1",
            "fc00::1",
        ] {
            assert!(is_local(local.parse().unwrap()), "{local}");
        }
        for foreign in [
            "8.8.8.8",
            "172.32.0.1",
            "172.15.0.1",
            "192.169.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "2001:db8::1",
            "fec0::1",
            "ff02::1",
            "::",
            "203.0.114.1",
        ] {
            assert!(!is_local(foreign.parse().unwrap()), "{foreign}");
        }
    }
}

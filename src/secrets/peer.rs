//! Whose address counts as one. Never: what is counted.

use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or a network of IPv6: whoever has one address of a /64 has all of
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer(IpAddr);

impl Peer {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) if v6.is_loopback() => Self(v6.into()),
            IpAddr::V6(v6) => {
                let [one, two, three, four, ..] = v6.segments();
                Self(Ipv6Addr::new(one, two, three, four, 0, 0, 0, 0).into())
            }
        }
    }

    /// On this machine.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }

    /// As it is kept: an address, the network's first one for IPv6.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::of(text.parse().unwrap())
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer_and_an_address_of_ipv4_another() {
        assert_eq!(peer("fd00::1"), peer("fd00::2"));
        assert_ne!(peer("fd00::1"), peer("fd00:0:0:1::1"));
        assert_ne!(peer("10.0.0.1"), peer("10.0.0.2"));
        assert_eq!(peer("10.0.0.1"), peer("::ffff:10.0.0.1"));
        assert!(peer("::1").is_loopback() && peer("127.0.0.7").is_loopback());
        assert!(!peer("::2").is_loopback());
        assert_eq!(peer("fd00::1:2").address(), "fd00::".parse::<IpAddr>().unwrap());
    }
}

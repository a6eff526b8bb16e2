//! Who stays out, until when. Never: who may say so.

use crate::wire::Name;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// Who is banned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Banned {
    /// A network; one address is a network of one.
    Network(IpNet),
    /// A name, and what looks like it.
    Name(Name),
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    pub who: Banned,
    /// Its end, in seconds since 1970; none where it has none.
    pub until: Option<i64>,
    /// The operator, as shown.
    pub by: Box<str>,
    /// One line; may be empty.
    pub reason: Box<str>,
}

impl Banned {
    /// A network, an address, or else a name; none for anything else. What would
    /// match a network's inside only in part (`10.1.2.3/16`) is that network.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Network(address.to_canonical().into()));
        }
        match text.parse::<IpNet>() {
            Ok(network) => Some(Self::Network(network.trunc())),
            Err(_) => Name::parse(text).ok().map(Self::Name),
        }
    }

    /// What makes two the same: a name's key, a network as it is shown.
    pub fn key(&self) -> String {
        match self {
            Self::Name(name) => name.key().to_owned(),
            Self::Network(network) => network.to_string(),
        }
    }

    /// Whether an address is in it.
    pub fn has(&self, peer: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.contains(&peer.to_canonical()))
    }
}

impl fmt::Display for Banned {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(out, "{}", network.addr())
            }
            Self::Network(network) => write!(out, "{network}"),
            Self::Name(name) => out.write_str(name.shown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_banned_is_a_network_an_address_or_a_name() {
        for (text, shown) in [
            ("10.1.0.0/16", "10.1.0.0/16"),
            ("10.1.2.3/16", "10.1.0.0/16"),
            ("10.1.2.3", "10.1.2.3"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("fe80::/10", "fe80::/10"),
            ("Mallory", "Mallory"),
            ("10.1", "10.1"),
        ] {
            assert_eq!(Banned::parse(text).unwrap().to_string(), shown);
        }
        for bad in ["", "a b", "#room", "10.1.0.0/33", "/list"] {
            assert_eq!(Banned::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_network_has_its_addresses_in_either_form() {
        let network = Banned::parse("10.1.0.0/16").unwrap();
        assert!(network.has("10.1.255.1".parse().unwrap()));
        assert!(network.has("::ffff:10.1.0.1".parse().unwrap()));
        assert!(!network.has("10.2.0.1".parse().unwrap()));
        assert!(!Banned::parse("mallory").unwrap().has("10.1.0.1".parse().unwrap()));
    }
}

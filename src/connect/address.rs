//! Where to connect and by what name: `[NAME@][HOST][:PORT]`, read once into
//! types. An IPv6 address may have a zone: `fe80::1%eth0`. Never: sockets,
//! defaults that come from the environment.

use crate::limits::DEFAULT_PORT;
use crate::wire::Name;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// A server to go to, and the name to go by; what was left out is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub name: Option<Name>,
    pub host: Option<String>,
    pub port: Option<u16>,
}

/// Where a server is: a host's name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
}

impl Target {
    /// What is left out here is taken from `fallback`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            name: self.name.or(fallback.name),
            // A port belongs to its host: another host's port is no default.
            port: self.port.or(if self.host.is_none() { fallback.port } else { None }),
            host: self.host.or(fallback.host),
        }
    }

    /// The server meant; this machine and the usual port by default.
    pub fn server(&self) -> Server {
        Server {
            host: self.host.clone().unwrap_or_else(|| "localhost".to_owned()),
            port: self.port.unwrap_or(DEFAULT_PORT),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, server) = match text.rsplit_once('@') {
            Some((name, server)) => (name, server),
            None => ("", text),
        };
        let name = match name {
            "" => None,
            name => Some(Name::parse(name).map_err(|error| error.to_string())?),
        };
        let (host, port) = parse_server(server)?;
        Ok(Self { name, host, port })
    }
}

/// `HOST`, `HOST:PORT`, `[IPv6]:PORT`, or an IPv6 address as it is.
impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.split_once('%').map_or(text, |(address, _)| address);
        if address.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self { host: text.to_owned(), port: DEFAULT_PORT });
        }
        match parse_server(text)? {
            (Some(host), port) => Ok(Self { host, port: port.unwrap_or(DEFAULT_PORT) }),
            (None, _) => Err("no host".to_owned()),
        }
    }
}

impl From<SocketAddr> for Server {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            address => address.ip().to_string(),
        };
        Self { host, port: address.port() }
    }
}

impl Server {
    /// Whether it is on this very machine, as far as its name says so.
    pub fn is_this_machine(&self) -> bool {
        self.host == "localhost"
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

fn parse_server(server: &str) -> Result<(Option<String>, Option<u16>), String> {
    let (host, port) = split_port(server)?;
    let host = (!host.is_empty()).then(|| host.to_owned());
    let port = match port {
        None => None,
        Some(port) => match port.parse::<u16>() {
            Ok(port) if port != 0 => Some(port),
            _ => return Err(format!("{port:?} is no port (1 to 65535)")),
        },
    };
    Ok((host, port))
}

/// The host without its brackets, and what stands behind the colon.
fn split_port(server: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = server.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("a `[` without its `]`")?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if port.is_empty() => Ok((host, None)),
            None => Err(format!("{port:?} behind the `]`: expected `:PORT`")),
        };
    }
    match server.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            Err(format!("an IPv6 address goes in brackets: [{server}]"))
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((server, None)),
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match host.contains(':') {
            true => write!(f, "[{host}]:{port}"),
            false => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, Option<String>, Option<u16>) {
        let target: Target = text.parse().unwrap();
        (target.name.map(|name| name.shown().to_owned()), target.host, target.port)
    }

    #[test]
    fn every_part_may_be_left_out() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts(""), (None, None, None));
        assert_eq!(parts("bob@"), (some("bob"), None, None));
        assert_eq!(parts("hall"), (None, some("hall"), None));
        assert_eq!(parts(":7000"), (None, None, Some(7000)));
        assert_eq!(parts("bob@hall:7000"), (some("bob"), some("hall"), Some(7000)));
        assert_eq!(parts("bob@[::1]:7000"), (some("bob"), some("::1"), Some(7000)));
        assert_eq!(parts("[fe80::1%eth0]"), (None, some("fe80::1%eth0"), None));
    }

    #[test]
    fn what_is_no_target() {
        for text in ["_bob@hall", "hall:", "hall:0", "hall:65536", "::1", "[::1", "[::1]7000"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_is_a_host_with_or_without_its_port() {
        for (text, wanted) in [
            ("127.0.0.1", "127.0.0.1:5260"),
            ("127.0.0.1:7", "127.0.0.1:7"),
            ("hall", "hall:5260"),
            ("::1", "[::1]:5260"),
            ("[::1]", "[::1]:5260"),
            ("[::1]:7", "[::1]:7"),
            ("fe80::1%eth0", "[fe80::1%eth0]:5260"),
            ("[fe80::1%eth0]:7", "[fe80::1%eth0]:7"),
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), wanted, "{text}");
        }
        for text in ["", ":7", "127.0.0.1:port", "1:2:3", "[::1"] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_of_a_socket_keeps_its_zone() {
        for text in ["127.0.0.1:7", "[::1]:7", "[fe80::1%2]:7"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Server::from(address).to_string(), text);
        }
    }

    #[test]
    fn a_port_stays_with_its_host() {
        let fallback: Target = "bob@hall:7000".parse().unwrap();
        let target = |text: &str| text.parse::<Target>().unwrap().or(fallback.clone());
        assert_eq!(target("").server().to_string(), "hall:7000");
        assert_eq!(target("attic").server().to_string(), "attic:5260");
        assert_eq!(target(":7001").server().to_string(), "hall:7001");
        assert_eq!(target("ann@[::1]").server().to_string(), "[::1]:5260");
    }
}

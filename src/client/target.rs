//! Whom to chat as and where: `[NAME@][HOST][:PORT]`, read once into types.
//! Never: sockets, defaults that come from the environment.

use crate::limits::DEFAULT_PORT;
use crate::wire::Name;
use std::fmt;
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
        let (host, port) = split_port(server)?;
        let host = (!host.is_empty()).then(|| host.to_owned());
        let port = match port {
            None => None,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port != 0 => Some(port),
                _ => return Err(format!("{port:?} is no port (1 to 65535)")),
            },
        };
        Ok(Self { name, host, port })
    }
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
    fn a_port_stays_with_its_host() {
        let fallback: Target = "bob@hall:7000".parse().unwrap();
        let target = |text: &str| text.parse::<Target>().unwrap().or(fallback.clone());
        assert_eq!(target("").server().to_string(), "hall:7000");
        assert_eq!(target("attic").server().to_string(), "attic:5260");
        assert_eq!(target(":7001").server().to_string(), "hall:7001");
        assert_eq!(target("ann@[::1]").server().to_string(), "[::1]:5260");
    }
}

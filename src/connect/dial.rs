//! From a host's name to a connection: every address that it has, in turn.
//! Never: what is said on the connection.

use super::address::Server;
use super::deadline::Deadline;
use super::error::Error;
use super::transport::tcp::{self, TcpReadHalf, TcpWriteHalf};
use super::transport::tls::{Handshake, shake_hands};
use super::transport::{ReadHalf, WriteHalf};
use super::trust::verifier::WrongKey;
use super::trust::{Protection, Trust, server_name, trust_anybody};
use crate::wire::{Code, Endpoint, Received, Refusal};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The two halves of a connection, and how it is protected.
#[derive(Debug)]
pub struct Dialled {
    pub reader: ReadHalf,
    pub writer: WriteHalf,
    pub protection: Protection,
    /// When the server's certificate ends, since 1970, if it has shown one.
    pub certificate_ends: Option<Duration>,
}

/// Connects to the first of the server's addresses that takes the connection.
/// Each address gets its share of what is left of the time, so that one that
/// doesn't answer leaves some for the next. By TLS, unless the trust is not to;
/// plain where the server has none, and never had.
///
/// # Errors
/// That of the last address that was tried; [`Error::WrongKey`] or
/// [`Error::Downgraded`] where the server may not be the one that it was.
pub fn dial(server: &Server, trust: &Trust, deadline: Deadline) -> Result<Dialled, Error> {
    let addresses = look_up(server, deadline)?;
    let connection = connect_to_any(&addresses, deadline)?;
    let Some(config) = trust.config(server)? else { return Ok(plain(connection, Vec::new())) };
    match shake_hands(connection, config, server_name(server)?, deadline) {
        Ok(Handshake::Done(reader, writer, data)) => {
            let (protection, certificate_ends) =
                (trust.met(server, &data), data.certificate_ends());
            let (reader, writer) = (ReadHalf::Tls(reader), WriteHalf::Tls(writer));
            Ok(Dialled { reader, writer, protection, certificate_ends })
        }
        Ok(Handshake::Plain(_, _, words)) if is_no_tls(&words) => {
            if trust.is_known(server)? {
                return Err(Error::Downgraded { path: trust.known_path() });
            }
            Ok(plain(connect_to_any(&addresses, deadline)?, Vec::new()))
        }
        // It has another reason; whoever greets reads it.
        Ok(Handshake::Plain(reader, writer, words)) => Ok(plain((reader, writer), words)),
        Err(Error::Tls(error)) => Err(match WrongKey::of(&error) {
            Some(WrongKey { shown, expected, is_wanted }) => {
                Error::WrongKey { shown, expected, is_wanted }
            }
            None => Error::Tls(error),
        }),
        Err(error) => Err(error),
    }
}

fn plain((reader, writer): (TcpReadHalf, TcpWriteHalf), words: Vec<u8>) -> Dialled {
    let (reader, writer) = (ReadHalf::Tcp(reader, words), WriteHalf::Tcp(writer));
    Dialled { reader, writer, protection: Protection::Plain, certificate_ends: None }
}

/// When the certificate that a server shows to anybody ends, since 1970; none where
/// it has no TLS. Nothing else is said to it.
///
/// # Errors
/// There is no connection, or no handshake.
pub fn certificate_ends(server: &Server, deadline: Deadline) -> Result<Option<Duration>, Error> {
    let connection = connect_to_any(&look_up(server, deadline)?, deadline)?;
    match shake_hands(connection, trust_anybody()?, server_name(server)?, deadline)? {
        Handshake::Done(_reader, writer, data) => {
            writer.half_close();
            Ok(data.certificate_ends())
        }
        Handshake::Plain(..) => Ok(None),
    }
}

/// Whether a server took the beginning of a handshake for a name.
fn is_no_tls(words: &[u8]) -> bool {
    let packet = Received::parse(words.trim_ascii()).ok();
    let error = packet.filter(|packet| packet.name == Endpoint::Error.name());
    let refusal = error.and_then(|packet| Refusal::parse(&packet.msg));
    refusal.is_some_and(|refusal| refusal.is(Code::BadName))
}

fn connect_to_any(
    addresses: &[SocketAddr],
    deadline: Deadline,
) -> Result<(TcpReadHalf, TcpWriteHalf), Error> {
    let mut failure = Error::NoSuchHost(ErrorKind::NotFound.into());
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.left()?;
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match tcp::connect(*address, share) {
            Ok(halves) => return Ok(halves),
            Err(error) if error.kind() == ErrorKind::TimedOut => failure = deadline.over(),
            Err(error) => failure = Error::Io(error),
        }
    }
    Err(failure)
}

/// The addresses of a host. The system's resolver has no deadline: it is asked
/// from a thread of its own, which ends when the resolver gives up.
fn look_up(server: &Server, deadline: Deadline) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(ip) = server.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, server.port)]);
    }
    let (found, answer) = channel();
    let (host, port) = (server.host.clone(), server.port);
    thread::Builder::new()
        .name("resolver".to_owned())
        .spawn(move || {
            let addresses = (host.as_str(), port).to_socket_addrs();
            // Fails where the deadline has passed meanwhile.
            found.send(addresses.map(Iterator::collect)).unwrap_or_default();
        })
        .map_err(Error::Io)?;
    let addresses: io::Result<Vec<SocketAddr>> = match answer.recv_timeout(deadline.left()?) {
        Ok(addresses) => addresses,
        Err(RecvTimeoutError::Timeout) => return Err(deadline.over()),
        Err(RecvTimeoutError::Disconnected) => Err(ErrorKind::NotFound.into()),
    };
    addresses.map_err(Error::NoSuchHost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv6Addr, SocketAddrV6, TcpListener};

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(20))
    }

    #[test]
    fn an_address_with_a_zone_keeps_it() {
        let server: Server = "[fe80::1%1]:7".parse().unwrap();
        let address: Ipv6Addr = "fe80::1".parse().unwrap();
        let wanted = SocketAddr::V6(SocketAddrV6::new(address, 7, 0, 1));
        assert_eq!(look_up(&server, soon()).unwrap(), [wanted]);
    }

    /// An address where nobody listens.
    fn closed() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[test]
    fn every_address_is_tried_until_one_takes_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        for addresses in [&[open][..], &[closed(), open], &[closed(), closed(), open, closed()]] {
            connect_to_any(addresses, soon()).unwrap();
            assert!(listener.accept().is_ok(), "{addresses:?}");
        }
        assert!(matches!(connect_to_any(&[closed(), closed()], soon()), Err(Error::Io(_))));
        assert!(matches!(connect_to_any(&[], soon()), Err(Error::NoSuchHost(_))));
    }

    #[test]
    fn no_address_is_tried_once_the_time_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let over = Deadline::after(Duration::ZERO);
        let result = connect_to_any(&[listener.local_addr().unwrap()], over);
        assert!(matches!(result, Err(Error::TimedOut(_))), "{result:?}");
    }

    #[test]
    fn a_host_without_a_listener_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Server { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
        dial(&server, &Trust::plain(), soon()).unwrap();
        drop(listener);
        assert!(matches!(dial(&server, &Trust::plain(), soon()), Err(Error::Io(_))));
    }
}

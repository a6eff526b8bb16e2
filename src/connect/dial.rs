//! From a host's name to a connection: every address that it has, in turn.
//! Never: what is said on the connection.

use super::address::Server;
use super::deadline::Deadline;
use super::error::Error;
use super::transport::{self, ReadHalf, WriteHalf};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

/// Connects to the first of the server's addresses that takes the connection.
/// Each address gets its share of what is left of the time, so that one that
/// doesn't answer leaves some for the next.
///
/// # Errors
/// That of the last address that was tried.
pub fn dial(server: &Server, deadline: Deadline) -> Result<(ReadHalf, WriteHalf), Error> {
    connect_to_any(&look_up(server, deadline)?, deadline)
}

fn connect_to_any(
    addresses: &[SocketAddr],
    deadline: Deadline,
) -> Result<(ReadHalf, WriteHalf), Error> {
    let mut failure = Error::NoSuchHost(ErrorKind::NotFound.into());
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.left()?;
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match transport::connect_tcp(*address, share) {
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
    use std::time::Duration;

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
        dial(&server, soon()).unwrap();
        drop(listener);
        assert!(matches!(dial(&server, soon()), Err(Error::Io(_))));
    }
}

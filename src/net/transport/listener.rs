//! Sockets that listen: one for each worker and address, between which the
//! kernel spreads the connections (`SO_REUSEPORT`, socket(7)). Never: who may
//! come in.

use super::kinds::Transport;
use crate::limits::{self, DEFAULT_PORT, LISTEN_BACKLOG};
use mio::net::TcpListener;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// One address, for all workers.
pub(crate) struct Listener {
    /// With the real port.
    pub address: SocketAddr,
    /// One for each worker.
    pub sockets: Vec<Acceptor>,
}

/// One worker's part of a listener.
#[derive(Debug)]
pub(crate) struct Acceptor(TcpListener);

impl Acceptor {
    /// From here on events tell when connections wait.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.0, token, Interest::READABLE)
    }

    /// The next connection that waits, and its peer's address.
    ///
    /// # Errors
    /// The system's error; `WouldBlock` where none waits.
    pub(crate) fn accept(&self) -> io::Result<(Transport, SocketAddr)> {
        let (stream, peer) = self.0.accept()?;
        Ok((Transport::tcp(stream), peer))
    }
}

impl Listener {
    /// A socket from the supervisor, shared by all workers: any of them may
    /// accept. It and its queue stay open when the process ends.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn inherited(
        listener: &std::net::TcpListener,
        workers: usize,
        user_timeout: Duration,
    ) -> io::Result<Self> {
        set_options(&SockRef::from(listener), user_timeout)?;
        let clone = |_| Ok(Acceptor(TcpListener::from_std(listener.try_clone()?)));
        let sockets = (0..workers).map(clone).collect::<io::Result<_>>()?;
        Ok(Self { address: listener.local_addr()?, sockets })
    }
}

/// Binds every address for so many workers. None means the default. A peer
/// that acknowledges nothing for `user_timeout` is gone.
///
/// # Errors
/// The address, and the system's error.
pub(crate) fn bind_all(
    wanted: &[SocketAddr],
    workers: usize,
    user_timeout: Duration,
) -> Result<Vec<Listener>, (SocketAddr, io::Error)> {
    if !wanted.is_empty() {
        let bind = |&address| {
            bind(address, wanted, workers, user_timeout).map_err(|error| (address, error))
        };
        return wanted.iter().map(bind).collect();
    }
    let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
    match bind(any, &[], workers, user_timeout) {
        Ok(listener) => Ok(vec![listener]),
        Err(error) if lacks_ipv6(&error) => {
            let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT));
            bind(any, &[], workers, user_timeout)
                .map(|listener| vec![listener])
                .map_err(|error| (any, error))
        }
        Err(error) => Err((any, error)),
    }
}

/// `EAFNOSUPPORT` or `EADDRNOTAVAIL`: no IPv6 in this kernel, or none switched on.
fn lacks_ipv6(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT) || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn bind(
    address: SocketAddr,
    wanted: &[SocketAddr],
    workers: usize,
    user_timeout: Duration,
) -> io::Result<Listener> {
    // The first is bound without SO_REUSEPORT, so that a port in use is an error
    // and not shared with another process; then the others are bound beside it.
    let first = open(address, wanted, user_timeout)?;
    first.bind(&address.into())?;
    first.set_reuse_port(true)?;
    let bound = first.local_addr()?.as_socket().unwrap_or(address);
    let mut sockets = vec![first];
    for _ in 1..workers {
        let next = open(address, wanted, user_timeout)?;
        next.set_reuse_port(true)?;
        next.bind(&bound.into())?;
        sockets.push(next);
    }
    let listen = |socket: Socket| {
        socket.listen(LISTEN_BACKLOG)?;
        Ok(Acceptor(TcpListener::from_std(socket.into())))
    };
    let sockets = sockets.into_iter().map(listen).collect::<io::Result<_>>()?;
    Ok(Listener { address: bound, sockets })
}

fn open(address: SocketAddr, wanted: &[SocketAddr], user_timeout: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        let ipv4_apart = wanted.iter().any(|a| a.is_ipv4() && a.port() == address.port());
        socket.set_only_v6(ipv4_apart)?;
    }
    socket.set_reuse_address(true)?;
    set_options(&socket, user_timeout)?;
    Ok(socket)
}

/// What every listener has, whoever opened it; connections inherit it (Linux:
/// tcp(7)).
fn set_options(socket: &Socket, user_timeout: Duration) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(user_timeout))?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(limits::KEEPALIVE_IDLE)
            .with_interval(limits::KEEPALIVE_INTERVAL)
            .with_retries(limits::KEEPALIVE_PROBES),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::test_support::DEADLINE;
    use std::net::TcpStream;
    use std::time::Instant;

    const USER_TIMEOUT: Duration = Duration::from_secs(77);

    /// The connection that a client makes, on the server's side.
    fn accepted(listener: &Listener) -> mio::net::TcpStream {
        let _client = TcpStream::connect(listener.address).unwrap();
        let deadline = Instant::now() + DEADLINE;
        loop {
            for socket in &listener.sockets {
                match socket.0.accept() {
                    Ok((stream, _)) => return stream,
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
            }
            assert!(Instant::now() < deadline, "nobody came");
        }
    }

    /// A packet goes out at once; a peer that is gone is found.
    fn assert_options(socket: SockRef<'_>) {
        assert!(socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), limits::KEEPALIVE_IDLE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), limits::KEEPALIVE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), limits::KEEPALIVE_PROBES);
    }

    #[test]
    fn a_connection_has_the_options_of_its_listener_at_every_worker() {
        let wanted = ["127.0.0.1:0".parse().unwrap()];
        let listeners = bind_all(&wanted, 3, USER_TIMEOUT).unwrap();
        assert_eq!(listeners[0].sockets.len(), 3);
        for socket in &listeners[0].sockets {
            assert_options(SockRef::from(&socket.0));
            assert_eq!(socket.0.local_addr().unwrap(), listeners[0].address);
        }
        assert_options(SockRef::from(&accepted(&listeners[0])));
    }

    #[test]
    fn a_connection_has_the_options_of_an_inherited_listener() {
        let opened = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = Listener::inherited(&opened, 2, USER_TIMEOUT).unwrap();
        assert_eq!((listener.address, listener.sockets.len()), (opened.local_addr().unwrap(), 2));
        assert_options(SockRef::from(&accepted(&listener)));
    }

    #[test]
    fn a_port_in_use_is_an_error() {
        let wanted = ["127.0.0.1:0".parse().unwrap()];
        let first = bind_all(&wanted, 2, USER_TIMEOUT).unwrap();
        let (address, error) = bind_all(&[first[0].address], 2, USER_TIMEOUT).err().unwrap();
        assert_eq!((address, error.kind()), (first[0].address, io::ErrorKind::AddrInUse));
    }
}

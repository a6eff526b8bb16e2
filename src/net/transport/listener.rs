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
pub struct Listener {
    /// With the real port.
    pub address: SocketAddr,
    /// One for each worker.
    pub sockets: Vec<Acceptor>,
}

/// One worker's part of a listener.
#[derive(Debug)]
pub struct Acceptor(TcpListener);

impl Acceptor {
    /// From here on events tell when connections wait.
    ///
    /// # Errors
    /// What the system says.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.0, token, Interest::READABLE)
    }

    /// The next connection that waits, and its peer's address.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` where none waits.
    pub fn accept(&self) -> io::Result<(Transport, SocketAddr)> {
        let (stream, peer) = self.0.accept()?;
        Ok((Transport::tcp(stream), peer))
    }
}

impl Listener {
    /// One that somebody else has opened, shared by all workers: whoever comes
    /// first accepts. It stays open when we go, and so does its queue.
    ///
    /// # Errors
    /// What the system says.
    pub fn inherited(
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
/// Which address, and what the system says.
pub fn bind_all(
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
    // The first is bound alone, so that a port in use is an error and not a
    // share in somebody else's connections; then others may join it.
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

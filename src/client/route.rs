//! Whether this machine has a way to the server, and by which of its addresses:
//! asked of the system's routes. Never: a packet, a connection.

use crate::connect::Server;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

/// The ways to one server, looked at from time to time.
#[derive(Debug)]
pub struct Route {
    server: Vec<SocketAddr>,
    /// From which address each of the server's is reached; `None`: not at all.
    ways: Vec<Option<IpAddr>>,
}

impl Route {
    /// Looks the server's name up, which may take a while; never again.
    pub fn to(server: &Server) -> Self {
        let server: Vec<SocketAddr> = (server.host.as_str(), server.port)
            .to_socket_addrs()
            .map(Iterator::collect)
            .unwrap_or_default();
        let ways = server.iter().map(way).collect();
        Self { server, ways }
    }

    /// Whether there is a way that there wasn't when this was last asked.
    pub fn came_back(&mut self) -> bool {
        let ways: Vec<Option<IpAddr>> = self.server.iter().map(way).collect();
        let came_back = ways.iter().zip(&self.ways).any(|(new, old)| new.is_some() && new != old);
        self.ways = ways;
        came_back
    }
}

/// Connecting a UDP socket sends nothing: it only chooses the address that
/// packets would be sent from.
fn way(server: &SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(server).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_was_not_there_is_news_once() {
        let server = Server { host: "127.0.0.1".to_owned(), port: 9 };
        let mut route = Route::to(&server);
        assert!(!route.came_back(), "it was there before");
        route.ways = vec![None];
        assert!(route.came_back());
        assert!(!route.came_back());
        // Another address of ours: the old connection is dead as well.
        route.ways = vec![Some(Ipv4Addr::new(10, 0, 0, 1).into())];
        assert!(route.came_back());
    }
}

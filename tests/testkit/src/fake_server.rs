//! A server that does only what the test tells it to, for clients.

use crate::PATIENCE;
use crate::connection::Connection;
use crate::packet::{Packet, packet_text_from};
use socket2::SockRef;
use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

/// The address that it shows for everybody.
pub const IP: &str = "127.0.0.1";

/// Listens, and leaves the rest to the test.
#[derive(Debug)]
pub struct FakeServer {
    listener: TcpListener,
}

/// One connection, seen from the server.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
}

impl FakeServer {
    /// On a free port of 127.0.0.1.
    #[expect(clippy::new_without_default, reason = "it opens a socket")]
    pub fn new() -> Self {
        Self::on("127.0.0.1:0")
    }

    /// On this address.
    pub fn on(address: &str) -> Self {
        Self { listener: TcpListener::bind(address).unwrap() }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// `name@host:port`, as `lanline chat` takes it.
    pub fn target(&self, name: &str) -> String {
        format!("{name}@{}", self.address())
    }

    /// The next connection, not greeted yet.
    pub fn accept(&self) -> Session {
        // On Linux, a listener's read timeout bounds `accept`.
        SockRef::from(&self.listener).set_read_timeout(Some(PATIENCE)).unwrap();
        let (stream, _) = self.listener.accept().expect("somebody connects");
        Session { connection: Connection::over(stream) }
    }

    /// The next connection, greeted and welcomed.
    pub fn welcome(&self, name: &str) -> Session {
        let mut session = self.accept();
        assert_eq!(session.line(), name);
        session.welcome(name);
        session
    }

    /// The next connection, greeted by a name that is taken.
    pub fn refuse_name(&self, name: &str) {
        let mut session = self.accept();
        assert_eq!(session.line(), name);
        session.send("/error", "", &format!("0 name-taken\nSomebody is called {name}."));
        session.close();
    }
}

impl Session {
    /// Welcomes whoever has greeted.
    pub fn welcome(&mut self, name: &str) {
        let welcome = format!("{name} {IP} 2 lanline/0.1.0\nHello {name}.");
        self.send("/welcome", "", &welcome);
    }

    /// The next line, without its ending; empty at the end of the stream.
    pub fn line(&mut self) -> String {
        let line = self.connection.line(Instant::now() + PATIENCE).expect("a line");
        String::from_utf8(line.unwrap_or_default())
            .expect("the client writes UTF-8")
            .trim_end()
            .to_owned()
    }

    /// The next packet.
    pub fn packet(&mut self) -> Packet {
        Packet::parse(&self.line())
    }

    /// The next packet that was typed; the client's own requests are skipped.
    pub fn expect_typed(&mut self, to: &str, msg: &str) {
        const OWN: [&str; 6] = ["/ping", "/time", "/presence", "/list", "/members", "/resume"];
        let typed = loop {
            let packet = self.packet();
            if !OWN.contains(&packet.to.as_str()) {
                break packet;
            }
        };
        assert_eq!((typed.to.as_str(), typed.msg.as_str()), (to, msg));
    }

    /// The next packet, which must be this one.
    pub fn expect(&mut self, to: &str, msg: &str) {
        let packet = self.packet();
        assert_eq!((packet.to.as_str(), packet.msg.as_str()), (to, msg));
    }

    /// The stream ends, with nothing before its end.
    pub fn expect_end(&mut self) {
        let rest = self.connection.line(Instant::now() + PATIENCE).expect("an orderly end");
        assert_eq!(rest, None);
    }

    /// Sends a packet.
    pub fn send(&mut self, from: &str, to: &str, msg: &str) {
        self.write(packet_text_from(from, IP, to, msg) + "\n");
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.connection.send(bytes).expect("the client reads");
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// Where the client is gone, or has read nothing for too long.
    pub fn try_write(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.connection.send(bytes)
    }

    /// Ends the connection in both directions.
    pub fn close(self) {
        self.connection.sending_half().close();
    }

    /// Ends it by a reset: what the client has not read yet is gone.
    pub fn reset(self) {
        self.connection.reset();
    }
}

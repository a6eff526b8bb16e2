//! A bot's socket, plain or inside TLS. Never: when it is read or written.

use mio::net::TcpStream;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, version,
};
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

/// A connection.
pub(super) struct Link {
    tcp: TcpStream,
    tls: Option<Box<Tls>>,
}

/// How bots speak to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Security {
    Plain,
    /// TLS; who comes back has a ticket.
    Tls,
    /// TLS, and a whole handshake each time.
    TlsWithoutTickets,
    /// TLS behind a line that the server says in the clear (NATS).
    TlsBehindLine,
}

struct Tls {
    connection: ClientConnection,
    /// Nothing is said before the server's first line has come.
    awaits_line: bool,
    /// Records that the socket has yet to take.
    sealed: Vec<u8>,
}

/// What one read brought.
pub(super) struct Brought {
    pub text: usize,
    /// More may be there already.
    pub more: bool,
    pub ended: bool,
}

/// What TLS connections to a server that is tested are made with, if they are: any
/// certificate will do, and each bot comes back with its own tickets.
pub(super) fn tls_config(security: Security, bots: usize) -> Option<Arc<ClientConfig>> {
    if security == Security::Plain {
        return None;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&version::TLS13])
        .expect("the library knows TLS 1.3");
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"lanline/1".to_vec()];
    config.resumption = match security {
        Security::TlsWithoutTickets => Resumption::disabled(),
        _ => Resumption::in_memory_sessions(2 * bots.max(128)),
    };
    Some(Arc::new(config))
}

/// The client's end of a handshake, without a socket.
///
/// # Errors
/// What the library says.
pub(crate) fn client() -> io::Result<ClientConnection> {
    let config = tls_config(Security::TlsWithoutTickets, 0).ok_or(ErrorKind::Unsupported)?;
    let name = ServerName::try_from("bot.bots").map_err(io::Error::other)?;
    ClientConnection::new(config, name).map_err(io::Error::other)
}

impl Link {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self { tcp, tls: None }
    }

    /// # Errors
    /// What the library says.
    pub(super) fn tls(
        tcp: TcpStream,
        config: &Arc<ClientConfig>,
        awaits_line: bool,
        bot: usize,
    ) -> io::Result<Self> {
        let name = ServerName::try_from(format!("bot{bot}.bots")).map_err(io::Error::other)?;
        let mut connection =
            ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        connection.set_buffer_limit(None);
        Ok(Self { tcp, tls: Some(Box::new(Tls { connection, awaits_line, sealed: Vec::new() })) })
    }

    pub(super) fn tcp(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    /// Whether records wait for the socket.
    pub(super) fn has_sealed(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| !tls.sealed.is_empty())
    }

    /// Writes what TLS has to say by itself, as far as the socket takes it.
    ///
    /// # Errors
    /// What the system says, but for a full socket.
    pub(super) fn push(&mut self) -> io::Result<()> {
        let Some(tls) = self.tls.as_mut().filter(|tls| !tls.awaits_line) else { return Ok(()) };
        while tls.connection.wants_write() {
            tls.connection.write_tls(&mut tls.sealed)?;
        }
        let mut at = 0;
        while at < tls.sealed.len() {
            match self.tcp.write(&tls.sealed[at..]) {
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        tls.sealed.drain(..at);
        Ok(())
    }

    /// Writes some of it.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` where the socket is full.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.tcp.write(bytes);
        }
        self.push()?;
        if self.has_sealed() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let Some(tls) = &mut self.tls else { return Ok(0) };
        tls.connection.writer().write_all(bytes)?;
        self.push()?;
        Ok(bytes.len())
    }

    /// Reads once. `raw` is as long as `into`.
    ///
    /// # Errors
    /// What the system says; what is no TLS.
    pub(super) fn read(&mut self, raw: &mut [u8], into: &mut [u8]) -> io::Result<Brought> {
        let Some(tls) = &mut self.tls else {
            let text = self.tcp.read(into)?;
            return Ok(Brought { text, more: text == into.len(), ended: text == 0 });
        };
        let count = self.tcp.read(&mut raw[..into.len()])?;
        if tls.awaits_line {
            tls.awaits_line = !raw[..count].contains(&b'\n');
            self.push()?;
            return Ok(Brought { text: 0, more: false, ended: count == 0 });
        }
        let mut records = &raw[..count];
        let (mut text, mut ended) = (0, count == 0);
        while !records.is_empty() {
            tls.connection.read_tls(&mut records)?;
            let state = tls.connection.process_new_packets().map_err(io::Error::other)?;
            let length = state.plaintext_bytes_to_read();
            tls.connection.reader().read_exact(&mut into[text..text + length])?;
            text += length;
            ended |= state.peer_has_closed();
        }
        self.push()?;
        Ok(Brought { text, more: count == raw.len().min(into.len()), ended })
    }

    /// Closes the sending half.
    pub(super) fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.connection.send_close_notify();
            // Where the server is gone, the next read tells.
            let _ = self.push();
        }
        let _ = self.tcp.shutdown(Shutdown::Write);
    }
}

/// Load is for servers of one's own: whoever answers is the right one.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

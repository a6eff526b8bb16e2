//! TLS over a TCP connection: the handshake, and two halves that share its
//! state. Never: whom to trust, which the configuration decides.
//!
//! Locks: `out`, then `session`, never the other way round; and nobody waits for
//! the socket with `session` locked, since the thread that reads needs it to go
//! on, and the server may wait for that before it reads.

use super::tcp::{TcpReadHalf, TcpWriteHalf};
use crate::certificate;
use crate::connect::deadline::Deadline;
use crate::connect::error::Error;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Plain bytes that are encrypted before the socket is asked to take them: a
/// record's worth (RFC 8446, section 5.1).
const CHUNK_BYTES: usize = 16 << 10;
/// Ciphertext read at once.
const READ_BYTES: usize = 16 << 10;
/// A goodbye is worth this much waiting.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(1);
/// What a server without TLS may say to a handshake, in bytes.
const PLAIN_ANSWER_BYTES_MAX: usize = 4096;

/// What a handshake has come to.
#[derive(Debug)]
pub enum Handshake {
    Done(TlsReadHalf, TlsWriteHalf, Box<HandshakeData>),
    /// The server answered in plain text; these are its words. The connection is
    /// as it was but for them.
    Plain(TcpReadHalf, TcpWriteHalf, Vec<u8>),
}

/// What the server has shown.
#[derive(Debug)]
pub struct HandshakeData {
    /// Its certificate (DER), leaf first.
    pub certificates: Vec<rustls::pki_types::CertificateDer<'static>>,
}

impl HandshakeData {
    /// When the server's certificate ends, since 1970.
    pub fn certificate_ends(&self) -> Option<Duration> {
        self.certificates.first().and_then(certificate::ends)
    }
}

/// The half that is read.
#[derive(Debug)]
pub struct TlsReadHalf {
    half: TcpReadHalf,
    shared: Arc<Shared>,
    buffer: Box<[u8]>,
    /// What the session hasn't taken of it yet.
    unread: Range<usize>,
}

/// The half that is written.
#[derive(Debug)]
pub struct TlsWriteHalf(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    out: Mutex<Out>,
    session: Mutex<ClientConnection>,
}

#[derive(Debug)]
struct Out {
    half: TcpWriteHalf,
    /// Ciphertext that the socket hasn't taken yet.
    pending: Vec<u8>,
}

/// Shakes hands on a fresh connection.
///
/// # Errors
/// [`Error::Tls`] where that fails, by the configuration's verifier too.
pub fn shake_hands(
    (mut reader, writer): (TcpReadHalf, TcpWriteHalf),
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    deadline: Deadline,
) -> Result<Handshake, Error> {
    let mut session = ClientConnection::new(config, name).map_err(Error::Tls)?;
    let mut out = Out { half: writer, pending: Vec::new() };
    let mut buffer = vec![0; READ_BYTES].into_boxed_slice();
    let mut is_first = true;
    let mut unread = 0..0;
    while session.is_handshaking() {
        out.take_from(&mut session);
        out.flush(deadline)?;
        if !session.is_handshaking() {
            break;
        }
        let count = reader.read(&mut buffer, Some(deadline))?;
        if count == 0 {
            return Err(Error::Closed);
        }
        if std::mem::take(&mut is_first) && buffer[0] == b'{' {
            let words = plain_answer(&mut reader, &buffer[..count], deadline)?;
            return Ok(Handshake::Plain(reader, out.half, words));
        }
        let mut at = 0;
        while at < count {
            match feed(&mut session, &buffer[at..count]) {
                Ok(0) => break,
                Ok(taken) => at += taken,
                Err(error) => {
                    // The server is told why, if it still listens.
                    out.take_from(&mut session);
                    out.flush(deadline).unwrap_or_default();
                    return Err(error);
                }
            }
        }
        unread = at..count;
    }
    out.take_from(&mut session);
    out.flush(deadline)?;
    let certificates = session.peer_certificates().unwrap_or_default();
    let certificates = certificates.iter().map(|one| one.clone().into_owned()).collect();
    let shared = Arc::new(Shared { out: Mutex::new(out), session: Mutex::new(session) });
    Ok(Handshake::Done(
        TlsReadHalf { half: reader, shared: Arc::clone(&shared), buffer, unread },
        TlsWriteHalf(shared),
        Box::new(HandshakeData { certificates }),
    ))
}

/// The rest of what a server says that doesn't know TLS.
fn plain_answer(
    reader: &mut TcpReadHalf,
    begun: &[u8],
    deadline: Deadline,
) -> Result<Vec<u8>, Error> {
    let mut words = begun.to_vec();
    let mut bytes = [0; 512];
    while words.len() < PLAIN_ANSWER_BYTES_MAX && !words.contains(&b'\n') {
        match reader.read(&mut bytes, Some(deadline))? {
            0 => break,
            count => words.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(words)
}

/// Hands ciphertext to the session, which takes as many bytes as it has room for;
/// how many.
fn feed(session: &mut ClientConnection, mut bytes: &[u8]) -> Result<usize, Error> {
    let count = session.read_tls(&mut bytes).map_err(Error::Io)?;
    session.process_new_packets().map_err(Error::Tls)?;
    Ok(count)
}

impl Out {
    /// Takes over what the session has to say.
    fn take_from(&mut self, session: &mut ClientConnection) {
        while session.wants_write() {
            // Writing into memory doesn't fail.
            if session.write_tls(&mut self.pending).unwrap_or(0) == 0 {
                break;
            }
        }
    }

    /// Writes what is pending, as much as is taken within `patience`.
    fn write_pending(&mut self, patience: Duration) -> Result<(), Error> {
        let mut written = 0;
        let mut result = Ok(());
        while written < self.pending.len() {
            match self.half.write(&self.pending[written..], patience) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        self.pending.drain(..written);
        result
    }

    /// Writes all that is pending.
    fn flush(&mut self, deadline: Deadline) -> Result<(), Error> {
        while !self.pending.is_empty() {
            self.write_pending(deadline.left()?)?;
        }
        Ok(())
    }
}

impl Shared {
    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self) -> MutexGuard<'_, ClientConnection> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TlsReadHalf {
    /// See [`super::ReadHalf::read`].
    ///
    /// # Errors
    /// As there; [`Error::Tls`] where what comes is no TLS.
    pub fn read(&mut self, bytes: &mut [u8], deadline: Option<Deadline>) -> Result<usize, Error> {
        loop {
            match self.decrypted(bytes)? {
                Some(count) => return Ok(count),
                None => self.read_more(deadline)?,
            }
        }
    }

    /// Bytes that were decrypted already: 0 at the end, none if more must come.
    fn decrypted(&self, bytes: &mut [u8]) -> Result<Option<usize>, Error> {
        match self.shared.session().reader().read(bytes) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            // Without a goodbye (RFC 8446, section 6.1): what came may not be all.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(Error::Io(io::Error::new(error.kind(), "the connection broke off")))
            }
            Err(error) => Err(Error::Io(error)),
        }
    }

    /// Hands ciphertext to the session: what is there, else what comes.
    fn read_more(&mut self, deadline: Option<Deadline>) -> Result<(), Error> {
        if self.unread.is_empty() {
            self.unread = 0..self.half.read(&mut self.buffer, deadline)?;
        }
        let mut session = self.shared.session();
        // Of no bytes it learns that there are no more.
        let fed = feed(&mut session, &self.buffer[self.unread.clone()]);
        let has_words = session.wants_write();
        drop(session);
        if has_words && let Ok(mut out) = self.shared.out.try_lock() {
            // A key update is answered; where somebody writes just now, they
            // write this as well.
            out.take_from(&mut self.shared.session());
            out.write_pending(Duration::from_millis(1))?;
        }
        self.unread.start += fed?;
        Ok(())
    }
}

impl TlsWriteHalf {
    /// See [`super::WriteHalf::write`].
    ///
    /// # Errors
    /// The connection is lost.
    pub fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<usize, Error> {
        let mut out = self.0.out();
        out.take_from(&mut self.0.session());
        out.write_pending(patience)?;
        if !out.pending.is_empty() || bytes.is_empty() {
            return Ok(0);
        }
        let chunk = &bytes[..bytes.len().min(CHUNK_BYTES)];
        let mut session = self.0.session();
        let count = session.writer().write(chunk).map_err(Error::Io)?;
        out.take_from(&mut session);
        drop(session);
        out.write_pending(patience)?;
        Ok(count)
    }

    /// See [`super::WriteHalf::pending_bytes`].
    pub fn pending_bytes(&self) -> usize {
        self.0.out().pending.len()
    }

    /// Says goodbye, and ends this half.
    pub fn half_close(&self) {
        let mut out = self.0.out();
        let mut session = self.0.session();
        session.send_close_notify();
        out.take_from(&mut session);
        drop(session);
        // Fails where the connection is gone, which is as good.
        out.write_pending(GOODBYE_PATIENCE).unwrap_or_default();
        out.half.half_close();
    }

    /// Ends both halves.
    pub fn close(&self) {
        self.0.out().half.close();
    }
}

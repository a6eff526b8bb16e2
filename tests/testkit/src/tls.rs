//! TLS on the client's side, by `rustls`, over a blocking stream that one thread
//! writes and another reads. Never: what is said.

use crate::uninterrupted;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The addresses to which [`Connection`](crate::connection::Connection)s connect by
/// TLS.
static SPOKEN_TO: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

static CONFIG: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
});

/// The certificate that servers of tests have, for `localhost` and the addresses
/// of loopback.
pub fn certificate() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tls/cert.pem"))
}

/// Its key, which is no secret.
pub fn key() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tls/key.pem"))
}

/// A certificate and its key, in files.
#[derive(Debug)]
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Issued {
    /// For `localhost`, signed by itself, for so many seconds from now on, or until so
    /// many seconds ago. The files in `folder` are written one after the other.
    ///
    /// # Panics
    /// Where they can't be written.
    pub fn new(folder: &Path, holds_seconds: i64) -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let (epoch, now) =
            (rcgen::date_time_ymd(1970, 1, 1), SystemTime::UNIX_EPOCH.elapsed().unwrap());
        let held = Duration::from_secs(holds_seconds.unsigned_abs());
        let end = if holds_seconds < 0 { now - held } else { now + held };
        params.not_before = epoch + end.min(now) - DAY;
        params.not_after = epoch + end;
        fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
        Self { certificate, key }
    }

    /// The flags of a server that serves with it.
    pub fn flags(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", certificate, "--tls-key", key]
    }
}

/// From now on connections to this address use TLS, or don't.
pub(crate) fn speak_to(address: SocketAddr, speak: bool) {
    let mut all = lock(&SPOKEN_TO);
    if speak {
        all.insert(address.port());
    } else {
        all.remove(&address.port());
    }
}

/// Whether connections to this address use TLS.
pub(crate) fn is_spoken_to(address: SocketAddr) -> bool {
    lock(&SPOKEN_TO).contains(&address.port())
}

/// A stream inside TLS.
#[derive(Debug)]
pub struct TlsStream {
    stream: TcpStream,
    connection: Mutex<Received>,
    /// Held while bytes are sent, which keeps them in order.
    sending: Mutex<()>,
}

#[derive(Debug)]
struct Received {
    connection: ClientConnection,
    /// Decrypted text that isn't read yet.
    text: VecDeque<u8>,
}

/// The result of a handshake.
pub enum Opened {
    Tls(Arc<TlsStream>),
    /// The server answered without TLS: these are its first bytes.
    Plain(TcpStream, Vec<u8>),
}

impl TlsStream {
    /// Does the handshake.
    ///
    /// # Panics
    /// Where it fails, and the server doesn't answer without TLS either.
    pub fn open(stream: TcpStream) -> Opened {
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(CONFIG.clone(), name).unwrap();
        connection.set_buffer_limit(None);
        let mut received = Received { connection, text: VecDeque::new() };
        stream.set_read_timeout(Some(crate::PATIENCE)).unwrap();
        let mut is_first = true;
        while received.connection.is_handshaking() {
            flush(&mut received.connection, &stream);
            if !received.connection.wants_read() {
                continue;
            }
            let mut chunk = [0; 4096];
            let count = uninterrupted(|| (&stream).read(&mut chunk)).expect("an answer");
            assert!(count > 0, "the server hung up in the handshake");
            if std::mem::take(&mut is_first) && chunk[0] == b'{' {
                return Opened::Plain(stream, chunk[..count].to_vec());
            }
            received.take_in(&chunk[..count]).expect("a handshake");
        }
        flush(&mut received.connection, &stream);
        let connection = Mutex::new(received);
        Opened::Tls(Arc::new(Self { stream, connection, sending: Mutex::new(()) }))
    }

    /// What carries it.
    pub fn tcp(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// Where the other end is gone or takes no more.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let _sending = lock(&self.sending);
        let mut records = Vec::new();
        {
            let connection = &mut lock(&self.connection).connection;
            connection.writer().write_all(bytes)?;
            while connection.wants_write() {
                connection.write_tls(&mut records)?;
            }
        }
        (&self.stream).write_all(&records)
    }

    /// Reads once: something, or the end, which has to be said.
    ///
    /// # Errors
    /// The system's error; an end without close_notify; invalid TLS.
    pub fn receive(&self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match lock(&self.connection).read(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
            let mut chunk = [0; 16 * 1024];
            let count = uninterrupted(|| (&self.stream).read(&mut chunk))?;
            let mut received = lock(&self.connection);
            if count == 0 {
                received.connection.read_tls(&mut io::empty())?;
            } else {
                received.take_in(&chunk[..count])?;
            }
        }
    }

    /// Ends the sending half: TLS's, then TCP's.
    pub fn half_close(&self) {
        lock(&self.connection).connection.send_close_notify();
        // Fails where the other end is gone, which doesn't matter.
        let _ = self.send(&[]);
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

fn flush(connection: &mut ClientConnection, mut stream: &TcpStream) {
    while connection.wants_write() {
        uninterrupted(|| connection.write_tls(&mut stream)).expect("the server takes bytes");
    }
}

impl Received {
    fn take_in(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.connection.read_tls(&mut bytes)?;
            let state = self.connection.process_new_packets().map_err(io::Error::other)?;
            let mut text = vec![0; state.plaintext_bytes_to_read()];
            self.connection.reader().read_exact(&mut text)?;
            self.text.extend(text);
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.text.is_empty() {
            self.connection.reader().read(bytes)
        } else {
            self.text.read(bytes)
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! One end of a connection: bytes out, lines in, with a deadline. The one
//! place that knows what carries them: TCP, or TLS over it.

use crate::tls::{self, Opened, TlsStream};
use crate::{PATIENCE, uninterrupted};
use socket2::{Domain, SockRef, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection, seen from one end.
#[derive(Debug)]
pub struct Connection {
    carrier: Carrier,
    /// What was read behind the last line.
    torn: Vec<u8>,
}

/// What carries it.
#[derive(Clone, Debug)]
enum Carrier {
    Tcp(Arc<TcpStream>),
    Tls(Arc<TlsStream>),
}

/// The sending half, for another thread. Dropping it closes nothing.
#[derive(Debug)]
pub struct SendingHalf(Carrier);

/// The receiving half, for another thread. Dropping it closes nothing.
#[derive(Debug)]
pub struct ReceivingHalf(Carrier);

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> Self {
        Self::to(address, TcpStream::connect(address).expect("the server accepts"))
    }

    /// Over TLS, if the server at this address is to be reached by TLS.
    fn to(address: SocketAddr, stream: TcpStream) -> Self {
        let plain = Self::over(stream);
        let Carrier::Tcp(stream) = &plain.carrier else { return plain };
        if !tls::is_spoken_to(address) {
            return plain;
        }
        match TlsStream::open(stream.try_clone().unwrap()) {
            Opened::Plain(stream, torn) => Self { torn, ..Self::over(stream) },
            Opened::Tls(stream) => Self { carrier: Carrier::Tls(stream), torn: Vec::new() },
        }
    }

    /// Connects from an address of our choice, with as small a receive buffer
    /// as the system has if `narrow`.
    pub fn open_from(local: Option<IpAddr>, narrow: bool, address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        if narrow {
            socket.set_recv_buffer_size(4096).unwrap();
        }
        if let Some(local) = local {
            socket.bind(&SocketAddr::new(local, 0).into()).unwrap();
        }
        socket.connect(&address.into()).expect("the server accepts");
        Self::to(address, socket.into())
    }

    /// One that is open already.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { carrier: Carrier::Tcp(Arc::new(stream)), torn: Vec::new() }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// Where the other end is gone, or takes nothing for [`PATIENCE`].
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.carrier.send(bytes.as_ref())
    }

    /// The next line with its line feed; `None` at the end of the stream.
    ///
    /// # Errors
    /// A reset; an end within a line; nothing until the deadline.
    pub fn line(&mut self, deadline: Instant) -> io::Result<Option<Vec<u8>>> {
        let mut scanned = 0;
        loop {
            if let Some(end) = self.torn[scanned..].iter().position(|&byte| byte == b'\n') {
                return Ok(Some(self.torn.drain(..=scanned + end).collect()));
            }
            scanned = self.torn.len();
            let left = deadline.saturating_duration_since(Instant::now());
            self.carrier.tcp().set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            let mut chunk = [0; 16 * 1024];
            match self.carrier.receive(&mut chunk) {
                Ok(0) if self.torn.is_empty() => return Ok(None),
                Ok(0) => {
                    let torn = String::from_utf8_lossy(&self.torn);
                    return Err(io::Error::new(
                        ErrorKind::UnexpectedEof,
                        format!("torn: {torn:?}"),
                    ));
                }
                Ok(length) => self.torn.extend_from_slice(&chunk[..length]),
                Err(error) => return Err(error),
            }
        }
    }

    /// All bytes that still come, however the stream ends.
    pub fn salvage(mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.torn);
        self.carrier.tcp().set_read_timeout(Some(PATIENCE)).unwrap();
        // A reset ends it as well; what came before stays.
        let _ = Read::read_to_end(&mut ReceivingHalf(self.carrier), &mut bytes);
        bytes
    }

    /// Closes the sending half.
    pub fn half_close(&self) {
        self.carrier.half_close();
    }

    /// Ends it by a reset.
    pub fn reset(self) {
        SockRef::from(self.carrier.tcp()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The address of the other end, where it is still known.
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.carrier.tcp().peer_addr().ok().map(|address| address.ip())
    }

    /// Another handle for sending.
    pub fn sending_half(&self) -> SendingHalf {
        SendingHalf(self.carrier.clone())
    }

    /// Another handle for receiving, with [`PATIENCE`] for each read. What was
    /// read already stays here.
    pub fn receiving_half(&self) -> ReceivingHalf {
        self.carrier.tcp().set_read_timeout(Some(PATIENCE)).unwrap();
        ReceivingHalf(self.carrier.clone())
    }
}

impl Carrier {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.tcp(),
        }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => (&**stream).write_all(bytes),
            Self::Tls(stream) => stream.send(bytes),
        }
    }

    fn receive(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => uninterrupted(|| (&**stream).read(bytes)),
            Self::Tls(stream) => stream.receive(bytes),
        }
    }

    fn half_close(&self) {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write).unwrap(),
            Self::Tls(stream) => stream.half_close(),
        }
    }
}

impl AsRawFd for ReceivingHalf {
    fn as_raw_fd(&self) -> RawFd {
        self.0.tcp().as_raw_fd()
    }
}

impl SendingHalf {
    /// Closes the sending half.
    pub fn half_close(&self) {
        self.0.half_close();
    }

    /// Ends the connection in both directions.
    pub fn close(&self) {
        // Fails where the other end has closed it already.
        let _ = self.0.tcp().shutdown(Shutdown::Both);
    }
}

impl Write for SendingHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ReceivingHalf {
    /// Makes the whole connection non-blocking, for use with a poll.
    pub fn set_nonblocking(&self) {
        self.0.tcp().set_nonblocking(true).unwrap();
    }
}

impl Read for ReceivingHalf {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.receive(bytes)
    }
}

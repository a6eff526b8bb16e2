//! A TCP connection in two halves. The only file that names a socket. Never:
//! encryption, packets.

use crate::connect::deadline::Deadline;
use crate::connect::error::Error;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A silent connection is probed after this time ...
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);
/// ... this often, a second apart each, before it is lost.
const KEEPALIVE_RETRIES: u32 = 10;

/// The half that is read.
#[derive(Debug)]
pub struct TcpReadHalf {
    stream: TcpStream,
    /// The socket's own timeout, as it was set last.
    timeout: Option<Duration>,
}

/// The half that is written.
#[derive(Debug)]
pub struct TcpWriteHalf {
    stream: TcpStream,
    timeout: Option<Duration>,
}

/// Connects by TCP, within `timeout`.
///
/// # Errors
/// The system's; `TimedOut` where nothing answers.
pub fn connect(address: SocketAddr, timeout: Duration) -> io::Result<(TcpReadHalf, TcpWriteHalf)> {
    let stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_nodelay(true)?;
    let mut keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_TIME).with_interval(Duration::from_secs(1));
    // Windows has always had this number, and learned late to take it.
    if cfg!(not(windows)) {
        keepalive = keepalive.with_retries(KEEPALIVE_RETRIES);
    }
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    let reader = TcpReadHalf { stream: stream.try_clone()?, timeout: None };
    Ok((reader, TcpWriteHalf { stream, timeout: None }))
}

impl TcpReadHalf {
    /// What has come, as soon as there is some: the count of bytes, 0 at the
    /// end. Without a deadline it waits for ever.
    ///
    /// # Errors
    /// [`Error::TimedOut`]; [`Error::Io`] where the connection is lost.
    pub fn read(&mut self, bytes: &mut [u8], deadline: Option<Deadline>) -> Result<usize, Error> {
        loop {
            let left = deadline.map(Deadline::left).transpose()?;
            if left != self.timeout {
                self.stream.set_read_timeout(left).map_err(Error::Io)?;
                self.timeout = left;
            }
            match (self.stream.read(bytes), deadline) {
                (Ok(count), _) => return Ok(count),
                (Err(error), _) if error.kind() == ErrorKind::Interrupted => {}
                (Err(error), Some(deadline)) if is_timeout(&error) => return Err(deadline.over()),
                (Err(error), _) => return Err(Error::Io(error)),
            }
        }
    }
}

impl TcpWriteHalf {
    /// Writes as much as is taken within `patience`; the count of bytes, 0 if
    /// nothing is.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<usize, Error> {
        if self.timeout != Some(patience) {
            self.stream.set_write_timeout(Some(patience)).map_err(Error::Io)?;
            self.timeout = Some(patience);
        }
        loop {
            match self.stream.write(bytes) {
                Ok(0) if !bytes.is_empty() => return Err(Error::Io(ErrorKind::WriteZero.into())),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return Ok(0),
                Err(error) => return Err(Error::Io(error)),
            }
        }
    }

    /// Ends this half; what the server still has to say comes all the same.
    pub fn half_close(&self) {
        // Fails where the connection is gone, which is as good.
        self.stream.shutdown(Shutdown::Write).unwrap_or_default();
    }

    /// Ends both halves: a thread that reads the other one hears of it.
    pub fn close(&self) {
        self.stream.shutdown(Shutdown::Both).unwrap_or_default();
    }
}

/// A socket's timeout is one or the other, by the system.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[cfg(test)]
impl std::os::fd::AsFd for TcpWriteHalf {
    /// So that a test can ask and set its options.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_packet_goes_out_at_once_and_a_server_that_is_gone_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let timeout = Duration::from_secs(20);
        let (_, writer) = connect(listener.local_addr().unwrap(), timeout).unwrap();
        let socket = SockRef::from(&writer.stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_TIME);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(1));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_RETRIES);
    }
}

//! The bytes of a connection, in two halves that may be used by two threads.
//! Never: packets, which server to trust.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`tcp`] | a TCP connection |
//! | [`tls`] | TLS over one |

pub mod tcp;
pub mod tls;

use super::deadline::Deadline;
use super::error::Error;
use std::time::Duration;
use tcp::{TcpReadHalf, TcpWriteHalf};
use tls::{TlsReadHalf, TlsWriteHalf};

/// The half that is read.
#[derive(Debug)]
pub enum ReadHalf {
    /// The bytes that were read already come first.
    Tcp(TcpReadHalf, Vec<u8>),
    Tls(TlsReadHalf),
}

/// The half that is written.
#[derive(Debug)]
pub enum WriteHalf {
    Tcp(TcpWriteHalf),
    Tls(TlsWriteHalf),
}

impl ReadHalf {
    /// What has come, as soon as there is some: the count of bytes, 0 at the
    /// end. Without a deadline it waits for ever.
    ///
    /// # Errors
    /// [`Error::TimedOut`]; [`Error::Io`] where the connection is lost.
    pub fn read(&mut self, bytes: &mut [u8], deadline: Option<Deadline>) -> Result<usize, Error> {
        match self {
            Self::Tcp(_, before) if !before.is_empty() => {
                let count = before.len().min(bytes.len());
                bytes[..count].copy_from_slice(&before[..count]);
                before.drain(..count);
                Ok(count)
            }
            Self::Tcp(half, _) => half.read(bytes, deadline),
            Self::Tls(half) => half.read(bytes, deadline),
        }
    }
}

impl WriteHalf {
    /// Writes as much as is taken within `patience`; the count of bytes, 0 if
    /// nothing is. What is taken may still be [pending](Self::pending_bytes).
    ///
    /// # Errors
    /// The connection is lost.
    pub fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<usize, Error> {
        match self {
            Self::Tcp(half) => half.write(bytes, patience),
            Self::Tls(half) => half.write(bytes, patience),
        }
    }

    /// Bytes that were taken and that the socket has not got yet: few, and the
    /// next [`Self::write`], of nothing too, writes them first.
    pub fn pending_bytes(&self) -> usize {
        match self {
            Self::Tcp(_) => 0,
            Self::Tls(half) => half.pending_bytes(),
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// [`Error::TimedOut`]; [`Error::Io`] where the connection is lost.
    pub fn write_all(&mut self, mut bytes: &[u8], deadline: Deadline) -> Result<(), Error> {
        while !bytes.is_empty() || self.pending_bytes() > 0 {
            let count = self.write(bytes, deadline.left()?)?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Ends this half; what the server still has to say comes all the same.
    pub fn half_close(&self) {
        match self {
            Self::Tcp(half) => half.half_close(),
            Self::Tls(half) => half.half_close(),
        }
    }

    /// Ends both halves: a thread that reads the other one hears of it.
    pub fn close(&self) {
        match self {
            Self::Tcp(half) => half.close(),
            Self::Tls(half) => half.close(),
        }
    }
}

#[cfg(test)]
impl std::os::fd::AsFd for WriteHalf {
    /// So that a test can ask and set its options.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Tcp(half) => half.as_fd(),
            Self::Tls(_) => unreachable!("tests of options are of TCP"),
        }
    }
}

//! Packets out, counted: the ordinal of each is what refusals call it by.
//! Never: what they say.

use super::deadline::Deadline;
use super::error::{Error, SENT_PACKET_BYTES_MAX, TooLong};
use super::transport::WriteHalf;
use crate::wire::packet::{END, push_packet};
use crate::wire::text::push_escaped;
use crate::wire::{JsonText, Secret, Welcome};
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// A byte is no longer than this inside a JSON string.
const ESCAPE_BYTES_MAX: usize = 6;

/// A packet's bytes, the line break behind it included.
///
/// # Errors
/// [`TooLong`].
pub fn pack(name: &str, ip: &str, to: &str, msg: &str) -> Result<Vec<u8>, TooLong> {
    let mut line = Vec::new();
    push_packet(&mut line, name, ip, to, &JsonText::escape(msg));
    // The line break doesn't count.
    let bytes = line.len() - 1;
    if bytes > SENT_PACKET_BYTES_MAX { Err(TooLong { bytes }) } else { Ok(line) }
}

/// The same for a text that nobody may read: no copy of it is left behind.
///
/// # Errors
/// [`TooLong`].
pub(super) fn pack_secret(
    name: &str,
    ip: &str,
    to: &str,
    msg: &str,
) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    let frame = pack(name, ip, to, "")?;
    // Whole from the start: one that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(frame.len() + ESCAPE_BYTES_MAX * msg.len()));
    line.extend_from_slice(&frame[..frame.len() - END.len()]);
    push_escaped(&mut line, msg);
    line.extend_from_slice(END);
    let bytes = line.len() - 1;
    if bytes > SENT_PACKET_BYTES_MAX { Err(TooLong { bytes }) } else { Ok(line) }
}

/// The half that sends.
#[derive(Debug)]
pub struct Sender {
    half: WriteHalf,
    name: String,
    ip: String,
    sent: u64,
    /// Bytes of packets that the socket hasn't taken yet.
    waiting: Vec<u8>,
    /// Something that nobody may read is among them.
    has_secret: bool,
}

impl Sender {
    /// `sent` packets were sent before.
    pub(super) fn new(half: WriteHalf, welcome: &Welcome, sent: u64) -> Self {
        let (name, ip) = (welcome.name.clone(), welcome.ip.clone());
        Self { half, name, ip, sent, waiting: Vec::new(), has_secret: false }
    }

    /// Adds a packet to what waits; returns its ordinal. [`Self::send`] or
    /// [`Self::flush`] sends it.
    ///
    /// # Errors
    /// [`TooLong`]; nothing is added then.
    pub fn push(&mut self, to: &str, msg: &str) -> Result<u64, TooLong> {
        let line = pack(&self.name, &self.ip, to, msg)?;
        self.add(&line);
        Ok(self.sent)
    }

    /// The same for a text that nobody may read: it is wiped once it is sent.
    ///
    /// # Errors
    /// [`TooLong`]; nothing is added then.
    pub fn push_secret(&mut self, to: &str, msg: &Secret) -> Result<u64, TooLong> {
        let line = pack_secret(&self.name, &self.ip, to, msg.reveal())?;
        self.add(&line);
        self.has_secret = true;
        Ok(self.sent)
    }

    fn add(&mut self, line: &[u8]) {
        if self.has_secret && self.waiting.capacity() - self.waiting.len() < line.len() {
            // Growing would leave a copy behind.
            let mut larger = Vec::with_capacity(2 * (self.waiting.len() + line.len()));
            larger.extend_from_slice(&self.waiting);
            self.waiting.zeroize();
            self.waiting = larger;
        }
        self.waiting.extend_from_slice(line);
        self.sent += 1;
    }

    /// These bytes are sent.
    fn take(&mut self, count: usize) {
        self.waiting.drain(..count);
        if self.has_secret && self.waiting.is_empty() {
            // Also what lies behind its end.
            self.waiting.zeroize();
            self.has_secret = false;
        }
    }

    /// The ordinal that the next packet gets.
    pub fn next_ordinal(&self) -> u64 {
        self.sent + 1
    }

    /// Bytes that wait for the socket.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.len() + self.half.pending_bytes()
    }

    /// Sends what waits, as much as the socket takes while it waits for it no
    /// longer than `patience` at a time.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn flush(&mut self, patience: Duration) -> Result<(), Error> {
        let mut written = 0;
        while written < self.waiting.len() {
            match self.half.write(&self.waiting[written..], patience)? {
                0 => break,
                count => written += count,
            }
        }
        self.take(written);
        if written == 0 && self.half.pending_bytes() > 0 {
            self.half.write(&[], patience)?;
        }
        Ok(())
    }

    /// Sends all that waits.
    ///
    /// # Errors
    /// The server doesn't take it by the deadline, or the connection is lost;
    /// what it has taken by then is not sent again.
    pub fn send(&mut self, deadline: Deadline) -> Result<(), Error> {
        while self.waiting_bytes() > 0 {
            let count = self.half.write(&self.waiting, deadline.left()?)?;
            self.take(count);
        }
        Ok(())
    }

    /// Ends our half; what the server still has to say comes all the same.
    pub fn half_close(&self) {
        self.half.half_close();
    }

    /// Ends both halves, so that the thread that reads ends as well.
    pub fn close(&self) {
        self.half.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::transport::tcp;
    use socket2::{Domain, SockRef, Socket, Type};
    use std::io::Read;
    use std::net::{SocketAddr, TcpStream};
    use testkit::uninterrupted;

    const TIMEOUT: Duration = Duration::from_secs(20);
    /// How long a socket that takes nothing is waited for.
    const PATIENCE: Duration = Duration::from_millis(1);
    const PACKETS: usize = 200;

    /// A sender, and the server's end, which takes little at a time.
    fn pair() -> (Sender, TcpStream) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.set_recv_buffer_size(4096).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(1).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let (_, half) = tcp::connect(address, TIMEOUT).unwrap();
        let half = WriteHalf::Tcp(half);
        let server: TcpStream = listener.accept().unwrap().0.into();
        server.set_read_timeout(Some(TIMEOUT)).unwrap();
        SockRef::from(&half).set_send_buffer_size(4096).unwrap();
        let welcome = Welcome::parse("ann 127.0.0.1 1 lanline/0.1.0").unwrap();
        (Sender::new(half, &welcome, 0), server)
    }

    /// Adds packets that are more than the sockets hold; what the server has to
    /// get.
    fn fill(sender: &mut Sender) -> Vec<u8> {
        let mut expected = Vec::new();
        for number in 0..PACKETS {
            let text = format!("{number} {}", "x".repeat(10_000));
            assert_eq!(sender.push("bob", &text), Ok(number as u64 + 1));
            expected.extend_from_slice(&pack("ann", "127.0.0.1", "bob", &text).unwrap());
        }
        assert_eq!(sender.waiting_bytes(), expected.len());
        expected
    }

    /// What is left once the server has read to the end; the sender ends here.
    fn read_rest(sender: Sender, mut server: TcpStream, got: &mut Vec<u8>) {
        sender.half_close();
        server.read_to_end(got).unwrap();
    }

    #[test]
    fn what_was_written_in_part_goes_on_where_it_was() {
        let (mut sender, mut server) = pair();
        let expected = fill(&mut sender);
        sender.flush(PATIENCE).unwrap();
        let left = sender.waiting_bytes();
        assert!(0 < left && left < expected.len(), "{left} of {}", expected.len());
        let mut got = Vec::new();
        let mut chunk = [0; 64 * 1024];
        while sender.waiting_bytes() > 0 {
            let count = uninterrupted(|| server.read(&mut chunk)).unwrap();
            got.extend_from_slice(&chunk[..count]);
            sender.flush(PATIENCE).unwrap();
        }
        read_rest(sender, server, &mut got);
        assert!(got == expected, "{} of {} bytes came", got.len(), expected.len());
    }

    #[test]
    fn what_could_not_be_sent_in_time_is_not_sent_again() {
        let (mut sender, server) = pair();
        let expected = fill(&mut sender);
        let late = sender.send(Deadline::after(Duration::from_millis(20)));
        assert!(matches!(late, Err(Error::TimedOut(_))), "{late:?}");
        let left = sender.waiting_bytes();
        assert!(0 < left && left < expected.len(), "{left} of {}", expected.len());
        let reader = std::thread::spawn(move || {
            let (mut got, mut server) = (Vec::new(), server);
            server.read_to_end(&mut got).unwrap();
            got
        });
        sender.send(Deadline::after(TIMEOUT)).unwrap();
        sender.half_close();
        let got = reader.join().unwrap();
        assert!(got == expected, "{} of {} bytes came", got.len(), expected.len());
    }

    #[test]
    fn a_secret_is_a_packet_like_others_and_wiped_behind_it() {
        let (mut sender, mut server) = pair();
        let secret = Secret::new("a \"quoted\"\n\u{1}line");
        let mut expected = pack("ann", "127.0.0.1", "/password", secret.reveal()).unwrap();
        expected.extend(pack("ann", "127.0.0.1", "bob", "hi").unwrap());
        assert_eq!(sender.push_secret("/password", &secret), Ok(1));
        assert_eq!(sender.push("bob", "hi"), Ok(2));
        sender.send(Deadline::after(TIMEOUT)).unwrap();
        assert!(sender.waiting.is_empty() && !sender.has_secret);
        let mut got = vec![0; expected.len()];
        server.read_exact(&mut got).unwrap();
        assert_eq!(got, expected);
        let long = Secret::new(&"x".repeat(SENT_PACKET_BYTES_MAX));
        assert!(sender.push_secret("/password", &long).is_err());
        assert_eq!(sender.next_ordinal(), 3);
    }

    #[test]
    fn a_packet_over_the_bound_is_no_packet() {
        let (mut sender, _server) = pair();
        let frame = pack("ann", "127.0.0.1", "bob", "").unwrap().len() - 1;
        let longest = "x".repeat(SENT_PACKET_BYTES_MAX - frame);
        assert_eq!(sender.push("bob", &longest), Ok(1));
        let waiting = sender.waiting_bytes();
        let bytes = SENT_PACKET_BYTES_MAX + 1;
        assert_eq!(sender.push("bob", &format!("{longest}x")), Err(TooLong { bytes }));
        assert_eq!((sender.waiting_bytes(), sender.next_ordinal()), (waiting, 2));
    }
}

//! As much of HTTP/1.1 as a scraper needs: one request, one answer, close.
//! One connection at a time, each with a time limit: whoever dawdles keeps
//! other scrapers waiting for a moment, and no worker.

use crate::limits::{METRICS_PATIENCE, METRICS_REQUEST_BYTES_MAX};
use crate::net::services::Stopper;
use log::debug;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const HEADERS_MAX: usize = 64;
/// OpenMetrics 1.0, section "Protocol Negotiation".
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// After `accept` failed for want of something.
const PAUSE: Duration = Duration::from_millis(100);

const LISTENER: Token = Token(0);
const STOP: Token = Token(1);

/// A listener that can be told to stop.
pub(super) struct Server {
    listener: TcpListener,
    poll: Poll,
    stop: Arc<Waker>,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        // A connection doesn't inherit that it never blocks (accept(2)).
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let poll = Poll::new()?;
        let mut source = SourceFd(&listener.as_raw_fd());
        poll.registry().register(&mut source, LISTENER, Interest::READABLE)?;
        let stop = Arc::new(Waker::new(poll.registry(), STOP)?);
        Ok(Self { listener, poll, stop })
    }

    /// With the real port.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Ends [`Server::serve`].
    pub(super) fn stopper(&self) -> Stopper {
        let stop = self.stop.clone();
        Box::new(move || {
            if let Err(error) = stop.wake() {
                debug!("the metrics can't be told to stop: {error}");
            }
        })
    }

    /// Answers until it is told to stop; `page` makes what is at `/metrics`.
    ///
    /// # Errors
    /// Where the poll itself fails.
    pub(super) fn serve(mut self, page: &dyn Fn() -> String) -> io::Result<()> {
        let mut events = Events::with_capacity(2);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            if events.iter().any(|event| event.token() == STOP) {
                return Ok(());
            }
            self.answer_waiting(page);
        }
    }

    fn answer_waiting(&self, page: &dyn Fn() -> String) {
        loop {
            let served = match self.listener.accept() {
                Ok((stream, _)) => answer(stream, page),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => {
                    thread::sleep(PAUSE);
                    Err(error)
                }
            };
            if let Err(error) = served {
                debug!("a scrape failed: {error}");
            }
        }
    }
}

fn answer(mut stream: TcpStream, page: &dyn Fn() -> String) -> io::Result<()> {
    stream.set_write_timeout(Some(METRICS_PATIENCE))?;
    let (status, kind, body) = match request(&mut stream)? {
        Request::Get(path) if path == "/metrics" => ("200 OK", OPENMETRICS, page()),
        Request::Get(path) if path == "/" => ("200 OK", "text/plain", "See /metrics.\n".into()),
        Request::Get(_) => ("404 Not Found", "text/plain", "See /metrics.\n".into()),
        Request::Other => ("405 Method Not Allowed", "text/plain", "GET only.\n".into()),
        Request::Wrong => ("400 Bad Request", "text/plain", "That is no request.\n".into()),
    };
    let length = body.len();
    let allow = if status.starts_with("405") { "Allow: GET\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

enum Request {
    Get(String),
    Other,
    Wrong,
}

/// Reads up to the end of the head; a body is nobody's business.
fn request(stream: &mut TcpStream) -> io::Result<Request> {
    let deadline = Instant::now() + METRICS_PATIENCE;
    let mut bytes = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let count = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(request) = parse(&bytes) {
            return Ok(request);
        }
        if count == 0 || bytes.len() > METRICS_REQUEST_BYTES_MAX {
            return Ok(Request::Wrong);
        }
    }
}

/// None while more has to come.
fn parse(bytes: &[u8]) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(status) if status.is_partial() => None,
        Err(_) => Some(Request::Wrong),
        Ok(_) => Some(match (request.method, request.path) {
            (Some("GET"), Some(path)) => {
                Request::Get(path.split('?').next().unwrap_or_default().to_owned())
            }
            _ => Request::Other,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::test_support::DEADLINE;

    /// Both ends of a connection: the scraper's, and ours.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scraper = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        scraper.set_read_timeout(Some(DEADLINE)).unwrap();
        (scraper, listener.accept().unwrap().0)
    }

    /// A request of so many bytes whose head doesn't end.
    fn endless(bytes: usize) -> Vec<u8> {
        let mut request = b"GET / HTTP/1.1\r\nX: ".to_vec();
        request.resize(bytes, b'x');
        request
    }

    #[test]
    fn a_request_over_its_bound_is_answered_without_waiting_for_its_end() {
        let (mut scraper, mut ours) = pair();
        scraper.write_all(&endless(METRICS_REQUEST_BYTES_MAX + 1)).unwrap();
        assert!(matches!(request(&mut ours), Ok(Request::Wrong)));
    }

    #[test]
    fn a_request_as_long_as_its_bound_is_fine() {
        let (mut scraper, mut ours) = pair();
        let mut longest = endless(METRICS_REQUEST_BYTES_MAX - 4);
        longest.extend_from_slice(b"\r\n\r\n");
        scraper.write_all(&longest).unwrap();
        assert!(matches!(request(&mut ours), Ok(Request::Get(path)) if path == "/"));
    }

    #[test]
    fn a_request_that_stops_half_way_is_given_up() {
        let (mut scraper, mut ours) = pair();
        scraper.write_all(b"GET / HT").unwrap();
        let given_up = request(&mut ours).err().expect("no request");
        assert!(matches!(given_up.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock));
        scraper.shutdown(Shutdown::Write).unwrap();
        assert!(matches!(request(&mut ours), Ok(Request::Wrong)), "it has ended");
    }
}

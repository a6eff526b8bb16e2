//! The connections of those who scrape: a few at once, in one poll loop, each
//! with a deadline. One more takes the place of the one that came first, so
//! silent connections keep nobody waiting.

use super::http;
use crate::limits::{METRICS_PATIENCE, METRICS_REQUEST_BYTES_MAX, METRICS_SCRAPERS_MAX};
use crate::net::services::Stopper;
use log::debug;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LISTENER: Token = Token(usize::MAX);
const STOP: Token = Token(usize::MAX - 1);
/// Before the next `accept`, after one failed for want of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// The listener, its poll, and who is connected.
pub(super) struct Scrapers {
    poll: Poll,
    stop: Arc<Waker>,
    listener: TcpListener,
    connected: Slab<Scraper>,
    /// How many came so far.
    came: u64,
    /// When to accept again, where that failed.
    accept_at: Option<Instant>,
}

struct Scraper {
    stream: TcpStream,
    /// In the order of accepting.
    ordinal: u64,
    deadline: Instant,
    /// What was read of the request.
    request: Vec<u8>,
    /// What is left of the answer; none before there is one.
    answer: Option<Vec<u8>>,
    /// The answer is sent whole.
    is_done: bool,
    /// Bytes behind the request that were read and discarded, up to a bound: closing
    /// with unread bytes resets the connection, and the answer would be lost.
    thrown_away: usize,
}

impl Scrapers {
    /// Takes the address.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let mut listener = TcpListener::bind(address)?;
        let poll = Poll::new()?;
        let stop = Arc::new(Waker::new(poll.registry(), STOP)?);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let connected = Slab::with_capacity(METRICS_SCRAPERS_MAX);
        Ok(Self { poll, stop, listener, connected, came: 0, accept_at: None })
    }

    /// With the real port.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Ends [`Scrapers::serve`].
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
    /// Where the poll fails.
    pub(super) fn serve(mut self, page: &dyn Fn() -> String) -> io::Result<()> {
        let mut events = Events::with_capacity(2 * METRICS_SCRAPERS_MAX);
        loop {
            match self.poll.poll(&mut events, self.patience(Instant::now())) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let now = Instant::now();
            let mut can_accept = self.accept_at.is_some_and(|at| at <= now);
            for event in &events {
                match event.token() {
                    STOP => return Ok(()),
                    LISTENER => can_accept = true,
                    Token(number) => self.go_on(number, page),
                }
            }
            self.connected.retain(|_, scraper| scraper.deadline > now);
            if can_accept {
                self.accept(now, page);
            }
        }
    }

    /// Until something is due.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let deadlines = self.connected.iter().map(|(_, scraper)| scraper.deadline);
        deadlines.chain(self.accept_at).min().map(|due| due.saturating_duration_since(now))
    }

    fn accept(&mut self, now: Instant, page: &dyn Fn() -> String) {
        self.accept_at = None;
        loop {
            let accepted = self.listener.accept().and_then(|(stream, _)| self.take(stream, now));
            match accepted {
                // Its request may have arrived already.
                Ok(number) => self.go_on(number, page),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    debug!("can't accept a scraper: {error}");
                    self.accept_at = Some(now + PAUSE);
                    return;
                }
            }
        }
    }

    fn take(&mut self, mut stream: TcpStream, now: Instant) -> io::Result<usize> {
        if self.connected.len() >= METRICS_SCRAPERS_MAX {
            let first = self.connected.iter().min_by_key(|(_, scraper)| scraper.ordinal);
            if let Some(number) = first.map(|(number, _)| number) {
                self.connected.remove(number);
            }
        }
        let entry = self.connected.vacant_entry();
        let number = entry.key();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(number), interest)?;
        let deadline = now + METRICS_PATIENCE;
        self.came += 1;
        let scraper = Scraper {
            stream,
            ordinal: self.came,
            deadline,
            request: Vec::new(),
            answer: None,
            is_done: false,
            thrown_away: 0,
        };
        entry.insert(scraper);
        Ok(number)
    }

    /// Reads and writes until its socket would block.
    fn go_on(&mut self, number: usize, page: &dyn Fn() -> String) {
        let Some(scraper) = self.connected.get_mut(number) else { return };
        match scraper.go_on(page) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => debug!("a scrape failed: {error}"),
            Ok(()) => {}
        }
        self.connected.remove(number);
    }
}

impl Scraper {
    /// Ends where the peer has closed its side, or has sent too much.
    ///
    /// # Errors
    /// `WouldBlock`: later. Otherwise, the system's error.
    fn go_on(&mut self, page: &dyn Fn() -> String) -> io::Result<()> {
        let mut chunk = [0; 2048];
        while self.answer.is_none() {
            let count = ignoring_interrupts(|| self.stream.read(&mut chunk))?;
            self.request.extend_from_slice(&chunk[..count]);
            self.answer = http::answer(&self.request, count == 0, page);
        }
        if let Some(answer) = &mut self.answer {
            while !answer.is_empty() {
                let count = ignoring_interrupts(|| self.stream.write(answer))?;
                answer.drain(..count);
            }
        }
        if !self.is_done {
            self.is_done = true;
            self.stream.shutdown(Shutdown::Write)?;
        }
        while self.thrown_away <= METRICS_REQUEST_BYTES_MAX {
            match ignoring_interrupts(|| self.stream.read(&mut chunk))? {
                0 => break,
                count => self.thrown_away += count,
            }
        }
        Ok(())
    }
}

fn ignoring_interrupts(mut act: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match act() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

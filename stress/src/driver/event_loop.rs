//! The poll loop: one `recv` per readiness, one `send` per touched connection
//! and turn. Never: a look at the bytes.

use super::link::{Link, Security, tls_config};
use super::{Bot, Crowd, End, Hands, Order};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{setsockopt, sockopt};
use rustls::ClientConfig;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One `recv` takes this much at the most.
const SCRATCH_BYTES: usize = 256 * 1024;
/// The receive buffer of a bot that reads slowly, in bytes.
const SMALL_BUFFER_BYTES: usize = 4096;
/// Readiness taken from the kernel in one turn.
const EVENTS_PER_TURN: usize = 1024;
/// Reads of one connection in one turn, so that nobody starves the others.
const READS_PER_TURN: usize = 4;

/// Where the server is, and how to reach it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub address: SocketAddr,
    /// Connect from many loopback addresses in turn: one has only some 28,000
    /// ports, and those of closed connections rest for a minute.
    pub many_sources: bool,
    pub security: Security,
}

impl Target {
    pub(crate) fn new(address: SocketAddr, security: Security) -> Self {
        let many_sources = address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { address, many_sources, security }
    }
}

/// A bot's connection.
#[derive(Default)]
struct Seat {
    link: Option<Link>,
    is_connected: bool,
    is_held: bool,
    /// Readable when last heard of; edge-triggered readiness comes only once.
    is_readable: bool,
    /// The other end has ended: a short read doesn't drain it, the end follows.
    is_ending: bool,
    /// What to do once the outbox is empty.
    ending: Option<Order>,
    /// Bytes that the crowd is not done with.
    leftover: Vec<u8>,
    /// Bytes of the outbox that are sent.
    sent: usize,
}

/// The loop.
pub(crate) struct Driver {
    poll: Poll,
    events: Events,
    seats: Vec<Seat>,
    /// Bots that connect with a small receive buffer.
    has_small_buffer: Vec<bool>,
    /// Where bots come from, if that matters.
    sources: Vec<Option<Ipv4Addr>>,
    hands: Hands,
    scratch: Vec<u8>,
    /// What comes over the wire, where bots speak TLS.
    raw: Vec<u8>,
    tls: Option<Arc<ClientConfig>>,
    target: Target,
    next_source: u32,
    /// Connections with more to read than one turn takes.
    unfinished: Vec<Bot>,
}

impl Driver {
    /// A loop with `bots` seats, none of them connected.
    ///
    /// # Errors
    /// Where the kernel has no poll left to give.
    pub(crate) fn new(bots: usize, target: Target) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_PER_TURN),
            seats: (0..bots).map(|_| Seat::default()).collect(),
            has_small_buffer: vec![false; bots],
            sources: vec![None; bots],
            hands: Hands::new(bots, Instant::now()),
            scratch: vec![0; SCRATCH_BYTES],
            raw: vec![0; if target.security == Security::Plain { 0 } else { SCRATCH_BYTES }],
            tls: tls_config(target.security, bots),
            target,
            next_source: std::process::id(),
            unfinished: Vec::new(),
        })
    }

    /// Lets the crowd begin, or change its mind, outside of any event.
    pub(crate) fn prompt<C: Crowd>(&mut self, crowd: &mut C, say: impl FnOnce(&mut C, &mut Hands)) {
        self.hands.now = Instant::now();
        say(crowd, &mut self.hands);
        self.settle(crowd);
    }

    /// One turn: waits until something is ready, `timeout` at the most, and
    /// handles all of it.
    ///
    /// # Errors
    /// Where polling itself fails.
    pub(crate) fn turn<C: Crowd>(&mut self, crowd: &mut C, timeout: Duration) -> io::Result<()> {
        let timeout = if self.unfinished.is_empty() { timeout } else { Duration::ZERO };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        self.hands.now = Instant::now();
        for bot in std::mem::take(&mut self.unfinished) {
            self.read(bot, crowd);
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let bot = event.token().0;
            if event.is_writable() && !self.seats[bot].is_connected {
                self.greet(bot, crowd);
            }
            let has_sealed = self.seats[bot].link.as_ref().is_some_and(Link::has_sealed);
            if event.is_writable() && (has_sealed || self.hands.waiting_bytes(bot) > 0) {
                let _ = self.hands.outbox(bot);
            }
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                self.seats[bot].is_readable = true;
                self.seats[bot].is_ending = event.is_read_closed() || event.is_error();
                if !self.seats[bot].is_held {
                    self.read(bot, crowd);
                }
            }
        }
        self.events = events;
        crowd.tick(&mut self.hands);
        self.settle(crowd);
        Ok(())
    }

    /// Carries out orders and flushes, until nothing new comes of it.
    fn settle<C: Crowd>(&mut self, crowd: &mut C) {
        while !self.hands.orders.is_empty() || !self.hands.touched.is_empty() {
            for order in self.hands.take_orders() {
                self.carry_out(order, crowd);
            }
            for bot in std::mem::take(&mut self.hands.touched) {
                self.hands.is_touched[bot] = false;
                self.flush(bot, crowd);
            }
        }
    }

    fn carry_out<C: Crowd>(&mut self, order: Order, crowd: &mut C) {
        match order {
            Order::Connect(bot) => {
                if let Err(error) = self.connect(bot) {
                    self.drop_seat(bot);
                    crowd.ended(bot, End::Refused(error.to_string()), &mut self.hands);
                }
            }
            Order::Finish(bot) | Order::Close(bot) => {
                self.seats[bot].ending = Some(order);
                let _ = self.hands.outbox(bot);
            }
            Order::Reset(bot) => {
                self.flush(bot, crowd);
                if let Some(link) = &mut self.seats[bot].link {
                    let _ = socket2::SockRef::from(&*link.tcp()).set_linger(Some(Duration::ZERO));
                }
                self.drop_seat(bot);
            }
            Order::SmallBuffer(bot) => self.has_small_buffer[bot] = true,
            Order::From(bot, source) => self.sources[bot] = Some(source),
            Order::Hold(bot) => self.seats[bot].is_held = true,
            Order::Sip(bot, bytes) => {
                if self.seats[bot].is_readable {
                    self.read_once(bot, bytes.min(SCRATCH_BYTES), crowd);
                }
            }
            Order::Release(bot) => {
                self.seats[bot].is_held = false;
                if self.seats[bot].is_readable {
                    self.unfinished.push(bot);
                }
            }
        }
    }

    fn connect(&mut self, bot: Bot) -> io::Result<()> {
        let address = self.target.address;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if self.has_small_buffer[bot] {
            // Before the first window is announced: a kernel that has promised
            // more than it takes drops segments, and both ends back off for up
            // to two minutes.
            socket.set_recv_buffer_size(SMALL_BUFFER_BYTES)?;
        }
        if let Some(source) = self.sources[bot].or_else(|| self.any_source()) {
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
            socket.bind(&SocketAddr::from((source, 0)).into())?;
        }
        match socket.connect(&SockAddr::from(address)) {
            Err(error) if error.raw_os_error() == Some(nix::libc::EINPROGRESS) => {}
            other => other?,
        }
        let mut stream = TcpStream::from_std(socket.into());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(bot), interest)?;
        self.hands.outboxes[bot].clear();
        let link = match &self.tls {
            Some(config) => {
                let awaits_line = self.target.security == Security::TlsBehindLine;
                Link::tls(stream, config, awaits_line, bot)?
            }
            None => Link::plain(stream),
        };
        self.seats[bot] = Seat { link: Some(link), ..Seat::default() };
        Ok(())
    }

    /// The next of many loopback addresses, where the server is on one.
    fn any_source(&mut self) -> Option<Ipv4Addr> {
        self.next_source = self.next_source.wrapping_add(1);
        let last = (self.next_source % 250 + 2) as u8;
        self.target.many_sources.then_some(Ipv4Addr::new(127, 0, 0, last))
    }

    /// The first time that a socket can be written to: it is connected, or not.
    fn greet<C: Crowd>(&mut self, bot: Bot, crowd: &mut C) {
        let Some(link) = &mut self.seats[bot].link else { return };
        let stream = link.tcp();
        match stream.take_error() {
            Ok(None) if stream.peer_addr().is_ok() => {
                self.seats[bot].is_connected = true;
                crowd.connected(bot, &mut self.hands);
            }
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => {
                self.drop_seat(bot);
                crowd.ended(bot, End::Refused(error.to_string()), &mut self.hands);
            }
        }
    }

    fn read<C: Crowd>(&mut self, bot: Bot, crowd: &mut C) {
        for _ in 0..READS_PER_TURN {
            if !self.seats[bot].is_readable || self.seats[bot].is_held {
                return;
            }
            self.read_once(bot, SCRATCH_BYTES, crowd);
        }
        if self.seats[bot].is_readable {
            self.unfinished.push(bot);
        }
    }

    /// One `recv`. One that fills less than it could has drained the socket.
    fn read_once<C: Crowd>(&mut self, bot: Bot, limit: usize, crowd: &mut C) {
        let seat = &mut self.seats[bot];
        let Some(link) = &mut seat.link else { return };
        let end = match link.read(&mut self.raw, &mut self.scratch[..limit]) {
            Ok(brought) => {
                seat.is_readable = brought.more || seat.is_ending;
                if brought.text > 0 {
                    self.hand_over(bot, brought.text, crowd);
                }
                if !brought.ended {
                    return;
                }
                End::Closed
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                seat.is_readable = false;
                return;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return,
            Err(error) => End::Broken(error.to_string()),
        };
        self.drop_seat(bot);
        crowd.ended(bot, end, &mut self.hands);
    }

    fn hand_over<C: Crowd>(&mut self, bot: Bot, count: usize, crowd: &mut C) {
        let fresh = &self.scratch[..count];
        let leftover = &mut self.seats[bot].leftover;
        if leftover.is_empty() {
            let done = crowd.received(bot, fresh, &mut self.hands);
            self.seats[bot].leftover.extend_from_slice(&fresh[done..]);
            return;
        }
        leftover.extend_from_slice(fresh);
        let bytes = std::mem::take(leftover);
        let done = crowd.received(bot, &bytes, &mut self.hands);
        if done < bytes.len() {
            self.seats[bot].leftover = bytes[done..].to_vec();
        }
    }

    fn flush<C: Crowd>(&mut self, bot: Bot, crowd: &mut C) {
        let seat = &mut self.seats[bot];
        let Some(link) = &mut seat.link else {
            self.hands.outboxes[bot].clear();
            return;
        };
        if !seat.is_connected {
            return;
        }
        let outbox = &mut self.hands.outboxes[bot];
        while seat.sent < outbox.len() {
            match link.write(&outbox[seat.sent..]) {
                Ok(count) => seat.sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    outbox.drain(..seat.sent);
                    seat.sent = 0;
                    return;
                }
                // What the server said last may still be there to be read.
                Err(_) => {
                    seat.is_readable = true;
                    seat.is_held = false;
                    outbox.clear();
                    seat.sent = 0;
                    self.unfinished.push(bot);
                    return;
                }
            }
        }
        outbox.clear();
        seat.sent = 0;
        // Where that fails, the next read tells.
        let _ = link.push();
        if link.has_sealed() {
            return;
        }
        match seat.ending.take() {
            Some(Order::Finish(_)) => link.finish(),
            Some(_) => {
                self.drop_seat(bot);
                crowd.ended(bot, End::Closed, &mut self.hands);
            }
            None => {}
        }
    }

    /// Closes the socket, if there is one.
    fn drop_seat(&mut self, bot: Bot) {
        if let Some(mut link) = self.seats[bot].link.take() {
            let _ = self.poll.registry().deregister(link.tcp());
        }
        self.seats[bot] = Seat::default();
        self.hands.outboxes[bot].clear();
    }
}

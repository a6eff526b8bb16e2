//! Many at once: those who don't read, greet slowly, reset, flood, or come and
//! go together. The bounds on time are asserted at full size only, on a
//! machine that has nothing else to do; the figures are printed always.

use crate::support::client::packet;
use crate::support::{Client, PATIENCE, Server, eventually, figure, is_full, percentile_99, size};
use socket2::SockRef;
use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Says that it is over when it goes, by a panic as well: nobody is waited for
/// who waits for that.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asserts a bound on time, at full size.
fn within(what: &str, time: Duration, bound: Duration) {
    figure(what, format!("{time:?}, at most {bound:?}"));
    assert!(!is_full() || time <= bound, "{what}: {time:?}, at most {bound:?}");
}

/// How long `/ping` takes, each client in turn.
fn pings(clients: &mut [Client], rounds: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..rounds {
        for client in clients.iter_mut() {
            let text = round.to_string();
            let start = Instant::now();
            assert_eq!(client.ask("/ping", &text), text);
            times.push(start.elapsed());
        }
    }
    times
}

fn join_many(server: &Server, prefix: &str, count: usize) -> Vec<Client> {
    (0..count).map(|n| Client::join(server.address, &format!("{prefix}{n}"))).collect()
}

fn stat(client: &mut Client, name: &str) -> u64 {
    let stats = client.ask("/stats", "");
    let line = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

/// The people of [`members_who_stop_reading_harm_nobody_else`].
struct Room {
    /// In no room; they ask `/ping`.
    quiet: Vec<Client>,
    talker: Client,
    /// A member who reads.
    reader: Client,
}

/// Between two posts of someone who talks much for a person, and posts of a
/// program that waits for nothing.
const PERSON: Duration = Duration::from_millis(20);
const PROGRAM: Duration = Duration::ZERO;

impl Room {
    fn open(server: &Server) -> Self {
        let [mut talker, mut reader] =
            ["talker", "reader"].map(|name| Client::join(server.address, name));
        talker.ask("/join", "#room");
        reader.ask("/join", "#room");
        Self { quiet: join_many(server, "quiet", 10), talker, reader }
    }

    /// The talker posts, the reader reads, and meanwhile the quiet ask `/ping`,
    /// until there were some posts and `is_over` says so. The 99th percentile
    /// of these; the reader has heard every post.
    fn talk(&mut self, pace: Duration, mut is_over: impl FnMut(&mut Client) -> bool) -> Duration {
        let Self { quiet, talker, reader } = self;
        let text = "x".repeat(8000);
        let (over, posted) = (AtomicBool::new(false), AtomicUsize::new(0));
        let mut heard = 0;
        let times = thread::scope(|scope| {
            let (over, posted) = (&over, &posted);
            let ends = Ends(over);
            scope.spawn(|| {
                let _ends = Ends(over);
                while !over.load(Ordering::Relaxed) {
                    talker.send("#room", &text);
                    posted.fetch_add(1, Ordering::Relaxed);
                    // Its refusals and its pace: an answer behind each post.
                    talker.ask("/ping", "");
                    thread::park_timeout(pace);
                }
                talker.send("reader", "the end");
            });
            scope.spawn(|| {
                while reader.read().expect("the reader stays").msg != "the end" {
                    heard += 1;
                }
            });
            let mut times = Vec::new();
            while posted.load(Ordering::Relaxed) < size(20, 200) || !is_over(&mut quiet[0]) {
                assert!(!over.load(Ordering::Relaxed), "the talker is gone");
                times.extend(pings(quiet, 1));
            }
            drop(ends);
            times
        });
        assert_eq!(heard, posted.into_inner(), "the reader hears every post");
        percentile_99(times)
    }

    /// Members who read all that comes, on one thread, while `talk` goes on.
    fn talk_to_readers(&mut self, readers: &[Client], pace: Duration) -> Duration {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _ends = Ends(&over);
            scope.spawn(|| read_all(readers, &over));
            self.talk(pace, |_| true)
        })
    }

    /// Members join, and read nothing until all of them are closed.
    fn talk_to_stuck(&mut self, server: &Server, members: usize, pace: Duration) -> Duration {
        let stuck = join_room(server, "stuck", members);
        let start = Instant::now();
        let percentile = self.talk(pace, |quiet| {
            assert!(start.elapsed() < PATIENCE, "the stuck stay");
            stat(quiet, "users") == 12
        });
        within("stuck members closed after", start.elapsed(), Duration::from_secs(30));
        drop(stuck);
        percentile
    }
}

fn join_room(server: &Server, prefix: &str, members: usize) -> Vec<Client> {
    let mut clients = join_many(server, prefix, members);
    for client in &mut clients {
        client.ask("/join", "#room");
    }
    clients
}

/// Reads what comes for all of them and throws it away, until it is over.
fn read_all(clients: &[Client], over: &AtomicBool) {
    let mut poll = mio::Poll::new().unwrap();
    let sockets: Vec<&TcpStream> = clients.iter().map(|client| client.stream.get_ref()).collect();
    for (number, socket) in sockets.iter().enumerate() {
        socket.set_nonblocking(true).unwrap();
        let mut source = mio::unix::SourceFd(&socket.as_raw_fd());
        let token = mio::Token(number);
        poll.registry().register(&mut source, token, mio::Interest::READABLE).unwrap();
    }
    let mut events = mio::Events::with_capacity(1024);
    let mut scratch = vec![0; 1 << 16];
    while !over.load(Ordering::Relaxed) {
        poll.poll(&mut events, Some(Duration::from_millis(10))).unwrap();
        for event in &events {
            let mut socket = sockets[event.token().0];
            while socket.read(&mut scratch).is_ok_and(|bytes| bytes == scratch.len()) {}
        }
    }
}

#[test]
fn members_who_stop_reading_harm_nobody_else() {
    let members = size(40, 1000);
    let queue = 65_536;
    let server = Server::start(&["--queue", "65536", "--stuck-timeout", "3", "--rate", "0"]);
    let mut room = Room::open(&server);
    let idle = percentile_99(pings(&mut room.quiet, size(20, 100)));
    figure("99th percentile when nobody talks", format!("{idle:?}"));
    let alone = [PERSON, PROGRAM].map(|pace| room.talk(pace, |_| true));
    let readers = join_room(&server, "member", members);
    let read = [PERSON, PROGRAM].map(|pace| room.talk_to_readers(&readers, pace));
    drop(readers);
    let stuck = [PERSON, PROGRAM].map(|pace| room.talk_to_stuck(&server, members, pace));

    for (who, at) in [("a person", 0), ("a program", 1)] {
        figure(&format!("... beside {who} and one reader"), format!("{:?}", alone[at]));
        figure(&format!("... beside {who} and members who read"), format!("{:?}", read[at]));
        figure(&format!("... beside {who} and members who don't"), format!("{:?}", stuck[at]));
    }
    // A ping is some 50 µs: below twice that there is nothing to see.
    let bound = (alone[0] * 2).max(Duration::from_micros(100));
    within("99th percentile beside a person and stuck members", stuck[0], bound);
    // A post of a program that waits for nothing is, with many members, all
    // that two cores can do, stuck or not: docs/SECURITY.md.
    within("99th percentile beside a program and stuck members", stuck[1], read[1] * 2);
    let memory = server.memory_kib("VmHWM") * 1024;
    let bound = (64 << 20) + members * (4 * queue);
    figure("memory beside stuck members", format!("{memory} bytes, at most {bound}"));
    assert!(memory < bound, "{memory} of {bound}");
}

#[test]
fn slow_greeters_are_closed_in_time() {
    let (count, timeout) = (size(200, 10_000), size(2, 10));
    let server = Server::start(&["--greeting-timeout", &timeout.to_string()]);
    let start = Instant::now();
    let mut slow: Vec<TcpStream> = (0..count).map(|_| Client::connect(server.address)).collect();
    let bytes = packet("slow", "/ping", "");
    let mut logins = Vec::new();
    // A byte each, and a login, time and again, until the time is up.
    for round in 0.. {
        for stream in &mut slow {
            // Those refused by now are closed; that is what is waited for.
            let _ = stream.write_all(&bytes[round..round + 1]);
        }
        let login = Instant::now();
        Client::join(server.address, &format!("fast{round}"));
        logins.push(login.elapsed());
        if start.elapsed() > Duration::from_secs(timeout as u64) {
            break;
        }
        thread::park_timeout(Duration::from_secs(timeout as u64) / 8);
    }
    for stream in &slow {
        let mut line = String::new();
        std::io::BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(line.contains("0 greeting-timeout"), "{line}");
    }
    figure("slow greeters closed after", format!("{:?}", start.elapsed()));
    let slowest = logins.into_iter().max().unwrap();
    within("slowest login beside slow greeters", slowest, Duration::from_millis(100));
}

#[test]
fn connects_and_resets_leave_nothing() {
    let server = Server::start(&[]);
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    let (before, memory) = (descriptors(), server.memory_kib("VmRSS"));
    let count = size(2000, 100_000);
    let start = Instant::now();
    for number in 0..count {
        let mut stream = TcpStream::connect(server.address).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"{\"from\":").unwrap();
        }
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    figure("connects and resets", format!("{count} in {:?}", start.elapsed()));
    let mut bob = Client::join(server.address, "bob");
    assert_eq!(bob.ask("/ping", "still"), "still");
    drop(bob);
    eventually("all descriptors are closed", || descriptors() <= before);
    let grown = server.memory_kib("VmRSS").saturating_sub(memory);
    figure("memory after resets", format!("{grown} KiB more"));
    assert!(grown < 16 << 10, "{grown} KiB");
}

#[test]
fn one_at_full_speed_slows_only_itself() {
    let server = Server::start(&["--workers", "1"]);
    let mut quiet = join_many(&server, "quiet", size(50, 500));
    let alone = percentile_99(pings(&mut quiet, size(4, 20)));
    let flooder = Client::join(server.address, "flooder");
    let over = AtomicBool::new(false);
    let beside = thread::scope(|scope| {
        let mut writes = flooder.stream.get_ref().try_clone().unwrap();
        let mut reads = flooder.stream;
        let over = &over;
        let _ends = Ends(over);
        scope.spawn(move || {
            let block = packet("flooder", "/ping", "x").repeat(1000);
            while !over.load(Ordering::Relaxed) && writes.write_all(&block).is_ok() {}
            writes.shutdown(std::net::Shutdown::Both).unwrap();
        });
        scope.spawn(move || {
            while let Ok(bytes) = reads.fill_buf().map(<[u8]>::len)
                && bytes > 0
            {
                reads.consume(bytes);
            }
        });
        pings(&mut quiet, size(4, 20))
    });
    figure("99th percentile without a flooder", format!("{alone:?}"));
    within("99th percentile beside a flooder", percentile_99(beside), Duration::from_millis(10));
}

#[test]
fn all_gone_at_once_and_back_at_once() {
    let count = size(300, 6000);
    let server = Server::start(&[]);
    let first = join_many(&server, "user", count);
    let start = Instant::now();
    drop(first);
    // Who comes back before the server has seen them go is name-taken; so
    // would they be on any server, and try again.
    let back = |name: String| {
        let mut joined = None;
        eventually("everybody is back", || {
            let mut client = Client::greet(server.address, &name);
            let welcome = client.read().is_some_and(|answer| answer.from == "/welcome");
            joined = welcome.then_some(client);
            welcome
        });
        joined.unwrap()
    };
    let mut users: Vec<Client> = (0..count).map(|n| back(format!("user{n}"))).collect();
    figure("gone and back", format!("{count} in {:?}", start.elapsed()));
    assert_eq!(stat(&mut users[0], "users"), count as u64);
    for from in 0..count {
        let to = (from + 1) % count;
        users[from].send(&format!("user{to}"), "hello");
        assert_eq!(users[to].read_from(&format!("user{from}")).msg, "hello");
    }
}

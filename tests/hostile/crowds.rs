//! Many at once: those who don't read, greet slowly, reset, flood, or come and
//! go together. The bounds on time are asserted at full size only, on a
//! machine that has nothing else to do; the figures are printed always.

use crate::support::{figure, is_full, percentile_99, server, size};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};
use testkit::connection::ReceivingHalf;
use testkit::{PATIENCE, Peer, Server, ask_until, packet_text, uninterrupted};

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
fn pings(clients: &mut [Peer], rounds: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..rounds {
        for client in clients.iter_mut() {
            let text = round.to_string();
            let start = Instant::now();
            assert_eq!(client.ask("/ping", &text).msg, text);
            times.push(start.elapsed());
        }
    }
    times
}

fn join_many(server: &Server, prefix: &str, count: usize) -> Vec<Peer> {
    (0..count).map(|n| Peer::join(server, &format!("{prefix}{n}"))).collect()
}

fn stat(client: &mut Peer, name: &str) -> u64 {
    let stats = client.ask("/stats", "").msg;
    let line = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

/// The people of [`members_who_stop_reading_cost_others_no_post_and_at_full_size_no_time`].
struct Room {
    /// In no room; they ask `/ping`.
    quiet: Vec<Peer>,
    talker: Peer,
    /// A member who reads.
    reader: Peer,
}

/// Who talks.
#[derive(Clone, Copy)]
enum Talker {
    /// Someone who talks much for a person: once in that many rounds of pings.
    Person(usize),
    /// Waits for nothing.
    Program,
}

/// Forty rounds of pings take some 20 ms.
fn talkers() -> [Talker; 2] {
    [Talker::Person(size(4, 40)), Talker::Program]
}

impl Room {
    fn open(server: &Server) -> Self {
        let [mut talker, mut reader] = ["talker", "reader"].map(|name| Peer::join(server, name));
        talker.ask("/join", "#room");
        reader.ask("/join", "#room");
        Self { quiet: join_many(server, "quiet", 10), talker, reader }
    }

    /// The talker posts, the reader reads, and meanwhile the quiet ask `/ping`,
    /// until there were some posts and `is_over` says so. The 99th percentile
    /// of these; the reader has heard every post.
    fn talk(&mut self, who: Talker, mut is_over: impl FnMut(&mut Peer) -> bool) -> Duration {
        let Self { quiet, talker, reader } = self;
        let text = "x".repeat(8000);
        let (over, posted) = (AtomicBool::new(false), AtomicUsize::new(0));
        let mut heard = 0;
        let (turn, has_turn) = sync_channel(1);
        let times = thread::scope(|scope| {
            let (over, posted) = (&over, &posted);
            let ends = Ends(over);
            scope.spawn(move || {
                let _ends = Ends(over);
                while !over.load(Ordering::Relaxed) {
                    talker.send("#room", &text);
                    posted.fetch_add(1, Ordering::Relaxed);
                    // Its refusals and its pace: an answer behind each post.
                    talker.ask_skipping("/ping", "");
                    // Nobody gives turns any more where the test fails.
                    if matches!(who, Talker::Person(_)) && has_turn.recv().is_err() {
                        break;
                    }
                }
                talker.send("reader", "the end");
            });
            scope.spawn(|| {
                while reader.next().msg != "the end" {
                    heard += 1;
                }
            });
            let (mut times, mut rounds) = (Vec::new(), 0);
            while posted.load(Ordering::Relaxed) < size(20, 200) || !is_over(&mut quiet[0]) {
                assert!(!over.load(Ordering::Relaxed), "the talker is gone");
                times.extend(pings(quiet, 1));
                rounds += 1;
                if matches!(who, Talker::Person(per_post) if rounds % per_post == 0) {
                    // The talker may have one turn that isn't used yet.
                    let _ = turn.try_send(());
                }
            }
            drop((ends, turn));
            times
        });
        assert_eq!(heard, posted.into_inner(), "the reader hears every post");
        percentile_99(times)
    }

    /// Members who read all that comes, on one thread, while `talk` goes on.
    fn talk_to_readers(&mut self, readers: &[Peer], who: Talker) -> Duration {
        let poll = mio::Poll::new().unwrap();
        let waker = mio::Waker::new(poll.registry(), OVER).unwrap();
        thread::scope(|scope| {
            let _wakes = Wakes(&waker);
            scope.spawn(|| read_all(readers, poll));
            self.talk(who, |_| true)
        })
    }

    /// Members join, and read nothing until all of them are closed.
    fn talk_to_stuck(&mut self, server: &Server, members: usize, who: Talker) -> Duration {
        let stuck = join_room(server, "stuck", members);
        let start = Instant::now();
        let percentile = self.talk(who, |quiet| {
            assert!(start.elapsed() < PATIENCE, "the stuck stay");
            stat(quiet, "users") == 12
        });
        within("stuck members closed after", start.elapsed(), Duration::from_secs(30));
        drop(stuck);
        percentile
    }
}

fn join_room(server: &Server, prefix: &str, members: usize) -> Vec<Peer> {
    let mut clients = join_many(server, prefix, members);
    for client in &mut clients {
        client.ask("/join", "#room");
    }
    clients
}

/// Tells [`read_all`] that it is over.
const OVER: mio::Token = mio::Token(usize::MAX);

/// Says so when it goes, by a panic as well. The waker outlives whoever is woken:
/// with its descriptor closed, the poll would forget the event.
struct Wakes<'a>(&'a mio::Waker);

impl Drop for Wakes<'_> {
    fn drop(&mut self) {
        self.0.wake().expect("an open waker");
    }
}

/// Reads what comes for all of them and throws it away, until it is over.
fn read_all(clients: &[Peer], mut poll: mio::Poll) {
    let mut sockets: Vec<ReceivingHalf> = clients.iter().map(Peer::receiving_half).collect();
    for (number, socket) in sockets.iter().enumerate() {
        socket.set_nonblocking();
        let mut source = mio::unix::SourceFd(&socket.as_raw_fd());
        let token = mio::Token(number);
        poll.registry().register(&mut source, token, mio::Interest::READABLE).unwrap();
    }
    let mut events = mio::Events::with_capacity(1024);
    let mut scratch = vec![0; 1 << 16];
    loop {
        uninterrupted(|| poll.poll(&mut events, Some(PATIENCE))).unwrap();
        for event in &events {
            if event.token() == OVER {
                return;
            }
            let socket = &mut sockets[event.token().0];
            while socket.read(&mut scratch).is_ok_and(|bytes| bytes == scratch.len()) {}
        }
    }
}

#[test]
fn members_who_stop_reading_cost_others_no_post_and_at_full_size_no_time() {
    let members = size(40, 1000);
    let queue = 65_536;
    let server = server(&["--queue", "65536", "--stuck-timeout", "3", "--rate", "0"]);
    let mut room = Room::open(&server);
    let idle = percentile_99(pings(&mut room.quiet, size(20, 100)));
    figure("99th percentile when nobody talks", format!("{idle:?}"));
    let alone = talkers().map(|who| room.talk(who, |_| true));
    let readers = join_room(&server, "member", members);
    let read = talkers().map(|who| room.talk_to_readers(&readers, who));
    drop(readers);
    let stuck = talkers().map(|who| room.talk_to_stuck(&server, members, who));

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
    let memory = server.process.memory_bytes("VmHWM");
    let bound = (64 << 20) + members * (4 * queue);
    figure("memory beside stuck members", format!("{memory} bytes, at most {bound}"));
    assert!(memory < bound, "{memory} of {bound}");
}

#[test]
fn slow_greeters_are_closed_and_at_full_size_delay_no_login() {
    let (count, timeout) = (size(200, 10_000), size(2, 10));
    let server = server(&["--greeting-timeout", &timeout.to_string()]);
    let start = Instant::now();
    let mut slow: Vec<Peer> = (0..count).map(|_| Peer::connect(&server)).collect();
    let mut logins = Vec::new();
    // A byte each, and a login, time and again, until the time is up.
    for round in 0..timeout * 10 + 2 {
        for peer in &mut slow {
            // Those refused by now are closed; that is what is waited for.
            let _ = peer.try_send_raw(if round == 0 { "{" } else { " " });
        }
        let login = Instant::now();
        Peer::join(&server, &format!("fast{round}"));
        logins.push(login.elapsed());
        server.pass_100_ms();
    }
    for peer in &mut slow {
        assert_eq!(peer.next().refusal(), Some((0, "greeting-timeout")));
    }
    figure("slow greeters closed after", format!("{:?}", start.elapsed()));
    let slowest = logins.into_iter().max().unwrap();
    within("slowest login beside slow greeters", slowest, Duration::from_millis(100));
}

#[test]
fn connects_and_resets_leave_nothing_behind() {
    let server = server(&[]);
    let mut bob = Peer::join(&server, "bob");
    let memory = server.process.memory_bytes("VmRSS");
    let before = server.process.descriptors();
    let count = size(2000, 100_000);
    let start = Instant::now();
    for number in 0..count {
        let mut peer = Peer::connect(&server);
        if number % 2 == 0 {
            peer.send_raw("{\"from\":");
        }
        peer.reset();
    }
    figure("connects and resets", format!("{count} in {:?}", start.elapsed()));
    ask_until("all descriptors are closed", || {
        assert_eq!(bob.ask("/ping", "still").msg, "still");
        (server.process.descriptors() <= before).then_some(())
    });
    let grown = server.process.memory_bytes("VmRSS").saturating_sub(memory) >> 10;
    figure("memory after resets", format!("{grown} KiB more"));
    assert!(grown < 16 << 10, "{grown} KiB");
}

#[test]
fn others_are_answered_beside_a_flooder_and_at_full_size_within_10_ms() {
    let server = server(&["--workers", "1"]);
    let mut quiet = join_many(&server, "quiet", size(50, 500));
    let alone = percentile_99(pings(&mut quiet, size(4, 20)));
    let flooder = Peer::join(&server, "flooder");
    let over = AtomicBool::new(false);
    let beside = thread::scope(|scope| {
        let (mut writes, mut reads) = (flooder.sending_half(), flooder.receiving_half());
        let over = &over;
        let _ends = Ends(over);
        scope.spawn(move || {
            let block = (packet_text("flooder", "/ping", "x") + "\n").repeat(1000);
            while !over.load(Ordering::Relaxed) && writes.write_all(block.as_bytes()).is_ok() {}
            writes.close();
        });
        scope.spawn(move || std::io::copy(&mut reads, &mut std::io::sink()));
        pings(&mut quiet, size(4, 20))
    });
    figure("99th percentile without a flooder", format!("{alone:?}"));
    within("99th percentile beside a flooder", percentile_99(beside), Duration::from_millis(10));
}

#[test]
fn everybody_who_leaves_at_once_can_come_back_at_once() {
    let count = size(300, 6000);
    let server = server(&[]);
    let first = join_many(&server, "user", count);
    let start = Instant::now();
    drop(first);
    // Who comes back before the server has seen them go is name-taken; so
    // would they be on any server, and try again.
    let back = |name: String| {
        ask_until("everybody is back", || {
            let mut client = Peer::say(&server, &name);
            (client.next().name == "/welcome").then_some(client)
        })
    };
    let mut users: Vec<Peer> = (0..count).map(|n| back(format!("user{n}"))).collect();
    figure("gone and back", format!("{count} in {:?}", start.elapsed()));
    assert_eq!(stat(&mut users[0], "users"), count as u64);
    for from in 0..count {
        let to = (from + 1) % count;
        users[from].send(&format!("user{to}"), "hello");
        assert_eq!(users[to].expect_from(&format!("user{from}")).msg, "hello");
    }
}

//! Clocks that are set while people chat. The time of day may go anywhere and
//! only `/time` shows it; the monotonic clock may leap ahead, as a virtual
//! machine's does that was stopped, and then that time has passed.

use crate::support::client::{code, packet};
use crate::support::clocks::Clocks;
use crate::support::{Client, PATIENCE, Server, eventually};
use jiff::{SignedDuration, Timestamp};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Deadlines that nobody lives to see, unless by a clock that is set.
const FAR: [&str; 6] =
    ["--greeting-timeout", "3000", "--stuck-timeout", "3000", "--broadcast-interval", "3000"];
/// Longer than these.
const LEAP: Duration = Duration::from_secs(3600);
/// Deadlines that pass in the course of a test; a rate that makes one wait.
const NEAR: [&str; 8] = [
    "--greeting-timeout",
    "1",
    "--stuck-timeout",
    "1",
    "--broadcast-interval",
    "1",
    "--rate",
    "200",
];
/// More than may be saved up at that rate.
const PINGS: usize = 700;
/// A greeting that comes in two halves.
const GREETING: [&str; 2] = [r#"{"from":{"name":"slow","ip":"#, r#"""},"to":"/ping","msg":"in"}"#];

#[test]
fn a_clock_that_is_set_throws_nobody_out() {
    let Some((server, clocks)) = Clocks::start_server(&FAR) else { return };
    let mut house = House::new(&server);
    for hours in [5, -9, 24 * 400, -24 * 400, 0] {
        clocks.set_wall(hours);
        house.tells_the_time(hours);
        house.chats(Duration::ZERO);
        assert!(!house.broadcasts(), "{hours} hours off, its interval has not passed");
        Client::join(server.address, &format!("new{hours}"));
    }
    // Whose time is not up is there still: one to finish its greeting, one to
    // read what waits.
    house.slow.write_all(GREETING[1].as_bytes()).unwrap();
    let mut slow = Client { name: "slow".to_owned(), stream: BufReader::new(house.slow) };
    assert_eq!(slow.read_from("/ping").msg, "in");
    house.stuck.send("/ping", "still");
    let all = std::iter::from_fn(|| house.stuck.read()).take_while(|p| p.from != "/ping");
    let posts = all.filter(|p| p.from == "alice" && p.msg.starts_with("xx"));
    assert_eq!(posts.count(), house.waiting);
}

#[test]
fn a_clock_that_is_set_back_puts_nothing_off() {
    let Some((server, clocks)) = Clocks::start_server(&NEAR) else { return };
    let mut house = House::new(&server);
    clocks.set_wall(-9);
    house.tells_the_time(-9);
    house.the_slow_go();
    eventually("the next broadcast is let through", || house.broadcasts());
    let pings = packet("alice", "/ping", "paced").repeat(PINGS);
    house.alice.stream.get_mut().write_all(&pings).unwrap();
    for _ in 0..PINGS {
        assert_eq!(house.alice.read_from("/ping").msg, "paced");
    }
    house.chats(Duration::ZERO);
}

#[test]
fn a_leap_of_the_monotonic_clock_is_time_that_has_passed() {
    let Some((server, clocks)) = Clocks::start_server(&FAR) else { return };
    let mut house = House::new(&server);
    assert!(!house.broadcasts());
    clocks.leap(LEAP);
    // Every worker comes round for this, and does what is due.
    house.alice.ask("/list", "");
    house.the_slow_go();
    // All others stay, and that time counts for them.
    assert!(seconds(&mut house.alice, "bob") >= LEAP);
    house.chats(LEAP);
    assert!(house.broadcasts(), "its interval has passed");
    let mut carol = Client::join(server.address, "carol");
    assert!(seconds(&mut carol, "carol") < LEAP, "that was before carol");
    house.tells_the_time(0);
}

/// Two who chat, one half-way in its greeting, one that reads nothing.
struct House {
    begun: Instant,
    alice: Client,
    /// Hears who comes and goes.
    bob: Client,
    slow: TcpStream,
    stuck: Client,
    /// How many packets of alice's wait for it, in the server and on the way.
    waiting: usize,
}

impl House {
    fn new(server: &Server) -> Self {
        let begun = Instant::now();
        let mut slow = Client::connect(server.address);
        slow.write_all(GREETING[0].as_bytes()).unwrap();
        let [alice, bob] = ["alice", "bob"].map(|name| Client::join(server.address, name));
        let stuck = Client::greet(server.address, "stuck");
        let mut house = Self { begun, alice, bob, slow, stuck, waiting: 0 };
        house.bob.ask("/presence", "on");
        assert!(house.broadcasts());
        house.fill();
        house
    }

    /// Posts to the one that reads nothing until its queue is full.
    fn fill(&mut self) {
        eventually("it is in", || self.alice.ask("/list", "").contains("\nstuck"));
        let text = "x".repeat(60_000);
        loop {
            self.alice.send("stuck", &text);
            // Comes behind a refusal, wherever that is from.
            self.alice.send("/list", "");
            let answer = self.alice.read().expect("alice stays");
            if answer.from == "/list" {
                self.waiting += 1;
                continue;
            }
            assert_eq!(code(&answer), "busy", "{answer:?}");
            self.alice.read_from("/list");
            return;
        }
    }

    fn tells_the_time(&mut self, hours: i64) {
        let told: Timestamp = self.alice.ask("/time", "").parse().expect("a time");
        let wrong = told.duration_since(Timestamp::now()) - SignedDuration::from_hours(hours);
        assert!(wrong.unsigned_abs() < PATIENCE, "{told} with clocks {hours} hours off");
    }

    /// Packets come and go; nobody has been here longer than since the begin.
    fn chats(&mut self, leapt: Duration) {
        self.alice.send("bob", "hello");
        while self.bob.read_from("alice").msg != "hello" {}
        self.bob.send("alice", "hello yourself");
        assert_eq!(self.alice.read_from("bob").msg, "hello yourself");
        for name in ["alice", "bob"] {
            let here = seconds(&mut self.alice, name);
            let at_most = self.begun.elapsed() + leapt;
            assert!(here <= at_most, "{name}: {here:?} of {at_most:?}");
        }
    }

    /// Whether alice's broadcast is let through; else it comes too soon.
    fn broadcasts(&mut self) -> bool {
        self.alice.send("/broadcast", "to all");
        loop {
            let answer = self.alice.read().expect("alice stays");
            match answer.from.as_str() {
                "/broadcast" => return true,
                "/error" if code(&answer) == "slow-down" => return false,
                _ => {}
            }
        }
    }

    /// Waits until both are closed whose time is up.
    fn the_slow_go(&mut self) {
        assert_eq!(self.bob.read_from("/left").msg, "stuck");
        let mut line = String::new();
        BufReader::new(&self.slow).read_line(&mut line).unwrap();
        assert!(line.contains("greeting-timeout"), "{line}");
    }
}

/// For how long somebody has been here.
fn seconds(asker: &mut Client, name: &str) -> Duration {
    let answer = asker.ask("/who", name);
    let seconds = answer.rsplit(' ').next().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or_else(|| panic!("{answer:?}")))
}

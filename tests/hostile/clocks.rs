//! Clocks that are set while people chat. The time of day may go anywhere and
//! only `/time` shows it; the monotonic clock may leap ahead, as a virtual
//! machine's does that was stopped, and then that time has passed.

use crate::support::Clocks;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use testkit::{PATIENCE, Peer, Server, ask_until, packet_text};

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
    let mut chat = Chat::new(&server);
    for hours in [5, -9, 24 * 400, -24 * 400, 0] {
        clocks.set_wall(hours);
        chat.tells_the_time(hours);
        chat.chats(Duration::ZERO);
        assert!(!chat.broadcasts(), "{hours} hours off, its interval has not passed");
        Peer::join(&server, &format!("new{hours}"));
    }
    // Whose time is not up is there still: one to finish its greeting, one to
    // read what waits.
    chat.slow.send_raw(GREETING[1]);
    assert_eq!(chat.slow.skip_to("/ping").msg, "in");
    chat.stuck.send("/ping", "still");
    let all = std::iter::from_fn(|| chat.stuck.next_or_end()).take_while(|p| p.name != "/ping");
    let posts = all.filter(|p| p.name == "alice" && p.msg.starts_with("xx"));
    assert_eq!(posts.count(), chat.waiting);
}

#[test]
fn a_clock_that_is_set_back_puts_nothing_off() {
    let Some((server, clocks)) = Clocks::start_server(&NEAR) else { return };
    let mut chat = Chat::new(&server);
    clocks.set_wall(-9);
    chat.tells_the_time(-9);
    chat.the_slow_go();
    ask_until("the next broadcast is let through", || chat.broadcasts().then_some(()));
    chat.alice.send_raw(packet_text("alice", "/ping", "paced").repeat(PINGS));
    for _ in 0..PINGS {
        assert_eq!(chat.alice.skip_to("/ping").msg, "paced");
    }
    chat.chats(Duration::ZERO);
}

#[test]
fn a_leap_of_the_monotonic_clock_is_time_that_has_passed() {
    let Some((server, clocks)) = Clocks::start_server(&FAR) else { return };
    let mut chat = Chat::new(&server);
    assert!(!chat.broadcasts());
    clocks.leap(LEAP);
    // Every worker comes round for this, and does what is due.
    chat.alice.ask("/list", "");
    chat.the_slow_go();
    // All others stay, and that time counts for them.
    assert!(seconds(&mut chat.alice, "bob") >= LEAP);
    chat.chats(LEAP);
    assert!(chat.broadcasts(), "its interval has passed");
    let mut carol = Peer::join(&server, "carol");
    assert!(seconds(&mut carol, "carol") < LEAP, "that was before carol");
    chat.tells_the_time(0);
}

/// Two who chat, one half-way in its greeting, one that reads nothing.
struct Chat {
    begun: Instant,
    alice: Peer,
    /// Hears who comes and goes.
    bob: Peer,
    slow: Peer,
    stuck: Peer,
    /// How many packets of alice's wait for it, in the server and on the way.
    waiting: usize,
}

impl Chat {
    fn new(server: &Server) -> Self {
        let begun = Instant::now();
        let mut slow = Peer::connect(server);
        slow.send_raw(GREETING[0]);
        let [alice, bob] = ["alice", "bob"].map(|name| Peer::join(server, name));
        let stuck = Peer::say(server, "stuck");
        let mut chat = Self { begun, alice, bob, slow, stuck, waiting: 0 };
        chat.bob.ask("/presence", "on");
        assert!(chat.broadcasts());
        chat.fill();
        chat
    }

    /// Posts to the one that reads nothing until its queue is full.
    fn fill(&mut self) {
        ask_until("it is in", || self.alice.ask("/list", "").msg.contains("\nstuck").then_some(()));
        let text = "x".repeat(60_000);
        loop {
            self.alice.send("stuck", &text);
            // Comes behind a refusal, wherever that is from.
            self.alice.send("/list", "");
            let answer = self.alice.next();
            if answer.name == "/list" {
                self.waiting += 1;
                continue;
            }
            assert_eq!(answer.code(), "busy", "{answer:?}");
            self.alice.skip_to("/list");
            return;
        }
    }

    fn tells_the_time(&mut self, hours: i64) {
        let told: Timestamp = self.alice.ask_skipping("/time", "").msg.parse().expect("a time");
        let wrong = told.duration_since(Timestamp::now()) - SignedDuration::from_hours(hours);
        assert!(wrong.unsigned_abs() < PATIENCE, "{told} with clocks {hours} hours off");
    }

    /// Packets come and go; nobody has been here longer than since the begin.
    fn chats(&mut self, leapt: Duration) {
        self.alice.send("bob", "hello");
        while self.bob.skip_to("alice").msg != "hello" {}
        self.bob.send("alice", "hello yourself");
        assert_eq!(self.alice.skip_to("bob").msg, "hello yourself");
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
            let answer = self.alice.next();
            match answer.name.as_str() {
                "/broadcast" => return true,
                "/error" if answer.code() == "slow-down" => return false,
                _ => {}
            }
        }
    }

    /// Waits until both are closed whose time is up.
    fn the_slow_go(&mut self) {
        assert_eq!(self.bob.skip_to("/left").msg, "stuck");
        assert_eq!(self.slow.next().code(), "greeting-timeout");
    }
}

/// For how long somebody has been here.
fn seconds(asker: &mut Peer, name: &str) -> Duration {
    let answer = asker.ask_skipping("/who", name).msg;
    let seconds = answer.rsplit(' ').next().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or_else(|| panic!("{answer:?}")))
}

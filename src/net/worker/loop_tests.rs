//! A worker, tick by tick, in the test's own thread.

use super::state::{Parts, WAKER, Worker};
use crate::chat::{Code, Counters, Moment, Report, Settings, Shard, Topology};
use crate::limits;
use crate::net::admission::{Admission, Decision, Rules};
use crate::net::loop_stats::LoopStats;
use crate::net::mailbox::{Mailboxes, ReloadableConfig, WorkerMessage};
use crate::net::test_support::{DEADLINE, logged, rules};
use crate::net::transport::{Context, listener};
use crate::wire::JsonText;
use crate::wire::packet::push_packet;
use mio::{Events, Poll, Waker};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use testkit::uninterrupted;

/// The only worker of a server.
struct Setup {
    worker: Worker,
    events: Events,
    mailboxes: Arc<Mailboxes>,
    counters: Arc<Counters>,
    address: SocketAddr,
}

impl Setup {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), WAKER).unwrap();
        let (mailboxes, mut inboxes) = Mailboxes::new(vec![waker]);
        let wanted = ["127.0.0.1:0".parse().unwrap()];
        let mut listener = listener::bind_all(&wanted, 1, DEADLINE).unwrap().remove(0);
        let counters = Arc::new(Counters::new(1));
        let topology = Topology { worker: 0, workers: 1, hash_keys: (1, 2) };
        let settings = Arc::new(settings);
        let clock = Box::new(SystemTime::now);
        let parts = Parts {
            worker: 0,
            poll,
            listeners: vec![listener.sockets.remove(0)],
            control: None,
            shard: Shard::new(topology, settings, counters.clone(), clock),
            mailbox: inboxes.remove(0),
            admission: Admission::new(rules(10), None),
            transports: Context::default(),
            tls_required: false,
            store: None,
            loop_stats: Arc::new(LoopStats::new(1)),
            start: Instant::now(),
        };
        let worker = Worker::new(parts).unwrap();
        let events = Events::with_capacity(16);
        Self { worker, events, mailboxes, counters, address: listener.address }
    }

    /// A tick that waits so long for events.
    fn tick(&mut self, wait: Duration) {
        uninterrupted(|| self.worker.parts.poll.poll(&mut self.events, Some(wait))).unwrap();
        self.worker.tick(&self.events).unwrap();
    }

    fn tick_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < DEADLINE, "waited in vain: {what}");
            self.tick(Duration::from_millis(100));
        }
    }

    fn bytes_in(&self) -> u64 {
        self.counters.sum(|counters| &counters.bytes_in)
    }

    fn packets_out(&self) -> u64 {
        self.counters.sum(|counters| &counters.packets_out)
    }

    /// Somebody who is welcome.
    fn user(&mut self, name: &str) -> BufReader<TcpStream> {
        let mut client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        writeln!(client, "{name}").unwrap();
        let before = self.packets_out();
        self.tick_until("a welcome", |setup| setup.packets_out() > before);
        let mut client = BufReader::new(client);
        assert!(line(&mut client).contains("/welcome"));
        client
    }

    /// So many of them say something to the first at once; nothing of it is read yet.
    fn all_say_something(&mut self, users: &mut [BufReader<TcpStream>]) {
        let count = users.len();
        for (number, user) in users.iter_mut().enumerate() {
            let (name, ip, to) = (format!("u{number}"), "127.0.0.1", "u0");
            let mut packet = Vec::new();
            push_packet(&mut packet, &name, ip, to, &JsonText::escape(&name));
            user.get_mut().write_all(&packet).unwrap();
        }
        let start = Instant::now();
        while self.worker.ready.len() < count {
            assert!(start.elapsed() < DEADLINE, "not all are ready");
            let wait = Some(Duration::from_millis(100));
            uninterrupted(|| self.worker.parts.poll.poll(&mut self.events, wait)).unwrap();
            self.events.iter().for_each(|event| self.worker.note(event));
        }
    }
}

fn line(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line
}

/// One connection is read in each tick.
fn crowd(count: usize) -> (Setup, Vec<BufReader<TcpStream>>) {
    let mut setup = Setup::with(Settings { tick_work_max: 1, ..Settings::default() });
    let mut users: Vec<_> = (0..count).map(|number| setup.user(&format!("u{number}"))).collect();
    setup.all_say_something(&mut users);
    (setup, users)
}

#[test]
fn packets_of_those_who_are_ready_at_once_share_a_flush() {
    let count = limits::FLUSHES_HELD_TICKS_MAX as usize + 1;
    let (mut setup, mut users) = crowd(count);
    let before = setup.packets_out();
    for _ in 1..count {
        setup.tick(Duration::ZERO);
        assert_eq!(setup.packets_out(), before, "there is more to read");
        assert_eq!(setup.worker.timeout(), Some(Duration::ZERO));
    }
    setup.tick(Duration::ZERO);
    assert_eq!(setup.packets_out(), before + count as u64);
    assert!(setup.worker.flushes.is_empty());
    for number in 0..count {
        assert!(line(&mut users[0]).contains(&format!("\"msg\":\"u{number}\"")));
    }
}

#[test]
fn flushes_wait_for_others_for_a_few_ticks_and_no_longer() {
    let held = u64::from(limits::FLUSHES_HELD_TICKS_MAX) + 1;
    let (mut setup, _users) = crowd(2 * held as usize);
    let before = setup.packets_out();
    for _ in 0..held {
        assert_eq!(setup.packets_out(), before);
        setup.tick(Duration::ZERO);
    }
    assert_eq!(setup.packets_out(), before + held, "though others are left to be read");
    assert!(!setup.worker.ready.is_empty());
}

#[test]
fn nothing_is_read_while_a_mailbox_is_congested() {
    let mut setup = Setup::new();
    let mut client = TcpStream::connect(setup.address).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    setup.tick_until("somebody comes", |setup| setup.worker.parts.shard.connections() == 1);
    let bytes = limits::mailbox_bytes_mark(1) + 1;
    setup.mailboxes.in_flight().sent(0, bytes);
    client.write_all(b"ann\n").unwrap();
    setup.tick_until("bytes come", |setup| !setup.worker.ready.is_empty() || setup.bytes_in() > 0);
    setup.tick(Duration::ZERO);
    assert_eq!(setup.bytes_in(), 0);
    assert_eq!(setup.worker.timeout(), Some(limits::MAILBOX_PAUSE), "it looks again by itself");

    setup.mailboxes.in_flight().done(0, bytes);
    setup.tick(Duration::ZERO);
    assert_eq!(setup.bytes_in(), 4);
    let mut welcome = String::new();
    BufReader::new(client).read_line(&mut welcome).unwrap();
    assert!(welcome.contains("/welcome"), "{welcome}");
}

#[test]
fn a_reload_changes_who_is_let_in() {
    let mut setup = Setup::new();
    let foreign = "203.0.113.7".parse().unwrap();
    let admission = &setup.worker.parts.admission;
    let now = Moment::default();
    let before = admission.enter(now, foreign, false);
    assert!(matches!(before, Decision::Refused(Code::NotOnLan)), "{before:?}");
    let allow = vec!["203.0.113.0/24".parse().unwrap()];
    let admission = admission.with_rules(Rules { allow, ..rules(10) });
    let settings = Arc::new(Settings::default());
    let reloaded =
        Arc::new(ReloadableConfig { settings, admission, tls: None, tls_required: false });
    setup.mailboxes.send(0, WorkerMessage::Reload(reloaded)).unwrap();
    setup.tick(Duration::ZERO);
    let after = setup.worker.parts.admission.enter(now, foreign, false);
    assert!(matches!(after, Decision::Client(_)), "{after:?}");
}

#[test]
fn the_sums_of_the_log_are_written_when_they_are_due() {
    logged();
    let mut setup = Setup::new();
    let worker = &mut setup.worker;
    for _ in 0..3 {
        let report = Report::Closed { peer: "192.168.1.9".parse().unwrap(), code: Code::NotOnLan };
        worker.event_log.report(Moment::default(), report);
    }
    worker.ended = Moment::default();
    let timeout = worker.timeout().expect("a deadline");
    assert_eq!(timeout, limits::LOG_QUIET + Duration::from_millis(1));
    setup.tick(Duration::ZERO);
    assert_eq!(logged(), ["refused 192.168.1.9: not-on-lan"]);
    setup.worker.parts.start = Instant::now() - limits::LOG_QUIET;
    setup.tick(Duration::ZERO);
    assert_eq!(logged(), ["2 more in 10 s: refused, not-on-lan"]);
}

#[test]
fn a_heartbeat_is_answered_with_how_long_it_waited() {
    let mut setup = Setup::new();
    setup.worker.parts.start = Instant::now() - Duration::from_secs(5);
    let sent = Moment::default().after(Duration::from_secs(2));
    setup.mailboxes.send(0, WorkerMessage::Heartbeat(7, sent)).unwrap();
    setup.tick(Duration::ZERO);
    let stats = setup.worker.parts.loop_stats.of(0);
    assert_eq!(stats.heartbeat.get(), 7);
    assert!(stats.lag_nanos.get() >= 3_000_000_000, "{}", stats.lag_nanos.get());
}

#[test]
fn who_is_not_on_this_machine_is_told_to_speak_tls_where_that_is_required() {
    let mut setup = Setup::new();
    setup.worker.parts.tls_required = true;
    let mut come = |from: &str| {
        let mut client = TcpStream::connect(setup.address).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        client.write_all(b"ann\n").unwrap();
        let start = Instant::now();
        let transport = loop {
            assert!(start.elapsed() < DEADLINE, "nobody came");
            if let Ok((transport, _)) = setup.worker.parts.listeners[0].accept() {
                break transport;
            }
        };
        setup.worker.enter(transport, SocketAddr::new(from.parse().unwrap(), 1));
        let out = |setup: &Setup| setup.counters.sum(|counters| &counters.bytes_out);
        let before = out(&setup);
        setup.tick_until("it is answered", |setup| out(setup) > before);
        let mut words = String::new();
        BufReader::new(client).read_line(&mut words).unwrap();
        words
    };
    let words = come("10.1.2.3");
    assert!(words.contains("0 tls-required"), "{words}");
    let words = come("127.0.0.7");
    assert!(words.contains("/welcome"), "{words}");
}

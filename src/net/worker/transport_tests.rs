//! A worker's loop with a scripted transport: the loop relies on what a transport
//! reports, and on nothing else.

use super::state::{Parts, WAKER, Worker};
use crate::chat::{Counters, Settings, Shard, Topology};
use crate::net::admission::Admission;
use crate::net::loop_stats::LoopStats;
use crate::net::mailbox::Mailboxes;
use crate::net::test_support::rules;
use crate::net::transport::{Context, Script, Scripted, Transport};
use mio::net::UnixStream;
use mio::{Events, Poll, Waker};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

/// A worker with one connection.
struct Stage {
    worker: Worker,
    script: Arc<Mutex<Script>>,
    /// The other end of the transport's socket: a byte here makes an event.
    peer: UnixStream,
}

impl Stage {
    fn new(script: Script) -> Self {
        let poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), WAKER).unwrap();
        let (_, mut inboxes) = Mailboxes::new(vec![waker]);
        let topology = Topology { worker: 0, workers: 1, hash_keys: (1, 2) };
        let settings = Arc::new(Settings::default());
        let counters = Arc::new(Counters::new(1));
        let parts = Parts {
            worker: 0,
            poll,
            listeners: Vec::new(),
            control: None,
            shard: Shard::new(topology, settings, counters, Box::new(SystemTime::now)),
            mailbox: inboxes.remove(0),
            admission: Admission::new(rules(10), None),
            transports: Context::default(),
            tls_required: false,
            store: None,
            loop_stats: Arc::new(LoopStats::new(1)),
            start: Instant::now(),
        };
        let mut worker = Worker::new(parts).unwrap();
        let (stream, peer) = UnixStream::pair().unwrap();
        let script = Arc::new(Mutex::new(script));
        let transport = Scripted::new(stream, script.clone());
        let address = (IpAddr::from(Ipv4Addr::LOCALHOST), 1).into();
        worker.enter(Transport::Scripted(Box::new(transport)), address);
        Self { worker, script, peer }
    }

    /// Makes an event: there is something to read.
    fn event(&mut self) {
        self.peer.write_all(b"x").unwrap();
    }

    fn tick(&mut self) {
        let mut events = Events::with_capacity(16);
        self.worker.parts.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        self.worker.tick(&events).unwrap();
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn is_welcome(&self) -> bool {
        let sent = &self.script().sent;
        sent.starts_with(b"{\"from\":{\"name\":\"/welcome\"") && sent.ends_with(b"\n")
    }
}

fn reads(reads: &[(&'static [u8], bool)]) -> Script {
    Script { reads: reads.iter().copied().collect(), ..Script::default() }
}

#[test]
fn where_more_may_be_there_a_short_or_an_empty_read_is_followed_by_another() {
    let mut stage = Stage::new(reads(&[(b"ali", true), (b"", true), (b"ce\n", false)]));
    stage.event();
    for _ in 0..3 {
        assert!(!stage.is_welcome());
        stage.tick();
    }
    assert!(stage.is_welcome());
}

#[test]
fn a_drained_transport_is_read_again_with_the_next_event_and_not_before() {
    let mut stage = Stage::new(reads(&[(b"ali", false), (b"ce\n", false)]));
    stage.event();
    stage.tick();
    stage.tick();
    assert_eq!(stage.script().reads.len(), 1);
    stage.event();
    stage.tick();
    assert!(stage.is_welcome());
}

#[test]
fn a_short_write_is_followed_by_another_where_the_transport_is_not_blocked() {
    let script =
        Script { takes: [5, 7].into(), takes_again: true, ..reads(&[(b"alice\n", false)]) };
    let mut stage = Stage::new(script);
    stage.event();
    stage.tick();
    assert!(stage.is_welcome());
    assert_eq!(stage.script().writes, 3);
}

#[test]
fn a_blocked_transport_is_written_again_once_it_has_room() {
    let script = Script { takes: [5].into(), ..reads(&[(b"alice\n", false)]) };
    let mut stage = Stage::new(script);
    stage.event();
    stage.tick();
    assert_eq!(stage.script().sent.len(), 5);
    assert_eq!(stage.script().writes, 1);
    stage.tick();
    assert!(stage.is_welcome());
    assert_eq!(stage.script().writes, 2);
}

#[test]
fn a_transport_that_wants_to_write_while_it_reads_is_watched_for_room() {
    let script = Script { blocked_by_reading: true, ..reads(&[(b"alice\n", false)]) };
    let mut stage = Stage::new(script);
    stage.event();
    stage.tick();
    assert_eq!(stage.script().writes, 0, "it said that it is blocked");
    stage.script().blocked_by_reading = false;
    stage.tick();
    assert!(stage.is_welcome());
}

#[test]
fn the_sending_half_is_ended_by_the_transport_behind_what_was_sent() {
    let mut stage = Stage::new(reads(&[(b"not a name\n", false)]));
    stage.event();
    stage.tick();
    let script = stage.script();
    assert!(String::from_utf8_lossy(&script.sent).contains("bad-name"), "{script:?}");
    assert!(script.is_shut);
}

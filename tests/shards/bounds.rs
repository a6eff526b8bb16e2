//! Queues, rates, read turns and packets, each at its bound and one over it.

use crate::cluster::{Cluster, Who, packet, unpaced};
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::time::Duration;

/// A packet from `alice`, the first to come, as `to` gets it.
fn stamped(to: &str, msg: &str) -> usize {
    let head = r#"{"from":{"name":"alice","ip":"10.1.0.0"},"to":"","msg":""}"#;
    head.len() + 1 + to.len() + msg.len()
}

/// A text with which that packet has so many bytes.
fn text_of(to: &str, bytes: usize) -> String {
    "x".repeat(bytes - stamped(to, ""))
}

fn settings(queue_bytes_max: usize) -> Settings {
    Settings { queue_bytes_max, ..unpaced() }
}

/// Alice, and a user who reads nothing, with the same home or another one; both in
/// a room.
fn alice_and_bob(workers: usize, far: bool, settings: Settings) -> (Cluster, Who, Who, String) {
    let mut cluster = Cluster::new(workers, settings);
    let alice = cluster.join("alice");
    let home = cluster.home(alice);
    let (bob, name) = cluster.join_at(if far { (home + 1) % workers } else { home });
    for who in [alice, bob] {
        cluster.ask(who, "/join", "#r");
    }
    cluster.window(bob, 0);
    (cluster, alice, bob, name)
}

#[test]
fn a_queue_takes_its_bound_and_half_of_it_from_one_sender_to_the_byte() {
    for far in [false, true] {
        for to_room in [false, true] {
            let (mut cluster, alice, bob, name) = alice_and_bob(2, far, settings(1000));
            // Stamped as long as `alice`.
            let carol = cluster.join("carol");
            cluster.ask(carol, "/join", "#r");
            cluster.window(carol, 0);
            let to = if to_room { "#r" } else { &name };
            cluster.say(alice, to, &text_of(to, 100));
            cluster.say(alice, to, &text_of(to, 401));
            assert!(is_busy(&mut cluster, alice, 3, &name), "one byte over half of it");
            cluster.say(alice, to, &text_of(to, 400));
            assert_eq!(cluster.heard(alice), [], "just half of it");
            cluster.say(alice, to, "");
            assert!(is_busy(&mut cluster, alice, 5, &name), "over half of it");
            cluster.window(carol, usize::MAX);
            cluster.heard(carol);
            cluster.say(carol, to, &text_of(to, 501));
            assert!(is_busy(&mut cluster, carol, 2, &name), "one byte over");
            cluster.say(carol, to, &text_of(to, 500));
            assert_eq!(cluster.heard(carol), [], "just full");
            cluster.heard(alice);
            cluster.window(bob, usize::MAX);
            let lengths: Vec<usize> =
                cluster.heard(bob).iter().map(|heard| stamped(to, &heard.msg)).collect();
            assert_eq!(lengths, [100, 400, 500]);
        }
    }
}

/// Whether a sender got the refusal `busy` for `name`, and no other for `name`.
fn is_busy(cluster: &mut Cluster, who: Who, ordinal: u64, name: &str) -> bool {
    let first_line = format!("{ordinal} busy {name}\n");
    let heard = cluster.heard(who);
    let of_name = heard.iter().filter(|heard| heard.msg.contains(&format!(" {name}\n")));
    of_name.map(|heard| heard.msg.starts_with(&first_line)).collect::<Vec<_>>() == [true]
}

#[test]
fn over_the_bound_of_all_queues_long_queues_refuse_and_short_ones_accept() {
    let all = Settings { queues_bytes_max: 20_000, ..settings(1_000_000) };
    let (mut cluster, alice, bob, name) = alice_and_bob(1, false, all);
    let (carol, carols) = cluster.join_at(0);
    cluster.window(carol, 0);
    cluster.say(alice, &name, &text_of(&name, 19_000));
    cluster.say(alice, &carols, &text_of(&carols, 900));
    assert_eq!(cluster.heard(alice), [], "an empty queue takes any packet");
    cluster.say(alice, &name, "");
    assert!(is_busy(&mut cluster, alice, 4, &name), "the long one");
    cluster.window(bob, usize::MAX);
    cluster.say(alice, &name, "");
    cluster.say(alice, &carols, "");
    assert_eq!(cluster.heard(alice), [], "there is room again");
}

#[test]
fn an_empty_queue_takes_any_packet() {
    for far in [false, true] {
        let (mut cluster, alice, bob, name) = alice_and_bob(2, far, settings(10));
        for to in [&*name, "#r"] {
            cluster.window(bob, 0);
            cluster.say(alice, to, "larger than the queue");
            assert_eq!(cluster.heard(alice), []);
            cluster.say(alice, to, "");
            assert_eq!(cluster.refused(alice).1, Code::Busy);
            cluster.window(bob, usize::MAX);
            assert_eq!(cluster.only(bob).msg, "larger than the queue");
        }
    }
}

/// An answer to `/ping` by the only client, `bob`.
fn ping_bytes(msg: &str) -> usize {
    let head = r#"{"from":{"name":"/ping","ip":"10.0.0.1"},"to":"bob","msg":""}"#;
    head.len() + 1 + msg.len()
}

#[test]
fn a_client_that_does_not_read_is_paused_once_its_queue_is_over_the_bound() {
    let text = "x".repeat(100);
    let bound = ping_bytes(&text);
    let mut cluster = Cluster::new(1, settings(bound));
    let bob = cluster.join("bob");
    cluster.window(bob, 0);
    cluster.say(bob, "/ping", &text);
    assert!(cluster.wants_bytes(bob), "just full");
    cluster.say(bob, "/ping", "");
    assert!(!cluster.wants_bytes(bob), "over");
    cluster.say(bob, "/ping", "third");
    // Down to one byte over the bound, then to the bound.
    let over = ping_bytes("");
    cluster.window(bob, over - 1);
    assert!(!cluster.wants_bytes(bob));
    cluster.window(bob, 1);
    assert!(!cluster.wants_bytes(bob), "it was heard, and answered for the third time");
    cluster.window(bob, usize::MAX);
    assert_eq!(cluster.texts(bob), [&*text, "", "third"]);
    assert!(cluster.wants_bytes(bob));
}

#[test]
fn packets_read_at_once_are_paused_at_the_same_bound() {
    let text = "x".repeat(100);
    let mut cluster = Cluster::new(1, settings(ping_bytes(&text)));
    let bob = cluster.join("bob");
    cluster.window(bob, 0);
    let pings =
        [packet("bob", "/ping", &text), packet("bob", "/ping", ""), packet("bob", "/ping", "z")];
    cluster.write(bob, &pings.concat());
    assert_eq!(cluster.kept_bytes(bob), pings[2].len(), "the third waits, and only that");
    cluster.window(bob, usize::MAX);
    assert_eq!(cluster.texts(bob), [&*text, "", "z"]);
    assert_eq!(cluster.kept_bytes(bob), 0);
}

#[test]
fn a_flush_resumes_no_client_that_was_not_paused() {
    let (mut cluster, alice, bob, name) = alice_and_bob(1, false, settings(1000));
    let reads = cluster.reads;
    cluster.say(alice, &name, "x");
    cluster.window(bob, usize::MAX);
    cluster.say(alice, &name, "y");
    assert_eq!(cluster.reads, reads);
    assert_eq!(cluster.texts(bob), ["x", "y"]);
}

#[test]
fn a_rate_is_kept_to_the_packet_and_to_the_nanosecond() {
    let mut cluster = Cluster::new(1, Settings { rate: 10, ..unpaced() });
    let bob = cluster.join("bob");
    cluster.write(bob, &packet("bob", "/ping", "x").repeat(30));
    let saved_up = limits::RATE_BURST.as_secs() as usize * 10;
    assert_eq!(cluster.heard(bob).len(), saved_up);
    assert!(!cluster.wants_bytes(bob));
    for _ in 0..3 {
        cluster.pass_to_the_end(Duration::from_millis(100), |cluster| {
            assert_eq!(cluster.heard(bob).len(), 0);
        });
        assert_eq!(cluster.heard(bob).len(), 1);
    }
    // Saved up again meanwhile: enough for all that are left.
    cluster.pass(Duration::from_secs(1));
    assert_eq!(cluster.heard(bob).len(), 7);
}

#[test]
fn work_is_counted_and_beyond_the_quantum_waits_for_the_next_tick() {
    // A room message of three members costs three units.
    let mut cluster = Cluster::new(1, Settings { quantum_work_max: 6, ..unpaced() });
    let all = ["alice", "bob", "carol"].map(|name| cluster.join(name));
    for who in all {
        cluster.ask(who, "/join", "#r");
    }
    cluster.ticks_are_held = true;
    cluster.write(all[0], &packet("alice", "#r", "post").repeat(5));
    assert_eq!(cluster.heard(all[1]).len(), 2, "two messages are six units");
    assert_eq!(cluster.shards[0].next_deadline(), Some(cluster.now), "at once");
    cluster.pass(Duration::ZERO);
    assert_eq!(cluster.heard(all[1]).len(), 2);
    cluster.pass(Duration::ZERO);
    assert_eq!(cluster.heard(all[1]).len(), 1);
    assert!(cluster.wants_bytes(all[0]));
}

#[test]
fn a_read_turn_is_a_quarter_of_a_queue_within_bounds() {
    for (queue, turn) in [
        (100, limits::QUANTUM_BYTES_MIN),
        (4 * limits::QUANTUM_BYTES_MIN + 8, limits::QUANTUM_BYTES_MIN + 2),
        (100_000, 25_000),
        (1 << 20, limits::SCRATCH_BYTES),
    ] {
        assert_eq!(Cluster::new(1, settings(queue)).shards[0].quantum_bytes(), turn);
    }
}

#[test]
fn a_packet_takes_its_bound_to_the_byte() {
    // In the usual layout, and in one that only the framer reads.
    let layouts = [
        r#"{"from":{"name":"bob","ip":""},"to":"/ping","msg":"TEXT"}"#,
        r#"{"msg":"TEXT","to":"/ping","from":{"ip":"","name":"bob"}}"#,
    ];
    for layout in layouts {
        let packet_of =
            |bytes: usize| layout.replace("TEXT", &"x".repeat(bytes + "TEXT".len() - layout.len()));
        let mut cluster = Cluster::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
        let bob = cluster.join("bob");
        cluster.write(bob, packet_of(300).as_bytes());
        assert_eq!(cluster.only(bob).from, "/ping");
        cluster.write(bob, packet_of(301).as_bytes());
        assert_eq!(cluster.refused(bob), (2, Code::TooLarge));
        assert!(cluster.is_shut(bob));
    }
}

#[test]
fn junk_behind_a_packet_is_dropped_as_it_comes() {
    let mut cluster = Cluster::unpaced(1);
    let bob = cluster.join("bob");
    let mut bytes = packet("bob", "/ping", "x");
    bytes.extend_from_slice(&b"junk".repeat(100));
    cluster.write(bob, &bytes);
    assert_eq!(cluster.only(bob).msg, "x");
    assert_eq!(cluster.kept_bytes(bob), 0);
    cluster.write(bob, b" and more\n");
    assert_eq!(cluster.refused(bob), (2, Code::Malformed));
    assert_eq!(cluster.ask(bob, "/ping", "y"), "y");
}

#[test]
fn a_queue_above_the_high_water_mark_asks_for_an_early_flush() {
    let (mut cluster, alice, bob, name) = alice_and_bob(1, false, settings(1000));
    cluster.window(bob, usize::MAX);
    let mut above_high_water = |to: &str, bytes: usize| {
        cluster.receive(alice, &packet("alice", to, &text_of(to, bytes)));
        let above_high_water = cluster.shards[0].take_above_high_water();
        assert!(!cluster.shards[0].take_above_high_water(), "said once");
        cluster.run();
        above_high_water
    };
    for to in [&*name, "#r"] {
        assert_eq!(
            [249, 250, 251].map(|bytes| above_high_water(to, bytes)),
            [false, false, true],
            "{to}"
        );
    }
    // A blocked socket can't be flushed.
    cluster.window(bob, 0);
    cluster.say(alice, &name, &text_of(&name, 100));
    cluster.receive(alice, &packet("alice", &name, &text_of(&name, 800)));
    assert!(!cluster.shards[0].take_above_high_water());
}

#[test]
fn a_batch_above_the_mark_asks_to_be_sent_early() {
    let settings = Settings { packet_bytes_max: 1 << 20, queue_bytes_max: 1 << 20, ..unpaced() };
    let (mut cluster, alice, bob, name) = alice_and_bob(2, true, settings);
    cluster.window(bob, usize::MAX);
    let home = cluster.home(alice);
    for (bytes, above_high_water) in [(0, false), (1, true)] {
        // The message holds the name's key as well.
        let bytes = limits::BATCH_BYTES_MARK - name.len() + bytes;
        cluster.receive(alice, &packet("alice", &name, &text_of(&name, bytes)));
        assert_eq!(cluster.shards[home].take_above_high_water(), above_high_water);
        cluster.run();
        assert_eq!(cluster.heard(bob).len(), 1);
    }
    // A small message to a third worker doesn't clear the flag.
    let (mut cluster, alice, bob, name) = alice_and_bob(
        3,
        true,
        Settings { packet_bytes_max: 1 << 20, queue_bytes_max: 1 << 20, ..unpaced() },
    );
    let (home, away) = (cluster.home(alice), cluster.home(bob));
    let (_, third) = cluster.join_at(3 - home - away);
    cluster.receive(alice, &packet("alice", &name, &text_of(&name, limits::BATCH_BYTES_MARK)));
    cluster.receive(alice, &packet("alice", &third, ""));
    assert!(cluster.shards[home].take_above_high_water());
}

#[test]
fn a_client_is_in_the_bulk_flush_queue_once() {
    let (mut cluster, alice, _, _) = alice_and_bob(1, false, settings(100_000));
    let carol = cluster.join("carol");
    cluster.ask(carol, "/join", "#r");
    let flushes = |cluster: &mut Cluster| {
        let effects = cluster.effects(0);
        let mut bulk_queue = 0;
        while cluster.shards[0].next_bulk_flush().is_some() {
            bulk_queue += 1;
        }
        (effects, bulk_queue)
    };
    cluster.receive(alice, &packet("alice", "#r", "first"));
    assert_eq!(
        cluster.shards[0].next_deadline(),
        Some(cluster.now),
        "the bulk flush queue waits for no event"
    );
    cluster.receive(alice, &packet("alice", "#r", "second"));
    assert_eq!(flushes(&mut cluster), (0, 2), "two members, each once");
    // A client that is flushed in this tick anyway isn't in it.
    let (mut cluster, alice, _, name) = alice_and_bob(1, false, settings(100_000));
    cluster.receive(alice, &packet("alice", &name, "direct"));
    cluster.receive(alice, &packet("alice", "#r", "post"));
    assert_eq!(flushes(&mut cluster), (1, 0));
}

#[test]
fn a_frame_over_half_of_the_queue_is_flushed_at_once() {
    let (mut cluster, alice, bob, _) = alice_and_bob(1, false, settings(1000));
    cluster.window(bob, usize::MAX);
    cluster.receive(alice, &packet("alice", "#r", &text_of("#r", 501)));
    assert_eq!(cluster.effects(0), 1);
    assert!(cluster.shards[0].next_bulk_flush().is_none());
}

#[test]
fn after_several_room_messages_a_sender_waits_for_refusals_of_other_workers() {
    let messages_max = usize::from(limits::PUBLISHES_IN_FLIGHT_MAX);
    for (messages, waits) in
        [(messages_max - 1, false), (messages_max, true), (messages_max + 1, true)]
    {
        let (mut cluster, alice, bob, _) = alice_and_bob(2, true, settings(100_000));
        cluster.window(bob, usize::MAX);
        cluster.held_messages = vec![cluster.home(bob)];
        let mut bytes = packet("alice", "#r", "post").repeat(messages);
        bytes.extend(packet("alice", "/ping", ""));
        cluster.write(alice, &bytes);
        assert_eq!(cluster.heard(alice).len(), usize::from(!waits), "behind {messages} messages");
        cluster.held_messages.clear();
        cluster.run();
        assert_eq!(cluster.heard(alice).len(), usize::from(waits));
        assert_eq!(cluster.heard(bob).len(), messages);
    }
}

#[test]
fn a_shard_with_a_queued_packet_is_not_flushed() {
    let (mut cluster, alice, bob, name) = alice_and_bob(1, false, settings(100_000));
    assert!(cluster.shards[0].is_flushed());
    cluster.say(alice, &name, "waits");
    assert!(!cluster.shards[0].is_flushed());
    cluster.window(bob, usize::MAX);
    assert!(cluster.shards[0].is_flushed());
    assert_eq!(cluster.shards[0].connections(), 2);
}

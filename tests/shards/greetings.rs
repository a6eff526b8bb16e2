//! Greetings: names and first packets, torn anywhere, accepted at home or not.

use crate::cluster::{Cluster, SERVER, packet, unpaced};
use lanline::chat::Ended;
use lanline::chat::{Code, Settings, admission_refusal};
use lanline::limits;
use std::time::Duration;

#[test]
fn a_first_packet_is_read_however_it_is_torn() {
    let mut stream = b" \r\n ".to_vec();
    stream.extend(packet("alice", "/ping", "first"));
    stream.extend(b" ");
    stream.extend(packet("alice", "/ping", "second"));
    for cut in 0..stream.len() {
        for worker in [0, 1] {
            let mut cluster = Cluster::unpaced(2);
            let alice = cluster.connect(worker);
            cluster.write(alice, &stream[..cut]);
            cluster.write(alice, &stream[cut..]);
            let heard = cluster.heard(alice);
            let from: Vec<&str> = heard.iter().map(|heard| &*heard.from).collect();
            assert_eq!(from, ["/welcome", "/ping", "/ping"], "cut at {cut}");
            assert_eq!((&*heard[1].msg, &*heard[2].msg), ("first", "second"));
            assert_eq!(cluster.kept_bytes(alice), 0);
            assert_eq!(cluster.counters.sum(|counters| &counters.packets_in), 2);
        }
    }
}

#[test]
fn a_bare_name_ends_by_silence_after_its_last_byte() {
    for worker in [0, 1] {
        let mut cluster = Cluster::unpaced(2);
        let alice = cluster.connect(worker);
        cluster.write(alice, b"ali");
        cluster.pass(limits::BARE_NAME_SILENCE / 2);
        cluster.write(alice, b"ce");
        cluster.pass_to_the_end(limits::BARE_NAME_SILENCE, |cluster| {
            assert_eq!(cluster.heard(alice), []);
        });
        let welcome = cluster.only(alice);
        assert_eq!((&*welcome.from, &*welcome.to), ("/welcome", "alice"));
        // Silence ends a greeting once.
        cluster.pass(10 * limits::BARE_NAME_SILENCE);
        assert_eq!(cluster.heard(alice), []);
        cluster.write(alice, &packet("alice", "/ping", "x"));
        assert_eq!(cluster.only(alice).msg, "x");
    }
}

#[test]
fn silence_before_a_name_does_not_end_the_greeting() {
    let mut cluster = Cluster::unpaced(1);
    let alice = cluster.connect(0);
    cluster.write(alice, b" \n ");
    cluster.pass(2 * limits::BARE_NAME_SILENCE);
    cluster.write(alice, b"alice\n");
    assert_eq!(cluster.only(alice).from, "/welcome");
}

#[test]
fn a_connection_that_does_not_greet_in_time_is_refused() {
    let timeout = Duration::from_secs(7);
    let mut cluster = Cluster::new(1, Settings { greeting_timeout: timeout, ..unpaced() });
    let silent = cluster.connect(0);
    let welcome = cluster.join("bob");
    cluster.pass_to_the_end(timeout, |cluster| assert_eq!(cluster.heard(silent), []));
    assert_eq!(cluster.refused(silent), (0, Code::GreetingTimeout));
    assert_eq!(cluster.heard(welcome), []);
    assert!(cluster.is_shut(silent) && !cluster.is_closed(silent));
    cluster.pass_to_the_end(limits::LINGER, |cluster| assert!(!cluster.is_closed(silent)));
    assert!(cluster.is_closed(silent));
}

#[test]
fn a_greeting_packet_with_a_taken_name_is_refused_and_counted() {
    for (greeting, ordinal) in [(b"ALICE\n".to_vec(), 0), (packet("ALICE", "/ping", ""), 1)] {
        for worker in [0, 1] {
            let mut cluster = Cluster::unpaced(2);
            cluster.join("alice");
            let late = cluster.connect(worker);
            cluster.write(late, &greeting);
            assert_eq!(cluster.refused(late), (ordinal, Code::NameTaken));
            assert_eq!(cluster.counters.sum(|counters| &counters.packets_in), ordinal);
            assert_eq!(cluster.counters.users(), 1);
            assert!(cluster.is_shut(late));
        }
    }
}

#[test]
fn bad_greetings_are_refused_with_their_ordinal() {
    let long = "x".repeat(600);
    let large = packet("alice", "/ping", &"x".repeat(400));
    for (greeting, ordinal, code) in [
        (&b"al ice\n"[..], 0, Code::BadName),
        (long.as_bytes(), 0, Code::BadName),
        (&packet("al ice", "/ping", ""), 1, Code::BadName),
        (b"{\"from\":1}", 1, Code::Malformed),
        (b"{\"from\":\n\"torn\n", 1, Code::Malformed),
        (&large, 1, Code::TooLarge),
    ] {
        let mut cluster = Cluster::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
        let bad = cluster.connect(0);
        cluster.write(bad, greeting);
        assert_eq!(cluster.refused(bad), (ordinal, code));
        assert_eq!(cluster.counters.sum(|counters| &counters.packets_in), ordinal);
        cluster.write(bad, &packet("alice", "/ping", ""));
        assert_eq!(cluster.heard(bad), [], "nothing counts any more");
    }
}

#[test]
fn the_end_of_a_stream_ends_a_name_and_packets_before_it_are_handled() {
    for worker in [0, 1] {
        let mut cluster = Cluster::unpaced(2);
        let bob = cluster.join("bob");
        let alice = cluster.connect(worker);
        cluster.write(alice, b"alice");
        cluster.end(alice, Ended::Politely);
        assert_eq!(cluster.only(alice).from, "/welcome");
        assert!(cluster.is_closed(alice));
        let dave = cluster.connect(worker);
        cluster.write(dave, &packet("dave", "bob", "and gone"));
        cluster.end(dave, Ended::Reset);
        assert_eq!(cluster.only(bob).msg, "and gone");
        assert!(cluster.is_closed(dave));
    }
}

#[test]
fn a_torn_greeting_packet_is_refused() {
    let mut cluster = Cluster::unpaced(1);
    let torn = cluster.connect(0);
    cluster.write(torn, b"{\"from\":");
    cluster.end(torn, Ended::Politely);
    assert_eq!(cluster.refused(torn), (1, Code::Malformed));
    assert!(cluster.is_closed(torn));
}

#[test]
fn a_refusal_at_admission_is_a_packet_with_its_code() {
    let words = r#"{"from":{"name":"/error","ip":"10.0.0.1"},"to":"","msg":"0 not-on-lan\n"#;
    let words = [words.as_bytes(), Code::NotOnLan.advice().as_bytes(), b"\"}\n"].concat();
    assert_eq!(admission_refusal(SERVER, Code::NotOnLan), words);
}

#[test]
fn the_weight_of_a_handoff_includes_unread_bytes() {
    let weight = |bytes: usize| {
        let mut cluster = Cluster::unpaced(2);
        let alice = cluster.connect(0);
        // Somebody whose home is the other worker: taken, which shows there only.
        let (_, name) = cluster.join_at(1);
        let mut stream = format!("{name}\n").into_bytes();
        stream.resize(stream.len() + bytes, b' ');
        cluster.receive(alice, &stream);
        cluster.carry_out(0);
        cluster.shards[0].take_batch(1).expect("it moves").weight_bytes()
    };
    assert!(weight(0) > 100);
    assert_eq!(weight(500), weight(0) + 500);
}

//! Who somebody is: names and first packets, torn anywhere, at home or not.

use crate::house::{House, SERVER, packet, unpaced};
use lanline::chat::shard::Ended;
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
            let mut house = House::unpaced(2);
            let alice = house.connect(worker);
            house.write(alice, &stream[..cut]);
            house.write(alice, &stream[cut..]);
            let heard = house.heard(alice);
            let from: Vec<&str> = heard.iter().map(|heard| &*heard.from).collect();
            assert_eq!(from, ["/welcome", "/ping", "/ping"], "cut at {cut}");
            assert_eq!((&*heard[1].msg, &*heard[2].msg), ("first", "second"));
            assert_eq!(house.kept_bytes(alice), 0);
            assert_eq!(house.counters.sum(|counters| &counters.packets_in), 2);
        }
    }
}

#[test]
fn a_bare_name_ends_by_silence_after_its_last_byte() {
    for worker in [0, 1] {
        let mut house = House::unpaced(2);
        let alice = house.connect(worker);
        house.write(alice, b"ali");
        house.pass(limits::BARE_NAME_SILENCE / 2);
        house.write(alice, b"ce");
        house.pass_to_the_end(limits::BARE_NAME_SILENCE, |house| {
            assert_eq!(house.heard(alice), []);
        });
        let welcome = house.only(alice);
        assert_eq!((&*welcome.from, &*welcome.to), ("/welcome", "alice"));
        // There is one silence to a greeting.
        house.pass(10 * limits::BARE_NAME_SILENCE);
        assert_eq!(house.heard(alice), []);
        house.write(alice, &packet("alice", "/ping", "x"));
        assert_eq!(house.only(alice).msg, "x");
    }
}

#[test]
fn silence_before_a_name_ends_nothing() {
    let mut house = House::unpaced(1);
    let alice = house.connect(0);
    house.write(alice, b" \n ");
    house.pass(2 * limits::BARE_NAME_SILENCE);
    house.write(alice, b"alice\n");
    assert_eq!(house.only(alice).from, "/welcome");
}

#[test]
fn who_does_not_greet_is_told_when_its_time_is_over() {
    let timeout = Duration::from_secs(7);
    let mut house = House::new(1, Settings { greeting_timeout: timeout, ..unpaced() });
    let silent = house.connect(0);
    let welcome = house.join("bob");
    house.pass_to_the_end(timeout, |house| assert_eq!(house.heard(silent), []));
    assert_eq!(house.refused(silent), (0, Code::GreetingTimeout));
    assert_eq!(house.heard(welcome), []);
    assert!(house.is_shut(silent) && !house.is_closed(silent));
    house.pass_to_the_end(limits::LINGER, |house| assert!(!house.is_closed(silent)));
    assert!(house.is_closed(silent));
}

#[test]
fn a_taken_name_is_refused_and_the_packet_counted() {
    for (greeting, ordinal) in [(b"ALICE\n".to_vec(), 0), (packet("ALICE", "/ping", ""), 1)] {
        for worker in [0, 1] {
            let mut house = House::unpaced(2);
            house.join("alice");
            let late = house.connect(worker);
            house.write(late, &greeting);
            assert_eq!(house.refused(late), (ordinal, Code::NameTaken));
            assert_eq!(house.counters.sum(|counters| &counters.packets_in), ordinal);
            assert_eq!(house.counters.users(), 1);
            assert!(house.is_shut(late));
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
        let mut house = House::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
        let bad = house.connect(0);
        house.write(bad, greeting);
        assert_eq!(house.refused(bad), (ordinal, code));
        assert_eq!(house.counters.sum(|counters| &counters.packets_in), ordinal);
        house.write(bad, &packet("alice", "/ping", ""));
        assert_eq!(house.heard(bad), [], "nothing counts any more");
    }
}

#[test]
fn the_end_of_a_stream_ends_a_name_and_what_came_counts() {
    for worker in [0, 1] {
        let mut house = House::unpaced(2);
        let bob = house.join("bob");
        let alice = house.connect(worker);
        house.write(alice, b"alice");
        house.end(alice, Ended::Politely);
        assert_eq!(house.only(alice).from, "/welcome");
        assert!(house.is_closed(alice));
        let dave = house.connect(worker);
        house.write(dave, &packet("dave", "bob", "and gone"));
        house.end(dave, Ended::Reset);
        assert_eq!(house.only(bob).msg, "and gone");
        assert!(house.is_closed(dave));
    }
}

#[test]
fn nobody_greets_by_a_torn_packet() {
    let mut house = House::unpaced(1);
    let torn = house.connect(0);
    house.write(torn, b"{\"from\":");
    house.end(torn, Ended::Politely);
    assert_eq!(house.refused(torn), (1, Code::Malformed));
    assert!(house.is_closed(torn));
}

#[test]
fn who_may_not_stay_is_told_at_the_door() {
    let words = r#"{"from":{"name":"/error","ip":"10.0.0.1"},"to":"","msg":"0 not-on-lan\n"#;
    let words = [words.as_bytes(), Code::NotOnLan.advice().as_bytes(), b"\"}\n"].concat();
    assert_eq!(admission_refusal(SERVER, Code::NotOnLan), words);
}

#[test]
fn who_moves_home_weighs_what_it_has_sent() {
    let weight = |bytes: usize| {
        let mut house = House::unpaced(2);
        let alice = house.connect(0);
        // Somebody whose home is the other worker: taken, which shows there only.
        let (_, name) = house.join_at(1);
        let mut stream = format!("{name}\n").into_bytes();
        stream.resize(stream.len() + bytes, b' ');
        house.receive(alice, &stream);
        house.carry_out(0);
        house.shards[0].take_batch(1).expect("it moves").weight_bytes()
    };
    assert!(weight(0) > 100);
    assert_eq!(weight(500), weight(0) + 500);
}

//! Section "Flags": limits that slow a client down or keep it out.

use jiff::Timestamp;
use testkit::{Peer, Server, Setup, ask_until, for_each_setup, packet_text};

for_each_setup!(
    packets_over_the_rate_are_delayed_and_never_dropped,
    malformed_packets_count_for_the_rate,
    a_client_over_the_bound_is_refused_at_admission,
    connections_that_have_not_greeted_count_as_clients,
);

fn time_of(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("RFC 3339").as_millisecond()
}

fn packets_over_the_rate_are_delayed_and_never_dropped(setup: Setup) {
    let server = Server::with(setup, &[("--rate", "20")]);
    let mut alice = Peer::join(&server, "alice");
    let question = packet_text("alice", "/time", "");
    alice.send_raw(question.repeat(80));
    alice.half_close();
    let answers = alice.rest();
    assert_eq!(answers.len(), 80);
    assert!(answers.iter().all(|packet| packet.name == "/time"));
    // Of 80, a burst of 40 at once and the others at 20 a second take two
    // seconds by the server's own clock; a slow machine only adds to them.
    let spent = time_of(&answers[79].msg) - time_of(&answers[0].msg);
    assert!(spent >= 1500, "{spent} ms");
}

fn malformed_packets_count_for_the_rate(setup: Setup) {
    let server = Server::with(setup, &[("--rate", "20")]);
    let mut alice = Peer::join(&server, "alice");
    let question = packet_text("alice", "/time", "");
    alice.send_raw(format!("{question}{}{question}", "junk\n".repeat(78)));
    alice.half_close();
    let answers = alice.rest();
    let times: Vec<i64> =
        answers.iter().filter(|p| p.name == "/time").map(|p| time_of(&p.msg)).collect();
    let malformed = answers.iter().filter(|p| p.refusal().is_some_and(|r| r.1 == "malformed"));
    assert_eq!((times.len(), malformed.count(), answers.len()), (2, 78, 80));
    assert!(times[1] - times[0] >= 1500, "{} ms", times[1] - times[0]);
}

fn a_client_over_the_bound_is_refused_at_admission(setup: Setup) {
    let server = Server::with(setup, &[("--max-clients", "3")]);
    let mut inside: Vec<Peer> = (0..3).map(|n| Peer::join(&server, &format!("user{n}"))).collect();
    for greeting in ["", "late\n", "{"] {
        let mut late = Peer::connect(&server);
        late.send_raw(greeting);
        let words = late.rest();
        assert_eq!(words.len(), 1, "{words:?}");
        assert_eq!(words[0].refusal(), Some((0, "server-full")));
        assert_eq!(words[0].to, "");
    }
    inside.iter_mut().for_each(Peer::assert_nothing_came);
    inside.pop().unwrap().leave();
    ask_until("there is room", || {
        let mut next = Peer::connect(&server);
        next.send_raw("next\n");
        (next.next().name == "/welcome").then_some(())
    });
    inside.iter_mut().for_each(Peer::assert_nothing_came);
}

fn connections_that_have_not_greeted_count_as_clients(setup: Setup) {
    let server = Server::with(setup, &[("--max-clients", "2"), ("--greeting-timeout", "1")]);
    // The order in which they are accepted is unknown: any of them is the third.
    let mut silent: Vec<Peer> = (0..3).map(|_| Peer::connect(&server)).collect();
    let mut closing_refusals: Vec<String> = silent
        .iter_mut()
        .map(|client| client.rest().pop().unwrap().first_line().to_owned())
        .collect();
    closing_refusals.sort();
    assert_eq!(closing_refusals, ["0 greeting-timeout", "0 greeting-timeout", "0 server-full"]);
    // Those that never greet make room again.
    ask_until("there is room", || {
        let mut next = Peer::connect(&server);
        next.send_raw("next\n");
        (next.next().name == "/welcome").then_some(())
    });
}

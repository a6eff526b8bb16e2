//! Whatever goes wrong ends with exit code 1 and says so on standard error:
//! scripts go by nothing else.

use crate::support::Client;
use std::fs::OpenOptions;
use std::process::Stdio;
use std::time::Instant;
use testkit::{FakeServer, PATIENCE, Session, packet_text, program};

/// Runs a command of scripts against a server that does this; checks that it
/// fails with these words.
fn fails(args: &[&str], server_does: impl FnOnce(Session), words: &str) {
    let server = FakeServer::new();
    let target = server.target("ann");
    let client = Client::start(&[&[args[0], "--server", &target], &args[1..]].concat());
    server_does(server.welcome("ann"));
    let (code, _, err) = client.end();
    assert_eq!(code, 1, "{args:?}: {err:?}");
    assert!(err.join("\n").contains(words), "{args:?}: {err:?}");
}

/// The server answers a question with this.
fn answer(question: (&'static str, &'static str), words: &'static str) -> impl FnOnce(Session) {
    move |mut peer| {
        peer.expect(question.0, question.1);
        peer.send(question.0, "ann", words);
        peer.close();
    }
}

fn refuse(question: (&'static str, &'static str)) -> impl FnOnce(Session) {
    move |mut peer| {
        peer.expect(question.0, question.1);
        peer.send("/error", "ann", "1 slow-down\nLater.");
        peer.close();
    }
}

/// The server reads a question, and closes the connection.
fn leave_open(question: (&'static str, &'static str)) -> impl FnOnce(Session) {
    move |mut peer| {
        peer.expect(question.0, question.1);
        peer.close();
    }
}

#[test]
fn a_question_that_is_refused_is_a_failure() {
    fails(&["time"], refuse(("/time", "")), "slow-down: Later.");
    fails(&["list"], refuse(("/list", "")), "slow-down: Later.");
    fails(&["list", "--rooms"], refuse(("/rooms", "")), "slow-down: Later.");
    fails(&["who"], refuse(("/list", "")), "slow-down: Later.");
    fails(&["who", "bob"], refuse(("/who", "bob")), "slow-down: Later.");
    fails(&["send", "#ops", "hi"], refuse(("/join", "#ops")), "slow-down: Later.");
}

#[test]
fn a_question_without_an_answer_is_a_failure() {
    fails(&["time"], leave_open(("/time", "")), "closed");
    fails(&["list"], leave_open(("/list", "")), "closed");
    fails(&["who", "bob"], leave_open(("/who", "bob")), "closed");
}

#[test]
fn an_answer_that_makes_no_sense_is_a_failure() {
    fails(&["time"], answer(("/time", ""), "noon"), "no time");
    fails(&["list"], answer(("/list", ""), "ann, bob"), "no list");
    fails(&["list", "--rooms"], answer(("/rooms", ""), ""), "no list");
}

#[test]
fn a_connection_that_is_reset_is_a_failure() {
    let reset = |mut peer: Session| {
        peer.packet();
        peer.reset();
    };
    for args in [&["time"][..], &["list"], &["who", "bob"], &["send", "bob", "hi"]] {
        fails(args, reset, "connection lost");
    }
    fails(&["tail"], Session::reset, "connection lost");
}

#[test]
fn a_conversation_whose_connection_is_reset_is_a_failure() {
    let server = FakeServer::new();
    let client = Client::start(&["chat", &server.target("ann")]);
    server.welcome("ann").reset();
    let (code, _, err) = client.end();
    assert_eq!(code, 1, "{err:?}");
    assert!(err[0].contains("connection lost"), "{err:?}");
}

#[test]
fn a_connection_that_is_reset_after_the_last_line_has_lost_the_answers() {
    for quit in [false, true] {
        let server = FakeServer::new();
        let mut client = Client::start(&["chat", &server.target("ann")]);
        let mut peer = server.welcome("ann");
        client.type_line("@bob hello");
        peer.expect("bob", "hello");
        if quit {
            client.type_line("/quit");
            peer.expect("/quit", "");
        } else {
            client.end_input();
            peer.expect_end();
        }
        peer.reset();
        let (code, _, err) = client.end();
        assert_eq!(code, 1, "{err:?}");
        assert!(err[0].contains("lost the last answers"), "{err:?}");
    }
}

/// A full disk, say.
fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

#[test]
fn what_can_not_be_printed_is_a_failure() {
    for (args, question, words) in [
        (&["list"][..], "/list", "1-2 of 2\nann\nbob"),
        (&["list", "--json"], "/list", "1-2 of 2\nann\nbob"),
        (&["who", "bob"], "/who", "bob 127.0.0.1 1"),
        (&["send", "/rooms", ""], "/rooms", "1-1 of 1\n#ops 3"),
    ] {
        let server = FakeServer::new();
        let target = server.target("ann");
        let args = [&[args[0], "--server", &target], &args[1..]].concat();
        let client = Client::start_into(full(), &args);
        let mut peer = server.welcome("ann");
        peer.packet();
        peer.send(question, "ann", words);
        let (code, _, err) = client.end();
        assert_eq!(code, 1, "{args:?}: {err:?}");
        assert!(err[0].contains("standard output"), "{args:?}: {err:?}");
    }
}

#[test]
fn a_conversation_that_can_not_be_printed_is_a_failure() {
    for args in [&["chat"][..], &["chat", "--json"]] {
        let server = FakeServer::new();
        let target = server.target("ann");
        let client = Client::start_into(full(), &[args, &[&target]].concat());
        let mut peer = server.welcome("ann");
        peer.send("bob", "ann", "hello");
        let (code, _, err) = client.end();
        assert_eq!(code, 1, "{args:?}: {err:?}");
        assert!(err[0].contains("standard output"), "{args:?}: {err:?}");
    }
}

/// `lanline tail | head -1` is no failure.
#[test]
fn who_reads_no_further_ends_it_well() {
    let server = FakeServer::new();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "{ \"$0\" tail --server \"$1\"; echo $? >&2; } | head -n 1"]);
    command.arg(program::path()).arg(server.target("ann"));
    program::clean(&mut command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut peer = server.welcome("ann");
    // `head` has gone once we may not write any more; the client says goodbye.
    let start = Instant::now();
    while peer.try_write(packet_text("bob", "ann", "hello") + "\n").is_ok() {
        assert!(start.elapsed() < PATIENCE, "the client stays");
    }
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("/welcome:"), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n");
}

//! `lanline health` against a server that does what the test says.

use crate::support::text;
use std::process::Output;
use std::thread;
use std::time::Instant;
use testkit::program::run;
use testkit::{FakeServer, PATIENCE, Session};

/// Looks at a server that reads a greeting and then does this, with the name
/// that greeted.
fn look_at(server_does: impl FnOnce(Session, &str) + Send) -> Output {
    let server = FakeServer::new();
    let address = server.address().to_string();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut session = server.accept();
            let name = session.line();
            server_does(session, &name);
        });
        run(&["health", &address, "--timeout", "0.5"])
    })
}

fn welcome(session: &mut Session, name: &str) {
    session.send("/welcome", name, &format!("{name} 127.0.0.1 1 lanline/0.1.0"));
}

/// Blanks, as fast as the client takes them, and never a packet. Ends when the
/// client does, or when it should have long ago.
fn blanks(session: &mut Session) {
    let start = Instant::now();
    while session.try_write([b' '; 4096]).is_ok() && start.elapsed() < PATIENCE / 2 {}
}

fn fails(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(output).contains(words), "{output:?}");
}

#[test]
fn health_is_0_where_the_ping_comes_back() {
    let output = look_at(|mut session, name| {
        welcome(&mut session, name);
        let ping = session.packet();
        assert!(!ping.msg.is_empty());
        // What others write meanwhile is no answer.
        session.send("bob", name, "hello");
        session.send("/ping", name, &ping.msg);
        session.expect_end();
    });
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output).contains("well"), "{output:?}");
}

#[test]
fn health_is_1_where_another_ping_comes_back() {
    let output = look_at(|mut session, name| {
        welcome(&mut session, name);
        session.packet();
        session.send("/ping", name, "yours");
        session.expect_end();
    });
    fails(&output, "no Lanline");
}

#[test]
fn health_is_1_where_bytes_come_but_no_welcome_in_time() {
    fails(&look_at(|mut session, _| blanks(&mut session)), "no answer in 0.5 s");
}

#[test]
fn health_is_1_where_bytes_come_but_no_answer_in_time() {
    let output = look_at(|mut session, name| {
        welcome(&mut session, name);
        blanks(&mut session);
    });
    fails(&output, "no answer in 0.5 s");
}

#[test]
fn health_is_1_where_the_greeting_is_refused_for_another_reason_than_a_full_server() {
    let output = look_at(|mut session, name| {
        session.send("/error", name, "0 shutting-down\nSoon.");
        session.expect_end();
    });
    fails(&output, "refused: Soon.");
}

//! Tools whose output can't be written: no panic, and the right exit code.

use crate::support::server;
use std::fs::File;
use std::io::pipe;
use std::process::{Output, Stdio};
use testkit::program::command;

/// Runs a command with its standard output somewhere.
fn with_output(words: &[&str], out: impl Into<Stdio>) -> Output {
    let output = command(words).stdout(out).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!complaint.contains("panicked"), "{words:?}: {complaint}");
    output
}

/// Nobody reads any more.
fn closed_pipe() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full_disk() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

#[test]
fn a_verdict_is_the_exit_code_whether_or_not_it_can_be_written() {
    let server = server(&[]);
    let address = server.address().to_string();
    let nobody = "127.0.0.1:1";
    for (words, code) in [
        (&["health", &address][..], 0),
        (&["health", nobody][..], 1),
        (&["doctor", "--users", "10", "--listen", "127.0.0.1:0"][..], 0),
        (&["doctor", "--users", "99000000", "--listen", "127.0.0.1:0"][..], 1),
        (&["config", "check"][..], 0),
        (&["config", "check", "--config", "/nowhere"][..], 2),
    ] {
        for out in [closed_pipe(), full_disk()] {
            assert_eq!(with_output(words, out).status.code(), Some(code), "{words:?}");
        }
    }
}

#[test]
fn data_that_nobody_wants_is_no_failure_and_data_that_is_lost_is_one() {
    let server = server(&[]);
    let at = format!("reader@{}", server.address());
    for words in [
        &["config", "show"][..],
        &["completions", "bash"][..],
        &["man"][..],
        &["--help"][..],
        &["top", "--help"][..],
        &["--version"][..],
        &["list", "--rooms", "--json", "--server", &at][..],
        &["time", "--server", &at][..],
        &["who", "reader", "--server", &at][..],
        &["send", "/time", "", "--server", &at][..],
        &["tail", "--server", &at][..],
        &["chat", "--json", &at][..],
        &["top", &server.address().to_string(), "--count", "1"][..],
    ] {
        let output = with_output(words, closed_pipe());
        assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
        let output = with_output(words, full_disk());
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
    }
}

#[test]
fn complaints_that_cannot_be_written_are_no_panic() {
    for (words, code) in [
        (&["config", "check", "--config", "/nowhere"][..], 2),
        (&["serve", "--config", "/nowhere"][..], 2),
        (&["serve", "--listen", "203.0.113.1:1"][..], 1),
        (&["send", "bob", "hello", "--server", "a@127.0.0.1:1"][..], 1),
        (&["serve", "--nonsense"][..], 2),
        (&["--help"][..], 1),
    ] {
        for err in [closed_pipe(), full_disk()] {
            let output = command(words).stdout(full_disk()).stderr(err).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{words:?}");
        }
    }
}

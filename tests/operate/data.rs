//! Where the server keeps things, and what it does where it can't.

use std::path::Path;
use std::process::Command;
use testkit::program::command;
use testkit::{Peer, Process, Server};

/// A server with the user's state in that folder, and no files over 0 bytes.
fn without_a_disk(state: &Path) -> Server {
    let mut shell = Command::new("sh");
    shell.args(["-c", "unset LANLINE_DATA; ulimit -f 0; exec \"$@\"", "sh"]);
    Server::builder().through(shell).env("XDG_STATE_HOME", state.to_str().unwrap()).start()
}

#[test]
fn a_default_directory_that_can_not_be_had_is_a_warning() {
    let full = tempfile::tempdir().unwrap();
    for (state, why) in [
        (Path::new("/dev/null"), "/dev/null/lanline"),
        (full.path(), "can't be used: File too large"),
    ] {
        let server = without_a_disk(state);
        let warning = server.logged("nothing is kept", 0);
        assert!(warning.contains(why), "{warning}");
        server.logged("TLS: off", 0);
        Peer::join(&server, "alice");
        assert!(server.stop().success());
    }
}

#[test]
fn a_directory_that_was_asked_for_is_an_error_where_it_can_not_be_had() {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", "/dev/null/data"];
    let mut process = Process::spawn(command(&arguments));
    process.err.with("the data directory /dev/null/data can't be used", 0);
    assert_eq!(process.wait().code(), Some(1));
}

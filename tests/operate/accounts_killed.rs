//! A server, and a command, that are killed at any moment while accounts are made: each
//! account is whole or not there, and what was told is there. How often: so many times as
//! `LANLINE_KILLS` says, without it a few.

use crate::accounts::{accounts, run_with, serve};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use testkit::{Signal, program};

fn kills() -> usize {
    let wanted = std::env::var("LANLINE_KILLS").ok();
    wanted.map_or(5, |count| count.parse().expect("LANLINE_KILLS: a number"))
}

/// Makes accounts until one is refused; those that were told to be there.
fn make(data: &Path, round: usize, ended: &AtomicBool) -> Vec<String> {
    let mut made = Vec::new();
    while !ended.load(Relaxed) {
        let name = format!("user-{round}-{}", made.len());
        // Without a server a command would work on the directory itself.
        let words = ["account", "add", &name, "--password-stdin"];
        if run_with("correct horse\n", &words, data).status.success() {
            made.push(name);
        } else {
            break;
        }
    }
    made
}

/// All that were told are there, at most those that were under way besides, and every
/// one is whole.
fn check(data: &Path, told: &BTreeSet<String>, under_way: usize) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for account in accounts(data) {
        assert_eq!(account["has_secret"], true, "{account}");
        there.insert(account["name"].as_str().unwrap().to_owned());
    }
    assert!(told.is_subset(&there), "{told:?} {there:?}");
    assert!(there.len() <= told.len() + under_way, "{told:?} {there:?}");
    there
}

#[test]
fn a_server_that_is_killed_while_accounts_are_made_has_all_that_it_told() {
    let place = tempfile::tempdir().unwrap();
    let mut known = BTreeSet::new();
    for round in 0..kills() {
        let mut server = serve(place.path(), &["--sandbox", "off"]);
        let ended = AtomicBool::new(false);
        let made = std::thread::scope(|scope| {
            let maker = scope.spawn(|| make(place.path(), round, &ended));
            // Behind another order each time, which is being hashed, or written, or told.
            server.logged("by the command line: add", round % 7);
            ended.store(true, Relaxed);
            server.signal(Signal::KILL);
            server.wait();
            maker.join().unwrap()
        });
        known.extend(made);
        known = check(place.path(), &known, 1);
    }
}

#[test]
fn a_command_that_is_killed_leaves_a_whole_account_or_none() {
    let place = tempfile::tempdir().unwrap();
    let mut known = BTreeSet::new();
    for round in 0..kills() {
        let mut command = program::command(&["account", "add", &format!("user-{round}")]);
        command.args(["--password-stdin", "--data"]).arg(place.path());
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let log = place.path().join("lanline.db-wal");
        let is_writing = || log.metadata().is_ok_and(|it| it.len() > 0);
        match round % 3 {
            // Before it has read the password, or while it hashes it.
            0 => drop(input),
            1 => end_input(input),
            // While it writes, if that is seen.
            _ => {
                end_input(input);
                while !is_writing() && child.try_wait().unwrap().is_none() {}
            }
        }
        // Fails where it has ended.
        let _ = child.kill();
        let was_done = child.wait().unwrap().success();
        let told = if was_done { [format!("user-{round}")].into() } else { BTreeSet::new() };
        known.extend(told);
        known = check(place.path(), &known, 1);
    }
}

/// Registers as a guest over a socket; whether that was told.
fn register(address: SocketAddr, name: &str) -> bool {
    let Ok(stream) = TcpStream::connect(address) else { return false };
    let from = json!({ "name": name, "ip": "127.0.0.1" });
    let packet = json!({ "from": from, "to": "/register", "msg": "correct horse" });
    let mut packets = serde_json::Deserializer::from_reader(&stream).into_iter::<Value>();
    let mut answered_by = |endpoint: &str| matches!(packets.next(), Some(Ok(packet)) if packet["from"]["name"] == endpoint);
    writeln!(&stream, "{name}").is_ok()
        && answered_by("/welcome")
        && write!(&stream, "{packet}").is_ok()
        && answered_by("/register")
}

#[test]
fn a_server_that_is_killed_while_guests_register_has_all_that_it_told() {
    const GUESTS: usize = 4;
    let place = tempfile::tempdir().unwrap();
    let mut known = BTreeSet::new();
    for round in 0..kills() {
        let mut server = serve(place.path(), &[]);
        let address = server.address();
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            for guest in 0..GUESTS {
                let tell = tell.clone();
                scope.spawn(move || {
                    let names = (0..).map(|number| format!("user-{round}-{guest}-{number}"));
                    for name in names.take_while(|name| register(address, name)) {
                        tell.send(name).unwrap();
                    }
                });
            }
            drop(tell);
            known.extend(told.iter().take(round % 7 + 1));
            server.signal(Signal::KILL);
            server.wait();
            known.extend(told.iter());
        });
        known = check(place.path(), &known, GUESTS);
    }
}

fn end_input(mut input: ChildStdin) {
    input.write_all(b"correct horse\n").unwrap();
}

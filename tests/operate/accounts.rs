//! `lanline account` and `lanline ban`, with a server that runs and without one; what
//! keeps a server with accounts from starting; a disk without room. Never: logging in.

use crate::support::{http, text};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use testkit::{Server, program};

/// Runs a command on a data directory, with this on its standard input.
pub(crate) fn run_with(input: &str, words: &[&str], data: &Path) -> Output {
    let mut command = program::command(words);
    command.arg("--data").arg(data);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Who doesn't read it has failed already, which is told below.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a command prints that succeeds.
fn done(words: &[&str], data: &Path) -> String {
    let output = run_with("", words, data);
    assert!(output.status.success(), "{words:?}: {output:?}");
    text(&output)
}

/// What a command says that fails with this exit code.
fn fails(code: i32, words: &[&str], data: &Path) -> String {
    let output = run_with("", words, data);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

pub(crate) fn accounts(data: &Path) -> Vec<Value> {
    serde_json::from_str(&done(&["account", "list", "--json"], data)).unwrap()
}

pub(crate) fn serve(data: &Path, flags: &[&str]) -> Server {
    let data = ["--data", data.to_str().unwrap()];
    Server::builder().workers(2).arguments(&data).arguments(flags).start()
}

/// What a server says that doesn't start.
fn refuses(code: i32, data: &str, flags: &[&str]) -> String {
    let words = [&["serve", "--listen", "127.0.0.1:0", "--data", data], flags].concat();
    let output = program::run(&words);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn commands_of_all_kinds(data: &Path) {
    let password = "correct horse battery\n";
    let output =
        run_with(password, &["account", "add", "Alice", "--operator", "--password-stdin"], data);
    assert!(output.status.success(), "{output:?}");
    done(&["account", "add", "bob"], data);
    assert!(fails(1, &["account", "add", "B0B"], data).contains("B0B is taken"));
    assert!(fails(2, &["account", "add", "b b"], data).contains("can't hold"));
    let short = run_with("short\n", &["account", "password", "bob", "--password-stdin"], data);
    assert_eq!(short.status.code(), Some(2), "{short:?}");
    assert!(fails(2, &["account", "password", "bob"], data).contains("--password-stdin"));
    let output =
        run_with("battery staple", &["account", "password", "bob", "--password-stdin"], data);
    assert!(output.status.success(), "{output:?}");
    done(&["account", "role", "ALICE", "user"], data);
    done(&["account", "role", "bob", "operator"], data);
    done(&["account", "lock", "bob"], data);
    let code = done(&["account", "invite", "carol"], data);
    assert_eq!(code.trim_end().len(), 19, "{code}");
    let shown: Vec<_> = accounts(data)
        .iter()
        .map(|it| {
            (it["name"].clone(), it["role"].clone(), it["locked"].clone(), it["has_secret"].clone())
        })
        .collect();
    let wanted = [
        ("Alice".into(), "user".into(), false.into(), true.into()),
        ("bob".into(), "operator".into(), true.into(), true.into()),
        ("carol".into(), "user".into(), false.into(), false.into()),
    ];
    assert_eq!(shown, wanted);
    done(&["account", "unlock", "bob"], data);
    assert!(done(&["account", "list"], data).contains("bob    operator  open "));
    done(&["account", "erase", "bob"], data);
    assert!(fails(1, &["account", "erase", "bob"], data).contains("no account bob"));

    done(&["ban", "add", "10.1.0.0/16", "7d", "broken", "client"], data);
    done(&["ban", "add", "Mallory", "forever"], data);
    assert!(fails(2, &["ban", "add", "Mallory", "1y"], data).contains("30m, 12h, 7d or forever"));
    let bans: Vec<Value> = serde_json::from_str(&done(&["ban", "list", "--json"], data)).unwrap();
    assert_eq!(
        (&bans[0]["what"], &bans[0]["reason"]),
        (&"10.1.0.0/16".into(), &"broken client".into())
    );
    assert_eq!((&bans[1]["what"], &bans[1]["until"]), (&"Mallory".into(), &Value::Null));
    done(&["ban", "remove", "mallory"], data);
    assert!(fails(1, &["ban", "remove", "mallory"], data).contains("no ban of mallory"));
    assert_eq!(done(&["ban", "list"], data).lines().count(), 1);

    let info: Value = serde_json::from_str(&done(&["store", "info", "--json"], data)).unwrap();
    let figures = ["accounts", "packets", "last_id", "failing"].map(|key| info[key].clone());
    assert_eq!(Value::from(figures.to_vec()), serde_json::json!([2, 0, 0, false]));
    assert!(done(&["store", "info"], data).contains("disk        takes writes"));
    assert_eq!(done(&["store", "check"], data), "ok\n");
}

#[test]
fn commands_do_the_same_with_a_server_and_without_and_secrets_are_nowhere() {
    let place = tempfile::tempdir().unwrap();
    let without = place.path().join("without");
    commands_of_all_kinds(&without);
    let with = place.path().join("with");
    let server = serve(&with, &["--log", "debug", "--sandbox", "auto"]);
    commands_of_all_kinds(&with);
    for words in ["correct horse battery", "battery staple"] {
        let log = server.log().join("\n");
        assert!(!log.contains(words), "{log}");
        for directory in [&with, &without] {
            for entry in directory.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.metadata().unwrap().is_file() {
                    let bytes = fs::read(&path).unwrap();
                    let found = bytes.windows(words.len()).any(|it| it == words.as_bytes());
                    assert!(!found, "{words:?} in {path:?}");
                }
            }
        }
    }
    assert!(server.stop().success());
    assert_eq!(accounts(&with).len(), 2);
    // What the server has left there is no server.
    assert!(with.join("control").exists());
    // It begins with what the commands have made without it.
    let server = serve(&without, &[]);
    server.logged("store: 2 accounts, ", 0);
    assert_eq!(accounts(&without).len(), 2);
}

#[test]
fn accounts_need_a_directory_and_are_not_overlooked() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().to_str().unwrap();
    for mode in ["open", "closed"] {
        assert!(refuses(2, "none", &["--accounts", mode]).contains("need a data directory"));
    }
    // A store without accounts is no reason.
    drop(serve(place.path(), &[]));
    drop(serve(place.path(), &["--accounts", "off"]));
    done(&["account", "add", "alice"], place.path());
    for flags in [&["--accounts", "off"][..], &["--accounts", "off", "--tls", "off"][..]] {
        let words = refuses(1, data, flags);
        assert!(words.contains("has 1 accounts, and with --accounts off"), "{words}");
    }
    assert!(program::run(&["account", "list", "--data", "none"]).status.code() == Some(1));
}

#[test]
fn a_server_without_accounts_takes_no_orders() {
    let place = tempfile::tempdir().unwrap();
    let server = serve(place.path(), &["--accounts", "off"]);
    let words = fails(1, &["account", "list"], place.path());
    assert!(words.contains("doesn't take orders") && words.contains("--accounts off"), "{words}");
    drop(server);
}

#[test]
fn a_database_that_can_not_be_used_is_told_with_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().to_str().unwrap(), place.path().join("lanline.db"));
    fs::write(&file, "this is a letter to somebody").unwrap();
    assert!(refuses(1, data, &[]).contains("is no database of Lanline; name another directory"));
    assert!(fails(1, &["account", "list"], place.path()).contains("is no database of Lanline"));
    fs::write(&file, "").unwrap();
    assert!(refuses(1, data, &[]).contains("is damaged (it is cut off)"));
    let long = place.path().join("long".repeat(25));
    let words = refuses(1, long.to_str().unwrap(), &[]);
    assert!(words.contains("a socket's path has at most 107 bytes"), "{words}");
}

#[test]
fn on_a_disk_without_room_nothing_is_half_done_and_it_heals_by_itself() {
    let place = tempfile::tempdir().unwrap();
    done(&["account", "list"], place.path());
    // No file of the server may grow beyond this: the log of changes soon would.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -S -f 128 && exec \"$@\"", "sh"]);
    let data = ["--data", place.path().to_str().unwrap(), "--metrics", "127.0.0.1:0"];
    let builder = Server::builder().workers(1).arguments(&data).through(shell);
    let server = builder.start();
    let failing = || http(server.metrics(), "GET /metrics HTTP/1.1\r\n\r\n").1;
    assert!(failing().contains("\nlanline_store_failing 0.0\n"));
    let mut made = 0;
    let refused = loop {
        let output = run_with("", &["account", "add", &format!("user-{made}")], place.path());
        if !output.status.success() {
            break output;
        }
        made += 1;
        assert!(made < 1000, "the disk is never full");
    };
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("nothing was done: the disk refuses"), "{words}");
    server.logged("nothing is written", 0);
    assert!(failing().contains("\nlanline_store_failing 1.0\n"));
    let limit = rustix::process::Rlimit { current: None, maximum: None };
    let pid = rustix::process::Pid::from_raw(server.pid() as i32);
    rustix::process::prlimit(pid, rustix::process::Resource::Fsize, limit).unwrap();
    done(&["account", "add", "again"], place.path());
    server.logged("takes writes again", 0);
    let page = failing();
    assert!(page.contains("\nlanline_store_failing 0.0\n"), "{page}");
    assert!(page.contains(&format!("\nlanline_accounts {}.0\n", made + 1)), "{page}");
    assert_eq!(accounts(place.path()).len(), made + 1);
}

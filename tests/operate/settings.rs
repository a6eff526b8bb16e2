//! Where settings come from, and how they change while the server runs.

use crate::support::{File, server, text};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use testkit::program::{command, run, run_command};
use testkit::{Peer, Server, Signal, ask_until};

#[test]
fn show_says_where_each_value_comes_from() {
    let file = File::new("lanline.toml", "rate = 7\nqueue = 4096\nallow = ['203.0.113.0/24']\n");
    let words = ["config", "show", "--config", file.as_str(), "--workers", "3"];
    let mut command = command(&words);
    command.env("LANLINE_QUEUE", "8192").env("LANLINE_OPERATOR_TOKEN", "hush");
    let output = run_command(command);
    assert!(output.status.success());
    let shown = text(&output);
    let line = |key: &str| {
        let found = shown.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("workers"), "workers = 3 # flag");
    assert_eq!(line("queue"), "queue = 8192 # environment, LANLINE_QUEUE");
    assert_eq!(line("rate"), format!("rate = 7 # file {}", file.as_str()));
    assert_eq!(line("allow"), format!("allow = [\"203.0.113.0/24\"] # file {}", file.as_str()));
    assert_eq!(line("max-packet"), "max-packet = 65536 # default");
    assert!(shown.contains("LANLINE_OPERATOR_TOKEN") && !shown.contains("hush"), "{shown}");

    // What is shown is a file itself, and says the same.
    let again = File::new("again.toml", &shown);
    let output = run(&["config", "show", "--config", again.as_str()]);
    let values = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split("  #").next().unwrap().trim().to_owned()).collect()
    };
    assert_eq!(values(&text(&output)), values(&shown));
}

#[test]
fn the_sample_file_is_right_and_names_every_setting() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/lanline.toml");
    let output = run(&["config", "check", "--config", sample]);
    assert!(output.status.success(), "{output:?}");
    // Without its comments it is right as well.
    let whole = fs::read_to_string(sample).unwrap();
    let settings = whole.lines().filter_map(|line| line.strip_prefix("# "));
    let is_setting = |line: &&str| {
        let key = line.split(" = ").next().unwrap();
        line.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    let settings: Vec<&str> = settings.filter(is_setting).collect();
    // The files that it names are read.
    let token = File::new("token", "hush\n");
    let pem = |name: &str| format!("{}/tests/testkit/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let told = settings
        .join("\n")
        .replace("/run/credentials/lanline.service/operator-token", token.as_str())
        .replace("/etc/lanline/tls.pem", &pem("cert"))
        .replace("/etc/lanline/tls.key", &pem("key"))
        .replace("/etc/lanline/clients.pem", &pem("cert"));
    let file = File::new("all.toml", &told);
    // The environment goes before the file.
    let mut command = command(&["config", "show", "--config", file.as_str()]);
    let output = command.env_remove("LANLINE_DATA").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output);
    let left: Vec<&str> = shown.lines().filter(|line| !line.contains("# file ")).collect();
    assert!(left.is_empty(), "not in the sample: {left:?}");
}

#[test]
fn check_refuses_what_serve_refuses() {
    let file = File::new("lanline.toml", "rat = 7\n");
    for words in [
        &["config", "check", "--config", file.as_str()][..],
        &["serve", "--config", file.as_str()][..],
        &["config", "check", "--operator-token-file", "/nowhere"][..],
        &["config", "check", "--without-token", "--config", file.as_str()][..],
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(!output.stderr.is_empty());
    }
    let output = run(&["config", "check", "--without-token", "--operator-token-file", "/nowhere"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_weak_token_that_everybody_may_read_is_warned_of_and_works() {
    let token = File::new("token", "sesame\n");
    fs::set_permissions(token.as_str(), Permissions::from_mode(0o644)).unwrap();
    let flags = ["--operator-token-file", token.as_str()];
    let words = ["WEAK OPERATORS' TOKEN", "for everybody on this machine: its mode is 0644"];
    let output = run(&[&["config", "check"][..], &flags].concat());
    assert!(output.status.success() && text(&output).ends_with("ok\n"), "{output:?}");
    let doctor = run(&[&["doctor", "--users", "1"][..], &flags].concat());
    let server = server(&flags);
    for words in words {
        assert!(text(&output).contains(words), "{output:?}");
        assert!(text(&doctor).contains(words), "{doctor:?}");
        let line = server.logged(words, 0);
        assert!(line.contains("WARN") && !line.contains("sesame"), "{line}");
    }
    assert_eq!(Peer::join(&server, "alice").ask("/operator", "sesame").msg, "ok");
}

#[test]
fn a_reload_changes_what_can_be_changed() {
    let token = File::new("token", "first\n");
    let limits = |more: &str| format!("operator-token-file = '{}'\n{more}", token.as_str());
    let file = File::new("lanline.toml", &limits(""));
    let server = server(&["--config", file.as_str()]);
    let mut alice = Peer::join(&server, "alice");
    assert!(alice.exchange("/operator", "first").msg == "ok");
    let long = "x".repeat(300);
    assert!(alice.exchange("/ping", &long).msg.contains(&long));

    // The token: who was an operator by the old one is none any more.
    token.replace("second\n");
    file.replace(&limits("max-clients = 2\nlog = 'debug'\nsandbox = 'off'\n"));
    server.signal(Signal::HUP);
    server.logged("SIGHUP: reloaded", 0);
    server.logged("sandbox changes with a restart only", 0);
    assert!(alice.exchange("/kick", "nobody").msg.contains("not-operator"));
    assert!(alice.exchange("/operator", "first").msg.contains("not-operator"));
    assert!(alice.exchange("/operator", "second").msg == "ok");

    // The admission: there is room for one more.
    let mut bob = Peer::join(&server, "bob");
    assert!(Peer::say(&server, "carol").next().msg.contains("server-full"));

    // A limit, for those who are here already.
    file.replace(&limits("max-packet = 200\n"));
    server.signal(Signal::HUP);
    server.logged("SIGHUP: reloaded", 1);
    assert!(bob.exchange("/ping", &long).msg.contains("too-large"));
    assert!(alice.exchange("/ping", "short").msg.contains("short"));
    assert!(server.stop().success());
}

#[test]
fn a_network_that_a_reload_trusts_has_no_limits_by_address() {
    let file = File::new("lanline.toml", "max-per-address = 1\n");
    let server = server(&["--config", file.as_str()]);
    let _alice = Peer::join(&server, "alice");
    assert!(Peer::say(&server, "bob").next().msg.contains("server-full"));
    file.replace("max-per-address = 1\ntrust = ['127.0.0.0/8']\n");
    server.signal(Signal::HUP);
    server.logged("SIGHUP: reloaded", 0);
    // A tick that had begun may still have refused this one.
    let _bob = ask_until("the network is trusted", || {
        let mut bob = Peer::say(&server, "bob");
        (bob.next().name == "/welcome").then_some(bob)
    });
    let _carol = Peer::join(&server, "carol");
    server.logged("trusted: 127.0.0.0/8", 0);
}

#[test]
fn a_reload_changes_what_is_logged() {
    let file = File::new("lanline.toml", "log = 'error'\n");
    let server = server(&["--config", file.as_str()]);
    file.replace("log = 'info'\n");
    server.signal(Signal::HUP);
    server.logged("SIGHUP: reloaded", 0);
    let log = server.log();
    assert!(log.iter().all(|line| !line.contains("listening on")), "{log:#?}");
    assert!(server.stop().success());
}

#[test]
fn a_bad_file_changes_nothing_and_says_so() {
    let file = File::new("lanline.toml", "max-packet = 200\n");
    let server = server(&["--config", file.as_str()]);
    let mut alice = Peer::join(&server, "alice");
    for (number, bad) in
        ["max-packet = 1000000\nrate = 'fast'\n", "max-packet = ", "max-clients = 99999999\n"]
            .into_iter()
            .enumerate()
    {
        file.replace(bad);
        server.signal(Signal::HUP);
        server.logged("SIGHUP: nothing is changed", number);
        assert!(alice.exchange("/ping", "short").msg.contains("short"));
    }
    fs::remove_file(&file.path).unwrap();
    server.signal(Signal::HUP);
    let line = server.logged("SIGHUP: nothing is changed", 3);
    assert!(line.contains("No such file"), "{line}");
    assert!(alice.exchange("/ping", &"x".repeat(300)).msg.contains("too-large"));
    assert!(server.stop().success());
}

#[test]
fn a_settings_file_that_blocks_stops_nobody_and_changes_nothing() {
    let file = File::new("lanline.toml", "max-packet = 200\n");
    let server = server(&["--config", file.as_str()]);
    let mut alice = Peer::join(&server, "alice");
    fs::remove_file(&file.path).unwrap();
    assert!(Command::new("mkfifo").arg(&file.path).status().unwrap().success());
    server.signal(Signal::HUP);
    let line = server.logged("SIGHUP: nothing is changed", 0);
    assert!(line.contains("no plain file"), "{line}");
    assert!(alice.exchange("/ping", "short").msg.contains("short"));
    assert!(alice.exchange("/ping", &"x".repeat(300)).msg.contains("too-large"));
    assert!(server.stop().success());
}

#[test]
fn settings_from_a_pipe_do_not_become_defaults() {
    for sandbox in ["auto", "off"] {
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, b"max-packet = 200\n").unwrap();
        drop(writer);
        let words = ["--config", "/dev/stdin", "--sandbox", sandbox];
        let server = Server::builder().arguments(&words).stdin(reader).start();
        let mut alice = Peer::join(&server, "alice");
        server.signal(Signal::HUP);
        let line = server.logged("SIGHUP: nothing is changed", 0);
        assert!(line.contains("/dev/stdin: it is no plain file"), "{line}");
        assert!(alice.exchange("/ping", &"x".repeat(300)).msg.contains("too-large"));
        assert!(server.stop().success());
    }
}

#[test]
fn settings_by_a_descriptor_of_the_shell_are_read_once() {
    let (file, token) =
        (File::new("lanline.toml", "max-packet = 200\n"), File::new("token", "sesame\n"));
    let mut shell = Command::new("sh");
    let script = r#"file=$1 token=$2; shift 2; exec "$@" 7<"$file" 8<"$token""#;
    shell.args(["-c", script, "sh", file.as_str(), token.as_str()]);
    let words = ["--config", "/dev/fd/7", "--operator-token-file", "/dev/fd/8"];
    let server = Server::builder().through(shell).arguments(&words).start();
    let mut alice = Peer::join(&server, "alice");
    assert_eq!(alice.ask("/operator", "sesame").msg, "ok");
    server.signal(Signal::HUP);
    server.logged("SIGHUP: nothing is changed: /dev/fd/7", 0);
    assert!(alice.exchange("/ping", &"x".repeat(300)).msg.contains("too-large"));
    assert!(server.stop().success());
}

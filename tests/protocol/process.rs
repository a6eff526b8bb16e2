//! Section "Flags": the program as a script sees it. Where the number of workers
//! doesn't matter, it isn't varied.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Output;
use std::time::Instant;
use testkit::{
    PATIENCE, Peer, Server, Setup, Signal, ask_until, for_each_setup,
    program::{command, run, run_command},
};

for_each_setup!(
    two_listeners_are_one_server,
    the_port_printed_is_the_port,
    one_listener_serves_ipv4_and_ipv6,
    listeners_of_ipv4_and_ipv6_may_share_a_port,
    ipv6_addresses_are_shown_as_usual,
    the_server_can_be_restarted_on_the_same_port,
);

fn two_listeners_are_one_server(setup: Setup) {
    let flags = [("--listen", "127.0.0.1:0"), ("--listen", "127.0.0.2:0")];
    let server = Server::with(setup, &flags);
    assert_eq!(server.addresses.len(), 2);
    let mut ips: Vec<String> = server.addresses.iter().map(|a| a.ip().to_string()).collect();
    ips.sort();
    assert_eq!(ips, ["127.0.0.1", "127.0.0.2"]);
    let mut alice = Peer::connect_to(server.addresses[0]).greet("alice");
    let mut bob = Peer::connect_to(server.addresses[1]).greet("bob");
    alice.send("bob", "hello");
    assert_eq!(bob.next().msg, "hello");
    assert_eq!(bob.ask("/ping", "").ip, server.addresses[1].ip().to_string());
}

fn the_port_printed_is_the_port(setup: Setup) {
    let first = Server::start(setup);
    let second = Server::start(setup);
    assert_ne!(first.address().port(), 0);
    assert_ne!(first.address().port(), second.address().port());
    let mut alice = Peer::join(&first, "alice");
    let mut other = Peer::join(&second, "alice");
    alice.assert_nothing_came();
    other.assert_nothing_came();
}

fn one_listener_serves_ipv4_and_ipv6(setup: Setup) {
    let server = Server::with(setup, &[("--listen", "[::]:0")]);
    let port = server.address().port();
    assert!(server.address().is_ipv6());
    let connect = |ip: &str| Peer::connect_to(SocketAddr::new(ip.parse().unwrap(), port));
    let mut four = connect("127.0.0.1").greet("four");
    let mut six = connect("::1").greet("six");
    four.send("six", "hello");
    assert_eq!(six.next().ip, "127.0.0.1", "an IPv4-mapped address is shown as IPv4");
    six.send("four", "hello");
    assert_eq!(four.next().ip, "::1");
    assert!(six.ask("/who", "four").first_line().starts_with("four 127.0.0.1 "));
    assert!(four.ask("/who", "six").first_line().starts_with("six ::1 "));
    // The server's own address, as each of them reached it.
    assert_eq!(four.ask("/ping", "").ip, "127.0.0.1");
    assert_eq!(six.ask("/ping", "").ip, "::1");
}

/// A port that nobody has at the moment. Somebody may take it before we do,
/// so whoever uses it tries again with another.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn listeners_of_ipv4_and_ipv6_may_share_a_port(setup: Setup) {
    for order in [["[::]", "0.0.0.0"], ["127.0.0.1", "[::]"]] {
        let deadline = Instant::now() + PATIENCE;
        let server = loop {
            let port = free_port();
            let [one, other] = order.map(|ip| format!("{ip}:{port}"));
            let flags = [("--listen", one.as_str()), ("--listen", other.as_str())];
            match std::panic::catch_unwind(|| Server::with(setup, &flags)) {
                Ok(server) => break server,
                Err(panic) if Instant::now() > deadline => std::panic::resume_unwind(panic),
                Err(_) => {}
            }
        };
        let port = server.address().port();
        assert_eq!(server.addresses.len(), 2);
        assert!(server.addresses.iter().all(|address| address.port() == port));
        let connect = |ip: &str| Peer::connect_to(SocketAddr::new(ip.parse().unwrap(), port));
        let mut four = connect("127.0.0.1").greet("four");
        let mut six = connect("::1").greet("six");
        four.send("six", "hello");
        assert_eq!(six.next().ip, "127.0.0.1");
        six.send("four", "hello");
        assert_eq!(four.next().ip, "::1");
    }
}

fn ipv6_addresses_are_shown_as_usual(setup: Setup) {
    let server = Server::with(setup, &[("--listen", "[::1]:0")]);
    let mut alice = Peer::connect(&server);
    alice.send_raw("alice\n");
    let welcome = alice.expect_welcome();
    assert!(welcome.first_line().starts_with("alice ::1 1 lanline/"), "{welcome:?}");
    assert_eq!(welcome.ip, "::1");
}

fn the_server_can_be_restarted_on_the_same_port(setup: Setup) {
    let mut first = Server::start(setup);
    let address = first.address();
    let mut alice = Peer::join(&first, "alice");
    first.signal(Signal::TERM);
    alice.rest();
    first.wait();
    // The server closed first, so its side lingers in TIME_WAIT.
    let second = Server::with(setup, &[("--listen", &address.to_string())]);
    assert_eq!(second.address(), address);
    Peer::join(&second, "alice").assert_nothing_came();
}

fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = command(arguments);
    command.envs(environment.iter().copied());
    run_command(command)
}

fn exit_code(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = run_with(arguments, environment);
    assert!(output.stdout.is_empty(), "an error is no output: {output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_port_in_use_is_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for workers in ["1", "4"] {
        let (code, words) = exit_code(&["serve", "--listen", &address, "--workers", workers], &[]);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains(&address), "it says which: {words}");
    }
    // Another Lanline server on that port as well.
    let server = Server::start(Setup { workers: 1, tls: false });
    let address = server.address().to_string();
    for workers in ["1", "4"] {
        let (code, words) = exit_code(&["serve", "--listen", &address, "--workers", workers], &[]);
        assert_eq!(code, Some(1), "{words}");
    }
    // One of two that can't be bound ends it as well.
    let both = ["serve", "--listen", "127.0.0.1:0", "--listen", &address];
    assert_eq!(run(&both).status.code(), Some(1));
}

#[test]
fn an_address_that_is_not_ours_is_a_failure() {
    let (code, words) = exit_code(&["serve", "--listen", "192.0.2.1:0"], &[]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("192.0.2.1"), "{words}");
}

#[test]
fn a_token_file_that_cannot_be_read_is_wrong_usage() {
    let flags = ["serve", "--listen", "127.0.0.1:0", "--operator-token-file", "no/such/file"];
    let output = run(&flags);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/file"), "{output:?}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for wrong in [
        &["serve", "--no-such-flag"][..],
        &["no-such-command"],
        &["serve", "an argument too many"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--listen", "127.0.0.1:65536"],
        &["serve", "--workers", "0"],
        &["serve", "--workers", "two"],
        &["serve", "--max-packet", "-1"],
        &["serve", "--max-packet", "64k"],
        &["serve", "--queue", ""],
        &["serve", "--greeting-timeout", "soon"],
        &["serve", "--stuck-timeout", "never"],
        &["serve", "--rate", "fast"],
        &["serve", "--broadcast-interval", "x"],
        &["serve", "--max-clients", "many"],
        &["serve", "--allow", "300.0.0.0/8"],
        &["serve", "--allow", "10.0.0.0/33"],
        &["serve", "--workers"],
    ] {
        let (code, words) = exit_code(wrong, &[]);
        assert_eq!(code, Some(2), "{wrong:?}: {words}");
        assert!(!words.trim().is_empty());
    }
    for (name, value) in [
        ("LANLINE_LISTEN", "nowhere"),
        ("LANLINE_WORKERS", "two"),
        ("LANLINE_MAX_PACKET", "x"),
        ("LANLINE_GREETING_TIMEOUT", "x"),
        ("LANLINE_QUEUE", "x"),
        ("LANLINE_STUCK_TIMEOUT", "x"),
        ("LANLINE_RATE", "x"),
        ("LANLINE_BROADCAST_INTERVAL", "x"),
        ("LANLINE_MAX_CLIENTS", "x"),
        ("LANLINE_ALLOW", "x"),
    ] {
        let (code, words) = exit_code(&["serve"], &[(name, value)]);
        assert_eq!(code, Some(2), "{name}={value}: {words}");
    }
}

#[test]
fn help_and_version_are_exit_code_0() {
    let help = run(&["serve", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).unwrap();
    for flag in [
        "--listen",
        "--workers",
        "--max-packet",
        "--greeting-timeout",
        "--queue",
        "--stuck-timeout",
        "--rate",
        "--broadcast-interval",
        "--max-clients",
        "--allow",
        "--operator-token-file",
    ] {
        assert!(help.contains(flag), "{flag} is missing in {help}");
    }
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    let expected = concat!("lanline ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expected);
}

#[test]
fn settings_from_the_environment_hold_unless_a_flag_says_otherwise() {
    let environment = [
        ("LANLINE_LISTEN", "127.0.0.1:0"),
        ("LANLINE_WORKERS", "3"),
        ("LANLINE_MAX_PACKET", "1000"),
        ("LANLINE_GREETING_TIMEOUT", "1"),
        ("LANLINE_BROADCAST_INTERVAL", "3600"),
        ("LANLINE_MAX_CLIENTS", "4"),
        ("LANLINE_OPERATOR_TOKEN", "token"),
        ("LANLINE_QUEUE", "10000"),
        ("LANLINE_STUCK_TIMEOUT", "20"),
        ("LANLINE_RATE", "0"),
        ("LANLINE_ALLOW", "203.0.113.0/24"),
    ];
    let builder = || {
        environment
            .iter()
            .fold(Server::builder(), |builder, (name, value)| builder.env(name, value))
    };
    // A bare `lanline` serves.
    for arguments in [&["serve"][..], &[]] {
        let server = builder().exactly(arguments).start();
        let mut alice = Peer::join(&server, "alice");
        let mut bob = Peer::join(&server, "bob");
        assert!(alice.ask("/stats", "").msg.contains("\nworkers 3\n"));
        assert_eq!(alice.ask("/operator", "token").first_line(), "ok");
        alice.ask("/broadcast", "once");
        alice.refused("/broadcast", "twice", "slow-down");
        Peer::connect(&server).expect_closing(0, "greeting-timeout");
        bob.send_raw("{".repeat(1001));
        bob.expect_closing(1, "too-large");
        drop(bob);
        let mut crowd = vec![alice];
        ask_until("no room", || {
            let mut next = Peer::connect(&server);
            next.send_raw(format!("user{}\n", crowd.len()));
            let full = next.next().refusal() == Some((0, "server-full"));
            crowd.push(next);
            full.then_some(())
        });
        assert!(crowd.len() <= 5, "four may be inside: {}", crowd.len() - 1);
    }
    // A flag goes over a variable.
    let server = builder().exactly(&["serve", "--workers", "2"]).start();
    let mut alice = Peer::join(&server, "alice");
    assert!(alice.ask("/stats", "").msg.contains("\nworkers 2\n"));
}

//! What goes wrong around the server: no descriptors, a kernel that refuses,
//! a worker that fails, signals under load.

use crate::support::{builder, figure, is_full, server, size};
use lanline::chat::Settings;
use lanline::net::{Config, serve_with};
use lanline::sandbox::Mode;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use testkit::{Peer, Server, Signal, ask_until, packet_text};

/// With `nofile=256`: the limit on clients comes first, and a reserve is left
/// to tell the others.
#[test]
fn more_clients_than_descriptors_leave_it_quiet() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 256; exec \"$@\"", "sh"]);
    let server = builder(&RATE).through(shell).start();
    let mut bob = Peer::join(&server, "bob");
    let crowd: Vec<Peer> = (0..1000).map(|_| Peer::connect(&server)).collect();
    assert_quiet(&server, &mut bob, "1,000 connects at nofile=256");
    drop(crowd);
    let start = Instant::now();
    ask_until("somebody gets in", || {
        Peer::say(&server, "carol").next_or_gone().filter(|p| p.name == "/welcome")
    });
    figure("service after the crowd has left", format!("{:?}", start.elapsed()));
}

/// No descriptor is left at all: `accept` fails until one is.
#[test]
fn without_descriptors_it_stays_quiet_and_at_full_size_is_back_within_a_second() {
    let server = server(&RATE);
    let mut bob = Peer::join(&server, "bob");
    limit_descriptors(&server, "8");
    let crowd: Vec<Peer> = (0..1000).map(|_| Peer::connect(&server)).collect();
    server.logged("can't accept connections for now", 0);
    assert_eq!(bob.ask("/ping", "still here").msg, "still here");
    assert_quiet(&server, &mut bob, "1,000 connects without descriptors");
    assert_eq!(bob.ask("/ping", "still here").msg, "still here");
    drop(crowd);
    let start = Instant::now();
    limit_descriptors(&server, "4096");
    Peer::join(&server, "carol");
    let service = start.elapsed();
    figure("service after descriptors came free", format!("{service:?}"));
    assert!(!is_full() || service < Duration::from_secs(1), "{service:?}");
}

fn limit_descriptors(server: &Server, limit: &str) {
    let pid = server.pid().to_string();
    let limit = format!("--nofile={limit}:4096");
    let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap();
    assert!(set.success());
}

/// At this rate a connection has 40 packets at once and the others one by one.
const RATE: [&str; 2] = ["--rate", "20"];

/// Watches for as long as the server takes for 80 pings of one connection, two
/// seconds by its own clock: CPU below 5 %, one log line a second at most.
fn assert_quiet(server: &Server, bob: &mut Peer, what: &str) {
    let (cpu, lines) = (server.process.cpu_time(), server.log().len());
    let start = Instant::now();
    for number in 0..80 {
        bob.ask("/ping", &number.to_string());
    }
    let seconds = start.elapsed().as_secs_f64();
    let percent = 100.0 * (server.process.cpu_time() - cpu).as_secs_f64() / seconds;
    let lines = server.log().len() - lines;
    figure(what, format!("{percent:.1} % CPU, {lines} log lines in {seconds:.1} s"));
    assert!(percent < 5.0, "{percent} %");
    assert!(lines as f64 <= seconds.ceil(), "{:#?}", server.log());
}

/// Each error of accept(2) that has nothing to do with the connection, and one
/// that has; the next tries work.
#[test]
fn who_comes_is_served_however_accept_fails_before() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        println!("not run: it needs strace to make accept fail");
        return;
    }
    for error in ["ENFILE", "EMFILE", "ENOMEM", "ENOBUFS", "ECONNABORTED", "EPROTO"] {
        let mut strace = Command::new("strace");
        let inject = format!("inject=accept4:error={error}:when=1..4");
        // `-D`: the child is the program, so that it ends with the test.
        strace.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=accept4", "-e", &inject]);
        let server = builder(&[]).through(strace).start();
        let mut bob = Peer::join(&server, "bob");
        assert_eq!(bob.ask("/ping", error).msg, error);
    }
}

/// The poll of a worker fails: the process ends at once, whole.
#[test]
fn a_worker_that_fails_ends_the_process() {
    const INNER: &str = "LANLINE_TEST_FAILS";
    if std::env::var(INNER).is_ok() {
        return serve_and_fail();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["misfortunes::a_worker_that_fails_ends_the_process", "--exact", "--nocapture"])
        .env(INNER, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("worker-1 failed, the server ends"), "{log}");
}

/// A server whose polls fail from the moment that it serves.
fn serve_and_fail() {
    lanline::logging::start(log::LevelFilter::Info).unwrap();
    let config = Config {
        warnings: Vec::new(),
        tls: None,
        data: None,
        data_choice: lanline::data::Choice::None,
        tls_names: Vec::new(),
        site: None,
        tls_required: false,
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        workers: 2,
        clients_max: Some(1000),
        per_address_max: None,
        allow: Vec::new(),
        trust: Vec::new(),
        metrics: None,
        log: log::LevelFilter::Info,
        reread: Vec::new(),
        sandbox: Mode::Off,
        keeping: std::sync::Arc::default(),
        settings: Settings::default(),
    };
    let _ = serve_with(
        config,
        Box::new(|| Err("there is nothing to read again".to_owned())),
        Vec::new(),
        |addresses| {
            polls_fail();
            // The first worker is this thread; one of these wakes the second.
            let mut waiting: Vec<TcpStream> =
                (0..64).map(|_| TcpStream::connect(addresses[0]).unwrap()).collect();
            // Until the process ends.
            waiting.iter_mut().for_each(|stream| drop(stream.read(&mut [0])));
        },
    );
}

fn polls_fail() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    #[cfg(target_arch = "x86_64")]
    let polls = [libc::SYS_epoll_pwait, libc::SYS_epoll_wait];
    #[cfg(not(target_arch = "x86_64"))]
    let polls = [libc::SYS_epoll_pwait];
    let rules = polls.map(|call| (call, Vec::new())).into_iter().collect();
    let bad = SeccompAction::Errno(libc::EBADF as u32);
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, bad, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter_all_threads(&program).unwrap();
}

#[test]
fn it_ends_well_under_load() {
    for _ in 0..size(3, 100) {
        let mut server = server(&["--workers", "2", "--rate", "0"]);
        let users: Vec<Peer> =
            ["a", "b", "c", "d"].iter().map(|name| Peer::join(&server, name)).collect();
        thread::scope(|scope| {
            let (hears, has_heard) = channel();
            for (user, to) in users.into_iter().zip(["b", "c", "d", "a"]) {
                let (mut writes, mut reads) = (user.sending_half(), user.receiving_half());
                let hears = hears.clone();
                // Reads as well, so that there is something to flush.
                scope.spawn(move || {
                    reads.read_exact(&mut [0; 1 << 16]).unwrap();
                    hears.send(()).unwrap();
                    std::io::copy(&mut reads, &mut std::io::sink())
                });
                scope.spawn(move || {
                    let block = (packet_text(&user.name, to, "x") + "\n").repeat(100);
                    while writes.write_all(block.as_bytes()).is_ok() {}
                });
            }
            (0..4).for_each(|_| has_heard.recv().unwrap());
            let start = Instant::now();
            server.signal(Signal::TERM);
            let status = server.wait();
            figure("an end under load", format!("{:?}", start.elapsed()));
            assert!(status.success(), "{status}");
        });
        server.logged("stopped after", 0);
    }
}

#[test]
fn a_hang_up_changes_nothing() {
    let server = builder(&[]).env("LANLINE_LOG", "info").start();
    let mut bob = Peer::join(&server, "bob");
    server.signal(Signal::HUP);
    server.logged("SIGHUP", 0);
    server.signal(Signal::PIPE);
    assert_eq!(bob.ask("/ping", "still").msg, "still");
}

/// Who accepts the connection for which the table has no room any more would wait for
/// all processors, for milliseconds.
#[test]
fn the_table_of_descriptors_has_room_for_all_clients_from_the_start() {
    let server = server(&["--max-clients", "3000"]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap();
    assert!(size.trim().parse::<usize>().unwrap() > 3000, "{size}");
}

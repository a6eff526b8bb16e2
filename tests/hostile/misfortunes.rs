//! What goes wrong around the server: no descriptors, a kernel that refuses,
//! a worker that fails, signals under load.

use crate::support::client::packet;
use crate::support::server::{path, program};
use crate::support::{Client, Server, eventually, figure, is_full, size};
use lanline::chat::Settings;
use lanline::net::{Config, serve_with};
use lanline::sandbox::Mode;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// With `nofile=256`: the limit on clients comes first, and a reserve is left
/// to tell the others.
#[test]
fn more_clients_than_descriptors() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 256; exec \"$@\"", "sh"]);
    shell.arg(path()).args(["--listen", "127.0.0.1:0"]);
    let server = Server::start_by(shell);
    let crowd: Vec<TcpStream> = (0..1000).map(|_| Client::connect(server.address)).collect();
    assert_quiet(&server, "1,000 connects at nofile=256");
    drop(crowd);
    let start = Instant::now();
    eventually("somebody gets in", || {
        Client::greet(server.address, "bob").read().is_some_and(|p| p.from == "/welcome")
    });
    figure("service after the crowd has left", format!("{:?}", start.elapsed()));
}

/// No descriptor is left at all: `accept` fails until one is.
#[test]
fn no_descriptors_at_all() {
    let server = Server::start(&[]);
    let mut bob = Client::join(server.address, "bob");
    limit_descriptors(&server, "8");
    let crowd: Vec<TcpStream> = (0..1000).map(|_| Client::connect(server.address)).collect();
    server.wait_for_log("can't accept connections for now");
    assert_eq!(bob.ask("/ping", "still here"), "still here");
    assert_quiet(&server, "1,000 connects without descriptors");
    assert_eq!(bob.ask("/ping", "still here"), "still here");
    drop(crowd);
    let start = Instant::now();
    limit_descriptors(&server, "4096");
    Client::join(server.address, "carol");
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

/// Watches for two seconds: CPU below 5 %, one log line a second at most. The
/// clock is the kernel's account of this very process.
fn assert_quiet(server: &Server, what: &str) {
    let (ticks, lines) = (server.cpu_ticks(), server.log().len());
    let time = Duration::from_secs(2);
    let start = Instant::now();
    while start.elapsed() < time {
        thread::park_timeout(time - start.elapsed());
    }
    // Ticks of 10 ms, so out of a hundred a second.
    let percent = (server.cpu_ticks() - ticks) / 2;
    let lines = server.log().len() - lines;
    figure(what, format!("{percent} % CPU, {lines} log lines in two seconds"));
    assert!(percent < 5, "{percent} %");
    assert!(lines <= 2, "{:#?}", server.log());
}

/// Each error of accept(2) that has nothing to do with the connection, and one
/// that has; the next tries work.
#[test]
fn accept_fails_in_every_way() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        println!("not run: it needs strace to make accept fail");
        return;
    }
    for error in ["ENFILE", "EMFILE", "ENOMEM", "ENOBUFS", "ECONNABORTED", "EPROTO"] {
        let mut strace = Command::new("strace");
        let inject = format!("inject=accept4:error={error}:when=1..4");
        // `-D`: the child is the program, so that it ends with the test.
        strace.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=accept4", "-e", &inject]);
        strace.arg(path()).args(["--listen", "127.0.0.1:0"]);
        let server = Server::start_by(strace);
        let mut bob = Client::join(server.address, "bob");
        assert_eq!(bob.ask("/ping", error), error);
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
    simplelog::WriteLogger::init(log::LevelFilter::Info, Default::default(), std::io::stderr())
        .unwrap();
    let config = Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        workers: 2,
        clients_max: Some(1000),
        per_address_max: None,
        allow: Vec::new(),
        metrics: None,
        log: log::LevelFilter::Info,
        reread: Vec::new(),
        sandbox: Mode::Off,
        settings: Settings::default(),
    };
    let _ = serve_with(
        config,
        Box::new(|| Err("there is nothing to read again".to_owned())),
        Vec::new(),
        |addresses| {
            polls_fail();
            // The first worker is this thread; these wake the second one.
            loop {
                thread::park_timeout(Duration::from_millis(1));
                let _ = TcpStream::connect(addresses[0]);
            }
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
fn it_ends_well_under_load_time_and_again() {
    for _ in 0..size(3, 100) {
        let mut server = Server::start(&["--workers", "2", "--rate", "0"]);
        let users: Vec<Client> =
            ["a", "b", "c", "d"].iter().map(|name| Client::join(server.address, name)).collect();
        thread::scope(|scope| {
            for (user, to) in users.into_iter().zip(["b", "c", "d", "a"]) {
                scope.spawn(move || {
                    let block = packet(&user.name, to, "x").repeat(100);
                    let mut reads = user.stream.get_ref().try_clone().unwrap();
                    let mut writes = user.stream.into_inner();
                    // Reads as well, so that there is something to flush.
                    let drain = thread::spawn(move || {
                        std::io::copy(&mut reads, &mut std::io::sink()).unwrap_or_default()
                    });
                    while writes.write_all(&block).is_ok() {}
                    drain.join().unwrap();
                });
            }
            thread::park_timeout(Duration::from_millis(50));
            let start = Instant::now();
            server.terminate();
            let status = server.wait();
            figure("an end under load", format!("{:?}", start.elapsed()));
            assert!(status.success(), "{status}");
        });
        server.wait_for_log("stopped after");
    }
}

#[test]
fn a_hang_up_changes_nothing() {
    let server = Server::start_by({
        let mut command = program(&["--listen", "127.0.0.1:0"]);
        command.env("LANLINE_LOG", "info");
        command
    });
    let mut bob = Client::join(server.address, "bob");
    crate::support::server::signal(server.pid(), "HUP");
    server.wait_for_log("SIGHUP");
    crate::support::server::signal(server.pid(), "PIPE");
    assert_eq!(bob.ask("/ping", "still"), "still");
}

//! What systemd does with a service, done by hand.

use socket2::{Domain, Type};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use testkit::{PATIENCE, Peer, Server, Signal, program, uninterrupted};

struct Notices {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Notices {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, folder }
    }

    fn next(&self) -> String {
        let mut bytes = [0; 256];
        let received = uninterrupted(|| self.socket.recv(&mut bytes));
        let count = received.expect("the server says something");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    }

    /// The next one that is no sign of life.
    fn next_but_watchdog(&self) -> String {
        loop {
            let notice = self.next();
            if notice != "WATCHDOG=1" {
                return notice;
            }
        }
    }

    fn server(&self, watchdog_usec: Option<&str>) -> Server {
        self.server_watched_as(watchdog_usec, "$$")
    }

    /// The watchdog is meant for the process of this number.
    fn server_watched_as(&self, watchdog_usec: Option<&str>, pid: &str) -> Server {
        // The shell becomes the program, so that the number is its own.
        let notify = self.folder.path().join("notify");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("export WATCHDOG_PID={pid}; exec \"$@\""), "sh"]);
        let builder = Server::builder().workers(3).through(shell);
        let builder = builder.env("NOTIFY_SOCKET", notify.to_str().unwrap());
        watchdog_usec.into_iter().fold(builder, |b, usec| b.env("WATCHDOG_USEC", usec)).start()
    }
}

#[test]
fn it_hears_when_we_serve_reload_and_stop() {
    let notices = Notices::new();
    let mut server = notices.server(None);
    assert_eq!(notices.next(), "READY=1");
    server.signal(Signal::HUP);
    assert_eq!(notices.next(), "RELOADING=1");
    assert_eq!(notices.next(), "READY=1");
    server.signal(Signal::TERM);
    assert_eq!(notices.next(), "STOPPING=1");
    assert!(server.wait().success());
}

/// A heartbeat is due in the first tick, so by the second signal a watchdog
/// would have heard of one.
#[test]
fn a_watchdog_for_another_process_hears_nothing() {
    let notices = Notices::new();
    let mut server = notices.server_watched_as(Some("200000"), "1");
    assert_eq!(notices.next(), "READY=1");
    for _ in 0..3 {
        server.signal(Signal::HUP);
        assert_eq!(notices.next(), "RELOADING=1");
        assert_eq!(notices.next(), "READY=1");
    }
    server.signal(Signal::TERM);
    assert_eq!(notices.next(), "STOPPING=1");
    assert!(server.wait().success());
}

#[test]
fn the_watchdog_hears_that_all_workers_come_round() {
    let notices = Notices::new();
    let mut server = notices.server(Some("200000"));
    assert_eq!(notices.next(), "READY=1");
    for _ in 0..5 {
        assert_eq!(notices.next(), "WATCHDOG=1");
    }
    server.signal(Signal::TERM);
    assert_eq!(notices.next_but_watchdog(), "STOPPING=1");
    assert!(server.wait().success());
}

/// A server on a socket that is open already, as descriptor 3.
fn activated(listener: &TcpListener) -> Server {
    let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]);
    let listener = OwnedFd::from(listener.try_clone().unwrap());
    let builder = Server::builder().through(shell).stdin(listener);
    builder.exactly(&["serve", "--workers", "3"]).start()
}

#[test]
fn a_restart_behind_an_open_listener_refuses_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = activated(&listener);
    assert_eq!(first.address(), listener.local_addr().unwrap());
    let mut alice = Peer::join(&first, "alice");
    assert_eq!(alice.ask("/ping", "one").msg, "one");
    assert!(first.stop().success());
    assert_eq!(alice.next_or_end(), None, "the first server has closed");

    // Nobody serves; whoever comes now waits.
    let waiting: Vec<Peer> =
        (0..50).map(|number| say(&listener, &format!("user{number}"))).collect();
    let second = activated(&listener);
    for mut client in waiting {
        client.expect_welcome();
        assert_eq!(client.ask("/ping", "two").msg, "two");
    }
    assert!(second.stop().success());
}

fn say(listener: &TcpListener, name: &str) -> Peer {
    let mut peer = Peer::connect_to(listener.local_addr().unwrap());
    peer.send_raw(format!("{name}\n"));
    peer
}

/// What a server says of a socket that it gets as descriptor 3.
fn refusal(socket: OwnedFd) -> String {
    let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";
    let mut shell = Command::new("sh");
    program::clean(&mut shell);
    shell.args(["-c", script, "sh"]).arg(program::path()).arg("serve").stdin(socket);
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_socket_that_does_not_listen_is_refused_with_words() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let words = refusal(connection.into());
    assert!(words.contains("socket 0 is a connection"), "{words}");
    let mute = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    mute.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let words = refusal(mute.into());
    assert!(words.contains("socket 0 doesn't listen"), "{words}");
    let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let words = refusal(datagrams.into());
    assert!(words.contains("supervisor's sockets can't be used"), "{words}");
}

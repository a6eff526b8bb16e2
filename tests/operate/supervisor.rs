//! What systemd does with a service, done by hand.

use crate::house::{Client, LANLINE, PATIENCE, Server};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

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
        let count = self.socket.recv(&mut bytes).expect("the server says something");
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
        // The shell becomes the program, so that the number is its own; the
        // variables come behind the clean-up of `Server::spawn`.
        let notify = self.folder.path().join("notify");
        let script = format!(
            "export NOTIFY_SOCKET={} WATCHDOG_PID=$$ {}; exec {LANLINE} serve --listen 127.0.0.1:0 --workers 3",
            notify.display(),
            watchdog_usec.map(|usec| format!("WATCHDOG_USEC={usec}")).unwrap_or_default(),
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        Server::spawn(command)
    }
}

#[test]
fn it_hears_when_we_serve_reload_and_stop() {
    let notices = Notices::new();
    let server = notices.server(None);
    assert_eq!(notices.next(), "READY=1");
    server.signal("HUP");
    assert_eq!(notices.next(), "RELOADING=1");
    assert_eq!(notices.next(), "READY=1");
    server.signal("TERM");
    assert_eq!(notices.next(), "STOPPING=1");
    assert!(server.stop().success());
}

#[test]
fn the_watchdog_hears_that_all_workers_come_round() {
    let notices = Notices::new();
    let server = notices.server(Some("200000"));
    assert_eq!(notices.next(), "READY=1");
    for _ in 0..5 {
        assert_eq!(notices.next(), "WATCHDOG=1");
    }
    server.signal("TERM");
    assert_eq!(notices.next_but_watchdog(), "STOPPING=1");
    assert!(server.stop().success());
}

/// A server on a socket that is open already, as descriptor 3.
fn activated(admission: &TcpListener) -> Server {
    let admission: OwnedFd = admission.try_clone().unwrap().into();
    let script = format!(
        "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec {LANLINE} serve --workers 3"
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::from(admission));
    Server::spawn(command)
}

#[test]
fn a_restart_behind_an_open_door_refuses_nobody() {
    let admission = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = admission.local_addr().unwrap();
    let first = activated(&admission);
    assert_eq!(first.address, address);
    let mut alice = Client::join(address, "alice");
    assert!(alice.ask("/ping", "one").contains("one"));
    assert!(first.stop().success());
    assert_eq!(alice.line(), "", "the first server has closed");

    // Nobody serves; whoever comes now waits.
    let waiting: Vec<Client> =
        (0..50).map(|number| Client::greet(address, &format!("user{number}"))).collect();
    let second = activated(&admission);
    for mut client in waiting {
        assert!(client.line().contains("/welcome"));
        assert!(client.ask("/ping", "two").contains("two"));
    }
    assert!(second.stop().success());
}

//! Section "Accounts": once a secret is used, the server has it no more: neither in its
//! memory nor in what it writes. (Another process than this one, so what is found is the
//! server's.)

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use testkit::{Peer, Server, Setup, for_each_setup, packet_text, program};

for_each_setup!(a_secret_that_was_used_is_nowhere_any_more, a_secret_that_was_torn_is_nowhere);

/// A part of a secret that is found is a secret that was found.
const PART: usize = 14;

/// Where the beginning, the middle or the end of a secret lies in the memory of a server.
fn found_in_memory(server: &Server, secret: &str) -> Vec<String> {
    let place = format!("/proc/{}", server.pid());
    let memory = File::open(format!("{place}/mem")).unwrap();
    let maps = fs::read_to_string(format!("{place}/maps")).unwrap();
    let mut found = Vec::new();
    let mut searched = 0;
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (range, _) = map.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; (to - from) as usize];
        // What the kernel keeps for itself can't be read.
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        searched += bytes.len();
        for part in parts(secret) {
            for at in memchr::memmem::find_iter(&bytes, part) {
                let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 60)];
                found.push(format!("{map} +{at:x}: {}", around.escape_ascii()));
            }
        }
    }
    assert!(searched > 1 << 20, "the server's memory can be read");
    found
}

fn parts(secret: &str) -> [&[u8]; 2] {
    let bytes = secret.as_bytes();
    [&bytes[..PART], &bytes[bytes.len() - PART..]]
}

fn is_in_files(directory: &Path, secret: &str) -> bool {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).any(|path| {
        let bytes = fs::read(path).unwrap();
        parts(secret).iter().any(|part| memchr::memmem::find(&bytes, part).is_some())
    })
}

struct Site {
    data: tempfile::TempDir,
    server: Server,
}

impl Site {
    fn start(setup: Setup) -> Self {
        let data = tempfile::tempdir().unwrap();
        let flags = ["--data", data.path().to_str().unwrap(), "--log", "debug"];
        let server = Server::builder().arguments(&flags).setup(setup).start();
        Self { data, server }
    }

    /// Whatever was said to the server is handled by now.
    fn settle(&self) {
        let mut peer = Peer::join(&self.server, "witness");
        for argument in ["one", "two", "three"] {
            peer.ask("/ping", argument);
        }
        peer.leave();
    }

    fn assert_nowhere(&self, what: &str, secret: &str) {
        let found = found_in_memory(&self.server, secret);
        assert!(found.is_empty(), "{what}: {found:#?}");
        assert!(!is_in_files(self.data.path(), secret), "{what} is in a file");
        let place = format!("/proc/{}", self.server.pid());
        let told = [format!("{place}/cmdline"), format!("{place}/environ")];
        let told = told.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
        let told = [&told[..], &self.server.log()].concat();
        assert!(!told.iter().any(|text| text.contains(&secret[..PART])), "{what}: {told:?}");
    }
}

fn log_in(server: &Server, name: &str, proof: &str) -> Peer {
    let mut peer = Peer::say(server, name);
    peer.expect_from("/login");
    peer.send("/login", proof);
    peer.expect_welcome();
    peer
}

fn a_secret_that_was_used_is_nowhere_any_more(setup: Setup) {
    let site = Site::start(setup);
    let server = &site.server;
    let registered = "a password to register with: qwkzvmxj";
    let escaped = "another \"password\" with \\ escapes: pqmzxkvw";
    let guessed = "a password that is wrong: zzkwqjxvm";
    let mut alice = Peer::join(server, "Alice");
    assert_eq!(alice.ask("/register", registered).msg, "Alice");
    let token = alice.ask("/token", "new phone").msg.strip_prefix("phone ").unwrap().to_owned();
    let mut second = log_in(server, "alice", &format!("password {registered}"));
    assert_eq!(second.ask("/password", &format!("{registered}\n{escaped}")).msg, "ok");
    // The first packet of a connection, which may have to move to another worker. (What comes
    // in one piece with the end of a TLS handshake is copied by the library for that.)
    let mut third = if setup.tls {
        log_in(server, "alice", &format!("token {token}"))
    } else {
        let mut peer = Peer::connect(server);
        peer.send_raw(packet_text("alice", "/login", &format!("token {token}")));
        peer.expect_welcome();
        peer
    };
    let mut fourth = log_in(server, "alice", &format!("password {escaped}"));
    let mut wrong = Peer::say(server, "alice");
    wrong.expect_from("/login");
    wrong.send("/login", &format!("password {guessed}"));
    wrong.expect_refusal(1, "wrong-login");
    let data = ["--data", site.data.path().to_str().unwrap()];
    let invited = program::run(&[&["account", "invite", "bob"][..], &data].concat());
    let code = String::from_utf8(invited.stdout).unwrap().trim_end().to_owned();
    let set = "a password that an invitation sets: vxkjqw";
    let mut bob = log_in(server, "bob", &format!("invite {code} {set}"));
    site.settle();
    for peer in [&mut second, &mut third, &mut fourth, &mut bob] {
        peer.ask("/time", "");
    }
    for (what, secret) in [
        ("the password that was registered", registered),
        ("the token", &*token),
        ("the password that was set", escaped),
        ("the wrong password", guessed),
        ("the invitation's code", &*code),
        ("the password that the invitation has set", set),
    ] {
        site.assert_nowhere(what, secret);
    }
}

fn a_secret_that_was_torn_is_nowhere(setup: Setup) {
    let site = Site::start(setup);
    let server = &site.server;
    let password = "a password that comes in parts: kzqvxwjm";
    let given_up = "a password that never comes whole: mvqkzwxj";
    let mut alice = Peer::join(server, "alice");
    assert_eq!(alice.ask("/register", password).msg, "alice");
    for cut in [20, 90] {
        let packet = packet_text("alice", "/login", &format!("password {password}"));
        let mut peer = Peer::say(server, "alice");
        peer.expect_from("/login");
        peer.send_raw(&packet[..cut]);
        site.settle();
        peer.send_raw(&packet[cut..]);
        peer.expect_welcome();
    }
    let packet = packet_text("alice", "/login", &format!("password {given_up}"));
    let mut peer = Peer::say(server, "alice");
    peer.expect_from("/login");
    peer.send_raw(&packet[..packet.len() - 3]);
    site.settle();
    peer.reset();
    site.settle();
    site.assert_nowhere("the torn password", password);
    site.assert_nowhere("the password that was given up", given_up);
}

//! Section "Accounts", where several ask for the same at the same moment: over real
//! sockets, with a real store.

use std::collections::BTreeSet;
use std::sync::Barrier;
use tempfile::TempDir;
use testkit::{Packet, Peer, Server, Setup, for_each_setup, http, packet_text, program};

for_each_setup!(
    an_invitation_that_many_use_at_once_lets_one_in,
    who_logs_in_while_the_account_is_erased_is_not_left_behind,
    a_ninth_session_closes_the_one_that_has_been_silent_longest,
    a_closed_site_answers_alike_whether_there_is_such_an_account,
);

const PASSWORD: &str = "correct horse battery";

struct Site {
    data: TempDir,
    server: Server,
}

impl Site {
    fn start(setup: Setup, flags: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let place = ["--data", data.path().to_str().unwrap()];
        let server = Server::builder().arguments(&place).arguments(flags).setup(setup).start();
        Self { data, server }
    }

    fn order(&self, words: &[&str]) -> String {
        let place = ["--data", self.data.path().to_str().unwrap()];
        let output = program::run(&[words, &place].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// An account of that name with a token: what its owner says to `/login`.
    fn with_token(&self, name: &str) -> (Peer, String) {
        self.order(&["account", "add", name]);
        let code = self.order(&["account", "invite", name]);
        let mut peer = Peer::connect(&self.server);
        let invite = format!("invite {code} {PASSWORD}");
        peer.send_raw(packet_text(name, "/login", &invite));
        peer.expect_welcome();
        let token = peer.ask("/token", "new test").msg;
        let token = token.strip_prefix("test ").unwrap();
        (peer, format!("token {token}"))
    }
}

/// Connects and says all of it at once; the first thing that it is told.
fn say(server: &Server, name: &str, login: &str) -> (Peer, Option<Packet>) {
    let mut peer = Peer::connect(server);
    peer.send_raw(packet_text(name, "/login", login));
    let told = peer.next_or_gone();
    (peer, told)
}

fn an_invitation_that_many_use_at_once_lets_one_in(setup: Setup) {
    const RIVALS: usize = 4;
    let site = Site::start(setup, &[]);
    site.order(&["account", "add", "bob"]);
    let code = site.order(&["account", "invite", "bob"]);
    let ready = Barrier::new(RIVALS);
    let passwords: Vec<String> = (0..RIVALS).map(|number| format!("{PASSWORD} {number}")).collect();
    let welcome: Vec<usize> = std::thread::scope(|scope| {
        let rivals = passwords.iter().map(|password| {
            let (site, code, ready) = (&site, &code, &ready);
            scope.spawn(move || {
                ready.wait();
                let (_, told) = say(&site.server, "bob", &format!("invite {code} {password}"));
                told.unwrap()
            })
        });
        let rivals: Vec<_> = rivals.collect();
        let told = rivals.into_iter().map(|rival| rival.join().unwrap());
        let told: Vec<Packet> = told.collect();
        for packet in &told {
            assert!(packet.name == "/welcome" || packet.code() == "wrong-login", "{packet:?}");
        }
        (0..RIVALS).filter(|&number| told[number].name == "/welcome").collect()
    });
    assert_eq!(welcome.len(), 1, "{welcome:?}");
    // It is the password of the one who was let in.
    let (_, told) = say(&site.server, "bob", &format!("password {}", passwords[welcome[0]]));
    assert_eq!(told.unwrap().name, "/welcome");
}

fn who_logs_in_while_the_account_is_erased_is_not_left_behind(setup: Setup) {
    // Fewer wrong secrets than shut an address.
    const RIVALS: usize = 3;
    let site = Site::start(setup, &[]);
    for _ in 0..3 {
        let (mut first, token) = site.with_token("alice");
        let ready = Barrier::new(RIVALS + 1);
        std::thread::scope(|scope| {
            for _ in 0..RIVALS {
                scope.spawn(|| {
                    ready.wait();
                    let (mut peer, told) = say(&site.server, "alice", &token);
                    let told = told.unwrap();
                    if told.name == "/welcome" {
                        // It was before; then it ends like all others.
                        peer.expect_closing(0, "login-required");
                    } else {
                        assert_eq!(told.code(), "wrong-login");
                    }
                });
            }
            ready.wait();
            site.order(&["account", "erase", "alice"]);
        });
        first.expect_closing(0, "login-required");
        // Nobody has the name, so a guest may.
        let mut guest = Peer::join(&site.server, "Alice");
        assert_eq!(guest.ask("/whoami", "").msg, "Alice guest 1");
        guest.leave();
    }
}

fn a_ninth_session_closes_the_one_that_has_been_silent_longest(setup: Setup) {
    let site = Site::start(setup, &[]);
    let (first, token) = site.with_token("alice");
    let mut sessions = vec![first];
    for _ in 1..8 {
        let (peer, told) = say(&site.server, "alice", &token);
        assert_eq!(told.unwrap().name, "/welcome");
        sessions.push(peer);
    }
    for number in [0, 1, 3, 4, 5, 6, 7] {
        assert_eq!(sessions[number].ask("/whoami", "").msg, "alice user 8");
    }
    let (mut ninth, told) = say(&site.server, "alice", &token);
    assert_eq!(told.unwrap().name, "/welcome");
    sessions.remove(2).expect_closing(0, "login-required");
    assert_eq!(ninth.ask("/whoami", "").msg, "alice user 8");
    for session in &mut sessions {
        assert_eq!(session.ask("/whoami", "").msg, "alice user 8");
    }
}

/// All that somebody is told who guesses, with their name left out.
fn told_to_guesser(server: &Server, name: &str, secrets: &[&str]) -> Vec<String> {
    let mut peer = Peer::say(server, name);
    let challenge = peer.expect_from("/login");
    let mut told = vec![challenge.msg];
    for secret in secrets {
        peer.send("/login", secret);
        let packet = peer.next();
        told.push(format!("{} {}", packet.name, packet.msg));
    }
    told.into_iter().map(|text| text.replace(name, "NAME")).collect()
}

fn hashed(server: &Server) -> u64 {
    let page = http::get(server.metrics(), "/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix("lanline_passwords_hashed_total "));
    line.unwrap().parse().unwrap()
}

fn a_closed_site_answers_alike_whether_there_is_such_an_account(setup: Setup) {
    let flags = ["--accounts", "closed", "--metrics", "127.0.0.1:0"];
    let site = Site::start(setup, &flags);
    site.with_token("alice");
    let server = &site.server;
    let guesses = ["password a guess, no more", "token abcdefghijkmnpqrstuvwxyz23456789abcdefgh"];
    let mut seen = BTreeSet::new();
    // One that is there, one that isn't, one that looks like the first.
    for name in ["alice", "nobody", "a1ice"] {
        let before = hashed(server);
        let told = told_to_guesser(server, name, &guesses);
        seen.insert((told, hashed(server) - before));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn of_fifty_who_register_names_that_look_alike_at_once_one_gets_an_account() {
    const GUESTS: u32 = 50;
    let site = Site::start(Setup { workers: 4, tls: false }, &[]);
    let name = |number: u32| format!("{number:06b}").replace('0', "l");
    let mut guests: Vec<Peer> =
        (0..GUESTS).map(|number| Peer::join(&site.server, &name(number))).collect();
    for guest in &mut guests {
        guest.send("/register", PASSWORD);
    }
    let told: Vec<Packet> = guests.iter_mut().map(Peer::next).collect();
    let (made, refused): (Vec<_>, Vec<_>) =
        told.iter().partition(|packet| packet.name == "/register");
    assert_eq!(made.len(), 1, "{told:?}");
    assert!(refused.iter().all(|packet| packet.code() == "name-taken"), "{refused:?}");
    let accounts = site.order(&["account", "list"]);
    let is_told = |number: &u32| accounts.contains(&name(*number));
    assert_eq!((0..GUESTS).filter(is_told).count(), 1, "{accounts}");
}

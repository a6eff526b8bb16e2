//! Section "Accounts": a name becomes an account, its owner logs in to it with a password,
//! a token, an invitation or a certificate, on several connections; over real sockets,
//! with a real store.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use testkit::{Peer, Server, Setup, for_each_setup, packet_text, program};

for_each_setup!(
    a_guest_registers_and_logs_in_again_by_password_and_by_token,
    wrong_secrets_are_told_late_and_the_fourth_closes,
    what_is_for_an_account_goes_to_each_session,
    a_closed_site_lets_in_who_was_invited,
    a_banned_name_stays_out_after_a_restart,
    an_erased_account_has_no_sessions_and_its_name_is_free,
);

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Site {
    data: TempDir,
    setup: Setup,
    flags: &'static [&'static str],
}

impl Site {
    pub(crate) fn new(setup: Setup, flags: &'static [&'static str]) -> Self {
        Self { data: tempfile::tempdir().unwrap(), setup, flags }
    }

    pub(crate) fn start(&self) -> Server {
        let data = self.data.path().to_str().unwrap();
        let builder = Server::builder().arguments(&["--data", data]).arguments(self.flags);
        builder.setup(self.setup).start()
    }

    /// `lanline` with these words on its data directory.
    pub(crate) fn order(&self, words: &[&str]) -> String {
        let data = self.data.path().to_str().unwrap();
        let output = program::run(&[words, &["--data", data]].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// An operator whose password is set by an invitation.
    pub(crate) fn operator(&self, server: &Server) -> Peer {
        self.order(&["account", "add", "root", "--operator"]);
        let code = self.order(&["account", "invite", "root"]);
        log_in(server, "root", &format!("invite {} {PASSWORD}", code.trim_end()))
    }
}

fn challenged(server: &Server, name: &str) -> Peer {
    let mut peer = Peer::say(server, name);
    let challenge = peer.next();
    assert_eq!((&*challenge.name, &*challenge.to), ("/login", ""));
    assert_eq!(challenge.msg, format!("{name} password token invite"));
    peer
}

pub(crate) fn log_in(server: &Server, name: &str, proof: &str) -> Peer {
    let mut peer = challenged(server, name);
    peer.send("/login", proof);
    peer.expect_welcome();
    peer
}

fn a_guest_registers_and_logs_in_again_by_password_and_by_token(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = Peer::join(&server, "Alice");
    alice.refused("/register", "short", "weak-password");
    assert_eq!(alice.ask("/register", PASSWORD).msg, "Alice");
    assert_eq!(alice.ask("/whoami", "").msg, "Alice user 1");
    let token = alice.ask("/token", "new phone").msg;
    let token = token.strip_prefix("phone ").unwrap().to_owned();
    let mut phone = log_in(&server, "ALICE", &format!("token {token}"));
    assert_eq!(phone.ask("/whoami", "").msg, "Alice user 2");
    let list = alice.ask("/token", "list").msg;
    assert!(list.starts_with("1-1 of 1\nphone 20"), "{list}");
    assert_eq!(alice.ask("/token", "revoke phone").msg, "phone");
    phone.expect_closing(0, "login-required");
    alice.leave();
    // It is still an account when the server is another one.
    assert!(server.stop().success());
    let server = site.start();
    Peer::say(&server, "al1ce").expect_closing(0, "name-taken");
    let mut bob = Peer::join(&server, "bob");
    let away = bob.ask("/who", "alice").msg;
    assert!(away.starts_with("Alice away 20") && away.ends_with('Z'), "{away}");
    let mut here = log_in(&server, "alice", &format!("password {PASSWORD}"));
    let mut other = log_in(&server, "alice", &format!("password {PASSWORD}"));
    assert_eq!(here.ask("/password", &format!("{PASSWORD}\nbattery staple")).msg, "ok");
    other.expect_closing(0, "login-required");
    let _again = log_in(&server, "alice", "password battery staple");
    assert!(here.ask("/stats", "").msg.contains("\naccounts 1\nsessions 3"));
}

fn wrong_secrets_are_told_late_and_the_fourth_closes(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    Peer::join(&server, "alice").ask("/register", PASSWORD);
    let mut guesser = challenged(&server, "alice");
    guesser.send("/ping", "");
    guesser.expect_refusal(1, "login-required");
    for (ordinal, delay) in [(2, 1), (3, 2)] {
        let begun = Instant::now();
        guesser.send("/login", "password wrong horse");
        guesser.expect_refusal(ordinal, "wrong-login");
        assert!(begun.elapsed() >= Duration::from_secs(delay), "{:?}", begun.elapsed());
    }
    guesser.send("/login", "token x");
    guesser.expect_refusal(4, "wrong-login");
    guesser.send("/login", &format!("invite x {PASSWORD}"));
    guesser.expect_closing(5, "wrong-login");
}

fn what_is_for_an_account_goes_to_each_session(setup: Setup) {
    let site = Site::new(setup, &["--sessions", "2"]);
    let server = site.start();
    let mut first = Peer::join(&server, "alice");
    first.ask("/register", PASSWORD);
    let login = packet_text("alice", "/login", &format!("password {PASSWORD}"));
    let mut second = Peer::connect(&server);
    second.send_counted(&login);
    second.expect_welcome();
    let mut bob = Peer::join(&server, "bob");
    bob.ask("/join", "#ops");
    assert_eq!(first.ask("/join", "#ops").msg, "#ops 2");
    bob.send("#ops", "room");
    bob.send("alice", "direct");
    assert_eq!(bob.ask("/broadcast", "all").msg, "1");
    for session in [&mut first, &mut second] {
        let heard: Vec<String> = (0..3).map(|_| session.expect_from("bob").msg).collect();
        assert_eq!(heard, ["room", "direct", "all"]);
    }
    assert_eq!(bob.ask("/list", "").msg, "1-2 of 2\nalice\nbob");
    let mut third = Peer::connect(&server);
    third.send_counted(&login);
    third.expect_welcome();
    // It came before the other and has said something later.
    second.expect_closing(0, "login-required");
    for session in [&mut first, &mut third] {
        assert_eq!(session.ask("/whoami", "").msg, "alice user 2");
    }
}

fn a_closed_site_lets_in_who_was_invited(setup: Setup) {
    let site = Site::new(setup, &["--accounts", "closed"]);
    let server = site.start();
    let mut root = site.operator(&server);
    assert_eq!(root.ask("/whoami", "").msg, "root operator 1");
    let invited = root.ask("/invite-user", "Carl").msg;
    let code = invited.strip_prefix("Carl ").unwrap().to_owned();
    let mut carl = log_in(&server, "carl", &format!("invite {code} long enough"));
    carl.refused("/invite-user", "dora", "not-operator");
    carl.refused("/broadcast", "x", "not-operator");
    root.refused("/invite-user", "carl", "bad-argument");
    let mut nobody = challenged(&server, "nobody");
    nobody.send("/login", &format!("password {PASSWORD}"));
    nobody.expect_refusal(1, "wrong-login");
    let mut again = challenged(&server, "carl");
    again.send("/login", &format!("invite {code} another one"));
    again.expect_refusal(1, "wrong-login");
}

fn a_banned_name_stays_out_after_a_restart(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut root = site.operator(&server);
    let mut mallory = Peer::join(&server, "ma11ory");
    assert_eq!(root.ask("/ban", "Mallory 7d noise").msg, "Mallory");
    mallory.expect_closing(0, "banned");
    root.refused("/ban", "root forever", "bad-argument");
    root.refused("/ban", "127.0.0.0/8 forever", "bad-argument");
    let bans = root.ask("/bans", "").msg;
    assert!(bans.starts_with("1-1 of 1\nMallory 20") && bans.ends_with(" root noise"), "{bans}");
    root.leave();
    assert!(server.stop().success());
    let server = site.start();
    Peer::say(&server, "mallory").expect_closing(0, "banned");
    let mut root = log_in(&server, "root", &format!("password {PASSWORD}"));
    assert_eq!(root.ask("/unban", "mallory").msg, "mallory");
    root.refused("/unban", "mallory", "no-such-ban");
    Peer::join(&server, "mallory");
}

fn an_erased_account_has_no_sessions_and_its_name_is_free(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = Peer::join(&server, "alice");
    alice.ask("/register", PASSWORD);
    let mut bob = Peer::join(&server, "bob");
    site.order(&["account", "add", "B0B"]);
    bob.expect_closing(0, "name-taken");
    site.order(&["account", "lock", "alice"]);
    alice.expect_closing(0, "login-required");
    let mut locked = challenged(&server, "alice");
    locked.send("/login", &format!("password {PASSWORD}"));
    locked.expect_refusal(1, "wrong-login");
    site.order(&["account", "erase", "alice"]);
    assert_eq!(Peer::join(&server, "alice").ask("/whoami", "").msg, "alice guest 1");
}

/// A client's certificate for that name, signed by an authority that is written to a file.
fn client_certificate(
    place: &Path,
    name: &str,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&key).unwrap().pem();
    fs::write(place, pem).unwrap();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.signed_by(&own, &issuer).unwrap();
    (certificate.der().clone(), PrivateKeyDer::try_from(own.serialize_der()).unwrap())
}

#[test]
fn a_clients_certificate_logs_in_to_the_account_of_its_name() {
    let data = tempfile::tempdir().unwrap();
    let authority = data.path().join("clients.pem");
    let (certificate, key) = client_certificate(&authority, "Alice");
    let kept = data.path().join("data");
    let flags = ["--data", kept.to_str().unwrap(), "--client-ca", authority.to_str().unwrap()];
    let server = Server::builder().workers(2).arguments(&flags).start();
    Peer::join(&server, "alice").ask("/register", PASSWORD);

    let mut roots = RootCertStore::empty();
    let site = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path());
    for file in site.filter(|file| file.extension().is_some_and(|extension| extension == "pem")) {
        let text = fs::read(file).unwrap();
        for found in CertificateDer::pem_slice_iter(&text).flatten() {
            _ = roots.add(found);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(server.address()).unwrap();
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    stream.get_mut().write_all(b"ALICE\n").unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.contains("/welcome") && line.contains("alice"), "{line}");
    line.clear();
    let ask = packet_text("alice", "/whoami", "");
    stream.get_mut().write_all(ask.as_ref()).unwrap();
    stream.read_line(&mut line).unwrap();
    assert!(line.contains("alice user 1"), "{line}");
}

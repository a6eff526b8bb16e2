//! Encrypted connections to the real server: whom the client trusts, and what it
//! says where it doesn't.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;
use testkit::{Server, program};

/// A user's state directory, and certificates by name.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A certificate that vouches for itself, and its key.
    fn certificate(&self, name: &str) -> [PathBuf; 2] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let files = [self.path(&format!("{name}.pem")), self.path(&format!("{name}.key"))];
        fs::write(&files[0], made.cert.pem()).unwrap();
        fs::write(&files[1], made.signing_key.serialize_pem()).unwrap();
        files
    }

    /// `lanline time`, as this user.
    fn time(&self, port: u16, flags: &[&str]) -> Output {
        let target = format!("ann@localhost:{port}");
        let args = [&["time", "--server", &target], flags].concat();
        let mut command = program::command(&args);
        command.env_remove("LANLINE_PLAIN").env("XDG_STATE_HOME", self.0.path());
        program::run_command(command)
    }

    fn known_servers(&self) -> String {
        fs::read_to_string(self.path("lanline/known_servers")).unwrap_or_default()
    }
}

fn serve(address: &str, [certificate, key]: &[PathBuf; 2]) -> Server {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    Server::builder()
        .flag("--listen", address)
        .flag("--tls-cert", &text(certificate))
        .flag("--tls-key", &text(key))
        .start()
}

fn serve_plain(address: &str) -> Server {
    Server::builder().flag("--listen", address).flag("--tls", "off").start()
}

/// The fingerprint that the server's log tells.
fn fingerprint(server: &Server) -> String {
    let line = server.logged("fingerprint is ", 0);
    line.rsplit("fingerprint is ").next().unwrap().trim().to_owned()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What is said by one that fails.
#[track_caller]
fn failure(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words}");
    words
}

const ANYWHERE: &str = "127.0.0.1:0";

#[test]
fn the_key_that_was_seen_first_is_the_only_one_that_is_trusted() {
    let home = Home::new();
    let (first, second) = (home.certificate("first"), home.certificate("second"));
    let server = serve(ANYWHERE, &first);
    let address: SocketAddr = server.address();
    succeeds(&home.time(address.port(), &[]));
    succeeds(&home.time(address.port(), &[]));
    let known = format!("localhost:{} {}\n", address.port(), fingerprint(&server));
    assert_eq!(home.known_servers(), known);

    server.stop();
    let server = serve(&address.to_string(), &second);
    let words = failure(&home.time(address.port(), &[]));
    assert!(words.contains("another one than before"), "{words}");
    assert!(words.contains(&format!("--fingerprint {}", fingerprint(&server))), "{words}");
    assert_eq!(home.known_servers(), known);
    // Who has asked goes on.
    succeeds(&home.time(address.port(), &["--fingerprint", &fingerprint(&server)]));
    succeeds(&home.time(address.port(), &[]));
}

#[test]
fn a_server_that_was_reached_by_tls_before_is_not_spoken_to_without_it() {
    let home = Home::new();
    let server = serve(ANYWHERE, &home.certificate("first"));
    let address = server.address();
    succeeds(&home.time(address.port(), &[]));
    server.stop();
    let _server = serve_plain(&address.to_string());
    let words = failure(&home.time(address.port(), &[]));
    assert!(words.contains("answers without encryption now"), "{words}");
    succeeds(&home.time(address.port(), &["--plain"]));
    failure(&home.time(address.port(), &[]));
}

#[test]
fn a_server_that_never_had_tls_is_spoken_to_without_it() {
    let home = Home::new();
    let server = serve_plain(ANYWHERE);
    succeeds(&home.time(server.address().port(), &[]));
    assert_eq!(home.known_servers(), "");
    // Who wants a key wants TLS.
    let key = "0".repeat(64);
    let words = failure(&home.time(server.address().port(), &["--fingerprint", &key]));
    assert!(words.contains("without encryption"), "{words}");
}

#[test]
fn a_fingerprint_is_that_key_and_no_other() {
    let home = Home::new();
    let server = serve(ANYWHERE, &home.certificate("first"));
    let wrong = "0".repeat(64);
    let words = failure(&home.time(server.address().port(), &["--fingerprint", &wrong]));
    assert!(words.contains("not the one that --fingerprint asks for"), "{words}");
    assert_eq!(home.known_servers(), "");
}

#[test]
fn an_authority_vouches_for_another_key_as_well() {
    let home = Home::new();
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new([]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    fs::write(home.path("ca.pem"), authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let signed = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let files = [home.path(&format!("{name}.pem")), home.path(&format!("{name}.key"))];
        fs::write(&files[0], params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
        fs::write(&files[1], key.serialize_pem()).unwrap();
        files
    };
    let ca = home.path("ca.pem");
    let flags = ["--ca", ca.to_str().unwrap()];
    let server = serve(ANYWHERE, &signed("first"));
    let address = server.address();
    succeeds(&home.time(address.port(), &flags));
    server.stop();
    let _server = serve(&address.to_string(), &signed("second"));
    // Only who knows the authority takes the new key.
    failure(&home.time(address.port(), &[]));
    succeeds(&home.time(address.port(), &flags));
    succeeds(&home.time(address.port(), &[]));
}

#[test]
fn what_cannot_be_used_is_said_before_anything_is_connected() {
    let home = Home::new();
    let [certificate, _] = home.certificate("first");
    let [_, other_key] = home.certificate("other");
    let empty = home.path("empty");
    fs::write(&empty, "").unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for flags in [
        vec!["--ca".to_owned(), text(&home.path("nowhere"))],
        vec!["--ca".to_owned(), text(&empty)],
        vec!["--cert".to_owned(), text(&certificate), "--key".to_owned(), text(&other_key)],
        vec!["--cert".to_owned(), text(&certificate)],
        vec!["--fingerprint".to_owned(), "00".to_owned()],
    ] {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let output = home.time(1, &flags);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {words}");
    }
}

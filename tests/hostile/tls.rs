//! Peers that break TLS in every way: each ends in a closed connection, and
//! nobody else notices. Never: what is said inside.

use crate::support::server;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, version};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;
use testkit::{PATIENCE, Peer, Server, Signal, tls};

/// A server with a certificate, and somebody in it who speaks plain.
pub(crate) fn tls_server(flags: &[&str]) -> (Server, Peer) {
    let (certificate, key) = (tls::certificate(), tls::key());
    let pair = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = server(&[&pair, flags].concat());
    let watcher = Peer::join(&server, "watcher");
    (server, watcher)
}

fn client(config: impl FnOnce(&mut ClientConfig)) -> ClientConnection {
    client_of(&tls::certificate(), config)
}

/// Of a server with that certificate.
pub(crate) fn client_of(
    certificate: &Path,
    config: impl FnOnce(&mut ClientConfig),
) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut all = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config(&mut all);
    ClientConnection::new(Arc::new(all), ServerName::try_from("localhost").unwrap()).unwrap()
}

pub(crate) fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Shakes hands.
fn shake_hands(server: &Server) -> (TcpStream, ClientConnection) {
    let (mut stream, mut connection) = (connect(server), client(|_| ()));
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).unwrap();
    }
    (stream, connection)
}

/// Greets and is welcome.
fn join(server: &Server, name: &str) -> (TcpStream, ClientConnection) {
    let (mut stream, mut connection) = shake_hands(server);
    connection.writer().write_all(format!("{name}\n").as_bytes()).unwrap();
    let mut all = rustls::Stream::new(&mut connection, &mut stream);
    let mut welcome = [0; 9];
    all.read_exact(&mut welcome).unwrap();
    assert_eq!(&welcome, b"{\"from\":{");
    (stream, connection)
}

/// What the first bytes of a connection are: a ClientHello.
pub(crate) fn client_hello() -> Vec<u8> {
    let mut hello = Vec::new();
    client(|_| ()).write_tls(&mut hello).unwrap();
    hello
}

/// Everything that still comes; the server closes.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset ends it as well.
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "it isn't closed");
    }
    bytes
}

fn assert_closes(server: &Server, bytes: &[u8]) {
    let mut stream = connect(server);
    stream.write_all(bytes).unwrap();
    let answer = rest(&mut stream);
    // An alert, if anything: no words that a peer could take for the server's.
    assert!(answer.is_empty() || answer[0] == 0x15, "{bytes:02x?}: {answer:02x?}");
}

#[test]
fn what_is_no_handshake_of_tls_1_3_is_closed_and_others_do_not_notice() {
    let (server, mut watcher) = tls_server(&[]);
    for bytes in [
        &b"\x16garbage that is no handshake at all"[..],
        b"\x16\x03\x01\x00\x05hello",
        // A record of 16 KiB and a byte.
        &[&b"\x16\x03\x01\x40\x01"[..], &[1; (1 << 14) + 1]].concat(),
        // An alert in place of the hello, in the clear.
        b"\x16\x03\x01\x00\x00\x15\x03\x03\x00\x02\x02\x28",
        // TLS 1.2, and SSL 3: hellos without an extension.
        &[
            &b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03"[..],
            &[7; 32],
            b"\x00\x00\x02\xc0\x2f\x01\x00",
        ]
        .concat(),
        &[
            &b"\x16\x03\x00\x00\x2d\x01\x00\x00\x29\x03\x00"[..],
            &[7; 32],
            b"\x00\x00\x02\x00\x0a\x01\x00",
        ]
        .concat(),
    ] {
        assert_closes(&server, bytes);
        watcher.ask("/ping", "still here");
    }
    server.logged("TLS with 127.0.0.1 failed: ", 0);
}

#[test]
fn a_handshake_cut_at_each_byte_is_closed_with_the_stream() {
    let (server, mut watcher) = tls_server(&[]);
    let hello = client_hello();
    for length in 1..hello.len() {
        let mut stream = connect(&server);
        stream.write_all(&hello[..length]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(rest(&mut stream).is_empty(), "at {length}");
    }
    watcher.ask("/ping", "still here");
}

#[test]
fn a_handshake_that_comes_byte_by_byte_is_as_good_as_any() {
    let (server, _watcher) = tls_server(&[]);
    let (mut stream, mut connection) = (connect(&server), client(|_| ()));
    stream.set_nodelay(true).unwrap();
    while connection.is_handshaking() {
        let mut bytes = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut bytes).unwrap();
        }
        bytes.chunks(1).for_each(|byte| stream.write_all(byte).unwrap());
        if connection.is_handshaking() {
            connection.read_tls(&mut stream).unwrap();
            connection.process_new_packets().unwrap();
        }
    }
    connection.writer().write_all(b"ann\n").unwrap();
    let mut welcome = [0; 9];
    rustls::Stream::new(&mut connection, &mut stream).read_exact(&mut welcome).unwrap();
}

#[test]
fn half_a_hello_and_silence_is_closed_after_the_time_to_greet() {
    let (server, mut watcher) = tls_server(&["--greeting-timeout", "1"]);
    let hello = client_hello();
    assert_closes(&server, &hello[..hello.len() / 2]);
    // Nor is there more time behind a whole handshake.
    let (mut stream, mut connection) = shake_hands(&server);
    let mut words = String::new();
    rustls::Stream::new(&mut connection, &mut stream).read_to_string(&mut words).unwrap();
    assert!(words.contains("0 greeting-timeout"), "{words}");
    watcher.ask("/ping", "still here");
}

#[test]
fn a_hello_that_never_ends_is_closed_before_it_fills_the_memory() {
    let (server, mut watcher) = tls_server(&[]);
    let mut stream = connect(&server);
    // One message of a megabyte, in records of 16 KiB.
    let mut message = vec![0x01, 0x10, 0x00, 0x00];
    message.resize(1 << 20, 3);
    let sent = message.chunks(1 << 14).try_for_each(|part| {
        stream.write_all(&[0x16, 3, 1, (part.len() >> 8) as u8, part.len() as u8])?;
        stream.write_all(part)
    });
    // Closed under the writer, or behind it.
    if sent.is_ok() {
        rest(&mut stream);
    }
    watcher.ask("/ping", "still here");
}

#[test]
fn records_that_do_not_verify_or_are_too_long_end_their_connection_and_no_other() {
    let (server, mut watcher) = tls_server(&[]);
    let forged = [&[0x17, 3, 3, 0, 64][..], &[7; 64]].concat();
    let too_long = [&[0x17, 3, 3, 0x41, 1][..], &[7; (1 << 14) + 257]].concat();
    for (number, bytes) in [
        &forged[..],
        &too_long,
        b"\x17\x03\x03\x00\x00",
        // What is only allowed in the clear before there are keys.
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x14\x03\x03\x00\x01\x01",
        b"\x16\x03\x03\x00\x04\x00\x00\x00\x00",
        b"{\"from\":{\"name\":\"x\",\"ip\":\"\"},\"to\":\"/ping\",\"msg\":\"in the clear\"}",
    ]
    .iter()
    .enumerate()
    {
        let (mut stream, mut connection) = join(&server, &format!("forger{number}"));
        // What came before is still handled.
        let post = format!(
            "{{\"from\":{{\"name\":\"forger{number}\",\"ip\":\"\"}},\"to\":\"watcher\",\"msg\":\"last words\"}}"
        );
        connection.writer().write_all(post.as_bytes()).unwrap();
        let mut records = Vec::new();
        connection.write_tls(&mut records).unwrap();
        records.extend_from_slice(bytes);
        stream.write_all(&records).unwrap();
        rest(&mut stream);
        assert_eq!(watcher.expect_from(&format!("forger{number}")).msg, "last words");
    }
}

#[test]
fn a_flood_of_new_keys_ends_its_connection_and_some_do_not() {
    let (server, mut watcher) = tls_server(&[]);
    let (mut stream, mut connection) = join(&server, "eager");
    for _ in 0..16 {
        connection.refresh_traffic_keys().unwrap();
        connection.complete_io(&mut stream).unwrap();
    }
    connection
        .writer()
        .write_all(
            b"{\"from\":{\"name\":\"eager\",\"ip\":\"\"},\"to\":\"watcher\",\"msg\":\"new keys\"}",
        )
        .unwrap();
    connection.complete_io(&mut stream).unwrap();
    assert_eq!(watcher.expect_from("eager").msg, "new keys");
    let flooded = (0..100).try_for_each(|_| {
        connection.refresh_traffic_keys().unwrap();
        let mut records = Vec::new();
        connection.write_tls(&mut records).unwrap();
        stream.write_all(&records)
    });
    if flooded.is_ok() {
        rest(&mut stream);
    }
    watcher.refused("eager", "still there?", "no-such-user");
}

#[test]
fn a_stream_cut_within_a_packet_or_a_record_ends_as_a_plain_one_does() {
    let (server, mut watcher) = tls_server(&[]);
    watcher.ask("/presence", "on");
    let (mut stream, mut connection) = join(&server, "torn");
    assert_eq!(watcher.expect_from("/joined").msg, "torn");
    connection.writer().write_all(b"{\"from\":{\"name\":\"torn\",").unwrap();
    let mut records = Vec::new();
    connection.write_tls(&mut records).unwrap();
    records.extend_from_slice(&[0x17, 3, 3, 0, 99, 1, 2, 3]);
    stream.write_all(&records).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut words = String::new();
    rustls::Stream::new(&mut connection, &mut stream).read_to_string(&mut words).unwrap();
    assert!(words.contains("1 malformed"), "{words}");
    assert_eq!(watcher.expect_from("/left").msg, "torn");
}

#[test]
fn another_protocol_than_ours_ends_the_handshake() {
    let (server, _watcher) = tls_server(&[]);
    for (offered, is_fine) in [("lanline/1", true), ("http/1.1", true), ("h2", false)] {
        let mut connection = client(|config| config.alpn_protocols = vec![offered.into()]);
        let mut stream = connect(&server);
        let shaken = connection.complete_io(&mut stream);
        assert_eq!(shaken.is_ok(), is_fine, "{offered}: {shaken:?}");
        if is_fine {
            assert_eq!(connection.alpn_protocol(), Some(offered.as_bytes()));
        }
    }
}

#[test]
fn there_is_no_tls_within_tls_and_none_at_all_where_it_is_off() {
    let (server, _watcher) = tls_server(&[]);
    let (mut stream, mut connection) = shake_hands(&server);
    connection.writer().write_all(&client_hello()).unwrap();
    let mut words = Vec::new();
    rustls::Stream::new(&mut connection, &mut stream).read_to_end(&mut words).unwrap();
    assert!(String::from_utf8_lossy(&words).contains("0 bad-name"));

    let off = server_off();
    let mut stream = connect(&off);
    stream.write_all(&client_hello()).unwrap();
    assert!(String::from_utf8_lossy(&rest(&mut stream)).contains("0 bad-name"));
}

fn server_off() -> Server {
    let (certificate, key) = (tls::certificate(), tls::key());
    server(&[
        "--tls",
        "off",
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ])
}

#[test]
fn a_pair_that_does_not_fit_is_wrong_usage_and_changes_nothing_while_serving() {
    let place = tempfile::tempdir().unwrap();
    let (certificate, key) = (place.path().join("cert.pem"), place.path().join("key.pem"));
    fs::copy(tls::certificate(), &certificate).unwrap();
    fs::copy(tls::key(), &key).unwrap();
    let start = |flags: &[&str]| {
        let output = testkit::program::command(&[&["serve"], flags].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let (certificate_text, key_text) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let alone = ["--data", "none", "--tls-cert", certificate_text];
    assert!(start(&alone).contains("need each other"));
    assert!(start(&["--data", "none", "--tls", "require"]).contains("a data directory"));
    let pair = ["--tls-cert", certificate_text, "--tls-key", key_text];
    let server = server(&pair);
    let mut inside = join(&server, "inside");

    let other_key = fs::read_to_string(other_key(place.path())).unwrap();
    let good = (fs::read(&certificate).unwrap(), fs::read(&key).unwrap());
    for (number, (path, text, words)) in [
        (&certificate, "no certificate", "there is no certificate in it"),
        (&key, "no key", "there is no key in it"),
        (&key, &other_key, "is not that of the certificate"),
        (&certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""),
    ]
    .into_iter()
    .enumerate()
    {
        fs::write(path, text).unwrap();
        server.signal(Signal::HUP);
        let line = server.logged("nothing is changed", number);
        assert!(line.contains(words) && line.contains(path.to_str().unwrap()), "{line}");
        // Who comes gets what was good.
        drop(join(&server, &format!("later{number}")));
        fs::write(&certificate, &good.0).unwrap();
        fs::write(&key, &good.1).unwrap();
    }
    assert!(start(&["--tls-cert", key_text, "--tls-key", key_text]).contains("no certificate"));
    inside.1.writer().write_all(b"junk").unwrap();
    inside.1.complete_io(&mut inside.0).unwrap();
}

/// A key that belongs to nothing here.
fn other_key(place: &Path) -> std::path::PathBuf {
    let data = place.join("data");
    let server = server(&["--data", data.to_str().unwrap()]);
    assert!(server.stop().success());
    data.join("server.key")
}

#[test]
fn a_server_makes_its_certificate_once_keeps_the_key_and_shares_the_place_with_nobody() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let data_text = data.to_str().unwrap();
    let flags = ["--data", data_text];
    let fingerprint = |server: &Server, skip| {
        let line = server.logged("fingerprint is ", skip);
        line.rsplit(' ').next().unwrap().to_owned()
    };
    let first = server(&flags);
    let key = fingerprint(&first, 0);
    assert_eq!(key.len(), 64);
    let other = testkit::program::command(&[&["serve"][..], &flags].concat()).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    let words = String::from_utf8(other.stderr).unwrap();
    assert!(words.contains("another server that runs"), "{words}");

    let cert = |what: &str| {
        let output = testkit::program::command(&["cert", what, "--data", data_text]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(cert("show").contains(&key));
    let before = fs::read(data.join("server.pem")).unwrap();
    assert!(cert("renew").contains(&key));
    assert_ne!(fs::read(data.join("server.pem")).unwrap(), before);
    // The server takes it, and makes one itself, inside its sandbox.
    assert_eq!(fingerprint(&first, 1), key);
    fs::remove_file(data.join("server.pem")).unwrap();
    assert_eq!(fingerprint(&first, 2), key);
    assert!(data.join("server.pem").is_file());
    assert!(first.stop().success());
    assert_eq!(fingerprint(&server(&flags), 0), key);
}

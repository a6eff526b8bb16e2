//! Handshakes by the hundred, and a certificate that is replaced while people talk.
//! Never: bytes that are no TLS.

use crate::support::{assert_within_budget, server};
use crate::tls::{client_hello, client_of, connect, tls_server};
use lanline::limits::{ADDRESS_BURST, ADDRESS_LOGINS_PER_SECOND};
use socket2::{Domain, Socket, Type};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use testkit::tls::Issued;
use testkit::{PATIENCE, Peer, Server, Signal, ask_until, packet_text};

const DAY: i64 = 24 * 60 * 60;

/// From another address than everybody else.
fn connect_from(from: &str, server: &Server) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(from.parse().unwrap(), 0).into()).unwrap();
    socket.connect(&server.address().into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.into()
}

#[test]
fn handshakes_of_one_address_are_paid_for_as_logins_whether_or_not_one_follows() {
    let (server, mut watcher) = tls_server(&["--metrics", "127.0.0.1:0", "--workers", "1"]);
    let free = ADDRESS_LOGINS_PER_SECOND * ADDRESS_BURST.as_secs();
    let late = ADDRESS_LOGINS_PER_SECOND;
    let hello = client_hello();
    let start = Instant::now();
    let mut flood: Vec<TcpStream> = (0..free + late)
        .map(|_| {
            let mut stream = connect_from("127.0.0.7", &server);
            stream.write_all(&hello).unwrap();
            stream
        })
        .collect();
    for _ in 0..20 {
        watcher.ask("/ping", "still here");
    }
    for stream in &mut flood {
        let mut first = [0];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(first, [0x16], "who waits is answered all the same");
    }
    // The last one but a few had to wait for its turn: a slow machine makes it longer.
    let least = Duration::from_secs_f64((late - 10) as f64 / ADDRESS_LOGINS_PER_SECOND as f64);
    let took = start.elapsed();
    assert!(took >= least, "{took:?}, and not {least:?}");
    assert_within_budget(&server);
    // They are logins: the address has none left, and another has all of its own.
    watcher.ask("/ping", "still here");
    let mut elsewhere =
        Peer::connect_from(Some("127.0.0.8".parse().unwrap()), false, server.address());
    elsewhere.send_raw("elsewhere\n");
    assert_eq!(elsewhere.next().name, "/welcome");
}

/// One who asks and waits for the answer, again and again, until told to stop.
fn talk(server: &Server, certificate: &Path, name: &str, answers: &AtomicU64, stop: &AtomicBool) {
    let (mut stream, mut connection) = (connect(server), client_of(certificate, |_| ()));
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    tls.write_all(format!("{name}\n").as_bytes()).unwrap();
    let mut line = [0; 4096];
    let mut await_answer = |tls: &mut rustls::Stream<'_, _, _>, words: &str| {
        let mut heard = String::new();
        while !(heard.ends_with('\n') && heard.contains(words)) {
            let count = tls.read(&mut line).unwrap();
            assert!(count > 0, "{name} was dropped: {heard}");
            heard.push_str(std::str::from_utf8(&line[..count]).unwrap());
        }
    };
    await_answer(&mut tls, "/welcome");
    while !stop.load(Relaxed) {
        let words = format!("still here {}", answers.load(Relaxed));
        tls.write_all(packet_text(name, "/ping", &words).as_bytes()).unwrap();
        await_answer(&mut tls, &words);
        answers.fetch_add(1, Relaxed);
    }
}

/// Whether a new connection is served with this certificate.
fn is_served(server: &Server, certificate: &Path) -> bool {
    let (mut stream, mut connection) = (connect(server), client_of(certificate, |_| ()));
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return false;
        }
    }
    true
}

#[test]
fn a_certificate_that_is_swapped_while_people_talk_drops_nobody_and_a_broken_pair_changes_nothing()
{
    let place = tempfile::tempdir().unwrap();
    let issued = Issued::new(place.path(), 100 * DAY);
    let before = place.path().join("before.pem");
    let server = server(&[&["--workers", "2", "--rate", "0"], &issued.flags()[..]].concat());
    let mut watcher = Peer::join(&server, "watcher");
    fs::copy(&issued.certificate, &before).unwrap();
    let first = place.path().join("first.pem");
    fs::copy(&issued.certificate, &first).unwrap();
    let (stop, answers) = (AtomicBool::new(false), [const { AtomicU64::new(0) }; 6]);
    thread::scope(|scope| {
        let (server, first, stop) = (&server, &first, &stop);
        for (number, answers) in answers.iter().enumerate() {
            let name = format!("talker{number}");
            scope.spawn(move || talk(server, first, &name, answers, stop));
        }
        let mut all_talk_on = || {
            let now = answers.each_ref().map(|answers| answers.load(Relaxed));
            ask_until("everybody talks on", || {
                watcher.ask("/ping", "and I");
                let more = answers.iter().zip(now).all(|(all, now)| all.load(Relaxed) > now + 10);
                more.then_some(())
            });
        };
        all_talk_on();
        for round in 0..8_usize {
            // Half of it is there: the new certificate, and the key of the old one.
            let old_key = fs::read(&issued.key).unwrap();
            Issued::new(place.path(), (200 + round as i64) * DAY);
            let new_key = fs::read(&issued.key).unwrap();
            fs::write(&issued.key, old_key).unwrap();
            server.signal(Signal::HUP);
            let line = server.logged("SIGHUP: nothing is changed", round);
            assert!(line.contains("is not that of the certificate"), "{line}");
            assert!(is_served(server, &before) && !is_served(server, &issued.certificate));
            all_talk_on();
            fs::write(&issued.key, new_key).unwrap();
            server.signal(Signal::HUP);
            server.logged("SIGHUP: reloaded", round);
            // Workers take it over by message.
            ask_until("the new one is served", || {
                is_served(server, &issued.certificate).then_some(())
            });
            all_talk_on();
            fs::copy(&issued.certificate, &before).unwrap();
        }
        stop.store(true, Relaxed);
    });
    assert!(server.stop().success());
}

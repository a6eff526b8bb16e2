//! Names can't be confused.

use crate::support::server;
use std::sync::Barrier;
use std::thread;
use testkit::{Peer, Server, ask_until};

/// What the server says to a greeting: `/welcome`, or the code of a refusal.
fn greeted(server: &Server, name: &str) -> (Peer, String) {
    let mut client = Peer::say(server, name);
    let answer = client.next();
    let word = answer.refusal().map(|(_, code)| code.to_owned());
    (client, word.unwrap_or(answer.name))
}

#[test]
fn scripts_mixed_and_invisible_characters_are_bad_names() {
    let server = server(&["--workers", "2"]);
    for bad in ["p\u{430}ypal", "bobα", "bo\u{200b}b", "\u{202e}bob", "bob\u{fe0f}", "김さ"] {
        assert_eq!(greeted(&server, bad).1, "bad-name", "{bad:?}");
    }
    for good in ["bob", "Анна", "さくらbob", "김철수", "李雷", "मीरा", "علي", "Åsa"]
    {
        assert_eq!(greeted(&server, good).1, "/welcome", "{good:?}");
    }
}

#[test]
fn who_looks_like_one_online_is_refused() {
    let pairs = [
        ("\u{440}\u{430}\u{443}\u{440}\u{430}", "paypa"),
        ("ВОВ", "BOB"),
        ("ΑΝΝΑ", "anna"),
        ("оо7", "oo7"),
    ];
    for workers in ["1", "4"] {
        let server = server(&["--workers", workers]);
        for (other, ascii) in pairs.into_iter().chain(pairs.map(|(a, b)| (b, a))) {
            let (first, welcome) = greeted(&server, ascii);
            assert_eq!(welcome, "/welcome", "{ascii}");
            assert_eq!(greeted(&server, other).1, "name-taken", "{ascii} {other}");
            // Once the name is free, so are its looks.
            let mut first = first;
            first.send("/quit", "");
            first.rest();
            assert_eq!(greeted(&server, other).1, "/welcome", "{other}");
            ask_until("the name is free", || {
                (greeted(&server, other).1 == "/welcome").then_some(())
            });
        }
    }
}

#[test]
fn plain_ascii_names_differ_in_more_than_case() {
    let server = server(&["--workers", "4"]);
    let names = ["bill", "bi11", "bi1l", "bil1", "b1ll", "o0", "oo", "00", "rn", "m", "modern"];
    let mut clients: Vec<Peer> = names.iter().map(|name| Peer::join(&server, name)).collect();
    for again in ["BILL", "M", "ModerN", "O0"] {
        assert_eq!(greeted(&server, again).1, "name-taken", "{again}");
    }
    // Each is found by its own name, in any case.
    for (to, name) in names.iter().enumerate() {
        let from = (to + 1) % names.len();
        clients[from].send(&name.to_uppercase(), name);
        assert_eq!(clients[to].next().msg, *name);
    }
}

#[test]
fn who_looks_like_an_operator_in_plain_ascii_is_refused() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "sesame\n").unwrap();
    let path = token.path().to_str().unwrap();
    for workers in ["1", "4"] {
        let server = server(&["--workers", workers, "--operator-token-file", path]);
        let mut alice = Peer::join(&server, "alice");
        let early = Peer::join(&server, "aIice");
        assert_eq!(alice.ask("/operator", "sesame").msg, "ok");
        for name in ["a1ice", "AL1CE", "ALlCE"] {
            assert_eq!(greeted(&server, name).1, "name-taken", "{name}");
        }
        assert_eq!(greeted(&server, "alicia").1, "/welcome");
        drop(early);
        alice.send("/quit", "");
        alice.rest();
        assert_eq!(greeted(&server, "a1ice").1, "/welcome");
    }
    let strict = server(&["--look-alikes", "everyone"]);
    let _admin = Peer::join(&strict, "Admin");
    assert_eq!(greeted(&strict, "Adrnin").1, "name-taken");
}

/// Look-alikes at the same instant, accepted by any worker: one wins.
#[test]
fn of_rivals_one_wins() {
    let server = server(&["--workers", "4"]);
    let names = ["paypa", "\u{440}\u{430}\u{443}\u{440}\u{430}", "PAYPA", "\u{420}АУРА"];
    for _ in 0..20 {
        let start = Barrier::new(names.len());
        let answers: Vec<(Peer, String)> = thread::scope(|scope| {
            let rival = |name| {
                let (start, server) = (&start, &server);
                scope.spawn(move || {
                    start.wait();
                    greeted(server, name)
                })
            };
            let rivals: Vec<_> = names.map(rival).into_iter().collect();
            rivals.into_iter().map(|rival| rival.join().unwrap()).collect()
        });
        let words: Vec<&str> = answers.iter().map(|(_, word)| word.as_str()).collect();
        let welcome = words.iter().filter(|&&word| word == "/welcome").count();
        assert_eq!(welcome, 1, "{words:?}");
        assert!(words.iter().all(|&word| word == "/welcome" || word == "name-taken"), "{words:?}");
        for (mut client, word) in answers {
            if word == "/welcome" {
                client.send("/quit", "");
            }
            client.rest();
        }
    }
}

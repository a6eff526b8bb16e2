//! What each server says, cut anywhere, is heard the same.

use super::{Dialect, Heard, Irc, Lanline, Mqtt, Nats, Redis, Relay, Role};

/// A text without a quote or a blank, as the bots write it.
const TEXT: &[u8] = b"0123456789abcdefxxxx";

fn text() -> String {
    String::from_utf8_lossy(TEXT).into_owned()
}

/// Everything of interest in `bytes`, which come in two parts.
fn hear_all(dialect: &dyn Dialect, bytes: &[u8], cut: usize) -> Vec<String> {
    let (mut heard, mut kept) = (Vec::new(), Vec::new());
    for part in [&bytes[..cut], &bytes[cut..]] {
        kept.extend_from_slice(part);
        loop {
            let (done, what) = dialect.hear(Role::Talker, &kept, &mut Vec::new());
            let is_nothing = what == Heard::Nothing;
            match what {
                Heard::Nothing | Heard::Noise => {}
                Heard::Ready => heard.push("ready".to_owned()),
                Heard::Message(text) => heard.push(String::from_utf8_lossy(text).into_owned()),
                Heard::Refusal(words) => heard.push(format!("refusal {words}")),
            }
            kept.drain(..done);
            if is_nothing {
                break;
            }
        }
    }
    assert_eq!(kept, b"", "nothing is left");
    heard
}

#[test]
fn a_greeting_and_a_message_are_heard_however_they_are_cut() {
    let text = text();
    let packet = |name: &str, msg: &str| {
        format!(r#"{{"from":{{"name":"{name}","ip":"127.0.0.1"}},"to":"u2","msg":"{msg}"}}"#)
    };
    let lanline = format!("{}\n{}\n", packet("/welcome", "u2 127.0.0.1 1 x"), packet("u1", &text));
    let nats = format!("INFO {{}}\r\nPONG\r\nMSG u2 1 {}\r\n{text}\r\n", text.len());
    let redis = format!(
        "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n>3\r\n$9\r\nsubscribe\r\n$2\r\nu2\r\n:1\r\n+PONG\r\n\
         >3\r\n$7\r\nmessage\r\n$2\r\nu2\r\n${}\r\n{text}\r\n:1\r\n",
        text.len()
    );
    let irc = format!(
        ":irc.bench 001 u2 :hi\r\n:irc.bench 376 u2 :end\r\n:u1!u1@h PRIVMSG u2 :{text}\r\n"
    );
    let mut mqtt = b"\x20\x02\x00\x00\x90\x03\x00\x01\x00".to_vec();
    mqtt.extend([0x30, TEXT.len() as u8 + 4, 0, 2]);
    mqtt.extend_from_slice(b"u2");
    mqtt.extend_from_slice(TEXT);
    let mut relay = [crate::relay::EVERYONE.to_le_bytes(), 12u32.to_le_bytes()].concat();
    relay.extend_from_slice(b"xxxx");
    Relay.send(1, 2, TEXT, &mut relay);

    let all: [(&dyn Dialect, &[u8]); 6] = [
        (&Lanline, lanline.as_bytes()),
        (&Nats, nats.as_bytes()),
        (&Redis { replies: true }, redis.as_bytes()),
        (&Irc, irc.as_bytes()),
        (&Mqtt, &mqtt),
        (&Relay, &relay),
    ];
    for (index, (dialect, bytes)) in all.into_iter().enumerate() {
        for cut in 0..=bytes.len() {
            let heard = hear_all(dialect, bytes, cut);
            assert_eq!(heard, ["ready", text.as_str()], "dialect {index}, cut at {cut}");
        }
    }
}

#[test]
fn as_many_bytes_go_over_the_wire_of_the_relay_as_of_lanline() {
    let (mut relay, mut lanline) = (Vec::new(), Vec::new());
    Relay.send(1, 2, TEXT, &mut relay);
    Lanline.send(1, 2, TEXT, &mut lanline);
    assert_eq!(relay.len(), lanline.len());
    assert_eq!(relay[8..], lanline[8..]);
}

#[test]
fn a_ping_is_answered() {
    for (dialect, ping, pong) in [
        (&Nats as &dyn Dialect, &b"PING\r\n"[..], &b"PONG\r\n"[..]),
        (&Irc, b"PING :x\r\n", b"PONG :x\r\n"),
    ] {
        let mut out = Vec::new();
        assert_eq!(dialect.hear(Role::Talker, ping, &mut out), (ping.len(), Heard::Noise));
        assert_eq!(out, pong);
    }
}

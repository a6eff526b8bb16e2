//! What each server says, cut anywhere, is heard the same.

use super::{
    Dialect, Ear, Heard, Irc, JetStream, KeptMqtt, Lanline, Mqtt, Nats, Redis, Relay, Role,
    StoredLanline, Streams,
};

/// A text without a quote or a blank, as the bots write it.
const TEXT: &[u8] = b"0123456789abcdefxxxx";

fn text() -> String {
    String::from_utf8_lossy(TEXT).into_owned()
}

/// Everything of interest in `bytes`, which come in two parts.
fn hear_all(dialect: &dyn Dialect, bytes: &[u8], cut: usize) -> Vec<String> {
    hear_as(Role::Talker, dialect, bytes, cut).0
}

/// The same for a role, and what was answered.
fn hear_as(role: Role, dialect: &dyn Dialect, bytes: &[u8], cut: usize) -> (Vec<String>, Vec<u8>) {
    let (mut heard, mut kept, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let mut ear = ear(role);
    for part in [&bytes[..cut], &bytes[cut..]] {
        kept.extend_from_slice(part);
        loop {
            let (done, what) = dialect.hear(&mut ear, &kept, &mut answers);
            let is_nothing = what == Heard::Nothing;
            match what {
                Heard::Nothing | Heard::Noise => {}
                Heard::Stored => heard.push("stored".to_owned()),
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
    (heard, answers)
}

fn ear(role: Role) -> Ear {
    Ear { user: 2, role, left: 0 }
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
        assert_eq!(
            dialect.hear(&mut ear(Role::Talker), ping, &mut out),
            (ping.len(), Heard::Noise)
        );
        assert_eq!(out, pong);
    }
}

/// What a server that stores says to a writer and to a reader, and what the latter answers.
struct Conversation {
    dialect: Box<dyn Dialect>,
    to_writer: Vec<u8>,
    to_reader: Vec<u8>,
    answer: Vec<u8>,
}

fn conversations() -> [Conversation; 4] {
    let text = text();
    let packet = |name: &str, msg: &str| {
        format!(
            "{{\"from\":{{\"name\":\"{name}\",\"ip\":\"127.0.0.1\"}},\"to\":\"u2\",\"msg\":\"{msg}\"}}\n"
        )
    };
    let welcome = packet("/welcome", "u2 127.0.0.1 1 x");
    let receipts = packet("/receipt", "stored 3 7") + &packet("/receipt", "delivered u2 7");
    let made = "MSG stream.2 1 2\r\n{}\r\n";
    let entry = |id: &str| {
        let length = text.len();
        format!("*2\r\n${}\r\n{id}\r\n*2\r\n$1\r\nt\r\n${length}\r\n{text}\r\n", id.len())
    };
    let hello = "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n+PONG\r\n";
    let page = format!("%1\r\n$2\r\nu2\r\n*2\r\n{}{}", entry("8-1"), entry("9-0"));
    let mut mqtt = b"\x20\x02\x00\x00\x90\x03\x00\x01\x01".to_vec();
    let mqtt_writer = [&mqtt[..], b"\x40\x02\x00\x07"].concat();
    for number in [3, 4] {
        mqtt.extend([0x32, TEXT.len() as u8 + 6, 0, 2]);
        mqtt.extend_from_slice(&[b"u2\x00", &[number][..], TEXT].concat());
    }
    let js = |subject: &str| format!("MSG {subject} $JS.ACK.1 {}\r\n{text}\r\n", text.len());
    let mut consumer = Vec::new();
    super::jetstream::make_consumer(2, &mut consumer);
    let mut read_on = Vec::new();
    super::streams::read_behind(2, b"9-0", &mut read_on);
    [
        Conversation {
            dialect: Box::new(StoredLanline::new(&[])),
            to_writer: (welcome.clone() + &packet("/receipts", "on") + &receipts).into(),
            to_reader: (welcome + &packet("u1", &text) + &packet("u1", &text)).into(),
            answer: Vec::new(),
        },
        Conversation {
            dialect: Box::new(JetStream),
            to_writer: format!("INFO {{}}\r\n{made}MSG kept.2 2 12\r\n{{\"seq\":1234}}\r\n").into(),
            to_reader: format!("{made}MSG made.2 3 2\r\n{{}}\r\n{}{}", js("m.2 4"), js("m.2 4"))
                .into(),
            answer: consumer,
        },
        Conversation {
            dialect: Box::new(Streams),
            to_writer: format!("{hello}$3\r\n8-1\r\n").into(),
            to_reader: format!(
                "{}{page}",
                hello.replacen("%1", "%2", 1).replacen("+PONG", "$5\r\nproto\r\n:3\r\n+PONG", 1,)
            )
            .into(),
            answer: read_on,
        },
        Conversation {
            dialect: Box::new(KeptMqtt::default()),
            to_writer: mqtt_writer,
            to_reader: mqtt,
            answer: b"\x40\x02\x00\x03\x40\x02\x00\x04".to_vec(),
        },
    ]
}

#[test]
fn what_is_stored_is_heard_by_who_wrote_it_and_who_reads_it() {
    for (index, conversation) in conversations().into_iter().enumerate() {
        let Conversation { dialect, to_writer, to_reader, answer } = conversation;
        for cut in 0..=to_writer.len() {
            let (heard, _) = hear_as(Role::Writer, dialect.as_ref(), &to_writer, cut);
            assert_eq!(heard, ["ready", "stored"], "dialect {index}, cut at {cut}");
        }
        for cut in 0..=to_reader.len() {
            let (heard, said) = hear_as(Role::Reader, dialect.as_ref(), &to_reader, cut);
            let text = text();
            assert_eq!(heard, ["ready", &text, &text], "dialect {index}, cut at {cut}");
            assert_eq!(said.escape_ascii().to_string(), answer.escape_ascii().to_string());
        }
    }
}

#[test]
fn a_stream_that_is_refused_is_a_refusal() {
    let bytes = b"MSG stream.2 1 13\r\n{\"error\":\"x\"}\r\n";
    let (heard, _) = hear_as(Role::Writer, &JetStream, bytes, 0);
    assert_eq!(heard, ["refusal {\"error\":\"x\"}"]);
}

//! JetStream: one stream of all, a consumer for each user who reads. Who writes has an
//! answer once the stream has it, as `sync_interval` says.
//! <https://docs.nats.io/reference/reference-protocols/nats_api_reference>

use super::{Dialect, Ear, Heard, Role, User, line, number, words};

/// The stream, and how it is made. Who asks for one that there is gets it.
const MAKE_STREAM: &str = "$JS.API.STREAM.CREATE.ALL";
const STREAM: &str = r#"{"name":"ALL","subjects":["m.>"],"storage":"file","num_replicas":1}"#;
const MAKE_CONSUMER: &str = "$JS.API.CONSUMER.CREATE.ALL";

pub(crate) struct JetStream;

fn publish(to: &str, answer: &str, text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("PUB {to} {answer} {}\r\n", text.len()).as_bytes());
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// All that comes for the user, pushed as it comes, without a word that it has.
pub(super) fn make_consumer(user: User, out: &mut Vec<u8>) {
    let config = format!(
        r#"{{"stream_name":"ALL","config":{{"deliver_subject":"d.{user}","filter_subject":"m.{user}","deliver_policy":"all","ack_policy":"none","replay_policy":"instant","mem_storage":true,"num_replicas":1}}}}"#
    );
    publish(MAKE_CONSUMER, &format!("made.{user}"), config.as_bytes(), out);
}

impl Dialect for JetStream {
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>) {
        let greeting = "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\
                        \"name\":\"bot\",\"lang\":\"rust\",\"version\":\"0\",\"protocol\":1}\r\n";
        out.extend_from_slice(greeting.as_bytes());
        let answers = format!("SUB stream.{user} 1\r\nSUB kept.{user} 2\r\n");
        out.extend_from_slice(answers.as_bytes());
        if role != Role::Writer {
            let reads = format!("SUB made.{user} 3\r\nSUB d.{user} 4\r\n");
            out.extend_from_slice(reads.as_bytes());
        }
        publish(MAKE_STREAM, &format!("stream.{user}"), STREAM.as_bytes(), out);
    }

    fn send(&self, from: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        publish(&format!("m.{to}"), &format!("kept.{from}"), text, out);
    }

    fn announce(&self, from: User, text: &[u8], out: &mut Vec<u8>) {
        publish("m.all", &format!("kept.{from}"), text, out);
    }

    fn hear<'a>(&self, ear: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some((line, end)) = line(bytes) else { return (0, Heard::Nothing) };
        if let Some(head) = line.strip_prefix(b"MSG ") {
            let length = line.rsplit(|&byte| byte == b' ').next().and_then(number).unwrap_or(0);
            let Some(text) = bytes.get(end..end + length + 2) else { return (0, Heard::Nothing) };
            return (end + length + 2, message(ear, head, &text[..length], out));
        }
        match line {
            b"PING" => {
                out.extend_from_slice(b"PONG\r\n");
                (end, Heard::Noise)
            }
            _ if line.starts_with(b"-ERR") => (end, Heard::Refusal(words(line))),
            _ => (end, Heard::Noise),
        }
    }
}

/// By the subscription: what was sent comes under the subject of its sender's.
fn message<'a>(ear: &Ear, head: &[u8], text: &'a [u8], out: &mut Vec<u8>) -> Heard<'a> {
    let subscription = head.split(|&byte| byte == b' ').nth(1);
    if subscription == Some(b"4") {
        return Heard::Message(text);
    }
    if text.windows(7).any(|window| window == b"\"error\"") {
        return Heard::Refusal(words(text));
    }
    match subscription {
        Some(b"2") => Heard::Stored,
        Some(b"1") if ear.role != Role::Writer => {
            make_consumer(ear.user, out);
            Heard::Noise
        }
        _ => Heard::Ready,
    }
}

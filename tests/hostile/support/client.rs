//! A client that speaks the protocol with plain blocking sockets.

use super::PATIENCE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

pub struct Client {
    pub name: String,
    pub stream: BufReader<TcpStream>,
}

/// A packet from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub from: String,
    pub to: String,
    pub msg: String,
}

impl Client {
    /// Connects and says nothing.
    pub fn connect(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).expect("connects");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Greets, and reads the welcome.
    pub fn join(address: SocketAddr, name: &str) -> Self {
        let mut client = Self::greet(address, name);
        let answer = client.read().expect("an answer to the greeting");
        assert_eq!(answer.from, "/welcome", "{answer:?}");
        client
    }

    /// Greets; the answer is not read.
    pub fn greet(address: SocketAddr, name: &str) -> Self {
        let mut stream = Self::connect(address);
        stream.write_all(format!("{name}\n").as_bytes()).expect("greets");
        Self { name: name.to_owned(), stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, to: &str, msg: &str) {
        let bytes = packet(&self.name, to, msg);
        self.stream.get_mut().write_all(&bytes).expect("sends");
    }

    /// The next packet; none at the end.
    pub fn read(&mut self) -> Option<Packet> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        Some(parse(&line))
    }

    /// The next packet from `from`; others are skipped.
    pub fn read_from(&mut self, from: &str) -> Packet {
        loop {
            let packet =
                self.read().unwrap_or_else(|| panic!("{}: closed before {from}", self.name));
            if packet.from == from {
                return packet;
            }
        }
    }

    /// Asks an endpoint; returns the answer's text.
    pub fn ask(&mut self, endpoint: &str, argument: &str) -> String {
        self.send(endpoint, argument);
        self.read_from(endpoint).msg
    }

    /// The code of the next refusal.
    pub fn refusal(&mut self) -> String {
        code(&self.read_from("/error"))
    }
}

/// The second word of a refusal.
pub fn code(refusal: &Packet) -> String {
    refusal.msg.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

pub fn packet(name: &str, to: &str, msg: &str) -> Vec<u8> {
    let from = json!({"name": name, "ip": ""});
    let mut text = json!({"from": from, "to": to, "msg": msg}).to_string();
    text.push('\n');
    text.into_bytes()
}

fn parse(line: &str) -> Packet {
    let value: Value = serde_json::from_str(line).expect("the server writes JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    Packet { from: text(&value["from"]["name"]), to: text(&value["to"]), msg: text(&value["msg"]) }
}

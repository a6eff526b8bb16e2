//! Packets as they stand on the wire: read strictly where the server wrote
//! them, and by any JSON reader where a client did.

use serde_json::Value;

/// What follows a refusal's ordinal.
const CODES: [&str; 29] = [
    "malformed",
    "too-large",
    "not-you",
    "no-such-user",
    "no-such-room",
    "no-such-endpoint",
    "not-member",
    "not-operator",
    "bad-argument",
    "busy",
    "undelivered",
    "slow-down",
    "bad-name",
    "name-taken",
    "greeting-timeout",
    "server-full",
    "not-on-lan",
    "stuck",
    "too-many",
    "login-required",
    "wrong-login",
    "weak-password",
    "banned",
    "no-such-ban",
    "tls-required",
    "not-owner",
    "not-kept",
    "not-sent",
    "no-such-packet",
];

/// A packet from the server, its four strings unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub name: String,
    pub ip: String,
    pub to: String,
    pub msg: String,
    /// The id and time of one that is stored, in the extended form.
    pub stored: Option<(u64, String)>,
}

impl Packet {
    /// Reads one line, its line feed included: compact, keys in order, nothing
    /// behind the last brace.
    ///
    /// # Panics
    /// Where the line is anything else.
    pub fn read(line: &[u8]) -> Self {
        let text = std::str::from_utf8(line).expect("the server writes UTF-8");
        let mut rest = text;
        literal(&mut rest, "{\"from\":{\"name\":", text);
        let name = string(&mut rest, text);
        literal(&mut rest, ",\"ip\":", text);
        let ip = string(&mut rest, text);
        literal(&mut rest, "},\"to\":", text);
        let to = string(&mut rest, text);
        literal(&mut rest, ",\"msg\":", text);
        let msg = string(&mut rest, text);
        let stored = rest.starts_with(',').then(|| {
            literal(&mut rest, ",\"id\":", text);
            let digits = rest.find(',').unwrap_or_default();
            let (id, behind) = rest.split_at(digits);
            rest = behind;
            literal(&mut rest, ",\"time\":", text);
            (id.parse().unwrap_or_else(|_| panic!("no id: {text:?}")), string(&mut rest, text))
        });
        literal(&mut rest, "}\n", text);
        assert_eq!(rest, "", "bytes behind a packet: {text:?}");
        let packet = Self { name, ip, to, msg, stored };
        if packet.name == "/error" {
            packet.check_refusal();
        }
        packet
    }

    /// Reads a packet as any client may write it.
    ///
    /// # Panics
    /// Where it is none.
    pub fn parse(text: &str) -> Self {
        let value: Value = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("no packet: {error}: {text:?}"));
        let string = |value: &Value| {
            value.as_str().unwrap_or_else(|| panic!("not four strings: {text:?}")).to_owned()
        };
        Self {
            name: string(&value["from"]["name"]),
            ip: string(&value["from"]["ip"]),
            to: string(&value["to"]),
            msg: string(&value["msg"]),
            stored: None,
        }
    }

    /// The first line of `msg`, which is for programs.
    pub fn first_line(&self) -> &str {
        self.msg.lines().next().unwrap_or_default()
    }

    /// The lines of `msg` behind the first.
    pub fn other_lines(&self) -> Vec<&str> {
        self.msg.lines().skip(1).collect()
    }

    /// Ordinal and code of a refusal; `None` for any other packet.
    pub fn refusal(&self) -> Option<(u64, &str)> {
        (self.name == "/error").then(|| {
            let mut words = self.first_line().split(' ');
            let ordinal = words.next().unwrap_or_default().parse().expect("an ordinal");
            (ordinal, words.next().unwrap_or_default())
        })
    }

    /// The code of a refusal.
    ///
    /// # Panics
    /// Where it is none.
    pub fn code(&self) -> &str {
        self.refusal().unwrap_or_else(|| panic!("no refusal: {self:?}")).1
    }

    /// The recipient who did not get the packet, where a refusal names one.
    pub fn missed_by(&self) -> Option<&str> {
        self.first_line().split(' ').nth(2)
    }

    fn check_refusal(&self) {
        let words: Vec<&str> = self.first_line().split(' ').collect();
        assert!(
            words[0].parse::<u64>().is_ok_and(|ordinal| ordinal.to_string() == words[0]),
            "no ordinal: {self:?}"
        );
        let code = words.get(1).copied().unwrap_or_default();
        assert!(CODES.contains(&code), "no code: {self:?}");
        let expected = if ["busy", "undelivered"].contains(&code) { 3 } else { 2 };
        assert_eq!(words.len(), expected, "the words of a refusal: {self:?}");
        assert!(!self.other_lines().concat().trim().is_empty(), "nothing for people: {self:?}");
    }
}

/// A packet as most clients write it, without any ending.
pub fn packet_text(name: &str, to: &str, msg: &str) -> String {
    packet_text_from(name, "", to, msg)
}

/// [`packet_text`] with an address, as the server writes it.
pub fn packet_text_from(name: &str, ip: &str, to: &str, msg: &str) -> String {
    let [name, ip, to, msg] = [name, ip, to, msg].map(|text| serde_json::to_string(text).unwrap());
    format!("{{\"from\":{{\"name\":{name},\"ip\":{ip}}},\"to\":{to},\"msg\":{msg}}}")
}

fn literal(rest: &mut &str, expected: &str, whole: &str) {
    *rest = rest
        .strip_prefix(expected)
        .unwrap_or_else(|| panic!("expected {expected:?} before {rest:?} in {whole:?}"));
}

/// One JSON string, from quote to quote.
fn string(rest: &mut &str, whole: &str) -> String {
    let bytes = rest.as_bytes();
    assert_eq!(bytes.first(), Some(&b'"'), "no string at {rest:?} in {whole:?}");
    let mut end = 1;
    while bytes.get(end).is_some_and(|&byte| byte != b'"') {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    assert!(end < bytes.len(), "an unfinished string in {whole:?}");
    let (quoted, behind) = rest.split_at(end + 1);
    *rest = behind;
    serde_json::from_str(quoted).unwrap_or_else(|error| panic!("{error}: {quoted:?}"))
}

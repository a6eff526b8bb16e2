//! What simulated clients send: greetings and packets of every kind, in every
//! layout, valid and invalid, each with its expected outcome.

use super::dice::Dice;
use super::peer::{Greeting, Item, Peer, What, key, room_key};
use super::setting::Setting;
use lanline::wire::Name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NOT_IN: &[&str] = &["not-member", "no-such-room"];
const BAD: &[&str] = &["bad-argument"];

/// A new client, who has sent its greeting and perhaps a first packet.
pub(super) fn newcomer(dice: &mut Dice, setting: &Setting, number: usize) -> Peer {
    let ip = address(dice, number);
    let name = dice.pick(&setting.names);
    let mut greeting =
        Greeting { name: Name::parse(name).ok(), bare_end: 0, refusals: Vec::new(), ordinal: 0 };
    match dice.below(20) {
        0..8 => {
            let mut peer = bare(dice, name, ip, greeting);
            if peer.silent && dice.percent(40) {
                // The brace ends the name.
                peer.silent = false;
                let what = What::Direct { key: "bob".to_owned() };
                let msg = format!("{ip}:1 right behind the name");
                packet(dice, setting, &mut peer, what, "bob", &msg);
            }
            peer
        }
        8..17 => {
            greeting.ordinal = 1;
            let mut peer = Peer::new(ip, greeting, Vec::new());
            write_packet(dice, setting, &mut peer, &[]);
            peer
        }
        17 => {
            let mut peer = Peer::new(ip, greeting, Vec::new());
            peer.silent = true;
            peer
        }
        _ => bad_greeting(dice, ip, greeting),
    }
}

/// A bare name of that text, in lower or mixed case.
pub(super) fn bare(dice: &mut Dice, name: &str, ip: IpAddr, mut greeting: Greeting) -> Peer {
    let ending = dice.pick(&["\n", "\r\n", "\r", " \n", "\n\n", ""]);
    let begun = format!("{}{name}", dice.pick(&["", "", " \t", "\n"]));
    // The first line break ends it; what follows that may never be read.
    let break_at = ending.find(['\r', '\n']);
    greeting.bare_end = begun.len() + break_at.map_or(ending.len(), |at| at + 1);
    let mut peer = Peer::new(ip, greeting, (begun + ending).into_bytes());
    // What follows a name without an ending would become part of it.
    peer.silent = ending.is_empty();
    peer
}

fn bad_greeting(dice: &mut Dice, ip: IpAddr, mut greeting: Greeting) -> Peer {
    let long = "x".repeat(600);
    let (text, ordinal, code) = dice.pick(&[
        ("_bob\n", 0, "bad-name"),
        ("al ice\n", 0, "bad-name"),
        ("/time\n", 0, "bad-name"),
        (&long, 0, "bad-name"),
        ("{\"from\":{\"name\":\"a b\",\"ip\":\"\"},\"to\":\"x\",\"msg\":\"\"}", 1, "bad-name"),
        ("{\"from\":{\"name\":\"bob\"},\"to\":\"x\",\"msg\":\"\"}", 1, "malformed"),
        ("{\"from\":{\"name\":\"bo\nb\"", 1, "malformed"),
    ]);
    greeting.name = None;
    greeting.ordinal = ordinal;
    greeting.refusals = vec![code];
    if ordinal == 0 {
        greeting.bare_end = text.len();
    }
    let mut peer = Peer::new(ip, greeting, text.as_bytes().to_vec());
    peer.silent = true;
    peer
}

/// Every peer has an address of its own, by which others know it.
fn address(dice: &mut Dice, number: usize) -> IpAddr {
    if dice.percent(20) {
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 1, number as u16).into()
    } else {
        Ipv4Addr::new(10, 1, (number / 200) as u8, (1 + number % 200) as u8).into()
    }
}

/// Lets a peer write one packet, or bytes that count as one.
pub(super) fn write_packet(dice: &mut Dice, setting: &Setting, peer: &mut Peer, names: &[String]) {
    let ordinal = peer.items.len() + 1;
    let tag = format!("{}:{ordinal} ", peer.ip);
    let first = peer.items.is_empty() && peer.greeting.ordinal == 1;
    let draw = if first { dice.below(80) } else { dice.below(110) };
    match draw {
        0..35 => {
            let to = recipient(dice, setting, names);
            let what = match key(&to) {
                Some(key) => What::Direct { key },
                None => What::Wrong { codes: &["no-such-user"] },
            };
            let msg = tag + &filler(dice, setting);
            packet(dice, setting, peer, what, &to, &msg);
        }
        35..53 => {
            let room = dice.pick(&setting.rooms);
            let to = format!("#{room}");
            let room = key(room).unwrap_or_default();
            let member = peer.rooms.contains(&room);
            let msg = tag + &filler(dice, setting);
            packet(dice, setting, peer, What::RoomMessage { room, member }, &to, &msg);
        }
        53..60 => {
            let msg = tag + &filler(dice, setting);
            packet(dice, setting, peer, What::Broadcast, "/broadcast", &msg);
        }
        60..95 => call(dice, setting, peer, names, &tag),
        95..107 => malformed(dice, peer),
        _ => write_last_packet(dice, setting, peer),
    }
}

fn recipient(dice: &mut Dice, setting: &Setting, names: &[String]) -> String {
    match dice.below(20) {
        0 => format!("nobody{}", dice.below(9)),
        1 => dice.pick(&["", "a b", "_x", "\u{202e}bob"]).to_owned(),
        2..8 if !names.is_empty() => names[dice.below(names.len())].clone(),
        _ => dice.pick(&setting.names).to_owned(),
    }
}

/// Text with escapes and characters of several bytes.
fn filler(dice: &mut Dice, setting: &Setting) -> String {
    let room = (setting.settings.packet_bytes_max - 300) / 2;
    let length = match dice.below(10) {
        0..6 => dice.below(20),
        6..9 => dice.below(200),
        _ => dice.below(3000),
    };
    let mut text = String::new();
    while text.len() < length.min(room / 3) {
        text.push_str(
            dice.pick(&["x", "yz ", "\"", "\\", "\n", "{", "}", "é", "💬", "\u{1}", "/"]),
        );
    }
    text
}

fn call(dice: &mut Dice, setting: &Setting, peer: &mut Peer, names: &[String], tag: &str) {
    let operators = setting.settings.operator_token.is_some();
    let room = format!("#{}", dice.pick(&setting.rooms));
    let (endpoint, refusals, msg): (_, &'static [&'static str], String) = match dice.below(24) {
        0..3 => ("/ping", &[], tag.to_owned() + &filler(dice, setting)),
        3..5 => ("/list", &[], String::new()),
        5..7 => ("/who", &["no-such-user"], recipient(dice, setting, names)),
        7 => ("/time", &[], String::new()),
        8 => ("/stats", &[], String::new()),
        9 => ("/help", &[], String::new()),
        10 => ("/rooms", &[], String::new()),
        11 => ("/members", &["no-such-room"], room),
        12 => ("/presence", &[], dice.pick(&["on", "on", "off"]).to_owned()),
        13 => ("/operator", &[], dice.pick(&["sesame", "sesame", "x"]).to_owned()),
        14 => {
            let name = recipient(dice, setting, names);
            let reason = if dice.percent(50) { " because" } else { "" };
            ("/kick", &["not-operator", "no-such-user"], name + reason)
        }
        15..21 => ("/join", &[], room),
        _ if room_key(&room).is_some_and(|key| peer.rooms.contains(&key)) => ("/leave", &[], room),
        _ => ("/leave", NOT_IN, room),
    };
    let what = match endpoint {
        "/operator" if !operators => What::Wrong { codes: &["no-such-endpoint"] },
        "/operator" if msg != "sesame" => What::Wrong { codes: &["not-operator"] },
        "/ping" if dice.percent(10) => {
            let codes: &'static [&'static str] = &["no-such-endpoint"];
            return packet(dice, setting, peer, What::Wrong { codes }, "/PING", &msg);
        }
        "/join" if dice.percent(5) => {
            return packet(dice, setting, peer, What::Wrong { codes: BAD }, "/presence", &msg);
        }
        _ => What::Call { endpoint, refusals },
    };
    packet(dice, setting, peer, what, endpoint, &msg);
}

/// A plain query.
pub(super) fn ask(peer: &mut Peer, endpoint: &'static str, msg: &str) {
    let start = peer.stream.len();
    let bytes = plain(peer.real_name(), endpoint, msg);
    peer.stream.extend_from_slice(&bytes);
    push_item(peer, What::Call { endpoint, refusals: &["no-such-room"] }, endpoint, msg, start);
}

fn malformed(dice: &mut Dice, peer: &mut Peer) {
    let codes: &'static [&'static str] = &["malformed"];
    let bytes: &[u8] = dice.pick::<&[u8]>(&[
        b"junk\n",
        b"]} { no packet\n",
        b"[1,2]\n",
        b"\xef\xbb\xbf{}\n",
        b"{}",
        b"{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\"}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\",\"msg\":1}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\",\"msg\":\"\",\"msg\":\"\"}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\",\"msg\":\"\xff\"}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\",\"msg\":\"\\ud800\"}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\",\"msg\":\"\x01\"}",
        b"{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\",\"msg\":\"torn\n",
    ]);
    let start = peer.stream.len();
    peer.stream.extend_from_slice(bytes);
    push_item(peer, What::Wrong { codes }, "", "", start);
}

/// The last packet of a peer; sometimes with one behind it that isn't handled.
fn write_last_packet(dice: &mut Dice, setting: &Setting, peer: &mut Peer) {
    match dice.below(3) {
        0 => {
            let what = What::Call { endpoint: "/quit", refusals: &[] };
            packet(dice, setting, peer, what.clone(), "/quit", "");
            if peer.items.last().is_some_and(|item| item.what != what) {
                return;
            }
        }
        1 => {
            let start = peer.stream.len();
            let limit = setting.settings.packet_bytes_max;
            let junk = dice.pick(&["{\"from\":{\"name\":\"", "x"]);
            peer.stream.extend_from_slice(junk.as_bytes());
            peer.stream.resize(start + limit + 1, b'a');
            push_item(peer, What::Wrong { codes: &["too-large"] }, "", "", start);
        }
        _ => {
            let start = peer.stream.len();
            peer.stream.extend_from_slice(
                dice.pick(&["{\"from\":", "junk", "{\"from\":{\"na"]).as_bytes(),
            );
            push_item(peer, What::Wrong { codes: &["malformed"] }, "", "", start);
            if let Some(item) = peer.items.last_mut() {
                item.at_end = true;
            }
            peer.silent = true;
            return;
        }
    }
    if dice.percent(50) {
        let what = What::Direct { key: "bob".to_owned() };
        packet(dice, setting, peer, what, "bob", "never");
        if let Some(item) = peer.items.last_mut() {
            item.after_all = true;
        }
    }
    peer.silent = true;
}

/// Writes a packet, in some layout; sometimes in somebody else's name.
fn packet(dice: &mut Dice, setting: &Setting, peer: &mut Peer, what: What, to: &str, msg: &str) {
    let own = peer.greeting.name.as_ref().map(|name| name.shown().to_owned()).unwrap_or_default();
    let first = peer.items.is_empty() && peer.greeting.ordinal == 1;
    let (name, what) = if !first && dice.percent(3) {
        ("somebody".to_owned(), What::Wrong { codes: &["not-you"] })
    } else if !first && own.is_ascii() && dice.percent(20) {
        (own.to_uppercase(), what)
    } else {
        (own, what)
    };
    match (&what, room_key(msg)) {
        (What::Call { endpoint: "/join", .. }, Some(room)) => drop(peer.rooms.insert(room)),
        (What::Call { endpoint: "/leave", .. }, Some(room)) => drop(peer.rooms.remove(&room)),
        _ => {}
    }
    let mut bytes = encode(dice, &name, to, msg);
    if bytes.trim_ascii().len() > setting.settings.packet_bytes_max {
        bytes = plain(&name, to, msg);
    }
    let start = peer.stream.len();
    peer.stream.extend_from_slice(&bytes);
    push_item(peer, what, to, msg, start);
    peer.stream.extend_from_slice(dice.pick(&["\n", "\n", "\r\n", "", " \n\t"]).as_bytes());
}

fn push_item(peer: &mut Peer, what: What, to: &str, msg: &str, start: usize) {
    peer.items.push(Item {
        what,
        to: to.to_owned(),
        msg: msg.to_owned(),
        start,
        end: peer.stream.len(),
        at_end: false,
        after_all: false,
        taken_at: None,
        done_at: None,
        count: None,
        delivered: Default::default(),
        bounced: Default::default(),
        nobody: false,
    });
}

fn plain(name: &str, to: &str, msg: &str) -> Vec<u8> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let [name, to, msg] = [quoted(name), quoted(to), quoted(msg)];
    format!("{{\"from\":{{\"name\":{name},\"ip\":\"\"}},\"to\":{to},\"msg\":{msg}}}").into_bytes()
}

fn encode(dice: &mut Dice, name: &str, to: &str, msg: &str) -> Vec<u8> {
    let mut quoted = |text: &str| match dice.percent(15) {
        true => escape_all(text),
        false => serde_json::to_string(text).unwrap(),
    };
    let [name, to, msg] = [quoted(name), quoted(to), quoted(msg)];
    let ip = "\"1.2.3.4\"";
    let text = match dice.below(6) {
        0 => format!("{{\"msg\":{msg},\"to\":{to},\"from\":{{\"ip\":{ip},\"name\":{name}}}}}"),
        1 => format!(
            "{{ \"from\" : {{ \"name\" : {name} , \"ip\" : {ip} }} , \"to\" : {to} ,\n \"msg\" : {msg} }}"
        ),
        2 => format!(
            "{{\r\n\t\"from\": {{\r\n\"name\": {name},\n\"ip\": {ip}\n}},\n\"to\": {to},\n\"msg\": {msg}\n}}"
        ),
        _ => format!("{{\"from\":{{\"name\":{name},\"ip\":{ip}}},\"to\":{to},\"msg\":{msg}}}"),
    };
    text.into_bytes()
}

/// Every character as `\uXXXX`.
fn escape_all(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

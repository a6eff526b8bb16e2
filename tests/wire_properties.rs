//! Properties of the wire that hold for any bytes: cutting changes nothing,
//! the two readers of a packet agree, what is written is read back.

use lanline::wire::packet::push_packet;
use lanline::wire::{Framer, JsonText, Packet, Step};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What a stream of bytes amounts to, positions from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Packet(Vec<u8>),
    Malformed,
    TooLarge,
    Unfinished,
}

/// Feeds the pieces to a framer as a connection does: what it says to keep is
/// shown again, in front of the next piece.
fn frame<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Vec<Found> {
    let mut framer = Framer::default();
    let mut kept: Vec<u8> = Vec::new();
    let mut found = Vec::new();
    for piece in pieces {
        kept.extend_from_slice(piece);
        let mut at = 0;
        loop {
            match framer.next(&kept[at..], limit) {
                Step::Packet { start, end } => {
                    found.push(Found::Packet(kept[at + start..at + end].to_vec()));
                    at += end;
                }
                Step::Malformed { end } => {
                    found.push(Found::Malformed);
                    at += end;
                }
                Step::TooLarge => {
                    found.push(Found::TooLarge);
                    return found;
                }
                Step::More { keep } => {
                    kept.drain(..at + keep);
                    // What a connection has to hold is bounded.
                    assert!(kept.len() <= limit, "{} bytes kept", kept.len());
                    break;
                }
            }
        }
    }
    if framer.finish() {
        found.push(Found::Unfinished);
    }
    found
}

/// The contract's words on framing as one plain loop over the bytes, without
/// any state between calls: what [`frame`] is held to. White space means
/// nothing between packets; a packet ends with the brace that closes it; a
/// line feed in a string ends it as malformed; junk runs up to a line feed.
fn plain_frame(bytes: &[u8], limit: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        while at < bytes.len() && b" \t\r\n".contains(&bytes[at]) {
            at += 1;
        }
        if at == bytes.len() {
            return found;
        }
        let start = at;
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        let junk = bytes[start] != b'{';
        let step = loop {
            let Some(&byte) = bytes.get(at) else { break Found::Unfinished };
            if byte == b'\n' && (junk || in_string) {
                // Looked at before the limit: it isn't part of what it ends.
                at += 1;
                break Found::Malformed;
            }
            if at - start == limit {
                // One byte over, whatever it is.
                break Found::TooLarge;
            }
            at += 1;
            if junk {
                continue;
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' if !in_string => depth += 1,
                b'}' if !in_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break Found::Packet(bytes[start..at].to_vec());
            }
        };
        let last = matches!(step, Found::TooLarge | Found::Unfinished);
        found.push(step);
        if last {
            return found;
        }
    }
}

/// Cuts at the given places.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    ends.into_iter()
        .map(|end| {
            let piece = &bytes[start..end];
            start = end;
            piece
        })
        .collect()
}

/// The inside of a string as it may stand on the wire, mostly valid.
fn string_inside() -> BoxedStrategy<Vec<u8>> {
    let part = prop_oneof![
        8 => "[ -!#-\\[\\]-~]{0,12}".prop_map(String::into_bytes),
        2 => "\\PC{0,4}".prop_map(|text| text.replace(['"', '\\'], "").into_bytes()),
        2 => select(vec![
            r"\n", r"\t", r#"\""#, r"\\", r"\/", r"\b", r"\f", r"\r", r"\u0041", r"\u00e9",
            r"\u0000", r"\ud83d\ude00", r"\uD83D\uDE00", r"\uffff", "{", "}", "}{", "\u{7f}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => select(vec![
            &b"\\x"[..], b"\\u12", b"\\u00g0", b"\\ud800", b"\\udc00\\ud800", b"\\", b"\n", b"\\\n",
            b"\r", b"\t", b"\0", b"\x1f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\"", b"\\U0041",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat()).boxed()
}

fn white_space() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 1 => select(vec![" ", "\n", "\r\n", "\t", "  \n  "])]
}

/// A packet, or nearly one: keys in their order mostly, now and then another
/// key, another value, another order, a comma too many.
fn near_packet() -> BoxedStrategy<Vec<u8>> {
    let key = |usual: &'static str| {
        prop_oneof![
            30 => Just(usual),
            1 => select(vec![
                "from", "name", "ip", "to", "msg", "", "From", r"\u0066rom", r"n\u0061me", r"t\u006f",
                r"\u006dsg", "i\u{70}", "id", r"\ud800",
            ]),
        ]
    };
    let value = || {
        prop_oneof![
            12 => string_inside().prop_map(|inside| [b"\"", &inside[..], b"\""].concat()),
            1 => select(vec!["7", "null", "true", "[]", "{}", "[\"x\"]", "{\"a\":\"b\"}", "1e999", ""])
                .prop_map(|text| text.as_bytes().to_vec()),
        ]
    };
    let comma = || prop_oneof![30 => Just(","), 1 => select(vec!["", ",,", ";", ":"])];
    let member = move |usual| {
        (white_space(), key(usual), white_space(), white_space(), value(), white_space()).prop_map(
            |(before, key, behind, between, value, end)| {
                let front = format!("{before}\"{key}\"{behind}:{between}");
                [front.as_bytes(), &value, end.as_bytes()].concat()
            },
        )
    };
    let object = |members: Vec<Vec<u8>>, comma: &str| {
        [b"{", &members.join(comma.as_bytes())[..], b"}"].concat()
    };
    let sender = (member("name"), member("ip"), comma(), any::<bool>()).prop_map(
        move |(name, ip, comma, swap)| {
            object(if swap { vec![ip, name] } else { vec![name, ip] }, comma)
        },
    );
    let from = (white_space(), key("from"), white_space(), sender, white_space()).prop_map(
        |(before, key, between, sender, end)| {
            let front = format!("{before}\"{key}\":{between}");
            [front.as_bytes(), &sender, end.as_bytes()].concat()
        },
    );
    let order = prop_oneof![6 => Just(vec![0, 1, 2]), 1 => prop::collection::vec(0..3usize, 0..5)];
    (from, member("to"), member("msg"), comma(), order)
        .prop_map(move |(from, to, msg, comma, order)| {
            let members = [from, to, msg];
            object(order.into_iter().map(|n| members[n].clone()).collect(), comma)
        })
        .boxed()
}

/// A packet as clients write it: compact, or pretty-printed, or by our own hand.
fn real_packet() -> BoxedStrategy<Vec<u8>> {
    let text = || prop_oneof!["[ !#-\\[\\]-~]{0,20}", any::<String>()];
    (text(), text(), text(), text(), 0..3u8)
        .prop_map(|(name, ip, to, msg, layout)| {
            if layout == 2 {
                let mut out = Vec::new();
                push_packet(&mut out, &name, &ip, &to, &JsonText::escape(&msg));
                out.pop();
                return out;
            }
            let quoted = |text: &str| serde_json::Value::from(text).to_string();
            let (line, colon) = if layout == 1 { ("\n  ", ": ") } else { ("", ":") };
            let member = |key: &str, value: &str| format!("{line}\"{key}\"{colon}{value}");
            let from = [member("name", &quoted(&name)), member("ip", &quoted(&ip))].join(",");
            let from = member("from", &format!("{{{from}{line}}}"));
            let all = [from, member("to", &quoted(&to)), member("msg", &quoted(&msg))].join(",");
            format!("{{{all}{}}}", line.trim_end_matches(' ')).into_bytes()
        })
        .boxed()
}

/// A packet with a byte or two changed, put in or taken out.
fn mutated_packet() -> BoxedStrategy<Vec<u8>> {
    let byte = prop_oneof![
        3 => select(b"{}\"\\\n\r\t :,[]u0".to_vec()),
        1 => any::<u8>(),
    ];
    let change = (any::<Index>(), byte, 0..3u8);
    let packet = prop_oneof![real_packet(), near_packet()];
    (packet, prop::collection::vec(change, 1..3))
        .prop_map(|(mut packet, changes)| {
            for (place, byte, kind) in changes {
                let at = place.index(packet.len() + 1);
                match kind {
                    0 => packet.insert(at, byte),
                    1 if at < packet.len() => packet[at] = byte,
                    _ if at < packet.len() => drop(packet.remove(at)),
                    _ => packet.push(byte),
                }
            }
            packet
        })
        .boxed()
}

/// The usual layout, one of its strings out of the ordinary: where the fast
/// path has to know when to stop.
fn strange_string() -> BoxedStrategy<Vec<u8>> {
    let escape = "[ -~]".prop_map(|letter| format!("\\{letter}").into_bytes());
    let inside = prop_oneof![2 => string_inside(), 1 => escape];
    (inside, 0..4usize)
        .prop_map(|(inside, place)| {
            let mut strings = [r#""a""#, r#""1""#, r#""b""#, r#""c""#].map(Vec::from);
            strings[place] = [b"\"", &inside[..], b"\""].concat();
            let keys = [r#"{"from":{"name":"#, r#","ip":"#, r#"},"to":"#, r#","msg":"#];
            let parts =
                keys.iter().zip(strings).map(|(key, text)| [key.as_bytes(), &text].concat());
            [&parts.collect::<Vec<_>>().concat()[..], b"}"].concat()
        })
        .boxed()
}

fn any_packet() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![near_packet(), real_packet(), mutated_packet(), strange_string()].boxed()
}

/// Packets, junk and white space, one behind the other.
fn stream() -> BoxedStrategy<Vec<u8>> {
    let marks = select(b"{}\"\\\n\r a,".to_vec());
    let part = prop_oneof![
        4 => any_packet(),
        2 => select(vec!["", "\n", "\r\n", "\r", " ", "\n\n\t"]).prop_map(|s| s.as_bytes().to_vec()),
        1 => prop::collection::vec(marks, 0..30),
        1 => prop::collection::vec(any::<u8>(), 0..30),
        1 => select(vec!["junk\n", "junk { and }", "}\n", "\u{feff}", "\"\n\"", "{\"a\\\n", "{{{"])
            .prop_map(|s| s.as_bytes().to_vec()),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat()).boxed()
}

/// Small ones, so that streams meet them, and one that they never reach.
fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![1 => 1..20usize, 2 => 20..300usize, 3 => Just(65536usize)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn any_cutting_gives_the_same(
        bytes in stream(),
        places in prop::collection::vec(any::<Index>(), 0..12),
        limit in limit(),
    ) {
        let whole = frame([&bytes[..]], limit);
        prop_assert_eq!(&frame(cut(&bytes, &places), limit), &whole);
        prop_assert_eq!(&frame(bytes.chunks(1), limit), &whole);
        prop_assert_eq!(plain_frame(&bytes, limit), whole);
    }

    #[test]
    fn any_cutting_of_a_few_marks_gives_the_same(
        bytes in prop::collection::vec(select(b"{}\"\\\n x".to_vec()), 0..60),
        places in prop::collection::vec(any::<Index>(), 0..12),
        limit in 1..40usize,
    ) {
        let whole = frame([&bytes[..]], limit);
        prop_assert_eq!(&frame(cut(&bytes, &places), limit), &whole);
        prop_assert_eq!(&frame(bytes.chunks(1), limit), &whole);
        prop_assert_eq!(plain_frame(&bytes, limit), whole);
    }

    #[test]
    fn what_was_found_once_is_found_whole(bytes in stream()) {
        for found in frame([&bytes[..]], 65536) {
            if let Found::Packet(packet) = found {
                let alone = frame([&packet[..]], packet.len());
                prop_assert_eq!(alone, vec![Found::Packet(packet)]);
            }
        }
    }

    #[test]
    fn the_fast_path_and_the_judge_agree(bytes in any_packet()) {
        prop_assert_eq!(meaning(Packet::parse(&bytes)), meaning(Packet::parse_any_layout(&bytes)));
    }

    #[test]
    fn the_fast_path_and_the_judge_agree_on_any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        prop_assert_eq!(meaning(Packet::parse(&bytes)), meaning(Packet::parse_any_layout(&bytes)));
    }

    /// A third opinion: what the judge takes is what `serde_json` makes of it
    /// without any of our code, but for keys given twice, which it lets pass.
    #[test]
    fn the_judge_is_no_laxer_than_serde_json(bytes in any_packet()) {
        let Ok(packet) = Packet::parse_any_layout(&bytes) else { return Ok(()) };
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let from = serde_json::json!({ "name": packet.name, "ip": value["from"]["ip"] });
        let plain = packet.msg.plain();
        let same = serde_json::json!({ "from": from, "to": packet.to, "msg": plain });
        prop_assert!(value["from"]["ip"].is_string());
        prop_assert_eq!(value, same);
    }

    #[test]
    fn what_is_written_is_read_back(
        name in any::<String>(),
        ip in any::<String>(),
        to in any::<String>(),
        msg in any::<String>(),
    ) {
        let mut out = b"before".to_vec();
        push_packet(&mut out, &name, &ip, &to, &JsonText::escape(&msg));
        let line = &out[6..];
        prop_assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1));
        let length = line.len() - 1;
        prop_assert_eq!(frame([line], length), vec![Found::Packet(line[..length].to_vec())]);
        prop_assert_eq!(frame([line], length - 1), vec![Found::TooLarge]);
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        prop_assert_eq!(&value["from"]["ip"], &ip);
        for read in [Packet::parse(&line[..length]), Packet::parse_any_layout(&line[..length])] {
            let packet = read.unwrap();
            prop_assert_eq!((packet.name.as_ref(), packet.to.as_ref()), (name.as_str(), to.as_str()));
            let plain = packet.msg.plain();
            prop_assert_eq!(plain.as_ref(), msg.as_str());
        }
    }

    /// What the server passes on is what it got, and stays a packet.
    #[test]
    fn what_was_read_is_written_and_read_again(bytes in any_packet()) {
        let Ok(packet) = Packet::parse(&bytes) else { return Ok(()) };
        let mut out = Vec::new();
        push_packet(&mut out, &packet.name, "192.168.1.7", &packet.to, &packet.msg);
        let again = Packet::parse(&out[..out.len() - 1]).unwrap();
        prop_assert_eq!(meaning(Ok(packet)), meaning(Ok(again)));
        let line_feeds = out.iter().filter(|&&byte| byte == b'\n').count();
        prop_assert_eq!(line_feeds, 1);
    }
}

/// A packet by what it means: the two readers may keep different spellings of
/// the same text.
type Meaning = Option<(String, String, String)>;

fn meaning(packet: Result<Packet<'_>, lanline::wire::Malformed>) -> Meaning {
    let packet = packet.ok()?;
    Some((packet.name.into_owned(), packet.to.into_owned(), packet.msg.plain().into_owned()))
}

/// The generators are worth something only if they make packets that are
/// right, packets that are wrong, and packets that only the judge can read.
#[test]
fn the_generators_meet_every_case() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut fast, mut slow, mut wrong) = (0, 0, 0);
    for _ in 0..2000 {
        let bytes = any_packet().new_tree(&mut runner).unwrap().current();
        match (Packet::parse_any_layout(&bytes), lanline::wire::canonical::read(&bytes)) {
            (Ok(_), Some(_)) => fast += 1,
            (Ok(_), None) => slow += 1,
            _ => wrong += 1,
        }
    }
    assert!(fast > 200 && slow > 200 && wrong > 200, "{fast} {slow} {wrong}");
    let mut kinds = [0; 4];
    for _ in 0..500 {
        let bytes = stream().new_tree(&mut runner).unwrap().current();
        for found in frame([&bytes[..]], 200) {
            let kind = match found {
                Found::Packet(_) => 0,
                Found::Malformed => 1,
                Found::TooLarge => 2,
                Found::Unfinished => 3,
            };
            kinds[kind] += 1;
        }
    }
    assert!(kinds.iter().all(|&count| count > 20), "{kinds:?}");
}

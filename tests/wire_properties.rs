//! Properties of the wire that hold for any bytes: cutting changes nothing,
//! the two readers of a packet agree, what is written is read back.

#[expect(unreachable_pub, reason = "the fuzz targets use the same file as a library")]
#[path = "fuzz/src/lib.rs"]
mod checks;

use checks::framing::{Found, frame};
use lanline::wire::canonical;
use lanline::wire::packet::push_packet;
use lanline::wire::{JsonText, Packet};
use proptest::prelude::*;
use proptest::sample::{Index, select};

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
    let escape = "[ -~]".prop_map(|message| format!("\\{message}").into_bytes());
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
        prop_assert_eq!(checks::framing::plain_frame(&bytes, limit), whole);
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
        prop_assert_eq!(checks::framing::plain_frame(&bytes, limit), whole);
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

    /// With each other, with `serde_json`, and with themselves once written.
    #[test]
    fn the_readers_agree(bytes in any_packet()) {
        checks::packet(&bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        checks::packet(&bytes);
        checks::framer(&bytes);
        checks::name(&bytes);
        checks::handshake(&bytes);
    }

    #[test]
    fn names_keep_their_promises(text in "[ -~]{0,34}|\\PC{0,40}|[aeiouß\u{300}-\u{345}α-ω]{0,70}") {
        checks::name(text.as_bytes());
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
        for read in [canonical::parse(&line[..length]), Packet::parse(&line[..length])] {
            let packet = read.unwrap();
            prop_assert_eq!((packet.name.as_ref(), packet.to.as_ref()), (name.as_str(), to.as_str()));
            let plain = packet.msg.plain();
            prop_assert_eq!(plain.as_ref(), msg.as_str());
        }
    }
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
        match (Packet::parse(&bytes), canonical::read(&bytes)) {
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

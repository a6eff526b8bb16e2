//! Section "One packet": what is inside of it. Every near-miss is one
//! malformed packet, and the next good one works.

use testkit::{Peer, Server, Setup, for_each_setup};

for_each_setup!(
    keys_missing_unknown_or_twice_are_malformed,
    leaves_that_are_no_strings_are_malformed,
    objects_that_are_no_objects_are_malformed,
    what_is_no_json_is_malformed,
    lone_surrogates_are_malformed,
    invalid_utf8_is_malformed,
    deep_nesting_is_malformed,
    other_spellings_of_the_same_packet_arrive,
);

const GOOD: &str = r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"good"}"#;

/// Sends all of them on one connection, a good packet behind each: every one
/// must be refused by its ordinal, every good one answered.
fn assert_malformed<T: AsRef<[u8]>>(setup: Setup, packets: impl IntoIterator<Item = T>) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for packet in packets {
        let packet = packet.as_ref();
        let shown = String::from_utf8_lossy(&packet[..packet.len().min(200)]).into_owned();
        let bad = alice.send_counted(packet);
        alice.send_counted(GOOD);
        let mut answers = [alice.next(), alice.next()];
        answers.sort_by_key(|answer| answer.refusal().is_none());
        assert_eq!(answers[0].refusal(), Some((bad, "malformed")), "for {shown}");
        assert_eq!((answers[1].name.as_str(), answers[1].msg.as_str()), ("/ping", "good"));
    }
}

fn keys_missing_unknown_or_twice_are_malformed(setup: Setup) {
    assert_malformed(
        setup,
        [
            r#"{}"#,
            // missing
            r#"{"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping"}"#,
            r#"{"from":{"ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice"},"to":"/ping","msg":"x"}"#,
            r#"{"from":{},"to":"/ping","msg":"x"}"#,
            // unknown
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"x","id":"7"}"#,
            r#"{"from":{"name":"alice","ip":"","port":"1"},"to":"/ping","msg":"x"}"#,
            r#"{"From":{"name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"Name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","message":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"x","":""}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"x","unknown":{"a":[1]}}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg ":"x"}"#,
            r#"{"name":"alice","ip":"","to":"/ping","msg":"x"}"#,
            // twice
            r#"{"from":{"name":"alice","ip":""},"from":{"name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"x","msg":"x"}"#,
            r#"{"from":{"name":"alice","name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":"","ip":""},"to":"/ping","msg":"x"}"#,
            // twice, once by escapes
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"x","m\u0073g":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"\u0074o":"/ping","to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":"","\u0069p":""},"to":"/ping","msg":"x"}"#,
        ],
    );
}

fn leaves_that_are_no_strings_are_malformed(setup: Setup) {
    let values = [
        "7",
        "-1.5e3",
        "1e999",
        "true",
        "false",
        "null",
        "[]",
        "[\"x\"]",
        "{}",
        "{\"a\":\"x\"}",
        "[[[\"x\"]]]",
        "\"x\" \"y\"",
    ];
    let templates = [
        r#"{"from":{"name":VALUE,"ip":""},"to":"/ping","msg":"x"}"#,
        r#"{"from":{"name":"alice","ip":VALUE},"to":"/ping","msg":"x"}"#,
        r#"{"from":{"name":"alice","ip":""},"to":VALUE,"msg":"x"}"#,
        r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":VALUE}"#,
    ];
    let packets =
        templates.iter().flat_map(|packet| values.map(|value| packet.replace("VALUE", value)));
    assert_malformed(setup, packets);
}

fn objects_that_are_no_objects_are_malformed(setup: Setup) {
    let values = [r#"["alice",""]"#, r#""alice""#, "null", "7", "true", "[]"];
    let packet = r#"{"from":VALUE,"to":"/ping","msg":"x"}"#;
    assert_malformed(setup, values.map(|value| packet.replace("VALUE", value)));
}

fn what_is_no_json_is_malformed(setup: Setup) {
    assert_malformed(
        setup,
        [
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"x",}"#,
            r#"{,"from":{"name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":"",},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""} "to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""};"to":"/ping";"msg":"x"}"#,
            r#"{"from"={"name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{"from" {"name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{from:{"name":"alice","ip":""},"to":"/ping","msg":"x"}"#,
            r#"{'from':{'name':'alice','ip':''},'to':'/ping','msg':'x'}"#,
            r#"{"from":{"name":"alice","ip":""},/* no */"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\u12"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\u00g0"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\U00000041"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\'"}"#,
            r#"{"from":{"name":"alice","ip":"\q"},"to":"/ping","msg":"x"}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":NaN}"#,
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":undefined}"#,
            "{\"from\":{\"name\":\"alice\",\"ip\":\"\"},\"to\":\"/ping\",\u{a0}\"msg\":\"x\"}",
            "{\u{feff}\"from\":{\"name\":\"alice\",\"ip\":\"\"},\"to\":\"/ping\",\"msg\":\"x\"}",
            "{\"from\":{\"name\":\"alice\",\"ip\":\"\"},\u{c}\"to\":\"/ping\",\"msg\":\"x\"}",
            "{\"from\":{\"name\":\"alice\",\"ip\":\"\"},\u{0}\"to\":\"/ping\",\"msg\":\"x\"}",
        ],
    );
}

/// The text at each place where a string can stand, keys included.
const PLACES: [&str; 5] = [
    r#"{"from":{"name":"aliceTEXT","ip":""},"to":"/ping","msg":"x"}"#,
    r#"{"from":{"name":"alice","ip":"TEXT"},"to":"/ping","msg":"x"}"#,
    r#"{"from":{"name":"alice","ip":""},"to":"/pingTEXT","msg":"x"}"#,
    r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"TEXT"}"#,
    r#"{"from":{"name":"alice","ip":""},"to":"/ping","msgTEXT":"x"}"#,
];

fn lone_surrogates_are_malformed(setup: Setup) {
    let surrogates = [
        r"\ud800",
        r"\udfff",
        r"\uD83D",
        r"\ude00\ud83d",
        r"\ud83d\ud83d\ude00",
        r"\ud83dx",
        r"\ud83d\n",
        r"\ud83d\u0041",
        r"\udc00\udc00",
    ];
    let packets =
        PLACES.iter().flat_map(|place| surrogates.map(|text| place.replace("TEXT", text)));
    assert_malformed(setup, packets);
}

fn invalid_utf8_is_malformed(setup: Setup) {
    let texts: [&[u8]; 8] = [
        b"\xff",
        b"\x80",
        b"\xc0\x80",         // an overlong NUL
        b"\xe0\x80\xaf",     // an overlong slash
        b"\xed\xa0\x80",     // a surrogate
        b"\xe2\x82",         // cut off
        b"\xf4\x90\x80\x80", // above U+10FFFF
        b"\xc3\xc3\xa9",
    ];
    let packets = PLACES.iter().flat_map(|place| {
        texts.map(|text| {
            let (front, back) = place.split_once("TEXT").unwrap();
            [front.as_bytes(), text, back.as_bytes()].concat()
        })
    });
    let outside = br#"{"from":{"name":"alice","ip":""},MARK"to":"/ping","msg":"x"}"#;
    let outside = [&outside[..33], b"\xff", &outside[37..]].concat();
    assert_malformed(setup, packets.chain([outside]));
}

fn deep_nesting_is_malformed(setup: Setup) {
    let packets = [1, 2, 100, 128, 10_000].map(|depth| {
        let (open, close) = ("{\"a\":".repeat(depth), "}".repeat(depth));
        [
            format!("{open}\"x\"{close}"),
            format!("{}{}", "{".repeat(depth), "}".repeat(depth)),
            format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)),
            format!(r#"{{"from":{open}""{close},"to":"/ping","msg":"x"}}"#),
            format!(r#"{{"from":{{"name":"alice","ip":""}},"to":"/ping","msg":{open}""{close}}}"#),
        ]
    });
    assert_malformed(setup, packets.concat());
}

/// What is allowed, since JSON allows it: the same four strings arrive.
fn other_spellings_of_the_same_packet_arrive(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for (packet, text) in [
        (r#"{"msg":"x","to":"/ping","from":{"ip":"","name":"alice"}}"#, "x"),
        (r#"{"to":"/ping","from":{"name":"alice","ip":""},"msg":"x"}"#, "x"),
        (r#"{"fr\u006fm":{"n\u0061me":"alice","\u0069p":""},"\u0074o":"/ping","msg":"x"}"#, "x"),
        (r#"{"from":{"name":"\u0061lice","ip":""},"to":"\/ping","msg":"x"}"#, "x"),
        (r#"{"from":{"name":"alice","ip":"no address at all"},"to":"/ping","msg":"x"}"#, "x"),
        (r#"{"from":{"name":"alice","ip":"\ud83d\ude00"},"to":"/ping","msg":"x"}"#, "x"),
        (r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":""}"#, ""),
        (r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\ud83d\ude00"}"#, "😀"),
        (r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\uD83D\uDE00\/"}"#, "😀/"),
        (
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\"\\\/\b\f\n\r\t\u0000\u001F"}"#,
            "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}",
        ),
        (
            r#"{"from":{"name":"alice","ip":""},"to":"/ping","msg":"\uffff\ufeff"}"#,
            "\u{ffff}\u{feff}",
        ),
        (
            "{ \"from\" :\t{ \"name\"\n:\r\n\"alice\" , \"ip\" : \"\" } ,\n\"to\":\"/ping\"\n,\"msg\":\"x\"\n}",
            "x",
        ),
    ] {
        alice.send_counted(packet);
        assert_eq!(alice.next().msg, text, "for {packet}");
    }
    let long = format!(
        r#"{{"from":{{"name":"alice","ip":"{}"}},"to":"/ping","msg":"x"}}"#,
        "1".repeat(9999)
    );
    alice.send_counted(long);
    assert_eq!(alice.next().msg, "x");
}

//! Section "One packet": where packets begin and end, however the bytes come.

use std::io::Write;
use std::time::Instant;
use testkit::{Outcome, PATIENCE, Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    a_packet_in_any_layout_is_read,
    a_packet_with_any_ending_is_read,
    five_thousand_packets_in_one_piece_are_answered,
    packets_that_come_byte_by_byte_are_answered,
    packets_are_the_same_however_bytes_are_cut,
    a_packet_without_an_ending_is_answered_at_once,
    junk_is_one_malformed_packet_a_line,
    junk_to_the_end_of_the_stream_is_one_malformed_packet,
    a_line_feed_in_a_string_makes_a_packet_malformed,
    other_control_characters_in_a_string_make_a_packet_malformed,
    braces_and_quotes_in_strings_end_no_packet,
    bytes_up_to_the_closing_brace_are_one_packet,
    a_packet_unfinished_at_the_end_is_malformed,
    a_packet_of_the_limit_passes_and_one_byte_more_is_too_large,
    the_default_limit_is_65536_bytes,
    junk_of_the_limit_is_malformed_and_one_byte_more_is_too_large,
    white_space_between_packets_has_no_limit,
    packets_before_one_that_is_too_large_are_answered,
    a_packet_without_an_end_is_closed_at_the_limit,
    junk_without_an_end_is_closed_at_the_limit,
);

fn ping(text: &str) -> String {
    packet_text("alice", "/ping", text)
}

/// The answers to these bytes, sent by alice in one piece.
fn outcome(server: &Server, bytes: impl AsRef<[u8]>) -> Outcome {
    Peer::join(server, "alice").outcome([bytes.as_ref()])
}

fn assert_outcome(server: &Server, bytes: impl AsRef<[u8]>, pongs: &[&str], malformed: &[u64]) {
    let bytes = bytes.as_ref();
    let expected = Outcome {
        pongs: pongs.iter().map(|&text| text.to_owned()).collect(),
        refusals: malformed.iter().map(|&ordinal| (ordinal, "malformed".to_owned())).collect(),
    };
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
    assert_eq!(outcome(server, bytes), expected, "of {shown:?}");
}

fn a_packet_in_any_layout_is_read(setup: Setup) {
    let server = Server::start(setup);
    let value: serde_json::Value = serde_json::from_str(&ping("pretty")).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert!(pretty.lines().count() > 5);
    assert_outcome(&server, &pretty, &["pretty"], &[]);
    assert_outcome(&server, pretty.replace('\n', "\r\n"), &["pretty"], &[]);
    assert_outcome(&server, pretty.replace('\n', "\r"), &["pretty"], &[]);
    assert_outcome(&server, pretty.replace('\n', "\t\n \r"), &["pretty"], &[]);
    assert_outcome(&server, pretty.repeat(3), &["pretty"; 3], &[]);
}

fn a_packet_with_any_ending_is_read(setup: Setup) {
    let server = Server::start(setup);
    for ending in ["\n", "\r\n", "", "\r", " ", "\t", "\n\n\n", " \r\n \t "] {
        let bytes: String = (0..5).map(|n| ping(&n.to_string()) + ending).collect();
        assert_outcome(&server, bytes, &["0", "1", "2", "3", "4"], &[]);
    }
}

fn five_thousand_packets_in_one_piece_are_answered(setup: Setup) {
    let server = Server::start(setup);
    let texts: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    for ending in ["\n", ""] {
        let bytes: String = texts.iter().map(|text| ping(text) + ending).collect();
        let outcome = outcome(&server, bytes);
        assert_eq!(outcome.pongs, texts);
        assert_eq!(outcome.refusals, []);
    }
}

fn packets_that_come_byte_by_byte_are_answered(setup: Setup) {
    let server = Server::start(setup);
    let bytes = format!("{}\r\njunk\n{}{{}}{}", ping("a \"b\" \\ é"), ping("c"), ping("d"));
    let outcome = Peer::join(&server, "alice").outcome(bytes.as_bytes().chunks(1));
    assert_eq!(outcome.pongs, ["a \"b\" \\ é", "c", "d"]);
    assert_eq!(outcome.refusals, [(2, "malformed".into()), (4, "malformed".into())]);
}

/// Packets of all kinds, in one piece and cut in many ways.
fn packets_are_the_same_however_bytes_are_cut(setup: Setup) {
    let server = Server::start(setup);
    let value: serde_json::Value = serde_json::from_str(&ping("pretty é {")).unwrap();
    let stream = [
        ping("first"),
        serde_json::to_string_pretty(&value).unwrap(),
        "\r\n junk { and } more\n".to_owned(),
        "{\"from\":\"torn by a\nline feed\"}\n".to_owned(),
        "{\"a\\\nb\":1}\n".to_owned(),
        ping("second \\ \" \u{1f600}"),
        "{\"tab\tin\":\"it\"}".to_owned(),
        "{{{}}}}} more\n".to_owned(),
        ping("third"),
        ping("{}{}\"").repeat(3),
        "\n\n\n{\"unfinished".to_owned(),
    ]
    .concat();
    let whole = outcome(&server, &stream);
    assert_eq!(whole.pongs.len(), 7);
    assert!(whole.refusals.len() >= 6, "{:?}", whole.refusals);

    for size in [1, 2, 3, 5, 7, 11, 64, 100] {
        let cut = Peer::join(&server, "alice").outcome(stream.as_bytes().chunks(size));
        assert_eq!(cut, whole, "in pieces of {size}");
    }
    for at in (1..stream.len()).step_by(stream.len() / 40) {
        let (front, back) = stream.as_bytes().split_at(at);
        let cut = Peer::join(&server, "alice").outcome([front, back]);
        assert_eq!(cut, whole, "cut at {at}");
    }
}

fn a_packet_without_an_ending_is_answered_at_once(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for text in ["one", "two"] {
        alice.send_counted(ping(text));
        assert_eq!(alice.expect_from("/ping").msg, text);
    }
}

fn junk_is_one_malformed_packet_a_line(setup: Setup) {
    let server = Server::start(setup);
    let good = ping("good");
    for junk in [
        "hello",
        "hello { world",
        "a { b } c {} d",
        "}",
        "}}}}",
        "42",
        "\"a string\"",
        "[1,2,3]",
        "[{\"from\":1}]",
        "null",
        ",",
        "junk\rmore junk",
        "junk\r",
        "\u{0}\u{1}\u{7f}",
        "\u{b}\u{c}",
        "\u{a0}",
        "// a comment",
    ] {
        assert_outcome(&server, format!("{junk}\n{good}"), &["good"], &[1]);
        assert_outcome(&server, format!("{good} {junk}\r\n{good}\n"), &["good", "good"], &[2]);
    }
    assert_outcome(&server, [b"\xff\xfe\x80\n", good.as_bytes()].concat(), &["good"], &[1]);
    assert_outcome(&server, format!("a\nb\n\nc\n{good}d\n"), &["good"], &[1, 2, 3, 5]);
    // A byte-order mark is no white space: what is on its line is junk.
    assert_outcome(&server, format!("\u{feff}{good}{good}\n{good}"), &["good"], &[1]);
    // As does whatever stands between two packets.
    assert_outcome(&server, format!("{good},{good}\n{good}"), &["good", "good"], &[2]);
}

fn junk_to_the_end_of_the_stream_is_one_malformed_packet(setup: Setup) {
    let server = Server::start(setup);
    assert_outcome(&server, "junk", &[], &[1]);
    assert_outcome(&server, format!("{}junk {{", ping("a")), &["a"], &[2]);
    assert_outcome(&server, "junk\r", &[], &[1]);
}

fn a_line_feed_in_a_string_makes_a_packet_malformed(setup: Setup) {
    let server = Server::start(setup);
    let good = ping("good");
    // Reading goes on behind the line feed, where the rest of the string is junk.
    let torn = ping("MARK").replace("MARK", "two\nlines");
    assert_outcome(&server, format!("{torn}\n{good}"), &["good"], &[1, 2]);
    let torn = ping("MARK").replace("MARK", "two\\\nlines");
    assert_outcome(&server, format!("{torn}\n{good}"), &["good"], &[1, 2]);
    // A packet that begins there is read.
    assert_outcome(&server, format!("{{\"from\n{good}"), &["good"], &[1]);
    assert_outcome(&server, format!("{{\"from\\\n{good}"), &["good"], &[1]);
    assert_outcome(&server, format!("{{\"from\r\n{good}"), &["good"], &[1]);
    assert_outcome(&server, format!("{{\"a\n{{\"b\n{{\"c\\\\\n{good}"), &["good"], &[1, 2, 3]);
    // Between the strings it is white space.
    assert_outcome(&server, good.replace(':', "\n:\n"), &["good"], &[]);
}

fn other_control_characters_in_a_string_make_a_packet_malformed(setup: Setup) {
    let server = Server::start(setup);
    let good = ping("good");
    for control in (0..0x20u8).filter(|&byte| byte != b'\n') {
        let bad = ping("MARK").replace("MARK", &format!("a{}b", char::from(control)));
        assert_outcome(&server, format!("{bad}{good}"), &["good"], &[1]);
    }
    let escaped = ping("MARK").replace("MARK", "a\\\rb");
    assert_outcome(&server, format!("{escaped}{good}"), &["good"], &[1]);
    // Not below U+0020, so no control character to JSON.
    assert_outcome(&server, ping("a\u{7f}b\u{85}\u{2028}"), &["a\u{7f}b\u{85}\u{2028}"], &[]);
}

fn braces_and_quotes_in_strings_end_no_packet(setup: Setup) {
    let server = Server::start(setup);
    for text in ["}", "{", "}}{{", "\"}", "\\", "\\\"", "\\\\\"}{", "\"{\"a\":\"b\"}\n", "'"] {
        let twice = ping(text).repeat(2);
        assert_outcome(&server, twice, &[text, text], &[]);
    }
}

fn bytes_up_to_the_closing_brace_are_one_packet(setup: Setup) {
    let server = Server::start(setup);
    let good = ping("good");
    for bad in [
        "{}",
        "{{}}",
        "{]}",
        "{[}",
        "{junk}",
        "{{{{}{}}{}}}",
        "{\u{1}}",
        "{\"a\":{\"b\":{\"c\":{}}}}",
        "{\\}",
        "{'}",
    ] {
        assert_outcome(&server, format!("{bad}{good}"), &["good"], &[1]);
        assert_outcome(&server, format!("{good}{bad}{good}"), &["good", "good"], &[2]);
    }
    // One brace too many is junk behind the packet.
    assert_outcome(&server, format!("{good}}}\n{good}"), &["good", "good"], &[2]);
    // Outside of a string a backslash escapes nothing.
    assert_outcome(&server, format!("{{\\\"}}\"}}{good}"), &["good"], &[1]);
}

fn a_packet_unfinished_at_the_end_is_malformed(setup: Setup) {
    let server = Server::start(setup);
    let good = ping("good");
    for end in 1..good.len() {
        if end % 7 == 1 || end + 1 == good.len() {
            assert_outcome(&server, format!("{good}{}", &good[..end]), &["good"], &[2]);
        }
    }
    assert_outcome(&server, format!("{good}\n \t\r\n"), &["good"], &[]);
    assert_outcome(&server, "", &[], &[]);
}

/// A ping of exactly this many bytes, brace to brace.
fn ping_of(length: usize) -> String {
    let empty = ping("").len();
    ping(&"x".repeat(length - empty))
}

fn a_packet_of_the_limit_passes_and_one_byte_more_is_too_large(setup: Setup) {
    let server = Server::with(setup, &[("--max-packet", "1000")]);
    let text = "x".repeat(1000 - ping("").len());
    assert_outcome(&server, ping_of(1000).repeat(3), &[&text, &text, &text], &[]);
    let padded = ping("padded").replacen(',', &format!(",{}", " ".repeat(1000)), 1);
    for over in [ping_of(1001), ping_of(1001) + "\n", ping_of(5000), padded] {
        let mut alice = Peer::join(&server, "alice");
        alice.send_raw(&over);
        alice.expect_closing(1, "too-large");
    }
    // Decided as soon as there is one byte too many.
    let mut alice = Peer::join(&server, "alice");
    alice.send_raw(&ping_of(2000)[..1001]);
    alice.expect_closing(1, "too-large");
    // White space around a packet isn't part of it.
    let spaced = format!("\n   {}   \n", ping_of(1000));
    assert_outcome(&server, spaced, &[&text], &[]);
    // However it is cut.
    for size in [1, 999, 1000] {
        let whole = ping_of(1000);
        let outcome = Peer::join(&server, "alice").outcome(whole.as_bytes().chunks(size));
        assert_eq!((outcome.pongs.len(), outcome.refusals.len()), (1, 0), "pieces of {size}");
        let over = ping_of(1001);
        let mut alice = Peer::join(&server, "alice");
        over.as_bytes().chunks(size).for_each(|piece| alice.send_raw(piece));
        alice.expect_closing(1, "too-large");
    }
}

fn the_default_limit_is_65536_bytes(setup: Setup) {
    let server = Server::start(setup);
    let text = "x".repeat(65536 - ping("").len());
    assert_outcome(&server, ping_of(65536), &[&text], &[]);
    let mut alice = Peer::join(&server, "alice");
    alice.send_raw(ping_of(65537));
    alice.expect_closing(1, "too-large");
}

fn junk_of_the_limit_is_malformed_and_one_byte_more_is_too_large(setup: Setup) {
    let server = Server::with(setup, &[("--max-packet", "1000")]);
    let good = ping("good");
    assert_outcome(&server, format!("{}\n{good}", "j".repeat(1000)), &["good"], &[1]);
    assert_outcome(&server, "j".repeat(1000), &[], &[1]);
    for over in ["j".repeat(1001), "j".repeat(1001) + "\n", "j".repeat(5000)] {
        let mut alice = Peer::join(&server, "alice");
        alice.send_raw(over);
        alice.expect_closing(1, "too-large");
    }
}

fn white_space_between_packets_has_no_limit(setup: Setup) {
    let server = Server::with(setup, &[("--max-packet", "1000")]);
    let mut alice = Peer::join(&server, "alice");
    assert_eq!(alice.ask("/ping", "before").msg, "before");
    let before = server.process.memory_bytes("VmHWM");
    let blanks = " \n\t\r".repeat(256 * 1024);
    for _ in 0..64 {
        alice.send_raw(&blanks);
    }
    assert_eq!(alice.ask("/ping", "after").msg, "after");
    assert_flat(&server, before);
}

fn packets_before_one_that_is_too_large_are_answered(setup: Setup) {
    let server = Server::with(setup, &[("--max-packet", "1000")]);
    let mut alice = Peer::join(&server, "alice");
    let before: String = (0..10).map(|n| ping(&n.to_string())).collect();
    // What stands behind it can't be trusted any more.
    alice.send_raw(format!("{before}{}{}", ping_of(1001), ping("behind")));
    let outcome = alice.read_outcome();
    assert_eq!(outcome.pongs, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(outcome.refusals, [(11, "too-large".into())]);
}

fn a_packet_without_an_end_is_closed_at_the_limit(setup: Setup) {
    endless(setup, b"{\"from\":{\"name\":\"");
    endless(setup, b"{");
}

fn junk_without_an_end_is_closed_at_the_limit(setup: Setup) {
    endless(setup, b"j");
}

/// Sends something that begins like this and never ends. The server refuses it as
/// too large, reads on for a moment so that the refusal arrives, and then closes;
/// all that time it keeps nothing of it.
fn endless(setup: Setup, beginning: &[u8]) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    assert_eq!(alice.ask("/ping", "before").msg, "before");
    alice.send_raw(beginning);
    let before = server.process.memory_bytes("VmHWM");
    let mut sending = alice.sending_half();
    let sender = std::thread::spawn(move || {
        let chunk = vec![b'{'; 1 << 20];
        let deadline = Instant::now() + PATIENCE;
        while sending.write_all(&chunk).is_ok() {
            assert!(Instant::now() < deadline, "the server never hangs up");
        }
    });
    alice.expect_refusal(2, "too-large");
    sender.join().unwrap();
    assert_flat(&server, before);
    // Other clients are not affected.
    assert_eq!(Peer::join(&server, "bob").ask("/ping", "still there").msg, "still there");
}

/// No more than a few buffers on top of what it had.
fn assert_flat(server: &Server, before: usize) {
    let grown = server.process.memory_bytes("VmHWM") - before;
    assert!(grown < 4 << 20, "memory grew by {grown} bytes");
}

//! Section "Saying who you are": which names are valid, and which are the same.

use testkit::{Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    names_of_any_script_are_welcome,
    names_are_shown_in_nfc,
    an_invalid_name_is_refused,
    a_name_of_32_code_points_is_welcome_and_of_33_is_bad,
    the_same_name_by_case_fold_is_taken,
    a_user_is_found_by_any_spelling,
    different_names_are_all_welcome,
);

fn names_of_any_script_are_welcome(setup: Setup) {
    let server = Server::start(setup);
    let names = [
        "bob",
        "7of9",
        "a_b-c.d",
        "B.",
        "Анна",
        "李雷",
        "मीरा",
        "علي",
        "ÅSA",
        "Ωμέγα",
        "ß",
        "٣",
        "ฟ้า",
        "이름",
        "שלום",
        "q\u{308}y",
        "ªº",
        "𝔘𝔫𝔦",
        "0",
    ];
    let mut clients: Vec<Peer> = names.iter().map(|name| Peer::join(&server, name)).collect();
    for (client, name) in clients.iter_mut().zip(names) {
        assert_eq!(client.ask("/who", name).first_line().split(' ').next(), Some(name));
        client.send(name, "to myself");
        let packet = client.expect_from(name);
        assert_eq!((packet.to.as_str(), packet.msg.as_str()), (name, "to myself"));
    }
}

fn names_are_shown_in_nfc(setup: Setup) {
    let server = Server::start(setup);
    for (sent, shown) in [
        ("e\u{301}ve", "éve"),
        ("A\u{30a}sa", "Åsa"),
        ("\u{212b}ke", "Åke"), // the angstrom sign
        ("\u{1112}\u{1161}\u{11ab}", "한"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"),
    ] {
        assert_eq!(Peer::join(&server, sent).name, shown);
        let mut by_packet = Peer::connect(&server);
        by_packet.send_counted(packet_text(&format!("{sent}2"), &format!("{sent}2"), "me"));
        by_packet.expect_welcome();
        assert_eq!(by_packet.name, format!("{shown}2"));
        assert_eq!(by_packet.next().name, format!("{shown}2"));
    }
}

fn an_invalid_name_is_refused(setup: Setup) {
    let server = Server::start(setup);
    let bad = [
        "",
        " ",
        "a b",
        "a\tb",
        "a\u{a0}b",
        "_a",
        "-a",
        ".a",
        "#a",
        "/a",
        "a#",
        "a/b",
        "a@b",
        "a:b",
        "a,b",
        "a'b",
        "a\"b",
        "a\\b",
        "a+b",
        "a$",
        "a\u{0}",
        "a\u{7f}",
        "a\u{85}",
        "a\u{2028}",
        // a mark cannot be first
        "\u{301}a",
        "\u{903}a",
        // numbers that are no decimal digits
        "½",
        "a²",
        "①",
        "Ⅳ",
        "a\u{2160}",
        // symbols
        "😀",
        "a😀",
        "€",
        "a°",
        // default-ignorable, wherever it stands
        "a\u{ad}",
        "a\u{34f}b",
        "a\u{61c}b",
        "\u{115f}",
        "a\u{1160}",
        "a\u{17b4}",
        "a\u{180b}",
        "a\u{200b}b",
        "a\u{200c}b",
        "a\u{200d}b",
        "a\u{200e}",
        "a\u{202e}b",
        "\u{202e}bob",
        "a\u{2060}b",
        "a\u{2066}b",
        "\u{3164}",
        "a\u{3164}",
        "a\u{fe0f}",
        "\u{feff}a",
        "a\u{ffa0}",
        "a\u{e0041}",
        "a\u{e0100}",
        // private, unassigned, noncharacters
        "a\u{e000}",
        "a\u{fffe}",
        "a\u{10ffff}",
        "a\u{fffd}",
    ];
    for name in bad {
        let mut client = Peer::connect(&server);
        client.send_raw(packet_text(name, "/ping", "never handled"));
        let words = client.rest();
        assert_eq!(words.len(), 1, "{words:?} for {name:?}");
        assert_eq!(words[0].refusal(), Some((1, "bad-name")), "for {name:?}");
    }
    // As recipients they are unknown.
    let mut alice = Peer::join(&server, "alice");
    for name in bad.iter().filter(|name| !name.starts_with(['/', '#'])) {
        alice.refused(name, "hello", "no-such-user");
    }
}

fn a_name_of_32_code_points_is_welcome_and_of_33_is_bad(setup: Setup) {
    let server = Server::start(setup);
    for letter in ["a", "é", "e\u{301}", "李", "𝔘", "\u{3b1}\u{313}\u{300}\u{345}"] {
        let mut long = Peer::connect(&server);
        long.send_raw(letter.repeat(32) + "\n");
        long.expect_welcome();
        assert_eq!(long.name.chars().count(), 32);
        long.leave();
        let mut too_long = Peer::connect(&server);
        too_long.send_raw(letter.repeat(33) + "\n");
        too_long.expect_closing(0, "bad-name");
        let mut too_long = Peer::connect(&server);
        too_long.send_raw(packet_text(&letter.repeat(33), "/ping", ""));
        too_long.expect_closing(1, "bad-name");
    }
    // Two code points that NFC can't make one stay two.
    let mut marks = Peer::connect(&server);
    marks.send_raw("q\u{301}".repeat(16) + "\n");
    marks.expect_welcome();
    let mut marks = Peer::connect(&server);
    marks.send_raw("q\u{301}".repeat(16) + "q\n");
    marks.expect_closing(0, "bad-name");
}

/// Full case folding, NFC before and after.
const SAME: [(&str, &str); 10] = [
    ("bob", "BoB"),
    ("Straße", "STRASSE"),
    ("Straße", "strasse"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("\u{212a}elvin", "kelvin"), // the kelvin sign, which NFC makes a K
    ("éve", "E\u{301}VE"),
    ("ﬁne", "FINE"), // a ligature
    ("Анна", "аННА"),
    ("ǆ", "ǅ"),
    ("İstanbul", "i\u{307}stanbul"),
];

fn the_same_name_by_case_fold_is_taken(setup: Setup) {
    for (one, other) in SAME {
        let server = Server::start(setup);
        let holder = Peer::join(&server, one);
        let mut rival = Peer::connect(&server);
        rival.send_raw(format!("{other}\n"));
        rival.expect_closing(0, "name-taken");
        holder.leave();
        let holder = Peer::join(&server, other);
        let mut rival = Peer::connect(&server);
        rival.send_raw(format!("{one}\n"));
        rival.expect_closing(0, "name-taken");
        holder.leave();
    }
}

fn a_user_is_found_by_any_spelling(setup: Setup) {
    let server = Server::start(setup);
    for (one, other) in SAME {
        let mut bob = Peer::join(&server, one);
        let shown = bob.name.clone();
        let mut alice = Peer::join(&server, "alice");
        alice.send(other, "hello");
        let heard = bob.next();
        assert_eq!((heard.to.as_str(), heard.msg.as_str()), (other, "hello"), "`to` is unchanged");
        assert_eq!(alice.ask("/who", other).first_line().split(' ').next(), Some(shown.as_str()));
        // One's own name may be spelt in any way as well; the server stamps it as it
        // was registered.
        bob.send_counted(packet_text(other, "alice", "hello back"));
        assert_eq!(alice.expect_from(&shown).msg, "hello back");
        bob.leave();
        alice.leave();
    }
}

fn different_names_are_all_welcome(setup: Setup) {
    let server = Server::start(setup);
    let names = ["bob", "bobo", "b0b", "b.ob", "bob_", "bob-", "bób", "i"];
    let mut clients: Vec<Peer> = names.iter().map(|name| Peer::join(&server, name)).collect();
    let total = names.len();
    assert_eq!(clients[0].ask("/list", "").first_line(), format!("1-{total} of {total}"));
}

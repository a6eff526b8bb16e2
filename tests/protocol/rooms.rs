//! Section "Whom a packet can be for": rooms.

use testkit::{Peer, Server, Setup, ask_until, for_each_setup};

for_each_setup!(
    joining_and_leaving_are_answered_with_the_room,
    a_room_message_goes_to_every_other_member,
    only_members_may_send_to_a_room,
    a_room_is_shown_as_it_was_first_made,
    an_invalid_room_name_is_refused,
    an_empty_room_is_gone,
    a_user_who_leaves_the_server_leaves_its_rooms,
    anyone_may_ask_for_members,
    a_room_and_a_user_of_one_name_are_told_apart,
);

fn joining_and_leaving_are_answered_with_the_room(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    assert_eq!(alice.ask("/join", "#ops").first_line(), "#ops 1");
    assert_eq!(bob.ask("/join", "#ops").first_line(), "#ops 2");
    assert_eq!(bob.ask("/join", "#ops").first_line(), "#ops 2", "again is no error");
    assert_eq!(alice.ask("/leave", "#ops").first_line(), "#ops");
    alice.refused("/leave", "#ops", "not-member");
    assert_eq!(alice.ask("/join", "#ops").first_line(), "#ops 2");
    alice.refused("/leave", "#nowhere", "no-such-room");
    alice.assert_nothing_came();
    bob.assert_nothing_came();
}

fn a_room_message_goes_to_every_other_member(setup: Setup) {
    let server = Server::start(setup);
    let mut members: Vec<Peer> =
        (0..12).map(|n| Peer::join(&server, &format!("member{n}"))).collect();
    let mut outsider = Peer::join(&server, "outsider");
    for member in &mut members {
        member.ask("/join", "#Ops");
    }
    for (sender, to, text) in [(0, "#Ops", "hello"), (5, "#ops", "two\nlines é"), (11, "#OPS", "")]
    {
        members[sender].send(to, text);
        for (n, member) in members.iter_mut().enumerate().filter(|(n, _)| *n != sender) {
            let heard = member.next();
            assert_eq!(heard.name, format!("member{sender}"), "for member {n}");
            assert_eq!((heard.to.as_str(), heard.msg.as_str()), (to, text), "`to` is unchanged");
            assert_eq!(heard.ip, "127.0.0.1");
        }
    }
    // A user who has left the room gets nothing more.
    members[3].ask("/leave", "#ops");
    members[0].send("#ops", "without you");
    for member in members.iter_mut().skip(1) {
        if member.name != "member3" {
            assert_eq!(member.next().msg, "without you");
        }
    }
    members.iter_mut().for_each(Peer::assert_nothing_came);
    outsider.assert_nothing_came();
}

fn only_members_may_send_to_a_room(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    alice.ask("/join", "#ops");
    bob.refused("#ops", "let me in", "not-member");
    alice.ask("/join", "#dev");
    bob.ask("/join", "#dev");
    bob.refused("#ops", "and now?", "not-member");
    bob.send("#dev", "here I may");
    assert_eq!(alice.next().msg, "here I may");
    bob.refused("#other", "and there?", "no-such-room");
    alice.assert_nothing_came();
    // A message to a room without other members is no error.
    alice.send("#ops", "an echo?");
    alice.assert_nothing_came();
}

fn a_room_is_shown_as_it_was_first_made(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    for (first, other) in
        [("#Ops", "#oPS"), ("#Straße", "#STRASSE"), ("#e\u{301}t\u{e9}", "#ÉTÉ"), ("#李", "#李")]
    {
        let shown = first.replace("e\u{301}", "é");
        assert_eq!(alice.ask("/join", first).first_line(), format!("{shown} 1"));
        assert_eq!(bob.ask("/join", other).first_line(), format!("{shown} 2"));
        assert_eq!(bob.ask("/rooms", "").other_lines(), [format!("{shown} 2")]);
        assert_eq!(alice.ask("/leave", other).first_line(), shown);
        assert_eq!(bob.ask("/leave", first).first_line(), shown);
        // Made anew, it is shown as it is spelt now.
        let anew = bob.ask("/join", other);
        assert_eq!(anew.first_line(), format!("{other} 1"));
        bob.ask("/leave", other);
    }
}

fn an_invalid_room_name_is_refused(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let long = format!("#{}", "x".repeat(33));
    for room in [
        "",
        "ops",
        "#",
        "##",
        "##ops",
        "# ops",
        "#a b",
        "#_ops",
        "#.",
        "/ops",
        "#ops,#dev",
        "#\u{200d}",
        "#ops #dev",
        "#½",
        "#ops\n",
        "alice",
        "@ops",
        &long,
    ] {
        for endpoint in ["/join", "/leave", "/members"] {
            alice.refused(endpoint, room, "bad-argument");
        }
    }
    let longest = format!("#{}", "x".repeat(32));
    assert_eq!(alice.ask("/join", &longest).first_line(), format!("{longest} 1"));
}

fn an_empty_room_is_gone(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for room in ["#ops", "#dev", "#random", "#other"] {
        assert_eq!(alice.ask("/join", room).first_line(), format!("{room} 1"));
        assert_eq!(alice.ask("/rooms", "").first_line(), "1-1 of 1");
        alice.ask("/leave", room);
        assert_eq!(alice.ask("/rooms", "").first_line(), "0-0 of 0");
        alice.refused("/members", room, "no-such-room");
        alice.refused(room, "hello", "no-such-room");
        alice.refused("/leave", room, "no-such-room");
    }
}

fn a_user_who_leaves_the_server_leaves_its_rooms(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let rooms: Vec<String> = (0..8).map(|n| format!("#room{n}")).collect();
    let mut bob = Peer::join(&server, "bob");
    for room in &rooms {
        bob.ask("/join", room);
        alice.ask("/join", room);
    }
    bob.leave();
    for room in &rooms {
        ask_until("bob is in no room", || {
            let members = alice.ask("/members", room);
            (members.other_lines() == ["alice"]).then_some(())
        });
        // A new user of that name is no member.
        let mut bob = Peer::join(&server, "bob");
        bob.refused(room, "I was here", "not-member");
        alice.send(room, "nobody to refuse this");
        alice.assert_nothing_came();
        bob.leave();
    }
}

fn anyone_may_ask_for_members(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "Alice");
    let mut bob = Peer::join(&server, "bob");
    let mut carl = Peer::join(&server, "carl");
    alice.ask("/join", "#ops");
    bob.ask("/join", "#ops");
    for client in [&mut alice, &mut bob, &mut carl] {
        let members = client.ask("/members", "#OPS");
        assert_eq!(
            (members.first_line(), members.other_lines()),
            ("1-2 of 2", vec!["Alice", "bob"])
        );
    }
    carl.refused("/members", "#dev", "no-such-room");
}

fn a_room_and_a_user_of_one_name_are_told_apart(setup: Setup) {
    let server = Server::start(setup);
    let mut ops = Peer::join(&server, "ops");
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    alice.ask("/join", "#ops");
    bob.ask("/join", "#ops");
    alice.send("ops", "to the user");
    alice.send("#ops", "to the room");
    assert_eq!(ops.next().msg, "to the user");
    assert_eq!(bob.next().msg, "to the room");
    ops.assert_nothing_came();
    bob.assert_nothing_came();
}

//! Section "Rooms of accounts": who owns a room, who stays in it, over restarts too, who may
//! come in; with a real store.

use crate::site::{PASSWORD, Site, log_in};
use testkit::{Peer, Server, Setup, for_each_setup};

for_each_setup!(
    a_room_and_its_members_outlast_a_restart,
    a_private_room_is_joined_by_invitation_only,
    who_is_expelled_stays_out_over_a_restart,
    an_invitation_waits_for_its_account_over_a_restart,
    rooms_of_an_erased_account_stay_for_a_member_to_own,
    the_command_line_makes_and_deletes_rooms,
    rooms_of_guests_are_gone_when_they_are_empty,
);

/// A guest who has just registered.
fn registered(server: &Server, name: &str) -> Peer {
    let mut peer = Peer::join(server, name);
    assert_eq!(peer.ask("/register", PASSWORD).msg, name);
    peer
}

fn back(server: &Server, name: &str) -> Peer {
    log_in(server, name, &format!("password {PASSWORD}"))
}

fn a_room_and_its_members_outlast_a_restart(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = registered(&server, "alice");
    let mut bob = registered(&server, "bob");
    assert_eq!(alice.ask("/join", "#Ops").msg, "#Ops 1");
    assert_eq!(bob.ask("/join", "#ops").msg, "#Ops 2");
    let text = alice.ask("/room", "#ops keep 7d").msg;
    assert_eq!(text, "#Ops alice open 7d 2\n");
    assert_eq!(bob.expect_from("/changed").msg, text);
    let text = alice.ask("/room", "#ops topic Night shift").msg;
    assert_eq!(bob.expect_from("/changed").msg, text);
    bob.leave();
    alice.send("#ops", "meanwhile");
    assert_eq!(alice.ask("/members", "#ops").msg, "1-2 of 2\nalice\nbob");
    server.stop();
    let server = site.start();
    let mut bob = back(&server, "bob");
    assert_eq!(bob.ask("/room", "#ops").msg, "#Ops alice open 7d 2\nNight shift");
    assert_eq!(bob.ask("/rooms", "mine").msg, "1-1 of 1\n#Ops 2");
    bob.send("/replay", "0");
    assert_eq!(bob.next().msg, "meanwhile");
    assert_eq!(bob.expect_from("/replay").msg, "1");
    let mut alice = back(&server, "alice");
    alice.send("#OPS", "here again");
    let heard = bob.next();
    assert_eq!((&*heard.name, &*heard.to, &*heard.msg), ("alice", "#OPS", "here again"));
    assert_eq!(bob.ask("/leave", "#ops").msg, "#Ops");
    assert_eq!(alice.ask("/room", "#ops delete").msg, "#Ops deleted");
    alice.refused("/room", "#ops", "no-such-room");
    assert_eq!(alice.ask("/rooms", "").msg, "0-0 of 0");
}

fn a_private_room_is_joined_by_invitation_only(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = registered(&server, "alice");
    let mut bob = registered(&server, "bob");
    let mut guest = Peer::join(&server, "guest");
    alice.ask("/join", "#ops");
    alice.ask("/room", "#ops private");
    for (name, who) in [("bob", &mut bob), ("guest", &mut guest)] {
        who.refused("/join", "#ops", "not-member");
        who.refused("#ops", "x", "no-such-room");
        who.refused("/room", "#ops", "no-such-room");
        assert_eq!(who.ask("/rooms", "").msg, "0-0 of 0");
        assert_eq!(alice.ask("/invite", &format!("#ops {name}")).msg, format!("#ops {name}"));
        assert_eq!(who.expect_from("/invited").msg, "#ops alice");
        who.refused("/members", "#ops", "no-such-room");
        assert_eq!(who.ask("/join", "#ops").msg, "#ops 2");
        assert_eq!(who.ask("/rooms", "").msg, "1-1 of 1\n#ops 2");
        alice.send("#ops", name);
        assert_eq!(who.next().msg, name);
        who.ask("/leave", "#ops");
    }
    bob.refused("/join", "#ops", "not-member");
}

fn who_is_expelled_stays_out_over_a_restart(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = registered(&server, "alice");
    let mut bob = registered(&server, "bob");
    alice.ask("/join", "#ops");
    bob.ask("/join", "#ops");
    bob.refused("/expel", "#ops alice", "not-owner");
    assert_eq!(alice.ask("/expel", "#ops Bob").msg, "#ops bob");
    assert_eq!(bob.expect_from("/expelled").msg, "#ops alice");
    alice.send("#ops", "for those in it");
    assert_eq!(alice.ask("/members", "#ops").msg, "1-1 of 1\nalice");
    bob.refused("/join", "#ops", "not-member");
    server.stop();
    let server = site.start();
    let mut bob = back(&server, "bob");
    bob.refused("/join", "#ops", "not-member");
    let mut alice = back(&server, "alice");
    alice.ask("/invite", "#ops bob");
    assert_eq!(bob.expect_from("/invited").msg, "#ops alice");
    assert_eq!(bob.ask("/join", "#ops").msg, "#ops 2");
}

fn an_invitation_waits_for_its_account_over_a_restart(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = registered(&server, "alice");
    registered(&server, "bob").leave();
    alice.ask("/join", "#ops");
    alice.ask("/room", "#ops private");
    assert_eq!(alice.ask("/invite", "#ops bob").msg, "#ops bob");
    server.stop();
    let server = site.start();
    let mut bob = back(&server, "bob");
    assert_eq!(bob.expect_from("/invited").msg, "#ops alice");
    // Behind what the store was told.
    bob.ask("/unread", "");
    server.stop();
    let server = site.start();
    let mut bob = back(&server, "bob");
    assert_eq!(bob.ask("/ping", "nothing came before it").msg, "nothing came before it");
    assert_eq!(bob.ask("/join", "#ops").msg, "#ops 2", "it still holds");
}

fn rooms_of_an_erased_account_stay_for_a_member_to_own(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = registered(&server, "alice");
    let mut bob = registered(&server, "bob");
    alice.ask("/join", "#ops");
    bob.ask("/join", "#ops");
    site.order(&["account", "erase", "alice"]);
    assert_eq!(bob.ask("/room", "#ops").msg, "#ops - open 90d 1\n");
    server.stop();
    let server = site.start();
    let mut bob = back(&server, "bob");
    assert_eq!(bob.ask("/room", "#ops").msg, "#ops - open 90d 1\n");
    let mut stranger = registered(&server, "alice");
    stranger.refused("/room", "#ops own", "not-member");
    assert_eq!(bob.ask("/room", "#ops own").msg, "#ops bob open 90d 1\n");
}

fn the_command_line_makes_and_deletes_rooms(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut alice = registered(&server, "alice");
    let mut guest = Peer::join(&server, "guest");
    site.order(&["room", "add", "#Ops", "--owner", "alice", "--private"]);
    assert_eq!(alice.ask("/room", "#ops").msg, "#Ops alice private 90d 1\n");
    guest.refused("/room", "#ops", "no-such-room");
    site.order(&["room", "add", "#free"]);
    guest.ask("/join", "#free");
    let list = site.order(&["room", "list"]);
    assert_eq!(list, "#free  -      open     -  0\n#Ops   alice  private  -  1\n");
    site.order(&["room", "delete", "#free"]);
    assert_eq!(guest.expect_from("/changed").msg, "#free deleted");
    guest.refused("#free", "x", "no-such-room");
    let list = site.order(&["room", "list", "--json"]);
    assert!(list.contains("\"room\":\"#Ops\"") && !list.contains("#free"), "{list}");
}

fn rooms_of_guests_are_gone_when_they_are_empty(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let mut guest = Peer::join(&server, "guest");
    let mut alice = registered(&server, "alice");
    guest.ask("/join", "#free");
    assert_eq!(alice.ask("/join", "#free").msg, "#free 2");
    assert_eq!(alice.ask("/room", "#free").msg, "#free - open - 2\n");
    guest.refused("/room", "#free own", "not-owner");
    alice.refused("/room", "#free private", "not-owner");
    alice.ask("/leave", "#free");
    guest.ask("/leave", "#free");
    alice.refused("/room", "#free", "no-such-room");
    // An operator expels from such a room as well.
    let mut root = site.operator(&server);
    guest.ask("/join", "#free");
    alice.ask("/join", "#free");
    assert_eq!(root.ask("/expel", "#free guest").msg, "#free guest");
    assert_eq!(guest.expect_from("/expelled").msg, "#free root");
    guest.refused("/join", "#free", "not-member");
}

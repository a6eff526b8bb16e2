//! Rooms with an owner: who may what, what is kept of them, what is read back.

use super::test_site::{Site, name};
use super::tests_of_posts::post;
use super::{Answer, Done};
use crate::accounts::{AccountId, Span};
use crate::archive::{
    By, Change, Conversation, Failure, Notice, Outcome, OwnedRoom, Reply, Request, RoomId,
    RoomRequest, Target, UnreadRow,
};
use crate::limits::{INVITATIONS_PER_ACCOUNT_MAX, ROOMS_PER_USER_MAX};
use crate::store::order::Refusal;
use crate::store::{Order, RoomOrder, RoomRow, Told};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn by(text: &str, account: AccountId) -> By {
    By { name: name(text), account: Some(account), is_operator: false }
}

fn operator() -> By {
    By { name: name("root"), account: None, is_operator: true }
}

impl Site {
    fn room(&mut self, request: RoomRequest) -> Result<(Vec<Notice>, OwnedRoom), Failure> {
        match self.ask_archive(Request::Room(request)) {
            (news, Reply::Room(room)) => Ok((news, room)),
            (news, Reply::Failed(failure)) if news.is_empty() => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    fn make(&mut self, text: &str, by: By) -> OwnedRoom {
        self.room(RoomRequest::Make { name: name(text), by }).unwrap().1
    }

    fn join(&mut self, room: RoomId, account: AccountId) -> Result<(), Failure> {
        self.room(RoomRequest::Join { room, account, is_in: false }).map(drop)
    }

    fn change(&mut self, room: RoomId, by: By, change: Change) -> Result<OwnedRoom, Failure> {
        self.room(RoomRequest::Change { room, by, change }).map(|(_, room)| room)
    }

    /// What shards know after a restart: rooms, members, invitations to be told.
    fn rooms(&mut self) -> (Vec<OwnedRoom>, BTreeSet<(u32, u32)>, usize) {
        self.restart();
        let (mut rooms, mut members, mut untold) = (Vec::new(), BTreeSet::new(), 0);
        for notice in self.desk.room_notices().unwrap() {
            match notice {
                Notice::Room(room) => rooms.push(room),
                Notice::Member { room, account, is_in: true, .. } => {
                    members.insert((room.0.get(), account.0.get()));
                }
                Notice::Invited { .. } => untold += 1,
                other => panic!("{other:?}"),
            }
        }
        (rooms, members, untold)
    }

    fn give(&mut self, order: Order) -> (Vec<Notice>, Told) {
        self.desk.order(self.clock, 0, order);
        let Done { news, answer, .. } = self.settle().remove(0);
        match answer {
            Answer::Told(told) => (news, told),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_room_is_after_a_restart_what_it_was() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let ops = site.make("Ops", by("alice", alice));
    assert_eq!(site.join(ops.id, bob), Ok(()));
    for change in [
        Change::Private(true),
        Change::Keep(Span::Forever),
        Change::Topic("Night shift".into()),
        Change::Owner(name("BOB")),
    ] {
        site.change(ops.id, by("alice", alice), change).unwrap();
    }
    let invite = RoomRequest::Invite { room: ops.id, by: by("Bob", bob), whom: carol };
    let (news, _) = site.room(invite).unwrap();
    assert!(matches!(&news[..], [Notice::Invited { account, .. }] if *account == carol));
    let expected = OwnedRoom {
        id: ops.id,
        name: name("Ops"),
        owner: Some((bob, name("Bob"))),
        is_private: true,
        keep: Some(Span::Forever),
        topic: "Night shift".into(),
    };
    let ids = [alice, bob].map(|account| (ops.id.0.get(), account.0.get()));
    assert_eq!(site.rooms(), (vec![expected], ids.into(), 1));
    site.desk.ask_archive(site.clock, None, Request::Room(RoomRequest::Told { account: carol }));
    site.settle();
    assert_eq!(site.rooms().2, 0, "it was told");
    assert_eq!(site.join(ops.id, carol), Ok(()), "and still holds");
    let leave = RoomRequest::Leave { room: ops.id, account: carol };
    assert!(site.room(leave.clone()).is_ok());
    assert_eq!(site.room(leave).unwrap_err(), Failure::NotMember);
    assert_eq!(site.join(ops.id, carol), Err(Failure::NotMember), "once");
}

#[test]
fn only_its_owner_and_operators_change_a_room() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let ops = site.make("ops", by("alice", alice)).id;
    site.join(ops, bob).unwrap();
    let not_owner = Err(Failure::NotOwner);
    for change in [Change::Private(true), Change::Delete, Change::Own, Change::Topic("x".into())] {
        assert_eq!(site.change(ops, by("Bob", bob), change), not_owner);
    }
    let guest = By { account: None, ..by("guest", bob) };
    assert_eq!(site.change(ops, guest.clone(), Change::Private(true)), not_owner);
    let expel = |by| RoomRequest::Expel { room: ops, by, whom: carol };
    assert_eq!(site.room(expel(by("Bob", bob))).unwrap_err(), Failure::NotOwner);
    assert!(site.change(ops, operator(), Change::Private(true)).unwrap().is_private);
    let invite = |by| RoomRequest::Invite { room: ops, by, whom: carol };
    assert_eq!(site.room(invite(by("Bob", bob))).unwrap_err(), Failure::NotOwner);
    assert!(site.room(invite(operator())).is_ok());
    let nobody = Change::Owner(name("nobody"));
    assert_eq!(site.change(ops, by("alice", alice), nobody), Err(Failure::NoSuchUser));
    assert!(site.change(ops, by("alice", alice), Change::Delete).is_ok());
    assert_eq!(site.change(ops, operator(), Change::Delete), Err(Failure::NoSuchRoom));
    assert_ne!(site.make("ops", by("Bob", bob)).id, ops, "its number is never used again");
}

#[test]
fn who_is_expelled_needs_an_invitation() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    let ops = site.make("ops", by("alice", alice)).id;
    site.join(ops, bob).unwrap();
    let expel = RoomRequest::Expel { room: ops, by: by("alice", alice), whom: bob };
    let (news, _) = site.room(expel).unwrap();
    assert!(matches!(&news[..], [Notice::Member { is_in: false, .. }, Notice::Expelled { .. }]));
    assert_eq!(site.join(ops, bob), Err(Failure::NotMember));
    site.room(RoomRequest::Invite { room: ops, by: by("alice", alice), whom: bob }).unwrap();
    assert_eq!(site.join(ops, bob), Ok(()));
    site.room(RoomRequest::Leave { room: ops, account: bob }).unwrap();
    assert_eq!(site.join(ops, bob), Ok(()), "it is expelled no more");
}

#[test]
fn packets_of_a_room_concern_its_members_from_joining_on() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let ops = site.make("Ops", by("alice", alice)).id;
    let say = |text| post((alice, "alice"), 1, (Target::Room(ops), "#ops"), text);
    let outcomes = site.store(vec![say("before")]);
    assert!(matches!(outcomes[..], [Outcome::Stored { .. }]));
    site.join(ops, bob).unwrap();
    site.store(vec![say("one"), say("two")]);
    assert_eq!(site.texts(bob, 9, Some(0)), ["one", "two"]);
    assert_eq!(site.texts(alice, 9, Some(0)), ["before", "one", "two"], "from elsewhere");
    assert!(site.texts(carol, 9, Some(0)).is_empty());
    let unread = |site: &mut Site| match site.ask_archive(Request::Unread { account: bob }).1 {
        Reply::Unread(rows) => rows,
        other => panic!("{other:?}"),
    };
    let rows = unread(&mut site);
    let UnreadRow { conversation, count, last, .. } = &rows[0];
    assert_eq!((&**conversation, *count, rows.len()), ("#Ops", 2, 1));
    let conversation = Conversation::Room(name("OPS"));
    let read = |account| Request::Read { account, conversation: conversation.clone(), id: *last };
    assert!(matches!(site.ask_archive(read(bob)).1, Reply::Read { .. }));
    assert_eq!(unread(&mut site)[0].count, 0);
    assert!(matches!(site.ask_archive(read(carol)).1, Reply::Read { .. }), "it is open");
    site.change(ops, operator(), Change::Private(true)).unwrap();
    let no_such_room = Reply::Failed(Failure::NoSuchRoom);
    assert_eq!(format!("{:?}", site.ask_archive(read(carol)).1), format!("{no_such_room:?}"));
    site.change(ops, operator(), Change::Delete).unwrap();
    assert_eq!(site.store(vec![say("late")]), [Outcome::Gone]);
    assert!(site.texts(alice, 9, Some(0)).is_empty(), "they are read no more");
    assert!(unread(&mut site).is_empty());
}

#[test]
fn rooms_of_an_erased_account_stay() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    let ops = site.make("ops", by("alice", alice)).id;
    site.join(ops, bob).unwrap();
    let (news, told) = site.give(Order::Erase { name: name("alice") });
    assert!(matches!(told, Told::Done));
    assert!(matches!(
        &news[..],
        [Notice::Room(OwnedRoom { owner: None, .. }), Notice::Member { is_in: false, .. }]
    ));
    let say = post((bob, "Bob"), 1, (Target::Room(ops), "#ops"), "stored");
    assert!(matches!(site.store(vec![say])[..], [Outcome::Stored { .. }]));
    assert_eq!(site.change(ops, by("Bob", bob), Change::Delete), Err(Failure::NotOwner));
    let owned = site.change(ops, by("Bob", bob), Change::Own).unwrap();
    assert_eq!(owned.owner, Some((bob, name("Bob"))));
    let (_, told) = site.give(Order::Erase { name: name("alice") });
    assert!(matches!(told, Told::Refused(Refusal::NoSuchAccount)));
}

#[test]
fn the_command_line_makes_lists_and_deletes_rooms() {
    let mut site = Site::new();
    let [alice, ..] = site.three();
    let add = |room: &str, owner: Option<&str>| {
        let is_private = owner.is_some();
        Order::Room(RoomOrder::Add { name: name(room), owner: owner.map(name), is_private })
    };
    let (news, told) = site.give(add("Ops", Some("ALICE")));
    assert!(matches!(told, Told::Done));
    let [Notice::Room(room), Notice::Member { account, is_in: true, .. }] = &news[..] else {
        panic!("{news:?}")
    };
    assert_eq!((*account, room.is_private), (alice, true));
    assert!(matches!(site.give(add("ops", None)).1, Told::Refused(Refusal::RoomTaken)));
    let nobodys = site.give(add("other", Some("nobody"))).1;
    assert!(matches!(nobodys, Told::Refused(Refusal::NoSuchAccount)));
    assert!(matches!(site.give(add("free", None)).1, Told::Done));
    let Told::Rooms(rows) = site.give(Order::Room(RoomOrder::List)).1 else { panic!() };
    let rows: Vec<_> = rows
        .iter()
        .map(|RoomRow { name, owner, members, .. }| {
            (name.shown(), owner.as_ref().map(|owner| owner.shown()), *members)
        })
        .collect();
    assert_eq!(rows, [("free", None, 0), ("Ops", Some("alice"), 1)]);
    let delete = || Order::Room(RoomOrder::Delete { name: name("OPS") });
    let (news, told) = site.give(delete());
    assert!(matches!(told, Told::Done));
    assert!(matches!(&news[..], [Notice::RoomGone { by: None, .. }]));
    assert!(matches!(site.give(delete()).1, Told::Refused(Refusal::NoSuchRoom)));
}

#[test]
fn one_account_has_rooms_and_invitations_up_to_a_bound() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    for number in 0..ROOMS_PER_USER_MAX {
        site.make(&format!("r{number}"), by("alice", alice));
    }
    let more = RoomRequest::Make { name: name("more"), by: by("alice", alice) };
    assert_eq!(site.room(more).unwrap_err(), Failure::TooMany);
    let others = site.make("bobs", by("Bob", bob)).id;
    assert_eq!(site.join(others, alice), Err(Failure::TooMany));
    let give = Change::Owner(name("alice"));
    assert_eq!(site.change(others, by("Bob", bob), give), Err(Failure::TooMany));
    for number in 1..=INVITATIONS_PER_ACCOUNT_MAX + 1 {
        let room = RoomId(std::num::NonZeroU32::new(number as u32).unwrap());
        let invited = site.room(RoomRequest::Invite { room, by: by("alice", alice), whom: bob });
        assert_eq!(invited.is_ok(), number <= INVITATIONS_PER_ACCOUNT_MAX, "{number}");
    }
}

#[test]
fn where_the_disk_refuses_nothing_has_changed() {
    let mut site = Site::new();
    let [alice, ..] = site.three();
    site.make("first", by("alice", alice));
    site.desk.batch.database().fill_disk();
    let mut made = 1;
    let refused = loop {
        let name = name(&format!("room{made}"));
        match site.room(RoomRequest::Make { name, by: by("alice", alice) }) {
            Ok(_) => made += 1,
            Err(failure) => break failure,
        }
    };
    assert_eq!(refused, Failure::Unavailable);
    let (rooms, members, _) = site.rooms();
    assert_eq!((rooms.len(), members.len()), (made, made));
    site.make("another", by("alice", alice));
    assert_eq!(site.rooms().0.len(), made + 1);
}

#[derive(Clone, Debug)]
enum Step {
    Make(usize, usize),
    Join(usize, usize),
    Leave(usize, usize),
    Private(usize, bool),
    Invite(usize, usize),
    Expel(usize, usize),
    Delete(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (room, who) = (0..3_usize, 0..3_usize);
    prop_oneof![
        (room.clone(), who.clone()).prop_map(|(room, who)| Step::Make(room, who)),
        (room.clone(), who.clone()).prop_map(|(room, who)| Step::Join(room, who)),
        (room.clone(), who.clone()).prop_map(|(room, who)| Step::Leave(room, who)),
        (room.clone(), any::<bool>()).prop_map(|(room, on)| Step::Private(room, on)),
        (room.clone(), who.clone()).prop_map(|(room, who)| Step::Invite(room, who)),
        (room.clone(), who).prop_map(|(room, who)| Step::Expel(room, who)),
        room.prop_map(Step::Delete),
        Just(Step::Restart),
    ]
}

/// A room as it has to be.
#[derive(Default)]
struct Model {
    owner: usize,
    is_private: bool,
    members: BTreeSet<usize>,
    invited: BTreeSet<usize>,
    expelled: BTreeSet<usize>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn rooms_are_what_was_done_to_them(steps in prop::collection::vec(step(), 1..40)) {
        let mut site = Site::new();
        let accounts = site.three();
        let names = ["alice", "Bob", "carol"];
        let mut rooms: BTreeMap<usize, (RoomId, Model)> = BTreeMap::new();
        let nowhere = RoomId(std::num::NonZeroU32::MAX);
        for step in steps {
            let id = |room: usize| rooms.get(&room).map_or(nowhere, |(id, _)| *id);
            match step {
                Step::Make(room, who) => {
                    let by = by(names[who], accounts[who]);
                    let made = site.room(RoomRequest::Make { name: name(&format!("r{room}")), by });
                    prop_assert_eq!(made.is_ok(), !rooms.contains_key(&room));
                    if let Ok((_, made)) = made {
                        let model = Model { owner: who, members: [who].into(), ..Model::default() };
                        rooms.insert(room, (made.id, model));
                    }
                }
                Step::Join(room, who) => {
                    let joined = site.join(id(room), accounts[who]).is_ok();
                    let may = rooms.get_mut(&room).is_some_and(|(_, it)| {
                        let free = !it.is_private && !it.expelled.contains(&who);
                        let may = it.members.contains(&who)
                            || it.owner == who
                            || free
                            || it.invited.contains(&who);
                        if may {
                            it.members.insert(who);
                            it.invited.remove(&who);
                            it.expelled.remove(&who);
                        }
                        may
                    });
                    prop_assert_eq!(joined, may);
                }
                Step::Leave(room, who) => {
                    let request = RoomRequest::Leave { room: id(room), account: accounts[who] };
                    let was_in = rooms.get_mut(&room).is_some_and(|(_, it)| it.members.remove(&who));
                    prop_assert_eq!(site.room(request).is_ok(), was_in);
                }
                Step::Private(room, on) => {
                    let changed = site.change(id(room), operator(), Change::Private(on)).is_ok();
                    prop_assert_eq!(changed, rooms.contains_key(&room));
                    if let Some((_, it)) = rooms.get_mut(&room) {
                        it.is_private = on;
                    }
                }
                Step::Invite(room, who) => {
                    let whom = accounts[who];
                    let request = RoomRequest::Invite { room: id(room), by: operator(), whom };
                    prop_assert_eq!(site.room(request).is_ok(), rooms.contains_key(&room));
                    if let Some((_, it)) = rooms.get_mut(&room)
                        && !it.members.contains(&who)
                    {
                        it.invited.insert(who);
                    }
                }
                Step::Expel(room, who) => {
                    let whom = accounts[who];
                    let request = RoomRequest::Expel { room: id(room), by: operator(), whom };
                    prop_assert_eq!(site.room(request).is_ok(), rooms.contains_key(&room));
                    if let Some((_, it)) = rooms.get_mut(&room) {
                        it.members.remove(&who);
                        it.invited.remove(&who);
                        it.expelled.insert(who);
                    }
                }
                Step::Delete(room) => {
                    let deleted = site.change(id(room), operator(), Change::Delete).is_ok();
                    prop_assert_eq!(deleted, rooms.remove(&room).is_some());
                }
                Step::Restart => {
                    let expected: BTreeSet<(u32, u32)> = rooms
                        .values()
                        .flat_map(|(id, it)| {
                            it.members.iter().map(|&who| (id.0.get(), accounts[who].0.get()))
                        })
                        .collect();
                    let (known, members, _) = site.rooms();
                    prop_assert_eq!((known.len(), members), (rooms.len(), expected));
                }
            }
        }
    }
}

//! Stored packets: kept in order, read back, once. Never: random ones
//! (`tests_of_log`).

use super::test_site::{Site, name};
use super::{Answer, Done};
use crate::accounts::AccountId;
use crate::archive::{
    Conversation, Failure, Key, Notice, Outcome, PacketId, Page, Post, PostBatch, Reply, Request,
    SessionNumber, Stamped, Target,
};
use std::num::NonZeroU32;
use std::time::Duration;

/// A packet of the `session` of an account, by the way it is shown.
pub(super) fn post(
    from: (AccountId, &str),
    session: u64,
    target: (Target, &str),
    text: &str,
) -> Post<()> {
    let packet = Stamped::new(from.1, "10.0.0.7", target.1, text);
    let sender = Some((from.0, SessionNumber(session)));
    Post { sender, target: target.0, packet, key: None, what: () }
}

fn keyed(mut post: Post<()>, key: &str) -> Post<()> {
    post.key = Key::parse(key);
    post
}

impl Site {
    pub(super) fn archive_done(&mut self) -> (Vec<Notice>, Answer) {
        let mut done = self.settle();
        assert_eq!(done.len(), 1, "{done:?}");
        let Done { news, answer, .. } = done.remove(0);
        (news, answer)
    }

    pub(super) fn store(&mut self, posts: Vec<Post<()>>) -> Vec<Outcome> {
        self.desk.post(self.clock, 0, &PostBatch::new(posts));
        match self.archive_done() {
            (_, Answer::Posted(outcomes)) => outcomes.into(),
            other => panic!("{other:?}"),
        }
    }

    /// Stores it; its id.
    fn keep(&mut self, post: Post<()>) -> PacketId {
        match self.store(vec![post])[..] {
            [Outcome::Stored { id, time }] => {
                assert_eq!(time, self.clock.micros);
                id
            }
            ref other => panic!("{other:?}"),
        }
    }

    pub(super) fn ask_archive(&mut self, request: Request) -> (Vec<Notice>, Reply) {
        self.desk.ask_archive(self.clock, Some(0), request);
        match self.archive_done() {
            (news, Answer::Archive(reply)) => (news, reply),
            other => panic!("{other:?}"),
        }
    }

    fn page(&mut self, account: AccountId, session: u64, after: Option<u64>, most: usize) -> Page {
        let session = SessionNumber(session);
        match self.ask_archive(Request::Replay { account, session, after, bytes_max: most }) {
            (_, Reply::Replay(page)) => page,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn texts(
        &mut self,
        account: AccountId,
        session: u64,
        after: Option<u64>,
    ) -> Vec<String> {
        let page = self.page(account, session, after, usize::MAX);
        assert!(page.is_last);
        page.packets.iter().map(|it| it.stamped.msg().to_owned()).collect()
    }

    fn is_waiting(&mut self, account: AccountId) -> bool {
        match self.ask_archive(Request::Waiting { account }) {
            (_, Reply::Waiting(first)) => first.is_some(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn three(&mut self) -> [AccountId; 3] {
        ["alice", "Bob", "carol"].map(|text| self.register(text, "correct horse", 1))
    }
}

#[test]
fn what_is_stored_comes_back_as_it_was_in_order_and_without_ones_own() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let (to_bob, all) = ((Target::Account(bob), "BOB"), (Target::Everyone, "/broadcast"));
    let outcomes = site.store(vec![
        post((alice, "alice"), 1, to_bob, "one"),
        post((alice, "alice"), 1, all, "two"),
        post((bob, "Bob"), 2, (Target::Account(alice), "alice"), "\\u0074hree"),
    ]);
    let ids: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Stored { id, .. } => id.get(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [1, 2, 3]);
    let page = site.page(bob, 9, None, usize::MAX);
    let wire: Vec<_> = page.packets.iter().map(|it| it.stamped.bytes().to_vec()).collect();
    let wanted = [
        Stamped::new("alice", "10.0.0.7", "BOB", "one"),
        Stamped::new("alice", "10.0.0.7", "/broadcast", "two"),
        Stamped::new("Bob", "10.0.0.7", "alice", "\\u0074hree"),
    ];
    assert_eq!(wire, wanted.each_ref().map(|it| it.bytes().to_vec()));
    assert!(page.packets.iter().all(|it| it.time == site.clock.micros));
    assert_eq!((page.is_last, page.upto.map(PacketId::get)), (true, Some(3)));
    assert_eq!(site.texts(bob, 2, None), ["one", "two"], "that session has sent the third");
    assert_eq!(site.texts(alice, 1, None), ["\\u0074hree"]);
    assert_eq!(site.texts(alice, 9, Some(1)), ["two", "\\u0074hree"]);
    assert_eq!(site.texts(carol, 1, None), ["two"]);
    let dave = site.register("dave", "correct horse", 1);
    assert_eq!(site.texts(dave, 1, None), [""; 0], "it was said before dave was here");
    site.restart();
    assert_eq!(site.texts(carol, 1, None), ["two"]);
    assert_eq!(site.keep(post((carol, "carol"), 1, to_bob, "four")).get(), 4);
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    let to_bob = (Target::Account(bob), "Bob");
    let count = crate::limits::LOG_TAIL_MAX + 50;
    let text = |number: usize| format!("text {number}");
    let posts = |range: std::ops::Range<usize>| {
        range.map(|n| post((alice, "alice"), 1, to_bob, &text(n))).collect::<Vec<_>>()
    };
    site.store(posts(0..count - 10));
    site.store(posts(count - 10..count));
    let (mut after, mut found) = (Some(1), vec![text(0)]);
    loop {
        let page = site.page(bob, 1, after, 10_000);
        let bytes: usize = page.packets.iter().map(|it| it.stamped.bytes().len()).sum();
        assert!(bytes <= 10_000 && !page.packets.is_empty());
        found.extend(page.packets.iter().map(|it| it.stamped.msg().to_owned()));
        after = page.upto.map(PacketId::get);
        if page.is_last {
            break;
        }
    }
    assert_eq!(found, (0..count).map(text).collect::<Vec<_>>());
    assert_eq!(site.page(bob, 1, Some(5), 0).packets.len(), 1, "one at the least");
}

#[test]
fn a_key_of_ones_own_is_stored_once_a_day() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let to_bob = (Target::Account(bob), "Bob");
    let of_alice = |text: &str| keyed(post((alice, "alice"), 1, to_bob, text), "k");
    let outcomes = site.store(vec![of_alice("one"), of_alice("one again")]);
    let id = PacketId::new(1).unwrap();
    assert_eq!(outcomes[1], Outcome::Again { id });
    site.restart();
    assert_eq!(site.store(vec![of_alice("one again")]), [Outcome::Again { id }]);
    let of_carol = keyed(post((carol, "carol"), 1, to_bob, "two"), "k");
    assert_eq!(site.keep(of_carol).get(), 2);
    site.pass(24 * 60 * 60 - 1);
    assert_eq!(site.store(vec![of_alice("one again")]), [Outcome::Again { id }]);
    site.pass(1);
    let id = site.keep(of_alice("three"));
    assert_eq!(site.store(vec![of_alice("three again")]), [Outcome::Again { id }]);
    assert_eq!(site.texts(bob, 1, None), ["one", "two", "three"]);
}

#[test]
fn marks_grow_and_tell_what_waits() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let to_bob = (Target::Account(bob), "Bob");
    assert!(!site.is_waiting(bob));
    for text in ["one", "two", "three"] {
        site.keep(post((alice, "alice"), 1, to_bob, text));
    }
    assert!(site.is_waiting(bob) && !site.is_waiting(carol));
    let handed = |site: &mut Site, id| {
        let request = Request::Handed(vec![(bob, PacketId::new(id).unwrap())]);
        site.desk.ask_archive(site.clock, None, request);
        assert!(site.settle().is_empty(), "nobody waits for it");
    };
    handed(&mut site, 2);
    handed(&mut site, 1);
    assert_eq!(site.texts(bob, 1, None), ["three"], "never back");
    site.clock.running += Duration::from_secs(2);
    handed(&mut site, 1 << 50);
    site.restart();
    assert!(!site.is_waiting(bob), "it was written after a while");
    site.keep(post((alice, "alice"), 1, to_bob, "four"));
    assert_eq!(site.texts(bob, 1, None), ["four"], "a mark is no higher than what there was");
}

#[test]
fn what_was_read_is_told_to_all_and_counted() {
    let mut site = Site::new();
    let [alice, bob, carol] = site.three();
    let to_bob = (Target::Account(bob), "Bob");
    for text in ["one", "two", "three"] {
        site.keep(post((alice, "alice"), 1, to_bob, text));
    }
    site.keep(post((bob, "Bob"), 1, (Target::Account(alice), "alice"), "four"));
    site.keep(post((carol, "carol"), 1, (Target::Everyone, "/broadcast"), "five"));
    let unread = |site: &mut Site, account| match site.ask_archive(Request::Unread { account }) {
        (_, Reply::Unread(rows)) => rows
            .iter()
            .map(|row| {
                let read = row.read.map_or(0, PacketId::get);
                (row.conversation.to_string(), read, row.last.get(), row.count)
            })
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let all = ("/broadcast".to_owned(), 0, 5, 1);
    assert_eq!(unread(&mut site, bob), [all.clone(), ("alice".to_owned(), 0, 4, 3)]);
    assert_eq!(unread(&mut site, alice), [all.clone(), ("Bob".to_owned(), 0, 4, 1)]);
    let read = |text: &str, id| Request::Read {
        account: bob,
        conversation: Conversation::With(name(text)),
        id: PacketId::new(id).unwrap(),
    };
    let (news, reply) = site.ask_archive(read("ALICE", 2));
    assert!(matches!(&reply, Reply::Read { conversation, id }
        if &**conversation == "alice" && id.get() == 2));
    assert!(matches!(&news[..], [Notice::Read { account, name, with, id }]
        if *account == bob && name.shown() == "Bob" && *with == alice && id.get() == 2));
    let (news, reply) = site.ask_archive(read("alice", 1));
    assert!(news.is_empty() && matches!(reply, Reply::Read { id, .. } if id.get() == 2));
    site.restart();
    assert_eq!(unread(&mut site, bob), [all, ("alice".to_owned(), 2, 4, 1)]);
    for (request, wanted) in [
        (read("nobody", 1), Failure::NoSuchUser),
        (read("alice", 5), Failure::NoSuchPacket),
        (read("alice", 99), Failure::NoSuchPacket),
        (read("carol", 1), Failure::NoSuchPacket),
    ] {
        let (news, reply) = site.ask_archive(request);
        assert!(news.is_empty() && matches!(reply, Reply::Failed(why) if why == wanted));
    }
}

#[test]
fn on_a_full_disk_packets_are_not_kept_and_no_id_comes_twice() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    let to_bob = (Target::Account(bob), "Bob");
    let long = "x".repeat(10_000);
    site.keep(post((alice, "alice"), 1, to_bob, "one"));
    site.desk.batch.database().fill_disk();
    let posts = (0..50).map(|_| post((alice, "alice"), 1, to_bob, &long)).collect();
    assert_eq!(site.store(posts), [Outcome::NotKept; 50]);
    assert!(site.desk.is_failing());
    let rests = site.store(vec![post((alice, "alice"), 1, to_bob, "two")]);
    assert_eq!(rests, [Outcome::NotKept], "the disk is left alone for a moment");
    assert_eq!(site.texts(bob, 1, None), ["one"], "what there is can be read");
    assert!(site.desk.is_failing(), "reading proves nothing");
    site.clock.running += crate::limits::STORE_REST;
    let id = site.keep(post((alice, "alice"), 1, to_bob, "two"));
    assert!(!site.desk.is_failing() && id.get() > 1);
    assert_eq!(site.texts(bob, 1, None), ["one", "two"]);
}

#[test]
fn who_is_not_there_gets_nothing() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    let nobody = AccountId(NonZeroU32::new(77).unwrap());
    let outcomes = site.store(vec![
        post((alice, "alice"), 1, (Target::Account(nobody), "nobody"), "one"),
        post((nobody, "nobody"), 1, (Target::Account(bob), "Bob"), "two"),
        post((alice, "alice"), 1, (Target::Account(alice), "alice"), "three"),
    ]);
    assert_eq!(outcomes[..2], [Outcome::Gone, Outcome::Gone]);
    assert_eq!(site.texts(alice, 2, None), ["three"], "to oneself");
    site.keep(post((alice, "alice"), 1, (Target::Account(bob), "Bob"), "four"));
    site.order(crate::store::Order::Erase { name: name("bob") });
    let again = site.store(vec![post((alice, "alice"), 1, (Target::Account(bob), "Bob"), "five")]);
    assert_eq!(again, [Outcome::Gone]);
    let bob = site.register("bob", "correct horse", 1);
    assert_eq!(site.texts(bob, 1, None), [""; 0], "whoever has the name reads nothing of it");
    assert_eq!(site.texts(alice, 2, Some(3)), [""; 0]);
}

#[test]
fn what_has_got_its_place_while_somebody_was_erased_gets_it_once() {
    let mut site = Site::new();
    let [alice, bob, _] = site.three();
    let to_bob = (Target::Account(bob), "Bob");
    site.keep(post((alice, "alice"), 1, to_bob, "one"));
    // Who has written nothing.
    site.order(crate::store::Order::Erase { name: name("carol") });
    site.desk.tidy_up(site.clock).unwrap();
    site.restart();
    assert_eq!(crate::store::check(site.place()).unwrap(), [""; 0]);
    let many = (0..crate::limits::LOG_TAIL_MAX).map(|_| post((alice, "alice"), 1, to_bob, "two"));
    let outcomes = site.store(many.collect());
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Stored { .. })));
    let page = site.page(bob, 1, None, 10_000);
    let ids: Vec<_> = page.packets.iter().map(|it| it.id.get()).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert_eq!(crate::store::check(site.place()).unwrap(), [""; 0]);
}

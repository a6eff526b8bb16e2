//! Stored packets against plain lists: whatever is asked in whatever order, through restarts,
//! crashes and full disks. Never: what is known of one packet (`tests_of_posts`).

use super::test_site::{Site, name};
use super::{Answer, Desk};
use crate::accounts::{AccountId, Span};
use crate::archive::{
    Key, Outcome, PacketId, Post, PostBatch, Reply, Request, SessionNumber, Stamped, Target,
};
use crate::store::{Database, Keeping, Order};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const NAMES: [&str; 3] = ["ann", "Zoe", "hugo"];

#[derive(Clone, Debug)]
struct Said {
    from: usize,
    session: u64,
    /// None is everybody.
    to: Option<usize>,
    key: Option<u8>,
    length: usize,
}

#[derive(Clone, Debug)]
enum Step {
    Post(Vec<Said>),
    /// The same, and the process dies before the commit.
    PostAndCrash(Vec<Said>),
    /// The same on a full disk, with replays before and behind it.
    PostInVain(Vec<Said>, usize),
    Replay(usize, u64, Option<u8>, usize),
    Handed(usize, u8),
    Restart,
    Prune(u8),
    Age(u32),
    Erase(usize),
    Pass(u32),
}

fn said() -> impl Strategy<Value = Said> {
    let to = prop::option::weighted(0.8, 0..NAMES.len());
    let key = prop::option::weighted(0.3, 0..4_u8);
    (0..NAMES.len(), 0..3_u64, to, key, 0..300_usize)
        .prop_map(|(from, session, to, key, length)| Said { from, session, to, key, length })
}

fn step() -> impl Strategy<Value = Step> {
    let some = || prop::collection::vec(said(), 1..30);
    let who = 0..NAMES.len();
    prop_oneof![
        4 => some().prop_map(Step::Post),
        1 => some().prop_map(Step::PostAndCrash),
        1 => (some(), who.clone()).prop_map(|(some, who)| Step::PostInVain(some, who)),
        4 => (who.clone(), 0..3_u64, any::<Option<u8>>(), 0..20_000_usize)
            .prop_map(|(who, session, after, most)| Step::Replay(who, session, after, most)),
        1 => (who.clone(), any::<u8>()).prop_map(|(who, id)| Step::Handed(who, id)),
        1 => Just(Step::Restart),
        1 => any::<u8>().prop_map(Step::Prune),
        1 => (0..90_000_u32).prop_map(Step::Age),
        1 => who.prop_map(Step::Erase),
        1 => (0..50_000_u32).prop_map(Step::Pass),
    ]
}

/// A packet as it should be kept.
#[derive(Clone, Debug)]
struct Kept {
    time: i64,
    from: AccountId,
    session: u64,
    to: Option<AccountId>,
    wire: Vec<u8>,
}

struct Both {
    site: Site,
    /// Their accounts, and the id handed out last when each was made.
    accounts: [(AccountId, u64); 3],
    kept: BTreeMap<u64, Kept>,
    keys: BTreeMap<(AccountId, u8), (u64, i64)>,
    marks: BTreeMap<AccountId, u64>,
    /// Every id that was ever handed out, and the last of those that count.
    ids: BTreeSet<u64>,
    last: u64,
}

impl Both {
    fn new() -> Self {
        let mut site = Site::new();
        let accounts = NAMES.map(|name| (site.register(name, "correct horse", 1), 0));
        Self {
            site,
            accounts,
            kept: BTreeMap::new(),
            keys: BTreeMap::new(),
            marks: BTreeMap::new(),
            ids: BTreeSet::new(),
            last: 0,
        }
    }

    fn batch(&self, some: &[Said]) -> PostBatch<()> {
        let posts = some.iter().map(|said| {
            let (from, to) = (self.accounts[said.from].0, said.to.map(|to| self.accounts[to].0));
            let shown = said.to.map_or("/broadcast", |to| NAMES[to]);
            let text = "t".repeat(said.length);
            Post {
                sender: Some((from, SessionNumber(said.session))),
                target: to.map_or(Target::Everyone, Target::Account),
                packet: Stamped::new(NAMES[said.from], "::1", shown, &text),
                key: said.key.and_then(|key| Key::parse(&key.to_string())),
                what: (),
            }
        });
        PostBatch::new(posts.collect())
    }

    fn post(&mut self, some: &[Said]) {
        let batch = self.batch(some);
        self.site.desk.post(self.site.clock, 0, &batch);
        let answer = self.site.settle().remove(0).answer;
        let Answer::Posted(outcomes) = answer else { panic!("{answer:?}") };
        self.kept(some, &batch, &outcomes);
    }

    /// What was said is kept, but for what was said before.
    fn kept(&mut self, some: &[Said], batch: &PostBatch<()>, outcomes: &[Outcome]) {
        assert_eq!(outcomes.len(), some.len());
        let now = self.site.clock.micros.0;
        for ((said, post), outcome) in some.iter().zip(&batch.posts).zip(outcomes) {
            let from = self.accounts[said.from].0;
            let used = said.key.and_then(|key| self.keys.get(&(from, key)).copied());
            let used = used.filter(|(_, time)| now - time < 24 * 60 * 60 * 1_000_000);
            match (outcome, used) {
                (Outcome::Again { id }, Some((first, _))) => assert_eq!(id.get(), first),
                (Outcome::Stored { id, time }, None) => {
                    assert!(id.get() > self.last && self.ids.insert(id.get()), "{id:?} again");
                    self.last = id.get();
                    let to = said.to.map(|to| self.accounts[to].0);
                    let wire = post.packet.bytes().to_vec();
                    let kept = Kept { time: time.0, from, session: said.session, to, wire };
                    self.kept.insert(id.get(), kept);
                    if let Some(key) = said.key {
                        self.keys.insert((from, key), (id.get(), now));
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// All that a session should get behind an id.
    fn wanted(&self, who: usize, session: u64, after: u64) -> Vec<(u64, Vec<u8>)> {
        let (account, since) = self.accounts[who];
        let concerns = |(id, kept): &(&u64, &Kept)| {
            let is_its = match kept.to {
                Some(to) => to == account || kept.from == account,
                None => **id > since,
            };
            **id > after && is_its && (kept.from, kept.session) != (account, session)
        };
        self.kept.iter().filter(concerns).map(|(id, kept)| (*id, kept.wire.clone())).collect()
    }

    fn replay(&mut self, who: usize, session: u64, after: Option<u8>, most: usize) {
        let account = self.accounts[who].0;
        let mark = self.marks.get(&account).copied().unwrap_or(0);
        let from = after.map_or(mark, |after| u64::from(after).max(1));
        let wanted = self.wanted(who, session, from);
        let mut asked = after.map(|_| from);
        let mut found = Vec::new();
        loop {
            let session = SessionNumber(session);
            let request = Request::Replay { account, session, after: asked, bytes_max: most };
            self.site.desk.ask_archive(self.site.clock, Some(0), request);
            let answer = self.site.settle().remove(0).answer;
            let Answer::Archive(Reply::Replay(page)) = answer else { panic!("{answer:?}") };
            let lines = page.packets.iter();
            found.extend(lines.map(|it| (it.id.get(), it.stamped.bytes().to_vec())));
            asked = page.upto.map(PacketId::get);
            if page.is_last {
                assert_eq!(asked.unwrap_or_default(), self.last);
                break;
            }
            assert!(!page.packets.is_empty(), "one at the least");
        }
        assert_eq!(found, wanted);
        let request = Request::Waiting { account };
        self.site.desk.ask_archive(self.site.clock, Some(0), request);
        let answer = self.site.settle().remove(0).answer;
        let Answer::Archive(Reply::Waiting(first)) = answer else { panic!("{answer:?}") };
        let waiting = self.wanted(who, u64::MAX, mark);
        assert_eq!(first.map(PacketId::get), waiting.first().map(|(id, _)| *id));
    }

    /// What was not written is gone, but for ids.
    fn reopened(&mut self) {
        self.site.restart();
        let most = Keeping::default();
        self.site.desk.keep(most);
    }

    fn tidy(&mut self, keeping: Keeping) {
        self.site.desk.keep(keeping);
        // The round is due.
        self.site.clock.running += Duration::from_secs(60);
        assert!(self.site.desk.tidy(self.site.clock).is_none());
        self.site.desk.tidy_up(self.site.clock).unwrap();
        self.site.desk.keep(Keeping::default());
    }

    /// Packets kept, and their bytes, read again where that has to be.
    fn figures(&mut self) -> (u64, u64) {
        let account = self.accounts[0].0;
        self.site.desk.ask_archive(self.site.clock, Some(0), Request::Waiting { account });
        self.site.settle();
        self.site.desk.kept().unwrap()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Post(some) => self.post(&some),
            Step::PostAndCrash(some) => {
                let batch = self.batch(&some);
                self.site.desk.post(self.site.clock, 0, &batch);
                self.reopened();
            }
            Step::PostInVain(mut some, who) => {
                some.iter_mut().for_each(|said| said.length += 5_000);
                // Keys that are used need no room.
                some.iter_mut().for_each(|said| said.key = None);
                self.site.desk.batch.database().fill_disk();
                let batch = self.batch(&some);
                self.site.desk.post(self.site.clock, 0, &batch);
                let done = self.site.settle().remove(0).answer;
                let Answer::Posted(outcomes) = done else { panic!("{done:?}") };
                if outcomes[0] == Outcome::NotKept {
                    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::NotKept));
                    self.replay(who, 7, None, 1_000);
                    self.site.clock.running += crate::limits::STORE_REST;
                } else {
                    // Something was removed, which has made room.
                    self.kept(&some, &batch, &outcomes);
                    self.reopened();
                }
            }
            Step::Replay(who, session, after, most) => self.replay(who, session, after, most),
            Step::Handed(who, id) => {
                let (account, id) = (self.accounts[who].0, u64::from(id).max(1));
                let request = Request::Handed(vec![(account, PacketId::new(id).unwrap())]);
                self.site.desk.ask_archive(self.site.clock, None, request);
                assert!(self.site.settle().is_empty());
                if self.last > 0 {
                    let mark = self.marks.entry(account).or_insert(0);
                    *mark = (*mark).max(id.min(self.last));
                }
                // So that it outlives a crash.
                assert!(self.site.desk.finish().is_none());
            }
            Step::Restart => self.reopened(),
            Step::Prune(percent) => {
                let (_, bytes) = self.figures();
                let most = bytes * u64::from(percent) / 255;
                self.tidy(Keeping { keep: Span::Forever, bytes_max: Some(most) });
                let (packets, bytes) = self.figures();
                assert!(bytes <= most);
                while self.kept.len() as u64 > packets {
                    self.kept.pop_first();
                }
            }
            Step::Age(seconds) => {
                let keep = Span::Seconds(u64::from(seconds) + 1);
                self.tidy(Keeping { keep, bytes_max: None });
                let before = self.site.clock.micros.0 - (i64::from(seconds) + 1) * 1_000_000;
                self.kept.retain(|_, kept| kept.time >= before);
                assert_eq!(self.figures().0, self.kept.len() as u64);
            }
            Step::Erase(who) => {
                let account = self.accounts[who].0;
                self.site.order(Order::Erase { name: name(NAMES[who]) });
                let is_of = |kept: &Kept| kept.from == account || kept.to == Some(account);
                self.kept.retain(|_, kept| !is_of(kept));
                let other = (who + 1) % NAMES.len();
                self.replay(other, 7, Some(1), 5_000);
                self.tidy(Keeping::default());
                assert_eq!(self.figures().0, self.kept.len() as u64);
                let since = self.last;
                self.accounts[who] = (self.site.register(NAMES[who], "correct horse", 1), since);
            }
            Step::Pass(seconds) => self.site.pass(u64::from(seconds)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_log_does_as_plain_lists_would(steps in prop::collection::vec(step(), 1..30)) {
        let mut both = Both::new();
        for step in steps {
            both.take(step);
        }
        for who in 0..NAMES.len() {
            both.replay(who, 7, Some(1), 3_000);
        }
        let site = both.site.place();
        drop(Desk::<u32>::new(Database::open(site).unwrap()));
        assert_eq!(crate::store::check(site).unwrap(), [""; 0]);
    }
}

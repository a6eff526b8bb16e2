//! The second step of a login: a name's skeletons are claimed at other workers,
//! and meanwhile something happens.

use crate::cluster::{Cluster, Who, packet, unpaced};
use lanline::chat::{Code, Ended, Settings, Shard};
use lanline::limits;
use std::time::Duration;

/// A Cyrillic name whose skeleton has another home, the ASCII name that it is
/// confusable with, and their homes.
struct Twins {
    cyrillic: String,
    ascii: String,
    home: usize,
    elsewhere: usize,
}

impl Twins {
    fn find() -> Self {
        (2..100).find_map(Self::try_number).expect("half of them will do")
    }

    fn try_number(number: usize) -> Option<Self> {
        let (cyrillic, ascii) = (format!("оо{number}"), format!("oo{number}"));
        let mut cluster = Cluster::unpaced(2);
        let home = |cluster: &mut Cluster, name: &str| {
            let who = cluster.join(name);
            let home = cluster.home(who);
            cluster.end(who, Ended::Reset);
            home
        };
        let (home, elsewhere) = (home(&mut cluster, &cyrillic), home(&mut cluster, &ascii));
        (home != elsewhere).then_some(Self { cyrillic, ascii, home, elsewhere })
    }

    /// A cluster in which the Cyrillic name has greeted, with these bytes behind the
    /// name, and its claim is under way.
    fn claiming(&self, settings: Settings, behind: &[u8]) -> (Cluster, Who) {
        let mut cluster = Cluster::new(2, settings);
        cluster.held_messages = vec![self.elsewhere];
        let who = cluster.connect(self.home);
        cluster.name(who, &self.cyrillic);
        cluster.write(who, &[self.cyrillic.as_bytes(), b"\n", behind].concat());
        assert_eq!(cluster.heard(who), []);
        (cluster, who)
    }
}

fn release(cluster: &mut Cluster) {
    cluster.held_messages.clear();
    cluster.run();
}

fn is_vacant(cluster: &Cluster) -> bool {
    cluster.shards.iter().all(Shard::is_vacant)
}

#[test]
fn packets_sent_while_a_claim_is_under_way_wait_for_the_welcome() {
    let twins = Twins::find();
    let ping = |text: &str| packet(&twins.cyrillic, "/ping", text);
    let (mut cluster, who) = twins.claiming(unpaced(), &ping("first"));
    cluster.write(who, &ping("second"));
    assert!(!cluster.wants_bytes(who));
    // The name is not reachable yet, but taken.
    let (_, name) = Cluster::unpaced(2).join_at(twins.home);
    let bob = cluster.connect(twins.home);
    cluster.name(bob, &name);
    cluster.write(bob, format!("{name}\n").as_bytes());
    assert_eq!(cluster.only(bob).from, "/welcome");
    cluster.say(bob, &twins.cyrillic, "hello");
    assert_eq!(cluster.refused(bob), (1, Code::NoSuchUser));
    let late = cluster.connect(twins.home);
    cluster.write(late, format!("{}\n", twins.cyrillic).as_bytes());
    assert_eq!(cluster.refused(late), (0, Code::NameTaken));
    release(&mut cluster);
    let texts = cluster.texts(who);
    assert_eq!((texts.len(), &*texts[1], &*texts[2]), (3, "first", "second"));
}

#[test]
fn a_connection_that_ends_while_its_claim_is_under_way_releases_all() {
    let twins = Twins::find();
    for how in [Ended::Reset, Ended::Politely] {
        for claim_comes_first in [false, true] {
            let (mut cluster, who) = twins.claiming(unpaced(), b"");
            if claim_comes_first {
                // Granted, and the reply is under way.
                cluster.held_messages = vec![twins.home];
                cluster.run();
            }
            cluster.end(who, how);
            assert!(!is_vacant(&cluster));
            release(&mut cluster);
            assert!(cluster.is_closed(who) && is_vacant(&cluster), "{how:?}");
        }
    }
}

#[test]
fn packets_before_a_reset_are_delivered_once_the_name_is_claimed() {
    let twins = Twins::find();
    let direct = packet(&twins.cyrillic, "bob", "the last packet");
    let (mut cluster, who) = twins.claiming(unpaced(), &direct);
    cluster.held_messages.clear();
    let bob = cluster.connect(0);
    cluster.receive(bob, b"bob\n");
    cluster.end(who, Ended::Reset);
    let heard = cluster.heard(bob);
    assert!(heard.iter().any(|heard| heard.msg == "the last packet"), "{heard:?}");
}

#[test]
fn who_ends_its_stream_behind_a_bare_name_is_welcomed_once_that_is_claimed() {
    let twins = Twins::find();
    for shuts_at_once in [false, true] {
        let mut cluster = Cluster::unpaced(2);
        cluster.held_messages = vec![twins.elsewhere];
        let who = cluster.connect(twins.home);
        cluster.write(who, twins.cyrillic.as_bytes());
        if !shuts_at_once {
            cluster.pass(limits::BARE_NAME_SILENCE);
        }
        cluster.end(who, Ended::Politely);
        assert!(cluster.heard(who).is_empty() && !cluster.is_closed(who));
        release(&mut cluster);
        assert_eq!(cluster.only(who).from, "/welcome");
        assert!(cluster.is_closed(who) && is_vacant(&cluster));
    }
}

#[test]
fn of_two_confusable_names_the_first_at_the_skeletons_home_wins() {
    let twins = Twins::find();
    let (mut cluster, late) = twins.claiming(unpaced(), b"");
    let first = cluster.connect(twins.elsewhere);
    cluster.name(first, &twins.ascii);
    cluster.write(first, format!("{}\n", twins.ascii).as_bytes());
    assert_eq!(cluster.only(first).from, "/welcome");
    release(&mut cluster);
    let refused = cluster.only(late);
    assert_eq!((refused.refusal(), &*refused.to), ((0, "name-taken"), ""));
    assert!(cluster.is_shut(late));
    cluster.end(late, Ended::Politely);
    cluster.end(first, Ended::Politely);
    assert!(is_vacant(&cluster));
}

#[test]
fn a_confusable_name_is_free_once_the_close_is_seen() {
    let twins = Twins::find();
    let mut cluster = Cluster::unpaced(2);
    let leaver = cluster.join(&twins.cyrillic);
    cluster.held_messages = vec![twins.elsewhere];
    cluster.say(leaver, "/quit", "");
    assert_eq!(cluster.heard(leaver), [], "its skeleton is not free yet");
    assert!(!cluster.is_shut(leaver));
    release(&mut cluster);
    assert_eq!(cluster.only(leaver).msg, "bye");
    cluster.join(&twins.ascii);
}

#[test]
fn a_claim_without_a_reply_is_refused_at_its_timeout() {
    let twins = Twins::find();
    let settings = Settings { greeting_timeout: Duration::from_secs(1), ..unpaced() };
    let (mut cluster, who) = twins.claiming(settings, b"");
    cluster.pass_to_the_end(limits::QUERY_TIMEOUT, |cluster| {
        assert_eq!(cluster.heard(who), [], "it has greeted in time");
    });
    assert_eq!(cluster.refused(who), (0, Code::GreetingTimeout));
    cluster.end(who, Ended::Politely);
    release(&mut cluster);
    assert!(is_vacant(&cluster));
}

/// Of 1,024 names with the same skeleton each login costs the same few messages.
#[test]
fn a_login_among_many_look_alikes_costs_as_much_as_any() {
    let mut cluster = Cluster::unpaced(4);
    let mut most = 0;
    for number in 0..1024_u32 {
        let letter = |bit: u32| if number >> bit & 1 == 1 { '1' } else { 'l' };
        let name: String = (0..10).map(letter).collect();
        let before = cluster.messages_sent;
        cluster.join(&name);
        most = most.max(cluster.messages_sent - before);
        cluster.pass(Duration::ZERO);
    }
    assert!(most <= 3, "moves home, claims, is granted: {most}");
    let work = cluster.shards.iter().map(|shard| shard.work_peaks().1).max();
    assert!(work.unwrap() < 256, "of a tick with one login: {work:?}");
}

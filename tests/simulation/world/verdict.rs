//! The oracle's checks when all work is done: whether each packet that was handled
//! reached all its recipients or was refused to its sender.

use super::cluster::Cluster;
use super::ledger::Ledger;
use super::peer::{At, Ending, Item, Peer, What, key, room_key};

/// Which refusals a sender must have got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Is still here and reads: all.
    Here,
    /// Left in order: all but those that came after that.
    LeftInOrder,
    /// Its connection or its queue is gone: none, but what it had sent is delivered all the same.
    Lost,
    /// Was removed: what it had sent and was not handled may be lost as well.
    ThrownOut,
}

/// Checks the outcomes of all packets that were handled.
pub(super) fn judge(ledger: &Ledger) {
    for (number, peer) in ledger.peers.iter().enumerate() {
        if peer.user.is_none() {
            let heard = peer.items.iter().any(|item| !item.delivered.is_empty());
            assert!(!heard || peer.refused.is_none(), "peer {number} was refused and heard");
            continue;
        }
        let standing = standing(peer);
        let handled = handled(peer);
        for (at, item) in peer.items[..handled].iter().enumerate() {
            let what = format!("packet {} of peer {number} ({standing:?})", at + 1);
            judge_item(ledger, number, item, standing, &what);
        }
    }
}

fn standing(peer: &Peer) -> Standing {
    let here = matches!(peer.at, At::Shard(..)) && peer.reads;
    if peer.broken || peer.ending == Some(Ending::Reset) || peer.emptied {
        Standing::Lost
    } else if peer.thrown_out_at.is_some() {
        Standing::ThrownOut
    } else if here && peer.shut.is_some() {
        // Its sending half is closed: refusals can't be sent any more.
        Standing::LeftInOrder
    } else if here && peer.torn.is_empty() && !peer.watched_for_room {
        Standing::Here
    } else if peer.at == At::Closed {
        Standing::LeftInOrder
    } else {
        Standing::Lost
    }
}

/// How many of its items were handled for sure.
fn handled(peer: &Peer) -> usize {
    let seen = |item: &Item| {
        let sent = !item.delivered.is_empty() || !item.bounced.is_empty() || item.nobody;
        sent || item.done_at.is_some()
    };
    if let Some(step) = peer.thrown_out_at {
        // What was read before it was removed, though it was paused; but not what
        // was behind a `/kick` of itself.
        let own = |item: &Item| {
            item.to == "/kick" && key(item.msg.split(' ').next().unwrap()) == key(peer.real_name())
        };
        let before = |item: &&Item| {
            !item.after_all && !own(item) && item.taken_at.is_some_and(|taken| taken < step)
        };
        let waited = peer.items.iter().take_while(before).count();
        return peer.items.iter().rposition(seen).map_or(0, |last| last + 1).max(waited);
    }
    let taken = |item: &&Item| item.taken_at.is_some() && !item.after_all;
    peer.items.iter().take_while(taken).count()
}

fn judge_item(ledger: &Ledger, sender: usize, item: &Item, standing: Standing, what: &str) {
    let told = matches!(standing, Standing::Here | Standing::LeftInOrder);
    if told && item.is_in_order() {
        assert!(item.done_at.is_some(), "{what} got no answer: {:?} {:?}", item.to, item.msg);
    }
    let outcomes = item.delivered.len() + item.bounced.len() + usize::from(item.nobody);
    match &item.what {
        What::Direct { key } => {
            let one_left = || {
                let was = |peer: &Peer| {
                    let name = peer.greeting.name.as_ref().map(|name| name.key());
                    name == Some(key) && (peer.may_have_left || ledger.stopping)
                };
                ledger.peers.iter().any(was)
            };
            let fine = match standing {
                Standing::Here => outcomes == 1,
                Standing::LeftInOrder => outcomes == 1 || one_left(),
                _ => outcomes <= 1,
            };
            assert!(fine, "{what} has {outcomes} outcomes: {:?} for {key}", item.msg);
        }
        What::Broadcast => match item.count {
            Some(count) => {
                let left = ledger.peers.iter().filter(|peer| peer.may_have_left).count();
                let fine = match standing {
                    Standing::Here => outcomes == count,
                    _ if ledger.stopping => outcomes <= count,
                    Standing::LeftInOrder => outcomes <= count && outcomes + left >= count,
                    _ => outcomes <= count,
                };
                assert!(fine, "{what}: {outcomes} outcomes for {count}: {:?}", item.msg);
            }
            None => {
                let refused = item.done_at.is_some();
                assert!(!refused || outcomes == 0, "{what}: refused and broadcast");
            }
        },
        What::RoomMessage { member: true, .. } => {}
        _ => assert_eq!(outcomes, 0, "{what} was for nobody"),
    }
    for (number, peer) in ledger.peers.iter().enumerate() {
        if is_surely_for(item, sender, number, peer) {
            let delivered = item.delivered.contains(&number);
            // One sender may have half of a queue.
            let fits =
                peer.queue_bytes_peak + item.stamped_bytes_max() <= ledger.queue_bytes_max / 2;
            let refused = item.bounced.contains_key(peer.shown());
            let fine = delivered
                || !fits && !told
                || refused && (!fits || ledger.stopping)
                || ledger.stopping && !told;
            assert!(fine, "{what} never came to peer {number}: {:?}", item.msg);
        }
    }
}

/// Whether it was for a user who was here all the time.
fn is_surely_for(item: &Item, sender: usize, number: usize, peer: &Peer) -> bool {
    let Some(taken) = item.taken_at else { return false };
    let since = peer.user.as_ref().map_or(u64::MAX, |user| user.since);
    if since >= taken || peer.may_have_left || standing(peer) != Standing::Here {
        return false;
    }
    match &item.what {
        What::Direct { key } => peer.has_key(key),
        What::RoomMessage { room, member: true } => {
            number != sender && peer.is_member_since(room, taken)
        }
        What::Broadcast => number != sender && item.count.is_some(),
        _ => false,
    }
}

/// Checks that the counters agree, and that idle connections own no buffers.
pub(super) fn judge_cluster(ledger: &Ledger, cluster: &Cluster) {
    let counters = &cluster.counters;
    assert_eq!(counters.sum(|counters| &counters.packets_out), ledger.packets_written);
    assert_eq!(counters.sum(|counters| &counters.bytes_out), ledger.bytes_written);
    assert_eq!(counters.sum(|counters| &counters.bytes_in), ledger.bytes_taken);
    for (number, peer) in ledger.peers.iter().enumerate() {
        if peer.at == At::Closed {
            continue;
        }
        assert!(peer.is_surely_here(), "peer {number} has left and is not closed");
        assert!(!peer.reads || !peer.has_something_to_read(), "peer {number} is not heard");
        let torn = peer.items.last().is_some_and(|item| item.at_end);
        let kept = cluster.kept_bytes(peer.at);
        assert!(kept == 0 || torn, "peer {number} is idle and owns {kept} bytes");
    }
    assert!(cluster.is_flushed(), "something waits for a socket that takes everything");
    let users = ledger.peers.iter().filter(|peer| peer.is_surely_here()).count();
    assert_eq!(counters.users(), users, "users in the counters");
}

/// Checks that the lists name exactly those who are here.
pub(super) fn judge_lists(ledger: &Ledger, prober: &Peer) {
    assert!(prober.user.is_some(), "a newcomer is not welcomed");
    let lines = |endpoint: &str| {
        let of = prober.listed.iter().filter(|(from, _)| from == endpoint);
        of.map(|(_, line)| line.clone()).collect::<Vec<_>>()
    };
    let here: Vec<&Peer> = ledger.peers.iter().filter(|peer| peer.is_surely_here()).collect();
    let mut names: Vec<(&str, &str)> = here
        .iter()
        .filter_map(|peer| peer.user.as_ref())
        .map(|user| (&*user.key, &*user.shown))
        .collect();
    names.sort_unstable();
    let names: Vec<&str> = names.into_iter().map(|(_, shown)| shown).collect();
    assert_eq!(lines("/list"), names, "the list of users");
    let mut rooms = std::collections::BTreeMap::new();
    for room in here.iter().flat_map(|peer| &peer.rooms) {
        *rooms.entry(room.clone()).or_insert(0) += 1;
    }
    let listed = lines("/rooms").into_iter().map(|line| {
        let (name, members) = line.rsplit_once(' ').unwrap();
        (room_key(name).unwrap(), members.parse::<i32>().unwrap())
    });
    assert_eq!(listed.collect::<Vec<_>>(), rooms.into_iter().collect::<Vec<_>>(), "the rooms");
    let members = prober.items.iter().filter(|item| item.to == "/members");
    let mut expected = Vec::new();
    for item in members {
        let room = room_key(&item.msg).unwrap();
        let mut users: Vec<_> = here
            .iter()
            .filter(|peer| peer.rooms.contains(&room))
            .filter_map(|peer| peer.user.as_ref())
            .collect();
        users.sort_unstable_by_key(|user| &user.key);
        expected.extend(users.into_iter().map(|user| user.shown.clone()));
    }
    assert_eq!(lines("/members"), expected, "the members of all rooms");
}

//! The oracle's state: the peers, what each socket took, and whether users' packets
//! are correct. The server's own packets are checked by `answers`, the outcomes at
//! the end by `verdict`.

use super::peer::{At, Ending, Peer, What};
use super::setting::Setting;
use super::trace;
use lanline::chat::{Code, Moment};
use lanline::chat::{LookAlikes, Report};
use lanline::limits;
use lanline::wire::Name;
use lanline::wire::confusables::{skeletons_of, upper_skeleton_of};
use serde_json::Value;
use std::net::IpAddr;
use std::time::Duration;

/// The state of the whole world, as the oracle knows it.
pub(super) struct Ledger {
    pub peers: Vec<Peer>,
    pub step: u64,
    pub now: Moment,
    pub packet_bytes_max: usize,
    pub queue_bytes_max: usize,
    /// Units of work for one client before another is heard, and in one tick.
    work_max: (u32, u32),
    /// The shortest greeting timeout that any worker has had.
    pub greeting_timeout_min: Duration,
    pub look_alikes: LookAlikes,
    pub broadcast_distance: bool,
    /// The server is stopping: pauses don't count any more.
    pub stopping: bool,
    /// Recipients for whom `busy` was sent in this tick, and for how many bytes.
    pub(super) said_busy: Vec<(String, usize)>,
    pub packets_written: u64,
    pub bytes_written: u64,
    pub bytes_taken: u64,
}

/// A packet as a socket took it.
pub(super) struct Line<'a> {
    pub name: &'a str,
    pub ip: &'a str,
    pub to: &'a str,
    pub msg: &'a str,
}

impl Ledger {
    pub(super) fn new(setting: &Setting) -> Self {
        Self {
            peers: Vec::new(),
            step: 0,
            now: Moment(1),
            packet_bytes_max: setting.settings.packet_bytes_max,
            queue_bytes_max: setting.settings.queue_bytes_max,
            work_max: work_max(setting),
            greeting_timeout_min: setting.settings.greeting_timeout,
            look_alikes: setting.settings.look_alikes,
            broadcast_distance: !setting.settings.broadcast_interval.is_zero(),
            stopping: false,
            said_busy: Vec::new(),
            packets_written: 0,
            bytes_written: 0,
            bytes_taken: 0,
        }
    }

    /// A queue as its shard has it before it is flushed: checks that all new packets
    /// are within the bounds.
    pub(super) fn queue_seen(&mut self, number: usize, queue: &[u8]) {
        let limit = self.queue_bytes_max;
        let peer = &mut self.peers[number];
        peer.queue_bytes_peak = peer.queue_bytes_peak.max(queue.len());
        let known = peer.queue_end.saturating_sub(peer.written);
        peer.queue_end = peer.written + queue.len();
        if known > queue.len() || peer.may_have_left || self.stopping {
            let emptied = peer.may_have_left || self.stopping;
            assert!(
                emptied,
                "peer {number}: {} bytes vanished from its queue",
                known - queue.len()
            );
            return;
        }
        let mut answers_over = 0;
        let mut ahead = known;
        for line in queue[known..].split_inclusive(|&byte| byte == b'\n') {
            assert!(line.ends_with(b"\n"), "peer {number}: half a packet was queued");
            let over = ahead > 0 && ahead + line.len() > limit;
            match server_name(line) {
                None | Some("/joined" | "/left") => {
                    assert!(!over, "peer {number}: queued over its bound: {}", shown(line));
                }
                Some("/error" | "/kick") => {}
                Some(_) => answers_over += usize::from(ahead > limit && is_new_answer(line)),
            }
            ahead += line.len();
        }
        assert!(
            answers_over <= 1,
            "peer {number} was heard while its own queue was over the bound"
        );
    }

    /// A socket took these bytes.
    pub(super) fn wrote(&mut self, number: usize, bytes: &[u8]) {
        self.bytes_written += bytes.len() as u64;
        let peer = &mut self.peers[number];
        assert!(peer.at != At::Closed, "peer {number}: bytes for a closed connection");
        assert!(peer.shut.is_none(), "peer {number}: bytes behind the end of the stream");
        peer.written += bytes.len();
        peer.unread += bytes.len();
        peer.torn.extend_from_slice(bytes);
        while let Some(end) = self.peers[number].torn.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.peers[number].torn.drain(..=end).collect();
            self.packets_written += 1;
            trace::note(|| format!("    peer {number} gets {}", shown(&line)));
            self.line(number, &line);
        }
    }

    fn line(&mut self, number: usize, line: &[u8]) {
        let value: Value = serde_json::from_slice(line).unwrap_or_else(|error| {
            panic!("peer {number} got no packet: {error}: {}", shown(line))
        });
        let text = |value: &'_ Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let (name, ip) = (text(&value["from"]["name"]), text(&value["from"]["ip"]));
        let (to, msg) = (text(&value["to"]), text(&value["msg"]));
        let order = line.starts_with(b"{\"from\":{\"name\":\"") && line.ends_with(b"\"}\n");
        assert!(order, "not written as the protocol says: {}", shown(line));
        let line = Line { name: &name, ip: &ip, to: &to, msg: &msg };
        if name.starts_with('/') {
            self.server_said(number, &line);
        } else {
            self.user_said(number, &line);
        }
    }

    /// Checks a packet from a user: stamped right, unchanged, in order, once, and
    /// to the right recipient.
    fn user_said(&mut self, number: usize, line: &Line<'_>) {
        let tag = || line.msg.split(' ').next()?.rsplit_once(':');
        let (ip, ordinal) = tag().unwrap_or_else(|| panic!("whose is {:?}", line.msg));
        let from: IpAddr = ip.parse().unwrap();
        let ordinal: usize = ordinal.parse().unwrap();
        let sender = self.peers.iter().position(|peer| peer.ip == from).unwrap();
        let recipient = &self.peers[number];
        let user = recipient.user.as_ref().expect("nothing comes before the welcome").clone();
        assert!(!recipient.bye, "peer {number} hears of others behind its bye");
        let by = &self.peers[sender];
        assert_eq!((line.name, line.ip), (by.real_name(), ip), "the stamp of {:?}", line.msg);
        let item = &by.items[ordinal - 1];
        assert_eq!((line.to, line.msg), (&*item.to, &*item.msg), "changed on its way");
        assert!(item.taken_at.is_some() && !item.after_all, "never sent: {:?}", line.msg);
        match &item.what {
            What::Direct { key } => {
                assert_eq!(*key, user.key, "peer {number} got what isn't for it");
                let once = item.delivered.is_empty() && item.bounced.is_empty();
                assert!(once && !item.nobody, "a second outcome for {:?}", line.msg);
            }
            What::RoomMessage { room, member: true } => {
                assert!(sender != number, "a room message to oneself");
                assert!(recipient.may_hear_room(room), "peer {number} isn't in #{room}");
            }
            What::Broadcast => assert!(sender != number, "a broadcast to oneself"),
            what => panic!("delivered, and it is {what:?}: {:?}", line.msg),
        }
        assert!(!item.bounced.contains_key(&user.shown), "delivered and refused");
        let item = &mut self.peers[sender].items[ordinal - 1];
        assert!(item.delivered.insert(number), "peer {number} got {:?} twice", line.msg);
        let last = self.peers[number].heard.insert(sender, ordinal);
        assert!(last < Some(ordinal), "peer {number} got {ordinal} of {sender} behind {last:?}");
    }

    /// At the end of a tick: checks the most work that was ever done for one client in a
    /// row, and in one tick.
    pub(super) fn check_work(&self, (quantum, tick): (u32, u32)) {
        let (quantum_max, tick_max) = self.work_max;
        assert!(quantum <= quantum_max, "{quantum} units of work for one client of {quantum_max}");
        assert!(tick <= tick_max, "{tick} units of work in one tick of {tick_max}");
    }

    /// At the end of a tick: each queue for which `busy` was sent was full, or its
    /// client may have left.
    pub(super) fn check_said_busy(&mut self) {
        for (name, bytes) in self.said_busy.drain(..) {
            let could = self.peers.iter().any(|peer| {
                let full = peer.queue_bytes_peak + bytes > self.queue_bytes_max / 2;
                peer.real_name() == name && (full || peer.may_have_left || self.stopping)
            });
            assert!(could, "busy {name} without a reason");
        }
    }

    /// A shard's report for the log.
    pub(super) fn reported(&mut self, report: &Report) {
        assert!(!matches!(report, Report::QueryTimedOut { .. }), "a reply that never came");
        let (Report::Closed { peer: ip, .. }
        | Report::Stuck { peer: ip, .. }
        | Report::Kicked { peer: ip, .. }
        | Report::Operator { peer: ip, .. }
        | Report::WrongToken { peer: ip, .. }) = report
        else {
            return;
        };
        let number = self.peers.iter().position(|peer| peer.ip == *ip).unwrap();
        trace::note(|| format!("    report {report:?} (peer {number})"));
        if let Report::Closed { code: Code::NameTaken, .. } = report {
            let greeted_at = self.peers[number].greeted_at;
            let wanted = self.peers[number].greeting.name.as_ref().unwrap();
            let holds = |(other, peer): (usize, &Peer)| {
                let Some(name) = &peer.greeting.name else { return false };
                let same = name.key() == wanted.key() && peer.at != At::Closed;
                // The skeletons of a lost connection may be released after its close.
                let lost = peer.ending == Some(Ending::Reset) || peer.thrown_out_at.is_some();
                let ascii_too = self.look_alikes != LookAlikes::Unicode;
                // A skeleton was refused, and its holder closed before the reply came.
                let was_here = peer.closed_at.is_none_or(|closed| Some(closed) >= greeted_at);
                let alike = look_alike(name, wanted, ascii_too) && (was_here || lost);
                other != number && (same || alike) && peer.taken > 0
            };
            let held = self.peers.iter().enumerate().any(holds);
            assert!(held, "nobody holds the name {}", wanted.shown());
        }
        let peer = &mut self.peers[number];
        if let Report::Stuck { name, .. } = report {
            peer.stuck_as = Some(name.to_string());
        }
        match report {
            Report::Closed { .. } => peer.may_have_left = true,
            Report::Stuck { .. } | Report::Kicked { .. } => {
                peer.may_have_left = true;
                peer.thrown_out_at.get_or_insert(self.step);
                peer.kicks_due += usize::from(matches!(report, Report::Kicked { .. }));
            }
            _ => {}
        }
    }

    /// The server closes a connection: once, and when there is a reason.
    pub(super) fn closed(&mut self, number: usize) {
        let peer = &mut self.peers[number];
        trace::note(|| format!("    peer {number} is closed"));
        assert!(peer.at != At::Closed, "peer {number} is closed twice");
        let heard_out = peer.shut.is_some_and(|shut| shut.after(limits::LINGER) <= self.now);
        let reason = peer.ending_taken || peer.broken || peer.thrown_out_at.is_some() || heard_out;
        assert!(reason, "peer {number} is closed before its queue is flushed");
        peer.at = At::Closed;
        peer.closed_at = Some(self.now);
    }
}

/// Whether two different names are confusable (UTS #39); two of plain ASCII only with
/// `ascii_too`.
pub(super) fn look_alike(one: &Name, other: &Name, ascii_too: bool) -> bool {
    let skeletons = |name: &Name| {
        let upper = upper_skeleton_of(name.shown(), name.key()).filter(|_| ascii_too);
        skeletons_of(name.shown(), name.key()).chain(upper).collect::<Vec<_>>()
    };
    let (one_has, other_has) = (skeletons(one), skeletons(other));
    let ascii = one.shown().is_ascii() && other.shown().is_ascii();
    (ascii_too || !ascii) && one_has.iter().any(|skeleton| other_has.contains(skeleton))
}

/// The endpoint that a packet is from.
fn server_name(line: &[u8]) -> Option<&str> {
    let rest = line.strip_prefix(b"{\"from\":{\"name\":\"/")?;
    let end = rest.iter().position(|&byte| byte == b'"')?;
    std::str::from_utf8(&line[line.len() - rest.len() - 1..][..end + 1]).ok()
}

/// Not a further page of an answer.
fn is_new_answer(line: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(line).unwrap();
    let msg = value["msg"].as_str().unwrap_or_default();
    !msg.contains(" of ") || msg.starts_with("1-") || msg.starts_with("0-")
}

pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(180).collect()
}

/// What may be done: the budgets, and on top of each what a single packet can cost at
/// the most, since that is the least that is ever done.
fn work_max(setting: &Setting) -> (u32, u32) {
    let settings = &setting.settings;
    // Read letter by letter; a login, or a queue for each of all, refused to its sender; a
    // kick gives back a slice of a queue.
    let (peers, slice) = (setting.peers_max as u32, settings.fan_out_slice as u32);
    let packet = settings.packet_bytes_max as u32 / 64 + 3 * (peers + slice) + 64;
    let quantum = settings.quantum_work_max + packet;
    // Of fan-outs, bounces, lists and presence; all may come and go between two ticks.
    let shares = settings.tick_work_max / 2 + 128 * peers;
    (quantum, settings.tick_work_max + 2 * quantum + shares + 4 * packet)
}

//! The oracle's book: who is there, what each socket took, and whether that may
//! be. What has to have come by the end is `verdict`'s.

use super::peer::{At, Item, Peer, SERVER, User, What, key};
use super::setting::Setting;
use super::trace;
use lanline::chat::shard::Report;
use lanline::chat::{Code, Moment};
use lanline::limits;
use serde_json::Value;
use std::net::IpAddr;

/// What is known of the whole world.
pub struct Ledger {
    pub peers: Vec<Peer>,
    pub step: u64,
    pub now: Moment,
    pub packet_bytes_max: usize,
    pub queue_bytes_max: usize,
    pub broadcast_distance: bool,
    /// The server is stopping; from then on it hurries.
    pub stopping: bool,
    /// Whose queues were said to be full, and for how many bytes, in this tick.
    said_busy: Vec<(String, usize)>,
    pub packets_written: u64,
    pub bytes_written: u64,
    pub bytes_taken: u64,
}

/// A packet as a socket took it.
pub struct Line<'a> {
    pub name: &'a str,
    pub ip: &'a str,
    pub to: &'a str,
    pub msg: &'a str,
}

impl Ledger {
    pub fn new(setting: &Setting) -> Self {
        Self {
            peers: Vec::new(),
            step: 0,
            now: Moment(1),
            packet_bytes_max: setting.rules.packet_bytes_max,
            queue_bytes_max: setting.rules.queue_bytes_max,
            broadcast_distance: !setting.rules.broadcast_interval.is_zero(),
            stopping: false,
            said_busy: Vec::new(),
            packets_written: 0,
            bytes_written: 0,
            bytes_taken: 0,
        }
    }

    /// What waits for a socket, as its shard shows it before it is sent. All
    /// that is new is within the bounds.
    pub fn queue_seen(&mut self, number: usize, queue: &[u8]) {
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
    pub fn wrote(&mut self, number: usize, bytes: &[u8]) {
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

    /// A packet from a user: stamped right, unchanged, in order, once, and for
    /// nobody else.
    fn user_said(&mut self, number: usize, line: &Line) {
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
                let once = item.delivered.is_empty() && item.given_back.is_empty();
                assert!(once && !item.nobody, "a second outcome for {:?}", line.msg);
            }
            What::Post { room, member: true } => {
                assert!(sender != number, "a post to oneself");
                assert!(recipient.may_hear_room(room), "peer {number} isn't in #{room}");
            }
            What::Broadcast => assert!(sender != number, "a broadcast to oneself"),
            what => panic!("delivered, and it is {what:?}: {:?}", line.msg),
        }
        assert!(!item.given_back.contains_key(&user.shown), "delivered and refused");
        let item = &mut self.peers[sender].items[ordinal - 1];
        assert!(item.delivered.insert(number), "peer {number} got {:?} twice", line.msg);
        let last = self.peers[number].heard.insert(sender, ordinal);
        assert!(last < Some(ordinal), "peer {number} got {ordinal} of {sender} behind {last:?}");
    }

    fn server_said(&mut self, number: usize, line: &Line) {
        let peer = &mut self.peers[number];
        peer.skip_posts();
        assert_eq!(line.ip, SERVER);
        if line.name == "/welcome" {
            return self.welcomed(number, line);
        }
        let addressed = peer.stuck_as.as_deref().unwrap_or(peer.shown());
        assert_eq!(line.to, addressed, "addressed to somebody else");
        if line.name == "/error" {
            return self.refused(number, line);
        }
        assert!(peer.user.is_some(), "an answer before the welcome: {:?}", line.msg);
        match line.name {
            "/joined" | "/left" => {
                let wants = |item: &Item| item.to == "/presence" && item.taken_at.is_some();
                assert!(peer.items.iter().any(wants), "presence for one who never asked");
                let name = line.msg;
                assert!(self.peers.iter().any(|peer| peer.real_name() == name), "who is {name}?");
            }
            "/kick" if peer.kicks_due > 0 && matches!(line.msg, "" | "because") => {
                peer.kicks_due -= 1;
            }
            _ => self.answered(number, line),
        }
    }

    fn welcomed(&mut self, number: usize, line: &Line) {
        let words: Vec<&str> = line.msg.split(' ').collect();
        let peer = &mut self.peers[number];
        let ip = peer.ip.to_string();
        assert!(peer.user.is_none() && peer.refused.is_none(), "welcomed twice");
        assert_eq!((words.len(), words[0], words[1]), (4, peer.real_name(), &*ip));
        assert_eq!(line.to, words[0]);
        let key = key(words[0]).unwrap();
        peer.user = Some(User { shown: words[0].to_owned(), key: key.clone(), since: self.step });
        let holders = self.peers.iter().filter(|peer| peer.is_surely_here() && peer.has_key(&key));
        let holders = holders.count();
        assert!(holders <= 1, "{holders} hold the name {key}");
    }

    /// An answer comes in the order of the questions, and fits.
    fn answered(&mut self, number: usize, line: &Line) {
        let (at, limit, step) = (self.peers[number].cursor, self.packet_bytes_max, self.step);
        let peer = &mut self.peers[number];
        if peer.emptied || peer.thrown_out {
            // Some answers are gone: emptied, or to a question that was under
            // way when what is behind it was hurried. Which this is can't be told.
            return;
        }
        let item = peer.items.get(at).unwrap_or_else(|| panic!("peer {number} never asked"));
        assert!(item.taken_at.is_some(), "answered before it was read");
        let asked = match item.what {
            What::Call { endpoint, .. } => endpoint,
            What::Broadcast => "/broadcast",
            _ => "a refusal",
        };
        assert_eq!(line.name, asked, "peer {number}: not the answer to {:?}", item.msg);
        let msg = item.msg.clone();
        let first = line.msg.split('\n').next().unwrap_or_default();
        let mut words = first.split(' ');
        let mut word = || words.next().unwrap_or_default();
        match asked {
            "/ping" | "/presence" => assert_eq!(line.msg, msg),
            "/quit" => {
                assert_eq!(line.msg, "bye");
                peer.bye = true;
            }
            "/operator" => assert_eq!(line.msg, "ok"),
            "/time" => assert!(line.msg.len() == 27 && line.msg.ends_with('Z'), "{}", line.msg),
            "/who" | "/join" | "/leave" | "/kick" => {
                let named = msg.split(' ').next().unwrap_or_default();
                let bare = |text: &str| key(text.strip_prefix('#').unwrap_or(text));
                assert_eq!(bare(word()), bare(named), "another one's answer: {first}");
            }
            "/list" | "/rooms" | "/members" if !peer.page_ends(line, limit) => return,
            "/broadcast" => peer.items[at].count = Some(line.msg.parse().unwrap()),
            _ => {}
        }
        self.peers[number].outcome(number, at, step);
    }

    fn refused(&mut self, number: usize, line: &Line) {
        let (first, _) = line.msg.split_once('\n').expect("a line for people");
        let mut words = first.split(' ');
        let ordinal: usize = words.next().unwrap().parse().unwrap();
        let word = words.next().unwrap();
        let name = words.next();
        assert!(words.next().is_none());
        let code = Code::ALL.into_iter().map(Code::word).find(|&code| code == word).unwrap();
        if !self.peers[number].is_named() {
            return self.greeting_refused(number, ordinal, code);
        }
        if ordinal == 0 {
            let stuck = code == "stuck" && self.peers[number].thrown_out;
            assert!(stuck, "peer {number}: {code} for no packet");
            return;
        }
        let step = self.step;
        let peer = &self.peers[number];
        let item = peer.items.get(ordinal - 1).expect("an ordinal of its own");
        assert!(item.taken_at.is_some() && !item.after_all, "refused before it was read");
        match (code, &item.what) {
            ("no-such-user", What::Direct { .. }) => self.nobody(number, ordinal),
            ("busy" | "undelivered", _) => {
                self.given_back(number, ordinal, code, name.expect("whose queue"));
            }
            ("slow-down" | "not-operator", What::Broadcast) => {
                assert!(code != "slow-down" || self.broadcast_distance);
                self.peers[number].outcome(number, ordinal - 1, step);
            }
            (_, What::Post { room, member: false }) => {
                assert!(matches!(code, "not-member" | "no-such-room"), "{code} for a post");
                let surely = |peer: &Peer| {
                    peer.is_surely_here() && peer.is_member_since(room, item.taken_at.unwrap())
                };
                let there = self.peers.iter().any(surely);
                assert!(!there || code == "not-member", "the room {room} is there");
                self.peers[number].outcome(number, ordinal - 1, step);
            }
            (_, What::Call { refusals: codes, .. } | What::Wrong { codes }) => {
                assert!(codes.contains(&code), "{code} for {:?} {:?}", item.to, item.msg);
                self.peers[number].outcome(number, ordinal - 1, step);
            }
            (_, what) => panic!("{code} for {what:?}"),
        }
    }

    fn greeting_refused(&mut self, number: usize, ordinal: usize, code: &'static str) {
        let peer = &mut self.peers[number];
        assert!(peer.refused.is_none(), "refused twice");
        peer.refused = Some(code.to_owned());
        let greeting = &peer.greeting;
        let expected = match code {
            "greeting-timeout" | "server-full" | "not-on-lan" => 0,
            // It didn't even read why it was refused.
            "stuck" if peer.thrown_out => 0,
            // The stream ended in the middle of it.
            "malformed" if peer.ending_taken => 1,
            "name-taken" => {
                assert!(greeting.name.is_some());
                greeting.ordinal
            }
            _ => {
                assert!(greeting.refusals.contains(&code), "peer {number}: {code}");
                greeting.ordinal
            }
        };
        assert_eq!(ordinal as u64, expected, "the ordinal of {code}");
    }

    fn nobody(&mut self, number: usize, ordinal: usize) {
        let item = &self.peers[number].items[ordinal - 1];
        let What::Direct { key } = &item.what else { return };
        let taken = item.taken_at.unwrap();
        for (other, peer) in self.peers.iter().enumerate() {
            let here = peer.user.as_ref().is_some_and(|user| user.since < taken);
            let here = here && peer.has_key(key) && peer.is_surely_here();
            assert!(!here, "no-such-user for {key}, and peer {other} is here");
        }
        let item = &mut self.peers[number].items[ordinal - 1];
        let first = !item.nobody && item.delivered.is_empty() && item.given_back.is_empty();
        assert!(first, "a second outcome for {:?}", item.msg);
        item.nobody = true;
    }

    fn given_back(&mut self, number: usize, ordinal: usize, code: &'static str, name: &str) {
        let item = &self.peers[number].items[ordinal - 1];
        let one = matches!(item.what, What::Direct { .. });
        let many = matches!(item.what, What::Broadcast | What::Post { member: true, .. });
        assert!(one || many, "{code} for {:?}", item.what);
        if one {
            let first = item.delivered.is_empty() && item.given_back.is_empty() && !item.nobody;
            assert!(first, "a second outcome for {:?}", item.msg);
        }
        let delivered = item.delivered.iter().any(|&other| self.peers[other].shown() == name);
        assert!(!delivered, "delivered to {name} and {code}");
        if code == "busy" {
            self.said_busy.push((name.to_owned(), item.stamped_bytes_max()));
        } else {
            let gone = |peer: &Peer| peer.may_have_left || self.stopping;
            let could = self.peers.iter().any(|peer| peer.real_name() == name && gone(peer));
            assert!(could, "{code} {name} without a reason");
        }
        let item = &mut self.peers[number].items[ordinal - 1];
        let twice = item.given_back.insert(name.to_owned(), code);
        assert!(twice.is_none(), "two refusals of {:?} for {name}", item.msg);
    }

    /// A tick is over, all queues were looked at: each one that was said to be
    /// full has been, or whose it was may have left.
    pub fn check_said_busy(&mut self) {
        for (name, bytes) in self.said_busy.drain(..) {
            let could = self.peers.iter().any(|peer| {
                let full = peer.queue_bytes_peak + bytes > self.queue_bytes_max;
                peer.real_name() == name && (full || peer.may_have_left || self.stopping)
            });
            assert!(could, "busy {name} without a reason");
        }
    }

    /// What a shard tells the log.
    pub fn reported(&mut self, report: &Report) {
        let (Report::Closed { peer: ip, .. }
        | Report::Stuck { peer: ip, .. }
        | Report::Kicked { peer: ip, .. }
        | Report::Operator { peer: ip, .. }
        | Report::WrongToken { peer: ip, .. }) = report;
        let number = self.peers.iter().position(|peer| peer.ip == *ip).unwrap();
        trace::note(|| format!("    report {report:?} (peer {number})"));
        if let Report::Closed { code: Code::NameTaken, .. } = report {
            let key = self.peers[number].greeting.name.as_ref().unwrap().key().to_owned();
            let holds = |(other, peer): (usize, &Peer)| {
                let name = peer.greeting.name.as_ref().map(|name| name.key());
                other != number && name == Some(&key) && peer.at != At::Closed && peer.taken > 0
            };
            assert!(self.peers.iter().enumerate().any(holds), "nobody holds the name {key}");
        }
        let peer = &mut self.peers[number];
        if let Report::Stuck { name, .. } = report {
            peer.stuck_as = Some(name.to_string());
        }
        match report {
            Report::Closed { .. } => peer.may_have_left = true,
            Report::Stuck { .. } | Report::Kicked { .. } => {
                peer.may_have_left = true;
                peer.thrown_out = true;
                peer.kicks_due += usize::from(matches!(report, Report::Kicked { .. }));
            }
            _ => {}
        }
    }

    /// The server closes a connection: once, and when there is a reason.
    pub fn closed(&mut self, number: usize) {
        let peer = &mut self.peers[number];
        trace::note(|| format!("    peer {number} is closed"));
        assert!(peer.at != At::Closed, "peer {number} is closed twice");
        let heard_out = peer.shut.is_some_and(|shut| shut.after(limits::LINGER) <= self.now);
        let reason = peer.ending_taken || peer.broken || peer.thrown_out || heard_out;
        assert!(reason, "peer {number} is closed before its words are out");
        peer.at = At::Closed;
    }
}

impl Peer {
    /// As it would be shown, welcomed or not.
    pub fn real_name(&self) -> &str {
        self.greeting.name.as_ref().map_or("", |name| name.shown())
    }

    /// It has its name: it took its welcome, or didn't take even that.
    fn is_named(&self) -> bool {
        self.user.is_some() || self.stuck_as.as_ref().is_some_and(|name| !name.is_empty())
    }

    /// The outcome of the next item whose outcomes come in order.
    fn outcome(&mut self, number: usize, at: usize, step: u64) {
        assert!(
            at == self.cursor || self.emptied || self.thrown_out,
            "peer {number}: an answer out of order"
        );
        self.items[at].done_at = Some(step);
        self.cursor = at + 1;
        self.skip_posts();
    }

    /// Steps over what has no outcome in order.
    pub fn skip_posts(&mut self) {
        while self.items.get(self.cursor).is_some_and(|item| !item.is_in_order()) {
            self.cursor += 1;
        }
    }

    /// Checks one packet of a list; whether it is the last.
    fn page_ends(&mut self, line: &Line, limit: usize) -> bool {
        let mut lines = line.msg.split('\n');
        let head = lines.next().unwrap();
        let (range, total) = head.split_once(" of ").unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let number = |text: &str| text.parse::<usize>().unwrap();
        let (first, last, total) = (number(first), number(last), number(total));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), if total == 0 { 0 } else { last + 1 - first }, "{head}");
        let bytes = serde_json::to_string(line.msg).unwrap().len() + line.to.len() + 70;
        assert!(lines.len() <= 1 || bytes <= limit + 40, "a page of {bytes} bytes");
        let before = self.page.take().unwrap_or((0, total));
        assert!(before == (first.saturating_sub(1), total), "{head} behind {before:?}");
        for entry in lines {
            let name = entry.split(' ').next().unwrap();
            let key = key(name.strip_prefix('#').unwrap_or(name));
            assert!(key > self.last_line || first == 1, "not sorted: {}", line.msg);
            self.last_line = key;
            self.listed.push((line.name.to_owned(), entry.to_owned()));
        }
        if last < total {
            self.page = Some((last, total));
            return false;
        }
        self.last_line = None;
        true
    }
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

pub fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(180).collect()
}

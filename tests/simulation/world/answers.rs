//! The oracle's checks of the server's own packets: welcomes, answers in the order
//! of the queries, refusals that have a reason. Never: packets of users, which
//! the ledger checks.

use super::ledger::{Ledger, Line, look_alike};
use super::peer::{Item, Peer, SERVER, User, What, key, room_key};
use lanline::chat::{Code, LookAlikes};
use lanline::limits;

impl Ledger {
    pub(super) fn server_said(&mut self, number: usize, line: &Line<'_>) {
        let peer = &mut self.peers[number];
        peer.skip_unordered();
        assert_eq!(line.ip, SERVER);
        if line.name == "/welcome" {
            return self.welcomed(number, line);
        }
        if peer.emptied && peer.user.is_none() && line.to == peer.real_name() {
            // Its welcome was among what the server bounced.
            return;
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

    fn welcomed(&mut self, number: usize, line: &Line<'_>) {
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
        let name = self.peers[number].greeting.name.as_ref().unwrap();
        // It may have left since, and its welcome have waited for its socket.
        let here = self.peers[number].is_surely_here();
        let ascii_too = self.look_alikes == LookAlikes::Everyone;
        let alike = self.peers.iter().enumerate().find(|(other, peer)| {
            let looks =
                peer.greeting.name.as_ref().is_some_and(|peer| look_alike(peer, name, ascii_too));
            *other != number && looks && here && peer.is_surely_here()
        });
        assert!(alike.is_none(), "peer {number} looks like {:?}", alike.map(|(other, _)| other));
    }

    /// An answer comes in the order of the queries, and fits.
    fn answered(&mut self, number: usize, line: &Line<'_>) {
        let (at, limit, step) = (self.peers[number].cursor, self.packet_bytes_max, self.step);
        let peer = &mut self.peers[number];
        if peer.emptied || peer.thrown_out_at.is_some() {
            // Some answers are lost: bounced with the queue, or to a query that was
            // under way when the input was drained. Which these are is unknown.
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
                let words: Vec<&str> = line.msg.split(' ').collect();
                assert_eq!(bare(words[0]), bare(named), "another one's answer: {}", line.msg);
                self.check_answer(number, asked, &words);
            }
            "/list" | "/rooms" | "/members" if !peer.page_ends(line, limit) => return,
            "/broadcast" => peer.items[at].count = Some(line.msg.parse().unwrap()),
            _ => {}
        }
        self.peers[number].outcome(number, at, step);
    }

    /// Checks what is behind the name in an answer.
    fn check_answer(&self, number: usize, asked: &str, words: &[&str]) {
        let item = &self.peers[number].items[self.peers[number].cursor];
        match (asked, words) {
            ("/who", [name, ip, seconds]) => {
                let is_it = |peer: &Peer| peer.real_name() == *name && peer.ip.to_string() == *ip;
                assert!(self.peers.iter().any(is_it), "who is {name} at {ip}?");
                let uptime = self.now.since(Default::default()).as_secs();
                assert!(seconds.parse::<u64>().unwrap() <= uptime, "{seconds} s of {uptime}");
            }
            ("/join", [room, count]) => {
                let (room, taken) = (room_key(room).unwrap(), item.taken_at.unwrap());
                let surely = |(other, peer): &(usize, &Peer)| {
                    let member = peer.is_surely_here() && peer.is_member_since(&room, taken);
                    *other == number || member
                };
                let may = |(other, peer): &(usize, &Peer)| {
                    *other == number || peer.may_have_been_in(&room, taken)
                };
                let peers = || self.peers.iter().enumerate();
                let (least, most) = (peers().filter(surely).count(), peers().filter(may).count());
                let count = count.parse().unwrap();
                assert!((least..=most).contains(&count), "{count} of {least} to {most} in {room}");
            }
            ("/leave", [_]) => {
                let What::Call { refusals, .. } = item.what else { return };
                assert!(refusals.is_empty(), "peer {number} left {:?} without being in", item.msg);
            }
            ("/kick", [_]) => {}
            _ => panic!("{asked} says {words:?}"),
        }
    }

    fn refused(&mut self, number: usize, line: &Line<'_>) {
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
            let stuck = code == "stuck" && self.peers[number].thrown_out_at.is_some();
            assert!(stuck, "peer {number}: {code} for no packet");
            return;
        }
        let step = self.step;
        self.note_hurried_guess(number, ordinal, code);
        let peer = &self.peers[number];
        let item = peer.items.get(ordinal - 1).expect("an ordinal of its own");
        assert!(item.taken_at.is_some() && !item.after_all, "refused before it was read");
        match (code, &item.what) {
            ("no-such-user", What::Direct { .. }) => self.nobody(number, ordinal),
            ("busy" | "undelivered", _) => {
                self.bounced(number, ordinal, code, name.expect("whose queue"));
            }
            ("slow-down" | "not-operator", What::Broadcast) => {
                assert!(code != "slow-down" || self.broadcast_distance);
                self.peers[number].outcome(number, ordinal - 1, step);
            }
            (_, What::RoomMessage { room, member: false }) => {
                self.check_room_refused(room, item, code);
                self.peers[number].outcome(number, ordinal - 1, step);
            }
            (_, What::Call { refusals: codes, .. } | What::Wrong { codes }) => {
                assert!(codes.contains(&code), "{code} for {:?} {:?}", item.to, item.msg);
                self.check_call_refused(number, ordinal, code);
                self.peers[number].outcome(number, ordinal - 1, step);
            }
            (_, what) => panic!("{code} for {what:?}"),
        }
    }

    /// Whose wrong tokens are not waited for any more has one guess: the right token
    /// behind it is as good as a wrong one.
    fn note_hurried_guess(&mut self, number: usize, ordinal: usize, code: &str) {
        let stopping = self.stopping;
        let peer = &mut self.peers[number];
        let hurried = stopping || peer.may_have_left || peer.thrown_out_at.is_some();
        let Some((item, before)) = peer.items.get_mut(..ordinal).and_then(<[Item]>::split_last_mut)
        else {
            return;
        };
        let is_right = matches!(item.what, What::Call { endpoint: "/operator", .. });
        let wrong = |item: &Item| item.to == "/operator" && matches!(item.what, What::Wrong { .. });
        if code == "not-operator" && is_right && hurried && before.iter().any(wrong) {
            item.what = What::Wrong { codes: &["not-operator"] };
        }
    }

    fn greeting_refused(&mut self, number: usize, ordinal: usize, code: &'static str) {
        let (stopping, timeout) = (self.stopping, self.greeting_timeout_min);
        let peer = &mut self.peers[number];
        assert!(peer.refused.is_none(), "refused twice");
        peer.refused = Some(code.to_owned());
        let greeting = &peer.greeting;
        let expected = match code {
            "greeting-timeout" => {
                // A name without an ending ends by silence, which a server that
                // stops waits for anew.
                let in_time = peer.accepted_at.after(timeout - limits::BARE_NAME_SILENCE);
                let late = peer.greeted_at.is_none_or(|greeted| greeted >= in_time);
                assert!(late || stopping, "peer {number} had said who it is");
                0
            }
            "server-full" | "not-on-lan" => 0,
            // It was being refused already and didn't read that.
            "stuck" if peer.thrown_out_at.is_some() => 0,
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

    /// What a peer asked of an endpoint is refused with a reason that holds.
    fn check_call_refused(&self, number: usize, ordinal: usize, code: &str) {
        let peer = &self.peers[number];
        let item = &peer.items[ordinal - 1];
        if !matches!(item.what, What::Call { .. }) {
            return;
        }
        match (code, room_key(&item.msg)) {
            ("no-such-user", _) => {
                let named = item.msg.split(' ').next().unwrap_or_default();
                key(named).inspect(|key| self.check_nobody(key, item.taken_at.unwrap()));
            }
            ("not-operator", _) => {
                let operator = |item: &Item| {
                    let asks = matches!(item.what, What::Call { endpoint: "/operator", .. });
                    asks && item.done_at.is_some()
                };
                let is_one = peer.items[..ordinal - 1].iter().any(operator);
                assert!(!is_one, "peer {number} is an operator");
            }
            (_, Some(room)) => self.check_room_refused(&room, item, code),
            _ => {}
        }
    }

    /// A room is said not to be there, or not to be the sender's.
    fn check_room_refused(&self, room: &str, item: &Item, code: &str) {
        let taken = item.taken_at.unwrap();
        let surely = |peer: &Peer| peer.is_surely_here() && peer.is_member_since(room, taken);
        match code {
            "no-such-room" => {
                assert!(!self.peers.iter().any(surely), "the room {room} is there");
            }
            "not-member" => {
                let may = |peer: &Peer| peer.may_have_been_in(room, taken);
                assert!(self.peers.iter().any(may), "nobody was ever in {room}");
            }
            _ => panic!("{code} for a room"),
        }
    }

    fn check_nobody(&self, key: &str, taken: u64) {
        for (other, peer) in self.peers.iter().enumerate() {
            let here = peer.user.as_ref().is_some_and(|user| user.since < taken);
            let here = here && peer.has_key(key) && peer.is_surely_here();
            assert!(!here, "no-such-user for {key}, and peer {other} is here");
        }
    }

    fn nobody(&mut self, number: usize, ordinal: usize) {
        let item = &self.peers[number].items[ordinal - 1];
        let What::Direct { key } = &item.what else { return };
        self.check_nobody(key, item.taken_at.unwrap());
        let item = &mut self.peers[number].items[ordinal - 1];
        let first = !item.nobody && item.delivered.is_empty() && item.bounced.is_empty();
        assert!(first, "a second outcome for {:?}", item.msg);
        item.nobody = true;
    }

    fn bounced(&mut self, number: usize, ordinal: usize, code: &'static str, name: &str) {
        let item = &self.peers[number].items[ordinal - 1];
        let one = matches!(item.what, What::Direct { .. });
        let many = matches!(item.what, What::Broadcast | What::RoomMessage { member: true, .. });
        assert!(one || many, "{code} for {:?}", item.what);
        if one {
            let first = item.delivered.is_empty() && item.bounced.is_empty() && !item.nobody;
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
        let twice = item.bounced.insert(name.to_owned(), code);
        assert!(twice.is_none(), "two refusals of {:?} for {name}", item.msg);
    }
}

impl Peer {
    /// It has its name: it took its welcome, or was bounced before that.
    fn is_named(&self) -> bool {
        self.user.is_some() || self.stuck_as.as_ref().is_some_and(|name| !name.is_empty())
    }

    /// The outcome of the next item whose outcomes come in order.
    fn outcome(&mut self, number: usize, at: usize, step: u64) {
        assert!(
            at == self.cursor || self.emptied || self.thrown_out_at.is_some(),
            "peer {number}: an answer out of order"
        );
        self.items[at].done_at = Some(step);
        self.cursor = at + 1;
        self.skip_unordered();
    }

    /// Checks one packet of a list; whether it is the last.
    fn page_ends(&mut self, line: &Line<'_>, limit: usize) -> bool {
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

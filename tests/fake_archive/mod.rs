//! A store of packets in memory, which writes at once: for tests of shards. Never: delays
//! and crashes, which are the tests' to make.

mod rooms;

use lanline::accounts::AccountId;
use lanline::archive::{
    Conversation, Failure, Micros, Notice, Outcome, OwnedRoom, PacketId, Page, Post, Reply,
    Request, SessionNumber, Stamped, StoredPacket, Target, UnreadRow,
};
use lanline::wire::Name;
use rooms::FakeRooms;
use std::collections::{BTreeMap, HashMap};

/// All packets, and how far accounts are.
#[derive(Default)]
pub(crate) struct FakeArchive {
    packets: Vec<Kept>,
    last_id: u64,
    marks: BTreeMap<AccountId, u64>,
    read: HashMap<(AccountId, String), u64>,
    keys: HashMap<(AccountId, String), u64>,
    rooms: FakeRooms,
    /// Whose they are, for `/read`.
    names: BTreeMap<String, AccountId>,
    /// It refuses everything.
    pub refuses: bool,
}

struct Kept {
    id: PacketId,
    sender: Option<(AccountId, SessionNumber)>,
    target: Target,
    packet: Stamped,
}

impl FakeArchive {
    pub(crate) fn knows(&mut self, name: &str, account: AccountId) {
        self.names.insert(name.to_owned(), account);
    }

    /// There is such a room, and who is in it.
    pub(crate) fn has_room(&mut self, room: OwnedRoom, members: impl Iterator<Item = AccountId>) {
        self.rooms.add(room, members);
    }

    /// What a server that starts is told.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.rooms.notices(|account| name_of(&self.names, account))
    }

    /// An account is there no more.
    pub(crate) fn erase(&mut self, account: AccountId) -> Vec<Notice> {
        self.rooms.erase(account, &name_of(&self.names, account))
    }

    /// The ids of all that it keeps.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.packets.iter().map(|kept| kept.id.get()).collect()
    }

    pub(crate) fn mark(&self, account: AccountId) -> u64 {
        self.marks.get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn post<W>(&mut self, post: &Post<W>) -> Outcome {
        if self.refuses {
            return Outcome::NotKept;
        }
        if let Target::Room(room) = post.target
            && !self.rooms.is_there(room)
        {
            return Outcome::Gone;
        }
        let key = post.key.as_ref().zip(post.sender);
        let key = key.map(|(key, (account, _))| (account, key.as_str().to_owned()));
        if let Some(&id) = key.as_ref().and_then(|key| self.keys.get(key)) {
            return Outcome::Again { id: PacketId::new(id).unwrap() };
        }
        self.last_id += 1;
        let id = PacketId::new(self.last_id).unwrap();
        if let Some(key) = key {
            self.keys.insert(key, self.last_id);
        }
        let (sender, target, packet) = (post.sender, post.target, post.packet.clone());
        self.packets.push(Kept { id, sender, target, packet });
        Outcome::Stored { id, time: time(id) }
    }

    fn concerns(&self, kept: &Kept, account: AccountId) -> bool {
        let is_sender = kept.sender.is_some_and(|(sender, _)| sender == account);
        match kept.target {
            Target::Account(to) => to == account || is_sender,
            Target::Room(room) => {
                self.rooms.members.get(&(room, account)).is_some_and(|since| kept.id.get() > *since)
            }
            Target::Everyone => true,
        }
    }

    pub(crate) fn ask(&mut self, request: Request) -> (Vec<Notice>, Option<Reply>) {
        if let Request::Handed(marks) = request {
            for (account, id) in marks {
                let mark = self.marks.entry(account).or_default();
                *mark = id.get().min(self.last_id).max(*mark);
            }
            return (Vec::new(), None);
        }
        if self.refuses {
            return (Vec::new(), Some(Reply::Failed(Failure::Unavailable)));
        }
        match request {
            Request::Handed(_) => unreachable!("it is dealt with above"),
            Request::Ping => (Vec::new(), Some(Reply::Pong)),
            Request::Waiting { account } => {
                let mark = self.mark(account);
                let mut behind = self.packets.iter().filter(|kept| kept.id.get() > mark);
                let first = behind.find(|kept| self.concerns(kept, account));
                (Vec::new(), Some(Reply::Waiting(first.map(|kept| kept.id))))
            }
            Request::Replay { account, session, after, bytes_max } => {
                let after = after.unwrap_or_else(|| self.mark(account));
                (Vec::new(), Some(Reply::Replay(self.page(account, session, after, bytes_max))))
            }
            Request::Unread { account } => (Vec::new(), Some(Reply::Unread(self.unread(account)))),
            Request::Read { account, conversation, id } => {
                let (notice, reply) = self.read(account, &conversation, id);
                (notice.into_iter().collect(), reply)
            }
            Request::Room(request) => {
                let (names, last_id) = (&self.names, PacketId::new(self.last_id));
                let name = |account| name_of(names, account);
                let account = |key: &str| names.get(key).copied();
                self.rooms.ask(last_id, name, account, request)
            }
        }
    }

    fn page(
        &self,
        account: AccountId,
        session: SessionNumber,
        after: u64,
        bytes_max: usize,
    ) -> Page {
        let mut page = Page { upto: PacketId::new(after), ..Page::default() };
        let mut bytes = 0;
        for kept in self.packets.iter().filter(|kept| kept.id.get() > after) {
            let own = kept.sender == Some((account, session));
            if !self.concerns(kept, account) || own {
                continue;
            }
            bytes += kept.packet.bytes().len();
            if bytes > bytes_max && !page.packets.is_empty() {
                return page;
            }
            let sender = kept.sender.map(|(sender, _)| sender);
            let is_direct = kept.target == Target::Account(account);
            page.packets.push(StoredPacket {
                id: kept.id,
                time: time(kept.id),
                stamped: kept.packet.clone(),
                direct_from: sender.filter(|sender| is_direct && *sender != account),
            });
            page.upto = Some(kept.id);
        }
        page.upto = PacketId::new(self.last_id).or(page.upto);
        page.is_last = true;
        page
    }

    fn unread(&self, account: AccountId) -> Vec<UnreadRow> {
        let mut rows: BTreeMap<String, UnreadRow> = BTreeMap::new();
        for kept in self.packets.iter().filter(|kept| self.concerns(kept, account)) {
            let is_own = kept.sender.is_some_and(|(sender, _)| sender == account);
            let conversation = match kept.target {
                Target::Account(_) if is_own => kept.packet.to().to_owned(),
                Target::Account(_) => kept.packet.name().to_owned(),
                Target::Room(_) => kept.packet.to().to_owned(),
                Target::Everyone => "/broadcast".to_owned(),
            };
            let read = self.read.get(&(account, conversation.clone())).copied().unwrap_or_default();
            let row = rows.entry(conversation.clone()).or_insert_with(|| UnreadRow {
                conversation: conversation.into(),
                read: PacketId::new(read),
                last: kept.id,
                count: 0,
            });
            row.last = kept.id;
            row.count += u32::from(!is_own && kept.id.get() > read);
        }
        rows.into_values().collect()
    }

    fn read(
        &mut self,
        account: AccountId,
        conversation: &Conversation,
        id: PacketId,
    ) -> (Option<Notice>, Option<Reply>) {
        let (name, with) = match conversation {
            Conversation::With(name) => (name.shown().to_owned(), self.names.get(name.key())),
            Conversation::Room(name) => (format!("#{}", name.shown()), None),
            Conversation::Broadcast => ("/broadcast".to_owned(), None),
        };
        if matches!(conversation, Conversation::With(_)) && with.is_none() {
            return (None, Some(Reply::Failed(Failure::NoSuchUser)));
        }
        if id.get() > self.last_id {
            return (None, Some(Reply::Failed(Failure::NoSuchPacket)));
        }
        let mark = self.read.entry((account, name.clone())).or_default();
        *mark = id.get().max(*mark);
        let id = PacketId::new(*mark).unwrap();
        let own = self.names.iter().find(|(_, one)| **one == account).map(|(name, _)| name);
        let notice = with.zip(own).map(|(&with, own)| {
            let name = Name::parse(own).unwrap();
            Notice::Read { account, name, with, id }
        });
        (notice, Some(Reply::Read { conversation: name.into(), id }))
    }
}

fn name_of(names: &BTreeMap<String, AccountId>, account: AccountId) -> Name {
    let name = names.iter().find(|(_, one)| **one == account).map(|(name, _)| name);
    Name::parse(name.expect("an account that is known")).unwrap()
}

fn time(id: PacketId) -> Micros {
    Micros(1_000_000 * id.get() as i64)
}

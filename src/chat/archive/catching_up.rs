//! Sessions that get stored packets from the store: those that read too slowly, and those
//! that ask with `/replay`. Page by page, while their queue has room; when a page says that
//! nothing is left, they get packets as they are committed again. Never: live packets.

use super::posted::ArchiveRequest;
use crate::archive::{PacketId, Page, Reply, Request};
use crate::chat::client::{Pauses, Replay, Roles, Stage, Timers};
use crate::chat::effect::Effect;
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::chat::work;
use crate::limits;
use crate::wire::{Code, Endpoint};

impl<S> Shard<S> {
    /// A packet was committed for a session whose queue has no room for it: it gets that
    /// one, and what follows, from the store.
    pub(super) fn fall_behind(&mut self, id: ConnId, packet: PacketId) {
        self.set_stage(id, Stage::Behind { after: packet.get() - 1 });
        self.catch_up(id);
    }

    /// Stored packets are handed to it from behind an id on (none: its account's mark), then
    /// `/replay` is answered.
    pub(super) fn begin_replay(&mut self, id: ConnId, ordinal: u64, after: Option<u64>) {
        let replay = Replay { ordinal, last: after.unwrap_or_default() };
        if let Some(stored) = self.clients.get_mut(id).and_then(|client| client.stored_mut()) {
            stored.replay = Some(replay);
            stored.resumes_after = stored.behind();
        }
        self.pause(id, Pauses::REPLAY);
        self.fetch(id, after);
    }

    /// Asks for a page, if it is behind and its queue has room for one.
    pub(in crate::chat) fn catch_up(&mut self, id: ConnId) {
        let Some(client) = self.clients.get(id) else { return };
        let Some(stored) = client.stored() else { return };
        if let Stage::Behind { after } = stored.stage
            && client.queued_bytes() <= self.page_bytes()
        {
            self.fetch(id, Some(after));
        }
    }

    /// What a page may hold, and what may wait before one is fetched: half of what stored
    /// packets may have of a queue.
    fn page_bytes(&self) -> usize {
        self.settings.queue_bytes_max / 4
    }

    fn fetch(&mut self, id: ConnId, after: Option<u64>) {
        let bytes_max = self.page_bytes();
        let Some(client) = self.clients.get(id) else { return };
        let session = client.stored().and_then(|stored| stored.number);
        let (Some(account), Some(session)) = (client.account(), session) else { return };
        if after.is_none() {
            self.tell_mark(account);
        }
        self.work.spend(work::STORE);
        let request = Request::Replay { account, session, after, bytes_max };
        let number = self.ask_archive(id, request);
        self.set_stage(id, Stage::Fetching { after, number, since: self.now });
        self.arm(id, Timers::STORED, self.now.after(limits::STORE_PATIENCE));
    }

    /// Asks the store something about packets, behind all that was said before.
    pub(super) fn ask_archive(&mut self, id: ConnId, request: Request) -> u32 {
        self.send_posts();
        self.next_query = self.next_query.wrapping_add(1);
        let from = Some((self.address(id), self.next_query));
        self.effects.push(Effect::AskArchive(Box::new(ArchiveRequest { from, request })));
        self.next_query
    }

    fn set_stage(&mut self, id: ConnId, stage: Stage) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.stored().is_some() {
            // What its socket takes tells when to go on.
            client.roles |= Roles::STORED;
        }
        if let Some(stored) = client.stored_mut() {
            stored.stage = stage;
        }
    }

    /// The store has replied.
    pub(super) fn archive_replied(&mut self, id: ConnId, number: u32, reply: Reply) {
        self.store_is_alive();
        let stored = self.clients.get(id).and_then(|client| client.stored());
        let stage = stored.map(|stored| stored.stage);
        match (reply, stage) {
            (Reply::Replay(page), Some(Stage::Fetching { number: right, .. }))
                if number == right =>
            {
                self.page_arrived(id, page);
            }
            (Reply::Failed(_), Some(Stage::Fetching { number: right, after, .. }))
                if number == right =>
            {
                self.fetching_failed(id, after);
            }
            (Reply::Waiting(first), _) => self.waiting_was(id, first),
            (Reply::Replay(_) | Reply::Pong, _) => {}
            (reply, _) => self.archive_ask_replied(id, number, reply),
        }
    }

    fn page_arrived(&mut self, id: ConnId, page: Page) {
        if self.bounced_all {
            // Nothing is queued any more, and nothing may follow a torn packet.
            return;
        }
        let Page { packets, upto, is_last } = page;
        let Some(stored) = self.clients.get(id).and_then(|client| client.stored()) else { return };
        let extended = stored.extended;
        let mut queue = self.take_queue(id);
        for packet in &packets {
            self.work.spend(work::DELIVERY);
            queue.push_with(&mut self.pool, None, |out| {
                if extended {
                    packet.stamped.push_extended(out, packet.id, packet.time);
                    out.push(b'\n');
                } else {
                    out.extend_from_slice(packet.stamped.bytes());
                }
            });
        }
        let queued = queue.queued_bytes();
        self.put_queue(id, queue);
        self.put_page(id, queued, &packets);
        if let (Some(replay), Some(last)) = (self.replay_of(id), packets.last()) {
            replay.last = last.id.get();
        }
        if is_last {
            return self.caught_up(id, upto);
        }
        let after = upto.map_or(0, PacketId::get);
        self.set_stage(id, Stage::Behind { after });
        self.catch_up(id);
    }

    /// Nothing is left for it in the store.
    fn caught_up(&mut self, id: ConnId, upto: Option<PacketId>) {
        self.set_stage(id, Stage::Live);
        let stored = self.clients.get_mut(id).and_then(|client| client.stored_mut());
        let Some(stored) = stored else { return };
        let Some(Replay { last, .. }) = stored.replay.take() else { return };
        stored.is_complete = true;
        // Where nothing has come from its mark on, it has everything that there is.
        let last = if last > 0 { last } else { upto.map_or(0, PacketId::get) };
        self.say(id, Endpoint::Replay, &last.to_string());
        if let Some(upto) = upto {
            // Its own packets, which it is not handed, are among these.
            self.put_mark(id, upto);
        }
        self.resume(id, Pauses::REPLAY);
    }

    /// The store can't be read now: `/replay` is refused, and what is missing fetched later.
    fn fetching_failed(&mut self, id: ConnId, after: Option<u64>) {
        let stored = self.clients.get_mut(id).and_then(|client| client.stored_mut());
        let Some(stored) = stored else { return };
        let replay = stored.replay.take();
        // Where it would have begun at its mark, it goes on where it was before.
        let after = after.or(stored.resumes_after);
        self.set_stage(id, after.map_or(Stage::Live, |after| Stage::Postponed { after }));
        self.arm(id, Timers::STORED, self.now.after(limits::STALL_PROBE));
        if let Some(Replay { ordinal, .. }) = replay {
            self.refuse(id, ordinal, Code::Busy, Some(Endpoint::Replay.name()));
            self.resume(id, Pauses::REPLAY);
        }
    }

    /// It is time to look whether a page has come, or to ask again.
    pub(in crate::chat) fn stored_timed_out(&mut self, id: ConnId) {
        let stored = self.clients.get(id).and_then(|client| client.stored());
        match stored.map(|stored| stored.stage) {
            Some(Stage::Fetching { after, since, .. }) => {
                if since.after(limits::STORE_TIMEOUT) <= self.now {
                    self.fetching_failed(id, after);
                } else {
                    self.arm(id, Timers::STORED, self.now.after(limits::STORE_PATIENCE));
                }
            }
            Some(Stage::Postponed { after }) => {
                self.set_stage(id, Stage::Behind { after });
                self.catch_up(id);
            }
            Some(Stage::Live | Stage::Behind { .. }) | None => {}
        }
    }

    fn replay_of(&mut self, id: ConnId) -> Option<&mut Replay> {
        self.clients.get_mut(id)?.stored_mut()?.replay.as_mut()
    }
}

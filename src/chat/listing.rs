//! Lists for clients: collected by each shard for its own, put together page by
//! page while the client's socket takes them. All of it together has a share of
//! each tick, and comes behind everything else. Never: when a list is asked for.

use super::client::{Client, Pauses};
use super::id::ConnId;
use super::id::WorkerId;
use super::lists::{Listing, Postponed, Requester};
use super::query_protocol::{PendingQuery, Query, Reply};
use super::shard::Shard;
use super::snapshot::{Entries, Entry, Snapshot};
use super::work;
use crate::limits;
use crate::wire::packet::END;
use crate::wire::text::push_escaped;
use crate::wire::{Endpoint, Range};
use compact_str::format_compact;
use std::mem;
use std::ops::Bound;
use std::sync::Arc;

impl<S> Shard<S> {
    /// This shard's part of the list of users: now, or later by message.
    pub(super) fn users_part(&mut self, requester: Requester) -> Option<Entries> {
        if self.lists.users.is_idle() && self.clients.slots() as usize <= limits::LIST_SLICE {
            self.lists.users.start();
            self.collect_users();
        }
        self.lists.users.ready().or_else(|| {
            self.lists.users.wait(requester);
            None
        })
    }

    /// This shard's part of the list of rooms: now, or later by message.
    pub(super) fn rooms_part(&mut self, requester: Requester) -> Option<Entries> {
        if self.lists.rooms.is_idle() && self.rooms.len() < limits::LIST_SLICE {
            self.lists.rooms.start();
            self.collect_rooms();
        }
        self.lists.rooms.ready().or_else(|| {
            self.lists.rooms.wait(requester);
            None
        })
    }

    /// ... and of those that only some may see, the ones of these whose home is here.
    pub(super) fn all_rooms_part(
        &mut self,
        requester: Requester,
        hidden: &[Arc<str>],
    ) -> Option<Vec<Entries>> {
        let hidden = self.rooms_part_of(hidden);
        let Some(rooms) = self.rooms_part(requester) else {
            if let Some(hidden) = hidden {
                self.lists.hidden_rooms.insert(requester, hidden);
            }
            return None;
        };
        Some([rooms].into_iter().chain(hidden).collect())
    }

    /// Somebody came or left.
    pub(super) fn users_changed(&mut self) {
        self.lists.users.invalidate();
    }

    /// A room was made, or somebody joined or left one.
    pub(super) fn rooms_changed(&mut self) {
        self.lists.rooms.invalidate();
    }

    /// A query for a list: sent now, or once all lists together are below their
    /// bound. (Clients that hold old lists for long are closed meanwhile: `memory`.)
    pub(super) fn query_list(
        &mut self,
        id: ConnId,
        ordinal: u64,
        query: Query,
        whom: Vec<WorkerId>,
    ) {
        if !self.are_lists_over() {
            return self.query(id, ordinal, query, &whom);
        }
        self.forget_lists();
        self.next_query = self.next_query.wrapping_add(1);
        let number = self.next_query;
        self.pending.insert(id, PendingQuery::new(number, self.now, ordinal, whom.len()));
        self.pause(id, Pauses::QUERY);
        self.lists.postponed.push_back(Postponed { client: id, number, query, whom });
    }

    fn are_lists_over(&self) -> bool {
        self.counters.list_bytes() > self.settings.list_bytes_max()
    }

    /// Frees lists that are kept for reuse only.
    pub(super) fn forget_lists(&mut self) {
        self.lists.users.forget();
        self.lists.rooms.forget();
        self.lists.members.clear();
    }

    /// Sends postponed queries, while there is room for lists.
    fn ask_postponed(&mut self, budget: work::Units) {
        while self.work.tick < budget
            && !self.are_lists_over()
            && let Some(Postponed { client, number, query, whom }) =
                self.lists.postponed.pop_front()
        {
            self.work.spend(work::DELIVERY);
            if self.pending.get(&client).is_some_and(|pending| pending.number == number) {
                self.ask(client, number, &query, &whom);
            }
        }
    }

    /// Whether lists want to be worked on in the next tick.
    pub(super) fn has_lists_to_serve(&self) -> bool {
        !self.lists.ready.is_empty()
            || !self.lists.postponed.is_empty() && !self.are_lists_over()
            || self.lists.users.is_building()
            || self.lists.rooms.is_building()
    }

    /// The share of lists in this tick.
    pub(super) fn serve_lists(&mut self) {
        let budget = self.work.tick + self.settings.list_work();
        self.ask_postponed(budget);
        if self.lists.users.is_building() {
            self.collect_users();
        }
        if self.lists.rooms.is_building() {
            self.collect_rooms();
        }
        while self.work.tick < budget
            && let Some(id) = self.lists.ready.pop_front()
        {
            if self.send_page(id) {
                self.handle_inbound(id);
            }
        }
    }

    /// All parts of a list are here: it goes to the client, whose next packet waits
    /// for its last page.
    pub(super) fn begin_listing(&mut self, id: ConnId, endpoint: Endpoint, parts: Vec<Entries>) {
        let listing = Listing::new(endpoint, parts, self.now);
        if listing.total() == 0 {
            self.say(id, endpoint, &Range { first: 0, last: 0, total: 0 }.to_string());
            return;
        }
        let short = listing.total() <= limits::LIST_SLICE;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.cold().listing = Some(Box::new(listing));
        self.pause(id, Pauses::LISTING);
        if short {
            // Nobody waits behind so little.
            self.send_page(id);
        } else {
            self.continue_listing(id);
        }
    }

    /// Its queue has room again, if it waits for that.
    pub(super) fn continue_listing(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.pauses.contains(Pauses::LISTING)
            && let Some(listing) = &mut client.cold().listing
            && !mem::replace(&mut listing.queued, true)
        {
            self.lists.ready.push_back(id);
        }
    }

    /// One page, if hardly anything waits for the client: else `sent` will say when
    /// the next may be made.
    /// Whether it was the last, and nothing pauses the client any more for it.
    fn send_page(&mut self, id: ConnId) -> bool {
        let limit = self.settings.packet_bytes_max;
        let Some(client) = self.clients.get_mut(id) else { return false };
        let has_room = client.queued_bytes() <= self.settings.queue_bytes_max.min(limit);
        let Some(mut listing) = client.cold().listing.take() else { return false };
        listing.queued = false;
        if !has_room {
            client.cold().listing = Some(listing);
            return false;
        }
        let digits = listing.total().to_string().len();
        let frame = client.head_bytes(listing.endpoint) + END.len() - 1;
        let room = limit.saturating_sub(frame + 3 * digits + "- of ".len());
        let before = listing.sent();
        let page = listing.next_page(room);
        self.work.spend(work::of_entries(listing.sent() - before) + work::of_bytes(page.len()));
        let ends = listing.sent() == listing.total();
        let endpoint = listing.endpoint;
        if ends {
            client.pauses -= Pauses::LISTING;
        } else {
            client.cold().listing = Some(listing);
        }
        self.say_with(id, endpoint, |out| push_escaped(out, &page));
        self.continue_listing(id);
        ends
    }

    /// Collects users from the next slots.
    fn collect_users(&mut self) {
        let clients = &self.clients;
        let mut looked_at = 0;
        let completed = self.lists.users.step(&self.counters, |cursor, entries| {
            let end = clients.slots().min(cursor.slot.saturating_add(limits::LIST_SLICE as u32));
            looked_at = end - cursor.slot;
            for slot in cursor.slot..end {
                if let Some(identity) = clients.at(slot).and_then(Client::identity) {
                    cursor.found.insert(identity.key().into(), identity.name().into());
                }
            }
            cursor.slot = end;
            let all = end == clients.slots();
            if all {
                let found = mem::take(&mut cursor.found).into_iter();
                entries.extend(found.map(|(key, line)| Entry { key, line }));
            }
            all
        });
        self.work.spend(work::of_entries(looked_at as usize));
        let Some((requesters, entries)) = completed else { return };
        for requester in requesters {
            self.reply(requester, Reply::List(vec![entries.clone()]));
        }
    }

    /// Collects rooms whose home is here, behind the last one collected.
    fn collect_rooms(&mut self) {
        let (rooms, owned) = (&self.rooms, &self.archive.rooms);
        let mut looked_at = 0;
        let completed = self.lists.rooms.step(&self.counters, |last, entries| {
            let from = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let mut at = None;
            for (key, room) in rooms.behind(from).take(limits::LIST_SLICE) {
                (at, looked_at) = (Some(key), looked_at + 1);
                if !room.owned.is_some_and(|id| owned.is_private(id)) {
                    let line = format_compact!("{} {}", room.shown, room.members.len());
                    entries.push(Entry { key: key.into(), line });
                }
            }
            *last = at.map(Into::into);
            looked_at < limits::LIST_SLICE
        });
        self.work.spend(work::of_entries(looked_at));
        let Some((requesters, entries)) = completed else { return };
        for requester in requesters {
            let hidden = self.lists.hidden_rooms.remove(&requester);
            let parts = [entries.clone()].into_iter().chain(hidden).collect();
            self.reply(requester, Reply::Rooms(parts));
        }
    }

    /// The members of a room whose home is here: made once, and shared while it is
    /// kept and nobody joins or leaves.
    pub(super) fn members_part(&mut self, room: &str) -> Option<Entries> {
        let room = self.rooms.get_mut(room)?;
        if let Some(listed) = room.listed.upgrade() {
            return Some(listed);
        }
        let members = room.members.iter();
        let entries = members
            .map(|(key, name)| Entry { key: key.as_str().into(), line: name.as_str().into() });
        let listed = Arc::new(Snapshot::new(entries.collect(), &self.counters));
        self.work.spend(work::of_entries(listed.len()));
        room.listed = Arc::downgrade(&listed);
        if self.lists.members.len() >= limits::MEMBER_LISTS_KEPT {
            self.lists.members.pop_front();
        }
        self.lists.members.push_back(listed.clone());
        Some(listed)
    }
}

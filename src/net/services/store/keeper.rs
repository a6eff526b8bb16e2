//! The database's thread. Never: what a request does.

use super::asked::Asked;
use super::delivery::Delivery;
use crate::archive::Micros;
use crate::chat::id::Address;
use crate::chat::{ArchiveRequest, Committed, Counters, Posts, StoreRequest};
use crate::data::DataDir;
use crate::limits::{STORE_BATCH_BYTES_MAX, STORE_BATCH_MAX, STORE_BATCH_PACKETS_MAX, STORE_STOP};
use crate::net::mailbox::Mailboxes;
use crate::net::services::requests::Next;
use crate::net::services::{Inbox, Requests, Service, Stopper};
use crate::sandbox::Needs;
use crate::store::{Answer, Clock, Desk, Done, SharedKeeping, StoreError, Sum, Told};
use crossbeam_channel::Sender;
use log::{error, info};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Who has asked.
#[derive(Debug)]
pub(super) enum Asker {
    Connection(Address, u32),
    /// A worker, by what it wants stored.
    Worker(Arc<Posts>),
    CommandLine(Sender<Told>),
}

/// What a transaction has room for still.
struct Room {
    requests: usize,
    packets: usize,
    bytes: usize,
}

pub(super) struct Keeper {
    /// Held for as long as the database is open.
    dir: Arc<DataDir>,
    desk: Desk<Asker>,
    inbox: Inbox<Asked>,
    sums: Requests<Sum>,
    mailboxes: Arc<Mailboxes>,
    counters: Arc<Counters>,
    keeping: Arc<SharedKeeping>,
    start: Instant,
}

/// Nothing is ever due so late.
const FAR: Duration = Duration::from_secs(1 << 32);

/// What time it is.
pub(super) fn clock(start: Instant) -> Clock {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let micros = Micros(since_1970.as_micros() as i64);
    Clock { running: start.elapsed(), unix: since_1970.as_secs() as i64, micros }
}

impl Keeper {
    pub(super) fn new(
        dir: Arc<DataDir>,
        desk: Desk<Asker>,
        (inbox, sums): (Inbox<Asked>, Requests<Sum>),
        (mailboxes, counters): (Arc<Mailboxes>, Arc<Counters>),
        (keeping, start): (Arc<SharedKeeping>, Instant),
    ) -> Self {
        let keeper = Self { dir, desk, inbox, sums, mailboxes, counters, keeping, start };
        keeper.report(None);
        keeper
    }

    /// Takes what has come, and writes it in one go.
    fn serve(&mut self, first: Asked) -> io::Result<()> {
        let clock = clock(self.start);
        let mut room = Room::new();
        room.take_up(&first);
        self.take(clock, first);
        // What is written in vain takes nothing along that could be had without.
        while room.is_left() && !self.desk.is_failing() {
            let Some(asked) = self.inbox.ready() else { break };
            room.take_up(&asked);
            self.take(clock, asked);
        }
        // It is hashed while the disk is written.
        if let Some(sum) = self.desk.next_sum(clock) {
            // There is room, since it is one at a time.
            let _ = self.sums.send(sum);
        }
        let (done, refused) = self.desk.commit();
        self.report(refused);
        self.deliver(done)
    }

    fn take(&mut self, clock: Clock, asked: Asked) {
        match asked {
            Asked::Request(request) => {
                let StoreRequest { from, request } = *request;
                let asker = from.map(|(address, number)| Asker::Connection(address, number));
                self.desk.ask(clock, asker, request);
            }
            Asked::Posts(posts) => {
                if !posts.is_given_up() {
                    self.desk.post(clock, Asker::Worker(posts.clone()), &posts);
                }
            }
            Asked::Archive(request) => {
                let ArchiveRequest { from, request } = *request;
                let asker = from.map(|(address, number)| Asker::Connection(address, number));
                self.desk.ask_archive(clock, asker, request);
            }
            Asked::Order(order, reply) => {
                self.desk.order(clock, Asker::CommandLine(reply), order);
            }
            Asked::Summed(summed) => {
                self.counters.store.hashed.add(1);
                self.desk.summed(clock, summed);
            }
        }
    }

    /// Says when the disk begins to refuse, and when it takes writes again.
    fn report(&self, refused: Option<StoreError>) {
        let counters = &self.counters.store;
        counters.accounts.set(self.desk.accounts());
        if let Some((packets, bytes)) = self.desk.kept() {
            counters.packets.set(packets);
            counters.bytes.set(bytes);
        }
        let (was_failing, is_failing) = (counters.failing.get() == 1, self.desk.is_failing());
        match &refused {
            Some(why) if !was_failing => error!("store: nothing is written: {why}"),
            None if was_failing && !is_failing => info!("store: the disk takes writes again"),
            Some(_) | None => {}
        }
        counters.failing.set(u64::from(is_failing));
    }

    fn deliver(&self, done: Vec<Done<Asker>>) -> io::Result<()> {
        let mut delivery = Delivery::new(&self.mailboxes);
        let mut told = Vec::new();
        for Done { notices, news, asker, answer } in done {
            notices.into_iter().for_each(|notice| delivery.notice(notice));
            news.into_iter().for_each(|news| delivery.news(news));
            match (asker, answer) {
                (Asker::Worker(posts), Answer::Posted(outcomes)) => {
                    // Who has given them up has told their senders.
                    if posts.commit() {
                        delivery.committed(Committed { posts, outcomes });
                    }
                }
                (Asker::Connection(address, number), Answer::Archive(reply)) => {
                    delivery.archive_reply((address, number), reply)?;
                }
                (Asker::Connection(address, number), Answer::Reply(reply)) => {
                    delivery.reply((address, number), reply);
                }
                (Asker::CommandLine(reply), Answer::Told(words)) => told.push((reply, words)),
                // A connection gives no orders, the command line asks nothing.
                (
                    Asker::Connection(..) | Asker::CommandLine(_) | Asker::Worker(_),
                    Answer::Told(_) | Answer::Reply(_) | Answer::Posted(_) | Answer::Archive(_),
                ) => {}
            }
        }
        delivery.send()?;
        for (reply, words) in told {
            // It may have lost patience.
            let _ = reply.send(words);
        }
        Ok(())
    }
}

impl Room {
    fn new() -> Self {
        Self {
            requests: STORE_BATCH_MAX,
            packets: STORE_BATCH_PACKETS_MAX,
            bytes: STORE_BATCH_BYTES_MAX,
        }
    }

    fn take_up(&mut self, asked: &Asked) {
        self.requests = self.requests.saturating_sub(1);
        if let Asked::Posts(posts) = asked {
            let bytes: usize = posts.posts.iter().map(|post| post.packet.bytes().len()).sum();
            self.packets = self.packets.saturating_sub(posts.posts.len());
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    fn is_left(&self) -> bool {
        self.requests > 0 && self.packets > 0 && self.bytes > 0
    }
}

impl Service for Keeper {
    fn name(&self) -> &'static str {
        "store"
    }

    fn needs(&self) -> Needs {
        Needs { database: Some(self.dir.path().to_owned()), ..Needs::default() }
    }

    fn patience(&self) -> Duration {
        STORE_STOP
    }

    fn stopper(&mut self) -> Stopper {
        self.inbox.stopper()
    }

    fn run(mut self: Box<Self>) -> io::Result<()> {
        loop {
            let due = self.start + self.desk.due().min(FAR);
            match self.inbox.next_before(due) {
                Next::Request(asked) => self.serve(asked)?,
                Next::Timeout => {}
                Next::Stop => break,
            }
            if Instant::now() >= due {
                self.desk.keep(self.keeping.get());
                let refused = self.desk.tidy(clock(self.start));
                self.report(refused);
            }
        }
        if let Some(why) = self.desk.finish() {
            error!("store: not everything is written: {why}");
        }
        Ok(())
    }
}

//! The database's thread. Never: what a request does.

use super::asked::Asked;
use super::delivery::Delivery;
use crate::chat::id::Address;
use crate::chat::{Counters, StoreRequest};
use crate::data::DataDir;
use crate::limits::{STORE_BATCH_MAX, STORE_STOP};
use crate::net::mailbox::Mailboxes;
use crate::net::services::{Inbox, Requests, Service, Stopper};
use crate::sandbox::Needs;
use crate::store::{Answer, Clock, Desk, Done, StoreError, Sum, Told};
use crossbeam_channel::Sender;
use log::{error, info};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Who has asked.
#[derive(Debug)]
pub(super) enum Asker {
    Connection(Address, u32),
    CommandLine(Sender<Told>),
}

pub(super) struct Keeper {
    /// Held for as long as the database is open.
    dir: Arc<DataDir>,
    desk: Desk<Asker>,
    inbox: Inbox<Asked>,
    sums: Requests<Sum>,
    mailboxes: Arc<Mailboxes>,
    counters: Arc<Counters>,
    start: Instant,
}

/// What time it is.
pub(super) fn clock(start: Instant) -> Clock {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Clock { running: start.elapsed(), unix: since_1970.as_secs() as i64 }
}

impl Keeper {
    pub(super) fn new(
        dir: Arc<DataDir>,
        desk: Desk<Asker>,
        (inbox, sums): (Inbox<Asked>, Requests<Sum>),
        (mailboxes, counters): (Arc<Mailboxes>, Arc<Counters>),
        start: Instant,
    ) -> Self {
        counters.store.accounts.set(desk.accounts());
        Self { dir, desk, inbox, sums, mailboxes, counters, start }
    }

    /// Takes what has come, and writes it in one go.
    fn serve(&mut self, first: Asked) -> io::Result<()> {
        let clock = clock(self.start);
        self.take(clock, first);
        for _ in 1..STORE_BATCH_MAX {
            let Some(asked) = self.inbox.ready() else { break };
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
        let was_failing = counters.failing.get() == 1;
        match &refused {
            Some(why) if !was_failing => error!("accounts: nothing is changed: {why}"),
            None if was_failing => info!("accounts: the disk takes writes again"),
            Some(_) | None => {}
        }
        counters.failing.set(u64::from(refused.is_some()));
    }

    fn deliver(&self, done: Vec<Done<Asker>>) -> io::Result<()> {
        let mut delivery = Delivery::new(&self.mailboxes);
        let mut told = Vec::new();
        for Done { notices, asker, answer } in done {
            notices.into_iter().for_each(|notice| delivery.notice(notice));
            match (asker, answer) {
                (Asker::Connection(address, number), Answer::Reply(reply)) => {
                    delivery.reply((address, number), reply);
                }
                (Asker::CommandLine(reply), Answer::Told(words)) => told.push((reply, words)),
                // A connection gives no orders, the command line asks nothing.
                (Asker::Connection(..), Answer::Told(_))
                | (Asker::CommandLine(_), Answer::Reply(_)) => {}
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
        while let Some(asked) = self.inbox.next() {
            self.serve(asked)?;
        }
        Ok(())
    }
}

//! A mixture for a long time: talkers, visitors, slow readers, a room, and a
//! word to all now and then.

use super::chatter::another;
use super::churn::Visitors;
use super::pace::Pace;
use super::slow::SlowReaders;
use crate::bots::{Script, World};
use crate::driver::Bot;
use lanline::wire::Endpoint;

/// One bot in so many comes and goes.
const VISITORS_EVERY: usize = 5;
/// A post to the room a second, and a broadcast every so often.
const POSTS_PER_SECOND: f64 = 5.0;
const BROADCASTS_PER_SECOND: f64 = 0.5;
/// The announcer, a member of no other part.
const ANNOUNCER: Bot = 1;

pub(super) struct Soak {
    visitors: Visitors,
    readers: SlowReaders,
    talk: Pace,
    posts: Pace,
    broadcasts: Pace,
    room: String,
    members: Vec<Bot>,
}

impl Soak {
    pub(super) fn new(rate: f64, process: usize) -> Self {
        Self {
            visitors: Visitors::new(VISITORS_EVERY),
            readers: SlowReaders::new(),
            talk: Pace::new(rate),
            posts: Pace::new(POSTS_PER_SECOND),
            broadcasts: Pace::new(BROADCASTS_PER_SECOND),
            room: format!("#soak-{}-{process}", std::process::id()),
            members: Vec::new(),
        }
    }

    /// Members of the room: some who stay and read.
    fn is_member(&self, bot: Bot) -> bool {
        !self.visitors.includes(bot) && !SlowReaders::includes(bot) && bot != ANNOUNCER
    }

    fn talk(&mut self, world: &mut World<'_>) {
        for due in self.talk.due(world.now()) {
            let bots = world.cast.seats();
            let from = world.random(bots);
            if !self.visitors.includes(from) && from != ANNOUNCER {
                let to = another(from, world);
                world.say_as_of(from, to, due);
            }
        }
    }

    fn post(&mut self, world: &mut World<'_>) {
        for _ in self.posts.due(world.now()) {
            if !self.members.is_empty() {
                let from = self.members[world.random(self.members.len())];
                let members = &self.members;
                world.post(from, &self.room, |bot| members.binary_search(&bot).is_ok());
            }
        }
        for _ in self.broadcasts.due(world.now()) {
            world.post(ANNOUNCER, Endpoint::Broadcast.name(), |_| true);
        }
    }
}

impl Script for Soak {
    fn start(&mut self, world: &mut World<'_>) {
        self.visitors.is_running = true;
        self.readers.start(world);
        let now = world.now();
        self.talk.start(now);
        self.posts.start(now);
        self.broadcasts.start(now);
        for bot in 0..world.cast.seats() {
            if self.is_member(bot) {
                world.ask(bot, Endpoint::Join, &self.room);
            }
            self.visitors.visit(bot, world);
        }
    }

    fn welcomed(&mut self, bot: Bot, world: &mut World<'_>) {
        self.visitors.visit(bot, world);
    }

    fn answered(&mut self, bot: Bot, endpoint: Endpoint, _: &str, _: &mut World<'_>) {
        if endpoint == Endpoint::Join
            && let Err(place) = self.members.binary_search(&bot)
        {
            self.members.insert(place, bot);
        }
    }

    fn gone(&mut self, bot: Bot, world: &mut World<'_>) {
        self.visitors.gone(bot, world);
    }

    fn tick(&mut self, world: &mut World<'_>) {
        self.readers.tick(world);
        self.talk(world);
        self.post(world);
    }

    fn reads_slowly(&self, bot: Bot) -> bool {
        SlowReaders::includes(bot)
    }

    fn is_watched(&self, bot: Bot) -> bool {
        !SlowReaders::includes(bot)
    }

    fn may_be_closed(&self, bot: Bot, code: &str) -> bool {
        SlowReaders::includes(bot) && (code == "stuck" || code.is_empty())
    }

    fn stop(&mut self, world: &mut World<'_>) {
        self.visitors.is_running = false;
        self.talk.stop();
        self.posts.stop();
        self.broadcasts.stop();
        self.readers.stop(world);
    }
}

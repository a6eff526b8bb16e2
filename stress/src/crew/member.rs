//! One process's part: a driver and a stage, led by commands.

use super::command::{Command, Outcome, Part, Reply};
use super::names::names;
use crate::account::FaultKind;
use crate::bots::{Cast, Phase, Stage};
use crate::driver::{Driver, Target};
use crate::machine;
use anyhow::Result;
use std::time::{Duration, Instant};

/// A turn is never longer, so that what is due at a rate is written in time.
const TURN: Duration = Duration::from_millis(1);
/// All that arrive have to be in by then.
const ARRIVAL_MAX: Duration = Duration::from_secs(60);
/// Silence after which nothing more is waited for.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// A look at what is still on its way takes time; so often at the most.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// A driver and a stage.
pub(super) struct Member {
    driver: Driver,
    stage: Stage,
}

impl Member {
    /// # Errors
    /// Where the loop can't be made.
    pub(super) fn new(part: &Part) -> Result<Self> {
        machine::raise_descriptor_limit();
        let spec = &part.spec;
        let names = names(&part.run, part.process);
        let has_newcomers = spec.kind.has_newcomers();
        let mut cast = Cast::new(part.seats, names, has_newcomers, spec.size, spec.seed);
        if !spec.logins.is_empty() {
            cast.become_accounts(&spec.logins, spec.kind.loses_connections());
        }
        cast.is_alone = part.is_alone && !has_newcomers;
        let script = spec.script(part.seats, part.process);
        let driver = Driver::new(part.seats, Target::new(part.server, spec.security))?;
        Ok(Self { driver, stage: Stage::new(cast, script) })
    }

    pub(super) fn obey(&mut self, command: Command) -> Reply {
        let reply = match command {
            Command::Grow { users } => self.grow(users),
            Command::Play { seconds } => self.play(Duration::from_secs_f64(seconds)),
            Command::Drain => self.drain(),
            Command::Finish => self.finish(),
        };
        reply.unwrap_or_else(|error| Reply::Failed(format!("{error:#}")))
    }

    fn grow(&mut self, users: usize) -> Result<Reply> {
        self.driver.prompt(&mut self.stage, |stage, hands| stage.grow(users, hands));
        let deadline = Instant::now() + ARRIVAL_MAX;
        while !self.stage.has_grown() && Instant::now() < deadline {
            self.driver.turn(&mut self.stage, TURN)?;
        }
        let cast = &mut self.stage.cast;
        let mut turned_away = cast.turned_away.clone();
        match cast.count(Phase::Arriving) {
            0 => {}
            count => turned_away.push(format!("{count} without an answer")),
        }
        Ok(Reply::Grown { users: cast.count(Phase::Here), turned_away })
    }

    fn play(&mut self, duration: Duration) -> Result<Reply> {
        let cpu_before = machine::own_cpu_time();
        let start = Instant::now();
        self.driver.prompt(&mut self.stage, |stage, hands| stage.play(hands));
        while start.elapsed() < duration {
            self.driver.turn(&mut self.stage, TURN)?;
        }
        let mut window = self.stage.cast.take_window();
        window.seconds = start.elapsed().as_secs_f64();
        let cpu = machine::own_cpu_time().saturating_sub(cpu_before);
        window.generator_cpu_seconds = cpu.as_secs_f64();
        Ok(Reply::Played(window))
    }

    /// Waits until nothing is on its way, or nothing comes any more.
    fn drain(&mut self) -> Result<Reply> {
        self.driver.prompt(&mut self.stage, |stage, hands| stage.stop(hands));
        self.turn_until(|stage| {
            stage.cast.count(Phase::Arriving) == 0
                && stage.cast.count(Phase::Leaving) == 0
                && stage.cast.ledger.outstanding() == 0
        })?;
        Ok(Reply::Drained)
    }

    fn finish(&mut self) -> Result<Reply> {
        self.driver.prompt(&mut self.stage, |stage, hands| stage.ask_all(hands));
        self.turn_until(|stage| stage.unanswered() == 0)?;
        let cast = &mut self.stage.cast;
        note_missing_answers(cast);
        cast.ledger.close();
        let mut outcome = Outcome {
            totals: cast.ledger.totals().clone(),
            faults: cast.ledger.faults().to_vec(),
            users: cast.count(Phase::Here) as u64,
            foreign: cast.ledger.foreign().clone(),
            posts: cast.ledger.posts().clone(),
            ..Outcome::default()
        };
        for why in &cast.turned_away {
            *outcome.turned_away.entry(why.clone()).or_default() += 1;
        }
        Ok(Reply::Finished(Box::new(outcome)))
    }

    fn turn_until(&mut self, is_done: impl Fn(&Stage) -> bool) -> Result<()> {
        let progress = |stage: &Stage| {
            let totals = stage.cast.ledger.totals();
            (totals.delivered, totals.refused.values().sum::<u64>(), stage.unanswered())
        };
        let (mut last, mut last_at) = (progress(&self.stage), Instant::now());
        let mut next_look = Instant::now();
        while last_at.elapsed() < SILENCE_MAX {
            self.driver.turn(&mut self.stage, TURN)?;
            if Instant::now() < next_look {
                continue;
            }
            next_look = Instant::now() + LOOK_INTERVAL;
            if is_done(&self.stage) {
                return Ok(());
            }
            let now = progress(&self.stage);
            if now != last {
                (last, last_at) = (now, Instant::now());
            }
        }
        Ok(())
    }
}

/// Questions that nobody answered are as lost as packets.
fn note_missing_answers(cast: &mut Cast) {
    for bot in 0..cast.players.len() {
        let name = cast.name(bot);
        if !cast.is_here(bot) {
            continue;
        }
        for (endpoint, ordinal) in std::mem::take(&mut cast.players[bot].asked) {
            let detail = "no answer".to_owned();
            cast.ledger.fault(FaultKind::Lost, &name, endpoint.name(), ordinal, 0, detail);
        }
    }
}

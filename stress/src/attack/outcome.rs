//! What came of an attack. Never: whether that is fine.

use super::mob::Bystanders;
use super::server::Scrape;
use crate::run::Latency;
use serde::Serialize;
use std::time::Duration;

/// A tick takes no longer, in seconds: the goal.
pub(super) const TICK_SECONDS_MAX: f64 = 0.005;

/// What came of one attack.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub row: String,
    pub title: String,
    pub workers: Option<usize>,
    /// Of the pairs before the attack, and beside it.
    pub alone: Latency,
    pub beside: Latency,
    /// What the longest tick took at the most, in seconds, and how many were over the
    /// bound; before the attack, and in it.
    pub tick_alone: Option<f64>,
    pub tick: Option<f64>,
    pub ticks_over: Option<u64>,
    /// The most work in one tick since the start, in the server's units.
    pub tick_work: Option<u64>,
    /// Packets that the server read, a second.
    pub packets_per_second: Option<f64>,
    /// Share of one core that the server used.
    pub server_busy: Option<f64>,
    /// How long the server's threads waited for a core while others ran, as a share of
    /// the time: what this machine, and not the server, adds to the latency and the ticks.
    pub server_waited: Option<f64>,
    pub scrape_seconds: Option<f64>,
    /// A newcomer's login and first room, in seconds; none was let in, if none.
    pub newcomer_seconds: Option<f64>,
    pub memory: Option<u64>,
    pub memory_bound: Option<u64>,
    /// Packets of pairs and bystanders that were refused, and connections lost.
    pub refused: u64,
    /// It could not be played to its end.
    pub has_failed: bool,
    pub remarks: Vec<String>,
}

impl Outcome {
    pub(super) fn add_metrics(
        &mut self,
        before: &Scrape,
        start: &Scrape,
        end: &Scrape,
        time: Duration,
    ) {
        let ticks = end.ticks.since(&start.ticks);
        self.tick_alone = Some(start.ticks.since(&before.ticks).longest());
        self.tick = Some(ticks.longest());
        self.ticks_over = Some(ticks.over(TICK_SECONDS_MAX));
        self.tick_work = end.tick_work;
        let packets = end.packets.saturating_sub(start.packets);
        self.packets_per_second = Some(packets as f64 / time.as_secs_f64());
        self.scrape_seconds = Some(end.took.as_secs_f64());
    }

    pub(super) fn add_refusals(&mut self, pairs: u64, bystanders: &Bystanders) {
        if pairs > 0 {
            self.remarks.push(format!("{pairs} packets of the pairs refused or lost"));
        }
        for (code, count) in &bystanders.refused {
            self.remarks.push(format!("{count} packets of bystanders refused: {code}"));
        }
        if bystanders.lost > 0 {
            self.remarks.push(format!("{} bystanders lost their connection", bystanders.lost));
        }
    }
}

//! A thread that sends every worker a letter now and then and sees whether it
//! comes through: that is the loop's lag, and what the watchdog wants to know.
//! It runs only where somebody asks: a supervisor with a watchdog, or metrics.

use super::gauges::Gauges;
use super::mailbox::{Mail, Post};
use super::supervisor::Supervisor;
use crate::chat::Moment;
use crate::limits::{PULSE_INTERVAL, PULSE_INTERVAL_MIN};
use log::warn;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// What the thread needs.
pub struct Pulse {
    pub post: Arc<Post>,
    pub gauges: Arc<Gauges>,
    pub supervisor: Arc<Supervisor>,
    /// When the server started.
    pub start: Instant,
}

impl Pulse {
    /// Starts the thread; it ends with the process.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(self) -> io::Result<()> {
        thread::Builder::new().name("pulse".to_owned()).spawn(move || self.run()).map(|_| ())
    }

    fn run(self) {
        let interval = interval(self.supervisor.watchdog());
        let mut silent = false;
        for pulse in 1u64.. {
            let now = Moment(self.start.elapsed().as_nanos() as u64);
            if let Err(error) = self.post.send_to_all(|| Mail::Pulse(pulse, now)) {
                return warn!("no more pulses, a worker can't be woken: {error}");
            }
            thread::sleep(interval);
            let well = self.gauges.all_felt(pulse);
            if well {
                self.supervisor.is_well();
            } else if !silent {
                warn!("a worker is late by more than {} ms", interval.as_millis());
            }
            silent = !well;
        }
    }
}

/// Several times within the watchdog's patience.
fn interval(watchdog: Option<Duration>) -> Duration {
    let wanted = watchdog.map_or(PULSE_INTERVAL, |patience| patience / 4);
    wanted.clamp(PULSE_INTERVAL_MIN, PULSE_INTERVAL)
}

//! **The crew**: the bots of a run, in this process or in several, led by the
//! same few commands. Never: what the bots do, or what is made of the figures.

mod command;
mod member;
mod names;
mod process;
#[cfg(test)]
mod tests;

use crate::account::{Fault, FaultKind, Names};
use crate::bots::Window;
use crate::scenarios::Spec;
use anyhow::{Result, bail};
use command::{Command, Part, Reply};
use member::Member;
use names::{names, run_name};
use process::Process;
use std::net::SocketAddr;

pub(crate) use command::Outcome;
pub(crate) use process::serve_commands;

/// Descriptors that a process needs besides those of its bots.
const DESCRIPTORS_RESERVED: u64 = 64;

enum Hand {
    Here(Box<Member>),
    Elsewhere(Process),
}

/// All processes of a run.
pub(crate) struct Crew {
    hands: Vec<Hand>,
    seats: Vec<usize>,
}

impl Crew {
    /// Bots of one process at the most, by its descriptors.
    pub(crate) fn seats_per_process() -> usize {
        let limit = crate::machine::raise_descriptor_limit();
        limit.saturating_sub(DESCRIPTORS_RESERVED) as usize
    }

    /// The names of a process's users, in a run of this crew.
    pub(crate) fn names(process: usize) -> Names {
        names(&run_name(), process)
    }

    /// A crew of `seats` bots. As many processes as asked for, or as needed.
    ///
    /// # Errors
    /// Where a process can't be started.
    pub(crate) fn new(
        spec: &Spec,
        server: SocketAddr,
        seats: usize,
        processes: Option<usize>,
    ) -> Result<Self> {
        let needed = seats.div_ceil(Self::seats_per_process()).max(1);
        let processes = processes.unwrap_or(needed).max(needed);
        // Pairs stay together.
        let share = seats.div_ceil(processes).next_multiple_of(2);
        let run = run_name();
        let mut hands = Vec::new();
        let mut shares = Vec::new();
        let mut left = seats;
        for process in 0..processes {
            let seats = share.min(left);
            left -= seats;
            if seats == 0 {
                break;
            }
            let mut spec = spec.clone();
            if !spec.kind.has_rate_per_user() {
                spec.rate = spec.rate.map(|rate| rate / processes as f64);
            }
            spec.seed = spec.seed.wrapping_add(process as u64);
            let is_alone = processes == 1;
            let part = Part { spec, server, seats, process, is_alone, run: run.clone() };
            hands.push(match is_alone {
                true => Hand::Here(Box::new(Member::new(&part)?)),
                false => Hand::Elsewhere(Process::start(&part)?),
            });
            shares.push(seats);
        }
        Ok(Self { hands, seats: shares })
    }

    pub(crate) fn processes(&self) -> usize {
        self.hands.len()
    }

    /// Lets bots in until there are `users`. Returns how many there are, and
    /// why one was not let in.
    ///
    /// # Errors
    /// Where a process has failed; the same for the other commands.
    pub(crate) fn grow(&mut self, users: usize) -> Result<(usize, Vec<String>)> {
        let total: usize = self.seats.iter().sum();
        let users = users.min(total);
        let mut before = 0;
        let share = |seats: &usize| {
            let start = users * before / total;
            before += seats;
            Command::Grow { users: users * before / total - start }
        };
        let commands: Vec<_> = self.seats.iter().map(share).collect();
        let mut sum = (0, Vec::new());
        for reply in self.tell(&commands)? {
            let Reply::Grown { users, turned_away } = reply else { bail!("{reply:?}") };
            sum.0 += users;
            sum.1.extend(turned_away);
        }
        Ok(sum)
    }

    /// Plays for `seconds`.
    ///
    /// # Errors
    /// As [`Crew::grow`].
    pub(crate) fn play(&mut self, seconds: f64) -> Result<Window> {
        let mut sum = Window::default();
        for reply in self.tell(&vec![Command::Play { seconds }; self.hands.len()])? {
            let Reply::Played(window) = reply else { bail!("{reply:?}") };
            sum.seconds = sum.seconds.max(window.seconds);
            sum.delivered += window.delivered;
            sum.refused += window.refused;
            sum.welcomed += window.welcomed;
            sum.turned_away += window.turned_away;
            sum.users += window.users;
            sum.generator_cpu_seconds += window.generator_cpu_seconds;
            sum.latencies.extend(window.latencies);
        }
        Ok(sum)
    }

    /// Ends the run and closes the books.
    ///
    /// # Errors
    /// As [`Crew::grow`].
    pub(crate) fn finish(mut self) -> Result<Outcome> {
        self.tell(&vec![Command::Drain; self.hands.len()])?;
        let mut outcomes = Vec::new();
        for reply in self.tell(&vec![Command::Finish; self.hands.len()])? {
            let Reply::Finished(outcome) = reply else { bail!("{reply:?}") };
            outcomes.push(*outcome);
        }
        Ok(sum_up(outcomes))
    }

    /// Tells everyone, then hears everyone.
    fn tell(&mut self, commands: &[Command]) -> Result<Vec<Reply>> {
        for (hand, command) in self.hands.iter_mut().zip(commands) {
            if let Hand::Elsewhere(process) = hand {
                process.tell(command)?;
            }
        }
        let mut replies = Vec::new();
        for (hand, command) in self.hands.iter_mut().zip(commands) {
            let reply = match hand {
                Hand::Here(member) => member.obey(*command),
                Hand::Elsewhere(process) => process.hear()?,
            };
            if let Reply::Failed(why) = reply {
                bail!("{why}");
            }
            replies.push(reply);
        }
        Ok(replies)
    }
}

/// Adds the books of all processes; what one has sent to all, the others must
/// have received.
fn sum_up(outcomes: Vec<Outcome>) -> Outcome {
    let mut sum = Outcome::default();
    for (index, outcome) in outcomes.iter().enumerate() {
        sum.totals.add(&outcome.totals);
        sum.faults.extend(outcome.faults.iter().cloned());
        sum.users += outcome.users;
        for (why, count) in &outcome.turned_away {
            *sum.turned_away.entry(why.clone()).or_default() += count;
        }
        for (sender, posts) in &outcome.posts {
            let others = outcomes.iter().enumerate().filter(|&(other, _)| other != index);
            let (mut expected, mut received) = (0, posts.refused_elsewhere);
            for (_, other) in others {
                expected += posts.sent * other.users;
                received += other.foreign.get(sender).copied().unwrap_or(0);
            }
            sum.totals.sent += expected;
            sum.totals.delivered += received - posts.refused_elsewhere;
            if expected != received {
                sum.totals.faults += 1;
                sum.faults.push(Fault {
                    kind: FaultKind::Lost,
                    from: sender.clone(),
                    to: "users of other processes".to_owned(),
                    ordinal: 0,
                    at_seconds: 0.0,
                    detail: format!("{received} of {expected} came"),
                });
            }
        }
    }
    sum
}

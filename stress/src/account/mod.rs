//! **The account**: which packets are on their way, and what became of each.
//! Pure: no socket, no clock. Never: who writes when.
//!
//! Sent = delivered + refused + on the way to a closed socket. A packet that
//! fits none of these is a [`Fault`], and so is one that nobody sent, or that
//! comes twice, out of order, to somebody else or under another name.

mod arrivals;
mod closing;
mod fault;
mod ledger;
mod note;
#[cfg(test)]
mod tests;
mod totals;

pub(crate) use arrivals::Landed;
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use ledger::Ledger;
pub(crate) use note::{Note, NoteTo};
pub(crate) use totals::{Departure, Posts, Totals};

/// One life of a bot: a name that nobody had before in this run. Counted from
/// 0 within a process.
pub(crate) type User = u32;

/// The names of a process's users: a prefix of its own, then the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    run: String,
    prefix: String,
}

impl Names {
    /// `run` begins the names of all processes of this run, `process` follows
    /// in those of this one.
    pub(crate) fn new(run: &str, process: &str) -> Self {
        Self { run: run.to_owned(), prefix: format!("{run}{process}") }
    }

    /// Whether it is some process's name of this run.
    pub(crate) fn is_of_this_run(&self, name: &str) -> bool {
        name.starts_with(&self.run)
    }

    pub(crate) fn name(&self, user: User) -> String {
        format!("{}{user}", self.prefix)
    }

    /// Whose name it is, if it is one of these.
    pub(crate) fn user(&self, name: &str) -> Option<User> {
        let digits = name.strip_prefix(&self.prefix)?;
        let is_plain = !digits.starts_with('0') || digits == "0";
        digits.parse().ok().filter(|_| is_plain && digits.bytes().all(|b| b.is_ascii_digit()))
    }
}

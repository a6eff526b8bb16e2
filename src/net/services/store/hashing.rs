//! The thread that hashes passwords: one at a time, at a low priority, so that neither a
//! worker nor a commit waits for it. Never: whose turn it is (`store`).

use super::asked::Asked;
use crate::net::services::{Inbox, Requests, Service, Stopper};
use crate::sandbox::Needs;
use crate::secrets::Hasher;
use crate::store::{Sum, Summed};
use log::{debug, error};
use std::io;

/// Others go first (setpriority(2)): who has the usual priority gets nine tenths of a core
/// that both want. At 19 it would be 99 of 100, and on a machine that is busy otherwise
/// nobody would log in by password for minutes.
const NICE: i32 = 10;

pub(super) struct Hashing {
    hasher: Hasher,
    sums: Inbox<Sum>,
    keeper: Requests<Asked>,
}

impl Hashing {
    /// # Errors
    /// Where the system has no randomness.
    pub(super) fn new(sums: Inbox<Sum>, keeper: Requests<Asked>) -> io::Result<Self> {
        Ok(Self { hasher: Hasher::new()?, sums, keeper })
    }
}

impl Service for Hashing {
    fn name(&self) -> &'static str {
        "passwords"
    }

    fn needs(&self) -> Needs {
        Needs { priority: true, ..Needs::default() }
    }

    fn stopper(&mut self) -> Stopper {
        self.sums.stopper()
    }

    fn run(self: Box<Self>) -> io::Result<()> {
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            debug!("passwords are hashed at the usual priority: {error}");
        }
        while let Some(sum) = self.sums.next() {
            // Refused only at the end, when nobody waits for it any more.
            let _ = self.keeper.send_waiting(Asked::Summed(work_out(&self.hasher, sum)));
        }
        Ok(())
    }
}

/// Does it, in this thread.
pub(super) fn work_out(hasher: &Hasher, sum: Sum) -> Summed {
    let make = |password| match hasher.hash(&password) {
        Ok(hash) => Some(hash),
        Err(error) => {
            error!("a password can't be hashed: {error}");
            None
        }
    };
    match sum {
        Sum::Compare { password, hash } => {
            Summed { is_right: hasher.is_right(&password, hash.as_deref()), made: None }
        }
        Sum::Make { password } => Summed { is_right: true, made: make(password) },
        Sum::Change { old, hash, new } => {
            let is_right = hasher.is_right(&old, hash.as_deref());
            Summed { is_right, made: if is_right { make(new) } else { None } }
        }
    }
}

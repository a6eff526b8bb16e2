//! Packets that are to be stored. Never: who gets them.

use super::batch::not_kept;
use super::{Clock, Desk};
use crate::archive::PostBatch;
use crate::limits::STORE_REST;

impl<A> Desk<A> {
    /// Takes packets to be stored, in order. The answer is what came of each.
    pub fn post<W>(&mut self, clock: Clock, asker: A, batch: &PostBatch<W>) {
        self.now = clock.running;
        let posts = &batch.posts;
        let rests = self.refused_at.is_some_and(|at| clock.running < at + STORE_REST);
        if rests {
            return self.batch.posted(asker, not_kept(posts.len()));
        }
        let log = &mut self.log;
        let outcomes = self.batch.within(|connection| log.append(connection, clock.micros, posts));
        self.batch.posted(asker, outcomes.unwrap_or_else(|_| not_kept(posts.len())));
    }
}

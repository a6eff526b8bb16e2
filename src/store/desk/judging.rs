//! Passwords that wait to be hashed: whose turn it is, and what follows. Never: the
//! hashing.

use super::waiting::{Judging, Sum, Summed, Then, compared_with_nobody};
use super::{Clock, Desk};
use crate::accounts::{Failure, Reply};
use crate::secrets::Peer;
use crate::secrets::fair_queue::NoRoom;
use crate::secrets::throttle::Verdict;
use crate::store::order::{Refusal, Told};

impl<A> Desk<A> {
    /// Has a password hashed, in its turn.
    pub(super) fn judge(&mut self, asker: A, peer: Peer, sum: Sum, then: Then) {
        let judging = Judging { asker, peer, sum: Some(sum), then };
        if let Err(NoRoom(dropped)) = self.waiting.push(peer, judging) {
            self.has_no_room(dropped);
        }
    }

    /// What is to be hashed next: none while the last is not [`Desk::summed`].
    pub fn next_sum(&mut self, clock: Clock) -> Option<Sum> {
        while self.under_way.is_none() {
            let mut judging = self.waiting.pop()?;
            let verdict = judging.then.attempt();
            let verdict = verdict.map(|attempt| self.throttle.verdict(clock.running, attempt));
            let sum = judging.sum.take();
            match verdict {
                Some(Verdict::PeerShut) => self.was_shut(judging),
                // Nobody learns by the time it takes that there is such an account.
                Some(Verdict::AccountShut) => {
                    self.under_way = Some(judging);
                    return sum.map(compared_with_nobody);
                }
                Some(Verdict::LookAt) | None => {
                    self.under_way = Some(judging);
                    return sum;
                }
            }
        }
        None
    }

    /// Goes on with what [`Desk::next_sum`] has handed out.
    pub fn summed(&mut self, clock: Clock, summed: Summed) {
        let Some(Judging { asker, peer, then, .. }) = self.under_way.take() else { return };
        let Summed { is_right, made } = summed;
        match then {
            Then::LogIn { attempt, hash } => {
                self.password_judged(clock, asker, attempt, hash.filter(|_| is_right));
            }
            Then::Change { attempt, hash } => {
                let hash = hash.filter(|_| is_right);
                self.change_judged(clock, asker, attempt, (hash, made));
            }
            Then::Invited { account, code } => {
                self.invitation_judged(clock, asker, peer, (account, code), made);
            }
            Then::Register { name } => self.register_judged(clock, asker, peer, &name, made),
            Then::Order(order) => self.order_judged(clock, asker, order, made),
        }
    }

    /// Whether something waits to be hashed, or is being.
    pub fn is_judging(&self) -> bool {
        self.under_way.is_some() || !self.waiting.is_empty()
    }

    fn was_shut(&mut self, judging: Judging<A>) {
        self.batch.reply_anyway(judging.asker, Reply::Failed(Failure::WrongSecret));
    }

    fn has_no_room(&mut self, dropped: Judging<A>) {
        if let Then::Register { .. } = dropped.then {
            self.registrations.take_back(dropped.peer);
        }
        match dropped.then {
            Then::Order(_) => {
                let told = Told::Refused(Refusal::Unavailable);
                self.batch.tell(dropped.asker, Ok((Vec::new(), told)));
            }
            _ => self.batch.reply_anyway(dropped.asker, Reply::Failed(Failure::Unavailable)),
        }
    }
}

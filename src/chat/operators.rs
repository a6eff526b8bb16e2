//! The operators' token, and refusals that are told late, so that nobody guesses fast.
//! Never: what operators may do.

use super::client::{Pauses, Roles, Timers};
use super::effect::Report;
use super::id::{ConnId, Moment};
use super::shard::Shard;
use crate::limits;
use crate::wire::{Code, Endpoint, Packet};
use subtle::ConstantTimeEq;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    pub(super) fn operator(&mut self, id: ConnId, _: u64, packet: &Packet<'_>) -> Outcome {
        let Some(token) = &self.settings.operator_token else { return Err(Code::NoSuchEndpoint) };
        // In constant time; a token's length is no secret.
        let right = bool::from(token.as_bytes().ct_eq(packet.msg.plain_wiped().as_bytes()));
        let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
        // From an address with too many wrong tokens none is accepted.
        let now = self.now;
        let right = right && client.budget.as_ref().is_none_or(|budget| budget.may_guess(now));
        // Where wrong tokens are answered without delay, only one is checked.
        let hurried = self.stopping || client.input.is_final();
        let right = right && !(hurried && client.cold().wrong_tokens > 0);
        if !right {
            client.budget.as_ref().inspect(|budget| budget.guessed(now));
        }
        let is_new = right && !client.roles.contains(Roles::OPERATOR);
        if right {
            client.roles |= Roles::OPERATOR | Roles::BY_TOKEN;
        }
        let (peer, name) = (client.peer, client.name().into());
        if !right {
            self.report(Report::WrongToken { peer, name });
            self.back_off(id);
            return Ok(());
        }
        if is_new {
            self.guard_looks_of(id, true);
        }
        self.report(Report::Operator { peer, name });
        self.say(id, Endpoint::Operator, "ok");
        Ok(())
    }

    /// Who gives a wrong token waits for the answer, each time longer.
    fn back_off(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let wrong = client.cold().wrong_tokens;
        client.cold().wrong_tokens = wrong.saturating_add(1);
        let delay = limits::TOKEN_DELAY_FIRST.saturating_mul(1 << wrong.min(16));
        self.owe(id, Code::NotOperator, self.now.after(delay.min(limits::TOKEN_DELAY_MAX)));
    }

    /// The packet handled last is refused at that moment, and nothing is heard meanwhile.
    pub(super) fn owe(&mut self, id: ConnId, code: Code, due: Moment) {
        let stopping = self.stopping;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.cold().owed = Some(code);
        client.pauses |= Pauses::AUTH_BACKOFF;
        if stopping || client.input.is_final() {
            // Nothing waits any more: what comes behind is handled next.
            return self.answer_owed(id);
        }
        self.arm(id, Timers::AUTH_BACKOFF, due);
    }

    pub(super) fn end_auth_backoff(&mut self, id: ConnId) {
        self.answer_owed(id);
        self.handle_inbound(id);
    }

    /// Sends the delayed refusal. The packet was the last one counted.
    pub(super) fn answer_owed(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.pauses.contains(Pauses::AUTH_BACKOFF) {
            client.pauses -= Pauses::AUTH_BACKOFF;
            let Some(code) = client.cold().owed.take() else { return };
            let ordinal = client.ordinal;
            self.refuse(id, ordinal, code, None);
            if code == Code::WrongLogin {
                self.told_of_wrong_secret(id);
            }
        }
    }
}

//! A name is claimed at its home. Until then a connection lives wherever it
//! was accepted; once it has said its name, it moves there and stays. Never: the
//! name's skeletons, which `claiming` has claimed.

use super::client::{Client, CloseMode, Pauses, Timers};
use super::effect::Effect;
use super::id::{ConnId, Moment};
use super::message::{Claim, Handoff};
use super::resume::ResumeSecret;
use super::routing::Route;
use super::settings::Accounts;
use super::shard::Shard;
use crate::limits;
use crate::wire::codec::Greeting;
use crate::wire::wipe::wipe_whole;
use crate::wire::{Code, Decoded, Endpoint, Name};
use std::mem;

impl<S> Shard<S> {
    /// Looks for the greeting in all that came so far. Returns how many bytes
    /// are dealt with, or none if the connection is not here any more.
    pub(super) fn greet(&mut self, id: ConnId, bytes: &[u8], ended: bool) -> Option<usize> {
        match self.clients.get(id)?.codec.greeting(bytes, ended) {
            Greeting::More { keep, begun } => {
                if begun {
                    self.listen_for_silence(id);
                }
                Some(keep)
            }
            Greeting::Bare { name, rest } => match Name::parse_bytes(name) {
                Ok(name) => {
                    let claim = Claim { name, ordinal: 0, resume: None, logs_in: false };
                    self.claim(id, claim, bytes, rest)
                }
                Err(_) => self.refuse_greeting(id, 0, Code::BadName),
            },
            Greeting::TooLong => self.refuse_greeting(id, 0, Code::BadName),
            Greeting::Packet { start } => self.greet_by_packet(id, bytes, start),
        }
    }

    fn greet_by_packet(&mut self, id: ConnId, bytes: &[u8], start: usize) -> Option<usize> {
        let limit = self.settings.packet_bytes_max;
        let code = match self.clients.get_mut(id)?.codec.next(&bytes[start..], limit) {
            Decoded::More { .. } => return Some(start),
            Decoded::TooLarge => Code::TooLarge,
            Decoded::Malformed { .. } => Code::Malformed,
            Decoded::Packet { packet, .. } => match Name::parse(&packet.name) {
                Err(_) => Code::BadName,
                // The packet stays where it is: at home it is handled like any
                // other.
                Ok(name) => {
                    let resumes = packet.to == Endpoint::Resume.name();
                    let secret = || ResumeSecret::parse(&packet.msg.plain());
                    let resume = if resumes { secret() } else { None };
                    let logs_in = self.settings.accounts != Accounts::Off
                        && packet.to == Endpoint::Login.name();
                    let claim = Claim { name, ordinal: 1, resume, logs_in };
                    return self.claim(id, claim, bytes, start);
                }
            },
        };
        self.count_packet(id);
        self.refuse_greeting(id, 1, code)
    }

    fn refuse_greeting(&mut self, id: ConnId, ordinal: u64, code: Code) -> Option<usize> {
        self.refuse(id, ordinal, code, None);
        None
    }

    /// Claims a name here, if its home is here, or moves the connection there
    /// with what it sent from `rest` on.
    fn claim(&mut self, id: ConnId, claim: Claim, bytes: &[u8], rest: usize) -> Option<usize> {
        let Route::Shard(to) = self.route_to(self.hashing.user(claim.name.key())) else {
            self.register(id, &claim);
            return Some(rest);
        };
        self.drop_inbound(id);
        self.transport_holds(id, 0);
        // It goes on in a copy.
        self.has_heard_secret = true;
        let mut client = self.clients.remove(id)?;
        let certified = client.take_certified();
        let Client { socket, peer, local, codec, input, budget, secure, .. } = client;
        let bytes = bytes[rest..].to_vec();
        let handoff =
            Handoff { socket, peer, local, claim, codec, bytes, input, budget, secure, certified };
        self.effects.push(Effect::HandOff { to, handoff: Box::new(handoff) });
        None
    }

    /// A connection comes home.
    pub(super) fn arrived(&mut self, handoff: Handoff<S>) {
        let Handoff { socket, peer, local, claim, codec, bytes, input, budget, .. } = handoff;
        let mut client = Client::new(socket, peer, local, budget, self.now);
        client.codec = codec;
        client.input = input;
        client.secure = handoff.secure;
        if !handoff.certified.is_empty() {
            client.account_state().certified = handoff.certified;
        }
        let id = self.clients.insert(client);
        self.put_inbound(id, bytes);
        self.effects.push(Effect::Register(id));
        self.register(id, &claim);
        let has_a_say = |client: &Client<S>| client.is_user() || client.is_challenged();
        if self.clients.get(id).is_some_and(|one| has_a_say(one) && !one.inbound.is_empty()) {
            // Others are not to wait for what it has brought.
            return self.pause(id, Pauses::QUANTUM);
        }
        self.consume_inbound(id);
    }

    /// Claims the name, which is at home here.
    fn register(&mut self, id: ConnId, claim: &Claim) {
        if self.settings.accounts != Accounts::Off && self.greeted_account(id, claim) {
            return;
        }
        self.take_back(self.hashing.user(claim.name.key()), claim);
        self.begin_claiming(id, claim);
    }

    /// Where the claim proves that it is the same person's, ends the session that
    /// has the name. What that connection sent and was not handled yet is lost, as
    /// behind anything that closes.
    fn take_back(&mut self, hash: u64, claim: &Claim) {
        let Some(secret) = &claim.resume else { return };
        let Some(holder) = self.find(hash, claim.name.key()) else { return };
        if self.resume_secret(holder).is_some_and(|right| right.is(secret)) {
            self.refuse(holder, 0, Code::NameTaken, None);
            self.close(holder, CloseMode::Linger);
        }
    }

    /// What takes the name back from the session on a connection; none, if there
    /// is none.
    pub(super) fn resume_secret(&self, id: ConnId) -> Option<ResumeSecret> {
        let client = self.clients.get(id)?;
        client.identity()?;
        Some(ResumeSecret::of(&self.hashing, self.address(id), client.since))
    }

    /// Whoever has the name of that key, if they are home here.
    pub(super) fn find(&self, hash: u64, key: &str) -> Option<ConnId> {
        let mut found = None;
        self.directory.find(hash, |slot| {
            let Some(client) = self.clients.at(slot) else { return false };
            let is_it = client.identity().is_some_and(|identity| identity.key() == key);
            if is_it {
                found = Some(ConnId { slot, generation: client.generation });
            }
            is_it
        });
        found
    }

    fn listen_for_silence(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.since = self.now;
        self.arm(id, Timers::SILENCE, silence_after(self.now));
    }

    pub(super) fn silence_timed_out(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if !client.is_greeting() {
            return;
        }
        let due = silence_after(client.since);
        if due > self.now {
            // Bytes have come meanwhile.
            self.arm(id, Timers::SILENCE, due);
            return;
        }
        let mut kept = self.take_inbound(id);
        self.greet(id, &kept, true);
        wipe_whole(&mut kept);
    }

    pub(super) fn greeting_timed_out(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if !client.is_greeting() {
            return;
        }
        let waited = mem::take(&mut client.greets_late);
        if waited || client.pauses.contains(Pauses::ADDRESS_RATE) {
            // Its greeting may be there, unread because of the pause.
            let due = self.now.after(self.settings.greeting_timeout);
            return self.arm(id, Timers::GREETING, due);
        }
        self.refuse(id, 0, Code::GreetingTimeout, None);
    }
}

fn silence_after(last_byte: Moment) -> Moment {
    last_byte.after(limits::BARE_NAME_SILENCE)
}

//! What has to hold of a connection between two entries of its shard. Never: making it so.

use super::{Client, Flush, Pauses, Roles, Stage, State, Timers};

impl<S> Client<S> {
    /// What has to hold between two entries of its shard.
    ///
    /// # Panics
    /// Where it does not hold: a mistake of ours.
    pub(in crate::chat) fn check(&self) {
        let Self { state, input, pauses, timers, output, .. } = self;
        let is_nameless = matches!(self.state, State::Greeting | State::Challenged);
        assert_eq!(self.identity.is_some() || self.is_closing(), !is_nameless);
        assert_eq!(self.is_challenged(), self.login().is_some(), "who has to say a secret");
        assert_eq!(
            self.roles.contains(Roles::ACCOUNT),
            self.account().is_some(),
            "whose session it is"
        );
        assert!(self.inbound.is_empty() || !self.is_closing(), "input kept behind the end");
        assert!(pauses.is_empty() || !self.is_closing(), "{pauses:?} in {state:?}");
        assert!(self.fences() == 0 || self.is_closing(), "fences of one who is here");
        assert!(
            !pauses.contains(Pauses::RATE) || timers.contains(Timers::RATE),
            "paused by its rate for ever"
        );
        assert!(
            !pauses.contains(Pauses::ADDRESS_RATE) || timers.contains(Timers::ADDRESS_RATE),
            "paused by its address's rate for ever"
        );
        assert!(
            !pauses.contains(Pauses::AUTH_BACKOFF) || timers.contains(Timers::AUTH_BACKOFF),
            "paused by a wrong token for ever"
        );
        assert!(
            !pauses.contains(Pauses::QUERY) || timers.contains(Timers::QUERY),
            "paused by a query for ever"
        );
        assert!(
            !pauses.contains(Pauses::STORE) || timers.contains(Timers::STORE),
            "paused by the store for ever"
        );
        assert!(
            !pauses.contains(Pauses::STORE_RATE) || timers.contains(Timers::STORE_RATE),
            "paused by its share of the disk for ever"
        );
        let replays = self.stored().is_some_and(|stored| stored.replay.is_some());
        assert_eq!(replays, pauses.contains(Pauses::REPLAY), "paused by a replay or not");
        let is_fetching = |stage| matches!(stage, Stage::Fetching { .. } | Stage::Postponed { .. });
        assert!(
            !self.stored().is_some_and(|stored| is_fetching(stored.stage))
                || timers.contains(Timers::STORED),
            "waits for a page for ever"
        );
        assert!(!self.is_challenged() || timers.contains(Timers::LOGIN), "is challenged for ever");
        let listing = self.cold.as_ref().is_some_and(|cold| cold.listing.is_some());
        assert_eq!(listing, pauses.contains(Pauses::LISTING), "paused by a list or not");
        assert!(!self.is_greeting() || timers.contains(Timers::GREETING), "greets for ever");
        assert!(!self.is_claiming() || timers.contains(Timers::CLAIM), "claims for ever");
        assert!(!self.is_lingering() || timers.contains(Timers::LINGER), "lingers for ever");
        let waits = !self.outbound.is_empty();
        assert!(
            !waits
                || output.flush != Flush::Idle
                || timers.contains(Timers::STUCK)
                || input.is_gone()
                || input.is_drained(),
            "bytes that nobody flushes or watches: {state:?} {input:?} {output:?}"
        );
        assert!(!self.is_lingering() || !waits, "bytes behind the end of the stream");
    }
}

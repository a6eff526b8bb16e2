//! What has to hold of a shard between two entries, looked at in debug builds. Never: making
//! it so.

use super::shard::Shard;
use std::collections::BTreeSet;

/// Clients that [`Shard::check_invariants`] looks at, at the most.
const CHECKED_MAX: usize = 64;

impl<S> Shard<S> {
    /// Everything that has to hold between two entries; debug builds only, so
    /// every test and every step of the simulation looks at it.
    pub(super) fn check_invariants(&self) {
        if cfg!(debug_assertions) {
            // A window of them, where there are thousands.
            let clients = self.clients.iter();
            let step = self.clients.count().div_ceil(CHECKED_MAX).max(1);
            clients
                .skip(self.now.0 as usize % step)
                .step_by(step)
                .for_each(|(_, client)| client.check());
            if self.clients.count() <= CHECKED_MAX {
                let clients = || self.clients.iter().map(|(_, client)| client);
                let queued: usize = clients().map(|client| client.outbound.memory_bytes()).sum();
                assert_eq!(self.queued.own, queued, "bytes that wait");
                let kept: usize = clients()
                    .map(|client| client.inbound.capacity() + client.transport_bytes as usize)
                    .sum();
                assert_eq!(self.kept.own, kept, "bytes that are kept");
                let claim = self.clients.iter().filter(|(_, client)| client.is_claiming());
                let claim = claim.map(|(id, _)| id).collect::<BTreeSet<_>>();
                assert!(claim.iter().eq(self.claims.keys()), "names that are being claimed");
            }
            assert_eq!(self.presence.watchers() as u64, self.own_counters().watchers.get());
        }
    }
}

//! What all shards of a server learn before anybody comes. Never: what changes later
//! (`notices`).

use crate::accounts::Notice;
use crate::chat::shard::Shard;
use crate::chat::skeletons::looks_of;

impl<S> Shard<S> {
    /// Tells the shards of a server of an account or a ban that is there. What a name looks
    /// like is worked out once for all of them: there may be many accounts, and many
    /// shards.
    pub fn begin_with(shards: &mut [Self], notice: &Notice) {
        let Notice::Account(account) = notice else {
            return shards.iter_mut().for_each(|shard| shard.noticed(notice));
        };
        let Some(first) = shards.first() else { return };
        let key = account.name.key();
        let hash = first.hashing.user(key);
        let looks = looks_of(&first.hashing, account.name.shown(), key);
        for shard in shards {
            let place = (&shard.hashing, shard.topology.worker);
            shard.known.learn_with(place, account, hash, &looks);
            shard.count_accounts();
        }
    }
}

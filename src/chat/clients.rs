//! The slab that holds a shard's connections, and the generations by which a
//! handle that outlived its connection is known. Never: what a connection is.

use super::client::Client;
use super::id::ConnId;
use slab::Slab;

/// The clients of a shard.
#[derive(Debug)]
pub(super) struct Clients<S> {
    slab: Slab<Client<S>>,
    next_generation: u32,
}

impl<S> Default for Clients<S> {
    fn default() -> Self {
        Self { slab: Slab::new(), next_generation: 0 }
    }
}

impl<S> Clients<S> {
    pub(super) fn insert(&mut self, mut client: Client<S>) -> ConnId {
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        client.generation = generation;
        ConnId { slot: self.slab.insert(client) as u32, generation }
    }

    #[inline]
    pub(super) fn get(&self, id: ConnId) -> Option<&Client<S>> {
        self.slab.get(id.slot as usize).filter(|client| client.generation == id.generation)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Client<S>> {
        self.slab.get_mut(id.slot as usize).filter(|client| client.generation == id.generation)
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<Client<S>> {
        self.get(id)?;
        self.slab.try_remove(id.slot as usize)
    }

    /// Whoever is in a slot now.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> Option<&Client<S>> {
        self.slab.get(slot as usize)
    }

    /// Slots are below this.
    pub(super) fn slots(&self) -> u32 {
        self.slab.capacity() as u32
    }

    pub(super) fn id_at(&self, slot: u32) -> Option<ConnId> {
        self.at(slot).map(|client| ConnId { slot, generation: client.generation })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnId, &Client<S>)> {
        self.slab.iter().map(|(slot, client)| {
            (ConnId { slot: slot as u32, generation: client.generation }, client)
        })
    }

    /// Handles of all that `wanted` picks.
    pub(super) fn ids(&self, mut wanted: impl FnMut(&Client<S>) -> bool) -> Vec<ConnId> {
        self.iter().filter(|(_, client)| wanted(client)).map(|(id, _)| id).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.slab.len()
    }
}

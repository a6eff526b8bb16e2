//! A list as it was at one moment, shared by all clients to which it is sent.
//! Never: making one, sending it.

use super::counters::Counters;
use compact_str::CompactString;
use std::ops::Deref;
use std::sync::Arc;

/// A line of a list with the key that it is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub key: CompactString,
    pub line: CompactString,
}

/// One shard's part of a list, sorted; shared by all clients to which it is sent.
pub(super) type Entries = Arc<Snapshot>;

/// Entries as they were at one moment; their bytes count while it is referenced.
#[derive(Debug)]
pub struct Snapshot {
    entries: Vec<Entry>,
    bytes: usize,
    counters: Arc<Counters>,
}

impl Snapshot {
    pub(super) fn new(entries: Vec<Entry>, counters: &Arc<Counters>) -> Self {
        let texts = entries.iter().map(|Entry { key, line }| heap_bytes(key) + heap_bytes(line));
        let bytes = texts.sum::<usize>() + entries.capacity() * size_of::<Entry>();
        counters.list_made(bytes);
        Self { entries, bytes, counters: counters.clone() }
    }

    /// What it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.counters.list_dropped(self.bytes);
    }
}

impl Deref for Snapshot {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.entries
    }
}

fn heap_bytes(text: &CompactString) -> usize {
    if text.is_heap_allocated() { text.capacity() } else { 0 }
}

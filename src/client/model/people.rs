//! Who is there: everybody, and the members of rooms, as the server lists them
//! page by page. Never: asking for them.

use super::conversation::key_of;
use crate::client::safe;
use crate::wire::Page;
use crate::wire::name::NAME_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// Names kept of everybody and of one room; beyond them only the count is true.
/// What is longer than any name is none and isn't kept.
const NAMES_MAX: usize = 10_000;

/// Names by what makes them the same, each as it is shown.
#[derive(Debug, Default)]
pub struct Names {
    names: BTreeMap<String, String>,
    /// How many there are, also those that aren't kept.
    total: u64,
    /// The pages of a list that is on its way.
    coming: BTreeMap<String, String>,
}

impl Names {
    /// A page has come; the last one replaces what was known.
    pub fn take(&mut self, page: &Page<'_>) {
        if page.range.first <= 1 {
            self.coming.clear();
        }
        for name in page.lines().filter(|name| name.len() <= NAME_BYTES_MAX) {
            if self.coming.len() < NAMES_MAX {
                self.coming.insert(key_of(name), safe::line(name).into_owned());
            }
        }
        if page.range.is_last() {
            self.names = std::mem::take(&mut self.coming);
            self.total = page.range.total;
        }
    }

    pub fn add(&mut self, name: &str) {
        let is_full = self.names.len() >= NAMES_MAX || name.len() > NAME_BYTES_MAX;
        if is_full || self.names.insert(key_of(name), safe::line(name).into_owned()).is_none() {
            self.total += 1;
        }
    }

    pub fn remove(&mut self, name: &str) {
        let known = self.names.remove(&key_of(name)).is_some();
        if known || self.total > self.names.len() as u64 {
            self.total -= 1;
        }
    }

    pub fn contains(&self, key: &str) -> bool {
        self.names.contains_key(key)
    }

    /// As they are shown, sorted.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// How many are kept, of [`Self::total`].
    pub fn kept(&self) -> usize {
        self.names.len()
    }

    pub fn total(&self) -> u64 {
        self.total
    }
}

/// Everybody, the members of our rooms, and the rooms that we know of.
#[derive(Debug, Default)]
pub struct People {
    pub everyone: Names,
    /// By the room's key.
    pub members: BTreeMap<String, Names>,
    /// From where somebody wrote last, by the key of their name.
    addresses: BTreeMap<String, String>,
    /// Every room ever seen, as shown (with its `#`), for Tab.
    rooms: BTreeSet<String>,
}

impl People {
    /// Somebody has left the server, and so every room.
    pub fn left(&mut self, name: &str) {
        self.everyone.remove(name);
        let key = key_of(name);
        for names in self.members.values_mut().filter(|names| names.contains(&key)) {
            names.remove(name);
        }
    }

    /// Somebody wrote from that address; returns the one that they wrote from
    /// before, if it was another.
    pub fn wrote_from(&mut self, name: &str, ip: &str) -> Option<String> {
        let (key, ip) = (key_of(name), safe::line(ip).into_owned());
        if self.addresses.len() >= NAMES_MAX && !self.addresses.contains_key(&key) {
            self.addresses.pop_first();
        }
        let before = self.addresses.insert(key, ip.clone())?;
        (before != ip).then_some(before)
    }

    /// A room was mentioned.
    pub fn saw_room(&mut self, room: &str) {
        if self.rooms.len() < NAMES_MAX && room.len() <= NAME_BYTES_MAX + 1 {
            self.rooms.insert(safe::line(room).into_owned());
        }
    }

    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        self.rooms.iter().map(String::as_str)
    }

    /// A new connection: nothing is known any more but the rooms, and from where
    /// people wrote.
    pub fn forget(&mut self) {
        self.everyone = Names::default();
        self.members.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page<'_> {
        Page::parse(text).unwrap()
    }

    #[test]
    fn the_last_page_replaces_all() {
        let mut names = Names::default();
        names.add("zoe");
        names.take(&page("1-2 of 3\nann\nBob"));
        assert_eq!(names.shown().collect::<Vec<_>>(), ["zoe"]);
        names.take(&page("3-3 of 3\ncarl"));
        assert_eq!(names.shown().collect::<Vec<_>>(), ["ann", "Bob", "carl"]);
        names.remove("BOB");
        names.remove("nobody");
        assert_eq!(names.total(), 2);
        names.take(&page("0-0 of 0"));
        assert_eq!((names.total(), names.shown().count()), (0, 0));
    }

    #[test]
    fn more_than_are_kept_are_counted() {
        let mut names = Names::default();
        for number in 0..NAMES_MAX + 5 {
            names.add(&format!("u{number}"));
        }
        assert_eq!((names.total(), names.shown().count()), (10_005, 10_000));
        names.remove("u0");
        assert_eq!(names.total(), 10_004);
    }

    #[test]
    fn what_is_too_long_for_a_name_is_not_kept() {
        let long = "x".repeat(NAME_BYTES_MAX + 2);
        let mut people = People::default();
        people.everyone.add(&long);
        people.everyone.take(&page(&format!("1-2 of 2\nann\n{long}")));
        people.saw_room(&long);
        assert_eq!(people.everyone.shown().collect::<Vec<_>>(), ["ann"]);
        assert_eq!(people.rooms().count(), 0);
    }
}

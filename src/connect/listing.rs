//! A list put together from its pages, bounded whatever the server sends.
//! Never: asking for it, what its entries mean.

use super::error::Error;
use crate::wire::{Page, Range};

/// What a list may take in memory, in bytes: the text of its entries, and
/// `ENTRY_BYTES` for each.
pub const LISTING_BYTES_MAX: usize = 64 << 20;
/// What an entry costs besides its text, in bytes.
const ENTRY_BYTES: usize = size_of::<String>() + 16;

/// The pages of a list that have come so far.
///
/// - **Invariant**: they begin with the first entry and follow one another
///   without a gap; all of them name the same total.
#[derive(Debug, Default)]
pub struct Listing {
    lines: Vec<String>,
    /// Entries of the whole list, once a page has said so.
    total: Option<u64>,
    bytes: usize,
}

impl Listing {
    /// Takes the next page in. True if it was the last one.
    ///
    /// # Errors
    /// [`Error::BadList`]: it is no page, doesn't fit to those before it, or
    /// the list would be longer than [`LISTING_BYTES_MAX`].
    pub fn take(&mut self, msg: &str) -> Result<bool, Error> {
        let page = Page::parse(msg).ok_or(Error::BadList("that is no list"))?;
        let Range { first, last, total } = page.range;
        let is_next = match total {
            0 => first == 0 && last == 0,
            _ => first == self.lines.len() as u64 + 1 && (first..=total).contains(&last),
        };
        if !is_next || self.total.is_some_and(|known| known != total) {
            return Err(Error::BadList("the pages of that list don't fit together"));
        }
        self.total = Some(total);
        for line in page.lines() {
            self.bytes += line.len() + ENTRY_BYTES;
            if self.bytes > LISTING_BYTES_MAX {
                return Err(Error::BadList("that list is too long"));
            }
            self.lines.push(line.to_owned());
        }
        if self.lines.len() as u64 != last {
            return Err(Error::BadList("the pages of that list don't fit together"));
        }
        Ok(last == total)
    }

    /// What is kept, in bytes, as [`LISTING_BYTES_MAX`] counts them.
    pub fn kept_bytes(&self) -> usize {
        self.bytes
    }

    /// The entries, in the order of the list.
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(listing: &mut Listing, page: &str) -> &'static str {
        match listing.take(page) {
            Err(Error::BadList(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pages_become_a_list() {
        let mut listing = Listing::default();
        assert!(!listing.take("1-2 of 3\nann\nbob").unwrap());
        assert!(listing.take("3-3 of 3\nzoe").unwrap());
        assert_eq!(listing.into_lines(), ["ann", "bob", "zoe"]);
        assert!(Listing::default().take("0-0 of 0").unwrap());
    }

    #[test]
    fn a_page_that_does_not_follow_is_refused() {
        for pages in [
            &["1-2 of 3\nann\nbob", "1-2 of 3\nann\nbob"][..],
            &["1-2 of 3\nann\nbob", "3-3 of 4\nzoe"],
            &["2-3 of 3\nann\nbob"],
            &["1-2 of 3\nann"],
            &["1-1 of 3\nann\nbob"],
            &["1-4 of 3\na\nb\nc\nd"],
            &["0-0 of 3"],
            &["1-0 of 3"],
            &["0-0 of 0\nann"],
            &["2-1 of 18446744073709551615"],
            &["hello"],
        ] {
            let mut listing = Listing::default();
            let (last, before) = pages.split_last().unwrap();
            for page in before {
                assert!(!listing.take(page).unwrap(), "{page}");
            }
            error(&mut listing, last);
        }
    }

    #[test]
    fn a_list_without_an_end_is_refused_at_its_bound() {
        for entry in ["", "x", &"x".repeat(1000)] {
            let mut listing = Listing::default();
            let why = (0..).find_map(|page| {
                let lines = format!("\n{entry}{page}").repeat(5000);
                let first = page * 5000 + 1;
                let page = format!("{first}-{} of {}{lines}", first + 4999, u64::MAX);
                let taken = listing.take(&page);
                assert!(listing.kept_bytes() <= LISTING_BYTES_MAX + 2000);
                taken.err()
            });
            assert!(matches!(why, Some(Error::BadList("that list is too long"))), "{why:?}");
        }
    }
}

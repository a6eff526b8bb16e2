//! Names: the properties of a valid one.

use lanline::wire::Name;
use lanline::wire::name::{KeyBuffer, key_of};

/// A valid name has 1 to 32 code points, nothing that could be taken for
/// white space or control, is its own NFC, and both ways to its key agree.
pub fn assert_promises(bytes: &[u8]) {
    let name = Name::parse_bytes(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(name.is_err(), "no name is written in anything but UTF-8");
        return;
    };
    let mut buffer = KeyBuffer::default();
    let key = name.as_ref().ok().map(Name::key);
    assert_eq!(key_of(text, &mut buffer), key, "two ways to a key");
    let Ok(name) = name else { return };
    let shown = name.shown();
    assert!((1..=32).contains(&shown.chars().count()), "{shown:?}");
    let harmless = |c: char| c.is_alphanumeric() || !c.is_ascii() || "_-.".contains(c);
    let blank = |c: char| c.is_whitespace() || c.is_control();
    assert!(shown.chars().all(harmless) && !shown.contains(blank), "{shown:?}");
    assert!(!shown.starts_with(['#', '/', '_', '-', '.']), "{shown:?}");
    // As it is shown, it parses to the same name.
    assert_eq!(Name::parse(shown).as_ref(), Ok(&name));
}

//! Names: which are valid, how they are shown, which two are the same. Rooms
//! are called like people, behind a `#`. Never: who holds a name.

use super::confusables::scripts_go_together;
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use std::fmt;

/// A name has this many code points at the most, after NFC.
pub const NAME_CODE_POINTS_MAX: usize = 32;

/// No valid name is written in more bytes, however it is decomposed: a code
/// point of the result comes from four at the most (Unicode Standard Annex
/// #15, section 12), each of four bytes.
pub const NAME_BYTES_MAX: usize = NAME_CODE_POINTS_MAX * 16;

/// A valid name: 1 to [`NAME_CODE_POINTS_MAX`] code points after NFC, letters,
/// marks and decimal digits of any script, `_`, `-` and `.`, the first a
/// letter or a digit, none default-ignorable, the scripts such as go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    shown: Box<str>,
    /// The case fold, where it differs from how the name is shown.
    folded: Option<Box<str>>,
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    Empty,
    TooLong,
    BadStart,
    BadCharacter(char),
    MixedScripts,
    NotUtf8,
}

impl Name {
    /// Normalizes `text` and checks it.
    ///
    /// # Errors
    /// [`NameError`] where it is no valid name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let shown = ComposingNormalizer::new_nfc().normalize(text);
        check(&shown)?;
        let folded = fold(&shown);
        let folded = (folded != shown).then(|| folded.into_boxed_str());
        Ok(Self { shown: shown.into_owned().into_boxed_str(), folded })
    }

    /// [`Name::parse`] for bytes from a socket.
    ///
    /// # Errors
    /// [`NameError::NotUtf8`] as well.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, NameError> {
        Self::parse(std::str::from_utf8(bytes).map_err(|_| NameError::NotUtf8)?)
    }

    /// As its holder wrote it, in NFC.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What makes two names the same: the full case fold, in NFC.
    pub fn key(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.shown)
    }
}

/// Where [`key_of`] writes.
#[derive(Default)]
pub struct KeyBuffer {
    ascii: [u8; NAME_CODE_POINTS_MAX],
    other: String,
}

impl KeyBuffer {
    /// Whether the name was not ASCII, so that its key took long.
    pub fn was_folded(&self) -> bool {
        !self.other.is_empty()
    }
}

/// [`Name::key`] of `text`, or `None` where it is no valid name. The usual
/// name, ASCII, costs no allocation, and in lower case no copy.
pub fn key_of<'b>(text: &'b str, buffer: &'b mut KeyBuffer) -> Option<&'b str> {
    let bytes = text.as_bytes();
    let classes = bytes.iter().fold(0, |seen, &byte| seen | CLASSES[usize::from(byte)]);
    if classes & FOREIGN != 0 {
        return key_of_other(text, buffer);
    }
    let changes = classes & UPPER_CASE != 0;
    if bytes.len() > NAME_CODE_POINTS_MAX || !bytes.first()?.is_ascii_alphanumeric() {
        return None;
    }
    if !changes {
        return Some(text);
    }
    let key = &mut buffer.ascii[..bytes.len()];
    key.copy_from_slice(bytes);
    key.make_ascii_lowercase();
    std::str::from_utf8(key).ok()
}

fn key_of_other<'b>(text: &str, buffer: &'b mut KeyBuffer) -> Option<&'b str> {
    if text.is_ascii() {
        return None;
    }
    buffer.other = Name::parse(text).ok()?.key().to_owned();
    Some(&buffer.other)
}

/// The class of each byte in an ASCII name.
const CLASSES: [u8; 256] = {
    let mut classes = [FOREIGN; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        if byte.is_ascii_uppercase() {
            classes[byte as usize] = UPPER_CASE;
        } else if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
            classes[byte as usize] = 0;
        }
        byte += 1;
    }
    classes
};
const FOREIGN: u8 = 1;
const UPPER_CASE: u8 = 2;

fn check(shown: &str) -> Result<(), NameError> {
    let first = shown.chars().next().ok_or(NameError::Empty)?;
    if shown.chars().count() > NAME_CODE_POINTS_MAX {
        return Err(NameError::TooLong);
    }
    if let Some(bad) = shown.chars().find(|&c| !is_name_character(c)) {
        return Err(NameError::BadCharacter(bad));
    }
    if !may_start(first) {
        return Err(NameError::BadStart);
    }
    if !scripts_go_together(shown) {
        return Err(NameError::MixedScripts);
    }
    Ok(())
}

fn is_name_character(c: char) -> bool {
    if c.is_ascii() {
        return CLASSES[c as usize] & FOREIGN == 0;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let word = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::DecimalNumber);
    word.contains(category) && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn may_start(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::DecimalNumber).contains(category)
}

/// The key of a piece of a name: its case fold, in NFC.
pub fn folded(piece: &str) -> String {
    fold(&ComposingNormalizer::new_nfc().normalize(piece))
}

/// The full case fold, without a language's own rules (Unicode Standard, section
/// 3.13, toCasefold), in NFC. `shown` is in NFC already.
fn fold(shown: &str) -> String {
    if shown.is_ascii() {
        return shown.to_ascii_lowercase();
    }
    let folded = CaseMapper::new().fold_string(shown);
    ComposingNormalizer::new_nfc().normalize(&folded).into_owned()
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name has at least one character"),
            Self::TooLong => write!(f, "a name has at most {NAME_CODE_POINTS_MAX} characters"),
            Self::BadStart => f.write_str("a name starts with a letter or a digit"),
            Self::BadCharacter(c) => {
                write!(f, "a name can't hold {} (U+{:04X})", c.escape_debug(), u32::from(*c))
            }
            Self::MixedScripts => f.write_str("a name keeps to one script"),
            Self::NotUtf8 => f.write_str("a name is written in UTF-8"),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> String {
        Name::parse(text).unwrap().key().to_owned()
    }

    #[test]
    fn an_error_names_what_is_wrong() {
        let said = |text: &str| Name::parse(text).unwrap_err().to_string();
        assert_eq!(said("a\u{202e}b"), "a name can't hold \\u{202e} (U+202E)");
        assert_eq!(said(&"x".repeat(33)), "a name has at most 32 characters");
        let all = ["", "_x", "bоb"].map(said);
        assert!(all.iter().all(|text| text.starts_with("a name ")), "{all:?}");
    }

    #[test]
    fn a_name_of_any_script_is_valid() {
        for name in ["bob", "Анна", "李雷", "मीरा", "7of9", "a_b-c.d", "ÅSA", "علي", "e\u{301}"]
        {
            assert!(Name::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn an_invalid_name_is_refused_with_its_reason() {
        use NameError::*;
        let bad = |text: &str| Name::parse(text).unwrap_err();
        assert_eq!(bad(""), Empty);
        assert_eq!(bad("_bob"), BadStart);
        assert_eq!(bad("\u{301}bob"), BadStart);
        assert_eq!(bad("al ice"), BadCharacter(' '));
        assert_eq!(bad("bob\u{200d}"), BadCharacter('\u{200d}'));
        assert_eq!(bad("\u{115f}"), BadCharacter('\u{115f}'));
        assert_eq!(bad("bob\u{fe0f}"), BadCharacter('\u{fe0f}'));
        assert_eq!(bad("\u{202e}bob"), BadCharacter('\u{202e}'));
        assert_eq!(bad("½"), BadCharacter('½'));
        assert_eq!(bad(&"a".repeat(33)), TooLong);
        assert_eq!(bad(&"a".repeat(100_000)), TooLong);
        assert_eq!(Name::parse_bytes(b"bo\xff"), Err(NotUtf8));
    }

    #[test]
    fn length_counts_code_points_after_nfc() {
        assert!(Name::parse(&"e\u{301}".repeat(32)).is_ok());
        assert!(Name::parse(&"\u{1f82}".repeat(32)).is_ok());
        assert!(Name::parse(&"\u{3b1}\u{313}\u{300}\u{345}".repeat(32)).is_ok());
        assert_eq!(Name::parse(&"é".repeat(33)), Err(NameError::TooLong));
    }

    #[test]
    fn names_with_one_full_case_fold_have_one_key() {
        assert_eq!(key("Straße"), key("STRASSE"));
        assert_eq!(key("ΣΊΣΥΦΟΣ"), key("σίσυφος"));
        assert_eq!(key("e\u{301}"), key("É"));
        assert_eq!(key("\u{212a}"), key("k"));
        assert_ne!(key("bob"), key("bobo"));
    }

    proptest! {
        #[test]
        fn the_key_of_a_text_equals_that_of_its_name(text in "[ -~]{0,34}|\\PC{0,6}") {
            let mut buffer = KeyBuffer::default();
            let fast = key_of(&text, &mut buffer).map(str::to_owned);
            let slow = Name::parse(&text).ok().map(|name| name.key().to_owned());
            prop_assert_eq!(fast, slow);
        }
    }
}

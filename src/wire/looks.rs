//! What names look like (Unicode Technical Standard #39): which mix scripts
//! that nobody mixes, which can't be told apart by eye. Never: who is here.

use super::name::{NAME_CODE_POINTS_MAX, is_name_character};
use icu_casemap::CaseMapper;
use icu_properties::props::{ChangesWhenCasefolded, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::skeleton;

/// Whether a name's scripts go together by the level "highly restrictive"
/// (section 5.2): one script, or Latin with what is written in Japan, Korea or
/// with Bopomofo. Characters of any script may be in a name, so the level's
/// demand for recommended scripts is left out.
pub fn scripts_go_together(name: &str) -> bool {
    if name.is_ascii() || !AugmentedScriptSet::for_str(name).is_empty() {
        return true;
    }
    let is_latin = |&c: &char| AugmentedScriptSet::for_char(c).base.contains_script(Script::Latin);
    let rest: String = name.chars().filter(|c| !is_latin(c)).collect();
    let rest = AugmentedScriptSet::for_str(&rest);
    rest.jpan || rest.kore || rest.hanb
}

/// What a name looks like, as it is shown and as it is keyed: the skeletons
/// (section 4), their case folded. One or two.
///
/// Two names look alike if they have one of these in common. Two of plain
/// ASCII are told apart by people who know their keyboard, and by nothing but
/// case: for them this is not asked.
pub fn looks_of(shown: &str, key: &str) -> impl Iterator<Item = String> + use<> {
    let as_shown = look(shown);
    let folded = Some(look(key)).filter(|folded| *folded != as_shown);
    std::iter::once(as_shown).chain(folded)
}

fn look(text: &str) -> String {
    if !text.is_ascii() {
        let skeleton: String = skeleton(text).collect();
        return CaseMapper::new().fold_string(&skeleton).into_owned();
    }
    let mut look = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        match byte {
            b'I' | b'1' => look.push('l'),
            b'0' => look.push('o'),
            b'm' => look.push_str("rn"),
            _ => look.push(byte.to_ascii_lowercase().into()),
        }
    }
    look
}

/// Calls `then` with the family of the name with this key: the same for all
/// names that look alike, so that they can meet in one place. Coarse: many
/// names of one family look nothing like each other.
pub fn with_family<R>(key: &str, then: impl FnOnce(&[u8]) -> R) -> R {
    if key.is_ascii() && key.len() <= NAME_CODE_POINTS_MAX {
        let mut family = [0; NAME_CODE_POINTS_MAX];
        let mut length = 0;
        for byte in key.bytes() {
            if let Some(letter) = FAMILIES.ascii[usize::from(byte)] {
                family[length] = letter;
                length += 1;
            }
        }
        return then(&family[..length]);
    }
    let letters = letters_of(key).filter_map(|c| family_in(&FAMILIES.of, c));
    then(letters.collect::<String>().as_bytes())
}

/// Families of letters: two are of one family if a chain of look-alikes and of
/// capital and small letters leads from one to the other, like н Н H h. Letters
/// that such a chain makes into fewer or more, like M into rn, are of none:
/// they are left out, so that both ways of writing meet.
struct Families {
    /// A letter to the one that speaks for its family; none, if it is left out.
    of: BTreeMap<char, Option<char>>,
    /// The same for ASCII, skeleton included.
    ascii: [Option<u8>; 128],
}

static FAMILIES: LazyLock<Families> = LazyLock::new(Families::gather);

impl Families {
    /// The skeletons of a capital and of its small letter are of one family.
    fn gather() -> Self {
        let relatives = |c: char| -> [Vec<char>; 2] {
            [letters_of(&c.to_string()).collect(), letters_of(&fold_of(c)).collect()]
        };
        let relations: Vec<[Vec<char>; 2]> = cased().map(relatives).collect();
        let mut elders = Elders::default();
        // Leaving out comes last, so that little is.
        while elders.relate_all(&relations, false) || elders.relate_all(&relations, true) {}
        let known = relations.into_iter().flatten().flatten();
        let of: BTreeMap<char, Option<char>> = known.map(|c| (c, elders.family(c))).collect();
        let ascii = std::array::from_fn(|byte| {
            let letter = char::from(byte as u8).to_string();
            let family = letters_of(&letter).find_map(|c| family_in(&of, c));
            family.and_then(|c| u8::try_from(c).ok())
        });
        Self { of, ascii }
    }
}

/// A letter without relatives is a family of its own.
fn family_in(families: &BTreeMap<char, Option<char>>, c: char) -> Option<char> {
    families.get(&c).copied().unwrap_or(Some(c))
}

/// Letters on their way to families.
#[derive(Default)]
struct Elders {
    /// Those who are not their own elder.
    parents: BTreeMap<char, char>,
    left_out: BTreeSet<char>,
}

impl Elders {
    fn elder(&self, mut c: char) -> char {
        while let Some(&parent) = self.parents.get(&c) {
            c = parent;
        }
        c
    }

    fn family(&self, c: char) -> Option<char> {
        Some(self.elder(c)).filter(|elder| !self.left_out.contains(elder))
    }

    /// Makes both sides of each relation one; whether anything was left to do.
    fn relate_all(&mut self, relations: &[[Vec<char>; 2]], leave_out: bool) -> bool {
        relations.iter().fold(false, |any, [one, other]| self.relate(one, other, leave_out) || any)
    }

    fn relate(&mut self, one: &[char], other: &[char], leave_out: bool) -> bool {
        let families = |letters: &[char]| -> Vec<char> {
            letters.iter().filter_map(|&c| self.family(c)).collect()
        };
        let (one, other) = (families(one), families(other));
        if one == other {
            return false;
        }
        if one.len() == other.len() {
            one.iter().zip(&other).for_each(|(&a, &b)| self.marry(a, b));
            return true;
        }
        let odd = odd_ones(&one, &other);
        let one_holds_all = odd.iter().all(|c| !one.contains(c));
        let other_holds_all = odd.iter().all(|c| !other.contains(c));
        if leave_out || one_holds_all || other_holds_all {
            self.left_out.extend(odd);
            return true;
        }
        false
    }

    fn marry(&mut self, a: char, b: char) {
        let (a, b) = (self.elder(a), self.elder(b));
        if a != b {
            self.parents.insert(a.max(b), a.min(b));
        }
    }
}

/// Letters that one side has more of than the other.
fn odd_ones(one: &[char], other: &[char]) -> BTreeSet<char> {
    let count = |letters: &[char], c| letters.iter().filter(|&&other| other == c).count();
    let is_odd = |&&c: &&char| count(one, c) != count(other, c);
    one.iter().chain(other).filter(is_odd).copied().collect()
}

/// All characters that case folding changes.
fn cased() -> impl Iterator<Item = char> {
    let cased = CodePointSetData::new::<ChangesWhenCasefolded>();
    cased.iter_ranges().flatten().filter_map(char::from_u32)
}

fn fold_of(c: char) -> String {
    CaseMapper::new().fold_string(c.encode_utf8(&mut [0; 4])).into_owned()
}

/// The letters of a text's skeleton. Marks are left out, and what can't be in
/// a name: some letters look like another with an apostrophe.
fn letters_of(text: &str) -> impl Iterator<Item = char> {
    skeleton(text).filter(|&c| is_name_character(c) && !is_mark(c))
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;
    use proptest::prelude::*;

    fn family(text: &str) -> Vec<u8> {
        with_family(Name::parse(text).unwrap().key(), <[u8]>::to_vec)
    }

    fn looks(name: &Name) -> impl Iterator<Item = String> + use<> {
        looks_of(name.shown(), name.key())
    }

    fn alike(one: &str, other: &str) -> bool {
        let seen = |text| looks(&Name::parse(text).unwrap()).collect::<BTreeSet<_>>();
        !seen(one).is_disjoint(&seen(other))
    }

    const PAIRS: [(&str, &str); 8] = [
        ("\u{440}\u{430}\u{443}\u{440}\u{430}", "paypa"),
        ("ВОВ", "BOB"),
        ("ΑΝΝΑ", "ANNA"),
        ("\u{3bf}\u{3bf}", "oo"),
        ("ӏ", "l"),
        ("ӏ", "I"),
        ("ӏ", "1"),
        ("ꮇ", "M"),
    ];

    #[test]
    fn look_alikes_look_alike() {
        for (one, other) in PAIRS {
            assert!(alike(one, other), "{one} {other}");
        }
        for (one, other) in
            [("anna", "hanna"), ("Анна", "Инна"), ("вова", "воля"), ("李雷", "李蕾")]
        {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn look_alikes_are_family() {
        for (one, other) in PAIRS {
            assert_eq!(family(one), family(other), "{one} {other}");
        }
        for ascii in ["mmm", "rnm", "mrn", "rnrnrn"] {
            assert_eq!(family(ascii), family("rnrnrn"), "{ascii}");
        }
    }

    #[test]
    fn families_are_not_all_one() {
        let letters = ('a'..='z').chain('0'..='9').map(|c| family(&c.to_string()));
        let families: BTreeSet<Vec<u8>> = letters.collect();
        assert!(families.len() >= 12, "{families:?}");
    }

    #[test]
    fn one_script_or_such_as_go_together() {
        for fine in
            ["bob", "Анна", "李雷", "bob李雷", "さくらbobカナ", "bob김", "मीरा", "a7_-.", "ᏣᎳᎩ"]
        {
            assert!(scripts_go_together(fine), "{fine}");
        }
        for mixed in ["bоb", "Аnna", "bobα", "аα", "김さ", "bobमी", "Анна李", "ᏣaᎩ"]
        {
            assert!(!scripts_go_together(mixed), "{mixed}");
        }
    }

    /// Every letter there is, and the letter that it looks like.
    #[test]
    fn who_looks_alike_meets() {
        let mut by_look: BTreeMap<String, (char, Vec<u8>)> = BTreeMap::new();
        let mut letters = 0;
        // Without Han and Hangul, which look like nothing but themselves.
        let some =
            ('\0'..='\u{33ff}').chain('\u{a000}'..='\u{abff}').chain('\u{f900}'..='\u{1ffff}');
        for c in some {
            let Ok(name) = Name::parse(&c.to_string()) else { continue };
            letters += 1;
            let family = family(name.shown());
            for look in looks(&name) {
                let (first, known) = by_look.entry(look).or_insert((c, family.clone()));
                assert_eq!(*known, family, "{first:?} {c:?}");
            }
        }
        assert!(letters > 10_000, "{letters}");
    }

    proptest! {
        #[test]
        fn the_two_ways_to_a_look_agree(text in "[a-zA-Z0-9._-]{1,32}") {
            let slow: String = skeleton(&text).collect();
            prop_assert_eq!(look(&text), CaseMapper::new().fold_string(&slow).into_owned());
        }

        #[test]
        fn the_two_ways_to_a_family_agree(text in "[a-z0-9][a-z0-9._-]{0,31}") {
            let slow: String = letters_of(&text).filter_map(|c| family_in(&FAMILIES.of, c)).collect();
            prop_assert_eq!(String::from_utf8(family(&text)).unwrap_or_default(), slow);
        }

        #[test]
        fn case_changes_nothing_about_the_family(text in "[a-zA-Z0-9._-]{1,32}|\\p{L}{1,8}") {
            let Ok(name) = Name::parse(&text) else { return Ok(()) };
            let Ok(folded) = Name::parse(name.key()) else { return Ok(()) };
            prop_assert_eq!(family(name.shown()), family(folded.shown()));
        }
    }
}

//! Where names that look alike meet: a number for each name, the same for all
//! that look alike, by which its home is chosen. Never: whether two names look
//! alike, which `looks` says.

use icu_casemap::CaseMapper;
use icu_properties::props::{ChangesWhenCasefolded, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;
use unicode_security::skeleton;

/// The confusable_hash of the name with this key: the same for all names that look
/// alike, and for few others.
///
/// Each letter is a map from one number to another, and a confusable_hash is where the
/// letters of a name lead. H looks like the capital of н, so h and н are one
/// map; m looks like rn, so m is the map of r and then that of n. AffineMaps are
/// drawn such that all of this holds for all letters that there are.
pub fn confusable_hash_of(key: &str) -> u64 {
    const START: u64 = 1;
    if key.is_ascii() {
        let maps = key.bytes().map(|byte| AFFINE_MAPS.ascii[usize::from(byte)]);
        return maps.fold(START, |at, map| map.from(at));
    }
    letters_of(key).fold(START, |at, letter| AFFINE_MAPS.of(letter).from(at))
}

/// AffineMaps are counted modulo this prime, so that each but 0 divides.
const PRIME: u64 = (1 << 31) - 1;

/// From any number to so many times as much, and so much more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AffineMap {
    times: u64,
    plus: u64,
}

impl AffineMap {
    const NONE: Self = Self { times: 1, plus: 0 };

    fn from(self, at: u64) -> u64 {
        (at * self.times + self.plus) % PRIME
    }

    /// This one and then another.
    fn then(self, next: Self) -> Self {
        Self { times: self.times * next.times % PRIME, plus: next.from(self.plus) }
    }

    /// What leads back.
    fn back(self) -> Self {
        let times = inverse(self.times);
        Self { times, plus: (PRIME - self.plus) * times % PRIME }
    }

    /// One by chance, but always the same for a letter.
    fn drawn(letter: char) -> Self {
        let mut hasher = SipHasher13::new();
        letter.hash(&mut hasher);
        let chance = hasher.finish();
        Self { times: 1 + (chance >> 32) % (PRIME - 1), plus: chance % PRIME }
    }
}

/// What makes 1 of it by multiplication: its power by PRIME − 2 (Fermat).
fn inverse(number: u64) -> u64 {
    let (mut result, mut square, mut exponent) = (1, number, PRIME - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * square % PRIME;
        }
        square = square * square % PRIME;
        exponent >>= 1;
    }
    result
}

struct AffineMaps {
    /// Of letters that have relatives.
    related: BTreeMap<char, AffineMap>,
    /// Of the skeletons of ASCII.
    ascii: [AffineMap; 128],
}

static AFFINE_MAPS: LazyLock<AffineMaps> = LazyLock::new(AffineMaps::gather);

impl AffineMaps {
    /// The skeletons of a letter and of what folding its case makes of it lead
    /// to the same. So do, then, two names whose skeletons have one case fold.
    fn gather() -> Self {
        let mut equations = Equations::default();
        let mut letters = BTreeSet::new();
        for cased in cased() {
            let sides = [cased.to_string(), fold_of(cased)];
            let [one, other] = sides.map(|text| letters_of(&text).collect::<Vec<char>>());
            equations.add(&one, &other);
            letters.extend(one.into_iter().chain(other));
        }
        let solved = |letter| (letter, equations.solve(letter));
        let related = letters.into_iter().map(solved).collect();
        let mut maps = Self { related, ascii: [AffineMap::NONE; 128] };
        maps.ascii = std::array::from_fn(|byte| {
            let text = char::from(byte as u8).to_string();
            letters_of(&text).fold(AffineMap::NONE, |map, letter| map.then(maps.of(letter)))
        });
        maps
    }

    fn of(&self, letter: char) -> AffineMap {
        self.related.get(&letter).copied().unwrap_or_else(|| AffineMap::drawn(letter))
    }
}

/// Letters in a row, some of them backwards.
type Word = Vec<(char, Way)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    On,
    Back,
}

fn turned(word: &[(char, Way)]) -> Word {
    let back = |&(letter, way): &(char, Way)| match way {
        Way::On => (letter, Way::Back),
        Way::Back => (letter, Way::On),
    };
    word.iter().rev().map(back).collect()
}

/// Equations between words, solved one by one: a letter on the left, and on the
/// right letters that no earlier equation has on its left.
#[derive(Default)]
struct Equations(BTreeMap<char, Word>);

impl Equations {
    /// Both lead to the same.
    fn add(&mut self, one: &[char], other: &[char]) {
        let word = |letters: &[char]| letters.iter().map(|&c| (c, Way::On)).collect::<Word>();
        let round = self.reduced(&[word(one), turned(&word(other))].concat());
        let count = |letter| round.iter().filter(|&&(other, _)| other == letter).count();
        let Some(at) = round.iter().rposition(|&(letter, _)| count(letter) == 1) else {
            // Not to be solved for any of them: all are left out. (Today no
            // letters are like that.)
            self.0.extend(round.into_iter().map(|(letter, _)| (letter, Word::new())));
            return;
        };
        // What is before it and behind it, both turned, lead where it does.
        let (letter, way) = round[at];
        let word = [turned(&round[..at]), turned(&round[at + 1..])].concat();
        self.0.insert(letter, if way == Way::On { word } else { turned(&word) });
    }

    /// With all that is known put in; a letter on and back again is nothing.
    fn reduced(&self, word: &[(char, Way)]) -> Word {
        let mut reduced = Word::new();
        let mut rest: Word = word.iter().copied().rev().collect();
        while let Some((letter, way)) = rest.pop() {
            if let Some(known) = self.0.get(&letter) {
                let known = if way == Way::On { known.clone() } else { turned(known) };
                rest.extend(known.into_iter().rev());
            } else if reduced.last().is_some_and(|&(last, other)| last == letter && other != way) {
                reduced.pop();
            } else {
                reduced.push((letter, way));
            }
        }
        reduced
    }

    fn solve(&self, letter: char) -> AffineMap {
        let map = |(letter, way)| match way {
            Way::On => AffineMap::drawn(letter),
            Way::Back => AffineMap::drawn(letter).back(),
        };
        let word = self.reduced(&[(letter, Way::On)]);
        word.into_iter().map(map).fold(AffineMap::NONE, AffineMap::then)
    }
}

/// All characters that case folding changes.
fn cased() -> impl Iterator<Item = char> {
    let cased = CodePointSetData::new::<ChangesWhenCasefolded>();
    cased.iter_ranges().flatten().filter_map(char::from_u32)
}

fn fold_of(c: char) -> String {
    CaseMapper::new().fold_string(c.encode_utf8(&mut [0; 4])).into_owned()
}

/// The letters of a text's skeleton. Marks are left out: they change places.
fn letters_of(text: &str) -> impl Iterator<Item = char> {
    skeleton(text).filter(|&c| !is_mark(c))
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;
    use crate::wire::confusables::skeletons_of;
    use proptest::prelude::*;

    fn confusable_hash(text: &str) -> u64 {
        confusable_hash_of(Name::parse(text).unwrap().key())
    }

    #[test]
    fn look_alikes_have_one_hash() {
        for (one, other) in [
            ("\u{440}\u{430}\u{443}\u{440}\u{430}", "paypa"),
            ("ВОВ", "BOB"),
            ("ΑΝΝΑ", "ANNA"),
            ("ӏ", "l"),
            ("ӏ", "I"),
            ("ӏ", "1"),
            ("ꮇ", "M"),
            ("mrn", "rnm"),
            ("mmm", "rnrnrn"),
            ("straße", "STRASSE"),
        ] {
            assert_eq!(confusable_hash(one), confusable_hash(other), "{one} {other}");
        }
    }

    /// Every letter there is, and the letters that it looks like.
    #[test]
    fn who_looks_alike_meets() {
        let mut by_look: BTreeMap<String, (char, u64)> = BTreeMap::new();
        let mut letters = 0;
        for c in '\0'..=char::MAX {
            let Ok(name) = Name::parse(&c.to_string()) else { continue };
            letters += 1;
            let confusable_hash = confusable_hash(name.shown());
            for look in skeletons_of(name.shown(), name.key()) {
                let (first, known) = by_look.entry(look).or_insert((c, confusable_hash));
                assert_eq!(*known, confusable_hash, "{first:?} {c:?}");
            }
        }
        assert!(letters > 100_000, "{letters}");
    }

    /// No two letters are one but those of which chains of look-alikes say so.
    #[test]
    fn whoever_can_be_told_apart_need_not_meet() {
        let mut hashes: BTreeMap<u64, String> = BTreeMap::new();
        for letter in ('0'..='9').chain('a'..='z') {
            hashes.entry(confusable_hash(&letter.to_string())).or_default().push(letter);
        }
        let mut together: Vec<String> = hashes.into_values().collect();
        together.retain(|letters| letters.len() > 1);
        together.sort();
        assert_eq!(together, ["06bo", "1il", "3j", "5fs", "7ertuy", "hnv"]);
        // These lead nowhere, so they count for nothing in a name.
        let nowhere = ('!'..='~').filter(|&c| AFFINE_MAPS.ascii[c as usize] == AffineMap::NONE);
        assert_eq!(nowhere.collect::<String>(), "\"'1IL`il|");
    }

    #[test]
    fn the_order_of_letters_counts() {
        assert_ne!(confusable_hash("bed-24"), confusable_hash("bed-42"));
        assert_ne!(confusable_hash("ab"), confusable_hash("ba"));
    }

    #[test]
    fn maps_are_invertible() {
        let [one, other] = ['a', 'я'].map(AffineMap::drawn);
        for at in [0, 1, 7, PRIME - 1] {
            assert_eq!(one.back().from(one.from(at)), at);
            assert_eq!(one.back().back(), one);
            assert_eq!(one.then(other).from(at), other.from(one.from(at)));
        }
    }

    #[test]
    fn equations_are_solved_for_a_letter_that_is_in_them_once() {
        let mut equations = Equations::default();
        let add = |equations: &mut Equations, one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| text.chars().collect::<Vec<char>>());
            equations.add(&one, &other);
        };
        let solved = |equations: &Equations, text: &str| {
            text.chars().fold(AffineMap::NONE, |map, letter| map.then(equations.solve(letter)))
        };
        add(&mut equations, "m", "rn");
        add(&mut equations, "aMb", "cmd");
        add(&mut equations, "xM", "x");
        for (one, other) in [("m", "rn"), ("aMb", "cmd"), ("M", ""), ("ab", "crnd")] {
            assert_eq!(solved(&equations, one), solved(&equations, other), "{one} {other}");
        }
        assert_ne!(solved(&equations, "rn"), solved(&equations, "nr"));
        // Twice on one side, twice on the other: neither is to be had.
        add(&mut equations, "yy", "zz");
        assert_eq!(solved(&equations, "y"), AffineMap::NONE);
        assert_eq!(solved(&equations, "z"), AffineMap::NONE);
    }

    proptest! {
        #[test]
        fn the_two_ways_to_a_hash_agree(text in "[a-z0-9][a-z0-9._-]{0,31}") {
            let slow = letters_of(&text).fold(1, |at, letter| AFFINE_MAPS.of(letter).from(at));
            prop_assert_eq!(confusable_hash(&text), slow);
        }

        #[test]
        fn case_changes_nothing_about_the_hash(text in "[a-zA-Z0-9._-]{1,32}|\\p{L}{1,8}") {
            let Ok(name) = Name::parse(&text) else { return Ok(()) };
            let Ok(folded) = Name::parse(name.key()) else { return Ok(()) };
            prop_assert_eq!(confusable_hash(name.shown()), confusable_hash(folded.shown()));
        }

        #[test]
        fn each_number_has_an_inverse(number in 1..PRIME) {
            prop_assert_eq!(number * inverse(number) % PRIME, 1);
        }
    }
}

//! Confusable names (Unicode Technical Standard #39): which names mix scripts that
//! are not used together, which can't be told apart by eye. Never: which names are
//! in use, or where their home is.

use icu_casemap::CaseMapper;
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

/// The skeletons (section 4) of a name as it is shown and of its key, their case
/// folded. One or two.
///
/// Two names are confusable if they have a skeleton in common. People can tell the
/// characters of plain ASCII apart, so whether two such names may share a skeleton
/// is the caller's decision.
pub fn skeletons_of(shown: &str, key: &str) -> impl Iterator<Item = String> + use<> {
    let as_shown = look(shown);
    let folded = Some(look(key)).filter(|folded| *folded != as_shown);
    std::iter::once(as_shown).chain(folded)
}

/// The skeleton of a name in capital letters, its case folded, where it differs
/// from those of [`skeletons_of`]: `alice` as ALICE is confusable with AL1CE.
pub fn upper_skeleton_of(shown: &str, key: &str) -> Option<String> {
    let upper = look(&key.to_uppercase());
    (!skeletons_of(shown, key).any(|skeleton| skeleton == upper)).then_some(upper)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn alike(one: &str, other: &str) -> bool {
        let seen = |text| {
            let name = Name::parse(text).unwrap();
            skeletons_of(name.shown(), name.key()).collect::<BTreeSet<_>>()
        };
        !seen(one).is_disjoint(&seen(other))
    }

    #[test]
    fn names_with_a_common_skeleton_are_confusable() {
        for (one, other) in [
            ("\u{440}\u{430}\u{443}\u{440}\u{430}", "paypa"),
            ("ВОВ", "BOB"),
            ("ΑΝΝΑ", "ANNA"),
            ("\u{3bf}\u{3bf}", "oo"),
            ("ӏ", "l"),
            ("ӏ", "I"),
            ("ӏ", "1"),
            ("ꮇ", "M"),
        ] {
            assert!(alike(one, other), "{one} {other}");
        }
        for (one, other) in
            [("anna", "hanna"), ("Анна", "Инна"), ("вова", "воля"), ("李雷", "李蕾")]
        {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_name_may_mix_only_scripts_that_go_together() {
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

    proptest! {
        #[test]
        fn the_skeleton_of_ascii_by_table_equals_that_of_the_library(text in "[a-zA-Z0-9._-]{1,32}") {
            let slow: String = skeleton(&text).collect();
            prop_assert_eq!(look(&text), CaseMapper::new().fold_string(&slow).into_owned());
        }
    }
}

//! The operators' token: where it comes from, whether it can be one, and what is
//! weak about it. Never: what it is good for.

use super::files::{self, Reading};
use super::usage::UsageError;
use crate::limits;
use std::collections::BTreeSet;
use std::path::Path;

/// Shorter than this a token can be found by trying.
const CHARACTERS_MIN: usize = 16;
/// ... and so it can with fewer different characters.
const DIFFERENT_MIN: usize = 8;
/// What a file's mode says that concerns people who are neither its owner nor of
/// its group: they may read it, or write it.
const OTHERS_MODE: u32 = 0o006;

/// The token, and what an operator should know about it.
#[derive(Debug, Default)]
pub(super) struct Token {
    pub token: Option<String>,
    pub warnings: Vec<String>,
}

impl Token {
    /// From the file, or else from the variable.
    ///
    /// # Errors
    /// [`UsageError`] where there is one and it can't be used.
    pub(super) fn find(path: Option<&Path>, reading: Reading) -> Result<Self, UsageError> {
        let Some(path) = path else {
            // Not a flag: everybody on the machine can read those.
            // Empty is none: so templates leave it.
            let token = std::env::var_os(limits::TOKEN_VARIABLE).filter(|token| !token.is_empty());
            let Some(token) = token else { return Ok(Self::default()) };
            let token = token
                .into_string()
                .map_err(|_| UsageError::new(format!("{} is not UTF-8", limits::TOKEN_VARIABLE)))?;
            return Self::checked(&token, limits::TOKEN_VARIABLE);
        };
        let shown = path.display().to_string();
        let (text, mode) = files::read_with_mode(path, reading).map_err(|error| {
            UsageError::new(format!("can't read the token in {shown}: {error}"))
        })?;
        let mut found = Self::checked(text.lines().next().unwrap_or_default(), &shown)?;
        found.warnings.extend(readable(mode, &shown));
        Ok(found)
    }

    fn checked(token: &str, place: &str) -> Result<Self, UsageError> {
        let token = token.trim();
        if token.is_empty() {
            return Err(UsageError::new(format!("the operators' token in {place} is empty")));
        }
        if token.len() > limits::TOKEN_BYTES_MAX {
            let most = limits::TOKEN_BYTES_MAX;
            let words = format!("the token in {place} has more than {most} bytes");
            return Err(UsageError::new(words));
        }
        let warnings = weakness(token).map(|why| {
            format!(
                "WEAK OPERATORS' TOKEN in {place}: {why}, so it can be found by trying. A good one: \
                 head -c 24 /dev/urandom | base64"
            )
        });
        Ok(Self { token: Some(token.to_owned()), warnings: warnings.into_iter().collect() })
    }
}

/// Why a token can be guessed, if it can.
fn weakness(token: &str) -> Option<String> {
    if token.chars().count() < CHARACTERS_MIN {
        return Some(format!("it has fewer than {CHARACTERS_MIN} characters"));
    }
    let different = token.chars().collect::<BTreeSet<char>>().len();
    let why = || format!("it has fewer than {DIFFERENT_MIN} different characters");
    (different < DIFFERENT_MIN).then(why)
}

/// Whether anybody on the machine may read it, or put another in its place.
fn readable(mode: u32, shown: &str) -> Option<String> {
    (mode & OTHERS_MODE != 0).then(|| {
        format!(
            "the operators' token in {shown} is for everybody on this machine: its mode is \
             {mode:04o}. chmod o-rwx {shown}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_has_at_least_one_byte_and_no_more_than_its_bound() {
        let most = "x".repeat(limits::TOKEN_BYTES_MAX);
        for token in ["x", &most] {
            let found = Token::checked(&format!(" {token}\r\n"), "here").unwrap();
            assert_eq!(found.token.as_deref(), Some(token));
        }
        let error = |token: &str| Token::checked(token, "here").unwrap_err().to_string();
        assert_eq!(error(&format!("{most}x")), "the token in here has more than 1024 bytes");
        assert_eq!(error(" \n"), "the operators' token in here is empty");
    }

    #[test]
    fn short_tokens_and_those_of_few_characters_are_warned_of_and_never_shown() {
        for (weak, why) in [
            ("sesame", "fewer than 16 characters"),
            ("123456789abcdef", "fewer than 16 characters"),
            ("abababababababababababab", "fewer than 8 different"),
        ] {
            let warnings = Token::checked(weak, "here").unwrap().warnings;
            assert!(warnings.len() == 1 && warnings[0].contains(why), "{warnings:?}");
            assert!(!warnings[0].contains(weak));
        }
        let good = "Zk3v9QpL0sT7wYx2";
        assert_eq!(Token::checked(good, "here").unwrap().warnings, [""; 0]);
    }

    #[test]
    fn a_file_that_others_may_read_or_write_is_warned_of_with_its_mode() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "Zk3v9QpL0sT7wYx2\n").unwrap();
        for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true), (0o602, true)] {
            fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            let warnings = Token::find(Some(file.path()), Reading::First).unwrap().warnings;
            assert_eq!(warnings.len(), usize::from(warned), "{warnings:?}");
            assert!(warnings.iter().all(|warning| warning.contains(&format!("{mode:04o}"))));
        }
    }
}

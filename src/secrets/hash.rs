//! Passwords: Argon2id (RFC 9106), kept as PHC strings with their own salt and
//! parameters. Never: in which thread, or what follows.

use super::random;
use crate::accounts::Secret;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use std::io;

/// Memory in KiB, passes and lanes, as the Password Storage Cheat Sheet of OWASP has
/// them for one lane. Hashes say by which they were made, so these can be raised.
const PARAMS: (u32, u32, u32) = (19_456, 2, 1);

/// Hashes passwords and compares them.
pub struct Hasher {
    argon2: Argon2<'static>,
    /// Of a password that nobody knows: compared with where there is none, so that this
    /// takes as long.
    of_nobody: String,
}

impl Hasher {
    /// # Errors
    /// Where the system has no randomness or no memory.
    pub fn new() -> io::Result<Self> {
        let (memory, passes, lanes) = PARAMS;
        let params = Params::new(memory, passes, lanes, None).map_err(io::Error::other)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hasher = Self { argon2, of_nobody: String::new() };
        hasher.of_nobody = hasher.hash(&random::token()?)?;
        Ok(hasher)
    }

    /// A new hash of a password.
    ///
    /// # Errors
    /// Where the system has no randomness or no memory.
    pub fn hash(&self, password: &Secret) -> io::Result<String> {
        let salt: [u8; 16] = random::bytes()?;
        let hash = self.argon2.hash_password_with_salt(password.reveal().as_bytes(), &salt);
        Ok(hash.map_err(io::Error::other)?.to_string())
    }

    /// Whether a password is that of a hash; takes as long where there is none.
    pub fn is_right(&self, password: &Secret, hash: Option<&str>) -> bool {
        let parsed = PasswordHash::new(hash.unwrap_or(&self.of_nobody));
        let is_right = parsed.is_ok_and(|parsed| {
            self.argon2.verify_password(password.reveal().as_bytes(), &parsed).is_ok()
        });
        is_right && hash.is_some()
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_right_for_its_own_hash_and_for_no_other() {
        let hasher = Hasher::new().unwrap();
        let password = Secret::new("correct horse");
        let hash = hasher.hash(&password).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hasher.hash(&password).unwrap(), hash, "each has a salt of its own");
        assert!(hasher.is_right(&password, Some(&hash)));
        assert!(!hasher.is_right(&Secret::new("correct horse "), Some(&hash)));
        for none in [None, Some("$argon2id$nonsense"), Some("")] {
            assert!(!hasher.is_right(&password, none));
        }
    }

    #[test]
    fn a_hash_made_by_other_parameters_is_compared_by_its_own() {
        let params = Params::new(64, 1, 1, None).unwrap();
        let older = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = older.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string();
        let hasher = Hasher::new().unwrap();
        assert!(hasher.is_right(&Secret::new("correct horse"), Some(&hash)));
        assert!(!hasher.is_right(&Secret::new("battery"), Some(&hash)));
    }
}

//! By which a key is known to people and to clients.

use ring::digest;
use std::fmt::Write;

/// SHA-256 of a public key as it stands in a certificate (its
/// SubjectPublicKeyInfo, DER), in hexadecimal.
pub fn fingerprint(public_key: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, public_key);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        // A `String` takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

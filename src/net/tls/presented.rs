//! The names in a client's certificate: its DNS names and its common name. Never: whether it
//! is valid, which the handshake has found.

use crate::limits;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// All names, up to a bound; none where it can't be read.
pub fn presented_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(parsed) = EndEntityCert::try_from(certificate) else { return Vec::new() };
    let dns = parsed.valid_dns_names().map(str::to_owned);
    common_name(parsed.subject())
        .into_iter()
        .chain(dns)
        .take(limits::CERTIFICATE_NAMES_MAX)
        .collect()
}

/// Tags of DER (X.690).
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// 2.5.4.3 (RFC 5280, appendix A.1).
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// The first common name of a subject: sets of sequences of a type and a value.
fn common_name(mut subject: &[u8]) -> Option<String> {
    while let Some((SET, mut set, rest)) = value(subject) {
        subject = rest;
        while let Some((SEQUENCE, attribute, rest)) = value(set) {
            set = rest;
            let (OBJECT_IDENTIFIER, kind, text) = value(attribute)? else { return None };
            if kind != COMMON_NAME {
                continue;
            }
            let (UTF8_STRING | PRINTABLE_STRING | IA5_STRING, text, _) = value(text)? else {
                return None;
            };
            return String::from_utf8(text.to_vec()).ok();
        }
    }
    None
}

/// The first value of DER: its tag, what is in it, and what follows it. None of a common
/// name is longer than two bytes of length can say.
fn value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((tag, inside, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn names(common_name: Option<&str>, dns: &[&str]) -> Vec<String> {
        let dns: Vec<String> = dns.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(dns).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "The Crew");
        if let Some(name) = common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        let key = KeyPair::generate().unwrap();
        presented_names(params.self_signed(&key).unwrap().der())
    }

    #[test]
    fn the_common_name_and_the_dns_names_of_a_certificate_are_its_names() {
        assert_eq!(names(Some("Анна"), &["anna.ship", "anna"]), ["Анна", "anna.ship", "anna"]);
        assert_eq!(names(None, &["anna"]), ["anna"]);
        let long = "x".repeat(200);
        assert_eq!(names(Some(&long), &[]), [long.as_str()]);
        let many: Vec<String> = (0..40).map(|number| format!("n{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(names(None, &many).len(), limits::CERTIFICATE_NAMES_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(presented_names(&CertificateDer::from(bytes.as_slice())).is_empty());
            prop_assert!(common_name(&bytes).is_none_or(|name| name.len() < bytes.len()));
        }
    }
}

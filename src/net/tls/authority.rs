//! The certificates that a site makes for itself: an authority, and a server's
//! certificate signed by it. **Pure**. Never: files, or what the names are.

use crate::certificate::Fingerprint;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber, date_time_ymd,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Before now, for those whose clocks are behind.
const BACKDATED: Duration = Duration::from_secs(2 * DAY.as_secs());
/// An authority outlives the machine; it is brought to browsers by hand.
const AUTHORITY_DAYS: u32 = 20 * 365;
/// Browsers take no more than 398, or 825 of an authority of the site's own.
const SERVER_DAYS: u32 = 365;

/// Private, loopback and link-local addresses (RFC 1918, 4193, 4291, 3927).
const PRIVATE_V4: [(Ipv4Addr, u8); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
];
const PRIVATE_V6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::LOCALHOST, 128),
];

/// What a server is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Dns(String),
    Ip(IpAddr),
}

/// A new key, as PEM.
///
/// # Errors
/// What the library says.
pub(super) fn new_key() -> Result<String, rcgen::Error> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?.serialize_pem())
}

/// The certificate of an authority, as PEM, that may sign nothing but servers of
/// these names and of private addresses, from `now` on (since 1970).
///
/// # Errors
/// What the library says, of the key or of a name.
pub(super) fn authority(key: &str, names: &[Name], now: Duration) -> Result<String, rcgen::Error> {
    let key = KeyPair::from_pem(key)?;
    let mut params = authority_params(&key);
    let private_v4 = PRIVATE_V4.iter().map(|&(ip, prefix)| (IpAddr::V4(ip), prefix));
    let private_v6 = PRIVATE_V6.iter().map(|&(ip, prefix)| (IpAddr::V6(ip), prefix));
    let private = private_v4.chain(private_v6);
    let private = private.map(|(ip, prefix)| CidrSubnet::from_addr_prefix(ip, prefix));
    let named = names.iter().map(|name| match name {
        Name::Dns(name) => GeneralSubtree::DnsName(name.clone()),
        Name::Ip(ip) => GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
            *ip,
            if ip.is_ipv4() { 32 } else { 128 },
        )),
    });
    let permitted_subtrees = named.chain(private.map(GeneralSubtree::IpAddress)).collect();
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    set_validity(&mut params, now, AUTHORITY_DAYS)?;
    Ok(params.self_signed(&key)?.pem())
}

/// A server's certificate, as PEM, for these names from `now` on, signed by the
/// authority with that key.
///
/// # Errors
/// What the library says, of the keys or of a name.
pub(super) fn server(
    key: &str,
    authority_key: &str,
    names: &[Name],
    now: Duration,
) -> Result<String, rcgen::Error> {
    let (key, authority_key) = (KeyPair::from_pem(key)?, KeyPair::from_pem(authority_key)?);
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name("Lanline".to_owned());
    let san = |name: &Name| {
        Ok(match name {
            Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
            Name::Ip(ip) => SanType::IpAddress(*ip),
        })
    };
    params.subject_alt_names = names.iter().map(san).collect::<Result<_, rcgen::Error>>()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, SERVER_DAYS)?;
    let issuer_params = authority_params(&authority_key);
    let issuer = Issuer::from_params(&issuer_params, &authority_key);
    Ok(params.signed_by(&key, &issuer)?.pem())
}

/// What all certificates of an authority have alike: its name tells those of two
/// sites apart.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mark = Fingerprint::of_key(key.public_key_raw()).to_string();
    params.distinguished_name = common_name(format!("Lanline site authority {}", &mark[..8]));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params
}

fn common_name(name: String) -> DistinguishedName {
    let mut all = DistinguishedName::new();
    all.push(DnType::CommonName, name);
    all
}

/// Two certificates of one authority never have the same number.
fn set_validity(
    params: &mut CertificateParams,
    now: Duration,
    days: u32,
) -> Result<(), rcgen::Error> {
    let number = getrandom::u64().map_err(|_| rcgen::Error::RingUnspecified)?;
    params.serial_number = Some(SerialNumber::from(number >> 1));
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(BACKDATED);
    params.not_after = epoch + now + DAY * days;
    Ok(())
}

//! The judgement on a server's certificate, in the middle of a handshake: by an
//! authority, else by its key. Never: writing down whom we have met.

use crate::certificate::Fingerprint;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of a server's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pin {
    /// It is new to us.
    None,
    /// It had this one before.
    Known(Fingerprint),
    /// The user wants this one.
    Wanted(Fingerprint),
}

/// A server's key is not the one that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongKey {
    pub shown: Fingerprint,
    pub expected: Fingerprint,
    /// The user asked for that one, rather than that it was seen before.
    pub is_wanted: bool,
}

/// Judges handshakes, one after the other. The same one for all connections of a
/// process: a ticket is of use only to the verifier that it was given to.
#[derive(Debug)]
pub struct Judge {
    /// None, if there are no authorities at all.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    pin: Mutex<Pin>,
    verified: AtomicBool,
}

/// What encrypts.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

impl Judge {
    pub(super) fn new(roots: RootCertStore) -> Self {
        // Fails where there are no authorities.
        let authorities =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok();
        Self { authorities, pin: Mutex::new(Pin::None), verified: AtomicBool::new(false) }
    }

    /// From now on that is known of the server.
    pub(super) fn pin(&self, pin: Pin) {
        *self.pin.lock().unwrap_or_else(PoisonError::into_inner) = pin;
    }

    pub(super) fn pinned(&self) -> Pin {
        *self.pin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an authority vouched for the server.
    pub(super) fn has_verified(&self) -> bool {
        self.verified.load(Ordering::Relaxed)
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Fingerprint::of(end_entity)?;
        let wrong = |expected, is_wanted| {
            let why = WrongKey { shown, expected, is_wanted };
            Err(rustls::CertificateError::Other(OtherError(Arc::new(why))).into())
        };
        let pin = self.pinned();
        if let Pin::Wanted(wanted) = pin {
            return if shown == wanted {
                Ok(ServerCertVerified::assertion())
            } else {
                wrong(wanted, true)
            };
        }
        let is_verified = self.authorities.as_ref().is_some_and(|authorities| {
            authorities
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .is_ok()
        });
        self.verified.store(is_verified, Ordering::Relaxed);
        match pin {
            Pin::Known(known) if !is_verified && shown != known => wrong(known, false),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

impl std::error::Error for WrongKey {}

impl fmt::Display for WrongKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shown, expected, is_wanted } = self;
        let before = if *is_wanted { "you asked for" } else { "it had" };
        write!(f, "its key is {shown}, {before} {expected}")
    }
}

impl WrongKey {
    /// That of a failed handshake.
    pub(in crate::connect) fn of(error: &rustls::Error) -> Option<Self> {
        match error {
            rustls::Error::InvalidCertificate(rustls::CertificateError::Other(OtherError(why))) => {
                why.downcast_ref::<Self>().copied()
            }
            _ => None,
        }
    }
}

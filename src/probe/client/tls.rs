//! TLS whose verifier records instead of hiding: what a browser only calls "not secure" is told apart here.

use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        ResolvesClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
    sign::CertifiedKey,
};
use x509_parser::{extensions::GeneralName, prelude::FromDer as _};

use super::lock::lock;
use crate::probe::evidence::Tls;

/// The trust of this machine.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    provider: Arc<CryptoProvider>,
    /// None where the system has no usable roots.
    verifier: Option<Arc<WebPkiServerVerifier>>,
}

/// What the verifier saw of one handshake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    chain: Vec<CertificateDer<'static>>,
    name_matches: Option<bool>,
    untrusted: Option<String>,
    asked_for_certificate: bool,
}

impl Roots {
    /// The system's roots.
    pub(crate) fn of_system() -> Self {
        let provider = Arc::new(ring::default_provider());
        let mut store = RootCertStore::empty();
        // Roots that cannot be read do not spoil the others.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build().ok();
        Self { provider, verifier }
    }

    /// Bytes that nobody can guess, for a handshake written by hand; none if the system has none.
    pub(crate) fn random(&self) -> Option<[u8; 32]> {
        let mut random = [0; 32];
        self.provider.secure_random.fill(&mut random).ok()?;
        Some(random)
    }

    /// Whether there is any trust to measure certificates by.
    pub(crate) fn are_usable(&self) -> bool {
        self.verifier.is_some()
    }

    /// A configuration whose verifier accepts every certificate and records what it saw. Whoever uses it
    /// must look at [`Seen`] before saying anything. `names_host` says whether the name is sent along (SNI).
    ///
    /// # Errors
    /// Only if the provider lacks what every version of TLS needs, which ring does not.
    pub(crate) fn config(
        &self,
        alpn: &[&str],
        names_host: bool,
    ) -> Result<(Arc<ClientConfig>, Arc<Mutex<Seen>>), rustls::Error> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let recorder =
            Recorder { provider: self.provider.clone(), verifier: self.verifier.clone(), seen: seen.clone() };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(recorder))
            .with_client_cert_resolver(Arc::new(NoCertificate { seen: seen.clone() }));
        config.enable_sni = names_host;
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok((Arc::new(config), seen))
    }
}

impl Seen {
    /// Whether the system vouches for what was seen.
    pub(crate) fn is_trusted(&self) -> bool {
        self.untrusted.is_none()
    }

    /// Why the system does not vouch for it, if it does not.
    pub(crate) fn untrusted(&self) -> Option<String> {
        self.untrusted.clone()
    }

    /// The facts of the certificate, at a time in seconds since 1970.
    pub(crate) fn facts(&self, now: i64) -> Tls {
        let mut facts = Tls {
            chain: self.chain.len(),
            name_matches: self.name_matches,
            untrusted: self.untrusted.clone(),
            asked_for_certificate: self.asked_for_certificate,
            ..Tls::default()
        };
        let Some((_, certificate)) = self
            .chain
            .first()
            .and_then(|leaf| x509_parser::certificate::X509Certificate::from_der(leaf).ok())
        else {
            return facts;
        };
        facts.fingerprint = self.chain.first().map(|leaf| fingerprint(leaf));
        facts.subject = certificate.subject().to_string();
        facts.issuer = certificate.issuer().to_string();
        facts.self_signed = certificate.subject() == certificate.issuer();
        let (start, end) =
            (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
        facts.not_before = rfc3339(start);
        facts.not_after = rfc3339(end);
        facts.days_left = Some((end - now).div_euclid(24 * 60 * 60));
        facts.seconds_left = Some(end - now);
        facts.life_seconds = Some(end - start);
        facts.not_yet_valid = start > now;
        if let Ok(Some(names)) = certificate.subject_alternative_name() {
            facts.names = names.value.general_names.iter().filter_map(name).take(20).collect();
        }
        facts
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|ip| std::net::Ipv4Addr::from(ip).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|ip| std::net::Ipv6Addr::from(ip).to_string()),
        },
        _ => None,
    }
}

/// SHA-256 of a certificate, as openssl's `x509 -fingerprint -sha256` has it without the colons.
fn fingerprint(certificate: &[u8]) -> String {
    Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn rfc3339(seconds: i64) -> String {
    let at = std::time::UNIX_EPOCH
        .checked_add(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default()));
    at.map(|at| humantime::format_rfc3339_seconds(at).to_string()).unwrap_or_default()
}

/// Has no certificate to show, and records that one was asked for.
#[derive(Debug)]
struct NoCertificate {
    seen: Arc<Mutex<Seen>>,
}

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        lock(&self.seen).asked_for_certificate = true;
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Accepts every certificate, keeps it, and notes what the system's verifier says.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    verifier: Option<Arc<WebPkiServerVerifier>>,
    seen: Arc<Mutex<Seen>>,
}

/// An error of a verifier, without the types that are wrapped around what it did not expect.
fn in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            format!("invalid peer certificate: {}", other.0)
        }
        error => error.to_string(),
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let untrusted = match &self.verifier {
            Some(verifier) => verifier
                .verify_server_cert(leaf, intermediates, server_name, ocsp, now)
                .err()
                .map(|error| in_words(&error)),
            None => Some("this system has no roots".to_owned()),
        };
        let name_matches = ParsedCertificate::try_from(leaf)
            .map(|certificate| rustls::client::verify_server_name(&certificate, server_name).is_ok())
            .ok();
        let chain = std::iter::once(leaf).chain(intermediates).map(|one| one.clone().into_owned()).collect();
        let mut seen = lock(&self.seen);
        (seen.chain, seen.name_matches, seen.untrusted) = (chain, name_matches, untrusted);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

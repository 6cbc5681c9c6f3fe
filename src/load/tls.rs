//! [`Tls`]: how readers speak TLS to a server.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// What is asked of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tls {
    /// The name or address that the certificate has to be for.
    pub(super) host: String,
    /// Whether any certificate will do.
    pub(super) insecure: bool,
}

/// Begins handshakes.
#[derive(Debug)]
pub(super) struct Handshakes {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// Reads the system's roots, once for all readers.
    ///
    /// # Errors
    /// When the host is not one that a certificate can be for; the text is the reason.
    pub(super) fn prepare(&self) -> Result<Handshakes, String> {
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| format!("{} is not a name that a certificate can be for", self.host))?;
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut config = if self.insecure {
            let algorithms = provider.signature_verification_algorithms;
            config.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate { algorithms }))
        } else {
            let mut roots = RootCertStore::empty();
            // Roots that cannot be read do not spoil the others.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            config.with_root_certificates(roots)
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Readers are strangers to each other: each one's handshake is a whole one.
        config.resumption = Resumption::disabled();
        Ok(Handshakes { config: Arc::new(config), name })
    }
}

impl Handshakes {
    /// The TLS of a new connection, before its first byte.
    ///
    /// # Errors
    /// When the configuration does not fit the name, which `prepare` has seen to.
    pub(super) fn begin(&self) -> Result<ClientConnection, rustls::Error> {
        let mut tls = ClientConnection::new(self.config.clone(), self.name.clone())?;
        // What a reader says is small, and must not be cut while the handshake goes on.
        tls.set_buffer_limit(None);
        Ok(tls)
    }
}

/// What went wrong, with a remedy where there is one.
pub(super) fn explain(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            format!("{error}; name the issuer's certificate in SSL_CERT_FILE, or add --insecure")
        }
        rustls::Error::InvalidCertificate(_) => {
            format!("{error}; `dante probe` says more about the certificate; --insecure accepts it as it is")
        }
        rustls::Error::InvalidMessage(_) => {
            format!("the answer is not TLS ({error}); check the port, or write http")
        }
        error => error.to_string(),
    }
}

/// Accepts every certificate, but no wrong signature.
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

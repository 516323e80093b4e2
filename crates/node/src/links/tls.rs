//! Mutual raw public keys (RFC 7250) under TLS 1.3 with X25519MLKEM768 and nothing else (RFC 8446,
//! draft-ietf-tls-ecdhe-mlkem).

use super::LinkError;
use crate::counters::Counters;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use trialogue_charter::NodeId;
use zeroize::Zeroizing;

/// What both sides must name (RFC 7301).
pub(super) const ALPN: &[u8] = b"trialogue/1";
/// Names nobody: who is meant is said by the pinned key.
pub(super) const SERVER_NAME: &str = "trialogue.invalid";

/// SubjectPublicKeyInfo of an Ed25519 key, before its 32 bytes (RFC 8410 §4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// PKCS#8 of an Ed25519 key, before its 32 bytes (RFC 8410 §7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Who may be at the other end: raw link keys of the charter.
pub(super) type Pins = BTreeMap<[u8; 32], NodeId>;

/// The pins of the charter in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<RwLock<Pins>>);

impl Known {
    pub(super) fn set(&self, pins: Pins) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pins;
    }

    pub(super) fn node(&self, key: &[u8; 32]) -> Option<NodeId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

fn raw_key(spki: &[u8]) -> Option<[u8; 32]> {
    spki.strip_prefix(&SPKI).and_then(|key| key.try_into().ok())
}

/// The link key that a connection showed.
pub(super) fn key_of(connection: &quinn::Connection) -> Option<[u8; 32]> {
    let shown = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    raw_key(shown.first()?)
}

/// Everything that a handshake needs, on either side.
#[derive(Clone)]
pub(super) struct Keys {
    own: Arc<CertifiedKey>,
    provider: Arc<CryptoProvider>,
}

impl Keys {
    /// From the 32-byte seed of the link key (RFC 8032 §5.1.5).
    pub(super) fn new(seed: &[u8; 32], public: &[u8; 32]) -> Result<Self, LinkError> {
        let der = Zeroizing::new([PKCS8.as_slice(), seed].concat());
        let key = aws_lc_rs::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(der.as_slice())).map_err(LinkError::Key)?;
        let shown =
            key.public_key().and_then(|spki| raw_key(&spki)).ok_or_else(|| defect("no public key is made of it"))?;
        if shown != *public {
            return Err(LinkError::NotTheKey);
        }
        let spki = CertificateDer::from([SPKI.as_slice(), public].concat());
        let provider = CryptoProvider {
            cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384],
            kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
            ..aws_lc_rs::default_provider()
        };
        Ok(Self { own: Arc::new(CertifiedKey::new(vec![spki], key)), provider: Arc::new(provider) })
    }

    /// For connections that others open. Any key that is known at that time is let in.
    pub(super) fn server(&self, pins: Known, counters: Counters) -> Result<QuicServerConfig, LinkError> {
        let verifier = PinnedClients { pins, algorithms: self.provider.signature_verification_algorithms, counters };
        let mut config = rustls::ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(self.own.clone())));
        config.alpn_protocols = vec![ALPN.to_vec()];
        // No resumption: every link is a fresh key exchange, and no early data can be replayed.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        QuicServerConfig::with_initial(Arc::new(config), initial()?).map_err(defect)
    }

    /// For a connection to the one node that has this key.
    pub(super) fn client(&self, expected: [u8; 32]) -> Result<QuicClientConfig, LinkError> {
        let verifier = PinnedServer { expected, algorithms: self.provider.signature_verification_algorithms };
        let mut config = rustls::ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(self.own.clone())));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        QuicClientConfig::with_initial(Arc::new(config), initial()?).map_err(defect)
    }
}

/// This build lacks what every link needs; no other key helps.
fn defect(why: impl std::fmt::Display) -> LinkError {
    LinkError::Tls(rustls::Error::General(why.to_string()))
}

/// QUIC's own Initial packets use this suite with a public key (RFC 9001 §5.2); it protects nothing secret.
fn initial() -> Result<rustls::quic::Suite, LinkError> {
    let suite = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    suite.tls13().and_then(|s| s.quic_suite()).ok_or_else(|| defect("the suite of Initial packets is missing"))
}

#[derive(Debug)]
struct PinnedServer {
    expected: [u8; 32],
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if more.is_empty() && raw_key(key) == Some(self.expected) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken on links".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(key.as_ref()),
            signed,
            &self.algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct PinnedClients {
    pins: Known,
    algorithms: WebPkiSupportedAlgorithms,
    counters: Counters,
}

impl ClientCertVerifier for PinnedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if more.is_empty() && raw_key(key).is_some_and(|key| self.pins.node(&key).is_some()) {
            return Ok(ClientCertVerified::assertion());
        }
        self.counters.count("link_stranger");
        tracing::warn!("a stranger asked for a link and was refused: its key is not in the charter");
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken on links".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(key.as_ref()),
            signed,
            &self.algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

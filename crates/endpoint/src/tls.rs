//! HTTPS towards the node: TLS 1.3 with post-quantum key agreement first, certificates of the system or of a file.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Where Debian keeps the certificates that the system trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Trusts the certificates in `file` (PEM), or those of the system.
///
/// # Errors
/// One sentence, if there are none or TLS cannot be set up.
pub fn config(file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let file = file.unwrap_or(Path::new(SYSTEM));
    let bad = |why: &dyn std::fmt::Display| {
        format!("{}: {why}: give the certificates to trust with --ca FILE.pem", file.display())
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|why| bad(&why))? {
        // A system store may have one that rustls does not take.
        let _ = roots.add(certificate.map_err(|why| bad(&why))?);
    }
    if roots.is_empty() {
        return Err(bad(&"no certificate in it"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|why| why.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

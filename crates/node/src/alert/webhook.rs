//! A webhook: one HTTPS POST (RFC 9110) of a small JSON object.

use super::{Alarm, Failure, cause, reach, trust};
use crate::config::WebhookConfig;
use crate::error::NodeError;
use crate::limits::alert::HEAD_MAX;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

pub(super) struct Hook {
    host: String,
    port: u16,
    path: String,
    name: ServerName<'static>,
    bearer: Option<HeaderValue>,
    connector: TlsConnector,
}

impl Hook {
    pub(super) fn new(config: &WebhookConfig) -> Result<Self, NodeError> {
        let bearer = match &config.token_file {
            Some(path) => {
                let token = trust::secret(path, "token of the webhook")?;
                let value = zeroize::Zeroizing::new(format!("Bearer {}", *token));
                let mut value = HeaderValue::from_str(&value)
                    .map_err(|_| NodeError::Alert(path.clone(), "it is no bearer token"))?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| NodeError::AlertTls(e.into()))?
            .with_root_certificates(roots(config)?)
            .with_no_client_auth();
        let name = ServerName::try_from(config.host.clone())
            .map_err(|_| NodeError::Alerts("the webhook's host is no name and no address"))?;
        Ok(Self {
            host: config.host.clone(),
            port: config.port,
            path: config.path.clone(),
            name,
            bearer,
            connector: TlsConnector::from(Arc::new(tls)),
        })
    }

    pub(super) async fn post(&self, alarm: &Alarm) -> Result<(), Failure> {
        let stream = reach::connect(&self.host, self.port).await?;
        let stream = self.connector.connect(self.name.clone(), stream).await.map_err(|e| Failure::Tls(cause(e)))?;
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HEAD_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|e| Failure::Broken(cause(e)))?;
        // Ends with this attempt, whatever the server does.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let request = self.request(alarm).ok_or(Failure::Unsayable)?;
        let answer = sender.send_request(request).await.map_err(|e| Failure::Broken(cause(e)))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(Failure::Answered(status.as_u16())) }
    }

    fn request(&self, alarm: &Alarm) -> Option<Request<Full<Bytes>>> {
        let body = match alarm {
            Alarm::Ring(alert) => serde_json::json!({
                "call": alert.call.to_string(),
                "line": alert.line.as_str(),
                "party": alert.party.as_str(),
                "precedence": alert.precedence.name(),
                "consoles": alert.consoles,
            }),
            Alarm::Writing(overdue) => serde_json::json!({
                "message": "overdue",
                "messages": overdue.messages,
                "line": overdue.line.as_str(),
                "party": overdue.party.as_str(),
                "precedence": overdue.precedence.name(),
            }),
            Alarm::Test { party, level } => serde_json::json!({ "test": level.name(), "party": party.as_str() }),
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let mut request = Request::post(&self.path)
            .header(HOST, if self.port == 443 { host } else { format!("{host}:{}", self.port) })
            .header(CONTENT_TYPE, "application/json");
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        request.body(Full::new(Bytes::from(body.to_string()))).ok()
    }
}

/// The party's own authority and nobody else, or those of the system.
fn roots(config: &WebhookConfig) -> Result<RootCertStore, NodeError> {
    let mut roots = RootCertStore::empty();
    match &config.ca {
        Some(path) => {
            let pem = trust::authority(path)?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|e| trust::bad_authority(path, e))?;
                roots.add(certificate).map_err(|e| trust::bad_authority(path, e))?;
            }
            if roots.is_empty() {
                return Err(trust::bad_authority(path, "no certificate is in it"));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

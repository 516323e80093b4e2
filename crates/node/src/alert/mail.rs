//! A mail by SMTP (RFC 5321) under TLS, from the first byte or by STARTTLS (RFC 3207); never without.

use super::{Alarm, Failure, cause, reach, trust, words};
use crate::config::{MailConfig, MailTls};
use crate::error::NodeError;
use crate::limits::alert::PATIENCE;
use futures_util::future::join_all;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

pub(super) struct Mailer {
    server: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    from: Address,
    to: Vec<Address>,
}

impl Mailer {
    pub(super) fn new(config: &MailConfig) -> Result<Self, NodeError> {
        let mut parameters = TlsParameters::builder(config.server.clone());
        if let Some(path) = &config.ca {
            let pem = trust::authority(path)?;
            let authority = Certificate::from_pem(&pem).map_err(|e| trust::bad_authority(path, e))?;
            // The party's own authority and nobody else.
            parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(authority);
        }
        let parameters = parameters.build_rustls().map_err(|e| match &config.ca {
            Some(path) => trust::bad_authority(path, e),
            None => NodeError::AlertTls(e.into()),
        })?;
        let tls = match config.tls {
            MailTls::Starttls => Tls::Required(parameters),
            MailTls::Tls => Tls::Wrapper(parameters),
        };
        let credentials = match (&config.user, &config.password_file) {
            (Some(user), Some(path)) => {
                let password = trust::secret(path, "password of the mail server")?;
                Some(Credentials::new(user.clone(), password.to_string()))
            }
            _ => None,
        };
        let (server, from, to) = (config.server.clone(), config.from.clone(), config.to.clone());
        Ok(Self { server, port: config.port, tls, credentials, from, to })
    }

    /// By the address of the server that answers first; its certificate is for its name all the same.
    async fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, Failure> {
        let reached = reach::connect(&self.server, self.port).await?;
        let address = reached.peer_addr().map_err(|e| Failure::Unreachable(cause(e)))?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(self.port)
            .timeout(Some(PATIENCE))
            .tls(self.tls.clone());
        Ok(match &self.credentials {
            Some(credentials) => builder.credentials(credentials.clone()),
            None => builder,
        }
        .build())
    }

    /// To each by a mail of its own, so that one address that is wrong keeps it from nobody else. One that is sent is
    /// enough.
    pub(super) async fn send(&self, alarm: &Alarm) -> Result<(), Failure> {
        let transport = self.transport().await?;
        let sent = join_all(self.to.iter().map(|to| self.send_one(&transport, to, alarm))).await;
        if sent.iter().any(Result::is_ok) { Ok(()) } else { sent.into_iter().next().unwrap_or(Err(Failure::Unsayable)) }
    }

    async fn send_one(
        &self,
        transport: &AsyncSmtpTransport<Tokio1Executor>,
        to: &Address,
        alarm: &Alarm,
    ) -> Result<(), Failure> {
        let message = Message::builder()
            .from(Mailbox::new(None, self.from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(words::subject(alarm))
            .header(ContentType::TEXT_PLAIN)
            .body(words::text(alarm))
            .map_err(|_| Failure::Unsayable)?;
        transport.send(message).await.map(drop).map_err(|error| {
            if let Some(status) = error.status() {
                Failure::Answered(u16::from(status))
            } else if error.is_timeout() {
                Failure::Late
            } else if error.is_tls() {
                Failure::Tls(cause(error))
            } else if error.is_client() {
                Failure::NotOffered(cause(error))
            } else {
                Failure::Unreachable(cause(error))
            }
        })
    }
}

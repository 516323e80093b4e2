//! What a browser meets: the console's files, the console's WebSocket, and two pages for the operator.

mod assets;
mod health;
mod listen;
mod officer;
mod operator;
mod server;
mod socket;
mod stream;

pub use assets::Assets;
pub use operator::{CatchingUpStatus, Health, LinkStatus, PathFigures, Status, TestStatus};
pub use server::{Web, WebSetup};
pub use socket::{ConsoleEvent, ConsoleOut};

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the web side cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The port is taken, or the address is not of this machine.
    #[error("listen_web {0} cannot be used ({1}): choose an address of this machine and a free TCP port")]
    Bind(SocketAddr, std::io::Error),
    /// A certificate file is not usable.
    #[error("the file {0} holds no usable {1} ({2}): name PEM files as tls_cert and tls_key")]
    Pem(PathBuf, &'static str, String),
    /// Certificate and key do not fit.
    #[error("tls_cert and tls_key cannot be used together ({0}): the key must be the certificate's own")]
    Tls(#[from] rustls::Error),
    /// The console's files cannot be read.
    #[error("the console's files at {0} cannot be read ({1}): build the console, or correct console_dir")]
    Assets(PathBuf, std::io::Error),
    /// That is no console.
    #[error("the console's files at {0} are more than {1} MiB: name the directory of the built console as console_dir")]
    TooMuch(PathBuf, usize),
}

//! Why a lab or what runs in it failed: one sentence with the remedy.

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A program that makes namespaces, or ours.
    #[error("`{0}` failed: {1}")]
    Command(String, String),
    /// A program is not here.
    #[error("`{0}` cannot be started ({1}): `cargo xtask setup` installs what the tests need")]
    Missing(String, std::io::Error),
    /// A TUN device.
    #[error("no TUN device ({0}): load the kernel's tun module, or run as root")]
    Tun(std::io::Error),
    /// A socket or a file.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// For a desk.
    #[error("no certificate: {0}")]
    Certificate(String),
    /// No such node, path or office in this lab.
    #[error("there is no {0} in this lab")]
    Unknown(String),
    /// Waited for in vain.
    #[error("{who} never came to: {what}; it showed {shown}")]
    Never {
        /// Who.
        who: String,
        /// What was waited for.
        what: String,
        /// What was shown last, or logged.
        shown: String,
    },
    /// An endpoint is gone.
    #[error("the endpoint of {0} has ended: its errors are above")]
    Ended(String),
}

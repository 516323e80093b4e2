//! Why a token did not do what was asked, each with the remedy.

use cryptoki::error::{Error, RvError};
use std::path::PathBuf;

/// A token that does not serve. Never shows a PIN or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The address is none.
    #[error(
        "the token's address is not usable: {0}; it has the form pkcs11:token=LABEL?module-path=/path/to/module.so (RFC 7512)"
    )]
    Uri(String),
    /// Not a module.
    #[error(
        "{path} does not serve as a PKCS#11 module ({why}): name the library that belongs to the token in module-path"
    )]
    Module {
        /// Which file.
        path: PathBuf,
        /// The system's or the module's reason.
        why: String,
    },
    /// Not there.
    #[error("there is no token {wanted}; the module sees: {present}. Plug it in, or correct the address")]
    Absent {
        /// What the address says.
        wanted: String,
        /// Labels of what is there.
        present: String,
    },
    /// More than one.
    #[error("{count} tokens fit {wanted}: add ;serial=… to the address, or leave only one plugged in")]
    Ambiguous {
        /// How many.
        count: usize,
        /// What the address says.
        wanted: String,
    },
    /// Nothing to log in with.
    #[error(
        "token {0} needs its PIN: put it in a file that only this account may read and name that in TRIALOGUE_PIN_FILE, or as pin-source=file:/… in the address"
    )]
    NoPin(String),
    /// The PIN file.
    #[error("the PIN file {path} is not usable: {why}")]
    PinFile {
        /// Which.
        path: PathBuf,
        /// Reason and remedy.
        why: String,
    },
    /// A PIN that no token takes.
    #[error("a PIN has 1 to 255 bytes of text: check what gives it")]
    BadPin,
    /// Refused.
    #[error("token {0} refuses the PIN: check it before you try again, a token locks itself after a few wrong ones")]
    WrongPin(String),
    /// Too many wrong ones.
    #[error(
        "token {0} has locked its PIN after too many wrong ones: unlock it with its own tool and its officer's PIN"
    )]
    Locked(String),
    /// Not set up.
    #[error("token {0} has no PIN yet: set it up with its own tool first")]
    NoPinSet(String),
    /// Not able.
    #[error(
        "token {token} cannot do {what}: use one that can, or keep the root in a file on a machine that is offline"
    )]
    Unable {
        /// Which.
        token: String,
        /// Names of mechanisms.
        what: &'static str,
    },
    /// It does not keep its keys.
    #[error("token {0} made a key that can be read out, and it was deleted again: use another token")]
    NotKept(String),
    /// Gone.
    #[error(
        "{what} is not in token {token}: plug in the token in which the root was made, or restore the token's backup"
    )]
    Missing {
        /// Which token.
        token: String,
        /// Which object.
        what: &'static str,
    },
    /// More than one.
    #[error(
        "{what} is in token {token} more than once, so one of them is not the root's: delete the one that was added"
    )]
    Twice {
        /// Which token.
        token: String,
        /// Which object.
        what: &'static str,
    },
    /// The wrong one.
    #[error(
        "the key in token {0} is not the root that the root.token file names: use the file and the token of the same party"
    )]
    OtherKey(String),
    /// Damaged.
    #[error(
        "the sealed ML-DSA-87 seed in token {0} does not open: it was altered or is another root's; restore the token's backup"
    )]
    Seal(String),
    /// Anything else that the module says.
    #[error("token {token} did not {what} ({why}): see the manual of the token")]
    Refused {
        /// Which.
        token: String,
        /// What was asked.
        what: &'static str,
        /// The module's reason.
        why: String,
    },
}

impl TokenError {
    /// What the module says about something that was asked of a token.
    pub(crate) fn said(token: &str, what: &'static str) -> impl FnOnce(Error) -> Self {
        let token = token.to_owned();
        move |error| match error {
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                Self::WrongPin(token)
            }
            Error::Pkcs11(RvError::PinLocked, _) => Self::Locked(token),
            Error::Pkcs11(RvError::UserPinNotInitialized, _) => Self::NoPinSet(token),
            Error::Pkcs11(RvError::TokenNotPresent | RvError::DeviceRemoved, _) => {
                Self::Absent { wanted: token, present: "none, it was pulled out".to_owned() }
            }
            other => Self::Refused { token, what, why: reason(&other) },
        }
    }
}

/// A module's reason in a few words, such as `CKR_DEVICE_ERROR`, on one line.
pub(crate) fn reason(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{function:?}: {code:?}"),
        other => other.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

//! Into a token: load its module, find it, log in.

use crate::error::{TokenError, reason};
use crate::limits::LISTED_MAX;
use crate::pin::Pin;
use crate::uri::TokenUri;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};

/// An open token. Dropping it closes the way in and, with that, logs out.
pub(crate) struct Entered {
    pub session: Session,
    // After `session`: fields are dropped in this order, and a module ends when nothing is open in it any more.
    _module: Module,
    /// Its label, for sentences.
    pub label: String,
    pub serial: String,
    mechanisms: Vec<MechanismType>,
}

/// What is to be done there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Sign,
    Make,
}

/// A loaded module. Who began it ends it: one that is unloaded while it still runs threads of its own takes the process
/// with it.
struct Module {
    calls: Pkcs11,
    is_ours: bool,
}

impl Drop for Module {
    fn drop(&mut self) {
        if self.is_ours {
            // Nothing is left to be done about a module that does not end.
            let _ = self.calls.clone().finalize();
        }
    }
}

impl Entered {
    /// Does the token offer all of these?
    pub fn can(&self, wanted: &[MechanismType]) -> bool {
        wanted.iter().all(|one| self.mechanisms.contains(one))
    }
}

pub(crate) fn enter(uri: &TokenUri, pin: Option<&Pin>, purpose: Purpose) -> Result<Entered, TokenError> {
    let module = load(uri)?;
    let (slot, about) = find(&module.calls, uri)?;
    let label = about.label().to_owned();
    let refused = |what| TokenError::said(&label, what);
    let session = match purpose {
        Purpose::Sign => module.calls.open_ro_session(slot),
        Purpose::Make => module.calls.open_rw_session(slot),
    };
    let session = session.map_err(refused("open"))?;
    // A token with a PIN pad of its own takes none from here.
    if pin.is_none() && !about.protected_authentication_path() {
        return Err(TokenError::NoPin(label));
    }
    match session.login(UserType::User, pin.map(Pin::auth)) {
        // Another root of this process is open in the same token.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
        Err(error) => return Err(refused("let anybody in")(error)),
    }
    let mechanisms = module.calls.get_mechanism_list(slot).map_err(refused("say what it can do"))?;
    Ok(Entered { session, _module: module, serial: about.serial_number().to_owned(), label, mechanisms })
}

fn load(uri: &TokenUri) -> Result<Module, TokenError> {
    let unfit = |error: Error| TokenError::Module { path: uri.module.clone(), why: reason(&error) };
    let calls = Pkcs11::new(&uri.module).map_err(unfit)?;
    match calls.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => Ok(Module { calls, is_ours: true }),
        // Another root of this process, or another part of it, uses the same module.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(Module { calls, is_ours: false }),
        Err(error) => Err(unfit(error)),
    }
}

fn find(module: &Pkcs11, uri: &TokenUri) -> Result<(Slot, TokenInfo), TokenError> {
    let unfit = |error: Error| TokenError::Module { path: uri.module.clone(), why: reason(&error) };
    let mut seen = Vec::new();
    let mut fitting = Vec::new();
    for slot in module.get_slots_with_initialized_token().map_err(unfit)? {
        // A token that is pulled out at this moment is one that is not there.
        let Ok(about) = module.get_token_info(slot) else { continue };
        let fits = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        if fits(&uri.token, about.label()) && fits(&uri.serial, about.serial_number()) {
            fitting.push((slot, about));
        } else {
            seen.push(format!("\"{}\"", about.label()));
        }
    }
    if fitting.len() > 1 {
        return Err(TokenError::Ambiguous { count: fitting.len(), wanted: uri.wanted() });
    }
    fitting.pop().ok_or_else(|| {
        seen.truncate(LISTED_MAX);
        let present = if seen.is_empty() { "none".to_owned() } else { seen.join(", ") };
        TokenError::Absent { wanted: uri.wanted(), present }
    })
}

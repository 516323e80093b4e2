//! A real token of SoftHSM, in a directory of its own. SoftHSM finds it by an environment variable, which a test must
//! not change in its own process: each test runs its body in a child of itself.
#![allow(clippy::unwrap_used, dead_code)]

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::env;
use std::fs;
use std::process::Command;
use trialogue_charter::PartyId;
use trialogue_charter::keyfile::RootToken;
use trialogue_token::{Entropy, Pin, TokenRoot, TokenUri, make};

pub const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub const PIN: &str = "ninety-one-horses";
const CHILD: &str = "TRIALOGUE_TEST_HAS_TOKEN";

/// Runs the body of the test of this name with a new token, labelled USA.
pub fn with_token(test: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return body();
    }
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("softhsm2.conf");
    fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", dir.path().display())).unwrap();
    let made = Command::new("softhsm2-util")
        .env("SOFTHSM2_CONF", &conf)
        .args(["--init-token", "--free", "--label", "USA", "--so-pin", "officer-of-tokens", "--pin", PIN])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut child = Command::new(env::current_exe().unwrap());
    let child = child.args([test, "--exact", "--nocapture"]).env("SOFTHSM2_CONF", &conf).env(CHILD, "1");
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "the name of the test is another: {said}");
}

pub fn pin() -> Pin {
    Pin::new(PIN).unwrap()
}

/// A root of the USA; the number makes it one of its own.
pub fn root(number: u8) -> RootToken {
    let uri = TokenUri::parse(&format!("pkcs11:token=USA?module-path={MODULE}")).unwrap();
    let entropy = Entropy { id: [number; 16], iv: [number; 12], seed: [number; 32] };
    make(&uri, Some(&pin()), &PartyId::new("USA").unwrap(), &entropy).unwrap()
}

pub fn open(root: &RootToken) -> Result<TokenRoot, String> {
    TokenRoot::open(root, Some(&pin())).map_err(|why| why.to_string())
}

/// The token as anybody with its PIN reaches it, with other software.
pub fn other_hand(logged_in: bool) -> Session {
    let module = Pkcs11::new(MODULE).unwrap();
    // Fails if a root of this process is open in it, and need not succeed then.
    let _ = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slot = module.get_slots_with_initialized_token().unwrap()[0];
    let session = module.open_rw_session(slot).unwrap();
    if logged_in {
        session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
    }
    session
}

pub fn of_class(session: &Session, class: ObjectClass) -> Vec<ObjectHandle> {
    session.find_objects(&[Attribute::Class(class)]).unwrap()
}

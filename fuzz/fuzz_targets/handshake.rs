//! Key packages, welcomes and commits by a hostile device: the console stays where it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use trialogue_charter::{DeviceId, Suite};
use trialogue_e2ee::{GroupId, Invite, Keyring};

const GROUP: GroupId = GroupId([1; 16]);
const OTHER: DeviceId = DeviceId([2; 32]);

fn console() -> Keyring {
    let mut console = Keyring::new(Suite::XWing, DeviceId([1; 32]), &[1; 32]);
    console.create(GROUP).unwrap();
    console.key_package().unwrap();
    console
}

thread_local!(static CONSOLE: RefCell<Keyring> = RefCell::new(console()));

fuzz_target!(|data: &[u8]| {
    CONSOLE.with_borrow_mut(|console| {
        let before = console.authenticator(&GROUP).unwrap();
        assert!(console.join(data).is_err());
        assert!(console.process(&GROUP, &OTHER, data).is_err());
        let invite = Invite { device: OTHER, signature_key: &[2; 32], key_package: data };
        assert!(console.add_and_remove(&GROUP, &[invite], &[]).is_err());
        assert_eq!(console.authenticator(&GROUP).unwrap(), before);
        assert!(!console.is_pending(&GROUP));
    });
});

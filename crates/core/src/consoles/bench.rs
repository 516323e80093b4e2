//! For tests of what reads consoles: consoles as they are once they are let in.

use super::{Console, Consoles, Standing};
use crate::io::ConsoleKey;
use crate::scene::Enrolled;

/// A console is at a WebSocket, on watch, and was told all there is.
pub(crate) fn is_here(consoles: &mut Consoles, key: ConsoleKey, console: &Enrolled) {
    let standing = Standing::Known { device: Box::new(console.device.clone()), on_watch: true, can_sound: true };
    consoles.sockets.insert(key, Console { standing, ..Console::new([0; 32], 0) });
    consoles.devices.insert(console.device.id, key);
}

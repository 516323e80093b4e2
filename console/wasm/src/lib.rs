//! WebAssembly bindings of the console: nothing is decided here. [`Machine`] runs in the keys worker, [`Media`] in the
//! media worker, [`Desk`] in the security officer's; the page itself loads none.

mod machine;
mod media;
mod officer;
mod out;

pub use machine::{Machine, enrol};
pub use media::{Fate, Media};
pub use officer::{Desk, DeskOffice, DeskView};
pub use out::{Enrolled, Out};

use wasm_bindgen::prelude::wasm_bindgen;

/// Version of the bindings, shown on the console's "about" line.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

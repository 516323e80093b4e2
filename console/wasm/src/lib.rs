//! WebAssembly bindings of the console.

use wasm_bindgen::prelude::wasm_bindgen;

/// Version of the bindings, shown on the console's "about" line.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

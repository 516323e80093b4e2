//! Where things are, all of them inside the checkout.

use std::path::{Path, PathBuf};

/// The top of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Build products; `CARGO_TARGET_DIR` moves them.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Notes of this tool: stamps of finished steps, logs, downloads.
pub fn notes() -> PathBuf {
    target().join("xtask")
}

pub fn console() -> PathBuf {
    root().join("console")
}

/// The built console, served by a node.
pub fn console_dist() -> PathBuf {
    console().join("dist")
}

/// Speech and video for the media tests.
pub fn assets() -> PathBuf {
    target().join("assets")
}

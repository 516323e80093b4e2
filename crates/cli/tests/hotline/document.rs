//! What stands in a PDF, by a reader that is not ours.

use std::path::Path;
use std::process::Command;

/// Its text without spaces and ends of lines, which are a reader's guess.
pub fn words(pdf: &Path) -> String {
    let output = Command::new("pdftotext").args(["-enc", "UTF-8"]).arg(pdf).arg("-").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    squeezed(&String::from_utf8(output.stdout).unwrap())
}

pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

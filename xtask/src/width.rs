//! Comments and prose are no wider than code: a reader on a laptop sees whole lines, and a change shows the words that
//! changed.

use std::fs;

use anyhow::{Result, bail};

use crate::paths;
use crate::step::Step;

/// Characters in a line of a comment or of prose, as `max_width` in rustfmt.toml.
const WIDEST: usize = 120;
/// So many faults are named; whoever has more begins with these.
const NAMED: usize = 20;

pub fn check() -> Result<()> {
    eprintln!("▸ Check the width of comments and prose");
    let listed = Step::new("List what is read", "git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs", "*.md"])
        .output()?;
    let mut faults = Vec::new();
    for path in listed.lines() {
        let Ok(text) = fs::read_to_string(paths::root().join(path)) else {
            continue;
        };
        let wide = if path.ends_with(".md") { wide_prose(&text) } else { wide_comments(&text) };
        faults.extend(wide.into_iter().map(|line| format!("  {path}:{line}")));
    }
    if !faults.is_empty() {
        let count = faults.len();
        faults.truncate(NAMED);
        bail!("wider than {WIDEST} characters, {count} lines: wrap them\n{}", faults.join("\n"));
    }
    Ok(())
}

/// Numbers of the lines that could be shorter.
fn wide_comments(text: &str) -> Vec<usize> {
    let comment = |line: &str| line.trim_start().starts_with("//") && !line.contains("]: ") && is_wide(line);
    lines(text).filter(|(_, line)| comment(line)).map(|(at, _)| at).collect()
}

/// The same of Markdown. Tables, code, headings and references cannot be wrapped.
fn wide_prose(text: &str) -> Vec<usize> {
    let mut code = false;
    let mut wide = Vec::new();
    for (at, line) in lines(text) {
        let start = line.trim_start();
        code ^= start.starts_with("```");
        let whole = ["|", "#", "<", "![", "> "].iter().any(|mark| start.starts_with(mark)) || start.starts_with('[');
        if !code && !whole && !line.starts_with("    ") && is_wide(line) {
            wide.push(at);
        }
    }
    wide
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// One long word, an address say, has no place to be wrapped at.
fn is_wide(line: &str) -> bool {
    let words = line.split_whitespace().filter(|word| !word.chars().all(|c| "/-!*".contains(c))).count();
    line.chars().count() > WIDEST && words > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_wrapped_is_found_and_nothing_else() {
        let long = "word ".repeat(30);
        assert_eq!(wide_comments(&format!("fn main() {{}} // {long}\n    /// {long}\n// short\n")), [2]);
        assert_eq!(wide_comments(&format!("// https://example.org/{}", "a".repeat(120))), Vec::<usize>::new());
        let prose = format!("{long}\n| {long} |\n```\n{long}\n```\n- {long}\n# {long}\n");
        assert_eq!(wide_prose(&prose), [1, 6]);
    }
}

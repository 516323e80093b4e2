//! Reading `name: value` lines, strictly: known names only, each as often as it may come.

use zeroize::Zeroizing;

/// Longest key file in bytes: a node's public keys in hex and its addresses need 9 kB.
const FILE_MAX: usize = 16 << 10;

/// A key file that cannot be read. Shows line numbers and names of fields, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}: restore the file from where it was made")]
pub struct BadKeyFile {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// The fields of a file, in order, taken one after the other.
pub(super) struct Lines<'a> {
    fields: std::iter::Peekable<std::vec::IntoIter<(usize, &'a str, &'a str)>>,
    last: usize,
}

impl<'a> Lines<'a> {
    pub fn open(heading: &str, text: &'a str) -> Result<Self, BadKeyFile> {
        let bad = |line, what: &str| BadKeyFile { line, what: what.to_owned() };
        if text.len() > FILE_MAX {
            return Err(bad(1, "the file is too long for a key file"));
        }
        let mut rows = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let first = rows.next().unwrap_or((1, ""));
        if first.1 != heading {
            return Err(bad(first.0, &format!("the file does not begin with \"{heading}\"")));
        }
        let mut fields = Vec::new();
        for (line, row) in rows {
            let (name, value) = row.split_once(':').ok_or_else(|| bad(line, "this is not \"name: value\""))?;
            fields.push((line, name.trim(), value.trim()));
        }
        Ok(Self { last: text.lines().count().max(1), fields: fields.into_iter().peekable() })
    }

    /// The value of the next field, which must have this name, if `parse` takes it.
    pub fn take<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, BadKeyFile> {
        match self.fields.next_if(|(_, found, _)| *found == name) {
            Some((line, _, value)) => {
                parse(value).ok_or_else(|| BadKeyFile { line, what: format!("{name} has no usable value") })
            }
            None => {
                let line = self.fields.peek().map_or(self.last, |(line, _, _)| *line);
                Err(BadKeyFile { line, what: format!("{name} should stand here") })
            }
        }
    }

    /// Is the next field of this name?
    pub fn has(&mut self, name: &str) -> bool {
        self.fields.peek().is_some_and(|(_, found, _)| *found == name)
    }

    /// Nothing may follow.
    pub fn end(mut self) -> Result<(), BadKeyFile> {
        match self.fields.next() {
            Some((line, ..)) => Err(BadKeyFile { line, what: "nothing should stand here".to_owned() }),
            None => Ok(()),
        }
    }
}

pub(super) fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    hex::decode_to_slice(text, &mut out).ok()?;
    Some(out)
}

pub(super) fn seed(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    bytes(text).map(Zeroizing::new)
}

//! The name of a person. It appears on screens of the people in a call and in no log.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::fmt;

/// A personal name as its party certified it: 1 to 80 characters. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// A name that cannot be shown safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 80 characters, no control or direction characters and no space at either end")]
pub struct BadName;

impl PersonName {
    /// Accepts a name that a screen can show.
    pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
        let text = text.into();
        if is_showable(&text, crate::limits::TEXT_MAX) { Ok(Self(text)) } else { Err(BadName) }
    }

    /// The name, to be shown to people and never logged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Can a screen show this text without being misled: 1 to `max` characters, none that moves or hides others.
pub fn is_showable(text: &str, max: usize) -> bool {
    let misleading = |c: char| {
        c.is_control()
            // Direction overrides and isolates (UAX #9), zero-width and line separators: they make one name look like another.
            || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !text.is_empty() && text.trim() == text && text.chars().count() <= max && !text.chars().any(misleading)
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[name]")
    }
}

impl<C> Encode<C> for PersonName {
    fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for PersonName {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::new(d.str()?).map_err(decode::Error::custom)
    }
}

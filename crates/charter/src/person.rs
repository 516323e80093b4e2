//! The name of a person. It appears on screens of the people in a call and in no log.

use crate::text::{BadText, Form, refuse};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::fmt;

/// A personal name as its party certified it: 1 to 80 characters. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Accepts a name that a screen can show.
    ///
    /// # Errors
    /// [`BadText`]: what stands against it. It names a character and its place, and nothing else of the name.
    pub fn new(text: impl Into<String>) -> Result<Self, BadText> {
        let text = text.into();
        refuse(&text, Form::Name, crate::limits::TEXT_MAX)?;
        Ok(Self(text))
    }

    /// The name, to be shown to people and never logged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

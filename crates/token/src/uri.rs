//! Where a token is: PKCS#11 URIs (RFC 7512), as much of them as names one token and one root in it.

use crate::error::TokenError;
use crate::limits::{ID_MAX, LABEL_MAX};
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use trialogue_charter::limits::TOKEN_URI_MAX;

/// A token, and perhaps a root in it. Nothing here is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUri {
    pub(crate) module: PathBuf,
    pub(crate) token: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) id: Option<Vec<u8>>,
    pin_source: Option<PathBuf>,
}

fn bad(why: impl Into<String>) -> TokenError {
    TokenError::Uri(why.into())
}

impl TokenUri {
    /// Reads `pkcs11:token=…;serial=…;id=…?module-path=…&pin-source=file:…`.
    ///
    /// # Errors
    /// Says which part is wrong. A PIN in it (`pin-value`) is refused: it would stand in the shell's history and in a
    /// file.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > TOKEN_URI_MAX {
            return Err(bad(format!("it is longer than {TOKEN_URI_MAX} bytes")));
        }
        let rest = text.strip_prefix("pkcs11:").ok_or_else(|| bad("it does not begin with pkcs11:"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut parts = Parts::default();
        for pair in path.split(';').filter(|pair| !pair.is_empty()) {
            parts.take(pair, false)?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            parts.take(pair, true)?;
        }
        parts.whole()
    }

    /// The same place with the id of one root in it.
    pub(crate) fn with(&self, serial: &str, id: &[u8]) -> Self {
        let serial = if serial.is_empty() { self.serial.clone() } else { Some(serial.to_owned()) };
        Self { serial, id: Some(id.to_vec()), ..self.clone() }
    }

    /// Where the address says that the PIN is.
    pub fn pin_source(&self) -> Option<&Path> {
        self.pin_source.as_deref()
    }

    /// Which token, in a sentence.
    pub(crate) fn wanted(&self) -> String {
        match (&self.token, &self.serial) {
            (Some(token), Some(serial)) => format!("\"{token}\" with serial number {serial}"),
            (Some(token), None) => format!("\"{token}\""),
            (None, Some(serial)) => format!("with serial number {serial}"),
            (None, None) => "without a name".to_owned(),
        }
    }
}

#[derive(Default)]
struct Parts {
    module: Option<PathBuf>,
    token: Option<String>,
    serial: Option<String>,
    id: Option<Vec<u8>>,
    pin_source: Option<PathBuf>,
}

impl Parts {
    fn take(&mut self, pair: &str, in_query: bool) -> Result<(), TokenError> {
        // The value of a part that may hold a PIN is never shown.
        let (name, value) = pair.split_once('=').ok_or_else(|| bad("a part of it is not name=value"))?;
        let bytes = unescape(value).ok_or_else(|| bad(format!("the value of {name} is not well escaped")))?;
        let text = || String::from_utf8(bytes.clone()).map_err(|_| bad(format!("{name} is not UTF-8")));
        match (in_query, name) {
            (false, "token") => {
                let token = text()?;
                if token.is_empty() || token.len() > LABEL_MAX {
                    return Err(bad("the label of a token has 1 to 32 bytes"));
                }
                once(name, &mut self.token, token)
            }
            (false, "serial") => once(name, &mut self.serial, text()?),
            (false, "id") => {
                if bytes.is_empty() || bytes.len() > ID_MAX {
                    return Err(bad("an id has 1 to 64 bytes"));
                }
                once(name, &mut self.id, bytes.clone())
            }
            (true, "module-path") => once(name, &mut self.module, absolute(name, text()?)?),
            (true, "pin-source") => {
                let source = text()?;
                let path = source.strip_prefix("file:").unwrap_or(&source);
                let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
                once(name, &mut self.pin_source, absolute(name, path.to_owned())?)
            }
            (true, "pin-value") => Err(bad(
                "a PIN must not stand in it, where others read it: change that PIN, and name a file with pin-source=file:/…",
            )),
            (true, "module-name") => Err(bad("write module-path with the whole path instead of module-name")),
            _ => Err(bad(format!(
                "{name} is not understood there: before the ? are token, serial and id, after it module-path and pin-source"
            ))),
        }
    }

    fn whole(self) -> Result<TokenUri, TokenError> {
        let Self { module, token, serial, id, pin_source } = self;
        let module = module.ok_or_else(|| bad("module-path is missing"))?;
        if token.is_none() && serial.is_none() {
            return Err(bad("neither token nor serial says which token is meant"));
        }
        Ok(TokenUri { module, token, serial, id, pin_source })
    }
}

fn once<T>(name: &str, place: &mut Option<T>, value: T) -> Result<(), TokenError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(bad(format!("{name} stands in it twice"))),
    }
}

/// A bare name would be looked for where whoever sets the environment likes.
fn absolute(name: &str, path: String) -> Result<PathBuf, TokenError> {
    let path = PathBuf::from(path);
    if path.is_absolute() && !path.as_os_str().as_encoded_bytes().contains(&0) {
        return Ok(path);
    }
    Err(bad(format!("{name} is not a whole path that begins with /")))
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next()?, bytes.next()?];
            let mut one = [0];
            hex::decode_to_slice(pair, &mut one).ok()?;
            out.push(one[0]);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn escape(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(byte) {
            out.write_char(char::from(*byte))?;
        } else {
            write!(out, "%{byte:02X}")?;
        }
    }
    Ok(())
}

impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pkcs11:")?;
        let mut between = "";
        for (name, value) in [("token", &self.token), ("serial", &self.serial)] {
            if let Some(value) = value {
                write!(f, "{between}{name}=")?;
                escape(f, value.as_bytes())?;
                between = ";";
            }
        }
        if let Some(id) = &self.id {
            write!(f, "{between}id=")?;
            id.iter().try_for_each(|byte| write!(f, "%{byte:02X}"))?;
        }
        f.write_str("?module-path=")?;
        escape(f, self.module.as_os_str().as_encoded_bytes())?;
        if let Some(source) = &self.pin_source {
            f.write_str("&pin-source=file:")?;
            escape(f, source.as_os_str().as_encoded_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WHOLE: &str =
        "pkcs11:token=USA%20root;serial=0a1b;id=%01%FF?module-path=/usr/lib/a.so&pin-source=file:/run/pin";

    #[test]
    fn an_address_is_written_as_it_is_read() {
        let uri = TokenUri::parse(WHOLE).unwrap();
        assert_eq!((uri.token.as_deref(), uri.id.as_deref()), (Some("USA root"), Some(&[1, 0xff][..])));
        assert_eq!(uri.pin_source(), Some(Path::new("/run/pin")));
        assert_eq!(uri.to_string(), WHOLE);
        let odd = TokenUri::parse("pkcs11:token=%E5%9B%BD%3B%3F?module-path=/x%26y").unwrap();
        assert_eq!(TokenUri::parse(&odd.to_string()).unwrap(), odd);
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong_and_shows_no_pin() {
        let says = |text: &str, expected: &str| {
            let said = TokenUri::parse(text).unwrap_err().to_string();
            assert!(said.contains(expected) && !said.contains("4711"), "{said}");
        };
        says("token=a", "does not begin with pkcs11:");
        says("pkcs11:token=a", "module-path is missing");
        says("pkcs11:?module-path=/a", "neither token nor serial");
        says("pkcs11:token=a?module-path=a.so", "module-path is not a whole path");
        says("pkcs11:token=a?module-path=/a&pin-value=4711", "a PIN must not stand in it");
        says("pkcs11:token=a?module-path=/a&pin-source=%7Ccat%204711", "pin-source is not a whole path");
        says("pkcs11:token=a;token=b?module-path=/a", "token stands in it twice");
        says("pkcs11:token=%4?module-path=/a", "token is not well escaped");
        says("pkcs11:object=a?module-path=/a", "object is not understood there");
        says("pkcs11:token=aaaaaaaaaabbbbbbbbbbccccccccccddd?module-path=/a", "1 to 32 bytes");
        says(&format!("pkcs11:token={}", "a".repeat(3_000)), "longer than");
    }

    proptest::proptest! {
        #[test]
        fn noise_is_refused_or_read_back(
            text in "(pkcs11:)?((token|serial|id|x)=[a-z%0-9]{0,6};?){0,3}(\\?((module-path|pin-source|pin-value)=(file:)?/{0,3}[a-z%0-9]{0,6}&?){0,3})?",
        ) {
            if let Ok(uri) = TokenUri::parse(&text) {
                assert_eq!(TokenUri::parse(&uri.to_string()).unwrap(), uri);
            }
        }

        #[test]
        fn any_label_and_path_is_written_so_that_it_is_read_back(label in "\\PC{1,8}", path in "/\\PC{0,60}") {
            let uri = TokenUri {
                module: PathBuf::from(path),
                token: Some(label),
                serial: None,
                id: Some(vec![0, 255]),
                pin_source: None,
            };
            assert_eq!(TokenUri::parse(&uri.to_string()).unwrap(), uri);
        }
    }
}

//! Frames on the control stream of one path of a link: how it is opened, and numbered messages, so that they may come
//! by any path.
//!
//! ```text
//! +-------+----------------------------------------------------------------------------
//! | 0     | life (8) | ordinal (1) | length (1) carrier | length (1) label      open
//! | 1     | link (8)                                                           begin
//! | 2     | number (8) | the message, 1 to 1,048,576 bytes                     message
//! | 3     | number (8)                                                         received
//! +-------+----------------------------------------------------------------------------
//! ```

use crate::limits::{CARRIER_MAX, FRAME_MAX, MESSAGE_MAX};
use trialogue_charter::is_carrier;

/// Largest opening frame in bytes: a stranger's costs no more.
pub const OPEN_MAX: usize = 12 + 2 * CARRIER_MAX;

const OPEN: u8 = 0;
const BEGIN: u8 = 1;
const MESSAGE: u8 = 2;
const RECEIVED: u8 = 3;

/// The first frame of each side on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Drawn at random by the node with the higher id when it begins without a link; the other says 0.
    pub life: u64,
    /// The carrier by which the path leaves the side that dialled; empty: it has only one.
    pub carrier: String,
    /// The carrier that the dialled address names; empty: none.
    pub label: String,
    /// Which of the addresses with that label, from 0.
    pub ordinal: u8,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFrame<'a> {
    /// Which path this is.
    Open(Open),
    /// From the node with the lower id: the path belongs to this link from now on.
    Begin(u64),
    /// A message of the link.
    Message {
        /// From 1, each message of a link once.
        number: u64,
        /// The message.
        bytes: &'a [u8],
    },
    /// All messages up to this one are here.
    Received(u64),
}

/// A frame that this protocol does not have; close the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame on a path is none of this protocol; close the path")]
pub struct BadFrame;

impl<'a> PathFrame<'a> {
    /// Reads one frame, without its length prefix.
    ///
    /// # Errors
    /// When it is not exactly one frame.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadFrame> {
        let (kind, rest) = bytes.split_first().ok_or(BadFrame)?;
        let (number, rest) = rest.split_first_chunk().ok_or(BadFrame)?;
        let number = u64::from_be_bytes(*number);
        match (*kind, rest.is_empty()) {
            (OPEN, false) => open(number, rest).map(Self::Open).ok_or(BadFrame),
            (BEGIN, true) => Ok(Self::Begin(number)),
            (MESSAGE, false) if rest.len() <= MESSAGE_MAX && number > 0 => Ok(Self::Message { number, bytes: rest }),
            (RECEIVED, true) => Ok(Self::Received(number)),
            _ => Err(BadFrame),
        }
    }

    /// Writes the frame with its length prefix.
    ///
    /// # Errors
    /// When a message is empty or too large, or a label is none.
    pub fn write(&self) -> Result<Vec<u8>, BadFrame> {
        let (kind, number, rest) = match self {
            Self::Open(open) => (OPEN, open.life, tail(open)?),
            Self::Begin(link) => (BEGIN, *link, Vec::new()),
            Self::Message { number, bytes } if (1..=MESSAGE_MAX).contains(&bytes.len()) => {
                (MESSAGE, *number, bytes.to_vec())
            }
            Self::Message { .. } => return Err(BadFrame),
            Self::Received(number) => (RECEIVED, *number, Vec::new()),
        };
        let len = 9 + rest.len();
        let mut out = Vec::with_capacity(4 + len);
        out.extend_from_slice(&u32::try_from(len.min(FRAME_MAX)).map_err(|_| BadFrame)?.to_be_bytes());
        out.push(kind);
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&rest);
        Ok(out)
    }
}

fn open(life: u64, rest: &[u8]) -> Option<Open> {
    let (ordinal, rest) = rest.split_first()?;
    let (carrier, rest) = label(rest)?;
    let (label, rest) = label(rest)?;
    rest.is_empty().then_some(Open { life, carrier, label, ordinal: *ordinal })
}

fn label(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (len, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*len))?;
    let text = core::str::from_utf8(text).ok().filter(|text| text.is_empty() || is_carrier(text))?;
    Some((text.to_owned(), rest))
}

fn tail(open: &Open) -> Result<Vec<u8>, BadFrame> {
    let mut out = vec![open.ordinal];
    for text in [&open.carrier, &open.label] {
        if !text.is_empty() && !is_carrier(text) {
            return Err(BadFrame);
        }
        out.push(u8::try_from(text.len()).map_err(|_| BadFrame)?);
        out.extend_from_slice(text.as_bytes());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_frame_has_one_form() {
        let open = Open { life: 7, carrier: "fibre".into(), label: String::new(), ordinal: 2 };
        let frames = [
            PathFrame::Open(open),
            PathFrame::Begin(u64::MAX),
            PathFrame::Message { number: 1, bytes: b"hello" },
            PathFrame::Received(0),
        ];
        for frame in frames {
            let written = frame.write().unwrap();
            let (length, body) = written.split_at(4);
            assert_eq!(length, u32::try_from(body.len()).unwrap().to_be_bytes());
            assert_eq!(PathFrame::parse(body), Ok(frame.clone()));
            for end in 0..body.len() {
                assert_ne!(PathFrame::parse(&body[..end]), Ok(frame.clone()));
            }
        }
        let largest = vec![1; MESSAGE_MAX];
        assert_eq!(PathFrame::Message { number: 1, bytes: &largest }.write().unwrap().len(), 4 + FRAME_MAX);
        let longest = "x".repeat(CARRIER_MAX);
        let open = Open { life: 1, carrier: longest.clone(), label: longest, ordinal: 255 };
        assert_eq!(PathFrame::Open(open).write().unwrap().len(), 4 + OPEN_MAX);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let long = |kind: u8, tail: &[u8]| [&[kind; 1][..], &[0; 8], tail].concat();
        let bad = [
            vec![],
            vec![1],
            long(4, &[]),
            long(1, &[1]),
            long(2, b"number zero"),
            long(3, &[0]),
            long(0, &[]),
            long(0, &[0, 1, b'A', 0]),
            long(0, &[0, 200, b'a', 0]),
            long(0, &[0, 0, 0, 0]),
        ];
        for bytes in bad {
            assert_eq!(PathFrame::parse(&bytes), Err(BadFrame), "{bytes:?}");
        }
        assert!(PathFrame::Message { number: 1, bytes: &[] }.write().is_err());
        assert!(PathFrame::Message { number: 1, bytes: &vec![0; MESSAGE_MAX + 1] }.write().is_err());
        assert!(
            PathFrame::Open(Open { life: 0, carrier: "a b".into(), label: String::new(), ordinal: 0 }).write().is_err()
        );
    }
}

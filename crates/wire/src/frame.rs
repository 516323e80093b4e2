//! Messages on a link's control stream: a 4-byte big-endian length, then that many bytes.

use crate::limits::FRAME_MAX;

/// A stream that cannot be read on; close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame of no bytes is no message.
    #[error("a frame of length zero on a link; close it")]
    Empty,
    /// The announced length is over the bound of this reader.
    #[error("a frame of {len} bytes on a link is larger than the most allowed, {most}; close it")]
    TooLarge {
        /// Announced length in bytes.
        len: usize,
        /// The bound.
        most: usize,
    },
}

/// Cuts a stream of bytes into frames, however the bytes arrive. Holds what was received of one frame, never what was
/// announced.
#[derive(Debug, Clone)]
pub struct FrameReader {
    most: usize,
    head: [u8; 4],
    head_len: usize,
    body: Vec<u8>,
    failed: Option<FrameError>,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new(FRAME_MAX)
    }
}

impl FrameReader {
    /// A reader that refuses frames of more than `most` bytes; [`crate::limits::FIRST_MAX`] until the other side is
    /// known.
    pub fn new(most: usize) -> Self {
        Self { most: most.min(FRAME_MAX), head: [0; 4], head_len: 0, body: Vec::new(), failed: None }
    }

    /// Changes the bound, from the next frame on.
    pub fn allow(&mut self, most: usize) {
        self.most = most.min(FRAME_MAX);
    }

    /// Takes bytes from the front of `input` until a frame is whole, and returns it. `None`: all of `input` was taken,
    /// more is needed. Call again while `input` is not empty.
    ///
    /// # Errors
    /// A bad length; every later call gives the same error.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        while self.head_len < 4 {
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(None);
            };
            self.head[self.head_len] = byte;
            self.head_len += 1;
            *input = rest;
        }
        let len = u32::from_be_bytes(self.head) as usize;
        if self.body.is_empty() && (len == 0 || len > self.most) {
            let error = if len == 0 { FrameError::Empty } else { FrameError::TooLarge { len, most: self.most } };
            self.failed = Some(error);
            return Err(error);
        }
        let (taken, rest) = input.split_at(input.len().min(len - self.body.len()));
        self.body.extend_from_slice(taken);
        *input = rest;
        if self.body.len() < len {
            return Ok(None);
        }
        self.head_len = 0;
        Ok(Some(std::mem::take(&mut self.body)))
    }
}

/// A message as a frame: its length and its bytes.
///
/// # Errors
/// When it is empty or larger than [`FRAME_MAX`]: the other side would close the link.
pub fn frame(message: &[u8]) -> Result<Vec<u8>, FrameError> {
    if message.is_empty() {
        return Err(FrameError::Empty);
    }
    let too_large = FrameError::TooLarge { len: message.len(), most: FRAME_MAX };
    let len = u32::try_from(message.len()).map_err(|_| too_large)?;
    if message.len() > FRAME_MAX {
        return Err(too_large);
    }
    let mut bytes = Vec::with_capacity(4 + message.len());
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(message);
    Ok(bytes)
}

//! VP8 frames from and to IVF files (a 32-byte file header, then per frame 12 bytes: length, time).

use crate::EndpointError;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// Largest frame read, bytes.
const FRAME_MAX: usize = 1 << 20;

/// Frames of a file, over and over.
pub struct Film {
    frames: Vec<Vec<u8>>,
    step: Duration,
    at: usize,
}

impl Film {
    /// Reads the whole file.
    pub fn open(path: &Path) -> Result<Self, EndpointError> {
        let bytes = std::fs::read(path).map_err(|e| EndpointError::file(path, e))?;
        let bad = |why: &str| {
            EndpointError::file(
                path,
                format!("{why}: give a VP8 IVF file, for example from `ffmpeg -i IN -c:v libvpx OUT.ivf`"),
            )
        };
        let header: &[u8; 32] = bytes.first_chunk().ok_or_else(|| bad("too short"))?;
        if &header[..4] != b"DKIF" || &header[8..12] != b"VP80" {
            return Err(bad("not VP8 in IVF"));
        }
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (rate, scale) = (number(16), number(20));
        if rate == 0 || scale == 0 {
            return Err(bad("no frame rate"));
        }
        let mut frames = Vec::new();
        let mut rest = bytes.get(32..).unwrap_or_default();
        while let Some(head) = rest.first_chunk::<12>() {
            let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let frame = rest
                .get(12..12 + length)
                .filter(|f| !f.is_empty() && f.len() <= FRAME_MAX)
                .ok_or_else(|| bad("cut short"))?;
            frames.push(frame.to_vec());
            rest = rest.get(12 + length..).unwrap_or_default();
        }
        if frames.first().is_none_or(|f| !trialogue_e2ee::sealing::is_vp8_key_frame(f)) {
            return Err(bad("does not begin with a key frame"));
        }
        Ok(Self { frames, step: Duration::from_secs_f64(f64::from(scale) / f64::from(rate)), at: 0 })
    }

    /// Time from frame to frame.
    pub fn step(&self) -> Duration {
        self.step
    }

    /// The next frame.
    pub fn frame(&mut self) -> &[u8] {
        let frame = &self.frames[self.at % self.frames.len()];
        self.at = (self.at + 1) % self.frames.len();
        frame
    }

    /// Somebody needs a key frame: goes on at the next one.
    pub fn seek_key_frame(&mut self) {
        let ahead = (0..self.frames.len())
            .map(|n| (self.at + n) % self.frames.len())
            .find(|&n| trialogue_e2ee::sealing::is_vp8_key_frame(&self.frames[n]));
        self.at = ahead.unwrap_or(0);
    }
}

/// Writes what was opened.
pub struct Reel {
    file: BufWriter<File>,
    frames: u32,
}

impl Reel {
    /// A new file; its size fields are those of the first key frame.
    pub fn create(path: &Path, key_frame: &[u8]) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        let side = |at: usize| key_frame.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]) & 0x3fff);
        file.write_all(b"DKIF\0\0\x20\0VP80")?;
        file.write_all(&side(6).to_le_bytes())?;
        file.write_all(&side(8).to_le_bytes())?;
        file.write_all(&90_000_u32.to_le_bytes())?;
        file.write_all(&1_u32.to_le_bytes())?;
        file.write_all(&[0; 8])?;
        Ok(Self { file, frames: 0 })
    }

    /// Adds a frame; `time` in 1/90,000 s.
    pub fn frame(&mut self, time: u64, frame: &[u8]) -> std::io::Result<()> {
        self.frames += 1;
        self.file.write_all(&u32::try_from(frame.len()).unwrap_or_default().to_le_bytes())?;
        self.file.write_all(&time.to_le_bytes())?;
        self.file.write_all(frame)
    }
}

impl Drop for Reel {
    fn drop(&mut self) {
        let frames = self.frames;
        let _ = self
            .file
            .seek(SeekFrom::Start(24))
            .and_then(|_| self.file.write_all(&frames.to_le_bytes()))
            .and_then(|()| self.file.flush());
    }
}

//! Whose voice and picture a recording is.

use super::asset;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Samples of a 20 ms frame at 48 kHz.
const FRAME: usize = 960;
/// Most of a recording that is compared, in frames: 8 s.
const COMPARED: usize = 400;

/// How well the loudness of a recording follows that of a speech clip, which is played over and over: the normalised
/// cross-correlation of both envelopes (root mean square per 20 ms), the highest of all lags. 1: the same.
pub fn likeness(recording: &Path, clip: usize) -> f64 {
    let mut heard = envelope(recording);
    heard.truncate(COMPARED);
    let clip = envelope(&asset(&format!("speech-{clip}.wav")));
    (0..clip.len()).map(|lag| correlation(&heard, &clip, lag)).fold(-1.0, f64::max)
}

fn envelope(path: &Path) -> Vec<f64> {
    let mut wav = hound::WavReader::open(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let samples: Vec<f64> = wav.samples::<i16>().map(|sample| f64::from(sample.unwrap()) / 32_768.0).collect();
    let mean_square = |frame: &[f64]| frame.iter().map(|sample| sample * sample).sum::<f64>() / FRAME as f64;
    samples.chunks_exact(FRAME).map(|frame| mean_square(frame).sqrt()).collect()
}

/// Pearson's, of `heard` and as much of `clip` from `lag` on.
fn correlation(heard: &[f64], clip: &[f64], lag: usize) -> f64 {
    let spoken: Vec<f64> = clip.iter().copied().cycle().skip(lag).take(heard.len()).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (heard_mean, spoken_mean) = (mean(heard), mean(&spoken));
    let (mut both, mut of_heard, mut of_spoken) = (0.0, 0.0, 0.0);
    for (h, s) in heard.iter().zip(&spoken) {
        let (h, s) = (h - heard_mean, s - spoken_mean);
        both += h * s;
        of_heard += h * h;
        of_spoken += s * s;
    }
    both / (of_heard * of_spoken).sqrt().max(f64::MIN_POSITIVE)
}

/// The frames of a VP8 IVF file.
pub fn film(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    assert!(bytes.starts_with(b"DKIF\0\0\x20\0VP80"), "{} is no VP8 in IVF", path.display());
    let (mut frames, mut rest) = (Vec::new(), &bytes[32..]);
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        frames.push(rest[12..12 + length].to_vec());
        rest = &rest[12 + length..];
    }
    frames
}

/// RFC 6386 §9.1: the lowest bit of the first byte says that it depends on frames before.
pub fn is_key_frame(frame: &[u8]) -> bool {
    frame[0] & 1 == 0 && frame[3..6] == [0x9d, 0x01, 0x2a]
}

/// The clips (1, 2, 3) of which every frame of a recording is a frame, byte for byte.
pub fn clips_of(recording: &[Vec<u8>]) -> Vec<usize> {
    let whole = |clip: &usize| {
        let frames: BTreeSet<Vec<u8>> = film(&asset(&format!("video-{clip}.ivf"))).into_iter().collect();
        recording.iter().all(|frame| frames.contains(frame))
    };
    (1..=3).filter(whole).collect()
}

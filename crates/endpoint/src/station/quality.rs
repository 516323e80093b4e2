//! How much what was heard is the known speech: a log-spectral distance in twenty bands, as a figure from 1 to 5.
//!
//! It is this project's own figure and compares test calls with one another. It is no MOS: nobody listened, and it is
//! not PESQ (ITU-T P.862) or POLQA (P.863). See docs/monitoring/README.md.

use super::signal::RATE;

/// Samples of one spectrum, a power of two: 21 ms.
const WINDOW: usize = 1_024;
/// Samples between two.
const HOP: usize = 480;
const BANDS: usize = 20;
/// Decibels of distance per step of the figure: Opus at 32 kbit/s on a good path is 1 to 3 dB away.
const STEP_DB: f32 = 3.5;
/// Bands this far below the loudest of the reference count for nothing: what nobody hears is no fault.
const FLOOR_DB: f32 = 45.0;

/// Hundredths, 100 to 500; none: the speech is not in what was heard.
pub fn quality(reference: &[f32], heard: &[f32]) -> Option<u16> {
    let start = align(reference, heard)?;
    let heard = heard.get(start..start + reference.len())?;
    let (before, after) = (bands(reference), bands(heard));
    let top = before.iter().flatten().copied().fold(f32::MIN, f32::max);
    // Equally loud on the whole: a volume is no fault either.
    let (mut sums, mut count) = ([0.0; 2], 0.0);
    for (a, b) in before.iter().flatten().zip(after.iter().flatten()).filter(|(a, _)| **a > top - FLOOR_DB) {
        (sums, count) = ([sums[0] + a, sums[1] + b], count + 1.0);
    }
    let louder = if count > 0.0 { (sums[1] - sums[0]) / count } else { 0.0 };
    let floor = top - FLOOR_DB;
    let distance = |(a, b): (&[f32; BANDS], &[f32; BANDS])| {
        let squares = a.iter().zip(b).map(|(a, b)| (a.max(floor) - (b - louder).max(floor)).powi(2));
        (squares.sum::<f32>() / BANDS as f32).sqrt()
    };
    let spoken = before.iter().zip(&after).filter(|(a, _)| a.iter().any(|band| *band > top - 30.0));
    let distances: Vec<f32> = spoken.map(distance).collect();
    let mean = distances.iter().sum::<f32>() / distances.len().max(1) as f32;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 100 and 500")]
    let figure = ((5.0 - mean / STEP_DB).clamp(1.0, 5.0) * 100.0) as u16;
    Some(figure)
}

/// Where the speech begins in what was heard: first by loudness, then to the sample.
fn align(reference: &[f32], heard: &[f32]) -> Option<usize> {
    let (a, b) = (loudness(reference), loudness(heard));
    let (mut best, mut found) = (0.5, None);
    for lag in 0..=b.len().checked_sub(a.len())? {
        let likeness = likeness(&a, &b[lag..lag + a.len()]);
        if likeness > best {
            (best, found) = (likeness, Some(lag * HOP));
        }
    }
    let coarse = found?;
    // Every sixth sample is enough to find the place among a few hundred.
    let product = |start: usize| -> f32 {
        let Some(heard) = heard.get(start..start + reference.len()) else { return f32::MIN };
        reference.iter().zip(heard).step_by(6).map(|(a, b)| a * b).sum()
    };
    let near = coarse.saturating_sub(HOP)..=coarse + HOP;
    let products = near.step_by(4).map(|start| (start, product(start)));
    products.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(start, _)| start)
}

fn loudness(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(HOP).map(|chunk| chunk.iter().map(|s| s * s).sum::<f32>().sqrt()).collect()
}

/// Correlation of two lists of equal length, -1 to 1.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let mean = |list: &[f32]| list.iter().sum::<f32>() / list.len().max(1) as f32;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b).map(|(x, y)| (x - ma, y - mb)) {
        (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
    }
    if aa * bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

/// Decibels in each band of each spectrum.
fn bands(samples: &[f32]) -> Vec<[f32; BANDS]> {
    let edge = |band: usize| 100.0 * 80.0_f32.powf(band as f32 / BANDS as f32);
    let bin = |hz: f32| (hz * WINDOW as f32 / RATE as f32).round().max(1.0);
    let mut all = Vec::new();
    for start in (0..samples.len().saturating_sub(WINDOW)).step_by(HOP) {
        let power = spectrum(&samples[start..start + WINDOW]);
        all.push(std::array::from_fn(|band| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the window")]
            let (from, to) = (bin(edge(band)) as usize, bin(edge(band + 1)) as usize);
            let sum: f32 = power[from..to.max(from + 1)].iter().sum();
            10.0 * (sum + 1e-9).log10()
        }));
    }
    all
}

/// Power spectrum under a Hann window, by the radix-2 transform.
fn spectrum(samples: &[f32]) -> Vec<f32> {
    let bits = WINDOW.trailing_zeros();
    let mut re = [0.0_f32; WINDOW];
    let mut im = [0.0_f32; WINDOW];
    for (at, sample) in samples.iter().enumerate().take(WINDOW) {
        let hann = 0.5 - 0.5 * (std::f32::consts::TAU * at as f32 / WINDOW as f32).cos();
        re[at.reverse_bits() >> (usize::BITS - bits)] = sample * hann;
    }
    let mut half = 1;
    while half < WINDOW {
        let turn = -std::f32::consts::PI / half as f32;
        for start in (0..WINDOW).step_by(half * 2) {
            for k in 0..half {
                let (sin, cos) = (turn * k as f32).sin_cos();
                let (a, b) = (start + k, start + k + half);
                let (x, y) = (re[b] * cos - im[b] * sin, re[b] * sin + im[b] * cos);
                (re[b], im[b]) = (re[a] - x, im[a] - y);
                (re[a], im[a]) = (re[a] + x, im[a] + y);
            }
        }
        half *= 2;
    }
    re.iter().zip(&im).take(WINDOW / 2).map(|(x, y)| x * x + y * y).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::signal::speech;
    use super::*;
    use crate::speak::{FRAME, Speaker};
    use opusic_c::{Channels, Decoder, SampleRate};

    /// Through the codec of calls, with silence around it, and with frames that do not come.
    fn through_opus(loses: impl Fn(usize) -> bool) -> Vec<f32> {
        let mut speaker = Speaker::open(None).unwrap();
        let mut decoder = Decoder::new(Channels::Mono, SampleRate::Hz48000).unwrap();
        let mut heard = vec![0.0; 7_777];
        for (at, frame) in speech().chunks_exact(FRAME).chain(vec![&[0.0; FRAME][..]; 5]).enumerate() {
            let packet = speaker.encode(frame.try_into().unwrap()).unwrap();
            let mut pcm = [0.0; FRAME];
            let packet = if loses(at) { &[][..] } else { &packet[..] };
            let count = decoder.decode_float_to_slice(packet, &mut pcm, false).unwrap();
            heard.extend(&pcm[..count]);
        }
        heard.extend([0.0; 9_000]);
        heard
    }

    #[test]
    fn the_same_speech_is_the_best_and_losses_cost() {
        let reference = speech();
        let mut same = vec![0.0; 12_345];
        same.extend(reference.iter().map(|sample| sample * 0.3));
        same.extend([0.0; 5_000]);
        assert!(quality(&reference, &same).unwrap() >= 490, "softer is no worse");
        let good = quality(&reference, &through_opus(|_| false)).unwrap();
        let lossy = quality(&reference, &through_opus(|at| at % 5 == 3)).unwrap();
        let broken = quality(&reference, &through_opus(|at| at % 2 == 1)).unwrap();
        assert!(good >= 400 && good > lossy && lossy > broken, "{good} {lossy} {broken}");
    }

    #[test]
    fn what_is_not_the_speech_is_not_found() {
        let reference = speech();
        assert_eq!(quality(&reference, &vec![0.0; RATE * 6]), None);
        assert_eq!(quality(&reference, &[]), None);
        let hum: Vec<f32> = (0..RATE * 6).map(|at| (at as f32 * 0.05).sin()).collect();
        assert_eq!(quality(&reference, &hum), None);
    }
}

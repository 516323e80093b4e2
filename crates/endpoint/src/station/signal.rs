//! The known speech of stations, and the tones by which they measure the way there and back. Made by the same
//! arithmetic everywhere, so that no file has to be shipped or compared.

use crate::speak::FRAME;
use std::f32::consts::TAU;

/// Samples in a second.
pub const RATE: usize = 48_000;
/// Length of the speech.
const SECONDS: usize = 4;
/// Tones of 20 ms frames stand on multiples of 50 Hz, so that one never leaks into another.
const LOWEST_HZ: usize = 900;
const STEP_HZ: usize = 100;
/// Two for each of nine parties.
pub const TONES: usize = 18;
/// Share of a frame's energy that must be in one tone. Speech of several formants stays far below.
const PURE: f32 = 0.55;
/// Quieter is no tone, but noise of the codec.
const AUDIBLE: f32 = 1e-4;

/// An artificial voice after the idea of ITU-T P.50: a glottal pulse train of moving pitch through three formants, in
/// syllables with pauses, and a hiss between some of them. It says nothing, and has the spectrum and rhythm of speech.
pub fn speech() -> Vec<f32> {
    // Vowels as formants in Hz; each syllable has one.
    const VOWELS: [[f32; 3]; 6] = [
        [730.0, 1_090.0, 2_440.0],
        [270.0, 2_290.0, 3_010.0],
        [300.0, 870.0, 2_240.0],
        [530.0, 1_840.0, 2_480.0],
        [570.0, 840.0, 2_410.0],
        [660.0, 1_720.0, 2_410.0],
    ];
    const SYLLABLE: usize = RATE * 220 / 1_000;
    let mut noise = 0x2545_f491_u32;
    let (mut pulse, mut states) = (0.0_f32, [[0.0_f32; 2]; 3]);
    let mut out = Vec::with_capacity(SECONDS * RATE);
    for at in 0..SECONDS * RATE {
        let (syllable, inside) = (at / SYLLABLE, (at % SYLLABLE) as f32 / SYLLABLE as f32);
        // Raised cosine over the first three quarters, then a pause; every fifth syllable is silent.
        let swell = if inside < 0.75 && syllable % 5 != 4 { 0.5 - 0.5 * (TAU * inside / 0.75).cos() } else { 0.0 };
        let pitch = 110.0 + 35.0 * (syllable as f32 * 1.7).sin() + 12.0 * inside;
        pulse += pitch / RATE as f32;
        let beat = if pulse >= 1.0 {
            pulse -= 1.0;
            1.0
        } else {
            0.0
        };
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = (noise >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let source = if syllable % 5 == 2 { beat + 0.06 * hiss } else { beat + 0.01 * hiss };
        let vowel = VOWELS[syllable % VOWELS.len()];
        let voiced: f32 = vowel.iter().zip(&mut states).map(|(formant, state)| resonate(state, *formant, source)).sum();
        out.push((voiced * swell * 0.35).clamp(-0.9, 0.9));
    }
    out
}

/// A two-pole resonator of 90 Hz bandwidth.
fn resonate(state: &mut [f32; 2], hz: f32, input: f32) -> f32 {
    let radius = (-std::f32::consts::PI * 90.0 / RATE as f32).exp();
    let next = input * (1.0 - radius) * 6.0 + 2.0 * radius * (TAU * hz / RATE as f32).cos() * state[0]
        - radius * radius * state[1];
    *state = [next, state[0]];
    next
}

/// 20 ms of a tone.
pub fn tone(number: usize) -> [f32; FRAME] {
    let step = TAU * hz(number) / RATE as f32;
    std::array::from_fn(|at| 0.4 * (step * at as f32).sin())
}

/// The tone that a frame is, if it is one.
pub fn tone_in(frame: &[f32]) -> Option<usize> {
    let energy: f32 = frame.iter().map(|sample| sample * sample).sum();
    if frame.len() < FRAME || energy / (frame.len() as f32) < AUDIBLE {
        return None;
    }
    let share = |number: &usize| power(frame, hz(*number)) * 2.0 / (energy * frame.len() as f32);
    (0..TONES).find(|number| share(number) > PURE)
}

fn hz(number: usize) -> f32 {
    (LOWEST_HZ + STEP_HZ * number) as f32
}

/// Goertzel's algorithm: squared magnitude at one frequency.
fn power(frame: &[f32], hz: f32) -> f32 {
    let turn = 2.0 * (TAU * hz / RATE as f32).cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    for sample in frame {
        (one, two) = (sample + turn * one - two, one);
    }
    one * one + two * two - turn * one * two
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tone_is_told_from_every_other_and_from_speech() {
        for number in 0..TONES {
            assert_eq!(tone_in(&tone(number)), Some(number));
        }
        let speech = speech();
        let taken = speech.chunks(FRAME).filter(|frame| tone_in(frame).is_some()).count();
        assert_eq!(taken, 0, "no part of speech is taken for a tone");
        assert_eq!(tone_in(&[0.0; FRAME]), None);
        assert!(speech.iter().any(|sample| sample.abs() > 0.1), "it can be heard");
    }
}

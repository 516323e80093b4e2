//! The speaking side: a WAV as Opus, 20 ms at a time, at a constant rate: the length of a packet tells nothing (NIAP
//! PP-Module VVoIP: no variable rate, no silence suppression).

use crate::EndpointError;
use opusic_c::{Application, Bitrate, Channels, Encoder, InbandFec, SampleRate};
use std::path::Path;

/// Samples in 20 ms at 48 kHz.
pub const FRAME: usize = 960;
/// Constant bit rate, bit/s: three frames that share a packet fit a path of 64 kbit/s, and leave a quarter of it to
/// control.
const RATE: u32 = 24_000;
/// Loss in a hundred that the in-band copies of the frame before are made for. More costs quality where nothing is
/// lost.
const LOSS: u8 = 5;

/// Encodes a file over and over, or silence.
pub struct Speaker {
    encoder: Encoder,
    samples: Vec<f32>,
    at: usize,
}

impl Speaker {
    /// Reads the whole file (a minute is 6 MB).
    pub fn open(path: Option<&Path>) -> Result<Self, EndpointError> {
        let samples = match path {
            Some(path) => read(path)?,
            None => vec![0.0; FRAME],
        };
        let opus = |e: opusic_c::ErrorCode| EndpointError::Opus(format!("{e:?}"));
        let mut encoder = Encoder::new(Channels::Mono, SampleRate::Hz48000, Application::Voip).map_err(opus)?;
        encoder.set_bitrate(Bitrate::Value(RATE)).map_err(opus)?;
        encoder.set_vbr(false).map_err(opus)?;
        encoder.set_dtx(false).map_err(opus)?;
        encoder.set_inband_fec(InbandFec::Mode1).map_err(opus)?;
        encoder.set_packet_loss(LOSS).map_err(opus)?;
        encoder.set_complexity(5).map_err(opus)?;
        Ok(Self { encoder, samples, at: 0 })
    }

    /// The next 20 ms of the file.
    pub fn frame(&mut self) -> Option<Vec<u8>> {
        let mut pcm = [0.0; FRAME];
        for sample in &mut pcm {
            *sample = self.samples.get(self.at).copied().unwrap_or_default();
            self.at = (self.at + 1) % self.samples.len().max(1);
        }
        self.encode(&pcm)
    }

    /// 20 ms.
    pub fn encode(&mut self, pcm: &[f32; FRAME]) -> Option<Vec<u8>> {
        let mut packet = [0; 400];
        let length = self.encoder.encode_float_to_slice(pcm, &mut packet).ok()?;
        Some(packet.get(..length)?.to_vec())
    }
}

fn read(path: &Path) -> Result<Vec<f32>, EndpointError> {
    let mut wav = hound::WavReader::open(path).map_err(|e| EndpointError::file(path, e))?;
    let spec = wav.spec();
    if spec.sample_rate != 48_000 || spec.channels != 1 || spec.bits_per_sample != 16 {
        return Err(EndpointError::file(
            path,
            "not 48 kHz mono 16 bit: convert it, for example with `sox IN -r 48000 -c 1 -b 16 OUT`",
        ));
    }
    let samples: Result<Vec<f32>, _> = wav.samples::<i16>().map(|s| s.map(|s| f32::from(s) / 32_768.0)).collect();
    samples.map_err(|e| EndpointError::file(path, e))
}

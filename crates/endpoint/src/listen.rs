//! The listening side: counts, decodes and records what each sender says and shows.

use crate::EndpointError;
use crate::event::Heard;
use crate::picture::Reel;
use crate::sealing::Opened;
use crate::speak::FRAME;
use opusic_c::{Channels, Decoder, SampleRate};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use str0m::media::MediaData;
use trialogue_charter::DeviceId;

/// Length of a voice frame in 1/90,000 s.
const FRAME_TIME: u64 = 1_800;
/// Most voice frames concealed in a row: beyond 200 ms a gap is silence (a mute), and the record goes on after it.
const CONCEAL_MAX: u64 = 10;

/// Most senders followed, a voice and a picture each; far above what a leg has places for. Each has a decoder, and a
/// file where it is recorded; when one more comes, one that has left goes for it, or one of the party that has the
/// most.
const SENDERS_MAX: usize = 64;

struct Sender {
    figures: Heard,
    /// Which of all frames was its last.
    last: u64,
    first: bool,
    last_sequence: Option<u64>,
    /// (arrival in seconds, RTP time in seconds) of the packet before.
    last_arrival: Option<(f64, f64)>,
    decoder: Option<Decoder>,
    /// RTP time of the voice frame decoded last, in 1/90,000 s.
    last_voice: Option<u64>,
    wav: Option<hound::WavWriter<BufWriter<File>>>,
    reel: Option<Reel>,
    squares: f64,
    samples: u64,
    /// Decoded just now.
    fresh: Vec<f32>,
}

/// Everything heard.
pub struct Listener {
    record: Option<PathBuf>,
    senders: BTreeMap<(DeviceId, bool), Sender>,
    /// Whether what is decoded is wanted, and what was since it was asked for last.
    wanted: bool,
    decoded: Vec<(DeviceId, Vec<f32>)>,
    /// Who is in the call, and of which party.
    members: BTreeMap<DeviceId, String>,
    /// Frames that came.
    frames: u64,
    /// Senders that went for others. Their recordings are whole; should one come again, it gets another file.
    gone: u64,
    start: std::time::Instant,
}

impl Listener {
    /// Records into `record` if given.
    pub fn new(record: Option<&Path>) -> Result<Self, EndpointError> {
        if let Some(dir) = record {
            std::fs::create_dir_all(dir).map_err(|e| EndpointError::file(dir, e))?;
        }
        Ok(Self {
            record: record.map(Path::to_owned),
            senders: BTreeMap::new(),
            wanted: false,
            decoded: Vec::new(),
            members: BTreeMap::new(),
            frames: 0,
            gone: 0,
            start: std::time::Instant::now(),
        })
    }

    /// Keeps what is decoded for [`Listener::decoded`].
    pub fn keep_decoded(&mut self) {
        self.wanted = true;
    }

    /// What was decoded of each sender's voice since the last time, in the order in which it came.
    pub fn decoded(&mut self) -> Vec<(DeviceId, Vec<f32>)> {
        std::mem::take(&mut self.decoded)
    }

    /// Forgets which senders were heard, so that "first" is said again: the endpoint joined anew.
    pub fn joined(&mut self) {
        for sender in self.senders.values_mut() {
            sender.first = false;
            sender.last_sequence = None;
        }
    }

    /// Who is in the call now, and of which party.
    pub fn members(&mut self, members: impl IntoIterator<Item = (DeviceId, String)>) {
        self.members = members.into_iter().collect();
    }

    /// A frame arrived, sealed.
    pub fn arrived(&mut self, device: DeviceId, voice: bool, data: &MediaData) {
        let arrival = data.network_time.saturating_duration_since(self.start).as_secs_f64();
        let Some(sender) = self.sender(device, voice) else { return };
        sender.figures.bytes += data.data.len() as u64;
        let (first, last) = (**data.seq_range.start(), **data.seq_range.end());
        if let Some(before) = sender.last_sequence {
            sender.figures.lost += first.saturating_sub(before + 1).min(1_000);
        }
        sender.last_sequence = Some(last);
        let time = data.time.as_seconds();
        if let Some((arrived, spoken)) = sender.last_arrival {
            let difference = ((arrival - arrived) - (time - spoken)).abs() * 1_000.0;
            if difference < 1_000.0 {
                sender.figures.jitter_ms += (difference - sender.figures.jitter_ms) / 16.0;
            }
        }
        sender.last_arrival = Some((arrival, time));
    }

    /// A frame was opened or lost; true: it is the first one of this sender since joining.
    pub fn take(&mut self, opened: &Opened) -> bool {
        let (dir, gone) = (self.record.clone(), self.gone);
        let Some(sender) = self.sender(opened.device, opened.voice) else { return false };
        let Some(frame) = &opened.frame else {
            sender.figures.unopened += 1;
            return false;
        };
        sender.figures.opened += 1;
        let path = |ending: &str| {
            let path = dir.as_ref()?.join(format!("{}.{ending}", opened.device));
            let again = gone > 0 && path.exists();
            Some(if again { path.with_extension(format!("{gone}.{ending}")) } else { path })
        };
        if opened.voice {
            sender.hear(frame, opened.time, path("wav"));
        } else {
            sender.see(frame, opened.time, path("ivf"))
        }
        let first = !std::mem::replace(&mut sender.first, true);
        let fresh = std::mem::take(&mut sender.fresh);
        if self.wanted && !fresh.is_empty() {
            self.decoded.push((opened.device, fresh));
        }
        first
    }

    /// Figures of all senders.
    pub fn figures(&self) -> Vec<Heard> {
        self.senders
            .values()
            .map(|sender| {
                #[expect(clippy::cast_precision_loss, reason = "a mean for people and thresholds")]
                let loudness = if sender.samples == 0 { 0.0 } else { (sender.squares / sender.samples as f64).sqrt() };
                Heard { loudness, ..sender.figures.clone() }
            })
            .collect()
    }

    fn sender(&mut self, device: DeviceId, voice: bool) -> Option<&mut Sender> {
        if self.senders.len() >= SENDERS_MAX && !self.senders.contains_key(&(device, voice)) {
            let goes = self.who_goes(device)?;
            self.senders.remove(&goes);
            self.gone += 1;
        }
        self.frames += 1;
        let frames = self.frames;
        let sender = self.senders.entry((device, voice)).or_insert_with(|| Sender {
            figures: Heard {
                device: device.to_string(),
                medium: if voice { "voice" } else { "picture" },
                ..Heard::default()
            },
            last: frames,
            first: false,
            last_sequence: None,
            last_arrival: None,
            decoder: voice.then(|| Decoder::new(Channels::Mono, SampleRate::Hz48000).ok()).flatten(),
            last_voice: None,
            wav: None,
            reel: None,
            squares: 0.0,
            samples: 0,
            fresh: Vec::new(),
        });
        sender.last = frames;
        Some(sender)
    }

    /// Who goes for a new sender: of those that are in no call any more the one that was heard longest ago; otherwise
    /// such a one of the party that has the most, unless that is the newcomer's own or has no more than it.
    fn who_goes(&self, newcomer: DeviceId) -> Option<(DeviceId, bool)> {
        let longest = |party: Option<&String>| {
            let of = self.senders.iter().filter(|((device, _), _)| self.members.get(device) == party);
            of.min_by_key(|(_, sender)| sender.last).map(|(sender, _)| *sender)
        };
        if let Some(left) = longest(None) {
            return Some(left);
        }
        let party = self.members.get(&newcomer)?;
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        self.senders
            .keys()
            .filter_map(|(device, _)| self.members.get(device))
            .for_each(|party| *counts.entry(party).or_default() += 1);
        let own = counts.get(party).copied().unwrap_or_default();
        let (most, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        if count > own + 1 { longest(Some(most)) } else { None }
    }
}

impl Sender {
    fn hear(&mut self, frame: &[u8], time: u64, path: Option<PathBuf>) {
        if let (None, Some(path)) = (&self.wav, path) {
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate: 48_000,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            self.wav = hound::WavWriter::create(path, spec).ok();
        }
        let before = self.last_voice.replace(time);
        let missing = before.map_or(0, |before| (time.saturating_sub(before) / FRAME_TIME).saturating_sub(1));
        if missing <= CONCEAL_MAX {
            for left in (0..missing).rev() {
                self.figures.concealed += 1;
                // An empty packet asks the decoder to conceal one frame; the last one before this may travel in it (RFC
                // 6716 §2.1.7).
                self.decode(if left == 0 { frame } else { &[] }, FRAME, left == 0);
            }
        }
        self.decode(frame, FRAME * 6, false);
    }

    fn decode(&mut self, frame: &[u8], most: usize, before: bool) {
        let mut pcm = [0.0_f32; FRAME * 6];
        let room = pcm.get_mut(..most).unwrap_or_default();
        let Some(Ok(count)) = self.decoder.as_mut().map(|decoder| decoder.decode_float_to_slice(frame, room, before))
        else {
            return;
        };
        let pcm = pcm.get(..count).unwrap_or_default();
        self.squares += pcm.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum::<f64>();
        self.samples += pcm.len() as u64;
        self.fresh.extend(pcm);
        if let Some(wav) = &mut self.wav {
            for sample in pcm {
                #[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
                let _ = wav.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16);
            }
        }
    }

    fn see(&mut self, frame: &[u8], time: u64, path: Option<PathBuf>) {
        if let (None, Some(path), true) = (&self.reel, path, trialogue_e2ee::sealing::is_vp8_key_frame(frame)) {
            self.reel = Reel::create(&path, frame).ok();
        }
        if let Some(reel) = &mut self.reel {
            let _ = reel.frame(time, frame);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn id(n: u16) -> DeviceId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        DeviceId(bytes)
    }

    fn say(listener: &mut Listener, n: u16) -> bool {
        let frame = Some(vec![0xf8, 0xff, 0xfe]);
        listener.take(&Opened { device: id(n), voice: true, time: 0, frame, number: None })
    }

    #[test]
    fn who_comes_after_many_is_heard_and_recorded() {
        let dir = std::env::temp_dir().join(format!("trialogue-listen-{}", std::process::id()));
        let mut listener = Listener::new(Some(&dir)).unwrap();
        for n in 0..200 {
            assert!(say(&mut listener, n), "{n}");
        }
        assert!(dir.join(format!("{}.wav", id(199))).exists());
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(listener.figures().len() <= SENDERS_MAX);
    }

    #[test]
    fn a_party_with_many_devices_leaves_another_its_share_and_nobody_who_is_in_goes_for_one_of_the_own() {
        let mut listener = Listener::new(None).unwrap();
        listener.members((0..200).map(|n| (id(n), if n < 100 { "KOR" } else { "USA" }.to_owned())));
        let of = |listener: &Listener, party: std::ops::Range<u16>| {
            let names: Vec<String> = party.map(|n| id(n).to_string()).collect();
            listener.figures().iter().filter(|heard| names.contains(&heard.device)).count()
        };
        (0..100).for_each(|n| {
            say(&mut listener, n);
        });
        assert_eq!((of(&listener, 0..64), of(&listener, 64..100)), (64, 0), "none goes for one of its own party");
        (100..140).for_each(|n| {
            say(&mut listener, n);
        });
        assert_eq!((of(&listener, 0..100), of(&listener, 100..200)), (32, 32));
        (0..100).for_each(|n| {
            say(&mut listener, n);
        });
        assert_eq!(of(&listener, 100..200), 32);
        // Those that left make room.
        listener.members((100..300).map(|n| (id(n), "USA".to_owned())));
        (200..232).for_each(|n| assert!(say(&mut listener, n)));
        assert_eq!(of(&listener, 0..100), 0);
    }
}

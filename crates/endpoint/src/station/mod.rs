//! A station: an endpoint without a person, which tests the line by calling the stations of the other parties, and
//! answers theirs.
//!
//! A test call: everyone comes in and sends silence until everyone is heard. Then, for `PINGS`, each station sends a
//! tone of its own once, and every other answers it at once, and once, with another: the time between the two is the
//! way there and back, sealed, sent, opened and decoded, and no clock of another is needed. Then everyone plays the
//! same speech, and compares what it hears with it. Each states its results and hangs up.

mod drive;
mod plan;
pub mod quality;
pub mod signal;

pub(crate) use drive::{Stationed, device};
pub use plan::Plan;

use crate::speak::FRAME;
use signal::{RATE, TONES};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};
use trialogue_charter::{DeviceId, PartyId};
use trialogue_journal::StationTest;

/// Longest wait for the others to be heard.
const GATHER: Duration = Duration::from_secs(12);
/// How long tones go to and fro.
const PINGS: Duration = Duration::from_secs(4);
/// From the beginning of it to the first own tone, and from one party's to the next one's: longer than any way there
/// and back that is of use.
const FIRST_PING: Duration = Duration::from_millis(300);
const NEXT_PING: Duration = Duration::from_millis(380);
/// A tone is three frames long: the codec needs one to swing in.
const TONE_FRAMES: usize = 3;
/// After the speech, for what is still under way.
const TAIL: Duration = Duration::from_millis(1_500);
/// Most that is kept of one sender, in samples: the whole of the longest call.
const KEPT_MAX: usize = RATE * 30;

/// Another station in the call.
struct Other {
    party: PartyId,
    heard: Vec<f32>,
    /// The tone of the frame before.
    tone: Option<usize>,
    round_trip: Option<Duration>,
    frames: (u64, u64),
}

/// One test call.
pub struct Test {
    speech: std::sync::Arc<[f32]>,
    /// Place of the own party among all.
    place: usize,
    joined: Instant,
    /// Parties that should come.
    wanted: Vec<PartyId>,
    others: BTreeMap<DeviceId, Other>,
    started: Option<Instant>,
    pinged: Option<Instant>,
    /// To be played; at most an answer for each other party and the own tone, of [`TONE_FRAMES`] each.
    tones: VecDeque<usize>,
    /// Parties whose own tone was answered. One that plays more, or another's, would else delay what all the others
    /// measure.
    answered: BTreeSet<PartyId>,
    spoken: usize,
}

impl Test {
    /// Has just come in. `place`: of the own party among those of the charter; `wanted`: the other parties on the line.
    pub fn new(speech: std::sync::Arc<[f32]>, place: usize, wanted: Vec<PartyId>, now: Instant) -> Self {
        let (others, tones, answered) = (BTreeMap::new(), VecDeque::new(), BTreeSet::new());
        Self { speech, place, joined: now, wanted, others, started: None, pinged: None, tones, answered, spoken: 0 }
    }

    /// Somebody is in the call.
    pub fn meets(&mut self, device: DeviceId, party: PartyId) {
        let other = || Other { party, heard: Vec::new(), tone: None, round_trip: None, frames: (0, 0) };
        self.others.entry(device).or_insert_with(other);
    }

    /// The next 20 ms to say.
    pub fn frame(&mut self, now: Instant) -> [f32; FRAME] {
        if self.started.is_none() && (self.hears_all() || now >= self.joined + GATHER) {
            self.started = Some(now);
        }
        let Some(started) = self.started else { return [0.0; FRAME] };
        if now < started + PINGS {
            let due = started + FIRST_PING + NEXT_PING * u32::try_from(self.place).unwrap_or(0);
            // Not behind an answer: the time counts from here.
            if self.pinged.is_none() && now >= due && self.tones.is_empty() {
                self.pinged = Some(now);
                self.tones.extend([2 * self.place; TONE_FRAMES]);
            }
            return self.tones.pop_front().map_or([0.0; FRAME], signal::tone);
        }
        let frame = std::array::from_fn(|at| self.speech.get(self.spoken + at).copied().unwrap_or_default());
        self.spoken += FRAME;
        frame
    }

    /// The tone of another party, by its place among all.
    fn tone_of(&self, party: &PartyId) -> usize {
        let before = self.wanted.iter().filter(|wanted| *wanted < party).count();
        2 * (before + usize::from(before >= self.place))
    }

    fn hears_all(&self) -> bool {
        self.wanted.iter().all(|party| self.others.values().any(|o| o.party == *party && !o.heard.is_empty()))
    }

    /// What was decoded of another.
    pub fn hear(&mut self, device: DeviceId, pcm: &[f32], now: Instant) {
        let pinging = self.started.is_none_or(|started| now < started + PINGS);
        let Some(party) = self.others.get(&device).map(|other| other.party.clone()) else { return };
        let own_tone = self.tone_of(&party);
        let Some(other) = self.others.get_mut(&device) else { return };
        let room = KEPT_MAX.saturating_sub(other.heard.len()).min(pcm.len());
        other.heard.extend(&pcm[..room]);
        let tone = signal::tone_in(pcm);
        let before = std::mem::replace(&mut other.tone, tone);
        let Some(tone) = tone.filter(|tone| before != Some(*tone) && *tone < TONES) else { return };
        if tone == 2 * self.place + 1 {
            if let Some(pinged) = self.pinged {
                other.round_trip.get_or_insert(now - pinged);
            }
        } else if tone == own_tone && pinging && self.answered.insert(party) {
            self.tones.extend([tone + 1; TONE_FRAMES]);
        }
    }

    /// Frames of another that came, and that were concealed, in this call.
    pub fn frames(&mut self, device: DeviceId, came: u64, concealed: u64) {
        if let Some(other) = self.others.get_mut(&device) {
            other.frames = (came, concealed);
        }
    }

    /// Everything has been said and heard.
    pub fn is_over(&self, now: Instant) -> bool {
        let speech = Duration::from_secs_f64(self.speech.len() as f64 / RATE as f64);
        self.started.is_some_and(|started| now >= started + PINGS + speech + TAIL)
    }

    /// Of every other party on the line, those who did not come too.
    pub fn results(&self) -> Vec<StationTest> {
        let mut results: Vec<StationTest> = self.wanted.iter().map(|party| self.result(party)).collect();
        results.sort_by(|a, b| a.party.cmp(&b.party));
        results
    }

    fn result(&self, party: &PartyId) -> StationTest {
        let other = self.others.values().filter(|other| other.party == *party).max_by_key(|other| other.heard.len());
        let quality = other.and_then(|other| quality::quality(&self.speech, &other.heard));
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let loss =
            |(came, concealed): (u64, u64)| u32::try_from(concealed * 1_000_000 / (came + concealed).max(1)).ok();
        StationTest {
            party: party.clone(),
            ok: quality.is_some(),
            round_trip_us: other.and_then(|other| other.round_trip).map(micros),
            quality,
            loss_ppm: other.filter(|other| other.frames.0 > 0).and_then(|other| loss(other.frames)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Two stations in step, with a way of 60 ms between them; what `carry` does to a frame on the way.
    fn call(carry: impl Fn([f32; FRAME]) -> [f32; FRAME]) -> [Vec<StationTest>; 2] {
        let speech: Arc<[f32]> = signal::speech().into();
        let parties = ["JPN", "USA"].map(|id| PartyId::new(id).unwrap());
        let start = Instant::now();
        let mut tests = [0, 1].map(|place| Test::new(speech.clone(), place, vec![parties[1 - place].clone()], start));
        for (place, test) in tests.iter_mut().enumerate() {
            test.meets(DeviceId([1 - place as u8; 32]), parties[1 - place].clone());
        }
        let mut way: [VecDeque<[f32; FRAME]>; 2] = [vec![[0.0; FRAME]; 3].into(), vec![[0.0; FRAME]; 3].into()];
        for step in 0..900 {
            let now = start + Duration::from_millis(20) * step;
            for place in [0, 1] {
                let frame = tests[place].frame(now);
                way[place].push_back(carry(frame));
            }
            for place in [0, 1] {
                let pcm = way[1 - place].pop_front().unwrap();
                tests[place].hear(DeviceId([1 - place as u8; 32]), &pcm, now);
                tests[place].frames(DeviceId([1 - place as u8; 32]), 500, 0);
            }
        }
        assert!(tests.iter().all(|test| test.is_over(start + Duration::from_secs(18))));
        tests.map(|test| test.results())
    }

    #[test]
    fn two_stations_measure_the_way_and_the_speech() {
        for results in call(|frame| frame) {
            let [result] = results.try_into().unwrap();
            assert!(result.ok && result.quality.unwrap() > 450, "{result:?}");
            // There and back, and up to two frames in which it was answered.
            let round_trip_ms = result.round_trip_us.unwrap() / 1_000;
            assert!((120..=180).contains(&round_trip_ms), "{result:?}");
            assert_eq!(result.loss_ppm, Some(0));
        }
    }

    #[test]
    fn a_party_that_plays_tones_without_end_does_not_delay_what_two_others_measure() {
        let start = Instant::now();
        let [kor, usa] = ["KOR", "USA"].map(|id| PartyId::new(id).unwrap());
        let mut test = Test::new(vec![0.0; RATE].into(), 0, vec![kor.clone(), usa.clone()], start);
        let [hostile, honest] = [[1; 32], [2; 32]].map(DeviceId);
        test.meets(hostile, kor);
        test.meets(honest, usa);
        for device in [hostile, honest] {
            test.hear(device, &[0.0; FRAME], start);
        }
        let (mut asked, mut own, mut answered) = (None, None, None);
        for step in 0..100 {
            let now = start + Duration::from_millis(20) * step;
            // Its own tone, that of the third party, its own again; the third party's comes once, at its time.
            let hostile_tone = signal::tone(if step % 2 == 0 { 2 } else { 4 });
            test.hear(hostile, &hostile_tone, now);
            let at_its_time = now >= start + FIRST_PING + NEXT_PING * 2 && asked.is_none_or(|asked| step < asked + 3);
            if at_its_time {
                asked.get_or_insert(step);
            }
            test.hear(honest, &if at_its_time { signal::tone(4) } else { [0.0; FRAME] }, now);
            match signal::tone_in(&test.frame(now)) {
                Some(0) => own = own.or(Some(now - start)),
                Some(5) => answered = answered.or(Some(step)),
                _ => {}
            }
        }
        assert!(own.is_some_and(|own| own <= FIRST_PING + Duration::from_millis(80)), "{own:?}");
        let waited = answered.unwrap() - asked.unwrap();
        assert!(answered >= asked && waited <= 3, "answered after {waited} frames");
    }

    #[test]
    fn a_station_that_is_not_heard_has_failed() {
        for results in call(|_| [0.0; FRAME]) {
            let [result] = results.try_into().unwrap();
            assert!(!result.ok && result.quality.is_none() && result.round_trip_us.is_none());
        }
    }
}

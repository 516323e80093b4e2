//! Voice and picture between files, keys and the leg.

use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::leg::{Leg, LegEvent};
use crate::sealing::Sealed;
use crate::speak::FRAME;
use std::time::{Duration, Instant};
use str0m::media::Frequency;
use trialogue_console_core::Input;
use trialogue_wire::console::Medium;

/// How often the machine may be told that a key is missing.
const MISSING_EVERY: Duration = Duration::from_millis(100);
/// Most key ids that this is counted for.
const ASKED_MAX: usize = 256;

impl Endpoint {
    pub(crate) fn leg_events(&mut self) {
        while let Some(event) = self.leg.as_mut().and_then(Leg::event) {
            match event {
                LegEvent::Up => {
                    self.report.say(Event::Leg { up: true });
                    self.input(Input::LegUp);
                }
                LegEvent::Down => {
                    self.report.say(Event::Leg { up: false });
                    self.drop_leg();
                    self.input(Input::LegDown);
                }
                LegEvent::KeyFrame => {
                    if let Some(film) = &mut self.film {
                        film.seek_key_frame();
                    }
                }
                LegEvent::Frame(data) => {
                    let Some(&(device, medium)) = self.places.get(&data.mid) else { continue };
                    let voice = medium == Medium::Voice;
                    self.listener.arrived(device, voice, &data);
                    let time = data.time.rebase(Frequency::NINETY_KHZ).numer();
                    self.sealing.push(Sealed { device, voice, time, bytes: data.data, since: Instant::now() });
                }
            }
        }
    }

    /// What can be opened by now.
    pub(crate) fn release(&mut self, now: Instant) {
        let (mut missing, mut opened) = (Vec::new(), Vec::new());
        self.sealing.release(now, |id| missing.push(id), |frame| opened.push(frame));
        for frame in opened {
            let first = self.listener.take(&frame);
            if let Some(number) = frame.number {
                self.silences.opened(frame.device, frame.voice, number, now);
            }
            if let (true, Some(joined)) = (first, self.joined_at) {
                let medium = if frame.voice { "voice" } else { "picture" };
                let after_ms = joined.elapsed().as_secs_f64() * 1_000.0;
                self.report.say(Event::First { device: frame.device.to_string(), medium, after_ms });
            }
        }
        for key_id in missing {
            if self.asked.get(&key_id).is_none_or(|at| now - *at >= MISSING_EVERY) {
                if self.asked.len() >= ASKED_MAX {
                    self.asked.clear();
                }
                self.asked.insert(key_id, now);
                self.input(Input::Unopened { key_id });
            }
        }
    }

    /// What is due to be said and shown. Without a key nothing is sent; muted, not a packet.
    pub(crate) fn speak(&mut self, now: Instant) {
        if self.view.call.is_none() {
            return;
        }
        if self.voice_pace.take(now) {
            self.voice_time += FRAME as u64;
            if !self.muted
                && let Some(frame) = self.speaker.frame()
                && let Some(sealed) = self.sealing.seal(true, &frame)
                && let Some(leg) = &mut self.leg
            {
                leg.send_voice(self.voice_time, sealed);
                self.voice_sent += 1;
            }
        }
        if let (Some(pace), Some(film)) = (&mut self.picture_pace, &mut self.film)
            && pace.take(now)
            && self.camera
            && let Some(sealed) = self.sealing.seal(false, film.frame())
            && let Some(leg) = &mut self.leg
        {
            let time = u64::try_from(self.start.elapsed().as_micros()).unwrap_or_default() * 9 / 100;
            leg.send_picture(time, sealed);
            self.picture_sent += 1;
        }
    }
}

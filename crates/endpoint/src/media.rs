//! Voice and picture between files, keys and the leg.

use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::leg::{Leg, LegEvent};
use crate::sealing::Sealed;
use crate::speak::FRAME;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use str0m::media::Frequency;
use trialogue_console_core::Input;
use trialogue_wire::console::Medium;

/// How often the machine is told that frames of a sender are suspect.
const SUSPECT_EVERY: Duration = Duration::from_secs(1);
/// How often the machine is told that a leg brings media.
const HEARD_EVERY: Duration = Duration::from_millis(50);
/// Most senders and reasons for which this is remembered.
const SUSPECTS_MAX: usize = 256;

impl Endpoint {
    pub(crate) fn leg_events(&mut self) {
        for slot in 0..self.slots.len() {
            while let Some(event) = self.slots.get_mut(slot).and_then(|slot| slot.leg.as_mut()).and_then(Leg::event) {
                self.leg_event(slot, event);
            }
        }
    }

    fn leg_event(&mut self, number: usize, event: LegEvent) {
        let leg = self.leg_number(number);
        match event {
            LegEvent::Up => {
                self.report.say(Event::Leg { up: true, slot: number });
                self.slot_input(number, Input::LegUp { leg });
            }
            LegEvent::Down => {
                self.report.say(Event::Leg { up: false, slot: number });
                self.drop_leg(number);
                self.slot_input(number, Input::LegDown { leg });
            }
            LegEvent::KeyFrame => {
                if let Some(film) = &mut self.film {
                    film.seek_key_frame();
                }
            }
            LegEvent::Frame(data) => {
                let (now, active) = (Instant::now(), number == self.active);
                let Some(slot) = self.slots.get_mut(number) else { return };
                let news = slot.told_heard.is_none_or(|at| now >= at + HEARD_EVERY);
                let place = slot.places.get(&data.mid).copied();
                if news {
                    slot.told_heard = Some(now);
                    self.slot_input(number, Input::LegHeard { leg });
                }
                // What comes over the spare leg is only proof that it is alive.
                let (Some((device, medium)), true) = (place, active) else { return };
                let voice = medium == Medium::Voice;
                self.listener.arrived(device, voice, &data);
                let time = data.time.rebase(Frequency::NINETY_KHZ).numer();
                self.sealing.push(Sealed { device, voice, time, bytes: data.data, since: now });
            }
        }
    }

    /// What can be opened by now.
    pub(crate) fn release(&mut self, now: Instant) {
        let (mut suspects, mut opened) = (BTreeSet::new(), Vec::new());
        let suspect = |device, what| {
            suspects.insert((device, what));
        };
        self.sealing.release(now, suspect, |frame| opened.push(frame));
        for frame in opened {
            let first = self.listener.take(&frame);
            if let Some(number) = frame.number {
                self.silences.opened(frame.device, frame.voice, number, frame.time, now);
            }
            if let (true, Some(joined)) = (first, self.joined_at) {
                let medium = if frame.voice { "voice" } else { "picture" };
                let after_ms = joined.elapsed().as_secs_f64() * 1_000.0;
                self.report.say(Event::First { device: frame.device.to_string(), medium, after_ms });
            }
        }
        for (device, what) in suspects {
            if self.suspected.get(&(device, what)).is_none_or(|at| now - *at >= SUSPECT_EVERY) {
                if self.suspected.len() >= SUSPECTS_MAX {
                    self.suspected.clear();
                }
                self.suspected.insert((device, what), now);
                self.input(Input::Suspect { device, what });
            }
        }
    }

    /// The next 20 ms: of the file, or of the test call.
    fn voice(&mut self, now: Instant) -> Option<Vec<u8>> {
        match self.station.as_mut().and_then(|station| station.test.as_mut()) {
            Some(test) => self.speaker.encode(&test.frame(now)),
            None => self.speaker.frame(),
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
                && let Some(frame) = self.voice(now)
                && let Some(sealed) = self.sealing.seal(true, &frame)
                && let Some(leg) = self.slots.get_mut(self.active).and_then(|slot| slot.leg.as_mut())
            {
                leg.send_voice(self.voice_time, sealed);
                self.voice_sent += 1;
            }
        }
        if let (Some(pace), Some(film)) = (&mut self.picture_pace, &mut self.film)
            && pace.take(now)
            && self.camera
            && let Some(sealed) = self.sealing.seal(false, film.frame())
            && let Some(leg) = self.slots.get_mut(self.active).and_then(|slot| slot.leg.as_mut())
        {
            let time = u64::try_from(self.start.elapsed().as_micros()).unwrap_or_default() * 9 / 100;
            leg.send_picture(time, sealed);
            self.picture_sent += 1;
        }
    }
}

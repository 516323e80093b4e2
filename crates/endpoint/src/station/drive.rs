//! A station at work: its test calls in the endpoint's loop.

use super::{Plan, Test, signal};
use crate::endpoint::Endpoint;
use crate::event::{Event, Tested};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use trialogue_charter::{DeviceId, PartyId};
use trialogue_console_core::Input;
use trialogue_console_core::view::{Command, LineView, NodeLink};
use trialogue_journal::StationTest;

/// Between two looks whether the comparison is done.
const JUDGING: Duration = Duration::from_millis(100);

/// What an endpoint that is a station remembers.
pub(crate) struct Stationed {
    speech: Arc<[f32]>,
    /// Made when the charter is known.
    plan: Option<Plan>,
    pub(crate) test: Option<Test>,
    /// Frames that came and were concealed before this call, by sender.
    before: BTreeMap<String, (u64, u64)>,
    /// The view shows a call; it is tested once.
    in_call: bool,
    /// What was heard is being compared, beside the loop: voice and keep-alives go on.
    judged: Option<Receiver<Vec<StationTest>>>,
}

impl Stationed {
    pub(crate) fn new() -> Self {
        Self {
            speech: signal::speech().into(),
            plan: None,
            test: None,
            before: BTreeMap::new(),
            in_call: false,
            judged: None,
        }
    }
}

impl Endpoint {
    /// The view has changed: a call begins, somebody comes in, or it is over.
    pub(crate) fn station_sees(&mut self, now: Instant) {
        let Some(station) = &mut self.station else { return };
        let Some(line) = self.view.lines.first() else { return };
        let mut parties: Vec<(&str, bool)> = line.parties.iter().map(|party| (party.id.as_str(), party.own)).collect();
        parties.sort_unstable();
        let place = parties.iter().position(|(_, own)| *own).unwrap_or(0);
        if self.view.node == NodeLink::Up && parties.len() > 1 {
            station.plan.get_or_insert_with(|| Plan::new(place, now));
        }
        let was_in = std::mem::replace(&mut station.in_call, self.view.call.is_some());
        let Some(call) = &self.view.call else {
            if station.test.is_some() {
                self.finish_test();
            }
            return;
        };
        if station.test.is_none() && !was_in {
            let others = parties.iter().filter(|(_, own)| !own).filter_map(|(id, _)| PartyId::new(*id).ok());
            station.test = Some(Test::new(station.speech.clone(), place, others.collect(), now));
            let figures = self.listener.figures();
            let voices = figures.iter().filter(|heard| heard.medium == "voice");
            station.before = voices.map(|heard| (heard.device.clone(), (heard.opened, heard.concealed))).collect();
        }
        let Some(test) = &mut station.test else { return };
        for member in call.members.iter().filter(|member| !member.me) {
            if let (Some(device), Ok(party)) =
                (device(&member.person.device), PartyId::new(member.person.party.as_str()))
            {
                test.meets(device, party);
            }
        }
    }

    /// What is due: a test call, or the end of one.
    pub(crate) fn station_tick(&mut self, now: Instant) {
        let heard = self.listener.decoded();
        let judged = self.station.as_ref().and_then(|station| station.judged.as_ref());
        if let Some(results) = judged.and_then(|judged| judged.try_recv().ok()) {
            self.state_results(results, now);
        }
        let Some(station) = &mut self.station else { return };
        if let Some(test) = &mut station.test {
            for (device, pcm) in heard {
                test.hear(device, &pcm, now);
            }
            if test.is_over(now) {
                self.finish_test();
                self.input(Input::Command(Command::HangUp));
            }
            return;
        }
        let judging = station.judged.is_some();
        let Some(plan) = station.plan.as_mut().filter(|plan| !judging && now >= plan.due()) else { return };
        let line = self.view.lines.first().filter(|_| self.view.node == NodeLink::Up && self.view.call.is_none());
        // Somebody else's test call is this station's too: it is answered.
        let free = line.filter(|line| !line.active && line.ring.is_none()).map(|line| line.id.clone());
        plan.later(now);
        let missing = |line: &LineView| line.parties.iter().any(|party| !party.own && party.on_watch == 0);
        if plan.is_patient(now) && self.view.lines.first().is_some_and(missing) {
            return;
        }
        if let Some(line) = free {
            self.input(Input::Command(Command::Ring { line, precedence: Default::default() }));
        }
    }

    /// When something is due at the station by itself.
    pub(crate) fn station_due(&self) -> Option<Instant> {
        let station = self.station.as_ref()?;
        if station.judged.is_some() {
            return Some(Instant::now() + JUDGING);
        }
        // In a call the voice beats every 20 ms.
        station.plan.as_ref().filter(|_| station.test.is_none()).map(Plan::due)
    }

    /// Compares what was heard; of a call that broke off too.
    fn finish_test(&mut self) {
        let figures = self.listener.figures();
        let Some(station) = &mut self.station else { return };
        let Some(mut test) = station.test.take() else { return };
        for heard in figures.iter().filter(|heard| heard.medium == "voice") {
            let (came, concealed) = station.before.get(&heard.device).copied().unwrap_or_default();
            if let Some(device) = device(&heard.device) {
                test.frames(device, heard.opened.saturating_sub(came), heard.concealed.saturating_sub(concealed));
            }
        }
        let (send, judged) = channel();
        station.judged = Some(judged);
        std::thread::spawn(move || send.send(test.results()));
    }

    fn state_results(&mut self, results: Vec<StationTest>, now: Instant) {
        let Some(station) = &mut self.station else { return };
        station.judged = None;
        let good = results.iter().all(|result| result.ok);
        let seconds = self.console.schedule().map_or(3_600, |tests| tests.station_seconds);
        if let Some(plan) = &mut station.plan {
            plan.done(Duration::from_secs(u64::from(seconds)), good, now);
        }
        let said = results.iter().map(|result| Tested {
            party: result.party.to_string(),
            ok: result.ok,
            round_trip_ms: result.round_trip_us.map(|us| f64::from(us) / 1_000.0),
            quality: result.quality.map(|hundredths| f64::from(hundredths) / 100.0),
            loss_ppm: result.loss_ppm,
        });
        self.report.say(Event::Tested { results: said.collect() });
        self.input(Input::StationTested { results });
    }
}

/// The id that was written so.
pub(crate) fn device(hex: &str) -> Option<DeviceId> {
    let digit = |at: usize| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok();
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = digit(at)?;
    }
    Some(DeviceId(bytes))
}

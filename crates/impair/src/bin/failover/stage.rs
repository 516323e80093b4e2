//! The world that suffers: three parties in one call, measured by their own endpoints.

use crate::faults::{Act, Fault, Part};
use crate::figures::Cost;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use trialogue_impair::{Carrier, Desk, Endpoint, Extra, Kind, LabError, Plan, Suite, World};

/// The nodes.
pub const NODES: [&str; 3] = ["usa", "jpn", "kor"];
/// Sites of the first party, where it has two.
const SITES: [&str; 2] = ["usa", "usa-2"];
/// Between each two of them.
pub const CARRIERS: [Carrier; 2] =
    [Carrier { name: "fibre", kind: Kind::Veth }, Carrier { name: "satellite", kind: Kind::Veth }];
/// A flow that has been steady for so long is.
const STEADY_MS: f64 = 1_000.0;
/// Longest wait for that: far beyond what is measured, so that a hang ends with a message.
const PATIENCE: Duration = Duration::from_secs(60);
/// A picture that has so many frames in this time is there.
const SEEN: Duration = Duration::from_millis(1_200);
const SEEN_FRAMES: u64 = 8;
/// Between two looks at the endpoints' figures.
const LOOK: Duration = Duration::from_millis(200);

/// See the module.
pub struct Stage {
    // Ends before the world that it runs in.
    officers: Vec<Endpoint>,
    devices: Vec<String>,
    /// Through which of its party's the first officer talks.
    site: usize,
    world: World,
}

impl Stage {
    pub fn build(binary: &Path, assets: &Path, dir: &Path, extra: Extra) -> Result<Self, LabError> {
        let (parties, carriers) = (NODES.len(), &CARRIERS);
        let plan = Plan { binary, assets, dir, parties, extra, carriers, suite: Suite::Cnsa2 };
        let world = World::build(&plan)?;
        let officers: Result<Vec<_>, _> = NODES.iter().map(|node| world.officer(node, true, None)).collect();
        Ok(Self { officers: officers?, devices: Vec::new(), site: 0, world })
    }

    /// Everybody comes into one call.
    pub fn call(&mut self) -> Result<(), LabError> {
        let parties: Vec<_> = self.world.parties().iter().map(|party| party.id).collect();
        for (at, officer) in self.officers.iter_mut().enumerate() {
            let others: Vec<_> = parties.iter().copied().filter(|party| *party != parties[at]).collect();
            officer.until_reaches(&others)?;
        }
        self.devices = self.officers.iter().map(Endpoint::device).collect();
        if let Some((first, others)) = self.officers.split_first_mut() {
            first.ring()?;
            others.iter_mut().try_for_each(Endpoint::answer_ring)?;
        }
        self.until_steady(&[], Instant::now(), Duration::ZERO).map(drop)
    }

    /// One run of a fault, part by part; everybody talks again when it returns.
    pub fn suffer(&mut self, fault: &Fault) -> Result<Vec<Cost>, LabError> {
        let parts: Result<Vec<Cost>, LabError> = fault.parts.iter().map(|part| self.part(part)).collect();
        fault.after.iter().try_for_each(|act| self.act(act))?;
        self.until_steady(&[], Instant::now(), Duration::ZERO)?;
        self.until_whole()?;
        parts
    }

    /// Paths and pictures come back later than voices: the next fault is to meet a call that is whole.
    fn until_whole(&mut self) -> Result<(), LabError> {
        self.officers.iter_mut().try_for_each(Endpoint::until_all_paths)?;
        let until = Instant::now() + PATIENCE;
        loop {
            for officer in &mut self.officers {
                officer.tell(&json!({ "do": "reset_voice" }))?;
            }
            std::thread::sleep(SEEN);
            let pictures = self.expected(&[])?.unwrap_or_default();
            if !pictures.is_empty()
                && pictures.iter().all(|(_, picture)| picture["frames"].as_u64() > Some(SEEN_FRAMES))
            {
                return Ok(());
            }
            if Instant::now() > until {
                eprintln!("the next run begins without all pictures");
                return Ok(());
            }
        }
    }

    fn part(&mut self, part: &Part) -> Result<Cost, LabError> {
        for officer in &mut self.officers {
            officer.tell(&json!({ "do": "reset_voice" }))?;
        }
        let began = Instant::now();
        part.acts.iter().try_for_each(|act| self.act(act))?;
        let steady_ms = self.until_steady(&part.gone, began, part.watched)?.as_secs_f64() * 1_000.0;
        Ok(Cost { steady_ms, ..self.cost(&part.gone)? })
    }

    fn act(&mut self, act: &Act) -> Result<(), LabError> {
        match act {
            Act::Cut(a, b, carrier) => self.world.lab.cut(a, b, carrier),
            Act::Mend(a, b, carrier) => self.world.lab.mend(a, b, carrier),
            Act::Lose(percent) => NODES.iter().enumerate().try_for_each(|(at, a)| {
                let others =
                    NODES.iter().skip(at + 1).flat_map(|b| CARRIERS.iter().map(move |carrier| (b, carrier.name)));
                others.into_iter().try_for_each(|(b, carrier)| self.world.lab.lose(a, b, carrier, *percent))
            }),
            Act::Kill(node) => self.world.kill_node(node),
            Act::KillSite => self.world.kill_node(SITES[self.site]),
            Act::StartSite => {
                self.world.start_node(SITES[self.site])?;
                let slot = self.site;
                // The one that took over stays in use until the call ends.
                self.site = 1 - self.site;
                self.officers[0].until("a warm leg to the site that was away", |event| {
                    event["event"] == "leg" && event["up"] == true && event["slot"] == slot
                })?;
                Ok(())
            }
            Act::Start(node) => self.world.start_node(node),
            Act::Alone(node) => {
                let rest: Vec<&str> = NODES.into_iter().filter(|other| other != node).collect();
                self.world.lab.partition(&[&rest, &[node]])
            }
            Act::Heal => self.world.lab.heal(),
            Act::Renumber => self.desk()?.renumber(),
            Act::Rewire => self.desk()?.rewire(),
        }
    }

    fn desk(&mut self) -> Result<&mut Desk, LabError> {
        self.world.desk.as_mut().ok_or_else(|| LabError::Unknown("desk".into()))
    }

    /// Figures of every voice that is expected: of each who is not gone, at each other who is not gone. None: one of
    /// them is not there yet.
    fn expected(&mut self, gone: &[&str]) -> Result<Option<Vec<(Value, Value)>>, LabError> {
        let here: Vec<usize> = (0..NODES.len()).filter(|at| !gone.contains(&NODES[*at])).collect();
        let mut all = Vec::new();
        for listener in &here {
            let figures = self.officers[*listener].figures()?;
            for speaker in here.iter().filter(|speaker| *speaker != listener) {
                let of = |what: &str| {
                    let list = figures[what].as_array();
                    list.and_then(|list| {
                        list.iter().find(|one| one["device"] == self.devices[*speaker].as_str()).cloned()
                    })
                };
                let Some(voice) = of("voice") else { return Ok(None) };
                all.push((voice, of("pictures").unwrap_or(Value::Null)));
            }
        }
        Ok(Some(all))
    }

    /// Waits until all expected voices have been steady for a second, and `watched` has passed; gives the time from
    /// `began` until they began to be.
    fn until_steady(&mut self, gone: &[&str], began: Instant, watched: Duration) -> Result<Duration, LabError> {
        let mut last = String::new();
        while began.elapsed() < PATIENCE {
            let voices = self.expected(gone)?;
            let now = began.elapsed();
            if let Some(voices) = &voices {
                let steady = voices.iter().map(|(voice, _)| voice["steady_ms"].as_f64().unwrap_or_default());
                let least = steady.fold(f64::INFINITY, f64::min);
                if least >= STEADY_MS && now >= watched {
                    return Ok(now.saturating_sub(Duration::from_secs_f64(least / 1_000.0)));
                }
            }
            last = format!("{voices:?}");
            std::thread::sleep(LOOK);
        }
        let logs = NODES.map(|node| self.world.log(node)).join("\n---\n");
        Err(LabError::Never { who: "everybody".into(), what: "steady voices".into(), shown: format!("{last}\n{logs}") })
    }

    fn cost(&mut self, gone: &[&str]) -> Result<Cost, LabError> {
        let mut cost = Cost::default();
        for (voice, picture) in self.expected(gone)?.unwrap_or_default() {
            let figure = |of: &Value, key: &str| of[key].as_f64().unwrap_or_default();
            cost.voice_gap_ms = cost.voice_gap_ms.max(figure(&voice, "longest_gap_ms"));
            cost.voice_frames_lost = cost.voice_frames_lost.max(figure(&voice, "lost"));
            cost.video_freeze_ms = cost.video_freeze_ms.max(figure(&picture, "longest_gap_ms"));
        }
        Ok(cost)
    }
}

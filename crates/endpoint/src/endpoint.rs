//! The parts of an endpoint, and what is due when.

use crate::args::Args;
use crate::control::{Control, Platform};
use crate::event::Event;
use crate::gaps::Silences;
use crate::leg::Leg;
use crate::listen::Listener;
use crate::pace::Pace;
use crate::picture::Film;
use crate::report::{Report, wall_ms};
use crate::sealing::Sealing;
use crate::slot::Slot;
use crate::socket::{self, Address, SocketEvent};
use crate::speak::Speaker;
use crate::station::Stationed;
use crate::writings::Writings;
use crate::{EndpointError, identity};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use trialogue_charter::DeviceId;
use trialogue_console_core::Suspicion;
use trialogue_console_core::view::{Command, View};
use trialogue_console_core::{Console, Input};

/// How often the own address is looked at. More often is a system call for nothing, less often is silence after a
/// change.
const NETWORK: Duration = Duration::from_millis(50);
/// How often an archive looks for what is to be destroyed, or said.
const TEND: Duration = Duration::from_secs(1);

pub(crate) struct Endpoint {
    pub(crate) args: Args,
    pub(crate) dir: PathBuf,
    /// To the party's site, and to its other one.
    pub(crate) slots: [Slot; 2],
    /// Over which of them is spoken and heard.
    pub(crate) active: usize,
    sockets: u64,
    /// When to look at the own address next.
    network_pace: Pace,
    /// What it has changed to, no leg having begun there yet.
    moved_to: Option<IpAddr>,
    pub(crate) report: Report,
    pub(crate) start: Instant,
    pub(crate) console: Console,
    pub(crate) view: View,
    events: mpsc::Sender<SocketEvent>,
    pub(crate) sealing: Sealing,
    pub(crate) speaker: Speaker,
    pub(crate) film: Option<Film>,
    pub(crate) listener: Listener,
    pub(crate) silences: Silences,
    pub(crate) voice_pace: Pace,
    pub(crate) picture_pace: Option<Pace>,
    /// RTP time of the voice, in samples.
    pub(crate) voice_time: u64,
    pub(crate) muted: bool,
    pub(crate) camera: bool,
    pub(crate) joined_at: Option<Instant>,
    /// Of whom the machine was told that frames are suspect, and when last.
    pub(crate) suspected: BTreeMap<(DeviceId, Suspicion), Instant>,
    pub(crate) voice_sent: u64,
    pub(crate) picture_sent: u64,
    /// Of legs that are gone.
    pub(crate) media_packets_before: u64,
    pub(crate) rang: bool,
    /// It tests the line by itself.
    pub(crate) station: Option<Stationed>,
    /// It writes and reads.
    pub(crate) writings: Option<Writings>,
    /// A file that is being fetched.
    pub(crate) saving: Option<crate::attachments::Saving>,
    tend_pace: Pace,
    pub(crate) stop: bool,
    pub(crate) failure: Option<EndpointError>,
}

impl Endpoint {
    pub(crate) fn new(args: Args, report: Report) -> Result<(Self, mpsc::Receiver<SocketEvent>), EndpointError> {
        let kept = identity::open(&args.identity, args.link.as_deref(), args.node.as_deref(), wall_ms())?;
        if kept.fresh {
            report.say(Event::Enrolled);
        }
        let secret = kept.identity.secret.clone();
        let mut console = Console::new(kept.identity, kept.charter, !args.off_watch, identity::chance())?;
        let writings = Writings::open(&args, &secret, &mut console)?;
        let speaker = Speaker::open(args.wav.as_deref())?;
        let film = args.video.as_deref().map(Film::open).transpose()?;
        let mut listener = Listener::new(args.record.as_deref())?;
        if args.station {
            listener.keep_decoded();
        }
        let node = Address::parse(&kept.node).ok_or(EndpointError::NoNode)?;
        console.reached_at(&node.origin());
        let start = Instant::now();
        let (events, incoming) = socket::events();
        let endpoint = Self {
            dir: args.identity.clone(),
            slots: [Slot { node: Some(node), ..Slot::default() }, Slot::default()],
            active: 0,
            sockets: 0,
            network_pace: Pace::new(start, NETWORK),
            moved_to: None,
            report,
            start,
            console,
            view: View::default(),
            events,
            sealing: Sealing::default(),
            speaker,
            picture_pace: film.as_ref().map(|film| Pace::new(start, film.step())),
            film,
            listener,
            silences: Silences::default(),
            voice_pace: Pace::new(start, Duration::from_millis(20)),
            voice_time: 0,
            muted: args.mute,
            camera: true,
            joined_at: None,
            suspected: BTreeMap::new(),
            voice_sent: 0,
            picture_sent: 0,
            media_packets_before: 0,
            rang: false,
            station: args.station.then(Stationed::new),
            writings,
            saving: None,
            tend_pace: Pace::new(start, TEND),
            stop: false,
            failure: None,
            args,
        };
        Ok((endpoint, incoming))
    }

    pub(crate) fn connect(&mut self, slot: usize) {
        self.sockets += 1;
        let number = self.sockets;
        let Some(at) = self.slots.get_mut(slot) else { return };
        at.reconnect_at = None;
        let Some(node) = &at.node else { return };
        at.socket_number = number;
        at.socket = Some(socket::open(number, node, self.args.ca.clone(), self.events.clone()));
    }

    pub(crate) fn input(&mut self, input: Input) {
        let now_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.console.handle(now_us, wall_ms(), input);
    }

    /// Something that happened at a slot.
    pub(crate) fn slot_input(&mut self, slot: usize, input: Input) {
        let slot = u8::try_from(slot).unwrap_or(u8::MAX);
        self.input(if slot == 0 { input } else { Input::At { slot, input: Box::new(input) } });
    }

    pub(crate) fn socket_event(&mut self, event: SocketEvent) {
        let (SocketEvent::Opened(number) | SocketEvent::Received(number, _) | SocketEvent::Closed(number, _)) = &event;
        let Some(slot) = self.slots.iter().position(|slot| slot.socket_number == *number) else { return };
        match event {
            SocketEvent::Opened(_) => self.slot_input(slot, Input::Opened),
            SocketEvent::Received(_, bytes) => self.slot_input(slot, Input::Received(bytes)),
            SocketEvent::Closed(_, why) => {
                if let Some(slot) = self.slots.get_mut(slot) {
                    slot.socket = None;
                }
                if let Some(line) = why {
                    self.report.say(Event::Log { line });
                }
                self.slot_input(slot, Input::Closed);
            }
        }
    }

    pub(crate) fn obey(&mut self, control: Control) {
        match control {
            Control::Officer(command) => return self.input(Input::Command(command)),
            Control::Platform(Platform::Mute) => self.muted = true,
            Control::Platform(Platform::Unmute) => self.muted = false,
            Control::Platform(Platform::CameraOff) => self.camera = false,
            Control::Platform(Platform::CameraOn) => self.camera = true,
            Control::Platform(Platform::Measure) => return self.say_figures(),
            Control::Platform(Platform::ResetVoice) => return self.silences.reset(Instant::now()),
            Control::Platform(Platform::RestartLeg) => {
                let slot = self.active;
                self.drop_leg(slot);
                let leg = self.leg_number(slot);
                self.slot_input(slot, Input::LegDown { leg });
            }
            Control::Platform(Platform::Attach { line, path }) => return self.attach(&line, &path),
            Control::Platform(Platform::Save { id, at, to }) => return self.save(id, at, to),
            Control::Platform(Platform::Quit) => self.stop = true,
        }
        self.say_sending();
    }

    /// Tells the others what is sent.
    pub(crate) fn say_sending(&mut self) {
        if self.view.call.is_some() {
            let command = Command::Sending { voice: !self.muted, picture: self.camera && self.film.is_some() };
            self.input(Input::Command(command));
        }
    }

    /// The machine's number of the leg at a slot, or of the last one there.
    pub(crate) fn leg_number(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |slot| slot.leg_number)
    }

    pub(crate) fn drop_leg(&mut self, slot: usize) {
        let Some(slot) = self.slots.get_mut(slot) else { return };
        if let Some(leg) = slot.leg.take() {
            self.media_packets_before += leg.media_packets;
        }
        slot.places.clear();
    }

    fn has_archive(&self) -> bool {
        self.writings.as_ref().is_some_and(Writings::has_archive)
    }

    /// The earliest thing that is due.
    pub(crate) fn wake(&self, figures: Instant, end: Option<Instant>) -> Instant {
        let in_call = self.view.call.is_some();
        let console = self.console.next_timeout().map(|us| self.start + Duration::from_micros(us));
        let all = [
            console,
            end,
            in_call.then(|| self.voice_pace.due()),
            in_call.then(|| self.network_pace.due()),
            self.picture_pace.as_ref().filter(|_| in_call).map(Pace::due),
            self.station_due(),
            self.has_archive().then(|| self.tend_pace.due()),
            self.sealing.waits().then(|| Instant::now() + Duration::from_millis(20)),
        ];
        let slots = self.slots.iter().flat_map(|slot| [slot.reconnect_at, slot.leg.as_ref().map(Leg::timeout)]);
        all.into_iter().chain(slots).flatten().fold(figures, Instant::min)
    }

    /// Everything that is due, and everything that follows from it.
    pub(crate) async fn advance(&mut self, now: Instant) {
        for slot in 0..self.slots.len() {
            if self.slots.get(slot).and_then(|slot| slot.reconnect_at).is_some_and(|at| now >= at) {
                self.connect(slot);
            }
        }
        if self.console.next_timeout().is_some_and(|us| now >= self.start + Duration::from_micros(us)) {
            self.input(Input::Tick);
        }
        for leg in self.slots.iter_mut().filter_map(|slot| slot.leg.as_mut()).filter(|leg| now >= leg.timeout()) {
            leg.tick(now);
        }
        self.leg_events();
        self.look_at_network(now);
        self.release(now);
        self.station_tick(now);
        if self.has_archive() && self.tend_pace.take(now) {
            self.tend_archive();
        }
        self.speak(now);
        while let Some(output) = self.console.poll() {
            self.act(output).await;
        }
    }

    /// Does the way to the node still begin where the leg begins?
    fn look_at_network(&mut self, now: Instant) {
        if !self.network_pace.take(now) {
            return;
        }
        let leg = self.slots.get(self.active).and_then(|slot| slot.leg.as_ref());
        let moved_to = leg.and_then(Leg::moved_to);
        // Also when it changes once more: what was begun at the address in between leads nowhere.
        if moved_to.is_some() && moved_to != self.moved_to {
            self.input(Input::Network);
        }
        self.moved_to = moved_to;
    }

    pub(crate) fn say_figures(&self) {
        let legs = self.slots.iter().filter_map(|slot| slot.leg.as_ref()).map(|leg| leg.media_packets);
        self.report.say(Event::Figures {
            voice_sent: self.voice_sent,
            picture_sent: self.picture_sent,
            media_packets_sent: self.media_packets_before + legs.sum::<u64>(),
            heard: self.listener.figures(),
            voice: self.silences.figures(Instant::now()),
            pictures: self.silences.pictures(Instant::now()),
        });
    }
}

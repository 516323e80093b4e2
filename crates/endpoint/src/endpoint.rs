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
use crate::socket::{self, Address, SocketEvent};
use crate::speak::Speaker;
use crate::{EndpointError, identity};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use str0m::media::Mid;
use tokio::sync::mpsc;
use trialogue_charter::DeviceId;
use trialogue_console_core::view::{Command, View};
use trialogue_console_core::{Console, Input};
use trialogue_wire::console::Medium;

pub(crate) struct Endpoint {
    pub(crate) args: Args,
    pub(crate) dir: PathBuf,
    pub(crate) node: Address,
    pub(crate) report: Report,
    pub(crate) start: Instant,
    pub(crate) console: Console,
    pub(crate) view: View,
    events: mpsc::Sender<SocketEvent>,
    pub(crate) socket: Option<socket::Sender>,
    pub(crate) socket_number: u64,
    pub(crate) reconnect_at: Option<Instant>,
    pub(crate) leg: Option<Leg>,
    pub(crate) places: BTreeMap<Mid, (DeviceId, Medium)>,
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
    /// Key ids that the machine was asked for, and when last.
    pub(crate) asked: BTreeMap<u64, Instant>,
    pub(crate) voice_sent: u64,
    pub(crate) picture_sent: u64,
    /// Of legs that are gone.
    pub(crate) media_packets_before: u64,
    pub(crate) rang: bool,
    pub(crate) stop: bool,
    pub(crate) failure: Option<EndpointError>,
}

impl Endpoint {
    pub(crate) fn new(args: Args, report: Report) -> Result<(Self, mpsc::Receiver<SocketEvent>), EndpointError> {
        let kept = identity::open(&args.identity, args.link.as_deref(), args.node.as_deref(), wall_ms())?;
        if kept.fresh {
            report.say(Event::Enrolled);
        }
        let console = Console::new(kept.identity, kept.charter, !args.off_watch)?;
        let speaker = Speaker::open(args.wav.as_deref())?;
        let film = args.video.as_deref().map(Film::open).transpose()?;
        let listener = Listener::new(args.record.as_deref())?;
        let node = Address::parse(&kept.node).ok_or(EndpointError::NoNode)?;
        let start = Instant::now();
        let (events, incoming) = socket::events();
        let endpoint = Self {
            dir: args.identity.clone(),
            node,
            report,
            start,
            console,
            view: View::default(),
            events,
            socket: None,
            socket_number: 0,
            reconnect_at: None,
            leg: None,
            places: BTreeMap::new(),
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
            asked: BTreeMap::new(),
            voice_sent: 0,
            picture_sent: 0,
            media_packets_before: 0,
            rang: false,
            stop: false,
            failure: None,
            args,
        };
        Ok((endpoint, incoming))
    }

    pub(crate) fn connect(&mut self) {
        self.reconnect_at = None;
        self.socket_number += 1;
        self.socket = Some(socket::open(self.socket_number, &self.node, self.args.ca.clone(), self.events.clone()));
    }

    pub(crate) fn input(&mut self, input: Input) {
        let now_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.console.handle(now_us, wall_ms(), input);
    }

    pub(crate) fn socket_event(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened(n) if n == self.socket_number => self.input(Input::Opened),
            SocketEvent::Received(n, bytes) if n == self.socket_number => self.input(Input::Received(bytes)),
            SocketEvent::Closed(n, why) if n == self.socket_number => {
                self.socket = None;
                if let Some(line) = why {
                    self.report.say(Event::Log { line });
                }
                self.input(Input::Closed);
            }
            _ => {}
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
                self.drop_leg();
                self.input(Input::LegDown);
            }
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

    pub(crate) fn drop_leg(&mut self) {
        if let Some(leg) = self.leg.take() {
            self.media_packets_before += leg.media_packets;
        }
        self.places.clear();
    }

    /// The earliest thing that is due.
    pub(crate) fn wake(&self, figures: Instant, end: Option<Instant>) -> Instant {
        let in_call = self.view.call.is_some();
        let console = self.console.next_timeout().map(|us| self.start + Duration::from_micros(us));
        let all = [
            console,
            end,
            self.reconnect_at,
            self.leg.as_ref().map(Leg::timeout),
            in_call.then(|| self.voice_pace.due()),
            self.picture_pace.as_ref().filter(|_| in_call).map(Pace::due),
            self.sealing.waits().then(|| Instant::now() + Duration::from_millis(20)),
        ];
        all.into_iter().flatten().fold(figures, Instant::min)
    }

    /// Everything that is due, and everything that follows from it.
    pub(crate) async fn advance(&mut self, now: Instant) {
        if self.reconnect_at.is_some_and(|at| now >= at) {
            self.connect();
        }
        if self.console.next_timeout().is_some_and(|us| now >= self.start + Duration::from_micros(us)) {
            self.input(Input::Tick);
        }
        if let Some(leg) = self.leg.as_mut().filter(|leg| now >= leg.timeout()) {
            leg.tick(now);
        }
        self.leg_events();
        self.release(now);
        self.speak(now);
        while let Some(output) = self.console.poll() {
            self.act(output).await;
        }
    }

    pub(crate) fn say_figures(&self) {
        self.report.say(Event::Figures {
            voice_sent: self.voice_sent,
            picture_sent: self.picture_sent,
            media_packets_sent: self.media_packets_before + self.leg.as_ref().map_or(0, |leg| leg.media_packets),
            heard: self.listener.figures(),
            voice: self.silences.figures(Instant::now()),
        });
    }
}

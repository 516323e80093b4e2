//! The one loop: socket, leg, clock and standard input around the console machine.

use crate::args::Args;
use crate::control::{Control, LINE_MAX, Platform};
use crate::event::{Event, print};
use crate::leg::{Leg, LegEvent};
use crate::listen::Listener;
use crate::pace::Pace;
use crate::picture::Film;
use crate::sealing::{Sealed, Sealing};
use crate::socket::{self, SocketEvent};
use crate::speak::{FRAME, Speaker};
use crate::{EndpointError, identity};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use str0m::media::{Frequency, Mid};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use trialogue_charter::DeviceId;
use trialogue_console_core::view::{Command, View};
use trialogue_console_core::{Console, Input, Output};
use trialogue_wire::console::Medium;

/// How often a media worker may say that a key is missing (console-core's contract).
const MISSING_EVERY: Duration = Duration::from_millis(100);

struct Endpoint {
    args: Args,
    dir: PathBuf,
    node: String,
    start: Instant,
    console: Console,
    view: View,
    events: mpsc::Sender<SocketEvent>,
    socket: Option<socket::Sender>,
    socket_number: u64,
    reconnect_at: Option<Instant>,
    leg: Option<Leg>,
    places: BTreeMap<Mid, (DeviceId, Medium)>,
    sealing: Sealing,
    speaker: Speaker,
    film: Option<Film>,
    listener: Listener,
    voice_pace: Pace,
    picture_pace: Option<Pace>,
    voice_time: u64,
    muted: bool,
    camera: bool,
    joined_at: Option<Instant>,
    asked: BTreeMap<u64, Instant>,
    voice_sent: u64,
    picture_sent: u64,
    media_packets_before: u64,
    rang: bool,
    stop: bool,
}

/// Runs an endpoint until it is told to stop.
///
/// # Errors
/// See [`EndpointError`].
pub async fn run(args: Args) -> Result<(), EndpointError> {
    let (mut endpoint, mut incoming) = Endpoint::new(args)?;
    let mut lines = endpoint.args.stdin.then(|| BufReader::new(tokio::io::stdin()).lines());
    let end = endpoint.args.seconds.map(|s| endpoint.start + Duration::from_secs(s));
    let mut figures = Pace::new(endpoint.start, Duration::from_secs(1));
    endpoint.connect();
    while !endpoint.stop {
        let wake = endpoint.wake(figures.due(), end);
        tokio::select! {
            Some(event) = incoming.recv() => endpoint.socket_event(event),
            () = readable(endpoint.leg.as_ref()) => if let Some(leg) = &mut endpoint.leg { leg.read() },
            line = next_line(&mut lines) => endpoint.line(line),
            () = tokio::time::sleep_until(wake.into()) => {}
        }
        let now = Instant::now();
        endpoint.advance(now).await?;
        if figures.take(now) && endpoint.view.call.is_some() {
            endpoint.print_figures();
        }
        if end.is_some_and(|end| now >= end) {
            endpoint.stop = true;
        }
    }
    endpoint.leave().await;
    Ok(())
}

async fn readable(leg: Option<&Leg>) {
    match leg {
        Some(leg) => leg.readable().await,
        None => std::future::pending().await,
    }
}

async fn next_line(lines: &mut Option<tokio::io::Lines<BufReader<tokio::io::Stdin>>>) -> Option<String> {
    match lines {
        Some(lines) => lines.next_line().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

fn wall_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

impl Endpoint {
    fn new(args: Args) -> Result<(Self, mpsc::Receiver<SocketEvent>), EndpointError> {
        let kept = identity::open(&args.identity, args.link.as_deref(), args.node.as_deref(), wall_ms())?;
        if kept.fresh {
            print(wall_ms(), &Event::Enrolled);
        }
        let console = Console::new(kept.identity, kept.charter, !args.off_watch)?;
        let speaker = Speaker::open(args.wav.as_deref())?;
        let film = args.video.as_deref().map(Film::open).transpose()?;
        let listener = Listener::new(args.record.as_deref())?;
        let start = Instant::now();
        let (events, incoming) = socket::events();
        let endpoint = Self {
            dir: args.identity.clone(),
            node: kept.node,
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
            args,
        };
        Ok((endpoint, incoming))
    }

    fn connect(&mut self) {
        self.reconnect_at = None;
        self.socket_number += 1;
        self.socket = Some(socket::open(self.socket_number, &self.node, self.events.clone()));
    }

    fn input(&mut self, input: Input) {
        let now_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.console.handle(now_us, wall_ms(), input);
    }

    fn socket_event(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened(n) if n == self.socket_number => self.input(Input::Opened),
            SocketEvent::Received(n, bytes) if n == self.socket_number => self.input(Input::Received(bytes)),
            SocketEvent::Closed(n) if n == self.socket_number => {
                self.socket = None;
                self.input(Input::Closed);
            }
            _ => {}
        }
    }

    fn line(&mut self, line: Option<String>) {
        let Some(line) = line else {
            self.stop = true;
            return;
        };
        let control = if line.len() > LINE_MAX { Err("the line is too long".to_owned()) } else { serde_json::from_str(&line).map_err(|e| e.to_string()) };
        match control {
            Ok(Control::Officer(command)) => self.input(Input::Command(command)),
            Ok(Control::Platform(platform)) => self.platform(&platform),
            Err(why) => print(wall_ms(), &Event::Refused { why: format!("{why}; see docs/endpoint.md for the commands") }),
        }
    }

    fn platform(&mut self, act: &Platform) {
        match act {
            Platform::Mute => self.muted = true,
            Platform::Unmute => self.muted = false,
            Platform::CameraOff => self.camera = false,
            Platform::CameraOn => self.camera = true,
            Platform::Measure => return self.print_figures(),
            Platform::RestartLeg => {
                self.drop_leg();
                self.input(Input::LegDown);
            }
            Platform::Quit => self.stop = true,
        }
        self.say_sending();
    }

    fn say_sending(&mut self) {
        if self.view.call.is_some() {
            let command = Command::Sending { voice: !self.muted, picture: self.camera && self.film.is_some() };
            self.input(Input::Command(command));
        }
    }

    fn drop_leg(&mut self) {
        if let Some(leg) = self.leg.take() {
            self.media_packets_before += leg.media_packets;
        }
        self.places.clear();
    }

    /// The earliest thing that is due.
    fn wake(&self, figures: Instant, end: Option<Instant>) -> Instant {
        let in_call = self.view.call.is_some();
        let console = self.console.next_timeout().map(|us| self.start + Duration::from_micros(us));
        let mut wake = figures;
        let all = [
            console,
            end,
            self.reconnect_at,
            self.leg.as_ref().map(Leg::timeout),
            in_call.then(|| self.voice_pace.due()),
            self.picture_pace.as_ref().filter(|_| in_call).map(Pace::due),
            self.sealing.waits().then(|| Instant::now() + Duration::from_millis(20)),
        ];
        for at in all.into_iter().flatten() {
            wake = wake.min(at);
        }
        wake
    }

    /// Everything that is due, and everything that follows from it.
    async fn advance(&mut self, now: Instant) -> Result<(), EndpointError> {
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
            self.act(output).await?;
        }
        Ok(())
    }

    fn leg_events(&mut self) {
        while let Some(event) = self.leg.as_mut().and_then(Leg::event) {
            match event {
                LegEvent::Up => {
                    print(wall_ms(), &Event::Leg { up: true });
                    self.input(Input::LegUp);
                }
                LegEvent::Down => {
                    print(wall_ms(), &Event::Leg { up: false });
                    self.drop_leg();
                    self.input(Input::LegDown);
                }
                LegEvent::KeyFrame => {
                    if let Some(film) = &mut self.film {
                        film.to_key_frame();
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

    fn release(&mut self, now: Instant) {
        let (mut missing, mut opened) = (Vec::new(), Vec::new());
        self.sealing.release(now, |id| missing.push(id), |frame| opened.push(frame));
        for frame in opened {
            let first = self.listener.take(&frame);
            if let (true, Some(joined)) = (first, self.joined_at) {
                let medium = if frame.voice { "voice" } else { "picture" };
                let after_ms = joined.elapsed().as_secs_f64() * 1_000.0;
                print(wall_ms(), &Event::First { device: frame.device.to_string(), medium, after_ms });
            }
        }
        for key_id in missing {
            if self.asked.get(&key_id).is_none_or(|at| now - *at >= MISSING_EVERY) {
                if self.asked.len() > 256 {
                    self.asked.clear();
                }
                self.asked.insert(key_id, now);
                self.input(Input::Unopened { key_id });
            }
        }
    }

    fn speak(&mut self, now: Instant) {
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

    async fn act(&mut self, output: Output) -> Result<(), EndpointError> {
        match output {
            Output::Send(bytes) => {
                let full = self.socket.as_ref().is_some_and(|socket| socket.try_send(bytes).is_err());
                if full {
                    self.socket = None;
                    self.socket_number += 1;
                    self.input(Input::Closed);
                }
            }
            Output::Reconnect { after_ms } => {
                self.socket = None;
                self.socket_number += 1;
                self.reconnect_at = Some(Instant::now() + Duration::from_millis(u64::from(after_ms)));
            }
            Output::Stop => {
                self.socket = None;
                self.reconnect_at = None;
            }
            Output::View(view) => self.see(*view),
            Output::MakeOffer => {
                self.drop_leg();
                let (leg, sdp) = Leg::offer(&self.node, self.args.voices.min(24), self.args.pictures.min(16)).await?;
                self.leg = Some(leg);
                self.input(Input::LegOffer(sdp));
            }
            Output::LegAnswer(sdp) => {
                if let Some(leg) = &mut self.leg {
                    leg.answer(&sdp)?;
                }
            }
            Output::Seal(key) => {
                let key_id = key.as_ref().map(|key| format!("{:014x}", key.key_id));
                self.sealing.seal_with(key);
                // What the group changed, new members must be able to see at once.
                if let Some(film) = &mut self.film {
                    film.to_key_frame();
                }
                print(wall_ms(), &Event::Seal { key_id });
            }
            Output::OpenKey(key) => self.sealing.open_with(key),
            Output::ForgetKey { key_id } => self.sealing.forget(key_id),
            Output::Place { mid, device, medium } => {
                let mid = Mid::from(mid.as_str());
                match device {
                    Some(device) => self.places.insert(mid, (device, medium)),
                    None => self.places.remove(&mid),
                };
            }
            Output::Charter(bytes) => identity::keep_charter(&self.dir, &bytes)?,
            Output::Log(event) => print(wall_ms(), &Event::Log { line: format!("{event:?}") }),
            Output::Ringing(_) => {}
        }
        Ok(())
    }

    fn see(&mut self, view: View) {
        let was_in = self.view.call.is_some();
        self.view = view;
        print(wall_ms(), &Event::View { view: Box::new(self.view.clone()) });
        if let Some(call) = &self.view.call {
            if !was_in {
                self.joined_at = Some(Instant::now());
                self.listener.joined();
                print(wall_ms(), &Event::Joined { line: call.line.clone() });
                self.say_sending();
            }
            return;
        }
        self.joined_at = None;
        let up = self.view.node == trialogue_console_core::view::NodeLink::Up;
        if let (Some(line), true, false) = (self.args.ring.clone(), up, self.rang) {
            self.rang = true;
            self.input(Input::Command(Command::Ring { line }));
        } else if let Some(wanted) = &self.args.answer {
            let ringing = self.view.lines.iter().find(|l| l.ring.is_some() && !l.joined && (wanted == "any" || *wanted == l.id));
            if let Some(line) = ringing.map(|l| l.id.clone()) {
                self.input(Input::Command(Command::Answer { line }));
            }
        }
    }

    fn print_figures(&self) {
        let figures = Event::Figures {
            voice_sent: self.voice_sent,
            picture_sent: self.picture_sent,
            media_packets_sent: self.media_packets_before + self.leg.as_ref().map_or(0, |leg| leg.media_packets),
            heard: self.listener.figures(),
        };
        print(wall_ms(), &figures);
    }

    /// Hangs up, so that nobody waits for the node to notice.
    async fn leave(&mut self) {
        if self.view.call.is_some() {
            self.input(Input::Command(Command::HangUp));
            while let Some(output) = self.console.poll() {
                if let (Output::Send(bytes), Some(socket)) = (output, &self.socket) {
                    let _ = socket.send(bytes).await;
                }
            }
        }
        // Closing the channel lets the task write what waits and close.
        if let Some(socket) = self.socket.take() {
            drop(socket);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

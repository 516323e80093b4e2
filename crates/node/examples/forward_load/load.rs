//! The consoles: they speak on a clock and take the time of what they hear.

use crate::client::Client;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use trialogue_wire::console::{ToConsole, ToNode};

/// Constant bit rate voice: 20 ms of Opus at 32 kbit/s and the seal around it.
const VOICE: usize = 80 + 20;
const VOICE_EVERY: Duration = Duration::from_millis(20);
/// 30 pictures a second in three packets each: 800 kbit/s.
const PICTURE: usize = 1_100;
const PICTURE_EVERY: Duration = Duration::from_micros(33_333);
const PICTURE_PACKETS: u64 = 3;

pub struct Case {
    pub name: String,
    speakers: u64,
    consoles: u64,
    video: bool,
}

#[derive(Clone, Copy)]
pub struct Figures {
    pub cpu_us: f64,
    pub packets: usize,
    /// At the node: from the arrival in its system to the last copy given back.
    pub node_p50_ms: f64,
    pub node_p99_ms: f64,
    /// From before the speaker's seal to after the listener's: both consoles' time is in it.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub lost: i64,
    pub rss_mb: f64,
}

impl Case {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (speakers, listeners) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let video = parts.next() == Some("video");
        // One alone speaks to 20 others; several are among those who hear.
        let consoles = if speakers == 1 { listeners + 1 } else { listeners };
        let name = format!("{speakers}→{listeners}{}", if video { " video" } else { "" });
        Some(Self { name, speakers, consoles, video })
    }
}

struct Node {
    child: Child,
    lines: Receiver<String>,
}

impl Node {
    fn start() -> Self {
        let me = std::env::current_exe().unwrap();
        let mut child = Command::new(me).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tx, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|l| drop(tx.send(l))));
        Self { child, lines }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn usage(&mut self) -> (i64, f64) {
        let words = self.ask("usage");
        (words[0].parse().unwrap(), words[1].parse::<f64>().unwrap() / 1024.0)
    }

    /// Milliseconds that the node keeps a packet, median and 99th percentile, since its start.
    fn stay(&mut self) -> (f64, f64) {
        let words = self.ask("stay");
        let ms = |word: &str| word.parse::<f64>().unwrap() / 1_000.0;
        (ms(&words[1]), ms(&words[2]))
    }

    fn ask(&mut self, what: &str) -> Vec<String> {
        self.say(what);
        loop {
            let line = self.lines.recv().unwrap();
            let mut words = line.split(' ').map(str::to_owned);
            if words.next().as_deref() == Some(what) {
                return words.collect();
            }
        }
    }
}

pub fn run(case: &Case, seconds: u64, aligned: bool) -> Figures {
    let mut node = Node::start();
    // What the consoles wait for a processor is not the node's delay.
    let _ = rustix::process::setpriority_process(None, -15);
    let mut clients = join(&mut node, case);
    let mut speakers = Speakers::new(case, aligned);
    let mut poll = Poll::new().unwrap();
    for (at, client) in clients.iter().enumerate() {
        poll.registry().register(&mut SourceFd(&client.fd()), Token(at), Interest::READABLE).unwrap();
    }
    let begin = Instant::now();
    // One second to warm up, then the measured time.
    spin(&mut poll, &mut clients, &mut speakers, begin, Duration::from_secs(1), &mut Vec::new());
    let (before, _) = node.usage();
    speakers.sent = 0;
    let mut delays = Vec::with_capacity(1 << 20);
    spin(&mut poll, &mut clients, &mut speakers, begin, Duration::from_secs(seconds), &mut delays);
    let sent = speakers.sent;
    let (after, rss_mb) = node.usage();
    let (node_p50_ms, node_p99_ms) = node.stay();
    node.say("end");
    let _ = node.child.wait();
    delays.sort_unstable();
    let at = |part: f64| delays.get((delays.len() as f64 * part) as usize).map_or(0.0, |us| f64::from(*us) / 1000.0);
    Figures {
        cpu_us: (after - before) as f64 / delays.len().max(1) as f64,
        packets: delays.len(),
        node_p50_ms,
        node_p99_ms,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        lost: (sent * (case.consoles - 1)) as i64 - delays.len() as i64,
        rss_mb,
    }
}

fn join(node: &mut Node, case: &Case) -> Vec<Client> {
    let pictures = if case.video { case.speakers as usize } else { 4 };
    let mut clients = Vec::new();
    for key in 0..case.consoles {
        let (client, offer) = Client::udp(case.speakers as usize, pictures);
        clients.push(client);
        let said = trialogue_wire::encode(&ToNode::Offer { offer, leg: 1 });
        node.say(&format!("leg {key} {}", hex::encode(said)));
    }
    let mut up = 0;
    while up < case.consoles || clients.iter().any(|c| !c.up) {
        while let Ok(line) = node.lines.try_recv() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["answer", key, said] => {
                    let said: ToConsole = trialogue_wire::decode(&hex::decode(said).unwrap()).unwrap();
                    let ToConsole::Answer { answer, .. } = said else { continue };
                    clients[key.parse::<usize>().unwrap()].answer(&answer);
                }
                ["up", _, _] => up += 1,
                _ => {}
            }
        }
        clients.iter_mut().for_each(|c| _ = c.turn());
        std::thread::sleep(Duration::from_millis(1));
    }
    for from in 0..case.speakers {
        node.say(&format!("route {from} voice {}", case.consoles));
        if case.video {
            node.say(&format!("route {from} picture {}", case.consoles));
        }
    }
    clients
}

/// Everybody's clock.
struct Speakers {
    next_voice: Vec<(Duration, u64)>,
    next_picture: Vec<(Duration, u64)>,
    sent: u64,
}

impl Speakers {
    fn new(case: &Case, aligned: bool) -> Self {
        // Apart, people do not speak on the same clock: each has a phase of its own.
        let phase =
            |n: u64, every: Duration| if aligned { Duration::ZERO } else { every.mul_f64(n as f64 * 0.618 % 1.0) };
        let voices = (0..case.speakers).map(|n| (phase(n, VOICE_EVERY), 0)).collect();
        let pictures = if case.video { case.speakers } else { 0 };
        let pictures = (0..pictures).map(|n| (phase(n + 7, PICTURE_EVERY), 0)).collect();
        Self { next_voice: voices, next_picture: pictures, sent: 0 }
    }

    /// Sends what is due; when the next one is.
    fn speak(&mut self, clients: &mut [Client], begin: Instant) -> Duration {
        for (at, (due, count)) in self.next_voice.iter_mut().enumerate() {
            while *due <= begin.elapsed() {
                let payload = stamped(begin, VOICE, 0x80);
                clients[at].speak(*count, *count as u32 * 960, &payload);
                *count += 1;
                *due += VOICE_EVERY;
                self.sent += 1;
            }
        }
        for (at, (due, count)) in self.next_picture.iter_mut().enumerate() {
            while *due <= begin.elapsed() {
                let time = (*count / PICTURE_PACKETS) as u32 * 3_000;
                for n in 0..PICTURE_PACKETS {
                    let payload = stamped(begin, PICTURE, if n == 0 { 0x10 } else { 0 });
                    clients[at].show(*count, time, n == PICTURE_PACKETS - 1, &payload);
                    *count += 1;
                    self.sent += 1;
                }
                *due += PICTURE_EVERY;
            }
        }
        self.next_voice.iter().chain(&self.next_picture).map(|(due, _)| *due).min().unwrap_or(VOICE_EVERY)
    }
}

fn stamped(begin: Instant, length: usize, first: u8) -> Vec<u8> {
    let mut payload = vec![0; length];
    // A VP8 descriptor, and a header that says key frame.
    payload[0] = first;
    payload[2..10].copy_from_slice(&(begin.elapsed().as_nanos() as u64).to_be_bytes());
    payload
}

fn spin(
    poll: &mut Poll,
    clients: &mut [Client],
    speakers: &mut Speakers,
    begin: Instant,
    length: Duration,
    delays: &mut Vec<u32>,
) {
    let end = begin.elapsed() + length;
    let mut events = Events::with_capacity(256);
    let mut swept = Instant::now();
    while begin.elapsed() < end {
        let next = speakers.speak(clients, begin);
        let wait = next.min(end).saturating_sub(begin.elapsed());
        poll.poll(&mut events, Some(wait)).unwrap();
        for event in &events {
            take(&mut clients[event.token().0], begin, delays);
        }
        if swept.elapsed() > Duration::from_millis(50) {
            swept = Instant::now();
            clients.iter_mut().for_each(|c| take(c, begin, delays));
        }
    }
}

fn take(client: &mut Client, begin: Instant, delays: &mut Vec<u32>) {
    client.turn();
    for heard in client.heard.drain(..) {
        let Some(stamp) = heard.packet.payload.get(2..10).and_then(|b| b.first_chunk::<8>()) else { continue };
        let sent = u64::from_be_bytes(*stamp);
        let came = heard.at.duration_since(begin).as_nanos() as u64;
        delays.push((came.saturating_sub(sent) / 1_000) as u32);
    }
}

//! A console's transport for tests and load: a str0m client on one UDP or TCP socket, without keys or codecs.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use trialogue_wire::leg::{LegAnswer, LegOffer};

/// How packets travel.
enum Wire {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, read: Vec<u8> },
}

/// One packet that arrived at a place.
pub struct Heard {
    pub mid: String,
    pub packet: RtpPacket,
    pub at: Instant,
}

pub struct Client {
    pub rtc: Rtc,
    wire: Wire,
    local: SocketAddr,
    remote: Option<SocketAddr>,
    pending: Option<SdpPendingOffer>,
    offer: LegOffer,
    pub voice: Mid,
    pub picture: Mid,
    pub up: bool,
    pub heard: VecDeque<Heard>,
    pub asked: usize,
    timeout: Instant,
}

impl Client {
    /// Over UDP from loopback.
    pub fn udp(voices: usize, pictures: usize) -> (Self, LegOffer) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let local = socket.local_addr().unwrap();
        Self::new(Wire::Udp(socket), local, None, voices, pictures, DtlsVersion::Dtls13)
    }

    /// Over TCP to a port on loopback.
    pub fn tcp(port: u16, voices: usize, pictures: usize) -> (Self, LegOffer) {
        let remote = SocketAddr::from(([127, 0, 0, 1], port));
        let stream = TcpStream::connect(remote).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        let local = stream.local_addr().unwrap();
        let wire = Wire::Tcp { stream, read: Vec::new() };
        Self::new(wire, local, Some(remote), voices, pictures, DtlsVersion::Dtls12)
    }

    fn new(
        wire: Wire,
        local: SocketAddr,
        remote: Option<SocketAddr>,
        voices: usize,
        pictures: usize,
        dtls: DtlsVersion,
    ) -> (Self, LegOffer) {
        let now = Instant::now();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_dtls_version(dtls)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        let candidate = match wire {
            Wire::Udp(_) => Candidate::host(local, Protocol::Udp).unwrap(),
            Wire::Tcp { .. } => Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build().unwrap(),
        };
        rtc.add_local_candidate(candidate);
        let mut changes = rtc.sdp_api();
        let voice = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let picture = changes.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        for _ in 0..voices {
            changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        }
        for _ in 0..pictures {
            changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        }
        let (offer, pending) = changes.apply().unwrap();
        let client = Self {
            rtc,
            wire,
            local,
            remote,
            pending: Some(pending),
            offer: LegOffer::read(&offer.to_sdp_string()).unwrap(),
            voice,
            picture,
            up: false,
            heard: VecDeque::new(),
            asked: 0,
            timeout: now,
        };
        let offer = client.offer.clone();
        (client, offer)
    }

    /// Moves to another address, as when a network changes: the old one falls silent.
    pub fn move_away(&mut self) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let old = Candidate::host(self.local, Protocol::Udp).unwrap();
        self.local = socket.local_addr().unwrap();
        self.wire = Wire::Udp(socket);
        self.rtc.direct_api().invalidate_candidate(&old);
        self.rtc.add_local_candidate(Candidate::host(self.local, Protocol::Udp).unwrap());
        self.drain();
    }

    /// Sends bytes as they are, from the address of this console.
    pub fn throw(&self, to: SocketAddr, bytes: &[u8]) {
        if let Wire::Udp(socket) = &self.wire {
            let _ = socket.send_to(bytes, to);
        }
    }

    /// Says how much it can take (REMB), in kbit/s.
    pub fn has_room(&mut self, mid: &str, kbit_s: u64) {
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(Mid::from(mid), None) {
            stream.request_remb(str0m::bwe::Bitrate::kbps(kbit_s));
        }
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        self.drain();
    }

    /// For waiting on many at once.
    pub fn fd(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsRawFd;
        match &self.wire {
            Wire::Udp(socket) => socket.as_raw_fd(),
            Wire::Tcp { stream, .. } => stream.as_raw_fd(),
        }
    }

    pub fn answer(&mut self, answer: &LegAnswer) {
        let answer = SdpAnswer::from_sdp_string(&answer.describe(&self.offer).unwrap()).unwrap();
        self.rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
        self.drain();
    }

    /// Sends one packet of voice.
    pub fn speak(&mut self, sequence: u64, time: u32, payload: &[u8]) {
        self.send(self.voice, Codec::Opus, sequence, time, false, payload);
    }

    /// Sends one packet of a picture.
    pub fn show(&mut self, sequence: u64, time: u32, marker: bool, payload: &[u8]) {
        self.send(self.picture, Codec::Vp8, sequence, time, marker, payload);
    }

    fn send(&mut self, mid: Mid, codec: Codec, sequence: u64, time: u32, marker: bool, payload: &[u8]) {
        let now = Instant::now();
        let pt = self.rtc.codec_config().params().iter().find(|p| p.spec().codec == codec).unwrap().pt();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).unwrap();
        let packet =
            RtpWrite::new(pt, sequence.into(), time, now, payload).marker(marker).nackable(codec == Codec::Vp8);
        stream.write_rtp(packet);
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain();
    }

    /// Asks for a key frame of what is at a place.
    pub fn ask_key_frame(&mut self, mid: &str) {
        let mid = Mid::from(mid);
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
        }
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        self.drain();
    }

    /// Takes what the socket holds and lets time pass; never waits. How many packets came.
    pub fn turn(&mut self) -> usize {
        let mut count = 0;
        let mut buffer = [0; 2_048];
        while let Some((from, length)) = self.receive(&mut buffer) {
            count += 1;
            let now = Instant::now();
            let proto = if matches!(self.wire, Wire::Udp(_)) { Protocol::Udp } else { Protocol::Tcp };
            let packet = Receive::new(proto, from, self.local, &buffer[..length]).unwrap();
            let _ = self.rtc.handle_input(Input::Receive(now, packet));
            self.drain();
        }
        let now = Instant::now();
        if self.timeout <= now {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain();
        }
        count
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        match &mut self.wire {
            Wire::Udp(socket) => socket.recv_from(buffer).ok().map(|(n, from)| (from, n)),
            Wire::Tcp { stream, read } => {
                let mut chunk = [0; 4_096];
                match stream.read(&mut chunk) {
                    Ok(n) => read.extend_from_slice(&chunk[..n]),
                    Err(e) => assert_eq!(e.kind(), ErrorKind::WouldBlock),
                }
                let length = usize::from(u16::from_be_bytes(*read.first_chunk()?));
                let packet = read.get(2..2 + length)?;
                buffer[..length].copy_from_slice(packet);
                read.drain(..2 + length);
                Some((self.remote.unwrap(), length))
            }
        }
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(t)) => match &mut self.wire {
                    Wire::Udp(socket) => drop(socket.send_to(&t.contents, t.destination)),
                    Wire::Tcp { stream, .. } => {
                        let framed = [&(t.contents.len() as u16).to_be_bytes()[..], &t.contents].concat();
                        drop(stream.write_all(&framed));
                    }
                },
                Ok(Output::Event(event)) => self.event(event),
                Ok(Output::Timeout(at)) => {
                    self.timeout = at;
                    return;
                }
                Err(_) => {
                    self.up = false;
                    self.timeout = Instant::now() + Duration::from_secs(3600);
                    return;
                }
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => self.up = true,
            Event::KeyframeRequest(_) => self.asked += 1,
            Event::RtpPacket(packet) => {
                let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|s| s.mid().to_string());
                self.heard.push_back(Heard { mid: mid.unwrap_or_default(), packet, at: Instant::now() });
            }
            _ => {}
        }
    }
}

//! The endpoint's leg: str0m as a full ICE agent on one UDP socket, with fixed places (ARCHITECTURE: warm leg).

use crate::EndpointError;
use crate::socket::Address;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::Extension;
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};
use tokio::net::UdpSocket;

/// Largest UDP packet read.
const PACKET_MAX: usize = 2_048;

/// What the leg tells.
pub enum LegEvent {
    Up,
    Down,
    /// A whole frame of a place.
    Frame(Box<MediaData>),
    /// Somebody needs a key frame of ours.
    KeyFrame,
}

/// One leg. Dropping it ends it; the node notices by silence.
pub struct Leg {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    /// The node's web address: the way there says which own address is used.
    node: SocketAddr,
    pending: Option<SdpPendingOffer>,
    /// What was negotiated has been checked.
    is_fit: bool,
    voice: Mid,
    picture: Mid,
    timeout: Instant,
    events: VecDeque<LegEvent>,
    /// Packets of media sent, for the mute test: a packet with an RTP version and no RTCP type (RFC 5761 §4).
    pub media_packets: u64,
}

impl Leg {
    /// A leg towards the node, and its offer.
    pub async fn offer(node: &Address, voices: usize, pictures: usize) -> Result<(Self, String), EndpointError> {
        let node = tokio::net::lookup_host(node.host()).await?.next().ok_or(EndpointError::NoNode)?;
        let socket = UdpSocket::bind((own_address(node)?, 0)).await?;
        let local = socket.local_addr()?;
        let now = Instant::now();
        let mut rtc = Rtc::builder()
            .set_dtls_version(DtlsVersion::Auto)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_reordering_size_audio(5)
            .build(now);
        rtc.add_local_candidate(Candidate::host(local, Protocol::Udp).map_err(|e| EndpointError::Leg(e.to_string()))?);
        let mut changes = rtc.sdp_api();
        let voice = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let picture = changes.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        for _ in 0..voices {
            changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        }
        for _ in 0..pictures {
            changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        }
        let (offer, pending) = changes.apply().ok_or_else(|| EndpointError::Leg("no offer".into()))?;
        let mut leg = Self {
            rtc,
            socket,
            local,
            node,
            pending: Some(pending),
            is_fit: false,
            voice,
            picture,
            timeout: now,
            events: VecDeque::new(),
            media_packets: 0,
        };
        leg.drain();
        Ok((leg, offer.to_sdp_string()))
    }

    /// The answer, as the console's machine has made it. What was negotiated is held against the profile
    /// (spec/console.md §5) before anything is sent.
    pub fn answer(&mut self, sdp: &str) -> Result<(), EndpointError> {
        let bad = |e: &dyn std::fmt::Display| EndpointError::Leg(format!("the node's answer: {e}"));
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|e| bad(&e))?;
        let Some(pending) = self.pending.take() else { return Ok(()) };
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|e| bad(&e))?;
        self.is_fit = self.holds_to_profile(self.voice, Codec::Opus, &[Extension::RtpMid])
            && self.holds_to_profile(
                self.picture,
                Codec::Vp8,
                &[Extension::RtpMid, Extension::TransportSequenceNumber],
            );
        if !self.is_fit {
            self.rtc.disconnect();
            return Err(bad(&"what it leads to is not the profile of a leg"));
        }
        self.tick(Instant::now());
        Ok(())
    }

    /// One codec, and no header extension that says in the clear what is sealed.
    fn holds_to_profile(&self, mid: Mid, codec: Codec, extensions: &[Extension]) -> bool {
        let Some(media) = self.rtc.media(mid) else { return false };
        let params = self.rtc.codec_config().params();
        let of_codec =
            |pt: &Pt| params.iter().any(|p| p.spec().codec == codec && (p.pt() == *pt || p.resend() == Some(*pt)));
        media.direction() == Direction::SendOnly
            && !media.remote_pts().is_empty()
            && media.remote_pts().iter().all(of_codec)
            && media.remote_extmap().iter().all(|(_, extension)| extensions.contains(extension))
    }

    /// When [`Leg::tick`] is due.
    pub fn timeout(&self) -> Instant {
        self.timeout
    }

    /// Time passed.
    pub fn tick(&mut self, now: Instant) {
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain();
    }

    /// Waits until a packet can be read; cancel-safe.
    pub async fn readable(&self) {
        let _ = self.socket.readable().await;
    }

    /// Takes every packet that waits.
    pub fn read(&mut self) {
        let mut buffer = [0; PACKET_MAX];
        while let Ok((length, from)) = self.socket.try_recv_from(&mut buffer) {
            let packet = buffer.get(..length).unwrap_or_default();
            if let Ok(receive) = Receive::new(Protocol::Udp, from, self.local, packet) {
                let _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
                self.drain();
            }
        }
    }

    /// The own address at which the way to the node begins now, where that is another one than the leg's.
    pub fn moved_to(&self) -> Option<IpAddr> {
        own_address(self.node).ok().filter(|own| *own != self.local.ip())
    }

    /// What happened, until `None`.
    pub fn event(&mut self) -> Option<LegEvent> {
        self.events.pop_front()
    }

    /// Sends a sealed voice frame; `time` in samples.
    pub fn send_voice(&mut self, time: u64, sealed: &[u8]) {
        self.send(self.voice, Codec::Opus, MediaTime::new(time, Frequency::FORTY_EIGHT_KHZ), sealed);
    }

    /// Sends a sealed picture; `time` in 1/90,000 s.
    pub fn send_picture(&mut self, time: u64, sealed: &[u8]) {
        self.send(self.picture, Codec::Vp8, MediaTime::new(time, Frequency::NINETY_KHZ), sealed);
    }

    fn send(&mut self, mid: Mid, codec: Codec, time: MediaTime, sealed: &[u8]) {
        let now = Instant::now();
        if let Some(writer) = self.rtc.writer(mid).filter(|_| self.is_fit) {
            let pt = writer.payload_params().find(|p| p.spec().codec == codec).map(|p| p.pt());
            if let Some(pt) = pt {
                let _ = writer.write(pt, now, time, Arc::<[u8]>::from(sealed));
            }
        }
        self.tick(now);
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(packet)) => {
                    if is_media(&packet.contents) {
                        self.media_packets += 1;
                    }
                    let _ = self.socket.try_send_to(&packet.contents, packet.destination);
                }
                Ok(Output::Event(event)) => match event {
                    Event::Connected => self.events.push_back(LegEvent::Up),
                    Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                        self.events.push_back(LegEvent::Down)
                    }
                    Event::MediaData(data) => self.events.push_back(LegEvent::Frame(Box::new(data))),
                    Event::KeyframeRequest(_) => self.events.push_back(LegEvent::KeyFrame),
                    _ => {}
                },
                Ok(Output::Timeout(at)) => {
                    self.timeout = at;
                    return;
                }
                Err(_) => {
                    self.rtc.disconnect();
                    self.timeout = Instant::now() + std::time::Duration::from_secs(3_600);
                    self.events.push_back(LegEvent::Down);
                    return;
                }
            }
        }
    }
}

/// SRTP and not SRTCP: version 2, and a payload type outside 64…95 (RFC 5761 §4).
fn is_media(packet: &[u8]) -> bool {
    matches!(packet, [first, second, ..] if first >> 6 == 2 && !(64..96).contains(&(second & 0x7f)))
}

/// The own address on the way to the node. Sends nothing.
fn own_address(node: SocketAddr) -> std::io::Result<IpAddr> {
    let probe = std::net::UdpSocket::bind(if node.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    probe.connect(node)?;
    Ok(probe.local_addr()?.ip())
}

//! One leg: a str0m instance and what its media sections are for.

use super::keys::{self, Slot};
use super::voice::{Path, Voice};
use super::{MediaRefusal, legs::Drained};
use crate::limits::media::{COMES_BACK_WITHIN, COMES_UP_WITHIN, DATAGRAMS_BURST, DATAGRAMS_PER_S};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::bwe::BweKind;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::format::Codec;
use str0m::media::{KeyframeRequestKind, Mid, Pt};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{Extension, RtpWrite, Ssrc};
use str0m::{Candidate, Event, IceConnectionState, IceCreds, Input, Output, Rtc, RtcConfig};
use trialogue_core::ConsoleKey;
use trialogue_core::forward::{Destination, LegPacket};
use trialogue_wire::console::Medium;
use trialogue_wire::leg::{LegAddress, LegAnswer, LegEnd, LegOffer, LegStream};
use trialogue_wire::limits::LEG_ADDRESSES_MAX;

/// One leg.
pub(super) struct Leg {
    pub(super) console: ConsoleKey,
    /// The console's number of it.
    pub(super) number: u32,
    pub(super) ufrag: String,
    /// When str0m wants to be called.
    pub(super) timeout: Instant,
    /// Something was written since the last drain.
    pub(super) dirty: bool,
    pub(super) up: bool,
    /// Something inside broke; not to be touched any more.
    pub(super) broken: bool,
    /// The path that the console nominated last.
    pub(super) path: Option<Path>,
    rtc: Rtc,
    keys: Slot,
    voice: Option<Voice>,
    secured: bool,
    reached: bool,
    forget_at: Instant,
    sends: [Option<Mid>; 2],
    places: [Vec<Place>; 2],
    /// SSRCs that were looked up, with what they carry.
    known: Vec<(Ssrc, Medium)>,
    flood: Flood,
}

/// Counts datagrams of one console against its due.
#[derive(Default)]
struct Flood {
    second: u64,
    taken: u64,
}

/// One RTP stream towards the console.
pub(super) struct Place {
    pub(super) mid: Mid,
    pub(super) mid_text: String,
    pub(super) ssrc: Ssrc,
    /// Of packets that are sent again.
    pub(super) again: Option<u32>,
    pub(super) pt: Pt,
}

/// The leg is of no use any more.
#[derive(Debug)]
pub(super) struct Gone;

/// What all legs have in common.
pub(super) struct Common {
    /// Addresses to offer, of sockets and of routers before them.
    pub(super) addresses: Vec<SocketAddr>,
    /// Of this run of the node; its fingerprint is in every answer.
    pub(super) certificate: DtlsCert,
    pub(super) crypto: Arc<CryptoProvider>,
}

impl Leg {
    /// Negotiates; gives the leg and the answer.
    pub(super) fn make(
        (console, number): (ConsoleKey, u32),
        offer: &LegOffer,
        common: &Common,
        now: Instant,
    ) -> Result<(Self, LegAnswer), MediaRefusal> {
        let described = SdpOffer::from_sdp_string(&offer.describe()?).map_err(|_| MediaRefusal::Negotiation)?;
        let credentials = IceCreds::new();
        let (ufrag, password) = (credentials.ufrag.clone(), credentials.pass.clone());
        let (mut rtc, keys) = keys::tapped(|| config(credentials, common).build(now));
        add_candidates(&mut rtc, &common.addresses);
        rtc.sdp_api().accept_offer(described).map_err(|_| MediaRefusal::Negotiation)?;
        let mut places = |mids: &[String], codec| {
            let all: Option<Vec<Place>> = mids.iter().map(|mid| place(&mut rtc, mid, codec)).collect();
            all.ok_or(MediaRefusal::Negotiation)
        };
        let places = [places(offer.voice_places(), Codec::Opus)?, places(offer.picture_places(), Codec::Vp8)?];
        let fingerprint = rtc.direct_api().local_dtls_fingerprint().bytes.as_slice().try_into();
        let fingerprint = fingerprint.map_err(|_| MediaRefusal::Negotiation)?;
        let end = LegEnd { fragment: ufrag.clone(), password, fingerprint };
        let repeats = offer.numbers.again.is_some();
        let stream = |place: &Place, again: bool| LegStream { ssrc: *place.ssrc, again: place.again.filter(|_| again) };
        let streams = places[0].iter().map(|p| stream(p, false)).chain(places[1].iter().map(|p| stream(p, repeats)));
        let answer = LegAnswer { end, addresses: reached_at(&common.addresses), streams: streams.collect() };
        answer.fits(offer)?;
        let mut mids = offer.mids.iter().map(|mid| Mid::from(mid.as_str()));
        let leg = Self {
            console,
            number,
            ufrag,
            timeout: now,
            dirty: false,
            up: false,
            broken: false,
            path: None,
            rtc,
            keys,
            voice: None,
            secured: false,
            reached: false,
            forget_at: now + COMES_UP_WITHIN,
            sends: [mids.next(), mids.next()],
            places,
            known: Vec::new(),
            flood: Flood::default(),
        };
        Ok((leg, answer))
    }

    /// How many voices and pictures can be received at once.
    pub(super) fn places(&self) -> (usize, usize) {
        (self.places[0].len(), self.places[1].len())
    }

    /// The `a=mid` of a place.
    pub(super) fn mid(&self, medium: Medium, place: u8) -> Option<String> {
        self.places[medium.index()].get(usize::from(place)).map(|p| p.mid_text.clone())
    }

    /// Is this datagram for this leg? For STUN the password is checked.
    pub(super) fn accepts(&self, receive: Receive<'_>, now: Instant) -> bool {
        self.rtc.accepts(&Input::Receive(now, receive))
    }

    /// Has this console sent more than its due? Asked once per datagram.
    pub(super) fn floods(&mut self, now_ms: u64) -> bool {
        let second = now_ms / 1_000;
        if second != self.flood.second {
            let passed = second.saturating_sub(self.flood.second);
            self.flood.taken = self.flood.taken.saturating_sub(passed.saturating_mul(DATAGRAMS_PER_S));
            self.flood.second = second;
        }
        self.flood.taken += 1;
        if self.flood.taken > DATAGRAMS_PER_S + DATAGRAMS_BURST {
            self.flood.taken = DATAGRAMS_PER_S + DATAGRAMS_BURST;
            return true;
        }
        false
    }

    /// Takes a datagram; drain afterwards.
    pub(super) fn receive(&mut self, receive: Receive<'_>, now: Instant) -> Result<(), Gone> {
        self.rtc.handle_input(Input::Receive(now, receive)).map_err(|_| Gone)
    }

    /// Seals a voice into `out` and says where to send it. None: it has to go through str0m.
    pub(super) fn seal(&self, to: &Destination, payload: &[u8], out: &mut Vec<u8>) -> Option<Path> {
        let voice = self.voice.as_ref().filter(|_| self.up && to.medium == Medium::Voice)?;
        let place = self.places[0].get(usize::from(to.place))?;
        let path = self.path?;
        voice.seal(place, to, payload, out).then_some(path)
    }

    /// Voices go the short way from now on, if their keys allow it, and str0m need not carry their streams along.
    fn take_voices(&mut self) {
        let Some(first) = self.places[0].first() else { return };
        let mid_id = self.rtc.media(first.mid).and_then(|m| m.remote_extmap().id_of(Extension::RtpMid));
        self.voice = Voice::new(&self.keys, mid_id);
        if self.voice.is_some() {
            for place in &self.places[0] {
                self.rtc.direct_api().remove_stream_tx(place.ssrc);
            }
        }
    }

    /// Queues a packet for the console; drain afterwards.
    pub(super) fn write(&mut self, to: &Destination, payload: Arc<[u8]>, now: Instant) {
        if !self.up {
            return;
        }
        let Some(place) = self.places[to.medium.index()].get(usize::from(to.place)) else { return };
        if let Some(stream) = self.rtc.direct_api().stream_tx(&place.ssrc) {
            let packet = RtpWrite::new(place.pt, to.sequence.into(), to.time, now, payload)
                .marker(to.marker)
                .nackable(to.medium == Medium::Picture);
            stream.write_rtp(packet);
            self.dirty = true;
        }
    }

    /// Asks the console for a key frame; drain afterwards.
    pub(super) fn request_key_frame(&mut self) {
        let Some(mid) = self.sends[1] else { return };
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.dirty = true;
        }
    }

    /// Lets time pass and takes out everything that str0m has to say.
    pub(super) fn drain(&mut self, now: Instant, tick: bool, into: &mut Drained) -> Result<(), Gone> {
        if self.broken {
            return Err(Gone);
        }
        if tick {
            self.rtc.handle_input(Input::Timeout(now)).map_err(|_| Gone)?;
        }
        self.dirty = false;
        loop {
            match self.rtc.poll_output().map_err(|_| Gone)? {
                Output::Transmit(transmit) => into.transmits.push(transmit),
                Output::Event(event) => self.event(event, now, into),
                Output::Timeout(at) => {
                    self.timeout = at.min(if self.up { at } else { self.forget_at });
                    break;
                }
            }
        }
        let late = !self.up && now >= self.forget_at;
        if late || !self.rtc.is_alive() { Err(Gone) } else { Ok(()) }
    }

    fn event(&mut self, event: Event, now: Instant, into: &mut Drained) {
        match event {
            Event::RtpPacket(packet) => {
                let Some(medium) = self.medium(packet.header.ssrc) else { return };
                let header = LegPacket {
                    ssrc: *packet.header.ssrc,
                    sequence: *packet.seq_no,
                    time: packet.header.timestamp,
                    marker: packet.header.marker,
                };
                into.arrived.push((medium, header, packet.payload));
            }
            Event::KeyframeRequest(request) => {
                let place = self.places[1].iter().position(|p| p.mid == request.mid);
                into.wanted.extend(place.map(|at| at as u8));
            }
            Event::EgressBitrateEstimate(BweKind::Remb { estimate, .. }) => {
                into.room = Some((estimate.as_u64() / 1_000).min(u64::from(u32::MAX)) as u32);
            }
            Event::Connected => {
                self.secured = true;
                self.take_voices();
                self.state(now, into);
            }
            Event::IceConnectionStateChange(state) => {
                self.reached = matches!(state, IceConnectionState::Connected | IceConnectionState::Completed);
                self.state(now, into);
            }
            _ => {}
        }
    }

    fn state(&mut self, now: Instant, into: &mut Drained) {
        let up = self.secured && self.reached;
        if up != self.up {
            self.up = up;
            self.forget_at = now + COMES_BACK_WITHIN;
            into.state = Some(up);
        }
    }

    fn medium(&mut self, ssrc: Ssrc) -> Option<Medium> {
        if let Some((_, medium)) = self.known.iter().find(|(s, _)| *s == ssrc) {
            return Some(*medium);
        }
        let mid = self.rtc.direct_api().stream_rx(&ssrc)?.mid();
        let medium = [Medium::Voice, Medium::Picture].into_iter().find(|m| self.sends[m.index()] == Some(mid))?;
        if self.known.len() >= 16 {
            self.known.clear();
        }
        self.known.push((ssrc, medium));
        Some(medium)
    }
}

fn config(credentials: IceCreds, common: &Common) -> RtcConfig {
    Rtc::builder()
        .set_rtp_mode(true)
        .set_ice_lite(true)
        .set_dtls_version(DtlsVersion::Auto)
        .set_crypto_provider(common.crypto.clone())
        .set_dtls_cert(common.certificate.clone())
        .set_local_ice_credentials(credentials)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .set_stats_interval(None)
}

fn add_candidates(rtc: &mut Rtc, addresses: &[SocketAddr]) {
    for address in addresses {
        if let Ok(candidate) = Candidate::host(*address, Protocol::Udp) {
            rtc.add_local_candidate(candidate);
        }
    }
    for address in addresses {
        if let Ok(candidate) = Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive).build() {
            rtc.add_local_candidate(candidate);
        }
    }
}

/// What the console is told: by UDP first, and by TCP where UDP is stopped.
fn reached_at(addresses: &[SocketAddr]) -> Vec<LegAddress> {
    let by = |tcp| {
        let few = addresses.iter().filter(|a| a.port() != 0 && !a.ip().is_unspecified()).take(LEG_ADDRESSES_MAX / 2);
        few.map(move |address| LegAddress { ip: address.ip(), port: address.port(), tcp })
    };
    by(false).chain(by(true)).collect()
}

fn place(rtc: &mut Rtc, mid_text: &str, codec: Codec) -> Option<Place> {
    let mid = Mid::from(mid_text);
    let mut direct = rtc.direct_api();
    let stream = direct.stream_tx_by_mid(mid, None)?;
    let (ssrc, again) = (stream.ssrc(), stream.rtx().map(|ssrc| *ssrc));
    let negotiated = rtc.media(mid)?.remote_pts().to_vec();
    let params = rtc.codec_config().params().iter();
    let pt = params.filter(|p| p.spec().codec == codec).map(|p| p.pt()).find(|pt| negotiated.contains(pt))?;
    Some(Place { mid, mid_text: mid_text.to_owned(), ssrc, again, pt })
}

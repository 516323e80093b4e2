//! The profile as SDP (RFC 8866, RFC 8829), for WebRTC stacks that are told in no other way. Each description is made
//! whole from the template here; nothing that the other side has written gets into it but what [`super`] has checked.

use super::{LegAnswer, LegEnd, LegNumbers, LegOffer, LegStream, NotALeg};
use crate::console::Medium;
use crate::limits::{PICTURES_MAX, SDP_MAX, VOICES_MAX};
use std::fmt::Write;

/// Bit rate of a voice, bit/s.
pub const TALK_BIT_RATE: u32 = 24_000;
/// How a voice is coded (RFC 7587 §6.1): at a constant bit rate and without pauses, so that the size of a packet, or
/// that there is none, tells nothing of what is said. The platform compares what it has negotiated with this before it
/// lets a voice out.
pub const VOICE_FORMAT: &str = "minptime=20;cbr=1;usedtx=0;useinbandfec=1;stereo=0;maxaveragebitrate=24000";
/// How a node knows Opus in an offer.
const ANY_VOICE: &str = "minptime=10;useinbandfec=1";
/// Duration of a packet of voice, in milliseconds.
const PACKET_MS: u32 = 20;

const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const SENT_RATE: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const RECEIVED_RATE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

/// What differs between offer and answer.
struct Side<'a> {
    end: &'a LegEnd,
    /// DTLS role (RFC 8842).
    setup: &'static str,
    /// Of a section that the console sends, and of a place.
    directions: [&'static str; 2],
    voice: &'static str,
    answer: Option<&'a LegAnswer>,
}

impl LegOffer {
    /// What the own WebRTC stack has offered, as far as the profile lets it; all else is left out.
    ///
    /// # Errors
    /// [`NotALeg`] when that is not what a leg is made of.
    pub fn read(sdp: &str) -> Result<Self, NotALeg> {
        if sdp.len() > SDP_MAX {
            return Err(NotALeg::Own);
        }
        let mut parts = split(sdp);
        let session = parts.next().unwrap_or_default();
        let sections: Vec<Vec<&str>> = parts.take(3 + VOICES_MAX + PICTURES_MAX).collect();
        let mut mids = Vec::new();
        let mut voices = 0;
        for (at, section) in sections.iter().enumerate() {
            let (medium, place) = kind(section).ok_or(NotALeg::Sections)?;
            let in_order = match at {
                0 | 1 => !place && (medium == Medium::Voice) == (at == 0),
                _ => place && (medium == Medium::Picture || usize::from(voices) + 2 == at),
            };
            if !in_order {
                return Err(NotALeg::Sections);
            }
            voices += u8::from(place && medium == Medium::Voice);
            mids.push(value(section, "mid:").ok_or(NotALeg::Sections)?.to_owned());
        }
        let (voice, picture) =
            sections.split_first().and_then(|(v, rest)| Some((v, rest.first()?))).ok_or(NotALeg::Own)?;
        let numbers = LegNumbers {
            voice: payload_type(voice, "opus/48000/2").ok_or(NotALeg::Own)?,
            picture: payload_type(picture, "VP8/90000").ok_or(NotALeg::Own)?,
            again: None,
            mid: extension(voice, MID).ok_or(NotALeg::Own)?,
            sent_rate: extension(picture, SENT_RATE),
            received_rate: sections.last().and_then(|last| extension(last, RECEIVED_RATE)),
        };
        let numbers = LegNumbers { again: repeats(picture, numbers.picture), ..numbers };
        let either = |name| value(voice, name).or_else(|| value(&session, name));
        let end = LegEnd {
            fragment: either("ice-ufrag:").ok_or(NotALeg::Own)?.to_owned(),
            password: either("ice-pwd:").ok_or(NotALeg::Own)?.to_owned(),
            fingerprint: either("fingerprint:").and_then(fingerprint).ok_or(NotALeg::Own)?,
        };
        let (voice, picture) = (stream(voice).ok_or(NotALeg::Own)?, stream(picture).ok_or(NotALeg::Own)?);
        let picture = LegStream { again: picture.again.filter(|_| numbers.again.is_some()), ..picture };
        let offer = Self { end, numbers, mids, voices, voice, picture };
        offer.check()?;
        Ok(offer)
    }

    /// The offer, for the node's WebRTC stack.
    ///
    /// # Errors
    /// [`NotALeg`]: it does not hold to the profile.
    pub fn describe(&self) -> Result<String, NotALeg> {
        self.check()?;
        let directions = ["sendonly", "recvonly"];
        Ok(self.text(&Side { end: &self.end, setup: "actpass", directions, voice: ANY_VOICE, answer: None }))
    }

    fn text(&self, side: &Side<'_>) -> String {
        let mut text = String::from("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
        for mid in &self.mids {
            put(&mut text, format_args!(" {mid}"));
        }
        text.push_str("\r\na=msid-semantic: WMS\r\n");
        if side.answer.is_some() {
            text.push_str("a=ice-lite\r\n");
        }
        for at in 0..self.mids.len() {
            self.section(&mut text, side, at);
        }
        text
    }

    fn section(&self, text: &mut String, side: &Side<'_>, at: usize) {
        let Some(mid) = self.mids.get(at) else { return };
        let place = at.checked_sub(2);
        let voice = at == 0 || place.is_some_and(|place| place < usize::from(self.voices));
        let LegNumbers { voice: opus, picture: vp8, again, .. } = self.numbers;
        match (voice, again) {
            (true, _) => put(text, format_args!("m=audio 9 UDP/TLS/RTP/SAVPF {opus}\r\n")),
            (false, Some(again)) => put(text, format_args!("m=video 9 UDP/TLS/RTP/SAVPF {vp8} {again}\r\n")),
            (false, None) => put(text, format_args!("m=video 9 UDP/TLS/RTP/SAVPF {vp8}\r\n")),
        }
        text.push_str("c=IN IP4 0.0.0.0\r\n");
        if at == 0 {
            addresses(text, side.answer);
        }
        put(text, format_args!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", side.end.fragment, side.end.password));
        text.push_str("a=fingerprint:sha-256 ");
        for (at, byte) in side.end.fingerprint.iter().enumerate() {
            put(text, format_args!("{}{byte:02X}", if at == 0 { "" } else { ":" }));
        }
        let [sends, receives] = side.directions;
        put(text, format_args!("\r\na=setup:{}\r\na=mid:{mid}\r\n", side.setup));
        put(text, format_args!("a=extmap:{} {MID}\r\n", self.numbers.mid));
        match (voice, place) {
            (false, None) => extmap(text, self.numbers.sent_rate, SENT_RATE),
            (false, Some(_)) => extmap(text, self.numbers.received_rate, RECEIVED_RATE),
            _ => {}
        }
        put(text, format_args!("a={}\r\na=rtcp-mux\r\n", if place.is_none() { sends } else { receives }));
        if voice {
            put(text, format_args!("a=rtpmap:{opus} opus/48000/2\r\na=fmtp:{opus} {}\r\n", side.voice));
            put(text, format_args!("a=ptime:{PACKET_MS}\r\n"));
        } else {
            put(text, format_args!("a=rtcp-rsize\r\na=rtpmap:{vp8} VP8/90000\r\n"));
            let rate = if place.is_none() { "transport-cc" } else { "goog-remb" };
            for feedback in [rate, "ccm fir", "nack", "nack pli"] {
                put(text, format_args!("a=rtcp-fb:{vp8} {feedback}\r\n"));
            }
            if let Some(again) = again {
                put(text, format_args!("a=rtpmap:{again} rtx/90000\r\na=fmtp:{again} apt={vp8}\r\n"));
            }
        }
        let stream = match (side.answer, at) {
            (Some(answer), _) => place.and_then(|place| answer.streams.get(place)),
            (None, 0) => Some(&self.voice),
            (None, 1) => Some(&self.picture),
            (None, _) => None,
        };
        let Some(stream) = stream else { return };
        // A stream of its own for each section: who is heard at one place and seen at another changes in a call.
        put(text, format_args!("a=msid:s{mid} t{mid}\r\n"));
        if let Some(again) = stream.again {
            put(text, format_args!("a=ssrc-group:FID {} {again}\r\n", stream.ssrc));
        }
        for ssrc in [Some(stream.ssrc), stream.again].into_iter().flatten() {
            put(text, format_args!("a=ssrc:{ssrc} cname:s{mid}\r\na=ssrc:{ssrc} msid:s{mid} t{mid}\r\n"));
        }
    }
}

impl LegAnswer {
    /// The answer to `offer`, for the console's WebRTC stack.
    ///
    /// # Errors
    /// [`NotALeg`]: it does not answer it, or does not hold to the profile.
    pub fn describe(&self, offer: &LegOffer) -> Result<String, NotALeg> {
        offer.check()?;
        self.fits(offer)?;
        let directions = ["recvonly", "sendonly"];
        Ok(offer.text(&Side { end: &self.end, setup: "passive", directions, voice: VOICE_FORMAT, answer: Some(self) }))
    }
}

/// Where the node is reached, the first of each kind preferred (RFC 8445 §5.1.2), UDP before TCP.
fn addresses(text: &mut String, answer: Option<&LegAnswer>) {
    let Some(answer) = answer else { return };
    for (at, address) in answer.addresses.iter().enumerate() {
        let (transport, class, end) = if address.tcp { ("tcp", 90_u32, " tcptype passive") } else { ("udp", 126, "") };
        let priority = (class << 24) | ((65_535 - at as u32) << 8) | 255;
        let (ip, port) = (address.ip, address.port);
        put(text, format_args!("a=candidate:{} 1 {transport} {priority} {ip} {port} typ host{end}\r\n", at + 1));
    }
    text.push_str("a=end-of-candidates\r\n");
}

fn extmap(text: &mut String, id: Option<u8>, uri: &str) {
    if let Some(id) = id {
        put(text, format_args!("a=extmap:{id} {uri}\r\n"));
    }
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = text.write_fmt(what);
}

/// The lines before the first section, then those of each section.
fn split(sdp: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut lines = sdp.lines().map(str::trim_end).peekable();
    let mut first = true;
    std::iter::from_fn(move || {
        if !std::mem::take(&mut first) && lines.peek().is_none() {
            return None;
        }
        let mut part: Vec<&str> = lines.next().into_iter().collect();
        while let Some(line) = lines.next_if(|line| !line.starts_with("m=")) {
            part.push(line);
        }
        Some(part)
    })
}

/// Voice or picture, and is it a place.
fn kind(section: &[&str]) -> Option<(Medium, bool)> {
    let medium = match section.first()?.strip_prefix("m=")?.split(' ').next()? {
        "audio" => Medium::Voice,
        "video" => Medium::Picture,
        _ => return None,
    };
    let is = |direction: &str| section.contains(&direction);
    (is("a=sendonly") != is("a=recvonly")).then(|| (medium, is("a=recvonly")))
}

fn value<'a>(part: &[&'a str], name: &str) -> Option<&'a str> {
    part.iter().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name))
}

fn payload_type(section: &[&str], codec: &str) -> Option<u8> {
    section.iter().find_map(|line| {
        let (number, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        if name.eq_ignore_ascii_case(codec) { number.parse().ok() } else { None }
    })
}

fn repeats(section: &[&str], what: u8) -> Option<u8> {
    section.iter().find_map(|line| {
        let (number, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
        let of = parameters.split(';').find_map(|p| p.trim().strip_prefix("apt="))?;
        if of.parse() == Ok(what) { number.parse().ok() } else { None }
    })
}

fn stream(section: &[&str]) -> Option<LegStream> {
    let repeated = value(section, "ssrc-group:FID ").and_then(|group| {
        let (ssrc, again) = group.split_once(' ')?;
        Some(LegStream { ssrc: ssrc.parse().ok()?, again: Some(again.parse().ok()?) })
    });
    let once = || Some(LegStream { ssrc: value(section, "ssrc:")?.split(' ').next()?.parse().ok()?, again: None });
    repeated.or_else(once)
}

fn extension(section: &[&str], uri: &str) -> Option<u8> {
    section.iter().find_map(|line| {
        let (id, rest) = line.strip_prefix("a=extmap:")?.split_once(' ')?;
        let id = id.split('/').next()?;
        if rest.split(' ').next() == Some(uri) { id.parse().ok() } else { None }
    })
}

fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let (hash, digits) = text.split_once(' ')?;
    let mut bytes = [0; 32];
    let mut parts = digits.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    (hash.eq_ignore_ascii_case("sha-256") && parts.next().is_none()).then_some(bytes)
}

//! What a console and its node tell each other to make a leg: no SDP, only the few things that differ from one leg to
//! the next, each in one form. All else stands in the profile (`spec/console.md` §5): `sdp` makes the whole
//! descriptions of it, and reads what a WebRTC stack of one's own says.

#[cfg(feature = "fixture")]
pub mod fixture;
mod sdp;

pub use sdp::{TALK_BIT_RATE, VOICE_FORMAT};

use crate::limits::{LEG_ADDRESSES_MAX, MID_MAX, PICTURES_MAX, VOICES_MAX};
use core::net::IpAddr;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// One side of a leg: how the other proves in ICE (RFC 8445) and DTLS (RFC 8842) that it talks to this one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LegEnd {
    /// ICE user name fragment: 4 to 32 of `A–Z a–z 0–9 + /`.
    #[n(1)]
    pub fragment: String,
    /// ICE password: 22 to 64 of the same.
    #[n(2)]
    pub password: String,
    /// SHA-256 of the certificate of its DTLS.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub fingerprint: [u8; 32],
}

/// Numbers by which the console's WebRTC stack calls what the profile allows. They are the same in all sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LegNumbers {
    /// Payload type of Opus: 35 to 63, or 96 to 127 (RFC 5761 §4), as the next two.
    #[n(1)]
    pub voice: u8,
    /// Payload type of VP8.
    #[n(2)]
    pub picture: u8,
    /// Payload type of a repeated packet of a picture (RFC 4588); none: nothing is repeated.
    #[n(3)]
    pub again: Option<u8>,
    /// Header extension, 1 to 14, that says the section of a packet (RFC 8843 §15).
    #[n(4)]
    pub mid: u8,
    /// Header extension that numbers the packets of the picture that the console sends (transport-wide congestion
    /// control).
    #[n(5)]
    pub sent_rate: Option<u8>,
    /// Header extension that says when the node sent a packet of a picture (abs-send-time).
    #[n(6)]
    pub received_rate: Option<u8>,
}

/// What the console says: [`crate::console::ToNode::Offer`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LegOffer {
    /// Its side.
    #[n(1)]
    pub end: LegEnd,
    /// Its numbers.
    #[n(2)]
    pub numbers: LegNumbers,
    /// Names (`mid`) of its sections, 1 to [`MID_MAX`] letters and digits each: the voice and the picture that it
    /// sends, then its places for voices, then those for pictures.
    #[n(3)]
    pub mids: Vec<String>,
    /// How many of these are places for voices.
    #[n(4)]
    pub voices: u8,
    /// How it numbers the voice that it sends.
    #[n(5)]
    pub voice: LegStream,
    /// How it numbers the picture.
    #[n(6)]
    pub picture: LegStream,
}

/// Where the node is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LegAddress {
    /// 4 or 16 bytes; of one machine.
    #[cbor(n(1), with = "ip")]
    pub ip: IpAddr,
    /// Not 0.
    #[n(2)]
    pub port: u16,
    /// By TCP (RFC 4571, RFC 6544); otherwise by UDP.
    #[n(3)]
    pub tcp: bool,
}

/// How packets are numbered: of the voice or the picture of a console, or of what a node sends at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LegStream {
    /// SSRC.
    #[n(1)]
    pub ssrc: u32,
    /// SSRC of repeated packets: of a picture alone.
    #[n(2)]
    pub again: Option<u32>,
}

/// What the node answers: [`crate::console::ToConsole::Answer`]. It is ICE-lite and the passive side of DTLS.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LegAnswer {
    /// Its side.
    #[n(1)]
    pub end: LegEnd,
    /// Where it is reached, the best first: 1 to [`LEG_ADDRESSES_MAX`].
    #[n(2)]
    pub addresses: Vec<LegAddress>,
    /// One for each place, in the order of the offer.
    #[n(3)]
    pub streams: Vec<LegStream>,
}

/// Why no leg can be made of an offer or answer. Holds nothing of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALeg {
    /// A fragment or password that ICE does not know.
    #[error("an ICE fragment has 4 to 32 and a password 22 to 64 characters of A-Z, a-z, 0-9, + and /")]
    Credentials,
    /// A payload type or header extension out of range, or one for two things.
    #[error("payload types are 35 to 63 or 96 to 127, header extensions 1 to 14, and each is used once")]
    Numbers,
    /// Sections without a name, with the same one, too many or in another order.
    #[error(
        "a leg has one voice and one picture to send, at most {VOICES_MAX} places for voices and {PICTURES_MAX} for pictures, in this order, each with a name of 1 to {MID_MAX} letters and digits"
    )]
    Sections,
    /// No address, too many, or one that is not of a machine.
    #[error("a node is reached at 1 to {LEG_ADDRESSES_MAX} addresses of one machine each, with a port")]
    Addresses,
    /// Not one stream for each section, or the same number twice.
    #[error("each section has one stream with numbers of its own, and repeats packets of pictures alone")]
    Streams,
    /// The own WebRTC stack has described something that the profile does not have.
    #[error(
        "the own description lacks what a leg needs: Opus and VP8, section names in packets, one certificate by SHA-256"
    )]
    Own,
}

fn is_ice(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

fn are_distinct<T: Ord>(numbers: impl IntoIterator<Item = T>) -> bool {
    let mut all: Vec<T> = numbers.into_iter().collect();
    all.sort_unstable();
    all.windows(2).all(|two| two.first() != two.last())
}

impl LegEnd {
    fn check(&self) -> Result<(), NotALeg> {
        if is_ice(&self.fragment, 4, 32) && is_ice(&self.password, 22, 64) { Ok(()) } else { Err(NotALeg::Credentials) }
    }
}

impl LegNumbers {
    fn check(&self) -> Result<(), NotALeg> {
        let types = [Some(self.voice), Some(self.picture), self.again].into_iter().flatten();
        let extensions = [Some(self.mid), self.sent_rate, self.received_rate].into_iter().flatten();
        let fit = types.clone().all(|pt| (35..64).contains(&pt) || (96..128).contains(&pt))
            && extensions.clone().all(|id| (1..15).contains(&id))
            && are_distinct(types)
            && are_distinct(extensions);
        if fit { Ok(()) } else { Err(NotALeg::Numbers) }
    }
}

impl LegOffer {
    /// Can a leg be made of it?
    ///
    /// # Errors
    /// [`NotALeg`]: what stands against it.
    pub fn check(&self) -> Result<(), NotALeg> {
        self.end.check()?;
        self.numbers.check()?;
        let is_name =
            |mid: &String| (1..=MID_MAX).contains(&mid.len()) && mid.bytes().all(|b| b.is_ascii_alphanumeric());
        let places = self.mids.len().checked_sub(2).ok_or(NotALeg::Sections)?;
        let pictures = places.checked_sub(usize::from(self.voices)).ok_or(NotALeg::Sections)?;
        let few = usize::from(self.voices) <= VOICES_MAX && pictures <= PICTURES_MAX;
        if !few || !self.mids.iter().all(is_name) || !are_distinct(&self.mids) {
            return Err(NotALeg::Sections);
        }
        let repeats = self.picture.again.is_none() || self.numbers.again.is_some();
        let numbers = [Some(self.voice.ssrc), Some(self.picture.ssrc), self.picture.again].into_iter().flatten();
        if self.voice.again.is_none() && repeats && are_distinct(numbers) { Ok(()) } else { Err(NotALeg::Streams) }
    }

    /// Names of the places for voices.
    #[must_use]
    pub fn voice_places(&self) -> &[String] {
        self.mids.get(2..2 + usize::from(self.voices)).unwrap_or_default()
    }

    /// Names of the places for pictures.
    #[must_use]
    pub fn picture_places(&self) -> &[String] {
        self.mids.get(2 + usize::from(self.voices)..).unwrap_or_default()
    }
}

impl LegAnswer {
    /// Can a leg be made of it, whatever the offer was?
    ///
    /// # Errors
    /// [`NotALeg`]: what stands against it.
    pub fn check(&self) -> Result<(), NotALeg> {
        self.end.check()?;
        let of_a_machine = |a: &LegAddress| a.port != 0 && !a.ip.is_unspecified() && !a.ip.is_multicast();
        if !(1..=LEG_ADDRESSES_MAX).contains(&self.addresses.len()) || !self.addresses.iter().all(of_a_machine) {
            return Err(NotALeg::Addresses);
        }
        let numbers = self.streams.iter().flat_map(|s| [Some(s.ssrc), s.again]).flatten();
        let few = self.streams.len() <= VOICES_MAX + PICTURES_MAX;
        if few && are_distinct(numbers) { Ok(()) } else { Err(NotALeg::Streams) }
    }

    /// Does it answer this offer?
    ///
    /// # Errors
    /// [`NotALeg`]: what stands against it.
    pub fn fits(&self, offer: &LegOffer) -> Result<(), NotALeg> {
        self.check()?;
        let pictures = self.streams.iter().skip(usize::from(offer.voices));
        let again = self.streams.iter().take(usize::from(offer.voices)).all(|voice| voice.again.is_none())
            && (offer.numbers.again.is_some() || pictures.into_iter().all(|picture| picture.again.is_none()));
        if self.streams.len() + 2 == offer.mids.len() && again { Ok(()) } else { Err(NotALeg::Streams) }
    }
}

/// An address as its bytes.
mod ip {
    use super::*;

    pub(super) fn encode<C, W: encode::Write>(
        ip: &IpAddr,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match ip {
            IpAddr::V4(ip) => e.bytes(&ip.octets())?.ok(),
            IpAddr::V6(ip) => e.bytes(&ip.octets())?.ok(),
        }
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<IpAddr, decode::Error> {
        let bytes = d.bytes()?;
        let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
        four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
            .map_err(|_| decode::Error::message("an address has 4 or 16 bytes"))
    }
}

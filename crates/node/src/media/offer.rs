//! Reading a console's offer before str0m does: what its media sections are for, and without what is of no use here.

use super::MediaRefusal;
use trialogue_wire::console::Medium;
use trialogue_wire::limits::{PICTURES_MAX, SDP_MAX, VOICES_MAX};

/// Header extensions that are not taken up: each costs bytes and time in every packet, and loudness is nobody's business.
const UNUSED: [&str; 7] =
    ["abs-send-time", "transport-wide-cc", "ssrc-audio-level", "toffset", "playout-delay", "video-", "color-space"];

/// What an offer says.
pub(super) struct Offer {
    /// The text to negotiate with.
    pub(super) sdp: String,
    /// `mid` of what the console sends: voice, picture.
    pub(super) sends: [Option<String>; 2],
    /// `mid`s of the places where it receives: voices, pictures.
    pub(super) places: [Vec<String>; 2],
}

#[derive(Default)]
struct Section<'a> {
    lines: Vec<&'a str>,
    medium: Option<Medium>,
    mid: Option<&'a str>,
    receives: bool,
    sends: bool,
}

/// Reads an offer. Candidates are left out: the node is ICE-lite (RFC 8445 §2.5) and answers whoever proves to know the leg's password.
pub(super) fn read(sdp: &str) -> Result<Offer, MediaRefusal> {
    if sdp.len() > SDP_MAX {
        return Err(MediaRefusal::TooLarge);
    }
    let sections = split(sdp);
    if sections.len() > 2 + VOICES_MAX + PICTURES_MAX + 2 {
        return Err(MediaRefusal::TooLarge);
    }
    let mut offer = Offer { sdp: String::with_capacity(sdp.len()), sends: [None, None], places: [vec![], vec![]] };
    for section in &sections {
        keep(section, &mut offer)?;
    }
    let [voices, pictures] = &offer.places;
    if voices.len() > VOICES_MAX || pictures.len() > PICTURES_MAX {
        return Err(MediaRefusal::TooLarge);
    }
    Ok(offer)
}

fn split(sdp: &str) -> Vec<Section<'_>> {
    let mut sections = vec![Section::default()];
    for line in sdp.lines().map(str::trim_end).filter(|l| !l.is_empty()) {
        if let Some(kind) = line.strip_prefix("m=") {
            let medium = match kind.split(' ').next() {
                Some("audio") => Some(Medium::Voice),
                Some("video") => Some(Medium::Picture),
                _ => None,
            };
            sections.push(Section { medium, receives: true, sends: true, ..Section::default() });
        }
        let Some(section) = sections.last_mut() else { continue };
        match line {
            "a=sendonly" => section.receives = false,
            "a=recvonly" => section.sends = false,
            "a=inactive" => (section.sends, section.receives) = (false, false),
            _ => section.mid = line.strip_prefix("a=mid:").or(section.mid),
        }
        section.lines.push(line);
    }
    sections
}

fn keep(section: &Section<'_>, offer: &mut Offer) -> Result<(), MediaRefusal> {
    // A section that sends and receives counts as one to send: a place has no other use.
    let place = section.receives && !section.sends;
    if let Some(medium) = section.medium.filter(|_| section.receives || section.sends) {
        let mid = section.mid.filter(|m| !m.is_empty() && m.len() <= 16).ok_or(MediaRefusal::Malformed)?.to_owned();
        let at = usize::from(medium == Medium::Picture);
        if place {
            offer.places[at].push(mid);
        } else if offer.sends[at].replace(mid).is_some() {
            return Err(MediaRefusal::Malformed);
        }
    }
    let voice = section.medium == Some(Medium::Voice);
    for line in &section.lines {
        let candidate = line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates");
        let extension = line.starts_with("a=extmap:");
        // Rates are measured on pictures only: by the node with transport-wide-cc, by the console with abs-send-time.
        let measured = !voice && line.contains(if place { "abs-send-time" } else { "transport-wide-cc" });
        let unused = extension && !measured && UNUSED.iter().any(|name| line.contains(name));
        if !candidate && !unused {
            offer.sdp.push_str(line);
            offer.sdp.push_str("\r\n");
        }
    }
    Ok(())
}

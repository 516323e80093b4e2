//! One packet: where it goes, under which numbers.

use super::guard::{self, Came, Verdict};
use super::pace::Way;
use super::window::{Mark, Seen};
use super::{EVENTS_MAX, ForwardEvent, Forwarder, Nodes, Stream, vp8};
use trialogue_wire::console::Medium;
use trialogue_wire::limits::PAYLOAD_MAX;
use trialogue_wire::media::{Half, MediaHeader};

/// The fields of an RTP packet that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegPacket {
    /// SSRC; a new one is a new beginning.
    pub ssrc: u32,
    /// Sequence, extended by roll-overs.
    pub sequence: u64,
    /// RTP time.
    pub time: u32,
    /// RTP marker.
    pub marker: bool,
}

/// One place that gets the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The leg.
    pub leg: u32,
    /// Voice or picture.
    pub medium: Medium,
    /// The place, counted from 0 for each medium.
    pub place: u8,
    /// Extended sequence to send with; never given twice for a place, and begins below the first roll-over.
    pub sequence: u64,
    /// RTP time to send with.
    pub time: u32,
    /// RTP marker.
    pub marker: bool,
}

/// Where a packet goes beside the places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded {
    /// To these nodes, if any, as a datagram with `header`.
    pub links: Nodes,
    /// Those of them that get a spare copy, to relay it: not over a way that has room for one voice alone.
    pub spare: Nodes,
    /// Header for the links.
    pub header: MediaHeader,
}

impl Forwarder {
    /// A packet of a console on its leg. None: it goes nowhere and is counted. Places are appended to `out`.
    pub fn on_leg_packet(
        &mut self,
        leg: u32,
        medium: Medium,
        packet: LegPacket,
        payload: &[u8],
        now_ms: u64,
        out: &mut Vec<Destination>,
    ) -> Option<Forwarded> {
        self.counters.from_legs += 1;
        if payload.is_empty() || payload.len() > PAYLOAD_MAX {
            self.counters.malformed += 1;
            return None;
        }
        let state = self.legs.get(leg as usize)?.as_ref()?;
        let Some(at) = state.feeds[medium.index()] else {
            self.counters.not_in += 1;
            return None;
        };
        let stream = self.streams.get_mut(at)?.as_mut()?;
        if !stream.pace.takes(Way::Direct, payload.len(), now_ms) {
            self.counters.over_rate += 1;
            return None;
        }
        let ssrc = Some((state.incarnation, packet.ssrc));
        if stream.source_ssrc != ssrc {
            stream.source_ssrc = ssrc;
            stream.source_generation += 1;
        }
        let generation = stream.source_generation;
        let numbers = stream.source.map(generation, packet.sequence, packet.time, clock_khz(medium), now_ms);
        let Some((sequence, time)) = numbers else {
            self.counters.copies += 1;
            return None;
        };
        if medium == Medium::Voice {
            let (number, again) = (stream.number, stream.sound.heard(sequence as u32, now_ms));
            if again {
                self.event(ForwardEvent::VoiceQuiet { number, after: None });
            }
        }
        let stream = self.streams.get_mut(at)?.as_mut()?;
        let header = MediaHeader {
            marker: packet.marker,
            key_frame: medium == Medium::Picture && vp8::begins_key_frame(payload),
            half: Half::Whole,
            node: self.own,
            stream: stream.number,
            sequence: sequence as u32,
            time,
        };
        let (links, spare) = (stream.links.and(stream.spare), stream.spare);
        let verdict = match stream.window.take(header.sequence, Mark::default()) {
            Seen::New(sequence) => Verdict::New(sequence),
            Seen::Restart(sequence) => Verdict::Restart(sequence),
            Seen::Copy(_) | Seen::Far => Verdict::Copy,
        };
        self.forward(at, verdict, header, (links, spare), payload.len(), now_ms, out)
    }

    /// A whole packet of another node, that came over the link to `from`. None: it goes nowhere and is counted.
    pub fn on_link_packet(
        &mut self,
        from: u8,
        header: MediaHeader,
        payload: &[u8],
        now_ms: u64,
        out: &mut Vec<Destination>,
    ) -> Option<Forwarded> {
        self.counters.from_links += 1;
        if payload.is_empty() || payload.len() > PAYLOAD_MAX || header.node == self.own || header.half != Half::Whole {
            self.counters.malformed += 1;
            return None;
        }
        let Some(at) = self.numbers.get(&(header.node, header.stream)).copied() else {
            self.counters.unknown += 1;
            return None;
        };
        let hash = guard::hash(self.key, &header, payload);
        let stream = self.streams.get_mut(at)?.as_mut()?;
        let barred = self.barred.get_mut(usize::from(header.node))?;
        let came = Came { from, header: &header, length: payload.len(), hash, now_ms };
        let (verdict, caught) = stream.guard.take(&mut stream.window, &mut stream.pace, barred, &came);
        if let Some(relay) = caught {
            self.counters.relays_barred += 1;
            if self.events.len() < EVENTS_MAX {
                self.events.push_back(ForwardEvent::RelayBarred { source: header.node, relay });
            }
        }
        // A relay of a relay only where there is no other way: then the route names it among its links.
        let spare = if from == header.node { stream.spare } else { Nodes::NONE };
        if let Verdict::Late(newest) = verdict {
            self.counters.copies += 1;
            if let Some(sequence) = newest {
                self.copy_of_the_source(at, sequence, header.time, now_ms);
            }
            self.counters.to_links += spare.iter().count() as u64;
            return (!spare.is_empty()).then_some(Forwarded { links: spare, spare, header });
        }
        let links = stream.links.and(spare).without(from);
        self.forward(at, verdict, header, (links, spare), payload.len(), now_ms, out)
    }

    /// The newest packet from the source itself is a copy of what a relay brought before: it goes to nobody again. But
    /// where a relay made up what a place begins or ends with, far ahead, the place goes on from here.
    fn copy_of_the_source(&mut self, at: usize, sequence: u64, time: u32, now_ms: u64) {
        let Self { streams, legs, .. } = self;
        let Some(stream) = streams.get(at).and_then(Option::as_ref) else { return };
        let khz = clock_khz(stream.medium);
        for (leg, place) in stream.receivers.iter().copied() {
            let Some(state) = legs.get_mut(leg as usize).and_then(Option::as_mut) else { continue };
            if let Some(slot) = state.places[stream.medium.index()].get_mut(usize::from(place)) {
                slot.numbers.copy_of_the_source(stream.generation, sequence, time, khz, now_ms);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn forward(
        &mut self,
        at: usize,
        verdict: Verdict,
        header: MediaHeader,
        (links, spare): (Nodes, Nodes),
        length: usize,
        now_ms: u64,
        out: &mut Vec<Destination>,
    ) -> Option<Forwarded> {
        let Self { streams, legs, counters, generation, .. } = self;
        let stream = streams.get_mut(at)?.as_mut()?;
        let sequence = match verdict {
            Verdict::New(sequence) | Verdict::Newest(sequence) => sequence,
            Verdict::Restart(sequence) => {
                *generation = generation.wrapping_add(1).max(1);
                stream.generation = *generation;
                sequence
            }
            Verdict::Copy | Verdict::Late(_) => {
                counters.copies += 1;
                return None;
            }
            Verdict::Forged => {
                counters.forged += 1;
                return None;
            }
            Verdict::OverRate => {
                counters.over_rate += 1;
                return None;
            }
        };
        let before = out.len();
        let mut asked = false;
        let Stream { receivers, medium, generation, .. } = stream;
        let medium = *medium;
        for (leg, place) in receivers.iter().copied() {
            let Some(state) = legs.get_mut(leg as usize).and_then(Option::as_mut) else {
                continue;
            };
            if medium == Medium::Voice {
                state.budget.voice(length, now_ms);
            } else {
                let (may, ask) = state.may_see(place, header.key_frame, length, now_ms, counters);
                asked |= ask;
                if !may {
                    continue;
                }
            }
            let Some(slot) = state.places[medium.index()].get_mut(usize::from(place)) else {
                continue;
            };
            if let Verdict::Newest(_) = verdict {
                slot.numbers.is_newest(sequence);
            }
            if let Some((sequence, time)) =
                slot.numbers.map(*generation, sequence, header.time, clock_khz(medium), now_ms)
            {
                out.push(Destination { leg, medium, place, sequence, time, marker: header.marker });
            }
        }
        counters.to_legs += (out.len() - before) as u64;
        counters.to_links += links.iter().count() as u64;
        let device = stream.device;
        if header.key_frame {
            self.key_frames.seen(device);
        } else if asked {
            self.want_key_frame(device, now_ms);
        }
        Some(Forwarded { links, spare, header })
    }
}

const fn clock_khz(medium: Medium) -> u32 {
    match medium {
        Medium::Voice => 48,
        Medium::Picture => 90,
    }
}

//! What the console machine asks for.

use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::identity;
use crate::leg::Leg;
use crate::socket::Address;
use crate::station::device;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use str0m::media::Mid;
use trialogue_console_core::view::{Command, NodeLink, View};
use trialogue_console_core::{Input, Output};

impl Endpoint {
    pub(crate) async fn act(&mut self, output: Output) {
        match output {
            Output::At { slot, output } => self.act_at(usize::from(slot), *output).await,
            Output::Use { slot } => {
                self.active = usize::from(slot).min(self.slots.len() - 1);
                if let Some(film) = &mut self.film {
                    film.seek_key_frame();
                }
                self.report.say(Event::Site { slot });
            }
            Output::View(view) => self.see(*view),
            Output::Seal(key) => {
                let key_id = key.as_ref().map(|key| format!("{:014x}", key.key_id));
                self.sealing.seal_with(key);
                // What the group changed, new members must be able to see at once.
                if let Some(film) = &mut self.film {
                    film.seek_key_frame();
                }
                self.report.say(Event::Seal { key_id });
            }
            Output::OpenKey(key) => self.sealing.open_with(key),
            Output::ForgetKey { key_id, over } => self.sealing.forget(key_id, over),
            Output::Charter(bytes) => {
                if let Err(failure) = identity::keep_charter(&self.dir, &bytes) {
                    // Without it an older charter would be taken next time.
                    self.failure = Some(failure);
                    self.stop = true;
                }
            }
            Output::Log(event) => self.report.say(Event::Log { line: format!("{event:?}") }),
            Output::ProveAlive { nonce } => {
                if crate::sealing::probe() {
                    self.input(Input::Proven { nonce });
                }
            }
            Output::Keep { version, bytes } => self.keep_writings(version, &bytes),
            Output::GiveChunk(hash) => self.give_chunk(hash),
            Output::ForgetChunks(hashes) => self.forget_chunks(&hashes),
            Output::File(part) => self.file_part(&part),
            Output::Archive(writing) => self.archive(&writing),
            Output::ArchiveChunk(chunk) => self.archive_chunk(&chunk),
            Output::ArchiveSaid(word) => self.archive_said(&word),
            Output::Written(written) => self.report.say(Event::Written { written }),
            Output::Ringing(_) => {}
            of_slot => self.act_at(0, of_slot).await,
        }
    }

    /// What concerns one WebSocket or leg.
    async fn act_at(&mut self, number: usize, output: Output) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        match output {
            Output::Connect { url } => {
                slot.drop_socket();
                slot.node = Address::parse(&url);
                self.connect(number);
            }
            Output::Send(bytes) => {
                let full = slot.socket.as_ref().is_some_and(|socket| !socket.try_send(bytes));
                if full {
                    slot.drop_socket();
                    self.slot_input(number, Input::Closed);
                }
            }
            Output::Reconnect { after_ms } => {
                slot.drop_socket();
                slot.reconnect_at = Some(Instant::now() + Duration::from_millis(u64::from(after_ms)));
            }
            Output::Stop => {
                slot.drop_socket();
                slot.reconnect_at = None;
            }
            Output::MakeOffer { leg } => self.make_leg(number, leg).await,
            Output::LegAnswer { leg: of, sdp } => {
                let leg = slot.leg.as_mut().filter(|_| slot.leg_number == of);
                if let Some(Err(why)) = leg.map(|leg| leg.answer(&sdp)) {
                    self.drop_leg(number);
                    self.slot_input(number, Input::LegUnfit { leg: of, why: why.to_string() });
                }
            }
            Output::Place { leg, .. } if slot.leg_number != leg => {}
            Output::Place { mid, device, medium, .. } => {
                let mid = Mid::from(mid.as_str());
                match device {
                    Some(device) => slot.places.insert(mid, (device, medium)),
                    None => slot.places.remove(&mid),
                };
            }
            _ => {}
        }
    }

    async fn make_leg(&mut self, slot: usize, number: u32) {
        self.drop_leg(slot);
        let Some(node) = self.slots.get(slot).and_then(|slot| slot.node.clone()) else { return };
        match Leg::offer(&node, self.args.voices.min(24), self.args.pictures.min(16)).await {
            Ok((leg, sdp)) => {
                if let Some(slot) = self.slots.get_mut(slot) {
                    slot.leg = Some(leg);
                    slot.leg_number = number;
                }
                self.slot_input(slot, Input::LegOffer { leg: number, sdp });
            }
            // The machine asks again.
            Err(why) => self.report.say(Event::Log { line: why.to_string() }),
        }
    }

    fn see(&mut self, view: View) {
        let was_in = self.view.call.is_some();
        self.view = view;
        self.report.say(Event::View { view: Box::new(self.view.clone()) });
        let members = self.view.call.iter().flat_map(|call| &call.members);
        let members = members.filter_map(|member| Some((device(&member.person.device)?, member.person.party.clone())));
        self.listener.members(members);
        self.station_sees(Instant::now());
        if let Some(call) = &self.view.call {
            let members: BTreeSet<&str> = call.members.iter().map(|member| member.person.device.as_str()).collect();
            self.silences.keep(|device| members.contains(device.to_string().as_str()));
            if !was_in {
                self.joined_at = Some(Instant::now());
                self.listener.joined();
                self.report.say(Event::Joined { line: call.line.clone() });
                self.say_sending();
            }
            return;
        }
        self.joined_at = None;
        let up = self.view.node == NodeLink::Up;
        if let (Some(line), true, false) = (self.args.ring.clone(), up, self.rang) {
            self.rang = true;
            self.input(Input::Command(Command::Ring { line, precedence: Default::default() }));
        } else if let Some(wanted) = &self.args.answer {
            let mut lines = self.view.lines.iter();
            let ringing = lines.find(|l| l.ring.is_some() && !l.joined && (wanted == "any" || *wanted == l.id));
            if let Some(line) = ringing.map(|l| l.id.clone()) {
                self.input(Input::Command(Command::Answer { line }));
            }
        }
    }

    /// Hangs up, so that nobody waits for the node to notice.
    pub(crate) async fn leave(&mut self) {
        if self.view.call.is_some() {
            self.input(Input::Command(Command::HangUp));
            while let Some(output) = self.console.poll() {
                let (slot, output) = match output {
                    Output::At { slot, output } => (usize::from(slot), *output),
                    output => (0, output),
                };
                let socket = self.slots.get(slot).and_then(|slot| slot.socket.as_ref());
                if let (Output::Send(bytes), Some(socket)) = (output, socket) {
                    // A queue that is full now has been stuck for long: nobody waits for it.
                    let _ = socket.try_send(bytes);
                }
            }
        }
        for slot in &mut self.slots {
            if let Some(socket) = slot.socket.take() {
                socket.close().await;
            }
        }
    }
}

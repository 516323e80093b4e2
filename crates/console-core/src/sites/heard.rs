//! What the platform and a node say at a site, and whom it is for. What was said, was said at the site in use: whatever
//! is an answer to it, or rests on it, counts for nothing where it comes from the other one.

use super::leg::LegWord;
use super::socket::Challenge;
use super::{Site, Stage};
use crate::console::Console;
use crate::io::{Event, Input, Output};
use trialogue_wire::console::{ToConsole, ToNode};

impl Console {
    /// Something happened at a WebSocket or leg.
    pub(crate) fn happened_at(&mut self, slot: u8, input: Input) {
        let Some((site, mut around)) = self.at(slot) else { return };
        match input {
            Input::Opened => site.opened(around.now),
            Input::Received(bytes) => self.received(slot, &bytes),
            Input::Closed => self.close(slot),
            input => {
                let word = site.leg_input(input, &mut around);
                self.leg_says(slot, word);
            }
        }
    }

    fn received(&mut self, slot: u8, bytes: &[u8]) {
        let Some((site, around)) = self.at(slot) else { return };
        if !site.heard(around.now) {
            return;
        }
        match trialogue_wire::decode::<ToConsole>(bytes) {
            Ok(message) => self.said(slot, message),
            Err(_) => self.log(Event::Malformed("message")),
        }
    }

    /// Only the leg in use is complained of.
    fn leg_says(&mut self, slot: u8, word: Option<LegWord>) {
        match word.filter(|_| self.sites.is_active(slot)) {
            Some(LegWord::Up) => self.troubles.leg_up(),
            Some(LegWord::Unfit) => self.troubles.leg_unfit(),
            None => {}
        }
    }

    fn said(&mut self, slot: u8, message: ToConsole) {
        let stage = self.sites.of(slot).map_or(Stage::Down, Site::stage);
        let known = matches!(stage, Stage::Syncing | Stage::Up);
        if let (ToConsole::Entries { .. } | ToConsole::MoreFollows {}, Some((site, around))) = (&message, self.at(slot))
        {
            site.tells(around.now);
        }
        match message {
            ToConsole::Challenge { protocol, node, nonce, charter } if stage == Stage::Open => {
                self.challenged(slot, protocol, Challenge { node, nonce, charter: charter.to_vec() });
            }
            ToConsole::Welcome { time_ms } if stage == Stage::Proven => self.welcomed(slot, time_ms),
            ToConsole::Refused { number: None, reason, .. } => self.turned_away(slot, reason),
            ToConsole::Charter { charter } if stage == Stage::Open => self.stepped(slot, &charter),
            ToConsole::Charter { charter } if known => self.amended(slot, &charter),
            _ if !known => self.log(Event::Malformed("message before its time")),
            ToConsole::Entries { bundles } => self.take_entries(slot, bundles),
            ToConsole::Paths { paths } => {
                if let Some(site) = self.sites.of_mut(slot) {
                    site.take_paths(paths);
                }
                self.synced(slot);
            }
            ToConsole::Sites { sites } => {
                if let Some(url) = self.sites.take_list(slot, sites) {
                    self.connect(1, url);
                }
            }
            ToConsole::Answer { answer, leg } => {
                let Some((site, mut around)) = self.at(slot) else { return };
                let word = site.leg_mut().answer(leg, &answer, &mut around);
                self.leg_says(slot, word);
            }
            ToConsole::Place { mid, device, medium, leg } => {
                let Some((site, mut around)) = self.at(slot) else { return };
                site.leg_mut().placed(leg, mid, device, medium, &mut around);
            }
            ToConsole::Bodies { bodies } => self.take_bodies(bodies),
            ToConsole::Anew { writings } => self.told_with_more(slot, writings),
            ToConsole::MoreFollows {} => self.more_follows(slot),
            ToConsole::Clock { time_ms } => self.take_clock(slot, time_ms),
            ToConsole::Pong { .. } => {}
            ToConsole::Challenge { .. } | ToConsole::Welcome { .. } | ToConsole::Charter { .. } => {
                self.log(Event::Malformed("message out of turn"));
            }
            ToConsole::Accepted { .. }
            | ToConsole::Refused { number: Some(_), .. }
            | ToConsole::Lacking { .. }
            | ToConsole::ChunkStored { .. }
            | ToConsole::Sending { .. }
            | ToConsole::AskAlive { .. } => {
                if self.sites.is_active(slot) {
                    self.said_in_use(message);
                }
            }
        }
    }

    /// Words of the site in use that answer what was said there, or are about the call there.
    fn said_in_use(&mut self, message: ToConsole) {
        match message {
            ToConsole::Accepted { number, unrecorded } => {
                self.troubles.written_down(unrecorded);
                if let Some(settled) = self.acts.accepted(number) {
                    self.settled(settled);
                }
            }
            ToConsole::Refused { number: Some(number), reason, after_ms } => self.refused(number, reason, after_ms),
            ToConsole::Lacking { hashes } => {
                let now = self.now();
                self.writer.lacking(&hashes, now);
            }
            ToConsole::ChunkStored { hash } => {
                let (in_call, now) = (self.call.is_some(), self.now());
                self.writer.chunk_stored(hash, in_call, now);
            }
            ToConsole::Sending { device, voice, picture } => self.says(device, voice, picture),
            // This console is on watch here. The media worker shows first that it lives.
            ToConsole::AskAlive { nonce } => self.push(Output::ProveAlive { nonce }),
            _ => {}
        }
    }

    /// All that came is taken. What was asked for meanwhile was not given.
    fn more_follows(&mut self, slot: u8) {
        let Some((_, mut around)) = self.at(slot) else { return };
        around.send(&ToNode::Next {});
        if around.active {
            self.bodies.ask_again(self.now_us);
        }
    }
}

//! Who is in on which line, and what its streams are called.

use super::{
    DEVICES_MAX, Device, ForwardChange, Forwarder, LINES_PER_DEVICE_MAX, ROUTES_MAX, Rebase, Route,
    Stream,
};
use crate::forward::key_frame::Asking;
use crate::forward::window::Window;
use trialogue_charter::{DeviceId, LineId};
use trialogue_wire::console::Medium;

impl Forwarder {
    /// Takes a change from the control machine.
    pub fn apply(&mut self, change: ForwardChange, now_ms: u64) {
        match change {
            ForwardChange::In { line, device, node } => self.enter(line, device, node),
            ForwardChange::Out { line, device } => self.leave(&line, device),
            ForwardChange::Stream {
                node,
                number,
                device,
                line,
                medium,
            } => {
                self.end_number(node, number);
                if self.early.len() < 2 * DEVICES_MAX {
                    self.early.insert((node, number), (device, line, medium));
                }
            }
            ForwardChange::StreamEnd { node, number } => self.end_number(node, number),
            ForwardChange::Route {
                line,
                source,
                voice,
                picture,
            } => {
                if voice.is_empty() && picture.is_empty() {
                    self.routes.remove(&(line, source));
                } else if self.routes.len() < ROUTES_MAX {
                    self.routes.insert((line, source), Route { voice, picture });
                }
            }
            ForwardChange::KeyFrame { device } => return self.want_key_frame(device, now_ms),
        }
        self.rebuild(now_ms);
    }

    fn enter(&mut self, line: LineId, device: DeviceId, node: u8) {
        if !self.devices.contains_key(&device) {
            if self.devices.len() >= DEVICES_MAX {
                return;
            }
            let streams = [
                self.new_stream(device, node, Medium::Voice),
                self.new_stream(device, node, Medium::Picture),
            ];
            self.devices.insert(
                device,
                Device {
                    node,
                    lines: Vec::new(),
                    streams,
                    asking: Asking::default(),
                },
            );
        }
        let Some(state) = self.devices.get_mut(&device) else {
            return;
        };
        if state.lines.contains(&line) || state.lines.len() >= LINES_PER_DEVICE_MAX {
            return;
        }
        state.lines.push(line.clone());
        self.lines.entry(line).or_default().push(device);
    }

    fn leave(&mut self, line: &LineId, device: DeviceId) {
        if let Some(members) = self.lines.get_mut(line) {
            members.retain(|d| *d != device);
            if members.is_empty() {
                self.lines.remove(line);
            }
        }
        let Some(state) = self.devices.get_mut(&device) else {
            return;
        };
        state.lines.retain(|l| l != line);
        if state.lines.is_empty() {
            let streams = state.streams;
            self.devices.remove(&device);
            for at in streams {
                self.streams[at] = None;
            }
        }
    }

    fn new_stream(&mut self, device: DeviceId, node: u8, medium: Medium) -> usize {
        let generation = self.next_generation();
        let stream = Stream {
            device,
            node,
            medium,
            number: None,
            window: Window::new(),
            source: Rebase::after(self.first_sequence.into()),
            source_generation: 1,
            source_ssrc: None,
            generation,
            receivers: Vec::new(),
            links: super::Nodes::NONE,
        };
        match self.streams.iter().position(Option::is_none) {
            Some(at) => {
                self.streams[at] = Some(stream);
                at
            }
            None => {
                self.streams.push(Some(stream));
                self.streams.len() - 1
            }
        }
    }

    fn end_number(&mut self, node: u8, number: u16) {
        self.numbers.remove(&(node, number));
        self.early.remove(&(node, number));
    }
}

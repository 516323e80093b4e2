//! Consoles say that frames which came as somebody's are not; the node knows by which links they came, and says so in
//! its journal.

use crate::here::Here;
use crate::io::Output;
use crate::journals::{After, Pen};
use crate::limits::FORGED_AGAIN_US;
use crate::out::Out;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::{Body, State};

/// Devices as which frames were forged, and when that was looked into last.
#[derive(Default)]
pub(crate) struct Forgeries(BTreeMap<DeviceId, u64>);

impl Forgeries {
    /// A console of this node was given such a frame. Asks the media thread how frames of that device came.
    pub(crate) fn reported(&mut self, device: DeviceId, here: &Here, state: &State, out: &mut Out) {
        if line_of(&device, here, state).is_some() && self.is_due(device, here.now.us) {
            out.push(Output::TraceFrames { device });
        }
    }

    /// May it be looked into again? Old ones are forgotten, so that the list is as long as the roster at the most.
    fn is_due(&mut self, device: DeviceId, now_us: u64) -> bool {
        self.0.retain(|_, at_us| now_us < *at_us + FORGED_AGAIN_US);
        let place = self.0.entry(device);
        let due = matches!(place, Entry::Vacant(_));
        place.or_insert(now_us);
        due
    }

    /// How they came: it is written.
    pub(crate) fn traced(device: DeviceId, mut via: Vec<NodeId>, pen: &mut Pen<'_>) {
        via.sort();
        via.dedup();
        via.retain(|node| *node != pen.here().node);
        if let Some(line) = line_of(&device, pen.here(), pen.state()) {
            let _ = pen.append(Body::Forged { line, device, via }, Vec::new(), After::Nothing);
        }
    }
}

/// The first line on which a device is in.
fn line_of(device: &DeviceId, here: &Here, state: &State) -> Option<LineId> {
    let mut lines = here.charter.lines.iter().map(|line| &line.id);
    lines.find(|line| state.in_on(line).iter().any(|member| member.device == *device)).cloned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, OwnNode, node_id};

    /// At the node of the United States: a console of Japan in on a line, and one that is not.
    fn bench() -> (OwnNode, [Enrolled; 2]) {
        let mut own = OwnNode::at("usa-1");
        let consoles = [1, 2].map(|person| own.scene.enrol("jpn-duty", person));
        own.scene.rings(&consoles[0], 1);
        own.take();
        own.outputs();
        (own, consoles)
    }

    fn reported(own: &mut OwnNode, forgeries: &mut Forgeries, console: &Enrolled) -> bool {
        forgeries.reported(console.device.id, &own.scene.here, own.journals.state(), &mut own.out);
        matches!(own.outputs()[..], [Output::TraceFrames { device }] if device == console.device.id)
    }

    #[test]
    fn it_is_looked_into_for_who_is_in_and_not_without_end() {
        let (mut own, [member, other]) = bench();
        let mut forgeries = Forgeries::default();
        assert!(!reported(&mut own, &mut forgeries, &other));
        assert!(reported(&mut own, &mut forgeries, &member));
        assert!(!reported(&mut own, &mut forgeries, &member));
        own.goes_on_to(own.scene.here.now.us + FORGED_AGAIN_US);
        assert!(reported(&mut own, &mut forgeries, &member));
    }

    #[test]
    fn it_is_written_by_which_other_nodes_they_came() {
        let (mut own, [member, other]) = bench();
        let [usa, jpn, kor] = ["usa-1", "jpn-1", "kor-1"].map(node_id);
        let via = vec![kor.clone(), usa, jpn.clone(), kor.clone()];
        Forgeries::traced(other.device.id, via.clone(), &mut own.pen());
        assert_eq!(own.written(), []);
        let device = member.device.id;
        Forgeries::traced(device, via, &mut own.pen());
        let line = LineId::new("duty").unwrap();
        assert_eq!(own.written(), [Body::Forged { line, device, via: vec![jpn, kor] }]);
    }
}

//! Stays in a call that are over and that this node's journal still shows: whoever comes over to another site of the
//! party is in here by this journal until it is back. By all journals together it is in at the other site alone.

use crate::journals::{After, Pen};
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId};
use trialogue_journal::Body;

/// Whoever came over and left there is not here for a ring: by this journal alone it would have come in on it at once,
/// and it would sound nowhere.
pub(crate) fn end_gone(line: &LineId, pen: &mut Pen<'_>) {
    let (here, ahead) = (pen.here(), pen.ahead());
    // Who is dropped is in again as soon as the others take that back.
    if ahead.dropped(line).contains(&here.party) {
        return;
    }
    let inside: BTreeSet<DeviceId> = ahead.in_on(line).iter().map(|member| member.device).collect();
    let stays = ahead.node(&here.node).into_iter().flat_map(|own| own.present(line));
    let gone = stays.filter(|(device, stay)| stay.role.acts_for_party() && !inside.contains(*device));
    end(gone.map(|(device, _)| *device).collect(), line, pen);
}

/// Whoever came over keeps this node's group on the line alive, and cannot move it from there. Where nobody who is here
/// can, whoever came in here meanwhile would have no keys for the rest of the call: the stay ends, and the group with
/// it, and a new one is made.
pub(crate) fn end_moved(pen: &mut Pen<'_>) {
    let lines: Vec<LineId> = pen.here().charter.lines.iter().map(|line| line.id.clone()).collect();
    lines.iter().for_each(|line| end_moved_on(line, pen));
}

fn end_moved_on(line: &LineId, pen: &mut Pen<'_>) {
    let (here, ahead) = (pen.here(), pen.ahead());
    let Some(own) = ahead.node(&here.node) else { return };
    let Some(group) = own.group(line) else { return };
    let inside = ahead.in_on(line).iter().filter(|member| member.node == here.node);
    let inside: BTreeSet<DeviceId> = inside.map(|member| member.device).collect();
    let holders = own.present(line).filter(|(device, stay)| group.holds(device, stay)).map(|(device, _)| *device);
    let holders: Vec<DeviceId> = holders.collect();
    if !inside.is_empty() && !holders.iter().any(|device| inside.contains(device)) {
        end(holders, line, pen);
    }
}

fn end(devices: Vec<DeviceId>, line: &LineId, pen: &mut Pen<'_>) {
    for device in devices {
        let _ = pen.append(Body::Lost { device, line: line.clone() }, Vec::new(), After::Nothing);
    }
}

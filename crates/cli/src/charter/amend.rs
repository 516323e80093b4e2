//! What an amendment keeps of the charter in force, whatever the plan says.

use super::journals::{Ends, end_former_keys};
use std::collections::BTreeSet;
use trialogue_charter::limits::INDEX_MAX;
use trialogue_charter::{Charter, Former, Node};

/// Gives every node its index: the one that it has in the charter in force, or a free one. Nodes of parties that stay
/// and that the plan leaves out are retired. A node that comes with another journal key keeps the ones before, each
/// with the last entry under it, but for the one that is replaced now: its node still writes.
pub fn carry_over(charter: &mut Charter, held: Option<&Charter>, ends: Option<&Ends>) -> Result<(), String> {
    if let Some(held) = held {
        if charter.serial <= held.serial {
            let (serial, least) = (charter.serial, held.serial.saturating_add(1));
            return Err(format!(
                "serial is {serial} and the charter in force has {}: write serial = {least}",
                held.serial
            ));
        }
        retire(charter, held);
    }
    let before = |node: &Node| held.and_then(|held| held.nodes.iter().find(|before| before.id == node.id));
    let mut taken: BTreeSet<u8> = held.iter().flat_map(|held| &held.nodes).map(|node| node.index).collect();
    for node in &mut charter.nodes {
        if let Some(before) = before(node) {
            node.index = before.index;
            node.former.clone_from(&before.former);
            end_former_keys(node, ends)?;
            if node.journal != before.journal {
                node.former.push(Former { key: before.journal.ed25519, last: None });
            }
            continue;
        }
        let free = (0..=INDEX_MAX).find(|index| !taken.contains(index));
        node.index = free.ok_or_else(|| {
            "all 64 places for nodes are taken: let a party with retired nodes leave first".to_owned()
        })?;
        taken.insert(node.index);
    }
    Ok(())
}

fn retire(charter: &mut Charter, held: &Charter) {
    for before in &held.nodes {
        let named = charter.nodes.iter().any(|node| node.id == before.id);
        if !named && charter.parties.iter().any(|party| party.id == before.party) {
            charter.nodes.push(Node { retired: true, addresses: Vec::new(), origins: Vec::new(), ..before.clone() });
        }
    }
    charter.nodes.sort_by(|a, b| a.id.cmp(&b.id));
}

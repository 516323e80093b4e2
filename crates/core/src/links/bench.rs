//! For tests of what reads links: links as they are once both sides have spoken.

use super::near::Near;
use super::{Link, Links};
use crate::scene::node_id;

/// A link to a node that says that it has links to these: up, and something comes by it.
pub(crate) fn link(links: &mut Links, node: &str, neighbours: &[&str]) {
    let near = Near::of(neighbours.iter().map(|id| node_id(id)).collect());
    let link = Link { up: true, near, ..Link::new(None, 0) };
    links.links.insert(node_id(node), link);
}

/// Nothing comes by it any more.
pub(crate) fn falls_silent(links: &mut Links, node: &str) {
    if let Some(link) = links.links.get_mut(&node_id(node)) {
        link.silent = true;
    }
}

/// It is gone.
pub(crate) fn is_cut(links: &mut Links, node: &str) {
    links.links.remove(&node_id(node));
}

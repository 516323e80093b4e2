//! Which paths there are between two nodes: local carriers times addresses of the other node. Pure.

use trialogue_charter::split_address;
use trialogue_wire::limits::PATHS_MAX;
use trialogue_wire::path::Open;

/// A path, the same from both ends: the labels of both nodes' ends, and which of several addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathKey {
    /// At the node with the lower id.
    pub lower: String,
    /// At the node with the higher id.
    pub higher: String,
    pub ordinal: u8,
}

impl PathKey {
    /// Of a path that was opened with this; `by_lower`: the node with the lower id dialled.
    pub(super) fn of(open: &Open, by_lower: bool) -> Self {
        let (dialler, dialled) = (open.carrier.clone(), open.label.clone());
        let (lower, higher) = if by_lower { (dialler, dialled) } else { (dialled, dialler) };
        Self { lower, higher, ordinal: open.ordinal }
    }
}

/// A path that this node dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Which of the local carriers.
    pub carrier: usize,
    /// As the charter writes it.
    pub address: String,
    /// Without the carrier.
    pub host: String,
    pub open: Open,
}

/// What this node dials, given its carriers and the other's addresses: each address from the carrier that it names, if this node has one of
/// that name, else from all. At most [`PATHS_MAX`], each address having its turn first.
pub(super) fn ways(carriers: &[String], addresses: &[String]) -> Vec<Way> {
    let mut all: Vec<(usize, Way)> = Vec::new();
    for (at, address) in addresses.iter().enumerate() {
        let (label, host) = split_address(address);
        let label = label.unwrap_or_default();
        let before = addresses.iter().take(at).filter(|other| split_address(other).0.unwrap_or_default() == label);
        let ordinal = u8::try_from(before.count()).unwrap_or(u8::MAX);
        let named = |name: &String| !label.is_empty() && name == label;
        let has_named = carriers.iter().any(named);
        let from = carriers.iter().enumerate().filter(|(_, name)| !has_named || named(name));
        for (turn, (carrier, name)) in from.enumerate() {
            let open = Open { life: 0, carrier: name.clone(), label: label.to_owned(), ordinal };
            all.push((turn, Way { carrier, address: address.clone(), host: host.to_owned(), open }));
        }
    }
    all.sort_by_key(|(turn, _)| *turn);
    all.into_iter().map(|(_, way)| way).take(PATHS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &[&str]) -> Vec<String> {
        of.iter().map(ToString::to_string).collect()
    }

    fn keys(of: &[&str], to: &[&str], by_lower: bool) -> Vec<PathKey> {
        ways(&texts(of), &texts(to)).iter().map(|way| PathKey::of(&way.open, by_lower)).collect()
    }

    #[test]
    fn a_named_address_is_dialled_from_the_carrier_of_that_name() {
        let ways = ways(&texts(&["fibre", "sat"]), &texts(&["sat=b:2", "fibre=b:1", "fibre=c:1"]));
        let dialled: Vec<_> = ways.iter().map(|way| (way.carrier, way.host.as_str(), way.open.ordinal)).collect();
        assert_eq!(dialled, [(1, "b:2", 0), (0, "b:1", 0), (0, "c:1", 1)]);
    }

    #[test]
    fn an_address_without_a_carrier_here_is_dialled_from_all() {
        let found = ways(&texts(&["fibre", "sat"]), &texts(&["b:1", "radio=b:2"]));
        let dialled: Vec<_> = found.iter().map(|way| (way.carrier, way.host.as_str())).collect();
        assert_eq!(dialled, [(0, "b:1"), (0, "b:2"), (1, "b:1"), (1, "b:2")]);
        assert_eq!(ways(&texts(&["a", "b", "c"]), &texts(&["x:1", "x:2", "x:3", "x:4"])).len(), PATHS_MAX);
    }

    #[test]
    fn both_ends_name_a_path_alike() {
        let both = ["fibre", "sat"];
        let named = ["fibre=x:1", "sat=x:2"];
        assert_eq!(keys(&both, &named, true), keys(&both, &named, false));
        assert_eq!(keys(&[""], &["x:1"], true), keys(&[""], &["y:1"], false));
        // One side has two carriers, the other none by name: two paths, whoever dials.
        let by_lower = keys(&both, &["x:1"], true);
        assert_eq!(by_lower, keys(&[""], &["fibre=y:1", "sat=y:2"], false));
    }
}

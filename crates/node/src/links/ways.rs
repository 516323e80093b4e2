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

    /// What it says of the address of one end, where the other has dialled: label and ordinal.
    pub(super) fn end(&self, of_lower: bool) -> (&str, u8) {
        (if of_lower { &self.lower } else { &self.higher }, self.ordinal)
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

/// What this node dials, given its carriers and the other's addresses: each address from the carrier that it names, if
/// this node has one of that name, else from all. At most [`PATHS_MAX`], each address having its turn first.
pub(super) fn ways(carriers: &[String], addresses: &[String]) -> Vec<Way> {
    let mut all: Vec<(usize, Way)> = Vec::new();
    for (at, address) in addresses.iter().enumerate() {
        let (name, host) = (label(address), split_address(address).1);
        let before = addresses.iter().take(at).filter(|other| label(other) == name);
        let ordinal = u8::try_from(before.count()).unwrap_or(u8::MAX);
        let named = |carrier: &String| !name.is_empty() && carrier == name;
        let has_named = carriers.iter().any(named);
        let from = carriers.iter().enumerate().filter(|(_, name)| !has_named || named(name));
        for (turn, (carrier, from)) in from.enumerate() {
            let open = Open { life: 0, carrier: from.clone(), label: name.to_owned(), ordinal };
            all.push((turn, Way { carrier, address: address.clone(), host: host.to_owned(), open }));
        }
    }
    all.sort_by_key(|(turn, _)| *turn);
    all.into_iter().map(|(_, way)| way).take(PATHS_MAX).collect()
}

fn label(address: &str) -> &str {
    split_address(address).0.unwrap_or_default()
}

/// May what has this label come to this carrier? The name of a carrier of this node leads to that one.
fn fits(carriers: &[String], over: usize, label: &str) -> bool {
    carriers.get(over).is_some_and(|name| name == label) || carriers.iter().all(|name| name != label)
}

/// Does the charter give this node such an address, and can it lead to this carrier? Whoever dials says which one it
/// has dialled.
pub(super) fn leads_here(carriers: &[String], own: &[String], over: usize, of: &str, ordinal: u8) -> bool {
    let count = own.iter().filter(|address| label(address) == of).count();
    usize::from(ordinal) < count && fits(carriers, over, of)
}

/// How many paths of one link there may be over this carrier: as many as addresses of the other node are dialled from
/// it, or as addresses of this node lead to it. Whoever dials names its own carrier as it likes, so the names say
/// nothing of how many there are.
pub(super) fn most_over(carriers: &[String], own: &[String], others: &[String], over: usize) -> usize {
    let dialled = ways(carriers, others).iter().filter(|way| way.carrier == over).count();
    let lead = own.iter().filter(|address| fits(carriers, over, label(address))).count();
    dialled.max(lead).max(1)
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
    fn paths_over_a_carrier_are_those_of_the_charter() {
        let both = texts(&["fibre", "sat"]);
        let (own, others) = (texts(&["fibre=x:1", "sat=x:2"]), texts(&["fibre=y:1", "sat=y:2"]));
        assert!(leads_here(&both, &own, 1, "sat", 0));
        assert!(!leads_here(&both, &own, 1, "sat", 1), "one address of that name");
        assert!(!leads_here(&both, &own, 1, "fibre", 0), "that one leads to the other carrier");
        assert!(!leads_here(&both, &own, 1, "", 0) && !leads_here(&both, &own, 1, "radio", 0));
        assert_eq!(most_over(&both, &own, &others, 1), 1);
        // Names that differ: each carrier of the one to each address of the other.
        let differ = texts(&["glas=y:1", "radio=y:2"]);
        assert_eq!(most_over(&both, &own, &differ, 1), 2);
        // One carrier, reached by two addresses.
        assert_eq!(most_over(&texts(&[""]), &texts(&["x:1", "x:2"]), &texts(&["y:1"]), 0), 2);
        assert_eq!(most_over(&both, &texts(&["fibre=x:1"]), &texts(&["fibre=y:1"]), 1), 1);
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

//! Proofs of a tree: that a leaf is in it, and that it only grew (RFC 9162 §2.1.3 and §2.1.4).

use crate::limits::PATH_MAX;
use crate::tree::{Root, root};

/// The path from leaf `index` (from 0) to the root over `leaves`, the leaf's neighbour first; none: there is no such
/// leaf.
pub fn inclusion(leaves: &[Root], index: usize) -> Option<Vec<Root>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut part, mut at) = (leaves, index);
    while part.len() > 1 {
        let (left, right) = part.split_at(split(part.len()));
        if at < left.len() {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            at -= left.len();
            part = right;
        }
    }
    path.reverse();
    Some(path)
}

/// Proves that the tree over the first `first` of `leaves` became the tree over all of them by growing; none: there are
/// not so many, or `first` is 0, of which there is nothing to prove.
pub fn consistency(leaves: &[Root], first: usize) -> Option<Vec<Root>> {
    if first == 0 || first > leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut part, mut first) = (leaves, first);
    // Whether the part is one that the first root already names.
    let mut whole = true;
    while first < part.len() {
        let (left, right) = part.split_at(split(part.len()));
        if first <= left.len() {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            first -= left.len();
            part = right;
            whole = false;
        }
    }
    if !whole {
        path.push(root(part));
    }
    path.reverse();
    Some(path)
}

/// Is the leaf at `index` (from 0) of the tree with this size and root? RFC 9162 §2.1.3.2.
pub fn includes(leaf: &Root, index: u64, size: u64, path: &[Root], root: &Root) -> bool {
    if index >= size || path.len() > PATH_MAX {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = Root::over(beside, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = Root::over(&hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Did the tree of size `first` become the one of size `second` by growing? RFC 9162 §2.1.4.2.
pub fn grew(first: u64, first_root: &Root, second: u64, second_root: &Root, path: &[Root]) -> bool {
    if first == second {
        return path.is_empty() && first_root == second_root;
    }
    if first == 0 || first > second || path.len() > PATH_MAX + 1 {
        return false;
    }
    // A complete first tree is a node of the second one: its root stands for the first hash of the path.
    let complete = first.is_power_of_two().then_some(*first_root);
    let mut hashes = complete.into_iter().chain(path.iter().copied());
    let Some(begin) = hashes.next() else { return false };
    let (mut at, mut last) = (first - 1, second - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old, mut new) = (begin, begin);
    for beside in hashes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old = Root::over(&beside, &old);
            new = Root::over(&beside, &new);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = Root::over(&new, &beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old == *first_root && new == *second_root
}

/// Where a tree divides: the largest power of two below its size, which is at least 2.
fn split(len: usize) -> usize {
    len.next_power_of_two() / 2
}

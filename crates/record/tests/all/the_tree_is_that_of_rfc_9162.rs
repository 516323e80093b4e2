//! The published vectors of RFC 6962 and RFC 9162 implementations, and a tree that is worked out the slow way.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use trialogue_record::proof::{consistency, grew, includes, inclusion};
use trialogue_record::tree::root;
use trialogue_record::{Frontier, Held, Root};

/// The leaves and roots that the reference implementation of Certificate Transparency is tested with.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hash(hex: &str) -> Root {
    Root(hex::decode(hex).unwrap().try_into().unwrap())
}

fn hashes(list: &[&str]) -> Vec<Root> {
    list.iter().map(|hex| hash(hex)).collect()
}

fn published() -> Vec<Root> {
    LEAVES.iter().map(|leaf| Root::leaf(&hex::decode(leaf).unwrap())).collect()
}

#[test]
fn the_published_roots() {
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), hash(ROOTS[0]));
    for (leaf, root) in published().into_iter().zip(&ROOTS[1..]) {
        frontier.push(leaf);
        assert_eq!(frontier.root(), hash(root), "size {}", frontier.size());
    }
}

#[test]
fn the_published_proofs() {
    let leaves = published();
    let path = hashes(&[
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    assert_eq!(inclusion(&leaves, 0), Some(path.clone()));
    assert_eq!(consistency(&leaves, 1), Some(path));
    let path = hashes(&[
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert_eq!(inclusion(&leaves, 5), Some(path));
    let path = hashes(&[
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert_eq!(consistency(&leaves, 6), Some(path));
    let path = hashes(&[
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]);
    assert_eq!(consistency(&leaves[..5], 2), Some(path));
}

/// MTH of RFC 9162 §2.1.1, word by word.
fn slow(leaves: &[Root]) -> Root {
    match leaves {
        [] => Root::empty(),
        [one] => *one,
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            Root::over(&slow(&leaves[..k]), &slow(&leaves[k..]))
        }
    }
}

fn leaves(count: usize) -> Vec<Root> {
    (0..count).map(|at| Root::leaf(&at.to_be_bytes())).collect()
}

proptest! {
    #[test]
    fn the_edge_is_the_tree(count in 0usize..200) {
        prop_assert_eq!(root(&leaves(count)), slow(&leaves(count)));
    }

    #[test]
    fn every_leaf_is_proven_and_no_other(count in 1usize..130, at in any::<prop::sample::Index>(), bit in 0usize..256) {
        let (leaves, at) = (leaves(count), at.index(count));
        let (path, top, size) = (inclusion(&leaves, at).unwrap(), root(&leaves), count as u64);
        prop_assert!(includes(&leaves[at], at as u64, size, &path, &top));
        for other in 0..size {
            prop_assert_eq!(includes(&leaves[at], other, size, &path, &top), other == at as u64);
        }
        prop_assert!(!includes(&leaves[at], at as u64, size, &[&path[..], &[top]].concat(), &top));
        if !path.is_empty() {
            prop_assert!(!includes(&leaves[at], at as u64, size, &path[1..], &top));
            let mut bent = path.clone();
            bent[bit % path.len()].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!includes(&leaves[at], at as u64, size, &bent, &top));
        }
    }

    #[test]
    fn growing_is_proven_and_nothing_else(count in 1usize..130, first in any::<prop::sample::Index>(), bit in 0usize..256) {
        let (leaves, first) = (leaves(count), first.index(count) + 1);
        let path = consistency(&leaves, first).unwrap();
        let (old, new, size) = (root(&leaves[..first]), root(&leaves), count as u64);
        prop_assert!(grew(first as u64, &old, size, &new, &path));
        let mut other = leaves.clone();
        other[bit % first] = Root::leaf(b"another history");
        let bent = consistency(&other, first).unwrap();
        prop_assert!(!grew(first as u64, &old, size, &root(&other), &bent));
        if first < count {
            prop_assert!(!grew(first as u64, &new, size, &new, &path));
            prop_assert!(!grew(first as u64, &old, size, &new, &[]) );
        }
    }

    #[test]
    fn no_path_of_a_stranger_breaks_anything(index: u64, size: u64, path in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let path: Vec<Root> = path.into_iter().map(Root).collect();
        prop_assert!(!includes(&Root::empty(), index, size, &path, &Root([0; 32])));
        prop_assert!(!grew(index, &Root::empty(), size, &Root([0; 32]), &path));
    }
}

#[test]
fn the_last_sizes_are_remembered() {
    let leaves = leaves(3_000);
    let mut held = Held::new();
    for (at, leaf) in leaves.iter().enumerate() {
        held.push(*leaf);
        // Asked now and then, so that some are worked out early and some late.
        if at % 700 < 3 {
            assert_eq!(
                held.root_at(at as u64 / 2 + 300).is_some(),
                (at / 2 + 300) <= at + 1 && at / 2 + 300 + 1_024 > at
            );
        }
    }
    assert_eq!(held.root(), root(&leaves));
    for size in [2_500, 1_976, 1_977, 2_999, 3_000, 2_500] {
        assert_eq!(held.root_at(size), Some(root(&leaves[..size as usize])), "{size}");
    }
    assert_eq!((held.root_at(1_975), held.root_at(3_001)), (None, None));
}

//! Digits and words that the people in a call can compare by voice: the same for all who hold the same keys, and for
//! nobody else.

use super::groups::on_line;
use super::seats::seated;
use crate::roster::Roster;
use crate::view::Text3;
use bip39::Language;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId, PartyId};
use trialogue_e2ee::Keyring;
use trialogue_journal::fold::Participant;

/// What is hashed begins with this.
const DOMAIN: &[u8] = b"trialogue code 1";
/// The same of the code of two parties.
const DOMAIN_OF_TWO: &[u8] = b"trialogue code of two 1";
/// Groups of five digits.
const BLOCKS: usize = 6;
/// Words, the bits of the number of each (a list has 2,048), and the first bit: those before are the digits'.
const WORDS: usize = 6;
const WORD_BITS: usize = 11;
const WORDS_FROM: usize = BLOCKS * 5 * 8;

/// Digits, and words for the same hash.
pub(crate) type Code = (String, Vec<Text3>);

/// The groups of a call, by which its code is made.
pub(super) struct Seen<'a> {
    pub(super) ring: &'a Keyring,
    pub(super) at: Roster<'a>,
    pub(super) line: &'a LineId,
}

impl Seen<'_> {
    /// 30 decimal digits: SHA-384 over the domain, then group id (16 bytes) and epoch authenticator (RFC 9420 §8.7, 48
    /// bytes) of every node's group in the call, sorted by group id. Each block of five digits is five bytes of the
    /// hash, big-endian, modulo 100,000. Empty until every node at which somebody has a seat has a group of exactly
    /// those who have: only then all consoles see the same groups.
    ///
    /// The same as six words: bits 240 to 305 of that hash, eleven for each, as numbers into the word lists of BIP-39
    /// in English, Japanese and Korean. Each reads out the word of their own language; the number behind it is the
    /// same. Empty as the digits are.
    pub(super) fn code(&self) -> Code {
        self.bytes().map_or_else(Default::default, |bytes| code(&bytes))
    }

    /// Digits and words for two parties alone, the own one and this: SHA-384 over another domain, the ids of both, the
    /// smaller first, each behind its length (one byte), and then as above of the groups of the nodes at which somebody
    /// of the two has a seat. Empty until each of these groups has everybody of the two in it who has one, and nobody
    /// who is not on the roster. What is missing of other parties does not matter: who is silent holds up nobody else.
    pub(super) fn code_with(&self, party: &PartyId) -> Code {
        self.bytes_with(party).map_or_else(Default::default, |bytes| code(&bytes))
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let roster = self.at.in_on(self.line);
        // Who has no seat is in no group: it takes the code from nobody.
        let seated = seated(self.at, self.line, roster.iter().collect(), None);
        if seated.len() < 2 || !seated.iter().any(|participant| participant.device == self.at.id()) {
            return None;
        }
        let nodes = seated.iter().map(|participant| &participant.node);
        let mut bytes = DOMAIN.to_vec();
        bytes.extend(self.group_bytes(nodes, |node, leaves| Some(*leaves == self.seats(node, roster, None)?))?);
        Some(bytes)
    }

    fn bytes_with(&self, party: &PartyId) -> Option<Vec<u8>> {
        let own = &self.at.me()?.party;
        let (roster, two) = (self.at.in_on(self.line), BTreeSet::from([own, party]));
        let all: BTreeSet<DeviceId> = roster.iter().map(|participant| participant.device).collect();
        let seated = seated(self.at, self.line, roster.iter().collect(), None);
        let theirs = || seated.iter().filter(|participant| two.contains(&participant.party));
        let there = theirs().any(|participant| participant.party == *party);
        if two.len() < 2 || !there || !theirs().any(|participant| participant.device == self.at.id()) {
            return None;
        }
        let mut bytes = DOMAIN_OF_TWO.to_vec();
        for id in &two {
            bytes.push(u8::try_from(id.as_str().len()).ok()?);
            bytes.extend(id.as_str().as_bytes());
        }
        let nodes = theirs().map(|participant| &participant.node);
        let fit = |node: &NodeId, leaves: &BTreeSet<DeviceId>| {
            let seats = self.seats(node, roster, Some(&two))?;
            Some(leaves.is_superset(&seats) && leaves.is_subset(&all))
        };
        bytes.extend(self.group_bytes(nodes, fit)?);
        Some(bytes)
    }

    /// Who has a seat in the group of a node, of all parties or of these.
    fn seats(
        &self,
        node: &NodeId,
        roster: &[Participant],
        of: Option<&BTreeSet<&PartyId>>,
    ) -> Option<BTreeSet<DeviceId>> {
        let lead = self.at.fold()?.lead(node, self.line)?;
        let seated = seated(self.at, self.line, roster.iter().collect(), Some(&lead)).into_iter();
        let theirs = seated.filter(|participant| of.is_none_or(|of| of.contains(&participant.party)));
        Some(theirs.map(|participant| participant.device).collect())
    }

    /// Id and authenticator of the groups of these nodes, if all are here as the journals have them and their leaves
    /// fit.
    fn group_bytes<'n>(
        &self,
        nodes: impl Iterator<Item = &'n NodeId>,
        fit: impl Fn(&NodeId, &BTreeSet<DeviceId>) -> Option<bool>,
    ) -> Option<Vec<u8>> {
        let (ring, groups) = (self.ring, on_line(self.at, self.line));
        let mut sorted = BTreeMap::new();
        for node in nodes {
            let group = groups.get(node)?;
            let leaves = ring.members(&group.id).ok()?.into_iter().map(|leaf| leaf.device).collect();
            if !fit(node, &leaves)? || ring.epoch(&group.id) != Ok(group.epoch) {
                return None;
            }
            sorted.insert(group.id, ring.authenticator(&group.id).ok()?);
        }
        let mut bytes = Vec::new();
        for (group, authenticator) in sorted {
            bytes.extend(group.0);
            bytes.extend(authenticator);
        }
        Some(bytes)
    }
}

fn code(bytes: &[u8]) -> Code {
    let hash = Hash::of(bytes);
    (digits(&hash), words(&hash))
}

fn words(hash: &Hash) -> Vec<Text3> {
    let bit = |at: usize| usize::from(hash.0[at / 8] >> (7 - at % 8) & 1);
    let numbers =
        (0..WORDS).map(|word| (0..WORD_BITS).fold(0, |n, at| n << 1 | bit(WORDS_FROM + word * WORD_BITS + at)));
    let of = |language: Language, number: usize| language.word_list()[number].to_owned();
    numbers
        .map(|n| Text3 { en: of(Language::English, n), ja: of(Language::Japanese, n), ko: of(Language::Korean, n) })
        .collect()
}

fn digits(hash: &Hash) -> String {
    let blocks = hash.0.chunks_exact(5).take(BLOCKS);
    blocks.map(|five| format!("{:05}", five.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte)) % 100_000)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of spec/sealing.md §10, which the second program reads from its file.
    #[test]
    fn as_in_the_specification() {
        let said = [DOMAIN, &[0; 16], &[0x11; 48], &[1; 16], &[0x22; 48]].concat();
        let hash = Hash::of(&said);
        assert_eq!(digits(&hash), "421576826184245634299049570497");
        assert!(include_str!("../../../../spec/vectors/code.json").contains(&digits(&hash)));
        let list = Language::English.word_list();
        let numbers = words(&hash).into_iter().map(|word| list.iter().position(|of| *of == word.en));
        assert_eq!(numbers.collect::<Option<Vec<_>>>(), Some(vec![497, 409, 313, 2010, 1875, 423]));
    }
}

//! Lists of secrets that others have told, and what each says for this device. Each is verified once, which costs a
//! browser some milliseconds: only those of who has a leaf, the newest first, and no more at one input than a few, so
//! that no party's lists hold up what others say.

use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash};
use trialogue_e2ee::TagSecret;
use trialogue_journal::fold::TagsTold;
use trialogue_journal::limits::TAGS_TOLD_MAX;

/// Most lists that are verified at one input. More holds up what is said meanwhile, fewer lets who comes into a large
/// call wait for its last voices.
const READ_AT_ONCE: usize = 16;

/// What a list says for this device: of which generation of its sender's keys, and their secret.
type Said = (u16, TagSecret);

/// What became of a list that was to be read.
pub(super) enum Opened {
    /// Its bytes are not here.
    Missing,
    /// It says this; none: nothing, or it is no list of its sender.
    Read(Option<Said>),
}

/// What is known of all that are told now.
#[derive(Default)]
pub(super) struct TagLists {
    /// By who told them: another who tells the same bytes says nothing about them.
    read: BTreeMap<(DeviceId, Hash), Option<Said>>,
    /// There are others to be read.
    unread: bool,
}

impl TagLists {
    /// The newest list of each sender that has a secret for this device. `told`: those of each who has a leaf, in the
    /// order in which they were told.
    pub(super) fn hear(
        &mut self,
        told: &[(DeviceId, &[TagsTold])],
        mut open: impl FnMut(&DeviceId, &TagsTold) -> Opened,
    ) -> Vec<(DeviceId, Said)> {
        // What is told no more is forgotten: what is told has a bound.
        let all = told.iter().flat_map(|(device, lists)| lists.iter().map(|list| (*device, list.secrets.hash)));
        let current: BTreeSet<(DeviceId, Hash)> = all.collect();
        self.read.retain(|list, _| current.contains(list));
        self.unread = false;
        let (mut heard, mut settled) = (Vec::new(), BTreeSet::new());
        let mut left = READ_AT_ONCE;
        // The newest of each, then the ones before: nobody's older lists keep another's from being read.
        for depth in 0..TAGS_TOLD_MAX {
            for (device, lists) in told {
                let list = lists.iter().rev().nth(depth).filter(|_| !settled.contains(device));
                let Some(list) = list else { continue };
                let key = (*device, list.secrets.hash);
                if !self.read.contains_key(&key) {
                    if left == 0 {
                        // It may have another secret than the ones before.
                        self.unread = true;
                        settled.insert(*device);
                        continue;
                    }
                    let Opened::Read(said) = open(device, list) else { continue };
                    left -= 1;
                    self.read.insert(key, said);
                }
                if let Some(Some(said)) = self.read.get(&key) {
                    heard.push((*device, said.clone()));
                    settled.insert(*device);
                }
            }
        }
        heard
    }

    pub(super) fn has_unread(&self) -> bool {
        self.unread
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use trialogue_journal::BodyRef;

    fn lists(device: u8, count: u16) -> Vec<TagsTold> {
        let list = |at: u16| TagsTold {
            seq: at.into(),
            generation: at,
            secrets: BodyRef::of(&[[device; 2], at.to_be_bytes()].concat()).unwrap(),
        };
        (0..count).map(list).collect()
    }

    fn said(list: &TagsTold) -> Option<Said> {
        Some((list.generation, TagSecret::new([1; TagSecret::LEN])))
    }

    #[test]
    fn lists_of_a_party_are_verified_once_and_hold_up_nobody_elses() {
        // More than any bound on what is remembered: a hundred devices that say nothing to this one, and one that does.
        let (flood, honest) = (lists(1, TAGS_TOLD_MAX as u16), lists(200, 1));
        let mut told: Vec<(DeviceId, &[TagsTold])> =
            (0..100).map(|device| (DeviceId([device; 32]), flood.as_slice())).collect();
        told.push((DeviceId([200; 32]), &honest));
        let (mut lists, mut verified, mut heard_at) = (TagLists::default(), 0, None);
        for input in 0..400 {
            let before = verified;
            let heard = lists.hear(&told, |device, list| {
                verified += 1;
                Opened::Read(if device.0[0] == 200 { said(list) } else { None })
            });
            assert!(verified - before <= READ_AT_ONCE);
            if !heard.is_empty() {
                heard_at.get_or_insert(input);
            }
            assert_eq!(lists.unread, verified < 1_601);
        }
        assert_eq!(verified, 1_601, "each once, at whatever many inputs");
        assert!(heard_at.unwrap() <= 7, "after the newest of each");
        // What is told no more is not remembered.
        lists.hear(&told[100..], |_, _| unreachable!());
        assert_eq!(lists.read.len(), 1);
    }

    #[test]
    fn the_newest_that_is_here_and_has_a_secret_counts() {
        let three = lists(1, 3);
        let told = [(DeviceId([1; 32]), three.as_slice())];
        let mut lists = TagLists::default();
        let heard = lists.hear(&told, |_, list| match list.generation {
            2 => Opened::Missing,
            1 => Opened::Read(None),
            _ => Opened::Read(said(list)),
        });
        assert_eq!(heard.iter().map(|(_, said)| said.0).collect::<Vec<_>>(), [0]);
        let heard = lists.hear(&told, |_, list| Opened::Read(said(list)));
        assert_eq!(heard.iter().map(|(_, said)| said.0).collect::<Vec<_>>(), [2], "the others were read");
        let heard = lists.hear(&told, |_, _| unreachable!());
        assert_eq!(heard.len(), 1);
    }
}

//! That a writing was on screen here: said once it was, and again until a journal has it. Its writer reads *not shown*
//! until then, and whoever moves to another site, or is refused for want of room, has shown it all the same.

use crate::acts::{Purpose, Speaker};
use crate::limits::{SHOWN_OWED_MAX, SHOWN_TRIES};
use crate::repeats::Repeats;
use crate::roster::Roster;
use std::collections::BTreeMap;
use trialogue_charter::{Hash, LineId};
use trialogue_journal::Act;
use trialogue_journal::limits::SHOWN_MAX;

/// Writings that were on screen, of which no journal says so yet; at most [`SHOWN_OWED_MAX`].
#[derive(Default)]
pub(super) struct Shown {
    owed: BTreeMap<Hash, Owed>,
}

struct Owed {
    line: LineId,
    /// The statement that says it.
    number: Option<u64>,
    tries: Repeats,
    /// It is not said before.
    due_us: u64,
}

impl Shown {
    /// It is on screen now. Beyond the bound it is not noted: the page tells it again when it is opened anew.
    pub(super) fn on_screen(&mut self, id: Hash, line: &LineId) {
        if self.owed.len() < SHOWN_OWED_MAX {
            let new = || Owed { line: line.clone(), number: None, tries: Repeats::default(), due_us: 0 };
            self.owed.entry(id).or_insert_with(new);
        }
    }

    /// Was it on screen, though no journal says so yet?
    pub(super) fn is_owed(&self, id: &Hash) -> bool {
        self.owed.contains_key(id)
    }

    /// Says of what was shown, of one line at a time, that it was.
    pub(super) fn settle(&mut self, at: Roster, speaker: &mut Speaker<'_>) {
        let now_us = speaker.now.us;
        let acts = &speaker.acts;
        let due = self.take_due(now_us, |line, id| is_not_said(at, line, id), |number| acts.is_said(number));
        if let Some((line, writings)) = due {
            let number = speaker.say(&line, Purpose::Shown, Act::Shown { writings: writings.clone() }, Vec::new());
            self.said(&writings, number, now_us);
        }
    }

    /// Those of one line that are to be said now, as many as one statement may name. `is_open`: no journal says it, and
    /// there is such a writing; `is_said`: the statement of that number waits for the node.
    fn take_due(
        &mut self,
        now_us: u64,
        is_open: impl Fn(&LineId, &Hash) -> bool,
        is_said: impl Fn(u64) -> bool,
    ) -> Option<(LineId, Vec<Hash>)> {
        self.owed.retain(|id, owed| now_us < owed.due_us || is_open(&owed.line, id));
        let due = |owed: &Owed| now_us >= owed.due_us && !owed.number.is_some_and(&is_said);
        let line = self.owed.values().find(|owed| due(owed))?.line.clone();
        let of_line = self.owed.iter().filter(|(_, owed)| owed.line == line && due(owed));
        let ids = of_line.map(|(id, _)| *id).take(SHOWN_MAX).collect();
        Some((line, ids))
    }

    /// They were said in the statement of that number.
    fn said(&mut self, ids: &[Hash], number: u64, now_us: u64) {
        for id in ids {
            let Some(owed) = self.owed.get_mut(id) else { continue };
            owed.tries.note(&SHOWN_TRIES, now_us);
            (owed.number, owed.due_us) = (Some(number), owed.tries.due_us(&SHOWN_TRIES, now_us));
        }
    }

    /// That statement counts nowhere, and no other does before so long.
    pub(super) fn not_said(&mut self, number: u64, after_us: u64, now_us: u64) {
        for owed in self.owed.values_mut().filter(|owed| owed.number == Some(number)) {
            (owed.number, owed.due_us) = (None, owed.due_us.max(now_us + after_us));
        }
    }

    pub(super) fn next_us(&self) -> Option<u64> {
        self.owed.values().map(|owed| owed.due_us).min()
    }
}

/// There is such a writing, and no journal says that it was shown here.
pub(super) fn is_not_said(at: Roster, line: &LineId, id: &Hash) -> bool {
    let (Some(fold), me) = (at.fold(), at.id()) else { return true };
    fold.writing(line, id).is_some() && !fold.receipts(id).any(|(_, receipts)| receipts.shown.contains_key(&me))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::line_id;

    fn id(number: usize) -> Hash {
        let mut id = [0; 48];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Hash(id)
    }

    #[test]
    fn it_is_said_again_until_a_journal_has_it_and_less_and_less_often() {
        let (line, mut shown) = (line_id("duty"), Shown::default());
        shown.on_screen(id(1), &line);
        let mut said = Vec::new();
        let mut now_us = 0;
        while now_us < 7_200_000_000 {
            if let Some((on, ids)) = shown.take_due(now_us, |_, _| true, |_| false) {
                assert_eq!((&on, &ids[..]), (&line, &[id(1)][..]));
                said.push(now_us);
                shown.said(&ids, said.len() as u64, now_us);
                shown.not_said(said.len() as u64, 2_000_000, now_us);
            }
            now_us = shown.next_us().unwrap().max(now_us + 1);
        }
        assert!((6..20).contains(&said.len()), "{said:?}");
        assert!(shown.take_due(u64::MAX, |_, _| false, |_| false).is_none() && shown.next_us().is_none());
    }

    #[test]
    fn what_waits_for_the_node_is_not_said_twice_and_of_many_so_many_at_once() {
        let (lines, mut shown) = ([line_id("duty"), line_id("leaders")], Shown::default());
        for number in 0..3 * SHOWN_OWED_MAX {
            shown.on_screen(id(number), &lines[number % 2]);
        }
        assert_eq!(shown.owed.len(), SHOWN_OWED_MAX);
        let (line, first) = shown.take_due(5, |_, _| true, |_| true).unwrap();
        assert_eq!((first.len(), &line), (SHOWN_MAX, &lines[0]));
        shown.said(&first, 1, 5);
        let later_us = shown.owed[&first[0]].due_us;
        let (_, other) = shown.take_due(later_us, |_, _| true, |number| number == 1).unwrap();
        assert!(first.iter().all(|id| !other.contains(id)));
    }
}

//! What was folded is kept (decision 29), and used by a program with the same version of the fold alone: whatever folds
//! otherwise, or writes otherwise what it has folded, has another version.
#![allow(clippy::unwrap_used)]

use crate::reference::{ACTS, BODIES, REASONS, Reference};
use crate::{common, reference};
use std::sync::LazyLock;
use trialogue_charter::{Hash, Suite, fixture};
use trialogue_journal::fold::{FOLD_GOLDEN, FOLD_VERSION};
use trialogue_journal::{Ignored, State, limits};

static TOLD: LazyLock<Reference> = LazyLock::new(Reference::told);

macro_rules! bounds {
    ($($name:ident)+) => { &[$((stringify!($name), limits::$name as u64)),+] };
}

/// Bounds that decide what counts and what is remembered. Their values stand for what the reference journals do not
/// reach: thousands of entries, years, bytes.
const BOUNDS: &[(&str, u64)] = bounds! {
    ANSWER_BY_MS ATTENDANCES_MAX BEGIN_EARLY_MS BODIES_MAX BODY_MAX CERTIFIED_MAX CHARTERS_HELD CHUNKS_MAX CIRCLES_MAX CLOCKS_APART_MS
    CONSULTATION_OVER_MS CONTENT_MAX DEPTH_MAX DEVICES_MAX DISMISSALS_MAX ENTRY_MAX EPOCHS_MAX FORGERIES_MAX FORMER_CHARTER_MS GENERATION_MAX ITEMS_MAX
    MEMBERS_MAX MISSED_MAX NODES_MAX NUMBER_AHEAD_MS PARTIES_MAX PATHS_MAX PROMISE_MS PROPOSALS_MAX PROPOSE_MS READERS_MAX RECEIPTS_EACH RECEIPTS_HELD
    RESPONSES_MAX REVOKED_MAX SAID_MS SAID_WITH_BODIES_MS SEEN_MAX SEND_TEST_MS SEQ_MAX SET_BACK_HELD SHIFT_MS SHOWN_MAX STAFFED_MAX
    STATEMENT_MAX STORED_MAX TAGS_TOLD_MAX TRANSLATION_MAX WRITINGS_HELD WRITTEN_AHEAD_MS
};
/// Those that decide what a console is shown and a board says, of the state as it is.
const OF_NO_STATE: [&str; 9] = [
    "BELIEVED_AHEAD_MS",
    "CHUNK_MAX",
    "CIRCLES_SHOWN",
    "FRESH_DEVICES_MAX",
    "LOSSY_PPM",
    "NEWEST_RESPONSES",
    "POOR_QUALITY",
    "SLOW_US",
    "WRITINGS_SHOWN",
];

/// The version is in it, so that neither is renewed without the other.
fn golden(told: &Reference) -> String {
    let mut all = FOLD_VERSION.to_be_bytes().to_vec();
    all.extend(BOUNDS.iter().flat_map(|(_, bound)| bound.to_be_bytes()));
    for (_, kept) in &told.chapters {
        all.extend(Hash::of(kept).0);
    }
    Hash::of(&all).to_string()
}

#[test]
fn whatever_folds_otherwise_has_another_version() {
    let told = &*TOLD;
    let now = golden(told);
    let chapters: Vec<String> = told
        .chapters
        .iter()
        .map(|(name, kept)| format!("  {name}: {} bytes, {:?}", kept.len(), Hash::of(kept)))
        .collect();
    assert!(
        now == FOLD_GOLDEN,
        "the reference journals come to another state, or its bytes are others: raise FOLD_VERSION (now {FOLD_VERSION}) in crates/journal/src/fold/version.rs, \
         run this test again, and renew FOLD_GOLDEN there with the hash that it gives; snapshots of before are then discarded and the journals folded anew. \
         Where only the reference journals themselves were changed (tests/all/reference, the charter's fixture), renew FOLD_GOLDEN alone.\n\
         FOLD_GOLDEN of version {FOLD_VERSION}: {now}\n{}",
        chapters.join("\n")
    );
}

#[test]
fn the_reference_journals_go_through_everything_that_is_folded() {
    // These are asked before anything is written down (`State::judge`), and no entry is ignored for them.
    let never = [Ignored::Suspended, Ignored::Dropped].map(|reason| reference::reason_name(&reason));
    let all = [BODIES, ACTS, REASONS].concat();
    let missing: Vec<_> = all.iter().filter(|kind| !TOLD.covered.contains(*kind) && !never.contains(kind)).collect();
    assert!(missing.is_empty(), "tell of them in tests/all/reference, then renew FOLD_GOLDEN: {missing:?}");
}

#[test]
fn the_same_journals_come_to_the_same_bytes() {
    assert_eq!(golden(&Reference::told()), golden(&TOLD));
}

#[test]
fn what_was_kept_under_other_nodes_or_is_cut_is_no_state() {
    let three = fixture::Trilateral::new(Suite::XWing).charter;
    let kept = &TOLD.chapters.last().unwrap().1;
    assert!(State::kept(three.into(), kept).is_none(), "a node more than the charter has");
    assert!(State::kept(common::CHARTER.clone(), &kept[..kept.len() - 1]).is_none());
}

#[test]
fn every_bound_of_the_journal_is_in_the_version_or_makes_no_state() {
    let source = include_str!("../../src/limits.rs").lines();
    let all = source.filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let known = |name: &&str| BOUNDS.iter().any(|(known, _)| known == name) || OF_NO_STATE.contains(name);
    let missing: Vec<_> = all.filter(|name| !known(name)).collect();
    assert!(missing.is_empty(), "put them into BOUNDS, or OF_NO_STATE, of this test: {missing:?}");
}

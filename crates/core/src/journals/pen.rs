//! What a part of the machine takes to write in the own journal.

use super::Journals;
use crate::budgets::Budgets;
use crate::here::Here;
use crate::out::Out;
use std::borrow::Cow;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::Body;
use trialogue_journal::fold::State;

/// Handed to parts by the machine. While a neighbour gives back entries that did not reach the disk, nothing can be
/// written.
pub(crate) struct Pen<'a> {
    pub(super) journals: &'a mut Journals,
    pub(super) budgets: &'a mut Budgets,
    pub(super) here: &'a Here,
    /// Something may be written.
    pub(super) open: bool,
    pub(crate) out: &'a mut Out,
}

impl<'a> Pen<'a> {
    pub(crate) fn new(
        journals: &'a mut Journals,
        budgets: &'a mut Budgets,
        here: &'a Here,
        open: bool,
        out: &'a mut Out,
    ) -> Self {
        Self { journals, budgets, here, open, out }
    }

    /// The journals with what still waits for the disk.
    pub(crate) fn ahead(&self) -> &State {
        self.journals.ahead()
    }

    /// What has taken effect of them.
    pub(crate) fn state(&self) -> &State {
        self.journals.state()
    }

    /// See [`Journals::time_ms`].
    pub(crate) fn time_ms(&self) -> u64 {
        self.journals.time_ms(self.here)
    }

    pub(crate) fn here(&self) -> &'a Here {
        self.here
    }

    /// Something may be written now.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The disk failed and has not caught up.
    pub(crate) fn is_failing(&self) -> bool {
        self.journals.is_failing()
    }

    /// Is the own entry at this position on disk?
    pub(crate) fn is_recorded(&self, seq: u64) -> bool {
        self.journals.is_recorded(seq)
    }

    /// See [`Journals::lines_of`].
    pub(crate) fn lines_of(&self, device: &DeviceId) -> Vec<LineId> {
        self.journals.lines_of(device, self.here)
    }

    /// How many own entries of a kind wait for the disk?
    pub(crate) fn under_way(&self, kind: impl Fn(&Body) -> bool) -> usize {
        self.journals.under_way(kind)
    }

    /// The signed entry of any journal at a position, counted from 1.
    pub(crate) fn entry(&self, node: &NodeId, seq: u64) -> Option<Cow<'_, [u8]>> {
        self.journals.entry(node, seq)
    }

    /// Has the own journal room for so many bytes that can wait? An error: after so many microseconds.
    pub(crate) fn may_copy(&mut self, bytes: usize) -> Result<(), u64> {
        self.budgets.copy(&self.here.node, bytes, self.here.now.us)
    }
}

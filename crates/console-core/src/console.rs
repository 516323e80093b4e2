//! The machine.

use crate::identity::{EnrolError, Identity};
use crate::io::{Input, Output};
use crate::view::View;
use std::collections::VecDeque;

/// One console of one officer. See the crate's calling contract.
pub struct Console {
    out: VecDeque<Output>,
    view: View,
}

impl Console {
    /// A console that is not connected yet. `held_charter` is what [`Output::Charter`] gave last; `on_watch`: rings sound here.
    ///
    /// # Errors
    /// [`EnrolError::Stored`] if the identity cannot be used.
    pub fn new(identity: Identity, held_charter: Option<Vec<u8>>, on_watch: bool) -> Result<Self, EnrolError> {
        let _ = (identity, held_charter, on_watch);
        Ok(Self { out: VecDeque::new(), view: View::default() })
    }

    /// Takes one input. `now_us` is a monotonic clock in microseconds, `now_ms` the wall clock in milliseconds since 1970 UTC.
    pub fn handle(&mut self, now_us: u64, now_ms: u64, input: Input) {
        let _ = (now_us, now_ms, input);
        self.out.push_back(Output::View(Box::new(self.view.clone())));
    }

    /// The next thing to do, until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Console::handle`] with [`Input::Tick`], in microseconds of the monotonic clock.
    #[must_use]
    pub fn next_timeout(&self) -> Option<u64> {
        None
    }

    /// What is on screen now.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }
}

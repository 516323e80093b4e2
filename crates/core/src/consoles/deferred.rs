//! What consoles say while nothing can be written: somebody says that there is more of the own journal, and what people
//! say waits that moment, and is not lost.

use crate::io::ConsoleKey;
use crate::limits::{DEFERRED_EACH_MAX, DEFERRED_MAX};
use std::collections::VecDeque;
use trialogue_wire::console::ToNode;

/// Of all consoles, in the order in which they said it.
#[derive(Default)]
pub(super) struct Deferred(VecDeque<(ConsoleKey, ToNode)>);

impl Deferred {
    /// Is there room for one more of a console?
    pub(super) fn has_room(&self, key: ConsoleKey) -> bool {
        let own = self.0.iter().filter(|(other, _)| *other == key).count();
        self.0.len() < DEFERRED_MAX && own < DEFERRED_EACH_MAX
    }

    /// Keeps what a console says.
    pub(super) fn keep(&mut self, key: ConsoleKey, message: ToNode) {
        self.0.push_back((key, message));
    }

    /// All of it; nothing is kept any more.
    pub(super) fn take(&mut self) -> VecDeque<(ConsoleKey, ToNode)> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_console_takes_nobodys_room_and_all_together_have_a_bound() {
        let mut deferred = Deferred::default();
        let says = |deferred: &mut Deferred, key| {
            let room = deferred.has_room(ConsoleKey(key));
            if room {
                deferred.keep(ConsoleKey(key), ToNode::Ping { number: 1 });
            }
            room
        };
        let kept = (0..DEFERRED_MAX + 1).filter(|_| says(&mut deferred, 1)).count();
        assert_eq!(kept, DEFERRED_EACH_MAX);
        assert!(says(&mut deferred, 2));
        let others = (3..).take(DEFERRED_MAX).filter(|key| says(&mut deferred, *key)).count();
        assert_eq!(kept + 1 + others, DEFERRED_MAX);
        let order: Vec<u64> = deferred.take().into_iter().map(|(key, _)| key.0).take(kept + 1).collect();
        assert_eq!(order, [vec![1; kept], vec![2]].concat());
        assert!(deferred.take().is_empty());
    }
}

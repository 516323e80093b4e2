//! What the platform is asked to do, in order.

use crate::io::{Event, Output};
use std::collections::VecDeque;
use trialogue_wire::console::ToNode;

/// Outputs that the platform has not taken yet.
#[derive(Default)]
pub(crate) struct Outputs {
    queue: VecDeque<Output>,
}

impl Outputs {
    pub(crate) fn push(&mut self, output: Output) {
        self.queue.push_back(output);
    }

    /// The same where it is about a WebSocket and leg: about those of the pair of this slot. The first pair is slot 0
    /// and not named.
    pub(crate) fn at(&mut self, slot: u8, output: Output) {
        let of_slot = matches!(
            output,
            Output::Send(_)
                | Output::Reconnect { .. }
                | Output::Stop
                | Output::MakeOffer { .. }
                | Output::LegAnswer { .. }
                | Output::Place { .. }
                | Output::Connect { .. }
        );
        self.push(match slot {
            0 => output,
            slot if of_slot => Output::At { slot, output: Box::new(output) },
            _ => output,
        });
    }

    /// Sends a message to the node that the pair of this slot leads to.
    pub(crate) fn send(&mut self, slot: u8, message: &ToNode) {
        self.at(slot, Output::Send(trialogue_wire::encode(message)));
    }

    pub(crate) fn log(&mut self, event: Event) {
        self.push(Output::Log(event));
    }

    /// The next one, which is taken out.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]
    use super::*;
    use std::mem::discriminant;
    use trialogue_charter::Hash;
    use trialogue_wire::console::Medium;
    use zeroize::Zeroizing;

    /// Outputs about a WebSocket and leg.
    fn of_a_pair() -> [fn() -> Output; 7] {
        [
            || Output::Send(vec![1]),
            || Output::Reconnect { after_ms: 1 },
            || Output::Stop,
            || Output::MakeOffer { leg: 1 },
            || Output::LegAnswer { leg: 1, sdp: String::new() },
            || Output::Place { leg: 1, mid: "1".into(), device: None, medium: Medium::Voice },
            || Output::Connect { url: "https://usa-2".into() },
        ]
    }

    /// All others that are made of nothing but plain values.
    fn of_the_console() -> [fn() -> Output; 12] {
        [
            || Output::View(Box::default()),
            || Output::Seal(None),
            || Output::ForgetKey { key_id: 1, over: true },
            || Output::Use { slot: 1 },
            || Output::ProveAlive { nonce: [1; 16] },
            || Output::Ringing(true),
            || Output::Charter(vec![1]),
            || Output::Keep { version: 1, bytes: Zeroizing::new(vec![1]) },
            || Output::GiveChunk(Hash::of(b"1")),
            || Output::ForgetChunks(Vec::new()),
            || Output::Written(None),
            || Output::Log(Event::Accepted),
        ]
    }

    #[test]
    fn what_is_about_the_other_pair_says_so_and_nothing_else_does() {
        for make in of_a_pair() {
            let mut outputs = Outputs::default();
            outputs.at(1, make());
            let Some(Output::At { slot: 1, output }) = outputs.poll() else { panic!("names the pair") };
            assert_eq!(discriminant(&*output), discriminant(&make()));
        }
        for make in of_the_console() {
            let mut outputs = Outputs::default();
            outputs.at(1, make());
            assert_eq!(discriminant(&outputs.poll().unwrap()), discriminant(&make()));
        }
    }

    #[test]
    fn the_first_pair_is_not_named() {
        for make in of_a_pair() {
            let mut outputs = Outputs::default();
            outputs.at(0, make());
            assert_eq!(discriminant(&outputs.poll().unwrap()), discriminant(&make()));
        }
    }

    #[test]
    fn they_come_out_in_their_order_and_once() {
        let mut outputs = Outputs::default();
        outputs.send(1, &ToNode::Next {});
        outputs.log(Event::Accepted);
        outputs.push(Output::Ringing(true));
        let Some(Output::At { slot: 1, output }) = outputs.poll() else { panic!("names the pair") };
        assert!(matches!(*output, Output::Send(bytes) if bytes == trialogue_wire::encode(&ToNode::Next {})));
        assert!(matches!(outputs.poll(), Some(Output::Log(Event::Accepted))));
        assert!(matches!(outputs.poll(), Some(Output::Ringing(true))));
        assert!(outputs.poll().is_none());
    }
}

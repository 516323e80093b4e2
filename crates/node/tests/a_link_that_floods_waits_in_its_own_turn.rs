//! A node that says more than another can look at waits in its own turn: nobody else's message waits behind all of it.
#![allow(clippy::unwrap_used)]

mod common;
mod ends;

use common::House;
use ends::{End, carrier};

/// Messages of one link that wait for the machine (spec/link.md).
const WAITING: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_behind_a_few_of_another_link_and_not_behind_all() {
    let of = [carrier("", 2, None), carrier("", 3, None), carrier("", 4, None)];
    let house = House::written(|node, _| {
        let at = ["usa-1", "kor-1", "jpn-1"].iter().position(|name| *name == node.as_str()).unwrap();
        vec![of[at].listen.to_string()]
    });
    let [mut usa, mut kor, mut jpn] =
        [("usa-1", 0), ("kor-1", 1), ("jpn-1", 2)].map(|(node, at)| End::start(&house, node, &of[at..=at]));
    // The control task of USA is busy: it takes nothing from when both links are up.
    usa.both_up(["jpn-1", "kor-1"]).await;
    let (flood, honest) = (jpn.up("usa-1").await, kor.up("usa-1").await);
    (0..200).for_each(|_| flood.put(600, vec![0; 600]).unwrap());
    // As many as a link may have waiting; then each time that one is heard the next one of the flood is there again.
    usa.waiting(WAITING).await;
    honest.put(600, vec![1; 600]).unwrap();
    let mut before = 0;
    while usa.message().await[0] == 0 {
        before += 1;
        if before < 200 - WAITING {
            usa.waiting(WAITING).await;
        }
    }
    assert!(before <= 16, "behind {before} of 200");
}

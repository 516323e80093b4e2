//! Links come up between all three, journals are everywhere, also where two have no path to each other.
#![allow(clippy::unwrap_used)]

mod common;

use common::house::{free_udp, links_up};
use common::{House, Officer, Relay, until};
use trialogue_journal::Body;

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_has_its_own_link() {
    let house = House::new();
    let nodes = house.start_all().await;
    for node in &nodes {
        until("two links", || async { links_up(node).len() == 2 }).await;
    }
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_logs_in_and_the_others_see_it_staffed() {
    let house = House::new();
    let nodes = house.start_all().await;
    let mut usa = Officer::on_watch(&house, nodes[2].web_addr(), "usa-duty").await;
    let mut jpn = Officer::on_watch(&house, nodes[0].web_addr(), "jpn-duty").await;
    let staffed = |entry: &trialogue_journal::VerifiedEntry| matches!(&entry.entry().body, Body::Staffed { offices } if offices.len() == 1);
    jpn.sees(&house, "usa-1", staffed).await;
    usa.sees(&house, "jpn-1", staffed).await;
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_gone_is_linked_again_and_caught_up() {
    let house = House::new();
    let mut nodes = house.start_all().await;
    let usa = nodes.pop().unwrap();
    let mut jpn = Officer::on_watch(&house, nodes[0].web_addr(), "jpn-duty").await;
    until("it has begun its journal", || async { usa.status().now().journal_on_disk > 0 }).await;
    usa.stop().await;
    let usa = house.start("usa-1").await;
    jpn.sees(&house, "usa-1", |entry| matches!(entry.entry().body, Body::Restarted {})).await;
    until("both links are up again", || async { links_up(&usa).len() == 2 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_without_a_path_hear_each_other_through_the_third() {
    // JPN and USA reach only KOR, and KOR reaches both: their addresses stand behind relays that let only KOR through.
    let doors: std::collections::BTreeMap<_, _> = ["jpn-1", "usa-1"].map(|n| (n.to_owned(), free_udp())).into();
    let house = House::reached_by(|node, listen| vec![doors.get(node.as_str()).copied().unwrap_or(listen)]);
    let kor = house.listen[1];
    let _jpn_door = Relay::start(doors["jpn-1"], house.listen[0], vec![kor]).await;
    let _usa_door = Relay::start(doors["usa-1"], house.listen[2], vec![kor]).await;
    let nodes = house.start_all().await;
    let mut jpn = Officer::on_watch(&house, nodes[0].web_addr(), "jpn-duty").await;
    let usa = Officer::on_watch(&house, nodes[2].web_addr(), "usa-duty").await;
    let device = usa.id();
    jpn.sees(&house, "usa-1", |entry| matches!(entry.entry().body, Body::Enrolled { device: d, .. } if d == device))
        .await;
    assert_eq!(links_up(&nodes[0]), ["kor-1"]);
    assert_eq!(links_up(&nodes[2]), ["kor-1"]);
}

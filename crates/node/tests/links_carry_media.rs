//! Two ends of a link, without the rest of a node.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::House;
use common::house::id;
use std::sync::Arc;
use tokio::sync::mpsc;
use trialogue_node::counters::Counters;
use trialogue_node::links::{Carrier, LinkEvent, LinkSecret, Links};
use trialogue_node::outbox::Outbox;
use trialogue_wire::console::Medium;

struct End {
    links: Links,
    events: mpsc::Receiver<LinkEvent>,
    datagrams: mpsc::UnboundedReceiver<(u8, Bytes)>,
}

fn end(house: &House, node: &str) -> End {
    let node = id(node);
    let listen = house.listen[usize::from(house.charter.node_index(&node).unwrap())];
    let carriers = [Carrier { name: String::new(), listen, cap_kbit: None }];
    let (tx, events) = mpsc::channel(64);
    let (heard, datagrams) = mpsc::unbounded_channel();
    let on_datagram = Arc::new(move |from, datagram| drop(heard.send((from, datagram))));
    let key = house.keys.link(&node);
    let secret = LinkSecret(key.ed25519_seed());
    let links = Links::start(&carriers, &node, &secret, &house.charter, &Counters::default(), tx, on_datagram).unwrap();
    End { links, events, datagrams }
}

impl End {
    /// The next event of a link that is not a measurement.
    async fn next(&mut self) -> LinkEvent {
        loop {
            let wait = tokio::time::timeout(std::time::Duration::from_secs(60), self.events.recv());
            match wait.await.unwrap().unwrap() {
                LinkEvent::RoundTrip { .. } | LinkEvent::Paths { .. } | LinkEvent::Silent { .. } => {}
                event => return event,
            }
        }
    }

    async fn up(&mut self) -> Outbox<Vec<u8>> {
        loop {
            if let LinkEvent::Up { out, .. } = self.next().await {
                // The dialled side hears of the link when the dialling side has said something.
                out.put(5, b"hello".to_vec()).unwrap();
                return out;
            }
        }
    }

    /// Until both ends have the same connection and have heard each other.
    async fn settled(&mut self) -> Outbox<Vec<u8>> {
        let mut out = self.up().await;
        loop {
            match self.next().await {
                LinkEvent::Message { bytes, .. } if bytes == b"hello" => return out,
                LinkEvent::Up { out: newer, .. } => {
                    newer.put(5, b"hello".to_vec()).unwrap();
                    out = newer;
                }
                LinkEvent::Down { .. } => {}
                _ => panic!("something else was said"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_of_a_narrow_path_fits_from_the_first_moment() {
    let house = House::new();
    let (mut jpn, mut usa) = (end(&house, "jpn-1"), end(&house, "usa-1"));
    let (_jpn_out, _usa_out) = tokio::join!(jpn.settled(), usa.settled());
    let to_usa = jpn.links.media().sender(2);
    assert!(
        to_usa.max_size(Medium::Picture) >= 1_200,
        "an RTP packet of 1,200 bytes would be cut: {}",
        to_usa.max_size(Medium::Picture)
    );
    assert!(to_usa.has_room());
    assert!(to_usa.send(Medium::Picture, Bytes::from(vec![7; 1_200])));
    assert_eq!(usa.datagrams.recv().await.unwrap(), (0, Bytes::from(vec![7; 1_200])));
    assert!(!jpn.links.media().sender(1).send(Medium::Voice, Bytes::from_static(b"x")), "no link to KOR");
    // Pictures are refused long before the queue is full; a voice is still taken then.
    while to_usa.has_room() {
        to_usa.send(Medium::Picture, Bytes::from(vec![8; 1_200]));
    }
    assert!(to_usa.send(Medium::Picture, Bytes::from_static(b"voice")));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_keep_their_order_and_a_closed_link_comes_back_later() {
    let house = House::new();
    let (mut jpn, mut usa) = (end(&house, "jpn-1"), end(&house, "usa-1"));
    let (jpn_out, usa_out) = tokio::join!(jpn.settled(), usa.settled());
    for number in 0..200_u32 {
        let message = vec![number as u8; 1 + (number as usize % 7) * 10_000];
        jpn_out.put(message.len(), message).unwrap();
    }
    for number in 0..200_u32 {
        let LinkEvent::Message { node, bytes, .. } = usa.next().await else { panic!("no message") };
        assert_eq!((node, bytes.len(), bytes[0]), (id("jpn-1"), 1 + (number as usize % 7) * 10_000, number as u8));
    }
    // Dropping the outbox is how the control task closes a link.
    drop(usa_out);
    while !matches!(jpn.next().await, LinkEvent::Down { .. }) {}
    while !matches!(usa.next().await, LinkEvent::Down { .. }) {}
    jpn.up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_does_not_keep_up_is_bounded() {
    let house = House::new();
    let (mut jpn, mut usa) = (end(&house, "jpn-1"), end(&house, "usa-1"));
    let (jpn_out, _usa_out) = tokio::join!(jpn.settled(), usa.settled());
    // USA does not read its events: windows fill, then the outbox, and then it says so.
    let mut sent = 0;
    while jpn_out.put(900_000, vec![1; 900_000]).is_ok() {
        sent += 1;
        assert!(sent < 500, "nothing bounds it");
        tokio::task::yield_now().await;
    }
}

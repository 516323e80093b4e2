//! Two carriers between two nodes: what one of them costs when it is cut is nothing that anybody hears or misses.
#![allow(clippy::unwrap_used)]

mod common;
mod ends;

use bytes::Bytes;
use common::Relay;
use ends::{End, Pair};
use std::collections::BTreeMap;
use trialogue_wire::console::Medium;

/// Sends numbered voices.
async fn talk(from: &End, to: &End, numbers: std::ops::Range<u32>) {
    let sender = from.links.media().sender(to.index);
    for number in numbers {
        assert!(sender.send(Medium::Voice, Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[7; 100]].concat())));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Hears voices until it is enough; how often each number has come.
async fn hear(at: &mut End, copies: &mut BTreeMap<u32, u32>, enough: impl Fn(&BTreeMap<u32, u32>) -> bool) {
    while !enough(copies) {
        let wait = tokio::time::timeout(std::time::Duration::from_secs(90), at.datagrams.recv()).await;
        let (_, datagram) = wait.unwrap_or_else(|_| panic!("only these came: {copies:?}")).unwrap();
        *copies.entry(u32::from_be_bytes(*datagram.first_chunk().unwrap())).or_insert(0) += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_voice_and_no_message_is_lost_and_the_link_stands() {
    let Pair { mut jpn, mut usa, fibre, sat: _sat, .. } = Pair::new(None).await;
    let to_usa = usa.out.clone().unwrap();
    let from_jpn = jpn.out.clone().unwrap();
    talk(&jpn, &usa, 0..50).await;
    let mut copies = BTreeMap::new();
    hear(&mut usa, &mut copies, |copies| (0..50).all(|number| copies.get(&number).is_some_and(|n| *n >= 2))).await;
    // Messages of the size of a ring are under way when the fibre goes.
    let message = |number: u32| vec![number as u8; 1 + (number as usize % 5) * 300];
    for number in 0..40 {
        from_jpn.put(1, message(number)).unwrap();
    }
    drop(fibre);
    talk(&jpn, &usa, 50..250).await;
    for number in 40..80 {
        from_jpn.put(1, message(number)).unwrap();
        to_usa.put(1, message(number)).unwrap();
    }
    for number in 0..80 {
        assert_eq!(usa.message().await, message(number));
    }
    for number in 40..80 {
        assert_eq!(jpn.message().await, message(number));
    }
    hear(&mut usa, &mut copies, |copies| copies.len() == 250).await;
    // The dead path is told as down, and the link never was.
    usa.paths(|paths| paths.iter().filter(|path| path.up).count() == 1).await;
    assert_eq!((jpn.downs, usa.downs), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_that_were_on_the_cut_path_come_by_the_other() {
    let Pair { jpn, mut usa, fibre, sat, .. } = Pair::new(None).await;
    let out = jpn.out.clone().unwrap();
    let message = |number: u32| vec![number as u8; 100_000 + (number as usize % 5) * 150_000];
    let mut cut = Some((fibre, sat));
    let mut left = None;
    for number in 0..20 {
        out.put(1, message(number)).unwrap();
    }
    for number in 0..20 {
        assert_eq!(usa.message().await, message(number));
        if let Some((fibre, sat)) = cut.take() {
            drop(fibre);
            left = Some(sat);
        }
    }
    assert!(left.is_some());
    assert_eq!(usa.downs, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_path_comes_back_by_itself() {
    let Pair { jpn: _jpn, mut usa, fibre, fibre_ends, sat: _sat, .. } = Pair::new(None).await;
    drop(fibre);
    let sender = usa.links.media().sender(0);
    // Somebody talks: a path that is used is found dead sooner.
    let talking = tokio::spawn(async move {
        loop {
            sender.send(Medium::Voice, Bytes::from_static(b"hello"));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    usa.paths(|paths| paths.iter().filter(|path| path.up).count() == 1).await;
    let _fibre = Relay::start(fibre_ends.0, fibre_ends.1, vec![fibre_ends.2]).await;
    usa.paths(|paths| paths.iter().all(|path| path.up && path.round_trip_us.is_some())).await;
    assert_eq!(usa.downs, 0);
    talking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_move_to_the_other_path() {
    let Pair { mut jpn, mut usa, fibre, sat, .. } = Pair::new(None).await;
    let best = jpn.paths(|paths| paths.iter().any(|path| path.best)).await;
    let best = best.iter().find(|path| path.best).unwrap().carrier.clone();
    let _left = if best == "fibre" { (drop(fibre), sat).1 } else { (drop(sat), fibre).1 };
    let sender = jpn.links.media().sender(usa.index);
    let sending = tokio::spawn(async move {
        loop {
            sender.send(Medium::Picture, Bytes::from_static(b"picture"));
            sender.send(Medium::Voice, Bytes::from_static(b"voice"));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    jpn.paths(|paths| paths.iter().any(|path| path.best && path.carrier != best)).await;
    while usa.datagrams.recv().await.unwrap().1 != Bytes::from_static(b"picture") {}
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thin_path_carries_voice_and_control_and_never_a_picture() {
    let Pair { jpn, mut usa, fibre, sat: _sat, .. } = Pair::new(Some(64)).await;
    let sender = jpn.links.media().sender(usa.index);
    assert!(sender.max_size(Medium::Picture) > 1_000, "the fibre carries pictures");
    drop(fibre);
    let (out, number) = (jpn.out.clone().unwrap(), vec![9; 5_000]);
    talk(&jpn, &usa, 0..20).await;
    out.put(1, number.clone()).unwrap();
    assert_eq!(usa.message().await, number);
    let keeps = tokio::spawn(async move {
        loop {
            sender.send(Medium::Voice, Bytes::from_static(b"voice"));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            if sender.max_size(Medium::Picture) == 0 {
                return (sender.has_room(), sender.send(Medium::Picture, Bytes::from_static(b"picture")));
            }
        }
    });
    assert_eq!(keeps.await.unwrap(), (false, false));
    // No more than the cap passes: 64 kbit/s are 8,000 bytes in a second.
    let sender = jpn.links.media().sender(usa.index);
    let passed = (0..1_000).filter(|_| sender.send(Medium::Voice, Bytes::from(vec![7; 100]))).count();
    assert!(passed < 100, "{passed} of 100 bytes at once");
}

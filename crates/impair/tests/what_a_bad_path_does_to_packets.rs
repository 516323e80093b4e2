//! The decisions of one direction of a path: by the seed, exact, bounded.
#![allow(clippy::unwrap_used)]

use trialogue_impair::{Direction, Shape};

const STEP_US: u64 = 20_000;

/// One packet of `size` bytes every 20 ms, each beginning with its number; gives (arrival in µs, number).
fn send(direction: &mut Direction, count: u32, size: usize) -> Vec<(u64, u32)> {
    let mut came = Vec::new();
    let mut now = 0;
    for number in 0..count {
        now = u64::from(number) * STEP_US;
        collect(direction, now, &mut came);
        let mut packet = vec![0; size];
        packet[..4].copy_from_slice(&number.to_be_bytes());
        direction.take(now, packet);
    }
    collect(direction, now + 60_000_000, &mut came);
    came
}

fn collect(direction: &mut Direction, until: u64, came: &mut Vec<(u64, u32)>) {
    while let Some(due) = direction.due().filter(|due| *due <= until) {
        let packet = direction.give(due).unwrap();
        came.push((due, u32::from_be_bytes(packet[..4].try_into().unwrap())));
    }
}

fn shaped(seed: u64, shape: &str) -> Direction {
    let mut direction = Direction::new(seed);
    direction.shape(shape.parse().unwrap());
    direction
}

#[test]
fn a_perfect_path_gives_every_packet_at_once_and_in_order() {
    let came = send(&mut Direction::new(1), 100, 200);
    assert_eq!(came, (0..100).map(|n| (u64::from(n) * STEP_US, n)).collect::<Vec<_>>());
}

#[test]
fn the_same_seed_decides_the_same_and_another_one_otherwise() {
    let shape = "loss=20% jitter=30 reorder=10% duplicate=10% burst=500/2000";
    let run = |seed| send(&mut shaped(seed, shape), 2_000, 200);
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_fifth_is_lost_on_average_and_a_burst_takes_all_of_half_a_second() {
    let came = send(&mut shaped(3, "loss=20%"), 10_000, 200).len();
    assert!((7_800..8_200).contains(&came), "{came}");

    let mut direction = shaped(3, "burst=500/5000");
    let came = send(&mut direction, 10_000, 200);
    let gaps: Vec<u32> = came.windows(2).map(|two| two[1].1 - two[0].1 - 1).filter(|gap| *gap > 0).collect();
    assert!(gaps.len() > 20 && gaps.iter().all(|gap| *gap == 25), "{gaps:?}");
    assert_eq!(direction.counted().burst, gaps.iter().map(|gap| u64::from(*gap)).sum::<u64>());
}

#[test]
fn delay_and_jitter_keep_the_order_and_reordering_does_not() {
    let came = send(&mut shaped(5, "delay=300 jitter=50"), 1_000, 200);
    assert_eq!(came.len(), 1_000);
    assert!(came.is_sorted_by_key(|(_, number)| *number));
    let taken = came.iter().map(|(at, number)| at - u64::from(*number) * STEP_US);
    assert!(taken.clone().all(|us| (300_000..=350_000).contains(&us)) && taken.max() > Some(340_000));

    let came = send(&mut shaped(5, "reorder=20% duplicate=20%"), 1_000, 200);
    assert!(!came.is_sorted_by_key(|(_, number)| *number));
    assert!((1_150..1_250).contains(&came.len()), "{}", came.len());
}

#[test]
fn a_rate_spreads_packets_and_its_queue_is_bounded() {
    // 400 bytes every 20 ms are 160 kbit/s: two and a half times too much.
    let mut direction = shaped(9, "rate=64 queue=500");
    let came = send(&mut direction, 500, 400);
    assert!((180..=220).contains(&came.len()), "{}", came.len());
    assert!(came.iter().all(|(at, number)| at - u64::from(*number) * STEP_US <= 550_000));
    assert_eq!(direction.counted().overflowed + came.len() as u64, 500);
}

#[test]
fn what_is_too_large_or_comes_during_a_cut_is_gone_and_memory_is_bounded() {
    let mut direction = shaped(11, "mtu=1280 delay=100");
    direction.take(0, vec![0; 1_280]);
    direction.take(0, vec![0; 1_281]);
    assert_eq!(direction.counted().too_large, 1);
    direction.shape(Shape { cut: true, ..Shape::default() });
    direction.take(1, vec![0; 100]);
    assert_eq!((direction.due(), direction.counted().cut), (None, 2));

    direction.shape("delay=60000".parse().unwrap());
    for _ in 0..10_000 {
        direction.take(2, vec![0; 1_200]);
    }
    assert!(direction.counted().overflowed > 6_000);
}

//! What keys and sealing cost: `cargo run --release -p trialogue-e2ee --example cost`. Prints medians; asserts nothing.
//! Rows: time of an operation, bytes that it puts on the wire.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;
use trialogue_charter::{DeviceId, Hash, Suite};
use trialogue_e2ee::sealing::Source;
use trialogue_e2ee::{
    BaseKey, Chance, Expected, GroupId, Invite, KeyId, Keyring, Medium, Opener, Receiver, Sealer, TagKey,
};

const ROUNDS: usize = 9;
const GROUP: GroupId = GroupId([7; 16]);

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn ms<T>(times: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    times.push(start.elapsed().as_secs_f64() * 1e3);
    done
}

fn keys(suite: Suite, members: u8) {
    let [mut make, mut add, mut join, mut follow, mut remove, mut export] = [const { Vec::new() }; 6];
    let mut sizes = [0; 4];
    for _ in 0..ROUNDS {
        let mut all: Vec<_> = (0..members)
            .map(|n| Keyring::new(suite, DeviceId([n; 32]), &[n; 32], &mut Chance::replayable([n; 32])).unwrap())
            .collect();
        let (lead, guests) = all.split_first_mut().unwrap();
        lead.create(GROUP).unwrap();
        let offers: Vec<_> = guests
            .iter_mut()
            .map(|g| (g.device(), g.signature_key().to_vec(), ms(&mut make, || g.key_package().unwrap())))
            .collect();
        let invites: Vec<_> = offers
            .iter()
            .map(|(device, signature_key, key_package)| Invite { device: *device, signature_key, key_package })
            .collect();
        let pending = ms(&mut add, || {
            let pending = lead.add_and_remove(&GROUP, &invites, &[]).unwrap();
            lead.confirm(&GROUP).unwrap();
            pending
        });
        let welcome = pending.welcome.unwrap();
        let packages: Vec<Hash> = offers.iter().map(|(_, _, package)| Hash::of(package)).collect();
        let expected = Expected { group: GROUP, epoch: 1, by: DeviceId([0; 32]), packages: &packages };
        for guest in guests.iter_mut() {
            ms(&mut join, || guest.join(&welcome, &expected).unwrap());
        }
        let last = DeviceId([members - 1; 32]);
        let gone = ms(&mut remove, || {
            let pending = lead.add_and_remove(&GROUP, &[], &[last]).unwrap();
            lead.confirm(&GROUP).unwrap();
            pending
        });
        ms(&mut follow, || guests[0].process(&GROUP, &DeviceId([0; 32]), &gone.commit).unwrap());
        ms(&mut export, || lead.base_key(&GROUP, &last, 0).unwrap());
        sizes = [offers[0].2.len(), pending.commit.len(), welcome.len(), gone.commit.len()];
    }
    println!("{suite:?}, {members} members");
    for (what, times, size) in [
        ("key package", make, Some(sizes[0])),
        ("add all", add, Some(sizes[1])),
        ("join", join, Some(sizes[2])),
        ("remove one", remove, Some(sizes[3])),
        ("follow the removal", follow, None),
        ("base key", export, None),
    ] {
        let size = size.map_or(String::new(), |size| format!("{size:>8} bytes"));
        println!("  {what:<20} {:>8.2} ms {size}", median(times));
    }
}

fn frames(len: usize, consoles: usize) {
    let id = KeyId::new(0, &GROUP, 1, 0, 0).unwrap();
    let base = BaseKey::new([1; 32]);
    let (from, key) = (DeviceId([0; 32]), || TagKey::new([2; 32]));
    // Three parties, each with so many consoles that are to hear.
    let receivers = (0..3 * consoles).map(|n| Receiver { party: n as u8 / consoles as u8, key: key() }).collect();
    let mut sealer = Sealer::new(id, &base, 0, receivers).unwrap();
    let mut opener = Opener::new();
    opener
        .insert(id, &base, &Source { device: from, party: 0, turn: 0, fellows: consoles as u8, tag: key(), floor: 0 })
        .unwrap();
    let frame = vec![0x5a; len];
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    let (mut seal, mut open) = (Vec::new(), Vec::new());
    for _ in 0..2_000 {
        ms(&mut seal, || sealer.seal(Medium::Voice, 0, &frame, &mut sealed).unwrap());
        ms(&mut open, || opener.open(Medium::Voice, &from, 0, &sealed, &mut out).unwrap());
    }
    println!(
        "frame of {len:>6} bytes for {consoles} consoles of each of three parties: seal {:>7.2} µs, open {:>7.2} µs, {} bytes more",
        median(seal) * 1e3,
        median(open) * 1e3,
        sealed.len() - len
    );
}

fn main() {
    for suite in [Suite::XWing, Suite::Cnsa2] {
        for members in [3, 15] {
            keys(suite, members);
        }
    }
    for consoles in [1, 4] {
        for len in [80, 1_200, 20_000] {
            frames(len, consoles);
        }
    }
}

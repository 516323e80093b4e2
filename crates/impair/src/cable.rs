//! A cable between two TUN devices: whatever protocol goes over it (QUIC, ICE, TCP) meets the shape of the path.

use crate::limits::{PACKET_MAX, SLEEP_MS, TURN};
use crate::{Counted, Direction, LabError, Shape};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tun_rs::{DeviceBuilder, SyncDevice};

/// A running cable; ends with this value, and its devices with it.
pub struct Cable {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    began: Instant,
    /// From the first end to the second, and back.
    directions: Mutex<[Direction; 2]>,
}

impl Shared {
    fn directions(&self) -> MutexGuard<'_, [Direction; 2]> {
        self.directions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Cable {
    /// Makes two devices of these names, both in the caller's network namespace, and joins them. Moved to another
    /// namespace they stay joined.
    ///
    /// # Errors
    /// Without the right to make devices.
    pub fn between(names: [&str; 2], seed: u64) -> Result<Self, LabError> {
        let open = |name: &str| -> Result<SyncDevice, LabError> {
            let device = DeviceBuilder::new().name(name).enable(false).build_sync().map_err(LabError::Tun)?;
            device.set_nonblocking(true).map_err(LabError::Tun)?;
            Ok(device)
        };
        let ends = [open(names[0])?, open(names[1])?];
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            began: Instant::now(),
            directions: Mutex::new([Direction::new(seed), Direction::new(!seed)]),
        });
        let inside = shared.clone();
        let thread = std::thread::Builder::new()
            .name("cable".into())
            .spawn(move || carry(&inside, &ends))
            .map_err(|why| LabError::Io("a thread for a cable".into(), why))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Both directions are like this from now on.
    pub fn shape(&self, shape: Shape) {
        self.shared.directions().iter_mut().for_each(|direction| direction.shape(shape));
    }

    /// What became of packets, in each direction.
    pub fn counted(&self) -> [Counted; 2] {
        self.shared.directions().each_ref().map(Direction::counted)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn carry(shared: &Shared, ends: &[SyncDevice; 2]) {
    let mut buffer = vec![0; PACKET_MAX];
    let mut taken: [Vec<Vec<u8>>; 2] = Default::default();
    let mut given: [Vec<Vec<u8>>; 2] = Default::default();
    while !shared.stop.load(Ordering::Acquire) {
        for (end, taken) in ends.iter().zip(&mut taken) {
            read(end, &mut buffer, taken);
        }
        let sleep_ms = pass(shared, &mut taken, &mut given);
        for (end, given) in ends.iter().rev().zip(&mut given) {
            // An end that is down takes nothing, as a cable without a socket.
            given.drain(..).for_each(|packet| drop(end.send(&packet)));
        }
        wait(ends, sleep_ms);
    }
}

fn read(end: &SyncDevice, buffer: &mut [u8], taken: &mut Vec<Vec<u8>>) {
    while taken.len() < TURN {
        match end.recv(buffer) {
            Ok(length) => taken.push(buffer.get(..length).unwrap_or_default().to_vec()),
            Err(_) => return,
        }
    }
}

/// Through both directions; gives how long nothing is due, in milliseconds.
fn pass(shared: &Shared, taken: &mut [Vec<Vec<u8>>; 2], given: &mut [Vec<Vec<u8>>; 2]) -> u64 {
    let now = shared.now_us();
    let mut sleep_ms = SLEEP_MS;
    for ((direction, taken), given) in shared.directions().iter_mut().zip(taken).zip(given) {
        taken.drain(..).for_each(|packet| direction.take(now, packet));
        while let Some(packet) = direction.give(now) {
            given.push(packet);
        }
        if let Some(due) = direction.due() {
            sleep_ms = sleep_ms.min(due.saturating_sub(now).div_ceil(1_000));
        }
    }
    sleep_ms
}

/// Until something came, or so long.
fn wait(ends: &[SyncDevice; 2], ms: u64) {
    let mut polled = ends.each_ref().map(|end| PollFd::new(end.as_fd(), PollFlags::POLLIN));
    let timeout = PollTimeout::from(u8::try_from(ms).unwrap_or(u8::MAX));
    let came = poll(&mut polled, timeout).is_ok();
    let gone = polled.iter().any(|end| end.revents().is_some_and(|events| events.contains(PollFlags::POLLERR)));
    if gone || !came {
        // Its namespace was removed before this cable: nothing to do but not to spin.
        std::thread::sleep(Duration::from_millis(SLEEP_MS));
    }
}

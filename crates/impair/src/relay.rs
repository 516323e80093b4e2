//! A relay for UDP in front of one address: for a machine without root, and for anything that takes an address.

use crate::limits::{FLOWS_MAX, PACKET_MAX, SLEEP_MS, TURN};
use crate::{Counted, Direction, LabError, Shape};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// A running relay; ends with this value.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    seed: u64,
    shape: Shape,
    flows: Vec<Flow>,
    gone: [Counted; 2],
}

/// What comes from one address, and the answers to it, through a socket of their own.
struct Flow {
    from: SocketAddr,
    socket: UdpSocket,
    directions: [Direction; 2],
    heard: Instant,
}

impl Relay {
    /// Listens on `listen` and passes on to `to`; each source keeps a port of its own there.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(listen: SocketAddr, to: SocketAddr, seed: u64) -> Result<Self, LabError> {
        let io = |why| LabError::Io(format!("the relay at {listen}"), why);
        let socket = UdpSocket::bind(listen).map_err(io)?;
        socket.set_nonblocking(true).map_err(io)?;
        let address = socket.local_addr().map_err(io)?;
        let state = State { seed, shape: Shape::default(), flows: Vec::new(), gone: Default::default() };
        let (shared, stop) = (Arc::new(Mutex::new(state)), Arc::new(AtomicBool::new(false)));
        let (inside, stopped) = (shared.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("relay".into())
            .spawn(move || {
                let began = Instant::now();
                while !stopped.load(Ordering::Acquire) {
                    let sleep_ms = lock(&inside).turn(&socket, to, began);
                    wait(&socket, &inside, sleep_ms);
                }
            })
            .map_err(io)?;
        Ok(Self { address, shared, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Both directions of every flow are like this from now on.
    pub fn shape(&self, shape: Shape) {
        let mut state = lock(&self.shared);
        state.shape = shape;
        for flow in &mut state.flows {
            flow.directions.iter_mut().for_each(|direction| direction.shape(shape));
        }
    }

    /// What became of packets, there and back.
    pub fn counted(&self) -> [Counted; 2] {
        let state = lock(&self.shared);
        state.flows.iter().fold(state.gone, |sum, flow| add(sum, &flow.directions))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(sum: [Counted; 2], directions: &[Direction; 2]) -> [Counted; 2] {
    let one = |sum: Counted, more: Counted| Counted {
        taken: sum.taken + more.taken,
        given: sum.given + more.given,
        lost: sum.lost + more.lost,
        burst: sum.burst + more.burst,
        cut: sum.cut + more.cut,
        too_large: sum.too_large + more.too_large,
        overflowed: sum.overflowed + more.overflowed,
    };
    [one(sum[0], directions[0].counted()), one(sum[1], directions[1].counted())]
}

impl State {
    /// Takes and gives what there is; says how long nothing is due, in milliseconds.
    fn turn(&mut self, socket: &UdpSocket, to: SocketAddr, began: Instant) -> u64 {
        let now = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut buffer = [0; PACKET_MAX];
        for _ in 0..TURN {
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { break };
            let packet = buffer.get(..length).unwrap_or_default().to_vec();
            if let Some(flow) = self.flow(from, to) {
                flow.heard = Instant::now();
                flow.directions[0].take(now, packet);
            }
        }
        let mut sleep_ms = SLEEP_MS;
        for flow in &mut self.flows {
            for _ in 0..TURN {
                let Ok(length) = flow.socket.recv(&mut buffer) else { break };
                flow.directions[1].take(now, buffer.get(..length).unwrap_or_default().to_vec());
            }
            while let Some(packet) = flow.directions[0].give(now) {
                // Nobody there is a loss like any other.
                let _ = flow.socket.send(&packet);
            }
            while let Some(packet) = flow.directions[1].give(now) {
                let _ = socket.send_to(&packet, flow.from);
            }
            for due in flow.directions.iter().filter_map(Direction::due) {
                sleep_ms = sleep_ms.min(due.saturating_sub(now).div_ceil(1_000));
            }
        }
        sleep_ms
    }

    fn flow(&mut self, from: SocketAddr, to: SocketAddr) -> Option<&mut Flow> {
        if let Some(at) = self.flows.iter().position(|flow| flow.from == from) {
            return self.flows.get_mut(at);
        }
        let socket = UdpSocket::bind((if to.is_ipv4() { "0.0.0.0" } else { "::" }, 0)).ok()?;
        socket.connect(to).ok()?;
        socket.set_nonblocking(true).ok()?;
        if self.flows.len() >= FLOWS_MAX {
            let quietest = self.flows.iter().enumerate().min_by_key(|(_, flow)| flow.heard)?.0;
            self.gone = add(self.gone, &self.flows.swap_remove(quietest).directions);
        }
        self.seed = self.seed.wrapping_add(2);
        let mut directions = [Direction::new(self.seed), Direction::new(!self.seed)];
        directions.iter_mut().for_each(|direction| direction.shape(self.shape));
        self.flows.push(Flow { from, socket, directions, heard: Instant::now() });
        self.flows.last_mut()
    }
}

/// Until something came, or so long. Flows are polled through copies of their descriptors, so that nobody waits for the
/// lock.
fn wait(socket: &UdpSocket, shared: &Mutex<State>, ms: u64) {
    let flows: Vec<UdpSocket> = lock(shared).flows.iter().filter_map(|flow| flow.socket.try_clone().ok()).collect();
    let mut polled: Vec<PollFd<'_>> =
        std::iter::once(socket).chain(&flows).map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
    let _ = poll(&mut polled, PollTimeout::from(u8::try_from(ms).unwrap_or(u8::MAX)));
}

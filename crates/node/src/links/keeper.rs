//! Keeps the one link to one other node: dials, takes what the door lets in, chooses, notices the end, begins again.

use super::stream::{self, Candidate, code};
use super::{LinkEvent, LinkMedia, OUT_BYTES, OUT_MESSAGES, OnDatagram, accept, tls};
use crate::counters::Counters;
use crate::outbox::outbox;
use quinn::{ClientConfig, Connection, Endpoint};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use trialogue_charter::NodeId;

/// The node with the higher id dials this much later, so that two dials rarely meet.
const STAGGER: Duration = Duration::from_millis(200);
/// Two connections that stood up within this of each other were dialled at once; see the module above.
const AT_ONCE: Duration = Duration::from_secs(2);
/// First and longest rest between dials. Longest: how long after a healed cut a link may still be down.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));
/// Rest after the control task refused the other side, or was refused by it.
const REFUSED: Duration = Duration::from_secs(5);
/// How often a link is measured.
const MEASURE: Duration = Duration::from_secs(1);

/// How long a connection of before a change of keys goes on: the charter that says so has to reach the other side over it.
const RENEW: Duration = Duration::from_secs(3);

/// How the other node is reached. None where there is one: it is not in service any more.
#[derive(Clone)]
pub(super) struct Target {
    pub addresses: Vec<String>,
    pub client: ClientConfig,
    /// Link keys of both sides: a connection stands on them.
    pub keys: [[u8; 32]; 2],
}

pub(super) struct Keeper {
    pub own: NodeId,
    pub other: NodeId,
    pub index: u8,
    pub target: watch::Receiver<Option<Target>>,
    pub endpoint: Endpoint,
    pub events: mpsc::Sender<LinkEvent>,
    pub media: LinkMedia,
    pub on_datagram: OnDatagram,
    pub counters: Counters,
}

struct Link {
    connection: Connection,
    reader: JoinHandle<()>,
    writer: JoinHandle<bool>,
    datagrams: JoinHandle<()>,
    since: Instant,
    dialled_here: bool,
}

/// Ends with the keeper.
impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
        self.datagrams.abort();
    }
}

impl Keeper {
    pub(super) async fn run(mut self, mut accepted: mpsc::Receiver<Candidate>) {
        let mut link: Option<Link> = None;
        let mut keys = self.target.borrow_and_update().as_ref().map(|target| target.keys);
        // When a connection ends because its keys or its node are not in the charter any more.
        let mut renew_at: Option<Instant> = None;
        let mut rest = BACK_OFF.0;
        let mut dial_at = Instant::now() + self.stagger();
        let mut measure = interval(MEASURE);
        measure.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next_address = 0;
        loop {
            if self.target.has_changed().unwrap_or(false) {
                let now = self.target.borrow_and_update().as_ref().map(|target| target.keys);
                if now != keys {
                    keys = now;
                    renew_at = Some(Instant::now() + RENEW);
                }
            }
            if link.is_none() && keys.is_none() {
                return;
            }
            let renew = async move {
                match renew_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let mut target = self.target.clone();
            let candidate = match &mut link {
                None => tokio::select! {
                    Ok(()) = target.changed() => continue,
                    candidate = accepted.recv() => match candidate {
                        Some(candidate) => candidate,
                        None => return,
                    },
                    () = sleep_until(dial_at) => match self.dial(&mut next_address, &mut accepted).await {
                        Some(candidate) => candidate,
                        None => {
                            rest = (rest * 2).min(BACK_OFF.1);
                            dial_at = Instant::now() + jittered(rest);
                            continue;
                        }
                    },
                },
                Some(current) => tokio::select! {
                    Ok(()) = target.changed() => continue,
                    () = renew => {
                        renew_at = None;
                        current.connection.close(code::DUPLICATE, b"the charter was amended");
                        self.down(&mut link).await;
                        dial_at = Instant::now() + self.stagger();
                        continue;
                    },
                    candidate = accepted.recv() => match candidate {
                        Some(candidate) if self.keeps(current, &candidate) => {
                            candidate.connection.close(code::DUPLICATE, b"duplicate");
                            continue;
                        }
                        Some(candidate) => candidate,
                        None => return,
                    },
                    reason = current.connection.closed() => {
                        tracing::debug!(node = %self.other, %reason, "a link ended");
                        let refused = matches!(&reason, quinn::ConnectionError::ApplicationClosed(close) if close.error_code == code::REFUSED);
                        // What came before the end is still read.
                        let _ = tokio::time::timeout(MEASURE, &mut current.reader).await;
                        let lasted = current.since.elapsed();
                        self.down(&mut link).await;
                        rest = if lasted > BACK_OFF.1 { BACK_OFF.0 } else { (rest * 2).min(BACK_OFF.1) };
                        dial_at = Instant::now() + if refused { REFUSED } else { jittered(rest) + self.stagger() };
                        continue;
                    },
                    dropped = &mut current.writer => {
                        if dropped.unwrap_or(false) {
                            current.connection.close(code::REFUSED, b"refused");
                            dial_at = Instant::now() + REFUSED;
                        } else {
                            dial_at = Instant::now() + jittered(rest) + self.stagger();
                        }
                        self.down(&mut link).await;
                        continue;
                    },
                    _ = measure.tick() => {
                        self.measure(&current.connection);
                        continue;
                    },
                },
            };
            self.down(&mut link).await;
            link = self.up(candidate).await;
            // It stands on the present keys: the handshake saw to that.
            renew_at = None;
        }
    }

    fn stagger(&self) -> Duration {
        if self.own < self.other { Duration::ZERO } else { STAGGER }
    }

    /// Of two connections, does the standing one stay?
    fn keeps(&self, current: &Link, candidate: &Candidate) -> bool {
        let lower_here = self.own < self.other;
        let by_lower = |dialled_here: bool| dialled_here == lower_here;
        by_lower(current.dialled_here) && !by_lower(candidate.dialled_here) && current.since.elapsed() < AT_ONCE
    }

    /// Tries the node's addresses, each once, beginning after the one that was tried last. A node that comes to the door
    /// meanwhile is taken instead.
    async fn dial(&self, next: &mut usize, accepted: &mut mpsc::Receiver<Candidate>) -> Option<Candidate> {
        let target = self.target.borrow().clone()?;
        for _ in 0..target.addresses.len() {
            let address = target.addresses.get(*next % target.addresses.len())?;
            let attempt = tokio::time::timeout(accept::HANDSHAKE, self.dial_one(&target, address));
            tokio::select! {
                biased;
                found = attempt => match found {
                    Ok(Some(candidate)) => return Some(candidate),
                    Ok(None) | Err(_) => self.counters.count("link_dial_failed"),
                },
                candidate = accepted.recv() => return candidate,
            }
            *next = next.wrapping_add(1);
        }
        None
    }

    async fn dial_one(&self, target: &Target, address: &str) -> Option<Candidate> {
        for address in tokio::net::lookup_host(address).await.ok()? {
            let Ok(connecting) = self.endpoint.connect_with(target.client.clone(), address, tls::SERVER_NAME) else {
                continue;
            };
            match connecting.await {
                Ok(connection) => {
                    let (send, receive) = connection.open_bi().await.ok()?;
                    return Some(Candidate { connection, send, receive, dialled_here: true });
                }
                Err(error) => tracing::debug!(node = %self.other, %error, "a node was not reached"),
            }
        }
        None
    }

    async fn up(&self, candidate: Candidate) -> Option<Link> {
        let Candidate { connection, send, receive, dialled_here } = candidate;
        let (out, outgoing) = outbox(OUT_MESSAGES, OUT_BYTES);
        let up = LinkEvent::Up { node: self.other.clone(), round_trip_us: micros(connection.rtt()), out };
        self.events.send(up).await.ok()?;
        self.measure(&connection);
        self.media.set(self.index, Some(connection.clone()));
        let reader =
            stream::read(self.other.clone(), connection.clone(), receive, self.events.clone(), self.counters.clone());
        Some(Link {
            reader: tokio::spawn(reader),
            writer: tokio::spawn(stream::write(send, outgoing)),
            datagrams: tokio::spawn(stream::datagrams(self.index, connection.clone(), self.on_datagram.clone())),
            connection,
            since: Instant::now(),
            dialled_here,
        })
    }

    async fn down(&self, link: &mut Option<Link>) {
        let Some(mut link) = link.take() else { return };
        self.media.set(self.index, None);
        link.connection.close(code::DUPLICATE, b"replaced");
        link.reader.abort();
        // After this nothing of the old connection can follow its `Down`. A handle may be awaited to its end once only.
        if !link.reader.is_finished() {
            let _ = (&mut link.reader).await;
        }
        let _ = self.events.send(LinkEvent::Down { node: self.other.clone() }).await;
    }

    fn measure(&self, connection: &Connection) {
        let path = connection.stats().path;
        self.media.measure(self.index, path.cwnd, path.rtt);
        let event = LinkEvent::RoundTrip { node: self.other.clone(), round_trip_us: micros(path.rtt) };
        // The next measurement is as good as this one.
        let _ = self.events.try_send(event);
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// Between a half and the whole of a time, so that nodes that lost each other do not dial in step.
fn jittered(time: Duration) -> Duration {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    time / 2 + time * u32::from(byte[0]) / 510
}

//! A record call by call: who rang whom and how urgently, what each party made of it, and who was in from when until
//! when, by name and office.

use crate::utc::Utc;
use crate::verify::Taken;
use std::collections::BTreeMap;
use trialogue_charter::{CallId, DeviceId, LineId, NodeId, OfficeId, PartyId, Precedence};
use trialogue_journal::fold::State;
use trialogue_journal::{Act, Applied, DeclineReason};

/// Where something stands, and when it was written by its node's clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A claim.
    pub time: Utc,
    /// Whose journal.
    pub node: NodeId,
    /// Position.
    pub seq: u64,
}

/// Somebody at a console, as their party has enrolled them. Personal: it is shown to people and never logged, so it has
/// no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Of which party; every device that counts has one.
    pub party: PartyId,
    /// In which office.
    pub office: OfficeId,
    /// By name.
    pub name: String,
    /// By which device.
    pub device: DeviceId,
}

/// A ring by which a call began, or was rung on.
pub struct Rang {
    /// Where.
    pub at: Place,
    /// By whom.
    pub by: Person,
    /// How urgently.
    pub precedence: Precedence,
}

/// How a party did not come, or not at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody declined.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// When they will call back.
        call_back: Option<Utc>,
    },
    /// The node refused it by policy.
    Refused(DeclineReason),
    /// Nobody was at a console.
    Unstaffed,
    /// It was fetching somebody, who was expected then.
    Fetching(Utc),
    /// Nobody answered in time.
    Expired,
    /// The ring ended, and nobody had answered it.
    Missed,
}

/// What a party made of the ring.
pub struct Answer {
    /// Where.
    pub at: Place,
    /// Which.
    pub party: PartyId,
    /// What.
    pub outcome: Outcome,
}

/// How somebody's part in a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// They hung up.
    Left,
    /// They hung up for a ring on another line.
    CalledAway(Precedence),
    /// Their console fell out of touch.
    Lost,
    /// Their node started again.
    Restarted,
    /// Their party took them out.
    Removed,
    /// Their device was revoked, or let in no more.
    Barred,
    /// They rang or answered another call of the line.
    Another,
}

/// Somebody who was in.
pub struct Present {
    /// Who.
    pub who: Person,
    /// Since when.
    pub from: Place,
    /// Until when, and how it ended; none: they are in where the record ends.
    pub until: Option<(Place, Ended)>,
}

impl Present {
    fn lasts(&self, at: Utc) -> bool {
        self.from.time <= at && self.until.as_ref().is_none_or(|(until, _)| at < until.time)
    }
}

/// One call of a line.
pub struct Call {
    /// Of which.
    pub line: LineId,
    /// Which.
    pub call: CallId,
    /// By the time that their nodes say, like the other lists.
    pub rings: Vec<Rang>,
    /// What parties made of it that did not answer at once.
    pub answers: Vec<Answer>,
    /// Who was in.
    pub present: Vec<Present>,
}

impl Call {
    /// From its first word until the last who was in had left; none: it goes on where the record ends.
    pub fn span(&self) -> (Utc, Option<Utc>) {
        let began = self.rings.iter().map(|rang| rang.at.time).chain(self.present.iter().map(|one| one.from.time));
        let began = began.chain(self.answers.iter().map(|answer| answer.at.time)).min().unwrap_or(Utc(0));
        let ends: Option<Vec<Utc>> = self.present.iter().map(|one| Some(one.until.as_ref()?.0.time)).collect();
        // What a party made of it may be written down after the last has left.
        let told = || self.answers.iter().map(|answer| answer.at.time).max();
        (began, ends.map(|ends| ends.into_iter().max().or_else(told).unwrap_or(began)))
    }
}

/// Reads a record journal by journal, each from its first entry on.
#[derive(Default)]
pub struct Calls {
    calls: BTreeMap<(LineId, CallId), Call>,
    /// In which call a device is by each journal, and which of its parts in it that is.
    at: BTreeMap<(NodeId, DeviceId, LineId), (CallId, usize)>,
    /// Who was taken out: another node of the party may have written that, whose journal is read apart.
    removed: Vec<(DeviceId, LineId, Place)>,
}

impl Calls {
    /// The next entry. What changed nothing is passed over.
    pub fn take(&mut self, state: &State, taken: &Taken) {
        let Ok(applied) = &taken.applied else { return };
        let entry = taken.entry.entry();
        let at = Place { time: Utc(entry.time_ms), node: entry.node.clone(), seq: entry.seq };
        match applied {
            Applied::Rang { line, call, device } => {
                let Some(by) = person(state, &at.node, device) else { return };
                let precedence = match taken.entry.said().map(|said| &said.claim().act) {
                    Some(Act::Ring { precedence, .. }) => *precedence,
                    _ => Precedence::default(),
                };
                self.call(line, call).rings.push(Rang { at: at.clone(), by: by.clone(), precedence });
                self.enter(line, call, by, at);
            }
            Applied::Answered { line, call, device } => {
                if let Some(who) = person(state, &at.node, device) {
                    self.enter(line, call, who, at);
                }
            }
            Applied::CameOver { line, device } => {
                let call = match taken.entry.said().map(|said| &said.claim().act) {
                    Some(Act::Attach { call, .. }) => *call,
                    _ => return,
                };
                if let Some(who) = person(state, &at.node, device) {
                    self.enter(line, &call, who, at);
                }
            }
            Applied::Left { line, device, cause } => {
                self.leave(line, device, at, cause.map_or(Ended::Left, Ended::CalledAway));
            }
            Applied::Lost { line, device } => self.leave(line, device, at, Ended::Lost),
            Applied::Removed { line, device, .. } => {
                self.leave(line, device, at.clone(), Ended::Removed);
                self.removed.push((*device, line.clone(), at));
            }
            Applied::Revoked { device, lines } | Applied::Suspended { device, lines, .. } => {
                for line in lines {
                    self.leave(line, device, at.clone(), Ended::Barred);
                }
            }
            Applied::Restarted => {
                let here: Vec<_> = self.at.keys().filter(|key| key.0 == at.node).cloned().collect();
                for key in here {
                    self.end(&key, at.clone(), Ended::Restarted);
                }
            }
            Applied::Declined { line, call, reason, by } => {
                let said = taken.entry.said().map(|said| &said.claim().act);
                let call_back = match said {
                    Some(Act::Decline { call_back_ms, .. }) => call_back_ms.map(Utc),
                    _ => None,
                };
                let outcome = match by {
                    Some(_) => Outcome::Declined { reason: *reason, call_back },
                    None => Outcome::Refused(*reason),
                };
                self.answer(state, line, call, at, outcome);
            }
            Applied::Acknowledged { line, call, .. } => {
                if let Some(Act::Acknowledge { ready_ms, .. }) = taken.entry.said().map(|said| &said.claim().act) {
                    self.answer(state, line, call, at, Outcome::Fetching(Utc(*ready_ms)));
                }
            }
            Applied::Ringing { line, call, consoles: 0 } => self.answer(state, line, call, at, Outcome::Unstaffed),
            Applied::Expired { line, call } => self.answer(state, line, call, at, Outcome::Expired),
            Applied::Missed { line, call } => self.answer(state, line, call, at, Outcome::Missed),
            _ => {}
        }
    }

    /// All calls, by when they began.
    pub fn finish(self) -> Vec<Call> {
        let mut all: Vec<Call> = self.calls.into_values().collect();
        for call in &mut all {
            call.rings.sort_by(|a, b| a.at.cmp(&b.at));
            call.answers.sort_by(|a, b| a.at.cmp(&b.at));
            for (device, _, at) in self.removed.iter().filter(|(_, line, _)| *line == call.line) {
                for part in call.present.iter_mut().filter(|part| part.who.device == *device && part.lasts(at.time)) {
                    part.until = Some((at.clone(), Ended::Removed));
                }
            }
            call.present = joined(std::mem::take(&mut call.present));
        }
        all.sort_by_key(|call| call.span().0);
        all
    }

    fn call(&mut self, line: &LineId, call: &CallId) -> &mut Call {
        let new =
            || Call { line: line.clone(), call: *call, rings: Vec::new(), answers: Vec::new(), present: Vec::new() };
        self.calls.entry((line.clone(), *call)).or_insert_with(new)
    }

    /// Somebody is in, unless they are in already.
    fn enter(&mut self, line: &LineId, call: &CallId, who: Person, from: Place) {
        let key = (from.node.clone(), who.device, line.clone());
        if self.at.get(&key).is_some_and(|(known, _)| known == call) {
            return;
        }
        self.end(&key, from.clone(), Ended::Another);
        let present = &mut self.call(line, call).present;
        present.push(Present { who, from, until: None });
        let part = present.len() - 1;
        self.at.insert(key, (*call, part));
    }

    fn leave(&mut self, line: &LineId, device: &DeviceId, at: Place, how: Ended) {
        self.end(&(at.node.clone(), *device, line.clone()), at, how);
    }

    fn end(&mut self, key: &(NodeId, DeviceId, LineId), at: Place, how: Ended) {
        let Some((call, part)) = self.at.remove(key) else { return };
        let call = self.calls.get_mut(&(key.2.clone(), call));
        if let Some(present) = call.and_then(|call| call.present.get_mut(part)) {
            present.until = Some((at, how));
        }
    }

    fn answer(&mut self, state: &State, line: &LineId, call: &CallId, at: Place, outcome: Outcome) {
        let Some(party) = state.charter().party_of_node(&at.node) else { return };
        let party = party.id.clone();
        self.call(line, call).answers.push(Answer { at, party, outcome });
    }
}

/// A console that moved to another site of its party without a gap was in once.
fn joined(mut parts: Vec<Present>) -> Vec<Present> {
    parts.sort_by(|a, b| a.from.cmp(&b.from));
    let mut all: Vec<Present> = Vec::new();
    for part in parts {
        let before = all.iter_mut().rev().find(|one| one.who.device == part.who.device);
        match before.filter(|one| one.from.node != part.from.node && one.lasts(part.from.time)) {
            Some(before) => {
                let longer = match (&before.until, &part.until) {
                    (Some((a, _)), Some((b, _))) => b.time > a.time,
                    (known, _) => known.is_some(),
                };
                if longer {
                    before.until = part.until;
                }
            }
            None => all.push(part),
        }
    }
    all
}

/// Whose device it is, by the node that wrote for it.
fn person(state: &State, node: &NodeId, device: &DeviceId) -> Option<Person> {
    let enrolled = state.node(node).and_then(|node| node.devices().get(device)).map(|known| known.device.as_ref());
    let known = enrolled.or_else(|| state.known_device(device))?;
    Some(Person {
        party: known.party.clone(),
        office: known.office.clone(),
        name: known.person.as_str().to_owned(),
        device: *device,
    })
}

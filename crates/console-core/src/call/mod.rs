//! The call that this console is in: from the officer's ring or answer until it hangs up, through cuts in between.

mod follow;
mod people;
mod stage;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use people::other_party;
pub(crate) use view::Beside;

use self::stage::Intent;
use crate::acts::{How, Purpose, Settled};
use crate::around::Around;
use crate::keys::{Keys, Offered, Seat};
use crate::limits::{ALONE_US, DEPARTURES_MAX, RETURN_US, SILENT_GRACE_US};
use crate::now::Now;
use crate::roster::Roster;
use crate::view::Outcome;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{CallId, DeviceId, LineId, PartyId, Precedence};
use trialogue_e2ee::Chance;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::{Act, Applied};
use trialogue_wire::console::{Refusal, ToNode};

/// What somebody says of what it sends; cosmetic.
#[derive(Clone, Copy, Default)]
struct Sends {
    voice: bool,
    picture: bool,
}

/// How the last call of this console on a line ended.
struct Ended {
    outcome: Outcome,
    /// What each party did with the own ring.
    answers: BTreeMap<PartyId, RingResponse>,
}

struct Engaged {
    line: LineId,
    call: CallId,
    /// The own ring that waits for others, and when it began.
    rang: Option<(CallId, Now)>,
    /// How urgent the own ring was; routine if this console answered.
    precedence: Precedence,
    /// Until when a party's promise to answer is waited for.
    promised_us: Option<u64>,
    /// The fold has shown this console in.
    seated: bool,
    /// A journal has this console's coming in, as its node has said: it may have lost it since, before it was shown in.
    entered: bool,
    since_ms: Option<u64>,
    /// The node, which listens only to those who are in, has heard what is sent.
    told: bool,
    had_others: bool,
    alone_us: Option<u64>,
    /// The last of the others hung up (it was not lost).
    they_left: bool,
    returned_us: u64,
    /// The others who are in.
    others: BTreeMap<DeviceId, Sends>,
    /// Who hung up last, and for which ring.
    departures: VecDeque<(DeviceId, Option<Precedence>)>,
    /// What the officer has said about the call's parties and people.
    stage: Intent,
}

impl Engaged {
    /// This console comes in: rings, or answers.
    fn new(line: LineId, call: CallId, ring: Option<Precedence>, now: Now) -> Self {
        Self {
            line,
            call,
            rang: ring.map(|_| (call, now)),
            precedence: ring.unwrap_or_default(),
            promised_us: None,
            seated: false,
            entered: false,
            since_ms: None,
            told: false,
            had_others: false,
            alone_us: None,
            they_left: false,
            returned_us: now.us,
            others: BTreeMap::new(),
            departures: VecDeque::new(),
            stage: Intent::default(),
        }
    }

    /// A journal has it; what it says of it is shown in a moment.
    fn has_entered(&mut self, now_us: u64) {
        if !std::mem::replace(&mut self.entered, true) {
            self.returned_us = now_us;
        }
    }

    /// A member has hung up.
    fn hung_up(&mut self, device: DeviceId, cause: Option<Precedence>) {
        self.they_left = true;
        self.departures.retain(|(other, _)| *other != device);
        self.departures.push_back((device, cause));
        if self.departures.len() > DEPARTURES_MAX {
            self.departures.pop_front();
        }
    }

    /// What each other party on the line did with the own ring; nothing if this console did not ring.
    fn answers(&self, at: Roster) -> Vec<(PartyId, RingResponse)> {
        let (Some((charter, me, fold)), Some((ring, _))) = (at.whole(), self.rang) else { return Vec::new() };
        let parties = charter.parties_on_line(&self.line).filter(|party| party.id != me.party);
        parties.map(|party| (party.id.clone(), fold.response(&self.line, &party.id, &ring))).collect()
    }
}

/// A new call's id; none if the platform has no random numbers.
pub(crate) fn new_id(chance: &mut Chance) -> Option<CallId> {
    chance.draw().ok().map(CallId)
}

/// The call, and what is remembered of those before it.
#[derive(Default)]
pub(crate) struct Call {
    held: Option<Engaged>,
    /// What the officer sends.
    sending: Sends,
    /// The line on which this console was in a call before its platform started anew.
    resume: Option<LineId>,
    outcomes: BTreeMap<LineId, Ended>,
}

impl Call {
    /// This console is in a call.
    pub(crate) fn is_on(&self) -> bool {
        self.held.is_some()
    }

    pub(crate) fn line(&self) -> Option<&LineId> {
        self.held.as_ref().map(|held| &held.line)
    }

    /// This console is in a call on that line.
    pub(crate) fn is_on_line(&self, line: &LineId) -> bool {
        self.line() == Some(line)
    }

    /// What the keys are told of it.
    pub(crate) fn seat(&self) -> Option<Seat<'_>> {
        self.held.as_ref().map(|held| Seat { line: &held.line, call: held.call, precedence: held.precedence })
    }

    /// The line of the call, and how urgent that is: as the most urgent of its rings. None where the charter has the
    /// line no more.
    pub(crate) fn engaged<'a>(&'a self, at: Roster<'_>) -> Option<(&'a LineId, Precedence)> {
        let held = self.held.as_ref()?;
        at.charter()?.line(&held.line)?;
        let rings = at.fold().map(|fold| fold.rings(&held.line)).unwrap_or_default();
        let rung = rings.iter().map(|ring| ring.precedence).max().unwrap_or_default();
        Some((&held.line, rung.max(held.precedence)))
    }

    /// Comes into a call: rings with a precedence, or answers. Where the officer is in one on another line, that one is
    /// left.
    pub(crate) fn enter(
        &mut self,
        line: LineId,
        call: CallId,
        ring: Option<Precedence>,
        keys: &mut Keys,
        around: &mut Around<'_>,
    ) {
        self.outcomes.remove(&line);
        if let Some(held) = self.held.as_mut().filter(|held| held.line == line) {
            if let Some(precedence) = ring {
                held.ring_again(call, precedence, keys, around);
            }
            return;
        }
        if self.is_on() {
            let rings = around.at.fold().map(|fold| fold.rings(&line)).unwrap_or_default();
            self.leave(None, rings.iter().map(|ring| ring.precedence).max(), keys, around);
        }
        // After the keys of the call that was left are gone.
        say_in(&line, (call, ring), Purpose::Enter, keys.offer(around), around);
        self.held = Some(Engaged::new(line, call, ring, around.now));
    }

    /// The officer hangs up, or the call has ended by itself: nothing is sent from this instant on.
    pub(crate) fn hang_up(&mut self, outcome: Option<Outcome>, keys: &mut Keys, around: &mut Around<'_>) {
        self.leave(outcome, None, keys, around);
    }

    /// As hanging up; `cause`: the officer goes to another line, to a ring of this precedence.
    fn leave(&mut self, outcome: Option<Outcome>, cause: Option<Precedence>, keys: &mut Keys, around: &mut Around<'_>) {
        if let Some(held) = &self.held {
            around.speaker.say(&held.line, Purpose::Leave, Act::Leave { cause }, Vec::new());
            self.over(outcome, keys, around);
        }
    }

    /// This console is in no call any more.
    pub(crate) fn over(&mut self, outcome: Option<Outcome>, keys: &mut Keys, around: &mut Around<'_>) {
        if let Some(held) = self.held.take()
            && let Some(outcome) = outcome
        {
            let answers = held.answers(around.at).into_iter().collect();
            self.outcomes.insert(held.line, Ended { outcome, answers });
        }
        keys.end_call(around);
    }

    /// An entry of the site in use has counted.
    pub(crate) fn applied(&mut self, applied: &Applied, keys: &mut Keys, around: &mut Around<'_>) {
        let Some(held) = &mut self.held else { return };
        match applied {
            Applied::Left { line, device, cause } if *line == held.line => held.hung_up(*device, *cause),
            Applied::Removed { line, device, by } if *line == held.line && *device == around.at.id() => {
                // Taken out by the own duty officer, or by oneself at another console.
                let same = around.at.elsewhere(&held.line) == Some(*by);
                let outcome = if same { Outcome::HandedOver } else { Outcome::Removed };
                self.over(Some(outcome), keys, around);
            }
            Applied::Removed { line, device, .. } if *line == held.line => held.hung_up(*device, None),
            _ => {}
        }
    }

    /// What became of a statement about the call. True: the officer is told why it was refused.
    pub(crate) fn settled(&mut self, settled: &Settled, keys: &mut Keys, around: &mut Around<'_>) -> bool {
        let Settled { purpose, ref line, how, .. } = *settled;
        let reason = match how {
            How::Counted | How::Refused(Refusal::Replayed) => {
                let enters = matches!(purpose, Purpose::Enter | Purpose::Again);
                if let Some(held) = self.held.as_mut().filter(|held| held.line == *line && enters) {
                    held.has_entered(around.now.us);
                }
                return false;
            }
            How::Refused(reason) => reason,
            How::Past | How::Later(_) => return false,
        };
        match purpose {
            // Said by the console itself while it is in: it tries again when there is something to offer.
            Purpose::Again if reason != Refusal::NoSeat => false,
            Purpose::Enter | Purpose::Again => {
                if self.is_on_line(line) {
                    self.over(None, keys, around);
                }
                true
            }
            Purpose::Stage => {
                self.forget_intent(line, around.at);
                true
            }
            // Another of the parties was faster with something else: it is tried again.
            Purpose::ComeOn => {
                self.come_on_later(around.now);
                false
            }
            _ => false,
        }
    }

    /// The platform started anew, and this console was in a call on that line before; none: it was hung up.
    pub(crate) fn resume_on(&mut self, line: Option<LineId>) {
        self.resume = line;
    }

    /// The officer has seen how the last call on a line ended.
    pub(crate) fn dismiss(&mut self, line: &str) {
        self.outcomes.retain(|id, _| id.as_str() != line);
    }

    /// How the last call on a line ended.
    pub(crate) fn outcome(&self, line: &LineId) -> Option<Outcome> {
        self.outcomes.get(line).map(|ended| ended.outcome)
    }

    /// What a party had done with the own ring of a call that has ended; none: no call has.
    pub(crate) fn answer_of(&self, line: &LineId, party: &PartyId) -> Option<RingResponse> {
        let ended = self.outcomes.get(line)?;
        Some(ended.answers.get(party).cloned().unwrap_or_default())
    }

    /// A member says what it sends.
    pub(crate) fn says(&mut self, device: &DeviceId, voice: bool, picture: bool) {
        if let Some(sends) = self.held.as_mut().and_then(|held| held.others.get_mut(device)) {
            *sends = Sends { voice, picture };
        }
    }

    /// The officer sends this.
    pub(crate) fn sends(&mut self, voice: bool, picture: bool, around: &mut Around<'_>) {
        self.sending = Sends { voice, picture };
        self.tell_sending(around);
    }

    /// Tells the others what is sent.
    pub(crate) fn tell_sending(&self, around: &mut Around<'_>) {
        if let Some(held) = &self.held {
            let (line, Sends { voice, picture }) = (held.line.clone(), self.sending);
            around.send(&ToNode::Sending { line, voice, picture });
        }
    }

    pub(crate) fn next_timeout(&self, at: Roster, now: Now) -> Option<u64> {
        let held = self.held.as_ref()?;
        let seconds = at.charter().map_or(60, |charter| u64::from(charter.policy.ring_seconds));
        let due = [
            held.promised_us,
            held.rang.map(|(_, since)| since.us + seconds * 1_000_000 + SILENT_GRACE_US),
            held.alone_us.map(|since| since + ALONE_US),
            Some(held.returned_us + RETURN_US),
            Some(held.stage.come_on_us()),
            held.stage.again_us(),
        ];
        crate::timers::next(now.us, due.into_iter())
    }
}

impl Engaged {
    /// Rings those who are missing, from within the call.
    fn ring_again(&mut self, call: CallId, precedence: Precedence, keys: &Keys, around: &mut Around<'_>) {
        let is_in = around.at.in_on(&self.line).iter().any(|participant| participant.device == around.at.id());
        self.rang = Some((call, around.now));
        self.precedence = precedence;
        // Once it is in, its key packages stand, and those that the journal does not have yet go by themselves: a ring
        // waits for no budget.
        let offered = if is_in { Offered::default() } else { keys.offered() };
        say_in(&self.line, (call, Some(precedence)), Purpose::Again, offered, around);
    }
}

/// Says that this console is in, or rings, with these key packages.
fn say_in(
    line: &LineId,
    (call, ring): (CallId, Option<Precedence>),
    purpose: Purpose,
    offered: Offered,
    around: &mut Around<'_>,
) {
    let (act, bodies) = offered.entering(call, ring);
    around.speaker.say(line, purpose, act, bodies);
}

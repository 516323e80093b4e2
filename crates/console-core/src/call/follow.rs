//! Follows what the fold says about the call, brings this console back into it after a cut, and ends it when nobody is
//! there any more.

use super::{Call, Engaged, new_id, say_in};
use crate::acts::Purpose;
use crate::around::Around;
use crate::keys::Keys;
use crate::limits::{ALONE_US, RETURN_US, SILENT_GRACE_US};
use crate::roster::Roster;
use crate::view::Outcome;
use trialogue_charter::{CallId, DeviceId};
use trialogue_journal::Act;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::limits::PROMISE_MS;

impl Call {
    /// Follows what the fold says about the call. True: this console comes in anew, and wants another leg.
    #[must_use]
    pub(crate) fn settle(&mut self, keys: &mut Keys, around: &mut Around<'_>) -> bool {
        self.leave_strays(around);
        if self.is_dropped(around.at) {
            self.hang_up(Some(Outcome::Dropped), keys, around);
            return false;
        }
        let id = around.at.id();
        let Some(held) = &mut self.held else { return false };
        let participants = around.at.in_on(&held.line);
        let seated = participants.iter().any(|participant| participant.device == id);
        held.seated |= seated;
        if let Some(fold) = around.at.fold()
            && seated
            && let Some(call) = fold.line(&held.line).call
        {
            held.call = call;
        }
        let others: Vec<DeviceId> = participants.iter().map(|p| p.device).filter(|device| *device != id).collect();
        held.others.retain(|device, _| others.contains(device));
        for device in &others {
            held.others.entry(*device).or_default();
        }
        keys.members_are(&others, around);
        if !others.is_empty() && held.seated {
            held.had_others = true;
            held.they_left = false;
            held.alone_us = None;
            held.since_ms.get_or_insert(around.now.ms);
        }
        let (came_in, alone) = (held.seated || held.entered, others.is_empty());
        let told = std::mem::replace(&mut held.told, seated);
        if seated && !told {
            self.tell_sending(around);
        }
        if came_in && !seated {
            return self.come_back(alone, keys, around);
        }
        if seated && alone {
            self.settle_alone(keys, around);
        }
        false
    }

    /// The platform started anew in the middle of a call that nobody has hung up: back in, with fresh keys, if others
    /// are still there.
    pub(crate) fn settle_resume(&mut self, keys: &mut Keys, around: &mut Around<'_>) {
        if !around.is_up() {
            return;
        }
        let Some(line) = self.resume.take() else { return };
        let Some(fold) = around.at.fold().filter(|_| !self.is_on()) else { return };
        let others = fold.in_on(&line).iter().any(|participant| participant.device != around.at.id());
        let Some(call) = fold.line(&line).call.filter(|_| others) else { return };
        if around.at.elsewhere(&line).is_none() {
            self.enter(line, call, None, keys, around);
        }
    }

    /// The fold has this console in on a line where it is in no call: left over from before a restart.
    fn leave_strays(&self, around: &mut Around<'_>) {
        let (Some(fold), Some(node)) = (around.at.fold(), around.at.node().filter(|_| around.is_up())) else { return };
        let lines = fold.node(node).map(|node| node.lines_of(&around.at.id())).unwrap_or_default();
        for line in lines {
            let acts = &around.speaker.acts;
            let said = acts.is_waiting(&line, |_| true) || acts.has_just_left(&line, around.now.us);
            if !self.is_on_line(&line) && !said {
                around.speaker.say(&line, Purpose::Leave, Act::Leave { cause: None }, Vec::new());
            }
        }
    }

    /// The own party was dropped from the call that this console is in.
    fn is_dropped(&self, at: Roster) -> bool {
        let (Some(fold), Some(me), Some(held)) = (at.fold(), at.me(), &self.held) else { return false };
        held.seated && fold.dropped(&held.line).contains(&me.party)
    }

    /// The node lost this console, or started again, and the officer did not hang up. True: it comes in anew.
    fn come_back(&mut self, alone: bool, keys: &mut Keys, around: &mut Around<'_>) -> bool {
        let Some(held) = &mut self.held else { return false };
        let busy = around.speaker.acts.is_waiting(&held.line, |_| true) || around.now.us < held.returned_us + RETURN_US;
        if busy || !around.is_up() {
            return false;
        }
        let rings = alone && !held.had_others && held.rang.is_some();
        let over = if around.at.elsewhere(&held.line).is_some() {
            Some(Outcome::HandedOver)
        } else {
            (alone && !rings).then_some(Outcome::Ended)
        };
        if over.is_some() {
            self.over(over, keys, around);
            return false;
        }
        let on_line = around.at.fold().and_then(|fold| fold.line(&held.line).call);
        let next = if rings { new_id(around.chance) } else { on_line };
        let Some(call) = next else { return false };
        held.come_in_anew(call, rings, keys, around);
        true
    }

    /// Nobody else is in: is it still worth waiting?
    fn settle_alone(&mut self, keys: &mut Keys, around: &mut Around<'_>) {
        if let Some(outcome) = self.held.as_mut().and_then(|held| held.waits_no_more(around)) {
            self.hang_up(Some(outcome), keys, around);
        }
    }
}

impl Engaged {
    /// Comes in anew, with fresh key packages: everybody's keys towards this console are made again.
    fn come_in_anew(&mut self, call: CallId, ring: bool, keys: &mut Keys, around: &mut Around<'_>) {
        let offered = keys.offer(around);
        self.returned_us = around.now.us;
        if ring {
            self.rang = Some((call, around.now));
        }
        say_in(&self.line, (call, ring.then_some(self.precedence)), Purpose::Again, offered, around);
    }

    /// Nobody else is in. As what the call ends, if it is not worth waiting any more.
    fn waits_no_more(&mut self, around: &Around<'_>) -> Option<Outcome> {
        let (charter, now) = (around.at.charter()?, around.now);
        let answers: Vec<RingResponse> = self.answers(around.at).into_iter().map(|(_, answer)| answer).collect();
        let patience = u64::from(charter.policy.ring_seconds) * 1_000_000 + SILENT_GRACE_US;
        // A promise is waited for by the wall clock, in which it was made, and a ring's patience beyond.
        let promised = answers.iter().filter_map(|answer| match answer {
            RingResponse::Acknowledged { ready_ms, .. } => Some(ready_ms.saturating_add(patience / 1_000)),
            _ => None,
        });
        let left_ms = promised.max().map_or(0, |until_ms| until_ms.saturating_sub(now.ms)).min(PROMISE_MS);
        self.promised_us = (left_ms > 0).then(|| now.us + left_ms * 1_000);
        let late = self.rang.is_none_or(|(_, since)| {
            let end = since.us + patience;
            now.us >= end && (self.promised_us.is_none() || now.us >= end + PROMISE_MS * 1_000)
        });
        let waiting = !late && !answers.iter().all(RingResponse::is_over);
        let alone_us = *self.alone_us.get_or_insert(now.us);
        if waiting {
            return None;
        }
        if self.had_others {
            if !self.they_left && now.us < alone_us + ALONE_US {
                return None;
            }
            // Why the last of them went.
            let away = self.departures.back().is_some_and(|(_, cause)| cause.is_some());
            return Some(if self.they_left && away { Outcome::CalledAway } else { Outcome::Ended });
        }
        let declined = |answer: &RingResponse| matches!(answer, RingResponse::Declined { .. });
        Some(if !answers.is_empty() && answers.iter().all(declined) {
            Outcome::Declined
        } else if self.rang.is_some() {
            Outcome::Unanswered
        } else {
            Outcome::Ended
        })
    }
}

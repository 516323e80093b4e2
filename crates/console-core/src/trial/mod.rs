//! Tests of the line: how they stand, on screen; test texts, sent and certified from here.

mod shown;

pub use shown::{CertifiedView, Grade, Language, PairView, TestView, TestsView, TextOffer, TextReceived, TextSent};

use crate::limits::LOOK_US;
use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::show::text as named;
use crate::view::Refusal;
use crate::{texts, timers};
use std::collections::BTreeSet;
use trialogue_charter::text::{Form, clean, refuse};
use trialogue_charter::{Hash, LineId, Party, PartyId};
use trialogue_journal::fold::TestText;
use trialogue_journal::limits::{BELIEVED_AHEAD_MS, TRANSLATION_MAX};
use trialogue_journal::{Act, Level, PairTests, Tally, tally};

/// What a console knows of the tests.
#[derive(Default)]
pub(crate) struct Trial {
    /// With what is to be added to its clock for the wall clock. Taken once, so that times on screen do not tremble.
    tally: Option<(Tally, i64)>,
    /// When it was last brought up to date.
    noted_us: Option<u64>,
}

/// What changes on screen by itself.
#[derive(Clone, Copy)]
enum Timer {
    /// A result may be missing by now.
    Look,
}

const TIMERS: [Timer; 1] = [Timer::Look];

impl Trial {
    /// Counts what the journals have of results up to now.
    pub(crate) fn note(&mut self, at: Roster, now: Now) {
        let Some(fold) = at.fold() else { return };
        let now_ms = millis(now.us);
        let wall_ms = i64::try_from(now.ms).unwrap_or(i64::MAX);
        let (tally, _) = self.tally.get_or_insert_with(|| (Tally::new(now_ms), wall_ms - now_ms));
        tally.update(fold, now_ms, now.ms);
        self.noted_us = Some(now.us);
    }

    /// When something is due next, microseconds of the monotonic clock.
    pub(crate) fn next_timeout(&self, at: Roster, now: Now) -> Option<u64> {
        timers::next(now.us, TIMERS.iter().map(|timer| self.at(*timer, at)))
    }

    fn at(&self, timer: Timer, at: Roster) -> Option<u64> {
        match timer {
            Timer::Look => at.fold().and(self.noted_us).map(|noted| noted + LOOK_US),
        }
    }

    /// How the tests stand. `sends`: this console is on watch and may act now, so that it is asked to send a text when
    /// one is due.
    pub(crate) fn view(&self, at: Roster, sends: bool, now: Now) -> TestsView {
        let (Some((_, me, fold)), Some((tally, offset))) = (at.whole(), &self.tally) else {
            return TestsView::default();
        };
        let own = |pair: &PairTests| pair.a == me.party || pair.b == me.party;
        let mut pairs = tally.pairs(fold, millis(now.us));
        pairs.sort_by_key(|pair| !own(pair));
        TestsView {
            pairs: pairs.iter().filter_map(|pair| pair_view(at, pair, *offset)).collect(),
            offer: text_offer(at, now).filter(|_| sends),
            received: texts_received(at),
            sent: text_sent(at, now),
        }
    }
}

/// A test text is sent on a line.
pub(crate) fn send(at: Roster, number: u16, language: Language) -> Result<Act, Refusal> {
    if !at.acts_for_party() {
        return Err(Refusal::Role);
    }
    Ok(Act::SendTest { text: number, language: language.into() })
}

/// The test text of somebody that a command names, and on which line it was sent.
pub(crate) fn find(at: Roster, id: &str) -> Option<(LineId, Hash)> {
    let mut sent = at.fold()?.nodes().flat_map(|(_, node)| node.test_texts());
    sent.find(|(_, text)| text.hash.to_string() == id).map(|(line, text)| (line.clone(), text.hash))
}

/// A translation of it is certified.
pub(crate) fn certify(at: Roster, text: Hash, language: Language, translation: &str) -> Result<Act, Refusal> {
    let translation = clean(translation, Form::Line);
    let translation = translation.split_whitespace().collect::<Vec<_>>().join(" ");
    if !at.acts_for_party() {
        return Err(Refusal::Role);
    }
    if refuse(&translation, Form::Line, TRANSLATION_MAX).is_err() {
        return Err(Refusal::Malformed);
    }
    Ok(Act::Certify { text, language: language.into(), translation })
}

/// The own party's last text, on whichever line it was sent: one of a time to come only where there is no other.
fn own_text<'a>(at: Roster<'a>, now: Now) -> Option<(&'a LineId, &'a TestText)> {
    let me = at.me()?;
    let own = at.fold()?.nodes().filter(|(_, node)| *node.party() == me.party);
    own.flat_map(|(_, node)| node.test_texts()).max_by_key(|(_, text)| (is_believed(text, now), text.time_ms))
}

/// Is its time one that has come? A node whose clock was wrong would keep its party from being asked for the next text
/// for years.
fn is_believed(text: &TestText, now: Now) -> bool {
    text.time_ms <= now.ms.saturating_add(BELIEVED_AHEAD_MS)
}

fn text_offer(at: Roster, now: Now) -> Option<TextOffer> {
    let (charter, me, _) = at.whole().filter(|_| at.acts_for_party())?;
    let people = |line: &&trialogue_charter::Line| !charter.is_test_line(&line.id);
    let line = charter.lines_of_office(&me.office).find(people)?;
    let period_ms = u64::from(charter.policy.tests.human_seconds) * 1_000;
    let last = own_text(at, now).filter(|(_, text)| is_believed(text, now));
    if last.is_some_and(|(_, text)| now.ms < text.time_ms.saturating_add(period_ms)) {
        return None;
    }
    let place = charter.parties.iter().position(|party| party.id == me.party)? as u64;
    let number = u16::try_from((now.ms / period_ms.max(1) + place) % texts::count()).ok()?;
    let (id, text) = (line.id.to_string(), texts::text(number));
    Some(TextOffer { line: id, line_name: named(&line.name), number, text })
}

fn texts_received(at: Roster) -> Vec<TextReceived> {
    let Some((charter, me, fold)) = at.whole() else { return Vec::new() };
    let nodes = || fold.nodes().map(|(_, node)| node);
    let ours = nodes().filter(|node| *node.party() == me.party);
    let certified: BTreeSet<&Hash> = ours.flat_map(|node| node.certified().keys()).collect();
    let sent = nodes().filter(|node| *node.party() != me.party).flat_map(|node| node.test_texts());
    let waits = |(line, text): &(&LineId, &TestText)| {
        charter.is_on_line(&me.office, line) && !certified.contains(&text.hash) && fold.device(&text.by).is_some()
    };
    let view = |(line, text): (&LineId, &TestText)| {
        Some(TextReceived {
            id: text.hash.to_string(),
            line: line.to_string(),
            by: at.person(&text.by)?,
            text: texts::text(text.text),
            language: text.language.into(),
            may_certify: at.acts_for_party(),
        })
    };
    sent.filter(waits).filter_map(view).collect()
}

fn text_sent(at: Roster, now: Now) -> Option<TextSent> {
    let (charter, me, fold) = at.whole()?;
    let (line, text) = own_text(at, now)?;
    let others = charter.parties_on_line(line).filter(|party| party.id != me.party);
    let said = |party: &Party| {
        let nodes = fold.nodes().filter(|(_, node)| *node.party() == party.id);
        let said = nodes.filter_map(|(_, node)| node.certified().get(&text.hash));
        // Said on another line, it is about no text there.
        said.filter(|said| said.line == *line).min_by_key(|said| said.time_ms)
    };
    let (done, missing): (Vec<&Party>, Vec<&Party>) = others.partition(|party| said(party).is_some());
    let view = |party: &&Party| {
        let said = said(party)?;
        let by = at.person(&said.by)?;
        Some(CertifiedView { by, translation: said.translation.clone(), language: said.language.into() })
    };
    Some(TextSent {
        text: texts::text(text.text),
        language: text.language.into(),
        at_ms: WallMs::shown(text.time_ms),
        certified: done.iter().filter_map(view).collect(),
        missing: missing.iter().map(|party| named(&party.name)).collect(),
    })
}

fn pair_view(at: Roster, pair: &PairTests, offset_ms: i64) -> Option<PairView> {
    let (charter, own): (_, &PartyId) = (at.charter()?, &at.me()?.party);
    let swap = pair.b == *own;
    let (a, b) = if swap { (&pair.b, &pair.a) } else { (&pair.a, &pair.b) };
    let tests = &charter.policy.tests;
    let view = |level: Level, seconds: u32| {
        let outcome = pair.levels.get(&level).copied().unwrap_or_default();
        let wall = |at_ms: i64| WallMs::shown(u64::try_from(at_ms.saturating_add(offset_ms)).unwrap_or(0));
        let next_ms = outcome.last_ms.map(|last| wall(last.saturating_add(i64::from(seconds) * 1_000)));
        TestView {
            grade: outcome.grade.into(),
            good_ms: outcome.good_ms.map(wall),
            last_ms: outcome.last_ms.map(wall),
            next_ms: next_ms.filter(|_| outcome.grade != tally::Grade::Unset),
        }
    };
    Some(PairView {
        a: a.to_string(),
        a_name: named(&charter.party(a)?.name),
        b: b.to_string(),
        b_name: named(&charter.party(b)?.name),
        own: pair.a == *own || pair.b == *own,
        path: view(Level::Path, tests.path_seconds),
        station: view(Level::Station, tests.station_seconds),
        human: view(Level::Human, tests.human_seconds),
    })
}

fn millis(us: u64) -> i64 {
    i64::try_from(us / 1_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Scene, after_ms, line_id};

    #[test]
    fn a_text_of_another_party_waits_until_the_own_party_has_certified_it() {
        let mut scene = Scene::new();
        let (usa, jpn) = (scene.enrol("usa-duty", 1), scene.enrol("jpn-duty", 1));
        scene.says(&usa, "duty", send(scene.roster(&usa), 3, Language::En).unwrap());
        let mut trial = Trial::default();
        trial.note(scene.roster(&jpn), after_ms(0));
        let [waits] = &trial.view(scene.roster(&jpn), true, after_ms(0)).received[..] else { unreachable!() };
        assert!(waits.may_certify && waits.by.party == "USA");
        let (line, text) = find(scene.roster(&jpn), &waits.id).unwrap();
        assert_eq!(line, line_id("duty"));
        assert_eq!(certify(scene.roster(&jpn), text, Language::Ja, " \n "), Err(Refusal::Malformed));
        let act = certify(scene.roster(&jpn), text, Language::Ja, "  試験 です ").unwrap();
        let Act::Certify { translation, .. } = &act else { unreachable!() };
        assert_eq!(translation, "試験 です");
        scene.says(&jpn, "duty", act);
        assert!(trial.view(scene.roster(&jpn), true, after_ms(0)).received.is_empty());
        let mut own = Trial::default();
        own.note(scene.roster(&usa), after_ms(0));
        let sent = own.view(scene.roster(&usa), true, after_ms(0)).sent.unwrap();
        assert_eq!((sent.certified.len(), sent.missing.len()), (1, 1), "KOR has not");
    }

    #[test]
    fn a_text_is_offered_to_whoever_acts_for_the_party_and_may_send_it_now() {
        let mut scene = Scene::new();
        let (officer, interpreter) = (scene.enrol("usa-duty", 1), scene.enrol("usa-interpreter", 1));
        let offer = |scene: &Scene, console, sends| {
            let mut trial = Trial::default();
            trial.note(Scene::roster(scene, console), after_ms(0));
            trial.view(Scene::roster(scene, console), sends, after_ms(0)).offer
        };
        assert!(offer(&scene, &officer, true).is_some());
        assert!(offer(&scene, &officer, false).is_none() && offer(&scene, &interpreter, true).is_none());
        assert_eq!(send(scene.roster(&interpreter), 1, Language::En), Err(Refusal::Role));
        // Once a day, by whichever officer of the party.
        scene.says(&officer, "duty", send(scene.roster(&officer), 1, Language::En).unwrap());
        assert!(offer(&scene, &officer, true).is_none());
    }

    #[test]
    fn a_text_of_a_time_to_come_keeps_nobody_from_sending_the_next() {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-duty", 1);
        scene.time_ms += 3 * 365 * 86_400_000;
        scene.says(&usa, "duty", send(scene.roster(&usa), 1, Language::En).unwrap());
        let mut trial = Trial::default();
        trial.note(scene.roster(&usa), after_ms(0));
        let view = trial.view(scene.roster(&usa), true, after_ms(0));
        assert!(view.offer.is_some());
        assert!(view.sent.is_some(), "it stands there all the same");
    }

    #[test]
    fn it_is_looked_again_after_a_while_and_never_at_once() {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-duty", 1);
        let (mut trial, now) = (Trial::default(), after_ms(0));
        assert_eq!(trial.next_timeout(scene.roster(&usa), now), None, "nothing has come yet");
        trial.note(scene.roster(&usa), now);
        let due = trial.next_timeout(scene.roster(&usa), now).unwrap();
        assert_eq!(due, now.us + LOOK_US);
        // Nothing is noted while the node tells its state anew: it must not be asked for without end meanwhile.
        assert_eq!(trial.next_timeout(scene.roster(&usa), Now { us: due, ms: now.ms }), None);
    }
}

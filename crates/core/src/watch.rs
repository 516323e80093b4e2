//! Who is on watch, as the own journal says it.

use crate::consoles::Consoles;
use crate::here::Here;
use crate::journals::{After, Pen};
use crate::limits::{STAFFED_LATEST_US, STAFFED_US};
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::{Device, OfficeId};
use trialogue_journal::Body;

/// Consoles by office, of those offices that have any.
type ByOffice = Vec<(OfficeId, u16)>;

/// When it is to be written who is on watch, and what was written last.
#[derive(Default)]
pub(crate) struct Watch {
    due_us: Option<u64>,
    /// Since when there is something to write.
    since_us: Option<u64>,
    written: Option<ByOffice>,
}

impl Watch {
    /// A console came on watch or went off it, can sound or cannot: written once it has been quiet for a second, and
    /// after a few at the latest, so that one that does nothing else hides nobody.
    pub(crate) fn changed(&mut self, here: &Here, out: &mut Out) {
        out.changed.lines = true;
        self.wait(here);
    }

    fn wait(&mut self, here: &Here) {
        let since_us = *self.since_us.get_or_insert(here.now.us);
        let latest_us = (since_us + STAFFED_LATEST_US).max(here.now.us);
        self.due_us = Some((here.now.us + STAFFED_US).min(latest_us));
    }

    /// What the journal says of it is to be said again.
    pub(crate) fn forget(&mut self) {
        self.written = None;
    }

    /// The node is in service no more: nothing is written.
    pub(crate) fn retire(&mut self) {
        (self.due_us, self.since_us) = (None, None);
    }

    /// When [`Watch::settle`] is due, in microseconds.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.due_us
    }

    /// Writes who is on watch, and who would be and cannot sound, if that has changed.
    pub(crate) fn settle(&mut self, consoles: &Consoles, pen: &mut Pen<'_>) {
        let here = pen.here();
        if self.due_us.take_if(|due_us| here.now.us >= *due_us).is_none() {
            return;
        }
        self.since_us = None;
        let watching: Vec<&Device> = consoles.watching().collect();
        // Somebody is there to see a ring also where it cannot be heard.
        let there: Vec<&Device> = watching.iter().copied().chain(consoles.soundless()).collect();
        self.write_at_console(&there, pen);
        self.write_soundless(by_office(consoles.soundless()), pen);
        let offices = by_office(watching);
        if self.written.as_ref() == Some(&offices) {
            return;
        }
        if pen.append(Body::Staffed { offices: offices.clone() }, Vec::new(), After::Nothing).is_ok() {
            self.written = Some(offices);
        } else {
            self.wait(here);
        }
    }

    /// Writes who cannot sound a ring, if that is not what the own journal says.
    fn write_soundless(&mut self, offices: ByOffice, pen: &mut Pen<'_>) {
        let here = pen.here();
        let own = pen.ahead().node(&here.node);
        let said = own.is_some_and(|own| own.soundless().iter().eq(offices.iter().map(|(office, n)| (office, n))));
        if !said && pen.append(Body::Soundless { offices }, Vec::new(), After::Nothing).is_err() {
            self.wait(here);
        }
    }

    /// Writes of which offices the one on duty is at a console here, if that is not what the own journal says.
    fn write_at_console(&mut self, there: &[&Device], pen: &mut Pen<'_>) {
        let here = pen.here();
        let own = here.charter.offices.iter().filter(|office| office.party == here.party);
        let at_console = own.filter(|office| {
            let on = pen.ahead().duty(&here.party, &office.id, here.now.wall_ms);
            on.is_some_and(|on| there.iter().any(|device| device.id == on.duty.by))
        });
        let offices: Vec<OfficeId> = at_console.map(|office| office.id.clone()).collect();
        let said = pen.ahead().node(&here.node).is_some_and(|own| own.at_console().iter().eq(&offices));
        if !said && pen.append(Body::AtConsole { offices }, Vec::new(), After::Nothing).is_err() {
            self.wait(here);
        }
    }
}

/// How many of these there are of each office.
fn by_office<'a>(consoles: impl IntoIterator<Item = &'a Device>) -> ByOffice {
    let mut offices: BTreeMap<OfficeId, u16> = BTreeMap::new();
    for device in consoles {
        let count = offices.entry(device.office.clone()).or_default();
        *count = count.saturating_add(1);
    }
    offices.into_iter().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::consoles::bench::is_here;
    use crate::io::ConsoleKey;
    use crate::scene::{Enrolled, OwnNode};
    use trialogue_journal::Act;

    /// At the node of the United States: two consoles of one office, of which none is on watch yet.
    fn bench() -> (OwnNode, [Enrolled; 2], Watch) {
        let mut own = OwnNode::at("usa-1");
        let consoles = [1, 2].map(|person| own.scene.enrol("usa-duty", person));
        own.write();
        (own, consoles, Watch::default())
    }

    fn settle(own: &mut OwnNode, watch: &mut Watch, watching: &[&Enrolled], now_us: u64) -> Vec<Body> {
        settle_with(own, watch, watching, &[], now_us)
    }

    /// `mute`: of those that are there, these cannot sound.
    fn settle_with(
        own: &mut OwnNode,
        watch: &mut Watch,
        there: &[&Enrolled],
        mute: &[usize],
        now_us: u64,
    ) -> Vec<Body> {
        let mut consoles = Consoles::default();
        for (key, console) in (0..).map(ConsoleKey).zip(there) {
            is_here(&mut consoles, key, console);
        }
        for at in mute {
            assert!(consoles.sounds(ConsoleKey(*at as u64), false), "it is news");
        }
        own.goes_on_to(now_us);
        watch.settle(&consoles, &mut own.pen());
        own.written()
    }

    fn changed(own: &mut OwnNode, watch: &mut Watch) -> u64 {
        own.out.changed.lines = false;
        watch.changed(&own.scene.here, &mut own.out);
        assert!(own.out.changed.lines, "rings may sound elsewhere");
        let due_us = watch.next_us().unwrap();
        assert_eq!(due_us, own.scene.here.now.us + STAFFED_US);
        due_us
    }

    fn staffed(count: u16) -> Body {
        Body::Staffed { offices: vec![(OfficeId::new("usa-duty").unwrap(), count)] }
    }

    #[test]
    fn it_is_written_once_it_has_been_quiet_for_a_while() {
        let (mut own, [one, other], mut watch) = bench();
        assert!(settle(&mut own, &mut watch, &[&one], 2_000_000).is_empty(), "nobody came");
        changed(&mut own, &mut watch);
        own.scene.pass(1);
        let due_us = changed(&mut own, &mut watch);
        assert!(settle(&mut own, &mut watch, &[&one, &other], due_us - 1).is_empty());
        assert_eq!(settle(&mut own, &mut watch, &[&one, &other], due_us), [staffed(2)]);
        assert_eq!((settle(&mut own, &mut watch, &[&one], due_us + 1), watch.next_us()), (vec![], None), "said once");
    }

    #[test]
    fn a_console_that_cannot_sound_is_said_to_be_one_and_is_not_on_watch() {
        let (mut own, [one, other], mut watch) = bench();
        let soundless = |count: u16| Body::Soundless { offices: vec![(OfficeId::new("usa-duty").unwrap(), count)] };
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&one, &other], due_us), [staffed(2)]);
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle_with(&mut own, &mut watch, &[&one, &other], &[1], due_us), [soundless(1), staffed(1)]);
        let due_us = changed(&mut own, &mut watch);
        let none = Body::Staffed { offices: vec![] };
        assert_eq!(settle_with(&mut own, &mut watch, &[&one, &other], &[0, 1], due_us), [soundless(2), none]);
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle_with(&mut own, &mut watch, &[&one], &[0], due_us), [soundless(1)], "one has gone");
        let due_us = changed(&mut own, &mut watch);
        let back = [Body::Soundless { offices: vec![] }, staffed(1)];
        assert_eq!(settle(&mut own, &mut watch, &[&one], due_us), back);
    }

    #[test]
    fn a_console_that_flaps_keeps_nobody_elses_coming_from_being_written() {
        let (mut own, [one, _], mut watch) = bench();
        let began_us = own.scene.here.now.us;
        while own.scene.here.now.us < began_us + STAFFED_LATEST_US {
            watch.changed(&own.scene.here, &mut own.out);
            own.scene.pass(STAFFED_US / 2_000);
        }
        assert_eq!(watch.next_us(), Some(began_us + STAFFED_LATEST_US));
        assert_eq!(settle(&mut own, &mut watch, &[&one], began_us + STAFFED_LATEST_US), [staffed(1)]);
        changed(&mut own, &mut watch);
    }

    #[test]
    fn what_was_written_is_not_written_again_until_it_is_forgotten() {
        let (mut own, [one, other], mut watch) = bench();
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[], due_us), [Body::Staffed { offices: vec![] }], "also of nobody");
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&one], due_us), [staffed(1)]);
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&other], due_us), [], "another one of the same office");
        watch.forget();
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&other], due_us), [staffed(1)]);
        changed(&mut own, &mut watch);
        watch.retire();
        assert_eq!(watch.next_us(), None);
    }

    #[test]
    fn what_cannot_be_written_is_written_later() {
        let (mut own, [one, _], mut watch) = bench();
        let due_us = changed(&mut own, &mut watch);
        own.open = false;
        assert!(settle(&mut own, &mut watch, &[&one], due_us).is_empty());
        assert_eq!(watch.next_us(), Some(due_us + STAFFED_US));
        own.open = true;
        assert_eq!(settle(&mut own, &mut watch, &[&one], due_us + STAFFED_US), [staffed(1)]);
    }

    #[test]
    fn it_is_said_where_the_one_on_duty_is_at_a_console() {
        let (mut own, [one, other], mut watch) = bench();
        let until_ms = own.scene.here.now.wall_ms + 3_600_000;
        own.scene.says(&one, "duty", Act::TakeDuty { until_ms });
        own.write();
        let of = |offices: &[&str]| Body::AtConsole {
            offices: offices.iter().map(|id| OfficeId::new(*id).unwrap()).collect(),
        };
        // Whoever takes it is at one.
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&one], due_us), [staffed(1)]);
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&other], due_us), [of(&[])], "it has gone, and another one has come");
        let due_us = changed(&mut own, &mut watch);
        assert_eq!(settle(&mut own, &mut watch, &[&one, &other], due_us), [of(&["usa-duty"]), staffed(2)]);
        let due_us = changed(&mut own, &mut watch);
        let soundless = Body::Soundless { offices: vec![(OfficeId::new("usa-duty").unwrap(), 1)] };
        let written = settle_with(&mut own, &mut watch, &[&one, &other], &[0], due_us);
        assert_eq!(written, [soundless, staffed(1)], "it is there, without sound");
    }
}

//! Who is on watch, as the own journal says it.

use crate::here::Here;
use crate::journals::{After, Pen};
use crate::limits::STAFFED_US;
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::{Device, OfficeId};
use trialogue_journal::Body;

/// Consoles on watch, by office, of those that have any.
type Staffed = Vec<(OfficeId, u16)>;

/// When it is to be written who is on watch, and what was written last.
#[derive(Default)]
pub(crate) struct Watch {
    due_us: Option<u64>,
    written: Option<Staffed>,
}

impl Watch {
    /// A console came on watch or went off it: written once it has been quiet for a second.
    pub(crate) fn changed(&mut self, here: &Here, out: &mut Out) {
        out.changed.lines = true;
        self.wait(here);
    }

    fn wait(&mut self, here: &Here) {
        self.due_us = Some(here.now.us + STAFFED_US);
    }

    /// What the journal says of it is to be said again.
    pub(crate) fn forget(&mut self) {
        self.written = None;
    }

    /// The node is in service no more: nothing is written.
    pub(crate) fn retire(&mut self) {
        self.due_us = None;
    }

    /// When [`Watch::settle`] is due, in microseconds.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.due_us
    }

    /// Writes who is on watch, if that has changed. `watching`: consoles on watch here.
    pub(crate) fn settle<'a>(&mut self, watching: impl Iterator<Item = &'a Device>, pen: &mut Pen<'_>) {
        let here = pen.here();
        if self.due_us.take_if(|due_us| here.now.us >= *due_us).is_none() {
            return;
        }
        let watching: Vec<&Device> = watching.collect();
        self.write_at_console(&watching, pen);
        let offices = staffed(&watching);
        if self.written.as_ref() == Some(&offices) {
            return;
        }
        if pen.append(Body::Staffed { offices: offices.clone() }, Vec::new(), After::Nothing).is_ok() {
            self.written = Some(offices);
        } else {
            self.wait(here);
        }
    }

    /// Writes of which offices the one on duty is at a console here, if that is not what the own journal says.
    fn write_at_console(&mut self, watching: &[&Device], pen: &mut Pen<'_>) {
        let here = pen.here();
        let own = here.charter.offices.iter().filter(|office| office.party == here.party);
        let at_console = own.filter(|office| {
            let on = pen.ahead().duty(&here.party, &office.id, here.now.wall_ms);
            on.is_some_and(|on| watching.iter().any(|device| device.id == on.duty.by))
        });
        let offices: Vec<OfficeId> = at_console.map(|office| office.id.clone()).collect();
        let said = pen.ahead().node(&here.node).is_some_and(|own| own.at_console().iter().eq(&offices));
        if !said && pen.append(Body::AtConsole { offices }, Vec::new(), After::Nothing).is_err() {
            self.wait(here);
        }
    }
}

/// Who is on watch of these, by office.
fn staffed(watching: &[&Device]) -> Staffed {
    let mut offices: BTreeMap<OfficeId, u16> = BTreeMap::new();
    for device in watching {
        let count = offices.entry(device.office.clone()).or_default();
        *count = count.saturating_add(1);
    }
    offices.into_iter().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
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
        own.goes_on_to(now_us);
        watch.settle(watching.iter().map(|console| &console.device), &mut own.pen());
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
    }
}

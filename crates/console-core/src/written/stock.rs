//! The key package with which others let this device read: made once a week, kept before anybody hears of it.

use super::keeping::Keeping;
use super::kept::KeptStock;
use super::ring::Ring;
use crate::acts::Purpose;
use crate::around::Around;
use crate::io::Event;
use crate::limits::{STOCK_AGAIN_US, STOCK_LIFE_MS};
use crate::now::Now;
use crate::roster::Roster;
use trialogue_charter::{Role, Suite};
use trialogue_journal::{Act, BodyRef};

/// Where the next key package of this device is.
#[derive(Default)]
pub(super) struct Stock {
    making: Making,
}

/// A key package on its way to the journal.
#[derive(Default)]
enum Making {
    #[default]
    Nothing,
    /// It waits until its secret is kept.
    Keeping { version: u64, package: Vec<u8> },
    /// It was said at that time.
    Said { at_us: u64 },
}

pub(super) fn number_of(suite: Suite) -> u16 {
    match suite {
        Suite::XWing => 1,
        Suite::Cnsa2 => 2,
    }
}

/// Who writes, translates or reads; machines do not.
pub(super) fn reads(at: Roster) -> bool {
    at.me().is_some() && at.role() != Role::Station
}

/// The key package that the journals have of this device, if its secret is here.
pub(super) fn own<'a>(ring: &'a Ring, at: Roster) -> Option<&'a KeptStock> {
    let (charter, _, fold) = at.whole()?;
    let said = fold.stock(&at.id())?;
    ring.own(&said.package.hash, charter.suite())
}

fn is_due(ring: &Ring, at: Roster, now: Now) -> bool {
    own(ring, at).is_none_or(|stock| now.ms >= stock.made_ms.saturating_add(STOCK_LIFE_MS))
}

impl Stock {
    /// Makes one where it is time, and says it once it is kept.
    pub(super) fn settle(&mut self, ring: &mut Ring, keeping: &mut Keeping, around: &mut Around<'_>) {
        let Some(line) = around.at.own_line().cloned().filter(|_| reads(around.at)) else { return };
        let is_due = |ring: &Ring| is_due(ring, around.at, around.now);
        match std::mem::take(&mut self.making) {
            Making::Keeping { version, package } if keeping.is_safe(version) => {
                let Some(reference) = BodyRef::of(&package) else { return };
                around.speaker.say(&line, Purpose::Written, Act::Stock { package: reference }, vec![package]);
                self.making = Making::Said { at_us: around.now.us };
            }
            Making::Said { at_us } if is_due(ring) && around.now.us < at_us + STOCK_AGAIN_US => {
                self.making = Making::Said { at_us };
            }
            waits @ Making::Keeping { .. } => self.making = waits,
            _ if is_due(ring) => self.make(ring, keeping, around),
            _ => {}
        }
    }

    fn make(&mut self, ring: &mut Ring, keeping: &mut Keeping, around: &mut Around<'_>) {
        match ring.make_stock(around) {
            None => {}
            Some(Ok(package)) => self.making = Making::Keeping { version: keeping.change(), package },
            Some(Err(error)) => {
                around.log(Event::BadHandshake { step: "key package for writings", why: error.to_string() });
                self.making = Making::Said { at_us: around.now.us };
            }
        }
    }

    /// When one that did not come into a journal is made again.
    pub(super) fn next_us(&self, ring: &Ring, at: Roster, now: Now) -> Option<u64> {
        match self.making {
            Making::Said { at_us } if is_due(ring, at, now) => Some(at_us + STOCK_AGAIN_US),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::bench::Bench;
    use crate::scene::Scene;

    #[test]
    fn a_key_package_is_said_once_it_is_kept_and_another_where_no_journal_has_it() {
        let mut scene = Scene::new();
        let mut bench = Bench::of(scene.enrol("usa-duty", 1));
        let (mut stock, mut ring, mut keeping) = (Stock::default(), Ring::default(), Keeping::default());
        let mut step = |scene: &Scene, keeping: &mut Keeping| {
            stock.settle(&mut ring, keeping, &mut bench.around(scene));
            let next = stock.next_us(&ring, scene.roster(&bench.console), Bench::now(scene));
            (bench.sent().len(), ring.stock().len(), next)
        };
        assert_eq!(step(&scene, &mut keeping), (0, 1, None));
        let version = keeping.take_change().unwrap();
        assert_eq!(step(&scene, &mut keeping), (0, 1, None), "nobody hears of it before it is kept");
        keeping.kept(version);
        let again = Bench::now(&scene).us + STOCK_AGAIN_US;
        assert_eq!(step(&scene, &mut keeping), (1, 1, Some(again)));
        assert_eq!(step(&scene, &mut keeping), (0, 1, Some(again)));
        scene.time_ms += STOCK_AGAIN_US / 1_000;
        assert_eq!(step(&scene, &mut keeping), (0, 2, None));
        assert!(keeping.take_change().is_some());
    }
}

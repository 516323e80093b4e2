//! The key package with which others let this device read: made once a week, kept before anybody hears of it.

use super::kept::KeptStock;
use crate::acts::Purpose;
use crate::console::Console;
use crate::io::Event;
use crate::limits::{STOCK_AGAIN_US, STOCK_LIFE_MS};
use trialogue_charter::{Hash, Role, Suite};
use trialogue_e2ee::writing::{StockSecret, WritingKeys};
use trialogue_journal::{Act, BodyRef};
use zeroize::Zeroizing;

/// Most key packages kept, the newest: one a week.
const STOCK_MAX: usize = 26;

/// A key package on its way to the journal.
#[derive(Default)]
pub(crate) enum Making {
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

impl Console {
    /// The keys of the written line, with all key packages that are kept.
    pub(super) fn written_ring(&mut self) -> Option<&mut WritingKeys> {
        let suite = self.charter.as_ref()?.suite();
        if self.writer.ring.as_ref().is_none_or(|(held, _)| *held != suite) {
            let mls = self.secret.mls_key(suite);
            let mut ring = WritingKeys::new(suite, self.id, &mls.private, &mut self.chance).ok()?;
            self.writer.joins = super::circles::Joins::default();
            let of_suite = self.writer.stock.iter().filter(|stock| stock.suite == number_of(suite));
            for stock in of_suite {
                let secret = StockSecret(Zeroizing::new(stock.secret.to_vec()));
                // One that is damaged opens nothing; a new one is made once it is missed.
                let _ = ring.take_stock(&secret);
            }
            self.writer.ring = Some((suite, ring));
        }
        self.writer.ring.as_mut().map(|(_, ring)| ring)
    }

    /// Who writes, translates or reads; machines do not.
    pub(super) fn reads(&self) -> bool {
        self.me.is_some() && self.role() != Role::Station
    }

    /// The key package that the journals have of this device, if its secret is here.
    pub(super) fn own_stock(&self) -> Option<&KeptStock> {
        let (fold, charter, me) = (self.sites.fold()?, self.charter.as_ref()?, self.me.as_ref()?);
        let line = charter.lines_of_office(&me.office).next()?;
        let said = fold.readers(&line.id).remove(&self.id)??;
        let suite = number_of(charter.suite());
        self.writer.stock.iter().find(|stock| stock.package == said.package.hash && stock.suite == suite)
    }

    fn is_stock_due(&self) -> bool {
        self.own_stock().is_none_or(|stock| self.now_ms >= stock.made_ms.saturating_add(STOCK_LIFE_MS))
    }

    pub(super) fn settle_stock(&mut self) {
        let Some(line) = self.roster().own_line().cloned().filter(|_| self.reads()) else { return };
        match std::mem::take(&mut self.writer.making) {
            Making::Keeping { version, package } if self.writer.is_safe(version) => {
                let Some(reference) = BodyRef::of(&package) else { return };
                self.say(&line, Purpose::Written, Act::Stock { package: reference }, vec![package]);
                self.writer.making = Making::Said { at_us: self.now_us };
            }
            Making::Said { at_us } if self.is_stock_due() && self.now_us < at_us + STOCK_AGAIN_US => {
                self.writer.making = Making::Said { at_us };
            }
            keeping @ Making::Keeping { .. } => self.writer.making = keeping,
            _ if self.is_stock_due() => self.make_stock(),
            _ => {}
        }
    }

    fn make_stock(&mut self) {
        let Some(suite) = self.charter.as_ref().map(|charter| charter.suite()) else { return };
        let now_ms = self.now_ms;
        let Some(made) = self.written_ring().map(WritingKeys::make_stock) else { return };
        match made {
            Ok(made) => {
                let stock = &mut self.writer.stock;
                if stock.len() >= STOCK_MAX {
                    stock.remove(0);
                }
                stock.push(KeptStock {
                    package: Hash::of(&made.package),
                    secret: made.secret.0.to_vec().into(),
                    made_ms: now_ms,
                    suite: number_of(suite),
                });
                let version = self.writer.change();
                self.writer.making = Making::Keeping { version, package: made.package };
            }
            Err(error) => {
                self.log(Event::BadHandshake { step: "key package for writings", why: error.to_string() });
                self.writer.making = Making::Said { at_us: self.now_us };
            }
        }
    }

    pub(super) fn stock_due_us(&self) -> Option<u64> {
        match self.writer.making {
            Making::Said { at_us } if self.is_stock_due() => Some(at_us + STOCK_AGAIN_US),
            _ => None,
        }
    }
}

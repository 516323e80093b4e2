//! The page of authorities is the charter and nothing else: every line, every office, in the order in which they are
//! rung.
#![allow(clippy::unwrap_used)]

use crate::common::chance;
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{Precedence, Role, Suite};
use trialogue_console_core::authority::authority;
use trialogue_console_core::{Console, Identity, enrol};

#[test]
fn every_line_and_office_with_its_authority() {
    let three = Trilateral::new(Suite::XWing);
    let charter = &three.charter;
    let view = authority(charter);
    assert_eq!((view.charter.as_str(), view.serial), (charter.name.as_str(), charter.serial));
    assert_eq!(view.lines.len(), charter.lines.len());
    for (shown, line) in view.lines.iter().zip(&charter.lines) {
        assert_eq!((shown.id.as_str(), shown.marking.as_str()), (line.id.as_str(), line.marking.as_str()));
        assert_eq!(shown.staged, line.staged);
        let mut offices = 0;
        for party in &shown.parties {
            for (seat, rung) in party.offices.iter().map(|o| (o, true)).chain(party.others.iter().map(|o| (o, false))) {
                let office = charter.offices.iter().find(|office| office.id.as_str() == seat.id).unwrap();
                assert_eq!(office.party.as_str(), party.id);
                assert_eq!(office.role.acts_for_party(), rung, "{}", office.id);
                assert_eq!(Precedence::from(seat.up_to), line.authority(&office.id).unwrap());
                assert_eq!(office.title.ja, seat.title.ja);
                offices += 1;
            }
            let order = |id: &str| line.offices.iter().position(|office| office.as_str() == id).unwrap();
            assert!(party.offices.is_sorted_by_key(|seat| order(&seat.id)), "rung in the line's order");
        }
        assert_eq!(offices, line.offices.len());
    }
    assert!(charter.offices.iter().any(|office| office.role == Role::NoteTaker), "the fixture has all kinds");
}

#[test]
fn a_console_shows_it_once_it_has_verified_a_charter() {
    let three = Trilateral::new(Suite::XWing);
    let link = three.enrolment("usa-duty", 1).to_fragment();
    let identity = || -> Identity { enrol(&link, 0, &mut chance()).unwrap() };
    assert!(Console::new(identity(), None, true, chance()).unwrap().authority().is_none());
    let held = Some(three.charter.bytes().to_vec());
    let shown = Console::new(identity(), held, true, chance()).unwrap().authority().unwrap();
    assert_eq!(shown.own_office, "usa-duty");
}

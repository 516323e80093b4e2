//! Who is who: the own device, the charter in force and what the journals say of everybody else, as one value of
//! references. It owns nothing, so that a part can be handed it while another part is changed.

use crate::agreed::Agreed;
use crate::show::text;
use crate::sites::Site;
use crate::view::Person;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{Device, DeviceId, LineId, NodeId, Role, VerifiedCharter};
use trialogue_journal::State;
use trialogue_journal::fold::Participant;

/// What this console knows of people and lines at this moment. Each of it but the own id may still be unknown.
#[derive(Clone, Copy)]
pub(crate) struct Roster<'a> {
    id: DeviceId,
    charter: Option<&'a Arc<VerifiedCharter>>,
    me: Option<&'a Device>,
    fold: Option<&'a State>,
    node: Option<&'a NodeId>,
}

impl<'a> Roster<'a> {
    /// `me`: what the own certificate says under `charter`; `fold`: the state that `node`, the own node in use, has
    /// told.
    pub(crate) fn of(
        id: DeviceId,
        charter: Option<&'a Arc<VerifiedCharter>>,
        me: Option<&'a Device>,
        fold: Option<&'a State>,
        node: Option<&'a NodeId>,
    ) -> Self {
        Self { id, charter, me, fold, node }
    }

    /// As a site has told it.
    pub(crate) fn told(id: DeviceId, agreed: &'a Agreed, site: &'a Site) -> Self {
        Self::of(id, agreed.charter(), agreed.me(), site.fold(), site.node())
    }

    /// The own device.
    pub(crate) fn id(self) -> DeviceId {
        self.id
    }

    pub(crate) fn charter(self) -> Option<&'a VerifiedCharter> {
        self.charter.map(|charter| &**charter)
    }

    /// What the own certificate says.
    pub(crate) fn me(self) -> Option<&'a Device> {
        self.me
    }

    /// The state of the lines, as the own node has told it.
    pub(crate) fn fold(self) -> Option<&'a State> {
        self.fold
    }

    /// The own node in use.
    pub(crate) fn node(self) -> Option<&'a NodeId> {
        self.node
    }

    /// All three, if they are known.
    pub(crate) fn whole(self) -> Option<(&'a VerifiedCharter, &'a Device, &'a State)> {
        Some((self.charter()?, self.me?, self.fold?))
    }

    /// What the holder of the own office does in a call.
    pub(crate) fn role(self) -> Role {
        self.role_of(&self.id)
    }

    /// A device that is not known does no more than listen.
    pub(crate) fn role_of(self, device: &DeviceId) -> Role {
        let own = (*device == self.id).then_some(self.me).flatten();
        let known = own.or_else(|| self.fold?.known_device(device));
        let office = known.zip(self.charter).and_then(|(device, charter)| charter.office(&device.office));
        office.map_or(Role::NoteTaker, |office| office.role)
    }

    pub(crate) fn acts_for_party(self) -> bool {
        self.role().acts_for_party()
    }

    /// Does this console get what a member of the call sends?
    pub(crate) fn hears(self, members: &BTreeMap<DeviceId, &Participant>, device: &DeviceId) -> bool {
        let Some(me) = self.me else { return false };
        members.get(device).is_some_and(|speaker| speaker.floor.reaches(&me.party))
    }

    /// The same person's other console that is in on a line.
    pub(crate) fn elsewhere(self, line: &LineId) -> Option<DeviceId> {
        let (fold, me) = (self.fold?, self.me?);
        let same = |device: &DeviceId| {
            *device != self.id
                && fold.device(device).is_some_and(|other| other.office == me.office && other.person == me.person)
        };
        fold.in_on(line).iter().map(|participant| participant.device).find(same)
    }

    /// May this console hold a member and take it out?
    pub(crate) fn manages(self, device: &DeviceId) -> bool {
        let own = self.fold.and_then(|fold| fold.device(device)).zip(self.me);
        *device != self.id && self.role() == Role::DutyOfficer && own.is_some_and(|(other, me)| other.party == me.party)
    }

    /// Who a device is, by its certificate; none: it has none that verifies.
    pub(crate) fn person(self, id: &DeviceId) -> Option<Person> {
        let charter = self.charter?;
        let known = self.fold.and_then(|fold| fold.known_device(id));
        let device = if *id == self.id { self.me } else { known }?;
        let office = charter.office(&device.office)?;
        let party = charter.party(&device.party)?;
        Some(Person {
            device: id.to_string(),
            name: device.person.as_str().to_owned(),
            office: text(&office.title),
            office_id: office.id.to_string(),
            party: party.id.to_string(),
            party_name: text(&party.name),
        })
    }

    /// Everyone who is in on a line, as the fold has it.
    pub(crate) fn in_on(self, line: &LineId) -> &'a [Participant] {
        self.fold.map_or_else(Default::default, |fold| fold.in_on(line))
    }

    /// Index of a node on the wire.
    pub(crate) fn index_of(self, node: &NodeId) -> Option<u8> {
        self.charter?.node_index(node)
    }

    /// Is this console the lead of its node on a line?
    pub(crate) fn leads(self, line: &LineId) -> bool {
        let (Some(fold), Some(node)) = (self.fold, self.node) else { return false };
        fold.lead(node, line) == Some(self.id)
    }

    /// The line on which this console says what belongs to none: the first of its office.
    pub(crate) fn own_line(self) -> Option<&'a LineId> {
        let (charter, me) = (self.charter?, self.me?);
        charter.lines_of_office(&me.office).next().map(|line| &line.id)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Scene, line_id};
    use trialogue_charter::Precedence;

    #[test]
    fn before_anything_is_known_a_console_does_no_more_than_listen() {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-leaders", 1);
        let id = usa.device.id;
        let nothing = Roster::of(id, None, None, None, None);
        assert_eq!((nothing.role(), nothing.acts_for_party()), (Role::NoteTaker, false));
        assert!(nothing.person(&id).is_none() && nothing.own_line().is_none());
        assert!(nothing.in_on(&line_id("leaders")).is_empty() && !nothing.leads(&line_id("leaders")));
    }

    #[test]
    fn the_own_device_is_known_by_its_certificate_and_others_by_the_journals() {
        let mut scene = Scene::new();
        let (usa, jpn) = (scene.enrol("usa-duty", 1), scene.enrol("jpn-leaders", 1));
        let (_, _, stranger) = trialogue_charter::fixture::Trilateral::new(scene.charter.suite()).device("kor-duty", 9);
        let at = scene.roster(&usa);
        assert_eq!((at.role(), at.role_of(&jpn.device.id)), (Role::DutyOfficer, Role::Principal));
        let japan = at.person(&jpn.device.id).unwrap();
        assert_eq!((japan.office_id.as_str(), japan.party.as_str()), ("jpn-leaders", "JPN"));
        assert!(at.person(&stranger.id).is_none());
        assert_eq!(at.role_of(&stranger.id), Role::NoteTaker);
        // Its own node has not told it yet that it is enrolled.
        let alone = Roster::of(usa.device.id, Some(&scene.charter), Some(&usa.device), None, None);
        assert_eq!(alone.role(), Role::DutyOfficer);
        assert!(alone.person(&usa.device.id).is_some() && alone.person(&jpn.device.id).is_none());
    }

    #[test]
    fn a_duty_officer_manages_others_of_its_party_and_nobody_else_does() {
        let mut scene = Scene::new();
        let (officer, leader) = (scene.enrol("usa-duty", 1), scene.enrol("usa-leaders", 1));
        let foreign = scene.enrol("jpn-leaders", 1);
        let at = scene.roster(&officer);
        assert!(at.manages(&leader.device.id));
        assert!(!at.manages(&officer.device.id) && !at.manages(&foreign.device.id));
        assert!(!scene.roster(&leader).manages(&officer.device.id));
    }

    #[test]
    fn who_is_in_first_leads_the_own_node() {
        let mut scene = Scene::new();
        let (usa, jpn) = (scene.enrol("usa-duty", 1), scene.enrol("jpn-duty", 1));
        let line = line_id("duty");
        assert!(scene.roster(&usa).in_on(&line).is_empty() && !scene.roster(&usa).leads(&line));
        scene.rings(&usa, "duty", 1, Precedence::Routine);
        assert_eq!(scene.roster(&jpn).in_on(&line).iter().map(|one| one.device).collect::<Vec<_>>(), [usa.device.id]);
        assert!(scene.roster(&usa).leads(&line) && !scene.roster(&jpn).leads(&line));
        assert_eq!(scene.roster(&usa).elsewhere(&line), None, "it is this console itself");
    }

    #[test]
    fn what_belongs_to_no_line_is_said_on_the_first_of_the_office() {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-interpreter", 1);
        assert_eq!(scene.roster(&usa).own_line(), Some(&line_id("summit")));
        let index = |node: &str| scene.roster(&usa).index_of(&NodeId::new(node).unwrap());
        assert_eq!((index("kor-1"), index("usa-9")), (Some(1), None));
    }
}

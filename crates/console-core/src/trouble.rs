//! What the screen complains of: one trouble at a time, and whether the node writes down what is said here.

use crate::view::{Refusal, Trouble};

/// The trouble that is shown. A verb for each thing that happens says which trouble it brings, and which it ends.
#[derive(Default)]
pub(crate) struct Troubles {
    shown: Option<Trouble>,
    unrecorded: bool,
}

impl Troubles {
    pub(crate) fn shown(&self) -> Option<&Trouble> {
        self.shown.as_ref()
    }

    /// The node could not write down what this console said last.
    pub(crate) fn unrecorded(&self) -> bool {
        self.unrecorded
    }

    /// The node shows a charter that this console does not follow.
    pub(crate) fn is_charter(&self) -> bool {
        matches!(self.shown, Some(Trouble::Charter { .. }))
    }

    /// The officer has seen it.
    pub(crate) fn dismiss(&mut self) {
        self.shown = None;
    }

    /// An act is refused.
    pub(crate) fn refuse(&mut self, reason: Refusal) {
        self.shown = Some(Trouble::ActRefused { reason });
    }

    /// The act that was just refused is taken after so many milliseconds.
    pub(crate) fn try_later(&mut self, after_ms: u32) {
        if let Some(Trouble::ActRefused { .. }) = self.shown {
            self.shown = Some(Trouble::TryLater { seconds: after_ms.div_ceil(1_000) });
        }
    }

    /// The officer acts while the node is not reached.
    pub(crate) fn not_connected(&mut self) {
        self.shown = Some(Trouble::NotConnected);
    }

    /// The officer acts anew: how the act before went is past.
    pub(crate) fn acted(&mut self) {
        if matches!(self.shown, Some(Trouble::ActRefused { .. } | Trouble::TryLater { .. } | Trouble::NotConnected)) {
            self.shown = None;
        }
    }

    /// The node's answer to an act says whether its journal could be written.
    pub(crate) fn written_down(&mut self, unrecorded: bool) {
        self.unrecorded = unrecorded;
    }

    /// The charter that the node shows is none that this console follows; `why` is a sentence for the operator.
    pub(crate) fn charter(&mut self, why: String) {
        self.shown = Some(Trouble::Charter { why });
    }

    /// The node lets this console in no more.
    pub(crate) fn turned_away(&mut self, reason: Refusal) {
        self.shown = Some(Trouble::Refused { reason });
    }

    /// The node has shown a charter that is followed, and asks who this is.
    pub(crate) fn let_in(&mut self) {
        if matches!(self.shown, Some(Trouble::Charter { .. } | Trouble::Refused { .. })) {
            self.shown = None;
        }
    }

    /// The clocks of console and node are too far apart, or are not any more. It hides no other trouble.
    pub(crate) fn clock(&mut self, apart: bool) {
        if apart && self.shown.is_none() {
            self.shown = Some(Trouble::Clock);
        } else if !apart && self.shown == Some(Trouble::Clock) {
            self.shown = None;
        }
    }

    /// The leg is not as it must be. It hides no other trouble.
    pub(crate) fn leg_unfit(&mut self) {
        if self.shown.is_none() {
            self.shown = Some(Trouble::Leg);
        }
    }

    pub(crate) fn leg_up(&mut self) {
        if self.shown == Some(Trouble::Leg) {
            self.shown = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Option<Trouble> {
        Some(Trouble::ActRefused { reason: Refusal::Role })
    }

    /// One of each that a console has by itself.
    fn all() -> Vec<Troubles> {
        let verbs: [fn(&mut Troubles); 7] = [
            |troubles| troubles.refuse(Refusal::Role),
            |troubles| {
                troubles.refuse(Refusal::Role);
                troubles.try_later(1);
            },
            Troubles::not_connected,
            |troubles| troubles.charter("why".into()),
            |troubles| troubles.turned_away(Refusal::Busy),
            |troubles| troubles.clock(true),
            Troubles::leg_unfit,
        ];
        let begun = verbs.map(|verb| {
            let mut troubles = Troubles::default();
            verb(&mut troubles);
            assert!(troubles.shown().is_some());
            troubles
        });
        begun.into()
    }

    /// Which troubles a verb ends, in the order of `all`.
    fn ended_by(verb: fn(&mut Troubles)) -> Vec<usize> {
        let ends = |(_, troubles): &mut (usize, Troubles)| {
            let before = troubles.shown().cloned();
            verb(troubles);
            assert!(troubles.shown().is_none() || troubles.shown().cloned() == before, "{before:?}");
            troubles.shown().is_none()
        };
        all().into_iter().enumerate().filter_map(|mut one| ends(&mut one).then_some(one.0)).collect()
    }

    #[test]
    fn each_verb_ends_its_own_troubles_and_no_other() {
        assert_eq!(ended_by(Troubles::dismiss), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(ended_by(Troubles::acted), [0, 1, 2]);
        assert_eq!(ended_by(Troubles::let_in), [3, 4]);
        assert_eq!(ended_by(|troubles| troubles.clock(false)), [5]);
        assert_eq!(ended_by(Troubles::leg_up), [6]);
    }

    #[test]
    fn clock_and_leg_hide_no_other_trouble() {
        assert_eq!(ended_by(|troubles| troubles.clock(true)), [0; 0]);
        assert_eq!(ended_by(Troubles::leg_unfit), [0; 0]);
    }

    #[test]
    fn what_the_officer_or_the_node_refuses_takes_the_place_of_another() {
        for mut troubles in all() {
            troubles.not_connected();
            assert_eq!(troubles.shown(), Some(&Trouble::NotConnected));
            troubles.charter("why".into());
            assert!(troubles.is_charter());
            troubles.turned_away(Refusal::CatchingUp);
            assert_eq!(troubles.shown(), Some(&Trouble::Refused { reason: Refusal::CatchingUp }));
            assert!(!troubles.is_charter());
            troubles.refuse(Refusal::Role);
            assert_eq!(troubles.shown().cloned(), refused());
        }
    }

    #[test]
    fn only_a_refused_act_is_tried_later_in_whole_seconds() {
        let mut troubles = Troubles::default();
        troubles.try_later(1_000);
        assert_eq!(troubles.shown(), None);
        troubles.not_connected();
        troubles.try_later(1_000);
        assert_eq!(troubles.shown(), Some(&Trouble::NotConnected));
        troubles.refuse(Refusal::Busy);
        troubles.try_later(1_001);
        assert_eq!(troubles.shown(), Some(&Trouble::TryLater { seconds: 2 }));
    }

    #[test]
    fn that_nothing_is_written_down_is_said_beside_any_trouble() {
        let mut troubles = Troubles::default();
        troubles.refuse(Refusal::Role);
        troubles.written_down(true);
        assert_eq!((troubles.unrecorded(), troubles.shown().cloned()), (true, refused()));
        troubles.dismiss();
        assert!(troubles.unrecorded());
        troubles.written_down(false);
        assert!(!troubles.unrecorded());
    }
}

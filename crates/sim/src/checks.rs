//! What a test or the life of a network asks the witness.

use crate::node::SimNode;
use crate::witness::{QUIET_US, Sight, Witness};
use crate::world::World;

/// Everything of a world but its witness. A macro, since the fields are borrowed one by one.
macro_rules! seen {
    ($world:expr) => {
        Sight {
            seed: $world.seed,
            fixture: $world.fixture,
            now_us: $world.agenda.now_us(),
            wall_ms: $world.agenda.wall_ms(),
            nodes: &$world.nodes,
            consoles: &$world.consoles,
            network: &$world.network,
            media: &$world.media,
            real: &$world.real,
            taken: $world.mischief.taken(),
        }
    };
}

impl World {
    /// What can be seen of this world.
    pub(crate) fn sight(&self) -> Sight<'_> {
        seen!(self)
    }

    /// The witness, and what it sees.
    pub(crate) fn witness(&mut self) -> (&mut Witness, Sight<'_>) {
        (&mut self.witness, seen!(self))
    }

    /// A line of the trace.
    pub(crate) fn tell(&mut self, line: String) {
        self.witness.tell(self.agenda.now_us(), line);
    }

    /// Something out of the ordinary happens.
    pub(crate) fn note_change(&mut self) {
        self.witness.note_change(self.agenda.now_us());
    }

    /// It was not quiet for long enough: a ring may sound. Or it was, and none may.
    pub fn set_rings_may_sound(&mut self, may: bool) {
        self.witness.set_rings_over(!may);
    }

    /// Nothing happens for a while but what people see and hear; then what can be told is held to account.
    ///
    /// # Panics
    /// When a promise does not hold.
    pub fn rest(&mut self) {
        self.note_change();
        let left_us = |world: &Self| {
            let quiet_us = world.witness.changed_us(&world.network) + QUIET_US;
            quiet_us.saturating_sub(world.agenda.now_us())
        };
        for _ in 0..8 {
            let left_us = left_us(self);
            if left_us == 0 {
                break;
            }
            self.run(left_us);
        }
        let settled = left_us(self) == 0 && !self.network.hangs_unnoticed();
        let (witness, sight) = self.witness();
        sight.check_reference();
        if settled {
            sight.check_rings();
            witness.check_heard(&sight);
        }
    }

    /// Every node reads its entries as the reference does.
    ///
    /// # Panics
    /// When one does not.
    pub fn check_reference(&self) {
        self.sight().check_reference();
    }

    /// Once it is quiet, each group has exactly those who are in, in their present stays, and each of them was shown
    /// what it needs to follow.
    ///
    /// # Panics
    /// When a key is stuck.
    pub fn check_keys(&self) {
        self.sight().check_keys();
    }

    /// Do all running nodes hold the same entries?
    pub fn agrees(&self) -> bool {
        self.sight().agrees()
    }

    /// Everything that was ever acknowledged is held by every node that runs.
    ///
    /// # Panics
    /// When something is missing.
    pub fn check_everyone_has_everything(&self) {
        self.witness.check_everyone_has_everything(&self.sight());
    }

    /// After everything is healed and quiet: all nodes hold the same and see the same, and so do their consoles.
    ///
    /// # Panics
    /// When that does not hold.
    pub fn check_converged(&self) {
        self.witness.check_converged(&self.sight());
    }

    /// Nobody was caught in anything: no fork, no forgery, no fault inside.
    ///
    /// # Panics
    /// When somebody was.
    pub fn check_honest(&self) {
        self.sight().check_honest();
    }

    /// Nobody said in a node's name what it does not say.
    pub(crate) fn all_are_honest(&self) -> bool {
        let honest = |node: &SimNode| !node.hostile && !node.dishonest;
        self.nodes.iter().all(honest)
    }
}

//! Precedence as the view spells it.

use crate::view::Precedence;
use trialogue_charter::Precedence as Agreed;

impl From<Agreed> for Precedence {
    fn from(agreed: Agreed) -> Self {
        match agreed {
            Agreed::Routine => Self::Routine,
            Agreed::Priority => Self::Priority,
            Agreed::Immediate => Self::Immediate,
            Agreed::Flash => Self::Flash,
            Agreed::FlashOverride => Self::FlashOverride,
        }
    }
}

impl From<Precedence> for Agreed {
    fn from(shown: Precedence) -> Self {
        match shown {
            Precedence::Routine => Self::Routine,
            Precedence::Priority => Self::Priority,
            Precedence::Immediate => Self::Immediate,
            Precedence::Flash => Self::Flash,
            Precedence::FlashOverride => Self::FlashOverride,
        }
    }
}

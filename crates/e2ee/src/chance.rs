//! Where random numbers come from: the operating system in the products, a seed in the simulator and in tests. Nothing
//! below asks for any by itself, but for HPKE inside openmls, which encapsulates with the operating system's: of that
//! nothing depends but bytes that nobody can foresee.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zeroize::Zeroizing;

/// A source of random numbers. No `Debug`, no copy: two of one state would draw the same keys.
pub struct Chance(Box<Fill>);

/// Fills all of a slice, or says that it cannot.
type Fill = dyn FnMut(&mut [u8]) -> bool + Send;

/// The platform gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this device gives no random numbers")]
pub struct NoChance;

impl Chance {
    /// From what fills all of a slice with numbers that nobody can foresee, or says that it cannot.
    pub fn new(fill: impl FnMut(&mut [u8]) -> bool + Send + 'static) -> Self {
        Self(Box::new(fill))
    }

    /// The same numbers for the same seed each time: for simulations and tests, never for a product.
    #[must_use]
    pub fn replayable(seed: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        Self::new(move |bytes| {
            rng.fill_bytes(bytes);
            true
        })
    }

    /// Fills all of it.
    ///
    /// # Errors
    /// When the platform gives none; what is in `bytes` then must not be used.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance> {
        if (self.0)(bytes) { Ok(()) } else { Err(NoChance) }
    }

    /// So many bytes that are no secret.
    ///
    /// # Errors
    /// As [`Chance::fill`].
    pub fn draw<const N: usize>(&mut self) -> Result<[u8; N], NoChance> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A key or a seed; wiped when dropped.
    ///
    /// # Errors
    /// As [`Chance::fill`].
    pub fn secret(&mut self) -> Result<Zeroizing<[u8; 32]>, NoChance> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.fill(&mut *bytes)?;
        Ok(bytes)
    }
}

/// Other numbers each time.
#[cfg(test)]
pub(crate) fn any() -> Chance {
    Chance::new(|bytes| getrandom::fill(bytes).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_one_others() {
        let draw = |seed: u8| {
            let mut chance = Chance::replayable([seed; 32]);
            (chance.draw::<16>().unwrap(), chance.draw::<16>().unwrap())
        };
        assert_eq!(draw(1), draw(1));
        assert!(draw(1) != draw(2) && draw(1).0 != draw(1).1);
    }

    #[test]
    fn what_has_none_says_so() {
        let mut none = Chance::new(|_| false);
        assert_eq!((none.draw::<4>(), none.secret().err()), (Err(NoChance), Some(NoChance)));
    }
}

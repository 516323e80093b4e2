//! When the machine wants to be called again. Each part names its timers in one enum and says in one function when each
//! is due, from its state; what is done then asks the same function. Nothing is set, and nothing is forgotten to be
//! cleared.

/// The next of these times; what has come already was done, or waits for something else than time.
pub(crate) fn next(now_us: u64, due: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    due.flatten().filter(|at| *at > now_us).min()
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn the_next_is_the_first_that_has_not_come() {
        assert_eq!(next(5, [Some(9), None, Some(5), Some(7), Some(1)].into_iter()), Some(7));
        assert_eq!(next(9, [Some(9), None].into_iter()), None, "it would be called without end");
    }
}

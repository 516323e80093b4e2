//! Whether what must outlive this process is where the platform keeps it, by numbers of states.

/// States that the platform was asked to keep.
#[derive(Default)]
pub(super) struct Keeping {
    /// The last one that it was asked to keep, and the last that it said it has.
    asked: u64,
    safe: u64,
    dirty: bool,
}

impl Keeping {
    /// Something changed that must outlive this process; returns the number under which it will be kept.
    pub(super) fn change(&mut self) -> u64 {
        self.dirty = true;
        self.asked + 1
    }

    /// The platform has the state of that number.
    pub(super) fn is_safe(&self, version: u64) -> bool {
        self.safe >= version
    }

    /// The platform says that it has it.
    pub(super) fn kept(&mut self, version: u64) {
        self.safe = self.safe.max(version.min(self.asked));
    }

    /// The number under which everything is to be kept now; none: nothing has changed.
    pub(super) fn take_change(&mut self) -> Option<u64> {
        std::mem::take(&mut self.dirty).then(|| {
            self.asked += 1;
            self.asked
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Keeping;

    #[test]
    fn what_changed_is_kept_once_and_safe_when_the_platform_says_so() {
        let mut keeping = Keeping::default();
        assert_eq!(keeping.take_change(), None);
        let version = keeping.change();
        assert_eq!((keeping.change(), keeping.is_safe(version)), (version, false));
        // A number that nothing was kept under makes nothing safe.
        keeping.kept(version);
        assert!(!keeping.is_safe(version));
        assert_eq!((keeping.take_change(), keeping.take_change()), (Some(version), None));
        keeping.kept(version);
        assert!(keeping.is_safe(version));
        let next = keeping.change();
        keeping.kept(version);
        assert!(next > version && !keeping.is_safe(next), "it came too late for what has changed since");
    }
}

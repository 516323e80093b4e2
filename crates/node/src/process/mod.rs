//! What a process that holds secrets does so that they do not end in files: no core dump, no other process of the
//! account that reads its memory, no swap where the system allows that.

mod swap;

pub use swap::in_the_clear;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// CAP_IPC_LOCK (capabilities(7)): memory may be locked whatever the limit says.
const IPC_LOCK: u32 = 14;

/// What the system allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Memory never goes to swap.
    pub locked: bool,
    /// The system refused to leave this process out of core dumps.
    pub dumps: bool,
}

/// To be called first of all. There is no way to leave it out: who looks for a fault uses the log, and tests.
pub fn keep_secrets() -> Kept {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    let files = setrlimit(Resource::Core, nothing).is_ok();
    // Also closes /proc/<pid>/mem and ptrace to other processes of the account, and core dumps by way of a pipe, which
    // know no limit.
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    Kept { locked: lock(), dumps: !(files && hidden) }
}

/// Locks all memory that the process has and will have. Only where there is no bound: with one, memory that cannot be
/// locked later could not be had at all.
fn lock() -> bool {
    let unbounded = getrlimit(Resource::Memlock).current.is_none();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    (unbounded || may_lock(&status))
        && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}

fn may_lock(status: &str) -> bool {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    bits.is_some_and(|bits| bits & 1 << IPC_LOCK != 0)
}

/// What an operator is to be told of it; none: all is well.
pub fn warning(kept: Kept) -> Option<String> {
    if kept.dumps {
        return Some("the system does not let this process out of core dumps: keys could end in a file; forbid core dumps for its account".to_owned());
    }
    let swaps = if kept.locked { Vec::new() } else { in_the_clear() };
    (!swaps.is_empty()).then(|| {
        format!(
            "keys may be written to {}, which is swap and not encrypted: encrypt it, switch it off, or allow this account to lock memory (LimitMEMLOCK=infinity)",
            swaps.join(", ")
        )
    })
}

/// As many open files as the system allows: each console, browser and node takes one or more. Fewer than 4,096 is said.
pub fn open_files() {
    const ENOUGH: u64 = 4_096;
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    if let Some(most) = limit.maximum.filter(|most| *most < ENOUGH) {
        tracing::warn!(
            most,
            "this account may open few files: a flood of connections could use them up; set LimitNOFILE to 4096 or more"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_to_lock_memory_is_read() {
        assert!(may_lock("Name:\tx\nCapEff:\t0000000000004000\n") && may_lock("CapEff:\t000001ffffffffff"));
        assert!(!may_lock("CapEff:\t0000000000000000") && !may_lock("CapPrm:\t0000000000004000") && !may_lock(""));
    }
}

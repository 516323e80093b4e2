//! Where memory may be written to: swap that is not encrypted.

use std::path::Path;

/// Devices stand upon devices: a volume in an encrypted partition, at most so deep.
const DEPTH: usize = 8;

/// Swap in use that is not known to be encrypted or to lie in memory.
pub fn in_the_clear() -> Vec<String> {
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    clear(&swaps, |device| {
        let device = std::fs::canonicalize(device).ok();
        let name = device.as_deref().and_then(Path::file_name).and_then(|name| name.to_str().map(str::to_owned));
        name.is_some_and(|name| is_encrypted(Path::new("/sys/class/block"), &name, DEPTH))
    })
}

/// `swaps`: as in `/proc/swaps`, of which the first line names the columns. A file may lie in an encrypted file system;
/// nobody here can tell.
fn clear(swaps: &str, is_safe: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = swaps.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    let in_memory = |name: &str| name.starts_with("/dev/zram");
    lines
        .filter(|(name, kind)| !(in_memory(name) || *kind == "partition" && is_safe(name)))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// A device-mapper target of dm-crypt, or one that stands on nothing but such.
fn is_encrypted(blocks: &Path, name: &str, depth: usize) -> bool {
    let block = blocks.join(name);
    if std::fs::read_to_string(block.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-")) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let below = std::fs::read_dir(block.join("slaves")).into_iter().flatten().flatten();
    let below: Vec<bool> =
        below.map(|entry| is_encrypted(blocks, &entry.file_name().to_string_lossy(), depth)).collect();
    !below.is_empty() && below.iter().all(|encrypted| *encrypted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_is_known_to_be_safe_is_not_named() {
        let head = "Filename\tType\tSize\tUsed\tPriority\n";
        assert!(clear(head, |_| false).is_empty() && clear("", |_| false).is_empty());
        let swaps = format!(
            "{head}/dev/dm-1 partition 1 0 -2\n/dev/sda2 partition 1 0 -3\n/swap\\040file file 1 0 -4\n/dev/zram0 partition 1 0 100\n"
        );
        assert_eq!(clear(&swaps, |device| device == "/dev/dm-1"), ["/dev/sda2", "/swap\\040file"]);
    }

    #[test]
    fn a_volume_on_an_encrypted_partition_is_encrypted() {
        let dir = tempfile::tempdir().unwrap();
        let block = |name: &str, uuid: &str, below: &[&str]| {
            std::fs::create_dir_all(dir.path().join(name).join("dm")).unwrap();
            std::fs::write(dir.path().join(name).join("dm/uuid"), uuid).unwrap();
            for below in below {
                std::fs::create_dir_all(dir.path().join(name).join("slaves").join(below)).unwrap();
            }
        };
        block("dm-0", "CRYPT-LUKS2-1", &["sda3"]);
        block("dm-1", "LVM-1", &["dm-0"]);
        block("dm-2", "LVM-2", &["dm-0", "sdb1"]);
        let is = |name| is_encrypted(dir.path(), name, DEPTH);
        assert!(is("dm-0") && is("dm-1") && !is("dm-2") && !is("sda3"));
        // One that stands upon itself, which no system makes.
        block("dm-3", "LVM-3", &["dm-3"]);
        assert!(!is("dm-3"));
    }
}

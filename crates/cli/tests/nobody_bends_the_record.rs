//! Three nodes, a call, a record: exported while they run, verified by an auditor who has the charter alone and by a
//! program that shares no code with ours. Then the record is bent in every way, and each is named.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bent;
mod hotline;

use bent::{Bent, ended, items, keys, position, without};
use hotline::Hotline;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trialogue_journal::{Body, UnverifiedEntry};
use trialogue_record::Item;

fn trialogue(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trialogue")).arg("record").args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A place for records, and the charter that the auditor has.
struct Auditor {
    dir: tempfile::TempDir,
    charter: PathBuf,
    count: usize,
}

impl Auditor {
    fn path(&mut self) -> PathBuf {
        self.count += 1;
        self.dir.path().join(format!("{}.record", self.count))
    }

    fn verify(&self, file: &Path) -> (i32, String) {
        let output =
            trialogue(&["verify", file.to_str().unwrap(), "--charter", self.charter.to_str().unwrap(), "--evidence"]);
        (output.status.code().unwrap(), text(&output))
    }

    /// What the other program says.
    fn other(&self, file: &Path) -> (i32, Value) {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/verifier/verify.py");
        let output = Command::new("python3")
            .args([
                OsStr::new("-B"),
                program.as_os_str(),
                file.as_os_str(),
                OsStr::new("--charter"),
                self.charter.as_os_str(),
            ])
            .arg("--json")
            .output()
            .unwrap();
        let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
        (output.status.code().unwrap(), said)
    }

    /// Both programs end with this code, and ours says this.
    fn finds(&mut self, bent: &[Item], code: i32, says: &[&str]) {
        let file = self.path();
        std::fs::write(&file, bent.iter().flat_map(Item::encode).collect::<Vec<u8>>()).unwrap();
        let (found, said) = self.verify(&file);
        assert_eq!(found, code, "{said}");
        for part in says {
            assert!(said.contains(part), "not {part:?} in {said}");
        }
        let (found, said) = self.other(&file);
        assert_eq!(found, code, "{said}");
    }
}

/// Heads that other nodes have signed of a node's journal: the longest.
fn signed_for(items: &[Item], node: &str) -> u64 {
    let entry = |item: &Item| match item {
        Item::Entry { entry, .. } => UnverifiedEntry::decode(entry).ok(),
        _ => None,
    };
    let mut longest = [0, 0];
    for entry in items.iter().filter_map(entry) {
        let claim = entry.claim();
        if let Body::Seen { heads, .. } = &claim.body
            && claim.node.as_str() != node
        {
            let size = heads.iter().filter(|head| head.node.as_str() == node).map(|head| head.size).max().unwrap_or(0);
            let by = usize::from(claim.node.as_str() == "kor-1");
            longest[by] = longest[by].max(size);
        }
    }
    longest[0].min(longest[1])
}

#[test]
fn nobody_bends_the_record() {
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    endpoints[0].ring();
    endpoints[1].until_view("a ring", |view| !hotline::line(view)["ring"].is_null());
    endpoints[1].answer();
    endpoints[0].until_view("an answer", |view| hotline::party(view, "JPN")["ring"]["kind"] == "answered");
    for endpoint in &mut endpoints[..2] {
        endpoint.hang_up();
    }

    let house = hotline.house();
    let charter = house.join("charter.cbor");
    let mut auditor = Auditor { dir: tempfile::tempdir().unwrap(), charter: charter.clone(), count: 0 };
    let config = house.join("usa/node.toml");
    // While the nodes run, until the two others have signed for what Japan's node wrote.
    let (mut file, mut whole) = (PathBuf::new(), Vec::new());
    let until = std::time::Instant::now() + hotline::PATIENCE;
    // What others have signed for may be on its way here: then `verify` says so with 3, and the next export has it.
    while signed_for(&whole, "jpn-1") < 3 || auditor.verify(&file).0 == 3 {
        assert!(std::time::Instant::now() < until, "nobody has signed for jpn-1");
        std::thread::sleep(std::time::Duration::from_millis(500));
        file = auditor.path();
        let exported = trialogue(&["export", "--config", config.to_str().unwrap(), "--out", file.to_str().unwrap()]);
        assert!(exported.status.success(), "{}", text(&exported));
        whole = items(&std::fs::read(&file).unwrap());
    }

    // Two programs that share no code say the same of it.
    let (code, said) = auditor.verify(&file);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("The whole file was signed by usa-1 at ") && said.contains("signed with ML-DSA-87: "),
        "{said}"
    );
    let (code, other) = auditor.other(&file);
    assert_eq!(code, 0, "{other}");
    let entries = whole.iter().filter(|item| matches!(item, Item::Entry { .. })).count();
    assert!(said.contains(&format!("{entries} entries")) && other["entries"] == entries, "{said}{other}");
    for (node, top) in other["journals"].as_object().unwrap() {
        assert!(said.contains(node) && said.contains(top["root"].as_str().unwrap()), "{said}{other}");
    }

    // What an auditor reads.
    let (file_name, charter_name) = (file.to_str().unwrap(), charter.to_str().unwrap());
    let shown = trialogue(&["show", file_name, "--charter", charter_name]);
    let timeline = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success());
    assert!(
        timeline.contains("USA Duty Officer (") && timeline.contains(" rings (") && timeline.contains("UTC"),
        "{timeline}"
    );
    assert!(timeline.contains("JPN Duty Officer (") && timeline.contains(" answers or joins"), "{timeline}");
    let shown = trialogue(&["show", file_name, "--charter", charter_name, "--json", "--all"]);
    let lines: Vec<Value> =
        String::from_utf8(shown.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), entries);
    for (kind, act) in [("ring", "act 0"), ("answer", "act 1"), ("leave", "act 3"), ("seen", "entry 17")] {
        let count = lines.iter().filter(|line| line["kind"] == kind).count();
        assert_eq!(other["kinds"][act].as_u64().unwrap_or(0), count as u64, "{kind}");
    }
    let none = trialogue(&["show", file_name, "--charter", charter_name, "--until", "2001-01-01"]);
    assert!(none.stdout.is_empty() && none.status.success());

    local_time(file_name, charter_name);
    bend(&mut auditor, &whole, &house);
    prove(&mut auditor, &file, &house);
}

/// Local time stands beside UTC.
fn local_time(file: &str, charter: &str) {
    let nowhere = trialogue(&["show", file, "--charter", charter, "--zone", "Atlantis"]);
    assert!(!nowhere.status.success() && text(&nowhere).contains("Asia/Tokyo"), "{}", text(&nowhere));
    let local = trialogue(&["show", file, "--charter", charter, "--zone", "-05:30"]);
    let shown = String::from_utf8_lossy(&local.stdout);
    assert!(shown.lines().any(|line| line.contains(" -05:30)  USA ")), "{}", text(&local));
    let programs = trialogue(&["show", file, "--charter", charter, "--json", "--zone", "+09:00"]);
    for line in String::from_utf8_lossy(&programs.stdout).lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["local"].as_str().unwrap().ends_with("+09:00"), "{event}");
        assert_eq!(event["clocks_against"], serde_json::json!([]), "{event}");
    }
}

/// The record is bent, and each way is named.
fn bend(auditor: &mut Auditor, whole: &[Item], house: &Path) {
    let seen = signed_for(whole, "jpn-1");
    let middle = seen / 2 + 1;
    let at = position(whole, "jpn-1", middle);

    // Whoever bends it without a key leaves the signature over the whole file away, or leaves one that does not hold.
    auditor.finds(&ended(whole.to_vec()), 3, &["nobody has signed the file as a whole"]);
    let mut altered = whole.to_vec();
    if let Item::Entry { entry, .. } = &mut altered[at] {
        *entry.last_mut().unwrap() ^= 1;
    }
    auditor.finds(&altered, 4, &[&format!("entry {middle} of the journal of jpn-1 is not what jpn-1 signed")]);

    let removed = without(whole, at, at + 1);
    auditor.finds(&removed, 4, &[&format!("entry {middle} of the journal of jpn-1 was removed")]);

    let mut reordered = whole.to_vec();
    reordered.swap(at, at - 1);
    auditor.finds(&reordered, 4, &[&format!("entry {} of the journal of jpn-1 stands after", middle - 1)]);

    // The end of a journal, where its own chain says nothing: the others have signed for it.
    let end = position(whole, "kor-1", 1);
    let truncated = without(whole, at, end);
    auditor.finds(
        &truncated,
        3,
        &[&format!("entries {middle} to "), "of the journal of jpn-1 are not in this copy, and"],
    );
    let gone = without(whole, position(whole, "jpn-1", 1), end);
    auditor.finds(&gone, 3, &["entries 1 to ", "of the journal of jpn-1 are not in this copy"]);

    let mut unended = whole.to_vec();
    unended.pop();
    auditor.finds(&unended, 3, &["the file ends before its end"]);

    // Japan writes its history anew, with its own key: every entry is signed, and follows on the one before.
    let key = keys(&house.join("jpn/node.key"));
    let bent = Bent::from(whole, "jpn-1", middle, &key);
    auditor.finds(&bent.items, 5, &["PROOF", "jpn-1", "were other ones than those in this copy"]);
    // Whoever has an entry of the first history has the proof against Japan alone.
    let Item::Entry { entry, .. } = &whole[at] else { panic!("an entry") };
    let mut proven = bent.items;
    let place = proven.iter().position(|item| matches!(item, Item::Entry { .. })).unwrap();
    let node = trialogue_charter::NodeId::new("jpn-1").unwrap();
    proven.insert(place, Item::Evidence { node, seq: middle, entry: entry.clone() });
    let proven = ended(proven);
    let both = format!("jpn-1 has signed two histories that differ at entry {middle}");
    auditor.finds(&proven, 5, &[&both, "  one:   d284", "  other: d284"]);

    // Bytes that are no record at all.
    let noise = auditor.path();
    std::fs::write(&noise, b"\xff\xff\xff").unwrap();
    assert_eq!((auditor.verify(&noise).0, auditor.other(&noise).0), (4, 4));
    assert_eq!(auditor.verify(Path::new("/nowhere")).0, 1);
}

/// One entry for somebody who gets nothing else.
fn prove(auditor: &mut Auditor, file: &Path, house: &Path) {
    for signer in ["jpn", "usa"] {
        let (config, proof) = (house.join(signer).join("node.toml"), auditor.path());
        let (file, config, name) = (file.to_str().unwrap(), config.to_str().unwrap(), proof.to_str().unwrap());
        let proved =
            trialogue(&["prove", file, "--config", config, "--node", "jpn-1", "--position", "2", "--out", name]);
        assert!(proved.status.success(), "{}", text(&proved));
        let charter = auditor.charter.to_str().unwrap().to_owned();
        let checked = trialogue(&["check-proof", name, "--charter", &charter]);
        let said = text(&checked);
        assert!(checked.status.success() && said.contains("Proved: entry 2 of jpn-1"), "{said}");
        assert!(said.contains(if signer == "jpn" { "Signed by jpn-1" } else { "Witnessed by usa-1" }), "{said}");
        let bent = std::fs::read_to_string(&proof).unwrap().replacen("\nindex 1\n", "\nindex 2\n", 1);
        std::fs::write(&proof, bent).unwrap();
        let checked = trialogue(&["check-proof", name, "--charter", &charter]);
        assert_eq!(checked.status.code(), Some(4), "{}", text(&checked));
    }
}

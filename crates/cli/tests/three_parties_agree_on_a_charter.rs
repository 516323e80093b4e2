//! The whole way by the program: roots, node keys, draft, three signatures, verification, an enrolment link.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use trialogue_charter::{EnrolmentLink, VerifiedCharter};

fn trialogue(dir: &Path, line: &str) -> Output {
    // One argument per word; an underscore stands for a space inside one.
    let words = line.split_whitespace().map(|word| word.replace('_', " "));
    Command::new(env!("CARGO_BIN_EXE_trialogue")).current_dir(dir).args(words).output().unwrap()
}

fn does(dir: &Path, line: &str) -> String {
    let output = trialogue(dir, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn fails(dir: &Path, line: &str) -> String {
    let output = trialogue(dir, line);
    assert_eq!(output.status.code(), Some(1), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

const PLAN: &str = r#"name = "Test"
serial = 1
suite = "xwing"
parties = ["usa/party.pub", "jpn/party.pub"]
nodes = ["usa/node.pub", "jpn/node.pub"]

[[office]]
id = "usa-duty"
party = "USA"
title = { en = "Duty officer", ja = "当直", ko = "당직" }

[[office]]
id = "jpn-duty"
party = "JPN"
title = { en = "Duty officer", ja = "当直", ko = "당직" }

[[line]]
id = "duty"
name = { en = "Duty", ja = "当直", ko = "당직" }
marking = "REL TO USA, JPN"
offices = ["usa-duty", "jpn-duty"]
authority = { usa-duty = "flash" }

[policy]
ring_seconds = 45
picture_step = 512
no_relay = [{ party = "USA", via = "JPN" }]
escalate_seconds = 15

[policy.tests]
human_seconds = 3600

[origins]
jpn-1 = ["https://hotline.example.jp"]
"#;

fn two_parties(dir: &Path) {
    for (id, name) in [("USA", "United_States"), ("JPN", "Japan")] {
        let low = id.to_lowercase();
        does(dir, &format!("party init --party {id} --name-en {name} --name-ja {name} --name-ko {name} --out {low}"));
        does(dir, &format!("node-key --node {low}-1 --party {id} --address 127.0.0.1:4460 --out {low}"));
    }
    fs::write(dir.join("charter.toml"), PLAN).unwrap();
}

#[test]
fn from_keys_to_an_enrolment_link() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two_parties(dir);
    assert_eq!(fs::metadata(dir.join("usa/root.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(dir.join("usa/node.key")).unwrap().permissions().mode() & 0o777, 0o600);

    does(dir, "charter draft --from charter.toml --out charter.cbor");
    let shown = does(dir, "charter show --charter charter.cbor");
    assert!(shown.contains("NOT VALID. Signatures still needed: JPN (Ed25519, missing)"), "{shown}");
    let said = does(dir, "charter sign --charter charter.cbor --root usa/root.key");
    assert!(said.contains("Signatures still needed: JPN (Ed25519, missing), JPN (ML-DSA-87, missing)."), "{said}");
    let refused = fails(dir, "charter verify --charter charter.cbor");
    assert!(refused.contains("charter.cbor: the charter is not valid. Signatures still needed: JPN"), "{refused}");
    let refused = fails(
        dir,
        "enrol --root usa/root.key --charter charter.cbor --office usa-duty --person A --node-url https://usa",
    );
    assert!(refused.contains("the Ed25519 signature of party JPN is missing"), "{refused}");

    let said = does(dir, "charter sign --charter charter.cbor --root jpn/root.key");
    assert!(said.contains("All parties have signed"), "{said}");
    assert!(does(dir, "charter verify --charter charter.cbor").starts_with("Valid:"));
    let shown = does(dir, "charter show --charter charter.cbor");
    assert!(shown.contains("consoles log in at https://hotline.example.jp"), "{shown}");
    assert!(shown.contains("a ring sounds 45 s, unanswered for 20 s it alerts people"), "{shown}");
    assert!(shown.contains("a console out of touch for 10 s has left"), "{shown}");
    assert!(shown.contains("every 15 s at the next one as well"), "{shown}");
    let may = |office: &str, up_to: &str| shown.lines().any(|row| row.contains(office) && row.ends_with(up_to));
    assert!(may("usa-duty", "may ring up to flash") && may("jpn-duty", "may ring up to routine"), "{shown}");
    for sentence in [
        "Only holders of its offices can ring, answer or join it. A ring goes to every other party on the line.",
        "(rung first) may ring up to flash",
        "Nobody records voice or picture.",
        "Pictures are filled to multiples of 512 bytes before they are sealed",
        "A party leaves a call by its own act alone.",
    ] {
        assert!(shown.contains(sentence), "{sentence}: {shown}");
    }
    assert!(shown.contains("xwing (0x004e)") && shown.contains("Valid: every party's root"), "{shown}");

    let link = does(
        dir,
        "enrol --root jpn/root.key --charter charter.cbor --office jpn-duty --person 佐藤_葵 --node-url https://hotline.example.jp",
    );
    assert_eq!(link.lines().count(), 1);
    assert!(link.starts_with("https://hotline.example.jp/#enrol="));
    let link = EnrolmentLink::parse(&link).unwrap();
    let charter = VerifiedCharter::open(&fs::read(dir.join("charter.cbor")).unwrap(), Some(link.root())).unwrap();
    assert_eq!(link.voucher(&charter).unwrap().person.as_str(), "佐藤 葵");

    let refused = fails(
        dir,
        "enrol --root jpn/root.key --charter charter.cbor --office usa-duty --person A --node-url https://x",
    );
    assert!(refused.contains("party JPN has no office usa-duty in the charter; it has: jpn-duty"), "{refused}");
    let refused =
        fails(dir, "enrol --root jpn/root.key --charter charter.cbor --office jpn-duty --person A --node-url http://x");
    assert!(refused.contains("--node-url http://x is not usable"), "{refused}");
    let refused = fails(
        dir,
        "enrol --root jpn/root.key --charter charter.cbor --office jpn-duty --person A --node-url https://x/",
    );
    assert!(refused.contains("lets consoles in at https://x; the charter has https://hotline.example.jp"), "{refused}");
}

#[test]
fn origins_are_of_nodes_and_in_their_one_form() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two_parties(dir);
    for (origins, why) in [
        ("kor-1 = []", "[origins] names the node kor-1, and no file in `nodes` is of it"),
        ("jpn-1 = [\"https://hotline.example.jp/console\"]", "is no origin: write https://host"),
    ] {
        let plan = PLAN.replace("jpn-1 = [\"https://hotline.example.jp\"]", origins);
        fs::write(dir.join("charter.toml"), plan).unwrap();
        let refused = fails(dir, "charter draft --from charter.toml --out charter.cbor");
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn a_key_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    two_parties(dir.path());
    let before = fs::read(dir.path().join("usa/root.key")).unwrap();
    let again = fails(dir.path(), "party init --party USA --name-en A --name-ja A --name-ko A --out usa");
    assert!(again.contains("root.key cannot be written") && again.contains("nothing is ever overwritten"), "{again}");
    assert_eq!(fs::read(dir.path().join("usa/root.key")).unwrap(), before);
}

#[test]
fn an_older_or_foreign_charter_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two_parties(dir);
    for (serial, file) in [(1, "one.cbor"), (2, "two.cbor")] {
        fs::write(dir.join("charter.toml"), PLAN.replace("serial = 1", &format!("serial = {serial}"))).unwrap();
        does(dir, &format!("charter draft --from charter.toml --out {file}"));
        does(dir, &format!("charter sign --charter {file} --root usa/root.key"));
        does(dir, &format!("charter sign --charter {file} --root jpn/root.key"));
    }
    does(dir, "charter verify --charter two.cbor --held one.cbor");
    let refused = fails(dir, "charter verify --charter one.cbor --held two.cbor");
    assert!(refused.contains("one.cbor: the charter has serial 1, and 2 is in force"), "{refused}");
    let pin = "00".repeat(48);
    let refused = fails(dir, &format!("charter verify --charter one.cbor --party-root {pin}"));
    assert!(refused.contains("no party of the charter has the root key"), "{refused}");
}

#[test]
fn a_wrong_line_of_the_plan_is_named_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    two_parties(dir);
    let says = |from: &str, to: &str, expected: &str| {
        fs::write(dir.join("charter.toml"), PLAN.replacen(from, to, 1)).unwrap();
        let said = fails(dir, "charter draft --from charter.toml --out never.cbor");
        assert!(said.contains(expected), "{said}");
        assert!(!dir.join("never.cbor").exists());
    };
    says("xwing", "rot13", "charter.toml:3: \"rot13\" is no cipher suite: write cnsa2 or xwing");
    says("usa/party.pub", "usa/none.pub", "charter.toml:4: usa/none.pub cannot be read");
    says("serial", "serail", "charter.toml:2: unknown field `serail`");
    says("serial = 1\n", "", "missing field `serial`");
    says("id = \"usa-duty\"", "id = \"USA duty\"", "charter.toml:8: \"USA duty\": office id is not usable");
    says("party = \"JPN\"", "party = \"KOR\"", "charter.toml:14: no file in `parties` is of party KOR");
    says(
        "\"usa-duty\", \"jpn-duty\"]",
        "\"usa-duty\", \"jpn\"]",
        "charter.toml:21: there is no [[office]] with id \"jpn\"",
    );
    says("REL TO USA, JPN", "", "charter.toml:20: this text cannot be shown: it is empty");
    says("\"flash\"", "\"FLASH\"", "charter.toml:22: \"FLASH\" is no precedence: write one of priority, immediate");
    says("{ usa-duty", "{ usa-chief", "charter.toml:22: \"usa-chief\" is not in this line's `offices`");
    says("escalate_seconds = 15", "escalate_seconds = 601", "601 seconds are not possible: write 0 to 600");
    says("human_seconds = 3600", "human_seconds = 60", "60 seconds are not possible: write 600 to 604800");
    says("= 45", "= 9", "charter.toml:25: 9 seconds are not possible: write 10 to 600");
    says(
        "\"usa-duty\", \"jpn-duty\"]",
        "\"usa-duty\"]",
        "charter.toml: the charter is not sound: line duty joins only one party",
    );
    says("\"usa/node.pub\", ", "", "charter.toml: the charter is not sound: party USA has no node");
}

#[test]
fn a_damaged_charter_says_so() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("charter.cbor"), b"not a charter").unwrap();
    let said = fails(dir.path(), "charter show --charter charter.cbor");
    assert!(said.contains("charter.cbor: this is not a charter: "), "{said}");
    let said = fails(dir.path(), "charter show --charter none.cbor");
    assert!(said.contains("none.cbor cannot be read"), "{said}");
}

//! A security officer keeps the party's root in a PKCS#11 token: a real one, made by SoftHSM for each test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use trialogue_charter::{DeviceCertificate, DeviceSecret, EnrolmentLink, VerifiedCharter};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "ninety-one-horses";

/// What stands on the desk of the officers: a directory of files, and a drawer of tokens.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.path("tokens")).unwrap();
        let conf = format!("directories.tokendir = {}\nlog.level = ERROR\n", desk.path("tokens").display());
        fs::write(desk.path("softhsm2.conf"), conf).unwrap();
        desk.write_pin("pin", PIN);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write_pin(&self, name: &str, pin: &str) {
        fs::write(self.path(name), format!("{pin}\n")).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn put_token(&self, label: &str) {
        let output = Command::new("softhsm2-util")
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .args(["--init-token", "--free", "--label", label, "--so-pin", "officer-of-tokens", "--pin", PIN])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, pin_file: Option<&str>, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
        command.current_dir(self.dir.path()).args(args).env("SOFTHSM2_CONF", self.path("softhsm2.conf"));
        command.env_remove("TRIALOGUE_PIN").env_remove("TRIALOGUE_PIN_FILE");
        if let Some(pin_file) = pin_file {
            command.env("TRIALOGUE_PIN_FILE", self.path(pin_file));
        }
        command.output().unwrap()
    }

    fn does(&self, args: &[&str]) -> String {
        let output = self.run(Some("pin"), args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Fails with one line that shows no PIN.
    fn fails_with(&self, pin_file: Option<&str>, args: &[&str]) -> String {
        let output = self.run(pin_file, args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.lines().count() == 1 && !said.contains(PIN), "{said}");
        said
    }

    fn fails(&self, args: &[&str]) -> String {
        self.fails_with(Some("pin"), args)
    }

    fn sign(&self) -> [&'static str; 6] {
        ["charter", "sign", "--charter", "charter.cbor", "--root", "usa/root.token"]
    }

    /// USA has its root in a token, JPN and KOR have theirs in files; the charter is drafted.
    fn draft(&self) {
        self.put_token("USA root");
        self.does(&init("USA", "usa", Some(&uri("USA%20root"))));
        self.does(&init("JPN", "jpn", None));
        self.does(&init("KOR", "kor", None));
        let mut plan = PLAN.to_owned();
        for (party, low) in [("USA", "usa"), ("JPN", "jpn"), ("KOR", "kor")] {
            let node = format!("{low}-1");
            self.does(&["node-key", "--node", &node, "--party", party, "--address", "127.0.0.1:4460", "--out", low]);
            let title = r#"{ en = "Duty officer", ja = "当直官", ko = "당직관" }"#;
            plan += &format!("\n[[office]]\nid = \"{low}-duty\"\nparty = \"{party}\"\ntitle = {title}\n");
        }
        fs::write(self.path("charter.toml"), plan).unwrap();
        self.does(&["charter", "draft", "--from", "charter.toml", "--out", "charter.cbor"]);
    }

    /// `root.token` of the USA with something else in it.
    fn altered(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("usa/root.token")).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(self.path("usa/altered.token"), text.replacen(from, to, 1)).unwrap();
    }
}

fn uri(token: &str) -> String {
    format!("pkcs11:token={token}?module-path={MODULE}")
}

fn init<'a>(party: &'a str, out: &'a str, token: Option<&'a str>) -> Vec<&'a str> {
    let mut args = vec!["party", "init", "--party", party, "--name-en", party, "--name-ja", party, "--name-ko", party];
    args.extend(["--out", out]);
    args.extend(token.into_iter().flat_map(|token| ["--token", token]));
    args
}

const PLAN: &str = r#"name = "Test"
serial = 1
suite = "xwing"
parties = ["usa/party.pub", "jpn/party.pub", "kor/party.pub"]
nodes = ["usa/node.pub", "jpn/node.pub", "kor/node.pub"]

[[line]]
id = "duty"
name = { en = "Duty", ja = "当直", ko = "당직" }
marking = "REL TO USA, JPN, KOR"
offices = ["usa-duty", "jpn-duty", "kor-duty"]
"#;

#[test]
fn a_token_signs_a_charter_and_enrols_a_device() {
    let desk = Desk::new();
    desk.draft();
    let file = fs::read_to_string(desk.path("usa/root.token")).unwrap();
    assert!(file.starts_with("trialogue root token 1\n") && !file.contains("seed") && !file.contains(PIN), "{file}");
    assert!(!desk.path("usa/root.key").exists());

    let said = desk.does(&desk.sign());
    assert!(said.contains("Signatures still needed: JPN (Ed25519, missing)") && !said.contains("USA"), "{said}");
    for root in ["jpn/root.key", "kor/root.key"] {
        desk.does(&["charter", "sign", "--charter", "charter.cbor", "--root", root]);
    }
    assert!(desk.does(&["charter", "verify", "--charter", "charter.cbor"]).starts_with("Valid:"));

    let enrol = ["enrol", "--root", "usa/root.token", "--charter", "charter.cbor", "--office", "usa-duty"];
    let link = desk.does(&[&enrol[..], &["--person", "Ann Lee", "--node-url", "https://usa.example"]].concat());
    let link = EnrolmentLink::parse(&link).unwrap();
    let charter = VerifiedCharter::open(&fs::read(desk.path("charter.cbor")).unwrap(), Some(link.root())).unwrap();
    let (certificate, device) = link.certify(&charter, &DeviceSecret::from_seed(&[7; 32]), 0).unwrap();
    assert_eq!(device.office.as_str(), "usa-duty");
    assert!(DeviceCertificate::verify(&charter, &certificate).is_ok());

    let abroad = ["enrol", "--root", "usa/root.token", "--charter", "charter.cbor", "--office", "jpn-duty"];
    let said = desk.fails(&[&abroad[..], &["--person", "A", "--node-url", "https://usa.example"]].concat());
    assert!(said.contains("party USA has no office jpn-duty"), "{said}");
}

#[test]
fn a_party_exchanges_its_root_for_another_in_the_same_token() {
    let desk = Desk::new();
    desk.draft();
    let sign = |charter: &str, root: &str, rest: &[&str]| {
        desk.does(&[&["charter", "sign", "--charter", charter, "--root", root], rest].concat())
    };
    for root in ["usa/root.token", "jpn/root.key", "kor/root.key"] {
        sign("charter.cbor", root, &[]);
    }
    desk.does(&init("USA", "next", Some(&uri("USA%20root"))));
    let plan = fs::read_to_string(desk.path("charter.toml")).unwrap();
    let plan = plan.replace("serial = 1", "serial = 2").replace("usa/party.pub", "next/party.pub");
    fs::write(desk.path("charter.toml"), plan).unwrap();
    let amends = ["--amends", "charter.cbor"];
    desk.does(&[&["charter", "draft", "--from", "charter.toml", "--out", "two.cbor"], &amends[..]].concat());
    for root in ["next/root.token", "jpn/root.key", "kor/root.key"] {
        sign("two.cbor", root, &[]);
    }
    let verify = ["charter", "verify", "--charter", "two.cbor", "--held", "charter.cbor"];
    let said = desk.fails(&verify);
    assert!(said.contains("party USA has not signed the amendment with its root in the charter in force"), "{said}");
    sign("two.cbor", "usa/root.token", &amends);
    assert!(desk.does(&verify).starts_with("Valid:"));
}

#[test]
fn the_pin_comes_from_a_file_that_only_its_owner_reads_or_from_the_environment() {
    let desk = Desk::new();
    desk.draft();
    let sign = desk.sign();
    let said = desk.fails_with(None, &sign);
    assert!(said.contains("token USA root needs its PIN: put it in a file"), "{said}");

    desk.write_pin("wrong", "ninety-two-mules");
    let said = desk.fails_with(Some("wrong"), &sign);
    assert!(said.contains("usa/root.token: token USA root refuses the PIN"), "{said}");
    let said = desk.fails_with(Some("nowhere"), &sign);
    assert!(said.contains("nowhere is not usable") && said.contains("check the name"), "{said}");
    desk.write_pin("empty", "");
    let said = desk.fails_with(Some("empty"), &sign);
    assert!(said.contains("a PIN has 1 to 255 bytes"), "{said}");
    fs::set_permissions(desk.path("pin"), fs::Permissions::from_mode(0o640)).unwrap();
    let said = desk.fails_with(Some("pin"), &sign);
    assert!(said.contains("others than its owner may use it"), "{said}");
    let with_pin = format!("{}&pin-value={PIN}", uri("USA%20root"));
    let said = desk.fails(&init("USA", "again", Some(&with_pin)));
    assert!(said.contains("a PIN must not stand in it"), "{said}");

    // Nothing was signed so far.
    let shown = desk.does(&["charter", "show", "--charter", "charter.cbor"]);
    assert!(shown.contains("USA (Ed25519, missing), USA (ML-DSA-87, missing)"), "{shown}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
    command.current_dir(desk.dir.path()).env("SOFTHSM2_CONF", desk.path("softhsm2.conf"));
    let output = command.env_remove("TRIALOGUE_PIN_FILE").env("TRIALOGUE_PIN", PIN).args(sign).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    desk.write_pin("source", PIN);
    desk.put_token("Spare");
    let with_source = format!("{}&pin-source=file:{}", uri("Spare"), desk.path("source").display());
    let output = desk.run(None, &init("AUS", "aus", Some(&with_source)));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_token_that_is_not_there_or_not_the_right_one_is_named() {
    let desk = Desk::new();
    desk.draft();
    desk.put_token("Other");
    let sign_with = |root| desk.fails(&["charter", "sign", "--charter", "charter.cbor", "--root", root]);

    desk.altered("token=USA%20root", "token=Lost");
    let said = sign_with("usa/altered.token");
    assert!(said.contains("there is no token \"Lost\"") && said.contains("\"USA root\""), "{said}");
    desk.altered(MODULE, "/usr/lib/none.so");
    assert!(sign_with("usa/altered.token").contains("/usr/lib/none.so does not serve as a PKCS#11 module"));
    desk.altered(MODULE, "/etc/passwd");
    assert!(sign_with("usa/altered.token").contains("/etc/passwd does not serve as a PKCS#11 module"));
    desk.altered("party: USA", "party: JPN");
    assert!(sign_with("usa/altered.token").contains("this is not the root key of party JPN"));
    desk.altered("token: pkcs11:", "token: https:");
    assert!(sign_with("usa/altered.token").contains("does not begin with pkcs11:"));
    desk.altered("trialogue root token 1", "trialogue root token 2");
    assert!(sign_with("usa/altered.token").contains("does not begin with \"trialogue root key 1\""));

    // Another root's key in the right token, and the right public keys over it.
    let token = format!("{}&pin-source=file:{}", uri("USA%20root"), desk.path("pin").display());
    desk.does(&init("USA", "second", Some(&token)));
    let place = |file: &str| {
        let text = fs::read_to_string(desk.path(file)).unwrap();
        text.lines().find(|line| line.starts_with("token: ")).unwrap().to_owned()
    };
    desk.altered(&place("usa/root.token"), &place("second/root.token"));
    let said = sign_with("usa/altered.token");
    assert!(said.contains("the key in token USA root is not the root that the root.token file names"), "{said}");

    desk.altered("id=%", "id=%00%");
    let said = sign_with("usa/altered.token");
    assert!(said.contains("the root's Ed25519 key is not in token USA root"), "{said}");

    let said = desk.fails(&init("USA", "third", Some("pkcs11:token=None?module-path=/usr/lib/softhsm/libsofthsm2.so")));
    assert!(said.contains("there is no token \"None\"") && !desk.path("third/party.pub").exists(), "{said}");
    fs::remove_dir_all(desk.path("tokens")).unwrap();
    fs::create_dir(desk.path("tokens")).unwrap();
    assert!(sign_with("usa/root.token").contains("the module sees: none"));
    fs::write(desk.path("softhsm2.conf"), "directories.tokendir = /nowhere/at/all\n").unwrap();
    let said = sign_with("usa/root.token");
    assert!(said.contains("does not serve as a PKCS#11 module") || said.contains("the module sees: none"), "{said}");
}

#[test]
fn a_root_is_never_made_over_another() {
    let desk = Desk::new();
    desk.put_token("USA root");
    let token = uri("USA%20root");
    desk.does(&init("USA", "usa", Some(&token)));
    let kept = |path: &Path| fs::read(path).unwrap();
    let before = kept(&desk.path("usa/root.token"));
    let objects = count(&desk.path("tokens"));
    let said = desk.fails(&init("USA", "usa", Some(&token)));
    assert!(said.contains("root.token cannot be written") && said.contains("nothing is ever overwritten"), "{said}");
    assert_eq!(kept(&desk.path("usa/root.token")), before);
    assert_eq!(count(&desk.path("tokens")), objects, "nothing was made in the token");
}

/// Files of a directory and those below it.
fn count(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

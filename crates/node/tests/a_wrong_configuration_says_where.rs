//! Each mistake is answered with file, line and remedy.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use trialogue_node::Config;

const GOOD: &str = r#"node = "usa-1"
data_dir = "data"
charter = "charter.cbor"
party_root = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
node_key = "node.key"
listen_web = "127.0.0.1:8443"
listen_media = "0.0.0.0:3478"
listen_link = "0.0.0.0:4460"
public_addresses = ["203.0.113.7"]
log = "json"
"#;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("/etc/trialogue/node.toml"), text).map_err(|e| e.to_string())
}

#[test]
fn a_good_one_is_taken_and_paths_are_beside_it() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.data_dir, Path::new("/etc/trialogue/data"));
    assert_eq!(config.carriers[0].listen.port(), 4460);
}

#[test]
fn every_mistake_names_its_line_and_what_to_do() {
    let cases = [
        ("log = \"json\"", "log = \"xml\"", 10, "unknown variant"),
        ("log = \"json\"", "passkeys = \"maybe\"", 10, "words that are expected"),
        ("log = \"json\"", "lgo = \"json\"", 10, "Correct the spelling"),
        ("\"usa-1\"", "\"USA 1\"", 1, "as the charter has it"),
        ("\"usa-1\"", "17", 1, "double quotes"),
        ("0011223344", "0g11223344", 4, "charter show"),
        ("127.0.0.1:8443", "0.0.0.0:8443", 6, "tls_cert and tls_key"),
        ("127.0.0.1:8443", "localhost", 6, "127.0.0.1:8443"),
        ("0.0.0.0:4460", "0.0.0.0:3478", 8, "its own port"),
        ("203.0.113.7", "0.0.0.0", 9, "without a port"),
        ("public_addresses = [", "tls_key = \"k.pem\"\npublic_addresses = [", 9, "tls_cert"),
        ("public_addresses = [", "console_dir = \"/nowhere\"\npublic_addresses = [", 9, "index.html"),
        ("public_addresses = [", "web_origins = [\"hotline.example\"]\npublic_addresses = [", 9, "https://"),
        ("data_dir = \"data\"", "data_dir = data", 2, "double quotes"),
        ("log = \"json\"", "alert = [\"/usr/bin/true\"]", 10, "the table [alert]"),
        ("log = \"json\"", "[alert]\ncommand = []", 11, "whole path"),
        ("log = \"json\"", "[alert]\ncommand = [\"page-duty\"]", 11, "whole path"),
        ("log = \"json\"", "[alert]\npager = 1", 11, "Correct the spelling"),
        ("log = \"json\"", "[alert.webhook]\nurl = \"http://pager.example/\"", 11, "https"),
        ("log = \"json\"", "[alert.webhook]\nurl = \"https://me:secret@pager.example/\"", 11, "token_file"),
        ("log = \"json\"", "[alert.webhook]\nurl = \"pager\"", 11, "https://pager.example"),
        (
            "log = \"json\"",
            "[alert.mail]\nserver = \"mail.example\"\nfrom = \"a@b.example\"\nto = [\"a@b.example\"]",
            11,
            "name and port",
        ),
        (
            "log = \"json\"",
            "[alert.mail]\nserver = \"mail.example:587\"\nfrom = \"a\"\nto = [\"a@b.example\"]",
            12,
            "without names",
        ),
        (
            "log = \"json\"",
            "[alert.mail]\nserver = \"mail.example:587\"\nfrom = \"a@b.example\"\nto = []",
            13,
            "1 to 16",
        ),
        (
            "log = \"json\"",
            "[alert.mail]\nserver = \"mail.example:587\"\nuser = \"u\"\nfrom = \"a@b.example\"\nto = [\"a@b.example\"]",
            12,
            "password_file",
        ),
        (
            "log = \"json\"",
            "[alert.mail]\nserver = \"mail.example:25\"\ntls = \"none\"\nfrom = \"a@b.example\"\nto = []",
            12,
            "unknown variant",
        ),
    ];
    for (from, to, line, remedy) in cases {
        assert!(GOOD.contains(from), "{from}");
        let error = parse(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(error.starts_with(&format!("/etc/trialogue/node.toml:{line}: ")), "{to}: {error}");
        assert!(error.contains(remedy), "{to}: {error}");
    }
}

#[test]
fn a_missing_line_is_named() {
    let error = parse(&GOOD.replace("node_key = \"node.key\"\n", "")).unwrap_err();
    assert!(error.contains("node_key") && error.contains("Add the line"), "{error}");
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let tls = GOOD.replace("127.0.0.1:8443\"", "0.0.0.0:8443\"\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"");
    assert!(parse(&tls).unwrap().web_tls.is_some());
    assert!(parse(&GOOD.replace("127.0.0.1:8443", "[::1]:8443")).unwrap().web_tls.is_none());
}

#[test]
fn the_example_in_the_documentation_is_right() {
    let text = include_str!("../../../docs/node.toml");
    let config = parse(text).unwrap();
    assert_eq!(config.web_origins, ["https://hotline.example"]);
    // What is only shown there is right as well.
    let shown: Vec<&str> = text.lines().skip_while(|line| !line.contains("[alert]")).collect();
    let shown: Vec<&str> = shown.iter().filter_map(|line| line.strip_prefix("# ")).collect();
    let setting = |line: &str| {
        line.split_once(" = ").is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let shown = shown.into_iter().filter(|line| line.starts_with('[') || setting(line));
    let shown: String = shown.map(|line| format!("{line}\n")).collect();
    let shown = shown.replace("/usr/local/bin/page-duty", "/bin/sh");
    let config = parse(&(text.to_owned() + &shown)).unwrap();
    let (webhook, mail) = (config.alert.webhook.unwrap(), config.alert.mail.unwrap());
    assert_eq!((webhook.host.as_str(), webhook.port, webhook.path.as_str()), ("pager.example", 443, "/hotline"));
    assert_eq!((mail.server.as_str(), mail.port, mail.to.len()), ("mail.example", 587, 2));
}

#[test]
fn another_site_of_the_party_has_a_node_and_an_origin() {
    let with = |site: &str| parse(&format!("{GOOD}\n[[site]]\n{site}\n"));
    let config = with("node = \"usa-2\"\nurl = \"https://alternate.example\"").unwrap();
    assert_eq!((config.sites[0].node.as_str(), config.sites[0].url.as_str()), ("usa-2", "https://alternate.example"));
    for bad in ["http://alternate.example", "https://alternate.example/console", "https://a b", "https://a;script-src"]
    {
        assert!(with(&format!("node = \"usa-2\"\nurl = \"{bad}\"")).is_err(), "{bad}");
    }
    assert!(with("node = \"USA 2\"\nurl = \"https://alternate.example\"").is_err());
}

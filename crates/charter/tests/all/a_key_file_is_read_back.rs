//! Key files survive writing and reading; a damaged one names the line and shows no secret.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use trialogue_charter::keyfile::{NodePublic, NodeSecret, PartyPublic, RootSecret, RootToken};
use trialogue_charter::*;

fn root() -> RootSecret {
    RootSecret { party: PartyId::new("JPN").unwrap(), key: HybridSecret::from_seed(&[5; 32]) }
}

fn node() -> NodeSecret {
    NodeSecret::generate(NodeId::new("jpn-1").unwrap(), &[6; 64])
}

#[test]
fn secret_files() {
    let read = RootSecret::parse(&root().to_text()).unwrap();
    assert_eq!((read.party, read.key.seed()), (root().party, root().key.seed()));
    let read = NodeSecret::parse(&node().to_text()).unwrap();
    assert_eq!(read.journal.seed(), node().journal.seed());
    assert_eq!(read.link.public(), node().link.public());
}

#[test]
fn public_files() {
    let name = Texts { en: "Japan".into(), ja: "日本".into(), ko: "일본".into() };
    let party = PartyPublic::of(&root(), name);
    assert_eq!(PartyPublic::parse(&party.to_text()).unwrap(), party);
    let addresses = vec!["node.example.jp:4460".to_owned(), "[2001:db8::1]:4460".to_owned()];
    let node = NodePublic::of(&node(), root().party, addresses);
    assert_eq!(NodePublic::parse(&node.to_text()).unwrap(), node);
}

#[test]
fn a_file_says_where_a_root_is() {
    let uri = "pkcs11:token=JPN;id=%01?module-path=/usr/lib/a.so&pin-source=file:/run/pin".to_owned();
    let file = RootToken { party: root().party, uri, public: root().key.public() };
    assert_eq!(RootToken::parse(&file.to_text()).unwrap(), file);
    assert!(RootToken::is_heading_of(&file.to_text()) && !RootToken::is_heading_of(&root().to_text()));
    assert!(RootToken::is_heading_of(&format!("# restored\n\n{}", file.to_text())));
    let says = |from: &str, to: &str| RootToken::parse(&file.to_text().replacen(from, to, 1)).unwrap_err().to_string();
    assert!(says("pkcs11:token=JPN", "pkcs11:token=J PN").starts_with("line 4: token has no usable value"));
    assert!(says("pkcs11:", &"p".repeat(2_049)).starts_with("line 4: token has no usable value"));
    assert!(says("root-ed25519: ", "root-ed25519: 0").starts_with("line 5: root-ed25519 has no usable value"));
}

#[test]
fn a_damaged_file_names_the_line_and_no_secret() {
    let secret = hex::encode([5; 32]);
    let text = root().to_text().replace(&secret, &secret[..62]);
    let error = RootSecret::parse(&text).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "line 4: seed has no usable value: restore the file from where it was made");
    let error = RootSecret::parse(&node().to_text()).map(|_| ()).unwrap_err();
    assert_eq!(error.line, 1);
    let error = RootSecret::parse(&format!("{}x: y\n", root().to_text().as_str())).map(|_| ()).unwrap_err();
    assert_eq!((error.line, error.what.as_str()), (5, "nothing should stand here"));
    let error = RootSecret::parse("trialogue root key 1\nparty: JPN").map(|_| ()).unwrap_err();
    assert_eq!((error.line, error.what.as_str()), (2, "seed should stand here"));
}

proptest! {
    #[test]
    fn readers_never_panic(text in "(trialogue (root key|root token|node key|party|node) 1\n)?([a-z-]{0,12}:? ?[a-z0-9:]{0,70}\n){0,8}") {
        let _ = RootSecret::parse(&text);
        let _ = NodeSecret::parse(&text);
        let _ = RootToken::parse(&text);
        let _ = PartyPublic::parse(&text);
        let _ = NodePublic::parse(&text);
    }
}

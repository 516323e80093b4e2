//! A root in a token may refuse, or sign with the wrong key: a charter or an enrolment link never carries half of a
//! root's signatures or a wrong one.
#![allow(clippy::unwrap_used)]

use trialogue_charter::cose::Algorithm;
use trialogue_charter::*;

fn usa() -> PartyId {
    PartyId::new("USA").unwrap()
}

/// Shows one key and signs with another, or not at all.
struct Token {
    shown: HybridSecret,
    ed25519: Option<HybridSecret>,
    ml_dsa_87: Option<HybridSecret>,
}

impl Token {
    fn new(ed25519: Option<&str>, ml_dsa_87: Option<&str>) -> Self {
        let root = |of: Option<&str>| of.map(fixture::root);
        Self { shown: fixture::root("USA"), ed25519: root(ed25519), ml_dsa_87: root(ml_dsa_87) }
    }
}

impl RootSigner for Token {
    fn public(&self) -> HybridPublic {
        self.shown.public()
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let key = match algorithm {
            Algorithm::Ed25519 => &self.ed25519,
            Algorithm::MlDsa87 => &self.ml_dsa_87,
        };
        let key = key.as_ref().ok_or_else(|| SignError::Refused("the token was pulled out".to_owned()))?;
        RootSigner::sign(key, algorithm, message)
    }
}

fn refusals() -> [(Token, SignError); 4] {
    let out = SignError::Refused("the token was pulled out".to_owned());
    [
        (Token::new(None, None), out.clone()),
        (Token::new(Some("USA"), None), out),
        (Token::new(Some("JPN"), Some("USA")), SignError::OtherKey(Algorithm::Ed25519)),
        (Token::new(Some("USA"), Some("JPN")), SignError::OtherKey(Algorithm::MlDsa87)),
    ]
}

#[test]
fn a_charter_gets_both_signatures_or_none() {
    for (token, why) in refusals() {
        let mut draft = UnverifiedCharter::draft(fixture::charter(Suite::Cnsa2)).unwrap();
        let before = draft.clone();
        assert_eq!(draft.sign(&usa(), &token).unwrap_err(), CharterError::Sign(why));
        assert_eq!(draft, before);
    }
    let mut draft = UnverifiedCharter::draft(fixture::charter(Suite::Cnsa2)).unwrap();
    draft.sign(&usa(), &Token::new(Some("USA"), Some("USA"))).unwrap();
    assert!(draft.missing().iter().all(|(party, ..)| *party != usa()));
}

#[test]
fn no_link_is_issued_without_both() {
    let issue = |token: &Token| {
        let person = PersonName::new("Ann Lee").unwrap();
        let office = OfficeId::new("usa-duty-officer").unwrap();
        EnrolmentLink::issue_as_root(token, usa(), office, person, 1_000, &[7; 48])
    };
    for (token, why) in refusals() {
        assert_eq!(issue(&token).map(|_| ()).unwrap_err(), why);
    }
    let link = issue(&Token::new(Some("USA"), Some("USA"))).map(|link| link.to_fragment().as_str().to_owned());
    let person = PersonName::new("Ann Lee").unwrap();
    let office = OfficeId::new("usa-duty-officer").unwrap();
    let of_file = EnrolmentLink::issue(&fixture::root("USA"), usa(), office, person, 1_000, &[7; 48]);
    assert_eq!(link.unwrap(), of_file.to_fragment().as_str());
}

//! Bytes that are not exactly a sound charter in its one encoding are refused, whatever was done to them.
#![allow(clippy::unwrap_used)]

use minicbor::Encoder;
use proptest::prelude::*;
use std::sync::LazyLock;
use trialogue_charter::cose::{Many, OpenError, domain};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::*;

static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2).charter.bytes().to_vec());

#[test]
fn no_altered_byte_passes() {
    // Every byte of the structure and of the content before the first long key, then samples of keys and signatures.
    let len = SIGNED.len();
    for at in (0..200).chain((200..len).step_by(211)).chain(len - 60..len) {
        let mut altered = SIGNED.clone();
        altered[at] ^= 0x01;
        assert!(VerifiedCharter::open(&altered, None).is_err(), "byte {at} of {len}");
    }
}

#[test]
fn a_cut_or_lengthened_charter_is_refused() {
    for len in [0, 1, 10, SIGNED.len() / 2, SIGNED.len() - 1] {
        assert!(UnverifiedCharter::decode(&SIGNED[..len]).is_err(), "{len} bytes");
    }
    let mut longer = SIGNED.clone();
    longer.push(0);
    assert!(UnverifiedCharter::decode(&longer).is_err());
}

#[test]
fn an_oversized_charter_is_refused_before_it_is_read() {
    let error = UnverifiedCharter::decode(&vec![0; (384 << 10) + 1]).unwrap_err();
    assert!(matches!(error, CharterError::Open(OpenError::TooLarge { .. })));
}

/// Signs a payload with all roots, however strange it is.
fn sign_all(payload: Vec<u8>) -> Vec<u8> {
    let mut signed = Many::new(payload);
    for id in fixture::PARTIES {
        signed.sign(domain::CHARTER, id.as_bytes(), &fixture::root(id));
    }
    signed.encode()
}

#[test]
fn another_encoding_of_the_same_content_is_refused() {
    let payload = Many::decode(&SIGNED, 1 << 20).unwrap().payload().to_vec();
    // Map of 10 entries, key 0, value 1: the same with the version in two bytes instead of one.
    assert_eq!(payload[..3], [0xaa, 0x00, 0x01]);
    let mut longer = vec![0xaa, 0x00, 0x18, 0x01];
    longer.extend_from_slice(&payload[3..]);
    assert_eq!(VerifiedCharter::open(&sign_all(longer), None).unwrap_err(), CharterError::NotCanonical);
    // The same with a field that this version does not know.
    let mut more = vec![0xab];
    more.extend_from_slice(&payload[1..]);
    Encoder::new(&mut more).u8(23).unwrap().u8(1).unwrap();
    assert_eq!(VerifiedCharter::open(&sign_all(more), None).unwrap_err(), CharterError::NotCanonical);
}

fn unsound(change: impl FnOnce(&mut Charter)) -> String {
    let mut charter = fixture::charter(Suite::Cnsa2);
    change(&mut charter);
    let by_draft = UnverifiedCharter::draft(charter.clone()).unwrap_err();
    // Signatures do not make it sound.
    let by_file = UnverifiedCharter::decode(&sign_all(minicbor::to_vec(&charter).unwrap())).unwrap_err();
    assert_eq!(by_draft, by_file);
    assert!(matches!(by_draft, CharterError::Unsound(_)));
    by_draft.to_string()
}

#[test]
fn an_unsound_charter_says_what_is_wrong_and_where() {
    let says = |text: String, part: &str| assert!(text.contains(part), "{text}");
    says(unsound(|c| c.version = 2), "format version 2");
    says(unsound(|c| c.suite = 1), "0x0001");
    says(unsound(|c| c.name = String::new()), "charter's name");
    says(unsound(|c| c.parties.truncate(1)), "1 parties");
    says(unsound(|c| c.parties.swap(0, 1)), "party JPN comes twice or out of order");
    says(unsound(|c| c.nodes.truncate(2)), "party USA has no node");
    says(unsound(|c| c.offices[0].party = PartyId::new("AUS").unwrap()), "office jpn-advisers names the party AUS");
    says(unsound(|c| c.nodes[1].link = c.nodes[0].link), "link key of node kor-1 is used a second time");
    says(unsound(|c| c.nodes[1].link = [0; 32]), "link key of node kor-1 is not a usable public key");
    says(unsound(|c| c.parties[1].root.ml_dsa_87.truncate(10)), "root key of party KOR");
    says(unsound(|c| c.parties[1].root = c.parties[0].root.clone()), "a second time");
    says(unsound(|c| c.nodes[0].addresses.clear()), "0 addresses of node jpn-1");
    says(unsound(|c| c.nodes[0].addresses[0] = "127.0.0.1".into()), "host:port");
    says(unsound(|c| c.offices[1].id = c.offices[0].id.clone()), "office");
    says(unsound(|c| c.offices[0].title.ko = "a\u{202e}b".into()), "(Korean)");
    says(unsound(|c| c.lines[0].offices[0] = OfficeId::new("nobody").unwrap()), "the office nobody");
    says(unsound(|c| c.lines[0].offices.truncate(1)), "joins only one party");
    says(unsound(|c| c.lines[1].id = c.lines[0].id.clone()), "line leaders comes twice");
    says(unsound(|c| c.policy.ring_seconds = 9), "policy.ring_seconds is 9");
    for step in [0, 63, 1_025] {
        says(unsound(|c| c.policy.picture_step = Some(step)), &format!("policy.picture_step is {step}"));
    }
    says(unsound(|c| c.policy.lost_seconds = 121), "policy.lost_seconds is 121");
    let barred =
        |party: &str, via: &str| Barred { party: PartyId::new(party).unwrap(), via: PartyId::new(via).unwrap() };
    says(unsound(|c| c.policy.relays = vec![barred("USA", "USA")]), "its own media");
    says(unsound(|c| c.policy.relays = vec![barred("USA", "AUS")]), "the party AUS");
    says(unsound(|c| c.policy.relays = vec![barred("USA", "KOR"), barred("USA", "JPN")]), "out of order");
    says(unsound(|c| c.policy.relays = vec![barred("USA", "KOR"); 2]), "twice");
    says(unsound(|c| c.policy.tests.path_seconds = 9), "policy.tests.path_seconds is 9");
    says(unsound(|c| c.policy.tests.station_seconds = 86_401), "policy.tests.station_seconds is 86401");
    says(unsound(|c| c.policy.tests.human_seconds = 599), "policy.tests.human_seconds is 599");
    says(unsound(|c| c.offices[0].role = Role::Station), "has stations and other offices");
    says(unsound(|c| c.nodes[0].origins = vec!["https://a/".to_owned()]), "has the origin \"https://a/\"");
    says(
        unsound(|c| c.nodes[0].origins = vec!["https://b".to_owned(), "https://a".to_owned()]),
        "each once and sorted",
    );
    says(unsound(|c| c.nodes[0].origins = vec!["https://a".to_owned(); 2]), "each once and sorted");
    says(unsound(|c| c.nodes[0].origins = (0..9).map(|n| format!("https://{n}.example")).collect()), "origins of node");
}

#[test]
fn addresses_have_a_host_and_a_port() {
    for good in ["127.0.0.1:1", "[::1]:65535", "node-1.example.jp:7001", "localhost:80", "fibre=[::1]:1", "sat-2=a:1"] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "",
        ":1",
        "a:",
        "a:0",
        "a:65536",
        "a:+1",
        "::1:1",
        "[::1:1",
        "[x]:1",
        "-a:1",
        "a..b:1",
        "a b:1",
        "http://a:1",
        "=a:1",
        "Fibre=a:1",
        "a b=a:1",
        "fibre=",
        "fibre=sat=a:1",
        "a-name-of-17-chars=a:1",
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}

#[test]
fn origins_have_one_form() {
    for good in [
        "https://a",
        "https://hotline.example.jp",
        "https://a:8443",
        "https://[::1]",
        "https://[::1]:8443",
        "https://192.0.2.1",
    ] {
        assert!(is_origin(good), "{good}");
    }
    for (url, origin) in [
        ("https://Hotline.Example.jp/", "https://hotline.example.jp"),
        ("https://a:443/console?x#y", "https://a"),
        ("https://a:8443", "https://a:8443"),
        ("https://[::1]:443", "https://[::1]"),
        ("https://[::443]", "https://[::443]"),
        ("http://localhost:80/", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("nonsense", "nonsense"),
    ] {
        assert_eq!(origin_of(url), origin);
    }
    for bad in [
        "",
        "https://",
        "http://a",
        "https://A",
        "https://a/",
        "https://a:443",
        "https://[::1]:443",
        "https://a:",
        "https://a:0",
        "https://a b",
        "https://a@b",
        "https://a#b",
        "https://::1",
        "https://[::1",
    ] {
        assert!(!is_origin(bad), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn decoders_never_panic_on_noise(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = UnverifiedCharter::decode(&bytes);
        let _ = cose::Signed1::parse(&bytes);
    }

    #[test]
    fn decoders_never_panic_on_a_damaged_charter(at in any::<prop::sample::Index>(), with in proptest::collection::vec(any::<u8>(), 1..9)) {
        let mut bytes = SIGNED.clone();
        let at = at.index(bytes.len());
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        if bytes != *SIGNED {
            prop_assert!(UnverifiedCharter::decode(&bytes).is_err() || VerifiedCharter::open(&bytes, None).is_err());
        }
    }

    #[test]
    fn decoders_never_panic_on_damaged_content(at in any::<prop::sample::Index>(), with in proptest::collection::vec(any::<u8>(), 1..9), cut in any::<bool>()) {
        let mut payload = Many::decode(&SIGNED, 1 << 20).unwrap().payload().to_vec();
        let at = at.index(payload.len());
        let end = (at + with.len()).min(payload.len());
        payload.splice(at..end, with);
        if cut {
            payload.truncate(at);
        }
        // Damage may leave a sound charter (a letter of a name): then nobody has signed it.
        if let Ok(charter) = UnverifiedCharter::decode(&Many::new(payload).encode()) {
            prop_assert_eq!(charter.missing().len(), 6);
        }
    }
}

//! `spec/vectors/charter.json` says what this crate does, byte by byte. `TRIALOGUE_WRITE_VECTORS=1` writes it anew
//! after a change of the format, which `spec/charter.md` must then describe.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::keyfile::{NodeSecret, RootSecret, RootToken};
use trialogue_charter::*;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/charter.json");

fn made() -> Value {
    let three = Trilateral::new(Suite::Cnsa2);
    let seed: [u8; 32] = std::array::from_fn(|index| index as u8);
    let key = HybridSecret::from_seed(&seed);
    let link = three.enrolment("jpn-duty", 1);
    let (secret, certificate, device) = three.device("jpn-duty", 1);
    let node = NodeId::new("jpn-1").unwrap();
    let origin = "https://jpn-1.example";
    let revocation = Revocation { party: device.party.clone(), device: device.id }.sign(three.root(&device.party));
    let revoke = OfficerAct::Revoke { revocation: revocation.clone() };
    let proofs = OfficerAct::Proofs { devices: vec![device.id] };
    let officer = [OfficerAct::Devices, revoke, proofs].map(|act| {
        let request = OfficerRequest { party: device.party.clone(), node: node.clone(), nonce: seed, act };
        hex::encode(request.sign(three.root(&device.party)))
    });
    let uri = "pkcs11:token=JPN%20root;serial=0a1b2c;id=%00%01?module-path=/usr/lib/softhsm/libsofthsm2.so".to_owned();
    let token = RootToken { party: PartyId::new("JPN").unwrap(), uri, public: key.public() };
    let amended = fixture::amended(&three.charter, |charter| {
        fixture::without(charter, "KOR");
        let jpn = charter.nodes.iter_mut().find(|node| node.party.as_str() == "JPN").unwrap();
        jpn.former.push(Former { key: jpn.journal.ed25519, last: None });
        jpn.journal = fixture::next_key("jpn-1").public();
        charter.parties.iter_mut().find(|party| party.id.as_str() == "JPN").unwrap().root =
            fixture::next_root("JPN").public();
    });
    json!({
        "amendment": {
            "hash": amended.hash().to_string(),
            "bytes": hex::encode(amended.bytes()),
        },
        "key": {
            "seed": hex::encode(seed),
            "ed25519_seed": hex::encode(key.ed25519_seed()),
            "ml_dsa_87_seed": hex::encode(key.ml_dsa_87_seed()),
            "ed25519": hex::encode(key.public().ed25519),
            "ml_dsa_87": hex::encode(key.public().ml_dsa_87),
            "fingerprint": key.public().fingerprint().to_string(),
        },
        "charter": {
            "roots": fixture::PARTIES.map(|party| json!({"party": party, "seed": hex::encode(fixture::root(party).seed())})),
            "hash": three.charter.hash().to_string(),
            "bytes": hex::encode(three.charter.bytes()),
        },
        "device": {
            "link_fragment": link.to_fragment().as_str(),
            "seed": hex::encode(secret.seed()),
            "id": device.id.to_string(),
            "certificate": hex::encode(certificate),
            "log_in": {"node": "jpn-1", "origin": origin, "nonce": hex::encode(seed), "signature": hex::encode(secret.prove(&node, origin, &seed))},
            "statement": {"payload": "72696e67", "bytes": hex::encode(secret.sign_statement(b"ring"))},
        },
        "officer": officer,
        "revocation": {"party": device.party.to_string(), "device": device.id.to_string(), "bytes": hex::encode(revocation)},
        "key_files": {
            "root_token": token.to_text(),
            "root": RootSecret { party: PartyId::new("JPN").unwrap(), key }.to_text().as_str(),
            "node": NodeSecret::generate(node, &[7; 64]).to_text().as_str(),
        },
    })
}

#[test]
fn byte_by_byte() {
    let made = made();
    if std::env::var_os("TRIALOGUE_WRITE_VECTORS").is_some() {
        std::fs::write(PATH, format!("{made:#}\n")).unwrap();
    }
    let held: Value = serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    // Not `assert_eq`: nobody reads 100 kB of difference.
    for part in ["key", "charter", "amendment", "device", "officer", "revocation", "key_files"] {
        assert!(held[part] == made[part], "{part} differs from spec/vectors/charter.json");
    }
}

//! The security officer's desk, for the officer's worker: the party's root key lives in here and nowhere else of the
//! browser.

use crate::machine::millis;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use trialogue_charter::keyfile::RootSecret;
use trialogue_charter::text::{Form, clean};
use trialogue_charter::{
    DeviceId, DeviceProof, EnrolmentLink, NodeId, OfficeId, OfficerAct, OfficerRequest, PersonName, Revocation,
    VerifiedCharter,
};
use trialogue_console_core::authority::{AuthorityView, authority};
use trialogue_console_core::view::Text3;
use ts_rs::TS;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};
use zeroize::{Zeroize as _, Zeroizing};

/// Longest validity of a link: whoever gets hold of an unused link is the office holder.
const VALID_MS_MAX: u64 = 90 * 24 * 60 * 60 * 1_000;

/// Whose desk it is, and what the charter says of the party.
#[derive(Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DeskView {
    /// The party's id.
    pub party: String,
    /// Its name.
    pub name: Text3,
    /// Fingerprint of the root key: what officers compare.
    pub root: String,
    /// The party's offices, by id.
    pub offices: Vec<DeskOffice>,
    /// Lines, offices and their order.
    pub authority: AuthorityView,
}

/// An office of the party.
#[derive(Serialize, TS)]
#[ts(export)]
pub struct DeskOffice {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Text3,
}

/// What is proven of a device, by the party's root alone.
#[derive(Serialize, TS)]
#[ts(export)]
pub struct ProvenDevice {
    /// Who has it; none: the node has shown no certificate of it that holds.
    pub person: Option<String>,
    /// For which office.
    pub office: Option<String>,
    /// The root has revoked it.
    pub revoked: bool,
}

/// A root key, and the charter that it has signed. `free` wipes the key.
#[wasm_bindgen]
pub struct Desk {
    root: RootSecret,
    charter: VerifiedCharter,
}

/// What the page has words for.
fn code(code: &str) -> JsError {
    JsError::new(code)
}

#[wasm_bindgen]
impl Desk {
    /// From the bytes of `root.key`, which are wiped here and where they came from, and the signed charter.
    ///
    /// # Errors
    /// `key`: not such a file; `charter`: the charter does not verify, or this root has not signed it.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &mut [u8], charter: &[u8]) -> Result<Desk, JsError> {
        let root = std::str::from_utf8(file).ok().and_then(|text| RootSecret::parse(text).ok());
        file.zeroize();
        let root = root.ok_or_else(|| code("key"))?;
        let fingerprint = root.key.public().fingerprint();
        let charter = VerifiedCharter::open(charter, Some(&fingerprint)).map_err(|_| code("charter"))?;
        if charter.party(&root.party).is_none_or(|party| party.root.fingerprint() != fingerprint) {
            return Err(code("charter"));
        }
        Ok(Self { root, charter })
    }

    /// What is on the desk ([`DeskView`]).
    ///
    /// # Errors
    /// None that can be acted on.
    pub fn view(&self) -> Result<JsValue, JsError> {
        let party = self.charter.party(&self.root.party).ok_or_else(|| code("charter"))?;
        let text = |t: &trialogue_charter::Texts| Text3 { en: t.en.clone(), ja: t.ja.clone(), ko: t.ko.clone() };
        let offices = self.charter.offices.iter().filter(|office| office.party == party.id);
        let view = DeskView {
            party: party.id.to_string(),
            name: text(&party.name),
            root: party.root.fingerprint().to_string(),
            offices: offices.map(|o| DeskOffice { id: o.id.to_string(), title: text(&o.title) }).collect(),
            authority: authority(&self.charter),
        };
        Ok(view.serialize(&Serializer::new().serialize_missing_as_null(true))?)
    }

    /// A one-time link for one device: what follows the `#`. `valid_ms`: how long it can be used, at most 90 days;
    /// `entropy`: 48 bytes of the browser's random numbers, wiped.
    ///
    /// # Errors
    /// `office`: not one of the party; `name`: not a name that can be shown; `time`: too long; `random`: not 48 bytes.
    pub fn issue(
        &self,
        office: &str,
        person: &str,
        now_ms: f64,
        valid_ms: f64,
        entropy: &mut [u8],
    ) -> Result<String, JsError> {
        let office = OfficeId::new(office).map_err(|_| code("office"))?;
        if self.charter.office(&office).is_none_or(|held| held.party != self.root.party) {
            return Err(code("office"));
        }
        let person = PersonName::new(clean(person, Form::Name)).map_err(|_| code("name"))?;
        let valid = millis(valid_ms);
        if valid == 0 || valid > VALID_MS_MAX {
            return Err(code("time"));
        }
        let drawn = <[u8; 48]>::try_from(&*entropy).map(Zeroizing::new);
        entropy.zeroize();
        let drawn = drawn.map_err(|_| code("random"))?;
        let until = millis(now_ms).saturating_add(valid);
        let link = EnrolmentLink::issue(&self.root.key, self.root.party.clone(), office, person, until, &drawn);
        Ok(link.to_fragment().as_str().to_owned())
    }

    /// A signed request for all devices of the node.
    ///
    /// # Errors
    /// `node`: it is not a node of the party, or its nonce is none.
    pub fn devices(&self, node: &str, nonce: &str) -> Result<Vec<u8>, JsError> {
        self.request(node, nonce, OfficerAct::Devices)
    }

    /// A signed request for what proves these devices (64 hexadecimal digits each), at most 16.
    ///
    /// # Errors
    /// `node`: it is not a node of the party, or its nonce is none; `device`: not a device id.
    pub fn proofs(&self, node: &str, nonce: &str, devices: Vec<String>) -> Result<Vec<u8>, JsError> {
        let devices = devices.iter().map(|device| bytes(device).map(DeviceId).ok_or_else(|| code("device")));
        self.request(node, nonce, OfficerAct::Proofs { devices: devices.collect::<Result<_, _>>()? })
    }

    /// What the node's answer proves of a device (`ProvenDevice`), both parts in hexadecimal digits.
    ///
    /// # Errors
    /// `device`: not a device id.
    pub fn proven(
        &self,
        device: &str,
        certificate: Option<String>,
        revocation: Option<String>,
    ) -> Result<JsValue, JsError> {
        let device = DeviceId(bytes(device).ok_or_else(|| code("device"))?);
        let shown = |text: Option<String>| text.and_then(|text| hex::decode(text).ok());
        let proof = DeviceProof { certificate: shown(certificate), revocation: shown(revocation) };
        let proven = proof.check(&self.charter, &self.root.party, &device);
        let view = ProvenDevice {
            person: proven.device.as_ref().map(|device| device.person.as_str().to_owned()),
            office: proven.device.as_ref().map(|device| device.office.to_string()),
            revoked: proven.revoked,
        };
        Ok(view.serialize(&Serializer::new().serialize_missing_as_null(true))?)
    }

    /// The root's word that a device (64 hexadecimal digits) is accepted no more, for good. It counts at every node,
    /// whoever hands it in.
    ///
    /// # Errors
    /// `device`: not a device id.
    pub fn revocation(&self, device: &str) -> Result<Vec<u8>, JsError> {
        let device = DeviceId(bytes(device).ok_or_else(|| code("device"))?);
        Ok(Revocation { party: self.root.party.clone(), device }.sign(&self.root.key))
    }

    /// A signed request to take a revocation into the journal.
    ///
    /// # Errors
    /// `node`: it is not a node of the party, or its nonce is none.
    pub fn revoke(&self, node: &str, nonce: &str, revocation: &[u8]) -> Result<Vec<u8>, JsError> {
        self.request(node, nonce, OfficerAct::Revoke { revocation: revocation.to_vec() })
    }
}

impl Desk {
    fn request(&self, node: &str, nonce: &str, act: OfficerAct) -> Result<Vec<u8>, JsError> {
        let node = NodeId::new(node).map_err(|_| code("node"))?;
        if self.charter.party_of_node(&node).is_none_or(|party| party.id != self.root.party) {
            return Err(code("node"));
        }
        let nonce = bytes(nonce).ok_or_else(|| code("node"))?;
        Ok(OfficerRequest { party: self.root.party.clone(), node, nonce, act }.sign(&self.root.key))
    }
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut out = [0; 32];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(out)
}

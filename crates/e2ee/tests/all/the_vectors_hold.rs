//! `spec/vectors/sealing.json` was made from the specification alone, by the second program
//! (`tests/verifier/sealing.py`); what it sealed opens here.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use trialogue_charter::{DeviceId, Hash, LineId};
use trialogue_e2ee::sealing::Source;
use trialogue_e2ee::writing::{ArchiveSecret, CircleKey, FileOpener, Wrap, unseal};
use trialogue_e2ee::{BaseKey, GroupId, KeyId, Medium, Opener, Receiver, Sealer, TagKey, TagSecret};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../spec/vectors/sealing.json")).unwrap()
}

fn bytes(said: &Value) -> Vec<u8> {
    hex::decode(said.as_str().unwrap()).unwrap()
}

fn exactly<const N: usize>(said: &Value) -> [u8; N] {
    bytes(said).try_into().unwrap()
}

#[test]
fn a_frame_opens() {
    let vectors = vectors();
    let said = &vectors["frame"];
    let id = KeyId::new(1, &GroupId([0xa5; 16]), 2, 3, 4).unwrap();
    assert_eq!(format!("{:014x}", id.to_u64()), said["key_id"].as_str().unwrap());
    let (base, from, to) = (
        BaseKey::new(exactly(&said["base_key"])),
        DeviceId(exactly(&said["sender"])),
        DeviceId(exactly(&said["receiver"])),
    );
    let tag = TagKey::derive(&TagSecret::new(exactly(&said["secret"])), &base, id, &from, &to);
    assert_eq!(tag.expose().to_vec(), bytes(&said["tag_key"]));
    let party = said["party"].as_u64().unwrap() as u8;
    let mut opener = Opener::new();
    opener.insert(id, &base, &Source { device: from, party, turn: 0, fellows: 1, tag, floor: 0 }).unwrap();
    let (clear, mut out) = (bytes(&said["clear"]), Vec::new());
    let opened = opener.open(Medium::Picture, &from, 0, &bytes(&said["tagged"]), &mut out).unwrap();
    assert_eq!((opened.id, opened.number.to_u64()), (id, said["number"].as_u64().unwrap()));
    assert_eq!(out, [clear, bytes(&said["plain"])].concat());
}

#[test]
fn a_picture_is_filled() {
    let vectors = vectors();
    let (said, filled) = (&vectors["frame"], &vectors["filled"]);
    let (clear, plain) = (bytes(&said["clear"]), bytes(&said["plain"]));
    let id = KeyId::new(1, &GroupId([0xa5; 16]), 2, 3, 4).unwrap();
    let base = BaseKey::new(exactly(&said["base_key"]));
    let (device, tag) = (DeviceId(exactly(&said["sender"])), TagKey::new(exactly(&said["tag_key"])));
    let mut sealer = Sealer::new(id, &base, 0, vec![Receiver { party: 2, key: tag.clone() }]).unwrap();
    sealer.fill_pictures(filled["step"].as_u64().unwrap() as u16);
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    sealer.seal(Medium::Picture, 0, &[clear.clone(), plain.clone()].concat(), &mut sealed).unwrap();
    // Prefix, header, what is filled, seal, tag and the end of its block.
    assert_eq!(sealed.len(), 12 + clear.len() + bytes(&filled["bytes"]).len() + 16 + 8 + 2);
    assert_eq!((clear.len() + bytes(&filled["bytes"]).len()) % 64, 0);
    let mut opener = Opener::new();
    opener.insert(id, &base, &Source { device, party: 2, turn: 0, fellows: 1, tag, floor: 0 }).unwrap();
    opener.open(Medium::Picture, &device, 0, &sealed, &mut out).unwrap();
    assert_eq!(out, [clear, plain].concat());
}

#[test]
fn what_is_written_opens_and_so_does_its_file() {
    let vectors = vectors();
    let (said, attached) = (&vectors["written"], &vectors["attached"]);
    let wrap = Wrap {
        by: DeviceId(exactly(&said["device"])),
        number: said["number"].as_u64().unwrap(),
        circle: GroupId(exactly(&said["circle"])),
    };
    let circle = CircleKey::from_kept(exactly(&said["circle_key"]));
    let digest = Hash(exactly(&said["digest"]));
    let content = unseal(wrap, &exactly(&said["wrapped"]), &circle, &bytes(&said["sealed"]), &digest).unwrap();
    assert_eq!(content.encode(), bytes(&said["content"]));
    let mut opener = FileOpener::new(content.files()[0].clone());
    let chunks = attached["chunks"].as_array().unwrap();
    let opened: Vec<u8> = chunks.iter().flat_map(|chunk| opener.open(&bytes(chunk)).unwrap().to_vec()).collect();
    assert!(opener.is_whole());
    assert_eq!(opened, bytes(&attached["file"]));
}

#[test]
fn what_a_party_keeps_opens() {
    let vectors = vectors();
    let (said, written) = (&vectors["archived"], &vectors["written"]);
    let secret = ArchiveSecret::from_seed(&exactly(&said["seed"]));
    assert_eq!(secret.public().unwrap().bytes(), bytes(&said["public"]));
    let (line, digest) = (LineId::new(said["line"].as_str().unwrap()).unwrap(), Hash(exactly(&written["digest"])));
    let content = secret.open(&line, &Hash(exactly(&said["writing"])), &digest, &bytes(&said["sealed"])).unwrap();
    assert_eq!(content.encode(), bytes(&written["content"]));
}

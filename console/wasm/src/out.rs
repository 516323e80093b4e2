//! What crosses from WebAssembly to TypeScript, generated for the latter by `ts-rs`.

use serde::Serialize;
use serde_bytes::ByteBuf;
use trialogue_console_core::view::{View, WrittenView};
use trialogue_console_core::{Event, FilePart, Identity, Output};
use trialogue_wire::console::Medium;
use ts_rs::TS;

/// A freshly enrolled identity, to be stored sealed. Never logged.
#[derive(Serialize, TS)]
#[ts(export)]
pub struct Enrolled {
    /// Seed of the device's keys.
    #[ts(type = "Uint8Array")]
    pub secret: ByteBuf,
    /// The device certificate.
    #[ts(type = "Uint8Array")]
    pub certificate: ByteBuf,
    /// Fingerprint of the party's root.
    #[ts(type = "Uint8Array")]
    pub root: ByteBuf,
}

impl From<Identity> for Enrolled {
    fn from(identity: Identity) -> Self {
        Self {
            secret: ByteBuf::from(identity.secret.to_vec()),
            certificate: ByteBuf::from(identity.certificate),
            root: ByteBuf::from(identity.root.0.to_vec()),
        }
    }
}

/// A chunk of an attachment, sealed: to be stored under its hash.
#[derive(Serialize, TS)]
#[ts(export)]
pub struct Chunk {
    /// Hash, hex.
    pub hash: String,
    /// It.
    #[ts(type = "Uint8Array")]
    pub bytes: ByteBuf,
}

/// Something that the keys worker is to do.
#[derive(Serialize, TS)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
#[ts(export)]
pub enum Out {
    /// Send on the WebSocket.
    Send {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
        /// One binary message.
        #[ts(type = "Uint8Array")]
        bytes: ByteBuf,
    },
    /// Open the WebSocket again after so many milliseconds.
    Reconnect {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
        /// Milliseconds.
        after_ms: u32,
    },
    /// Close the WebSocket for good.
    Stop {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
    },
    /// The WebSocket of this slot leads there from now on: open it.
    Connect {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
        /// Origin of the other site.
        url: String,
    },
    /// What is said and shown, heard and seen goes over the leg of this slot from now on.
    Use {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
    },
    /// Show this.
    View {
        /// All of it.
        view: Box<View>,
    },
    /// Make a leg and give its offer.
    MakeOffer {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
        /// Which leg there.
        leg: u32,
    },
    /// The node's answer for the leg.
    LegAnswer {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
        /// Which leg there.
        leg: u32,
        /// SDP.
        sdp: String,
    },
    /// Seal with this key; `null`: stop at once.
    Seal {
        /// Key id, 14 hexadecimal digits.
        key_id: Option<String>,
        /// Base key.
        #[ts(type = "Uint8Array | null")]
        base_key: Option<ByteBuf>,
        /// Number of the party of each who is to hear.
        #[ts(type = "Uint8Array")]
        parties: ByteBuf,
        /// For each 32 bytes: the key of its tags.
        #[ts(type = "Uint8Array")]
        tag_keys: ByteBuf,
        /// Pictures are filled to a multiple of so many bytes; 0: they are not.
        picture_step: u16,
    },
    /// Open with this key too.
    OpenKey {
        /// Key id, 14 hexadecimal digits.
        key_id: String,
        /// Whose, hex.
        device: String,
        /// Base key.
        #[ts(type = "Uint8Array")]
        base_key: ByteBuf,
        /// Key of the tags that its sender makes for this console.
        #[ts(type = "Uint8Array")]
        tag_key: ByteBuf,
        /// The own party's number.
        party: u8,
        /// Counts what the sender has told.
        turn: u32,
        /// Devices of the own party that its frames have tags for, at most.
        fellows: u8,
        /// Numbers below this are not opened.
        floor: f64,
    },
    /// Open with this key no more.
    ForgetKey {
        /// Key id, 14 hexadecimal digits.
        key_id: String,
        /// It cannot come back.
        over: bool,
    },
    /// Who is received at a place.
    Place {
        /// To which site: 0 this page's, 1 the other one.
        slot: u8,
        /// Which leg there.
        leg: u32,
        /// `a=mid`.
        mid: String,
        /// Whose, hex.
        device: Option<String>,
        /// Voice, else picture.
        voice: bool,
    },
    /// A ring sounds, or no more.
    Ringing {
        /// It does.
        on: bool,
    },
    /// Let the media worker seal and open a frame, and say `proven` if it did.
    ProveAlive {
        /// To be given back: 32 hexadecimal digits.
        nonce: String,
    },
    /// Store this charter.
    Charter {
        /// Signed bytes.
        #[ts(type = "Uint8Array")]
        bytes: ByteBuf,
    },
    /// Store this, sealed, in place of what was stored before; then say `kept`.
    Keep {
        /// To be given back.
        version: f64,
        /// Secrets among them.
        #[ts(type = "Uint8Array")]
        bytes: ByteBuf,
    },
    /// Give the chunk of an attachment that is stored under this hash (`Machine::chunk`).
    GiveChunk {
        /// Hash, hex.
        hash: String,
    },
    /// Chunks that are of no use any more.
    ForgetChunks {
        /// Their hashes, hex.
        hashes: Vec<String>,
    },
    /// The next part of a file that the officer wants.
    File {
        /// Id of the message, hex.
        id: String,
        /// Which of its files, from 0.
        at: u32,
        /// The next bytes of it.
        #[ts(type = "Uint8Array")]
        bytes: ByteBuf,
        /// These were the last, and it is what was attached: nothing is to be used before.
        whole: bool,
    },
    /// Show this written line; `null`: none.
    Written {
        /// All of it.
        written: Option<Box<WrittenView>>,
    },
    /// For the log; nothing private in it.
    Log {
        /// One line, English.
        line: String,
    },
}

fn id(key_id: u64) -> String {
    format!("{key_id:014x}")
}

impl From<Output> for Out {
    fn from(output: Output) -> Self {
        Self::at(0, output)
    }
}

impl Out {
    fn at(slot: u8, output: Output) -> Self {
        match output {
            Output::At { slot, output } => Self::at(slot, *output),
            Output::Connect { url } => Self::Connect { slot, url },
            Output::Use { slot } => Self::Use { slot },
            Output::Send(bytes) => Self::Send { slot, bytes: ByteBuf::from(bytes) },
            Output::Reconnect { after_ms } => Self::Reconnect { slot, after_ms },
            Output::Stop => Self::Stop { slot },
            Output::View(view) => Self::View { view },
            #[expect(clippy::cast_precision_loss, reason = "it counts what one process has stored")]
            Output::Keep { version, bytes } => {
                Self::Keep { version: version as f64, bytes: ByteBuf::from(bytes.to_vec()) }
            }
            Output::Written(written) => Self::Written { written },
            Output::GiveChunk(hash) => Self::GiveChunk { hash: hash.to_string() },
            Output::ForgetChunks(hashes) => {
                Self::ForgetChunks { hashes: hashes.iter().map(ToString::to_string).collect() }
            }
            Output::File(FilePart { id, at, bytes, whole }) => {
                Self::File { id, at, bytes: ByteBuf::from(bytes.to_vec()), whole }
            }
            Output::MakeOffer { leg } => Self::MakeOffer { slot, leg },
            Output::LegAnswer { leg, sdp } => Self::LegAnswer { slot, leg, sdp },
            Output::Seal(None) => {
                let (parties, tag_keys) = (ByteBuf::new(), ByteBuf::new());
                Self::Seal { key_id: None, base_key: None, parties, tag_keys, picture_step: 0 }
            }
            Output::Seal(Some(key)) => Self::Seal {
                key_id: Some(id(key.key_id)),
                base_key: Some(ByteBuf::from(key.base_key.to_vec())),
                parties: ByteBuf::from(key.receivers.iter().map(|to| to.party).collect::<Vec<_>>()),
                tag_keys: ByteBuf::from(key.receivers.iter().flat_map(|to| *to.tag_key).collect::<Vec<_>>()),
                picture_step: key.picture_step,
            },
            Output::OpenKey(key) => Self::OpenKey {
                key_id: id(key.key_id),
                device: key.device.to_string(),
                base_key: ByteBuf::from(key.base_key.to_vec()),
                tag_key: ByteBuf::from(key.tag_key.to_vec()),
                party: key.party,
                turn: key.turn,
                fellows: key.fellows,
                floor: key.floor as f64,
            },
            Output::ForgetKey { key_id, over } => Self::ForgetKey { key_id: id(key_id), over },
            Output::Place { leg, mid, device, medium } => Self::Place {
                slot,
                leg,
                mid,
                device: device.map(|device| device.to_string()),
                voice: medium == Medium::Voice,
            },
            Output::Ringing(on) => Self::Ringing { on },
            Output::ProveAlive { nonce } => {
                Self::ProveAlive { nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect() }
            }
            Output::Charter(bytes) => Self::Charter { bytes: ByteBuf::from(bytes) },
            Output::Archive(_) | Output::ArchiveChunk(_) | Output::ArchiveSaid(_) => {
                Self::Log { line: "a browser keeps no archive".to_owned() }
            }
            Output::Log(event) => Self::Log { line: line(&event) },
        }
    }
}

fn line(event: &Event) -> String {
    format!("{event:?}")
}

//! What is written on a line, as data for the screen.

use super::{Language, Person, Precedence, Text3};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The written line that a page has open. Sent on its own, whole, whenever it changes: it holds texts, which the board
/// does not need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WrittenView {
    /// Line id.
    pub line: String,
    /// Name of the line.
    pub name: Text3,
    /// Marking banner of the line.
    pub marking: String,
    /// This console's office may write messages and acknowledge them for its party.
    pub acts: bool,
    /// This console's office may translate (interpreters do, note-takers do not).
    pub translates: bool,
    /// Own keys are published, so that others can write to this console; until then it reads what it could read before.
    pub ready: bool,
    /// Exactly the devices that can open what is written here now, this console's person first.
    pub readers: Vec<Reader>,
    /// Devices on the line that have published no keys yet: what is written now they can never read.
    pub without: Vec<Person>,
    /// Messages, the oldest first, in the order that is the same at every console.
    pub messages: Vec<MessageView>,
    /// There are earlier ones, which the node has not told.
    pub earlier: bool,
    /// Joint texts, the newest last.
    pub readouts: Vec<ReadoutView>,
    /// Own writings that no node has taken yet, the oldest first. They are kept, sealed, until one has.
    pub outbox: Vec<Outgoing>,
    /// What was being written when the page was last open.
    pub draft: Option<Draft>,
    /// What is attached to it.
    pub attached: Vec<FileView>,
    /// Other texts that were being written then, under the page's own names for them.
    pub scratch: Vec<Scratch>,
}

/// A text that is not sent yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Scratch {
    /// The page's name for it.
    pub key: String,
    /// The text so far.
    pub text: String,
}

/// A file attached to a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FileView {
    /// Its name, as its sender gave it: no path, no characters that cannot be seen.
    pub name: String,
    /// Its length in bytes.
    pub size: f64,
    /// How it stands with it here.
    pub state: FileState,
    /// While it comes: so many bytes of it are here.
    pub done: f64,
}

/// How it stands with a file at this console.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum FileState {
    /// It can be had.
    #[default]
    There,
    /// It is on its way to this console.
    Coming,
    /// The page was given all of it, and it is what was attached.
    Saved,
    /// What came is not what was attached.
    Damaged,
}

/// A device that can read what is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Reader {
    /// Whose.
    pub person: Person,
    /// How many devices this person has.
    pub devices: u32,
}

/// What a message is for. The three are never mixed on screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Traffic {
    /// Between principals, or for them.
    #[default]
    Principal,
    /// Between those who run the line.
    Service,
    /// A test: it means nothing.
    Test,
}

/// Whether a message can be read here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Reading {
    /// It is read.
    #[default]
    Open,
    /// Its content or keys are on their way.
    Arriving,
    /// It was written to others: this device was not on the line yet, or has lost its keys.
    NotForUs,
    /// What came is not what was signed.
    Damaged,
}

/// One message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageView {
    /// Its id, hex: the hash of what was signed.
    pub id: String,
    /// Who wrote it, verified by key.
    pub by: Person,
    /// Written by the own party.
    pub own: bool,
    /// When, by the writer's word, milliseconds since 1970 UTC.
    pub at_ms: f64,
    /// What it is for.
    pub traffic: Traffic,
    /// How urgent.
    pub precedence: Precedence,
    /// Can it be read here.
    pub reading: Reading,
    /// The language of the text, which is the authoritative one; none until it is read.
    pub language: Option<Language>,
    /// The text; empty until it is read.
    pub text: String,
    /// The message's own marking; empty: the line's.
    pub marking: String,
    /// What is attached to it.
    pub files: Vec<FileView>,
    /// People of the line who were on it when it was written and cannot read it on any device.
    pub without: Vec<Person>,
    /// The message that it answers, if it is among those shown.
    pub answers: Option<String>,
    /// Translations that readers have attached, the oldest first.
    pub translations: Vec<TranslationView>,
    /// Parties whose node has it on disk.
    pub stored: Vec<PartyReceipt>,
    /// People on whose console it was shown.
    pub shown: Vec<PersonReceipt>,
    /// People who have acknowledged it for their party.
    pub acknowledged: Vec<Acknowledgement>,
    /// Other parties that have not acknowledged it; empty when none must.
    pub awaited: Vec<Text3>,
    /// By when every other party is asked to acknowledge it, milliseconds since 1970 UTC; none: nobody must.
    pub answer_by_ms: Option<f64>,
    /// This console has not shown it to anybody yet.
    pub unread: bool,
    /// This console may acknowledge it for its party, which has not.
    pub may_acknowledge: bool,
}

/// A translation that a reader has attached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TranslationView {
    /// Its id, hex.
    pub id: String,
    /// Who translated it, or let a machine do so.
    pub by: Person,
    /// When, by the translator's word, milliseconds since 1970 UTC.
    pub at_ms: f64,
    /// Can it be read here.
    pub reading: Reading,
    /// Into which language; none until it is read.
    pub language: Option<Language>,
    /// The translation; empty until it is read.
    pub text: String,
    /// A machine made it.
    pub machine: bool,
    /// Second officers who have certified it; none yet: it is a draft.
    pub certified: Vec<PersonReceipt>,
    /// This console may certify it.
    pub may_certify: bool,
}

/// A text that the parties edit and sign together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReadoutView {
    /// Names it on the page: the id of its first version, hex; of a version shown beside the last one with its number
    /// behind it.
    pub id: String,
    /// Id of the version shown, hex.
    pub version_id: String,
    /// Which version that is, from 1.
    pub version: u32,
    /// Who wrote that version.
    pub by: Person,
    /// When, by the writer's word, milliseconds since 1970 UTC.
    pub at_ms: f64,
    /// Can it be read here.
    pub reading: Reading,
    /// Its text in each language in which there is one.
    pub texts: Vec<ReadoutText>,
    /// Every party of the line, own first, with who has approved this very version.
    pub approvals: Vec<Approval>,
    /// All parties have.
    pub complete: bool,
    /// This console may approve it for its party, which has not.
    pub may_approve: bool,
}

/// A joint text in one language.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReadoutText {
    /// The language.
    pub language: Language,
    /// The text.
    pub text: String,
}

/// Whether a party has approved a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Approval {
    /// Party id.
    pub party: String,
    /// Party name.
    pub name: Text3,
    /// Who approved it, and when; none: nobody has.
    pub by: Option<PersonReceipt>,
}

/// A party's node has a message on disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PartyReceipt {
    /// Party id.
    pub party: String,
    /// Party name.
    pub name: Text3,
    /// Since when, by its node's clock, milliseconds since 1970 UTC.
    pub at_ms: f64,
}

/// A person has said something about a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PersonReceipt {
    /// Who.
    pub by: Person,
    /// When, by the clock of that person's node, milliseconds since 1970 UTC.
    pub at_ms: f64,
}

/// A named person has acknowledged a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Acknowledgement {
    /// Who.
    pub by: Person,
    /// When, by the clock of that person's node, milliseconds since 1970 UTC.
    pub at_ms: f64,
    /// The text as that person has read it back, if they did and it can be read here.
    pub read_back: Option<String>,
}

/// An own writing that no node has taken yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Outgoing {
    /// Names it until it is sent.
    pub id: String,
    /// What was written.
    pub what: Writing,
    /// Its text.
    pub text: String,
    /// It waits for this.
    pub waits: Waiting,
    /// So much of what is attached to it has reached the node, 0 to 1; none: nothing is attached, or it is not its turn
    /// yet.
    pub given: Option<f64>,
}

/// What an own writing is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Writing {
    /// A message.
    #[default]
    Message,
    /// A translation.
    Translation,
    /// A joint text.
    Readout,
    /// A message read back, with which it is acknowledged.
    ReadBack,
}

/// What an own writing waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Waiting {
    /// Keys of those who shall read it.
    Keys,
    /// What is attached to it is on its way to the node.
    Attached,
    /// The own node is not reached.
    #[default]
    Node,
    /// The own node has it and is writing it down.
    Sent,
    /// The node refused it; the officer decides whether to try again.
    Refused,
}

/// What was being written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Draft {
    /// In which language.
    pub language: Language,
    /// The text so far.
    pub text: String,
}

/// The written line as the board shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WrittenNote {
    /// Messages of others that this console has not shown yet.
    pub unread: u32,
    /// The highest precedence among those.
    pub urgency: Precedence,
    /// The message whose acknowledgement by the own party is due first, if any waits for one.
    pub due: Option<Due>,
}

/// A message that the own party is asked to acknowledge.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Due {
    /// Its id, hex.
    pub id: String,
    /// Who wrote it.
    pub by: Person,
    /// By when, milliseconds since 1970 UTC.
    pub answer_by_ms: f64,
    /// How urgent.
    pub precedence: Precedence,
    /// That time is past.
    pub overdue: bool,
    /// It sounds here, like a ring: it has come to this office.
    pub sounds: bool,
}

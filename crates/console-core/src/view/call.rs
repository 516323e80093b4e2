//! The call that a console is in, as it is shown.

use super::{Person, Precedence, Text3};
use crate::io::Suspicion;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the holder of an office does in a call; as in the charter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Role {
    /// Rings, answers, prepares the call.
    #[default]
    DutyOfficer,
    /// Neither seen nor heard on a staged line by a party until the two are ready with each other.
    Principal,
    /// Speaks and hears, and does not act for the party.
    Interpreter,
    /// Listens, and sends nothing.
    NoteTaker,
    /// A machine that tests the line.
    Station,
}

/// What the parties agreed about recording a line; as in the charter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Recording {
    /// Nobody records.
    #[default]
    None,
    /// Each party may keep a recording of its own.
    EachParty,
}

/// Whom the voice and picture of somebody in a call reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Floor {
    /// Everyone, or for a principal every party that is ready with its own.
    #[default]
    Open,
    /// A principal that is not on yet: nobody.
    Waiting,
    /// A note-taker: nobody.
    Listening,
    /// Held: nobody, and it hears nobody.
    Held,
    /// This console takes a call over, and is heard as soon as its keys are there.
    TakingOver,
}

/// How far one party has prepared the call, each as it has signed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Station {
    /// Party id.
    pub id: String,
    /// Party name.
    pub name: Text3,
    /// It is the own party.
    pub own: bool,
    /// Somebody who acts for it is in the call.
    pub present: bool,
    /// The own party has confirmed its station.
    pub confirmed: bool,
    /// Its people who came in after that, by name, for a duty officer: the code that was compared was not theirs. As
    /// far as this console knows: who was in when it first saw the station confirmed is not among them.
    pub newcomers: Vec<String>,
    /// It has confirmed the own party's station.
    pub confirms_us: bool,
    /// It has said that its principal is ready, with whomever.
    pub ready: bool,
    /// It has said so of the own party.
    pub ready_with_us: bool,
    /// The own principal waits for it: the own party has said that it is ready with it, and it has not yet.
    pub awaited: bool,
    /// Its people whose keys have been missing for more than 5 s, by name.
    pub keyless: Vec<String>,
    /// Digits that these two parties can compare by voice, whatever is missing of others: 30 decimal digits; empty
    /// before their keys.
    pub code: String,
    /// The same as six words.
    pub words: Vec<Text3>,
    /// Its principal is on.
    pub on: bool,
    /// This console wants it dropped.
    pub drop_wished: bool,
    /// Parties that want it dropped, by id.
    pub drop_wishes: Vec<String>,
}

/// The call that this console is in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CallView {
    /// Call id, hex.
    pub call: String,
    /// Line id.
    pub line: String,
    /// The highest precedence of the rings that made the call, as long as a ringer is in; else routine.
    pub precedence: Precedence,
    /// When the first other person was in, milliseconds since 1970 by this console's clock; none while only ringing.
    pub since_ms: Option<f64>,
    /// When the own ring has sounded for as long as the charter lets it, milliseconds since 1970 by this console's
    /// clock; none: this console has not rung, or somebody else was in.
    pub ring_ends_ms: Option<f64>,
    /// Everyone in the call, this console first, then by party.
    pub members: Vec<Member>,
    /// Who left last to answer a ring on another line, the latest last.
    pub called_away: Vec<CalledAway>,
    /// May this console speak, and if not, why.
    pub sealing: Sealing,
    /// Parties with offices on the line of which nobody is in the call.
    pub missing: Vec<String>,
    /// Frames of the last quarter of an hour that were not by the one in whose name they came, the newest first, as the
    /// nodes say that were given them.
    pub forgeries: Vec<ForgeryView>,
    /// Whose console has said that others came into its node's group or went than did, by name: that group was given
    /// up, and is made anew once that console is out.
    pub misled: Vec<String>,
    /// This console's secrets have not been renewed for 20 minutes, which it does every 15: its node refuses that, or
    /// is not reached.
    pub unrenewed: bool,
    /// Digits that all can compare by voice: 30 decimal digits of the groups' epoch authenticators; empty before
    /// everybody's keys. See also [`Station::code`].
    pub code: String,
    /// The same as six words in each language, each language's word of the same number; empty before keys.
    pub words: Vec<Text3>,
    /// Whom this console reaches.
    pub floor: Floor,
    /// Principals come on once their parties are ready with each other.
    pub staged: bool,
    /// What the parties agreed about recording.
    pub recording: Recording,
    /// Every party on the line, own party first, and how far it has prepared the call.
    pub stations: Vec<Station>,
    /// This console may confirm stations and say that its principal is ready.
    pub prepares: bool,
    /// It has said that its principal is ready.
    pub ready: bool,
    /// It may say so: some other party that is in has been confirmed here. It is said of all that have.
    pub may_be_ready: bool,
    /// The charter lets a majority drop a party, and this console acts for its own.
    pub may_drop: bool,
}

/// Frames that were refused because they are not by the one in whose name they came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ForgeryView {
    /// In whose name.
    pub name: String,
    /// The party whose node was given them.
    pub by: Text3,
    /// Parties whose nodes made them or passed them on; empty: that party's own.
    pub via: Vec<Text3>,
    /// When, milliseconds since 1970 UTC by that node's clock.
    pub at_ms: f64,
}

/// One who left the call for a ring on another line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CalledAway {
    /// Device id, hex.
    pub device: String,
    /// How urgent that ring was.
    pub precedence: Precedence,
}

/// One person in the call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Member {
    /// Who, verified by key.
    pub person: Person,
    /// It is this console.
    pub me: bool,
    /// What the person does in the call.
    pub role: Role,
    /// Whom the person's voice and picture reach; *waiting* also of a principal that is on with other parties and not
    /// with this one.
    pub floor: Floor,
    /// This console may hold this person and take them out of the call.
    pub may_manage: bool,
    /// State of the keys towards this person.
    pub keys: KeyState,
    /// A moment ago frames came at this person's place that were somebody else's, or that were held back on their way.
    pub suspect: Option<Suspicion>,
    /// Says that it sends voice.
    pub voice: bool,
    /// Says that it sends a picture.
    pub picture: bool,
    /// The `mid` of the leg where its voice is received.
    pub voice_mid: Option<String>,
    /// The `mid` of the leg where its picture is received.
    pub picture_mid: Option<String>,
}

/// Keys between this console and one other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum KeyState {
    /// In the call, keys not here yet.
    #[default]
    Pending,
    /// It can open what we seal, and we what it seals.
    Ready,
    /// Transport is up, keys have been missing for more than 5 s.
    Missing,
    /// It has left; the keys that it still holds are being replaced (at most 2 s, then nothing is sent).
    Leaving,
}

/// Whether this console seals and sends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
#[ts(export)]
pub enum Sealing {
    /// No keys yet: nothing is sent.
    #[default]
    Waiting,
    /// Sealed for exactly the members shown.
    Sealed,
    /// Keys are complete, and nothing is sent because of the floor.
    Silent,
    /// The group has a device that is not on the roster: nothing is sent.
    Stranger {
        /// Device id, hex, and name where it has a valid certificate.
        who: String,
    },
}

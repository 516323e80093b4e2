//! What a console shows and what its officer can do, as data. The TypeScript of the web console is generated from here.

pub use crate::consult::{AnswerView, AttendanceView, ConsultationView, Consulting, Meeting, OfficeView, Topic};
pub use crate::duty::{DutyState, DutyView, OwnDuty};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything on screen. Sent whole whenever something changes (it is small: a few kilobytes).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct View {
    /// The console's own identity; none before enrolment.
    pub me: Option<Person>,
    /// Is the node reached.
    pub node: NodeLink,
    /// A sentence-worthy trouble of this console, if any.
    pub trouble: Option<Trouble>,
    /// The own node cannot write its journal: what this console said last counts, and is not recorded.
    pub unrecorded: bool,
    /// The board: one per line of the charter that this console's office is on.
    pub lines: Vec<LineView>,
    /// The call that this console is in.
    pub call: Option<CallView>,
    /// The duty of this console's own office; none before the charter is known.
    pub duty: Option<OwnDuty>,
    /// Consultations that wait on lines of this console's office, by their time.
    pub consultations: Vec<ConsultationView>,
    /// What this console may propose a consultation about, and where to meet.
    pub consulting: Consulting,
}

/// A text in three languages, from the charter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Text3 {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
    /// Korean.
    pub ko: String,
}

/// A person at a console, as certified by their party.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Person {
    /// Device id, hex.
    pub device: String,
    /// Name in the certificate.
    pub name: String,
    /// Office title.
    pub office: Text3,
    /// Office id.
    pub office_id: String,
    /// Party id.
    pub party: String,
    /// Party name.
    pub party_name: Text3,
}

/// The WebSocket to the own node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum NodeLink {
    /// Not yet, or again.
    #[default]
    Connecting,
    /// Up and accepted.
    Up,
    /// Refused; see `trouble`.
    Refused,
}

/// Why this console cannot work as it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
#[ts(export)]
pub enum Trouble {
    /// Not enrolled: open the enrolment link.
    NotEnrolled,
    /// The node refused this console.
    Refused {
        /// Variant of the wire's `Refusal`, camelCase.
        reason: String,
    },
    /// The charter that the node shows does not verify.
    Charter {
        /// Why, one sentence in English for the operator.
        why: String,
    },
    /// The last act was refused by the node.
    ActRefused {
        /// Variant of the wire's `Refusal`, camelCase.
        reason: String,
    },
    /// Sealing is not available in this browser: no media will be sent.
    NoSealing,
    /// The keys worker or media worker stopped: nothing is sent until it is back.
    Worker,
    /// The own node is not reached: the act was not done.
    NotConnected,
    /// Another tab of this browser is this console; this one takes over when that is closed.
    OtherTab,
}

/// How urgent a ring is, lowest first; as in the charter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Precedence {
    /// Everyday business.
    #[default]
    Routine,
    /// Before everyday business.
    Priority,
    /// A grave situation.
    Immediate,
    /// Command and warning.
    Flash,
    /// The heads of the parties.
    FlashOverride,
}

/// One line on the board.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LineView {
    /// Line id.
    pub id: String,
    /// Name.
    pub name: Text3,
    /// Marking banner.
    pub marking: String,
    /// State of every party that has offices on the line, own party first.
    pub parties: Vec<PartyView>,
    /// This console's office rings, answers and declines for its party; otherwise it joins calls that are under way.
    pub acts: bool,
    /// The same person is in the call on this line at another console, which this one can take over from.
    pub take_over: bool,
    /// Principals come on together once all parties are ready.
    pub staged: bool,
    /// What the parties agreed about recording.
    pub recording: Recording,
    /// The highest precedence with which this console's office may ring the line.
    pub may_ring: Precedence,
    /// A ring that sounds here now and can be answered, acknowledged or declined.
    pub ring: Option<RingView>,
    /// Somebody is in a call on this line (it can be joined).
    pub active: bool,
    /// This console is in the call on this line.
    pub joined: bool,
    /// The last ring ended like this, for the caller: shown until the next act on the line.
    pub outcome: Option<Outcome>,
}

/// What is known of one party on a line, each backed by an entry of that party, but for `reached`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PartyView {
    /// Party id.
    pub id: String,
    /// Party name.
    pub name: Text3,
    /// This is the console's own party.
    pub own: bool,
    /// Own node reaches this party's node.
    pub reached: bool,
    /// Round trip in milliseconds where there is a direct link.
    pub round_trip_ms: Option<f64>,
    /// Consoles on watch for this line, as that party's node signed.
    pub on_watch: u32,
    /// What this party did with the current ring.
    pub ring: RingState,
    /// Titles of the offices at which that ring sounds, in the charter's order, where it comes to one after the other; else empty.
    pub rung: Vec<Text3>,
    /// This party has alerted people beyond its consoles to that ring, or failed to; none: neither.
    pub alerted: Option<bool>,
    /// Who has the duty of this party's offices on the line, in the line's order; those that nobody has taken are left out.
    pub duty: Vec<DutyView>,
}

/// What a party did with a ring. Silence is shown as `silent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
#[ts(export)]
pub enum RingState {
    /// No ring.
    #[default]
    None,
    /// Rung a moment ago, and nothing heard yet.
    Sent,
    /// Rung, and that party's node is not reached by any path: it cannot know.
    PathDown,
    /// Rung three seconds ago or longer, and not a word from that party's node.
    Silent,
    /// Its node has the ring.
    Received,
    /// Its node has the ring and nobody is on watch.
    Unstaffed,
    /// Its consoles sound.
    Ringing {
        /// How many.
        consoles: u32,
    },
    /// It fetches somebody who will answer.
    Acknowledged {
        /// When it expects to answer, milliseconds since 1970 UTC, by its own word.
        ready_ms: f64,
        /// Name of the person who said so, if the certificate is known here.
        by: Option<String>,
    },
    /// A console of it is in the call.
    Answered,
    /// Declined.
    Declined {
        /// Variant of `DeclineReason`, camelCase: busy, callBack, deputy, refused.
        reason: String,
        /// Milliseconds since 1970 UTC.
        call_back_ms: Option<f64>,
        /// Office title of the deputy.
        deputy: Option<Text3>,
    },
    /// Nobody answered in time.
    Expired,
}

/// A ring that sounds on this console.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RingView {
    /// Call id, hex.
    pub call: String,
    /// Who rings, verified by key.
    pub from: Person,
    /// How urgent.
    pub precedence: Precedence,
    /// A console of the own party has promised an answer for then, milliseconds since 1970 UTC: it sounds no more, and can be answered.
    pub ready_ms: Option<f64>,
    /// What it does to the screen.
    pub standing: Standing,
    /// This console is in a less urgent call, and can answer from then on, milliseconds since 1970 UTC.
    pub answer_from_ms: Option<f64>,
    /// When it began here, milliseconds since 1970 by this console's clock.
    pub since_ms: f64,
    /// When it expires here, unless an answer was promised.
    pub until_ms: f64,
}

/// What a ring does to the screen of a console where it can be answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Standing {
    /// It takes over the screen and sounds: the most urgent one, and above the call that this console is in.
    #[default]
    TakesOver,
    /// It is shown beside a call that is as urgent, or beside a more urgent ring.
    Waits,
    /// An answer was promised for later: it makes no sound.
    Promised,
}

/// How a ring ended for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Outcome {
    /// Every party declined.
    Declined,
    /// Nobody answered in time.
    Unanswered,
    /// The others hung up.
    Ended,
    /// The last of the others left to answer a more urgent ring.
    CalledAway,
    /// The own duty officer took this console out of the call.
    Removed,
    /// The same person has taken the call over at another console.
    HandedOver,
    /// A majority of the parties dropped the own party from the call, as the charter lets them.
    Dropped,
}

/// What the holder of an office does in a call; as in the charter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Role {
    /// Rings, answers, prepares the call.
    #[default]
    DutyOfficer,
    /// Neither seen nor heard on a staged line until all are ready.
    Principal,
    /// Speaks and hears, and does not act for the party.
    Interpreter,
    /// Listens, and sends nothing.
    NoteTaker,
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
    /// Everyone, or for a principal every party that is ready.
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
    /// It has confirmed the own party's station.
    pub confirms_us: bool,
    /// It has said that its principal is ready.
    pub ready: bool,
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
    /// Everyone in the call, this console first, then by party.
    pub members: Vec<Member>,
    /// Who left last to answer a ring on another line, the latest last.
    pub called_away: Vec<CalledAway>,
    /// May this console speak, and if not, why.
    pub sealing: Sealing,
    /// Parties with offices on the line of which nobody is in the call.
    pub missing: Vec<String>,
    /// Digits that both ends can compare by voice: 30 decimal digits of the group's epoch authenticator; empty before keys.
    pub code: String,
    /// The same as six words in each language, each language's word of the same number; empty before keys.
    pub words: Vec<Text3>,
    /// Whom this console reaches.
    pub floor: Floor,
    /// Principals come on together once all parties are ready.
    pub staged: bool,
    /// What the parties agreed about recording.
    pub recording: Recording,
    /// Every party on the line, own party first, and how far it has prepared the call.
    pub stations: Vec<Station>,
    /// This console may confirm stations and say that its principal is ready.
    pub prepares: bool,
    /// It has said that its principal is ready.
    pub ready: bool,
    /// It may say so: every other party that is in has been confirmed here.
    pub may_be_ready: bool,
    /// The charter lets a majority drop a party, and this console acts for its own.
    pub may_drop: bool,
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
    /// Whom the person's voice and picture reach.
    pub floor: Floor,
    /// This console may hold this person and take them out of the call.
    pub may_manage: bool,
    /// State of the keys towards this person.
    pub keys: KeyState,
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
#[serde(rename_all = "camelCase", tag = "kind")]
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

/// What the officer does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
#[ts(export)]
pub enum Command {
    /// Ring a line.
    Ring {
        /// Line id.
        line: String,
        /// How urgent; routine if left out.
        #[serde(default)]
        #[ts(optional, as = "Option<Precedence>")]
        precedence: Precedence,
    },
    /// Say that somebody is being fetched to answer the ring on a line.
    Acknowledge {
        /// Line id.
        line: String,
        /// When the answer is expected, milliseconds since 1970 UTC.
        ready_ms: f64,
    },
    /// Answer the ring on a line, or join the call on it.
    Answer {
        /// Line id.
        line: String,
    },
    /// Decline the ring on a line.
    Decline {
        /// Line id.
        line: String,
        /// busy, callBack, deputy or refused.
        reason: String,
        /// Milliseconds since 1970 UTC.
        call_back_ms: Option<f64>,
        /// Office id.
        deputy: Option<String>,
    },
    /// Leave the call.
    HangUp,
    /// The station of a party is the one it says it is: the code was compared.
    Confirm {
        /// Party id.
        party: String,
    },
    /// On a staged line: the own principal is ready, with every party that is in and confirmed; or is not any more.
    Ready {
        /// It is.
        ready: bool,
    },
    /// Hold a console of the own party, or take it off hold.
    Hold {
        /// Device id, hex; this console if left out.
        device: Option<String>,
        /// Hold it.
        on: bool,
    },
    /// Take a console of the own party out of the call.
    Remove {
        /// Device id, hex.
        device: String,
    },
    /// Wish that a party be dropped from the call, or take that back.
    Drop {
        /// Party id.
        party: String,
        /// Wish it.
        on: bool,
    },
    /// Take the call on a line over from the same person's other console.
    TakeOver {
        /// Line id.
        line: String,
    },
    /// Propose a consultation to the other parties of a line.
    Propose {
        /// Line id: where it is asked.
        line: String,
        /// Subject id, of the charter.
        subject: String,
        /// Line id: where to meet.
        level: String,
        /// When to meet, milliseconds since 1970 UTC.
        at_ms: f64,
        /// How urgently it is asked; routine if left out.
        #[serde(default)]
        #[ts(optional, as = "Option<Precedence>")]
        precedence: Precedence,
    },
    /// Say for the party who comes to a consultation, or that nobody does.
    Attend {
        /// The consultation.
        id: String,
        /// Office id of who comes; none: nobody.
        office: Option<String>,
        /// When that office will be there, milliseconds since 1970 UTC; none: at the time that was proposed.
        at_ms: Option<f64>,
    },
    /// Take back a consultation of the own party.
    Withdraw {
        /// The consultation.
        id: String,
    },
    /// Begin a consultation whose time has come: ring the line on which to meet.
    Begin {
        /// The consultation.
        id: String,
    },
    /// Take the duty of the own office, or go on with it.
    TakeDuty {
        /// End of the shift, milliseconds since 1970 UTC; at most a day ahead.
        until_ms: f64,
    },
    /// Tell the others what is sent (after the tracks were really stopped or started).
    Sending {
        /// Voice is on.
        voice: bool,
        /// Picture is on.
        picture: bool,
    },
    /// The page shows this notice no more.
    Dismiss {
        /// Line id, for an outcome; none for the trouble.
        line: Option<String>,
    },
}

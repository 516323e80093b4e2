//! What a console shows and what its officer can do, as data. The TypeScript of the web console is generated from here.

pub use crate::duty::{
    AnswerView, AttendanceView, ConsultationView, Consulting, DutyState, DutyView, Meeting, OfficeView, OwnDuty, Topic,
};
pub use crate::trial::{
    CertifiedView, Grade, Language, PairView, TestView, TestsView, TextOffer, TextReceived, TextSent,
};
mod call;
mod command;
mod refusal;
mod written;

pub use call::*;
pub use command::Command;
pub use refusal::{DeclineReason, Refusal};
pub use written::*;

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
    /// Parties of whose revocations too little is known.
    pub revocations: Vec<RevocationNotice>,
    /// The board: one per line of the charter that this console's office is on.
    pub lines: Vec<LineView>,
    /// The call that this console is in.
    pub call: Option<CallView>,
    /// The duty of this console's own office; none before the charter is known, and for whoever does not act for the
    /// party.
    pub duty: Option<OwnDuty>,
    /// Consultations that wait on lines of this console's office, by their time.
    pub consultations: Vec<ConsultationView>,
    /// What this console may propose a consultation about, and where to meet.
    pub consulting: Consulting,
    /// How the tests of the line stand, and what officers are to do for them.
    pub tests: TestsView,
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
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
#[ts(export)]
pub enum Trouble {
    /// Not enrolled: open the enrolment link.
    NotEnrolled,
    /// The node refused this console.
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// The charter that the node shows does not verify.
    Charter {
        /// Why, one sentence in English for the operator.
        why: String,
    },
    /// The last act was refused, by the node or by the console itself.
    ActRefused {
        /// Why.
        reason: Refusal,
    },
    /// The node takes no more from this console for now.
    TryLater {
        /// After so many it does.
        seconds: u32,
    },
    /// Sealing is not available in this browser: no media will be sent.
    NoSealing,
    /// The keys worker or media worker stopped: nothing is sent until it is back.
    Worker,
    /// The connection for voice and picture is not as it must be: nothing is sent over it.
    Leg,
    /// The own node is not reached: the act was not done.
    NotConnected,
    /// The clocks of this console and its node differ by more than may be: acts may be refused.
    Clock,
    /// Another tab of this browser is this console; this one takes over when that is closed.
    OtherTab,
}

/// Too little is known of which devices of a party are revoked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RevocationNotice {
    /// Party id.
    pub party: String,
    /// Its name.
    pub name: Text3,
    /// It is the own party: nothing stops.
    pub own: bool,
    /// What is wrong.
    pub state: RevocationState,
    /// When it was confirmed last, by this console's clock, milliseconds since 1970 UTC.
    pub confirmed_ms: f64,
}

/// What is wrong with what is known of a party's revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum RevocationState {
    /// Others tell of revocations that this console was not given.
    Missing,
    /// Nothing was confirmed for half a day.
    Quiet,
    /// Nothing was confirmed for a day: the party's devices are taken out of groups, if it is another.
    Stale,
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
    /// Rings that nobody of the own party has answered, and those that it has promised to call back, the most urgent
    /// last, of one precedence in the order in which they rang: each waits until people of both parties were in
    /// together, or somebody dismisses it. For who acts for the party.
    pub missed: Vec<MissedRing>,
    /// The last call here that this console has seen end since it came on watch.
    pub last_call: Option<LastCall>,
    /// The last ring ended like this, for the caller: shown until the next act on the line.
    pub outcome: Option<Outcome>,
    /// What is new on the written line.
    pub written: WrittenNote,
}

/// A call that is over, as this console has seen it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LastCall {
    /// When people of two parties were first in, milliseconds since 1970 by this console's clock.
    pub since_ms: f64,
    /// When that was over.
    pub until_ms: f64,
    /// Names of the parties that were in.
    pub parties: Vec<Text3>,
}

/// A ring that nobody of the own party has answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MissedRing {
    /// Call id, hex.
    pub call: String,
    /// Id of the party that rang.
    pub party: String,
    /// Its name.
    pub name: Text3,
    /// Title of the office that rang.
    pub office: Text3,
    /// How urgent.
    pub precedence: Precedence,
    /// When, milliseconds since 1970 UTC, by the clock of the node that was rung from.
    pub at_ms: f64,
    /// When the own party has promised to call back.
    pub call_back_ms: Option<f64>,
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
    /// A node of it is disputed: it has shown two histories, or another node has signed for one that the own node does
    /// not hold.
    pub disputed: bool,
    /// Paths to this party's nodes that are up, as the own node says.
    pub paths_up: u32,
    /// Paths that there are; 0: not known.
    pub paths: u32,
    /// Consoles on watch for this line, as that party's node signed.
    pub on_watch: u32,
    /// Consoles for this line that are connected and cannot sound a ring, as that party's node signed: whoever sits
    /// there sees it at most. They are not counted as on watch.
    pub soundless: u32,
    /// What this party did with the current ring.
    pub ring: RingState,
    /// Titles of the offices at which that ring sounds, in the charter's order, where it comes to one after the other;
    /// else empty.
    pub rung: Vec<Text3>,
    /// This party has alerted people beyond its consoles to that ring, or failed to; none: neither.
    pub alerted: Option<bool>,
    /// Who has the duty of this party's offices on the line, in the line's order; those that nobody has taken are left
    /// out.
    pub duty: Vec<DutyView>,
}

/// What a party did with a ring. Silence is shown as `silent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
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
        /// Why.
        reason: DeclineReason,
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
    /// A console of the own party has promised an answer for then, milliseconds since 1970 UTC: it sounds no more, and
    /// can be answered.
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

//! What the officer can do, as data.

use super::{DeclineReason, Draft, Language, Precedence, ReadoutText, Traffic};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the officer does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
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
        /// Why.
        reason: DeclineReason,
        /// Milliseconds since 1970 UTC.
        call_back_ms: Option<f64>,
        /// Office id.
        deputy: Option<String>,
    },
    /// Said by the platform, before the node is reached: it started anew in the middle of a call on this line that
    /// nobody has hung up.
    Resume {
        /// Line id.
        line: String,
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
    /// It is ready with the others all the same, and does not wait for this one.
    ReadyWithout {
        /// Party id.
        party: String,
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
    /// Take missed rings of a party off the boards of the own one: somebody has seen to them.
    DismissMissed {
        /// Line id.
        line: String,
        /// Id of the party that rang.
        party: String,
        /// Call ids, hex, as shown.
        calls: Vec<String>,
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
    /// Send a test text to the other parties of a line.
    SendTest {
        /// Line id.
        line: String,
        /// Its number.
        number: u16,
        /// In which language it was read.
        language: Language,
    },
    /// Certify that a test text of another party was read, and how it was translated.
    Certify {
        /// The text.
        id: String,
        /// The language of the translation.
        language: Language,
        /// The translation; at most 500 characters.
        translation: String,
    },
    /// The page shows the written line of this line from now on, or none.
    OpenWritten {
        /// Line id.
        line: Option<String>,
    },
    /// Write a message to everyone on the line that the page has open.
    Write {
        /// Line id.
        line: String,
        /// The language of the text.
        language: Language,
        /// The text; at most 20,000 characters.
        text: String,
        /// What it is for.
        traffic: Traffic,
        /// How urgent; routine if left out.
        #[serde(default)]
        #[ts(optional, as = "Option<Precedence>")]
        precedence: Precedence,
        /// Its own marking; empty: the line's.
        marking: String,
        /// Every other party is asked to acknowledge it by then, milliseconds since 1970 UTC; none: nobody must.
        answer_by_ms: Option<f64>,
        /// Id of the message that it answers.
        answers: Option<String>,
    },
    /// Attach a translation to a message.
    Translate {
        /// Id of the message.
        id: String,
        /// Into which language.
        language: Language,
        /// The translation; at most 20,000 characters.
        text: String,
        /// A machine made it.
        machine: bool,
    },
    /// Certify another person's translation.
    CertifyTranslation {
        /// Id of the translation.
        id: String,
    },
    /// These messages are on screen.
    Shown {
        /// Their ids.
        ids: Vec<String>,
    },
    /// Acknowledge a message for the party.
    AcknowledgeMessage {
        /// Its id.
        id: String,
        /// The language in which it is read back.
        language: Language,
        /// The text as it was understood, read back to the writer; empty: none.
        read_back: String,
    },
    /// Write a joint text, or its next version.
    WriteReadout {
        /// Line id.
        line: String,
        /// Id of the version that it replaces; none: a new readout.
        replaces: Option<String>,
        /// The text in one to three languages, each once.
        texts: Vec<ReadoutText>,
    },
    /// Approve this very version of a joint text for the party.
    ApproveReadout {
        /// Id of the version.
        id: String,
    },
    /// Keep what is being written, sealed, in case the page ends.
    KeepDraft {
        /// Line id.
        line: String,
        /// None: there is nothing to keep any more.
        draft: Option<Draft>,
    },
    /// Keep another text that is being written, sealed, in case the page ends: a translation, a text read back, a joint
    /// text.
    KeepScratch {
        /// Line id.
        line: String,
        /// The page's name for it; at most 200 characters.
        key: String,
        /// Empty: there is nothing to keep any more.
        text: String,
    },
    /// Show more of what was written before.
    Earlier,
    /// Take a file off what is being written.
    Detach {
        /// Line id.
        line: String,
        /// Which, from 0.
        at: u32,
    },
    /// Fetch a file of a message of the line that is open; one at a time.
    SaveFile {
        /// Id of the message.
        id: String,
        /// Which of its files, from 0.
        at: u32,
    },
    /// It is not wanted any more.
    StopSaving,
    /// Take back an own writing that was refused or waits.
    Unsend {
        /// Its id in the outbox.
        id: String,
    },
    /// Tell the others what is sent (after the tracks were really stopped or started).
    Sending {
        /// Voice is on.
        voice: bool,
        /// Picture is on.
        picture: bool,
    },
    /// The platform can sound a ring from now on, or cannot: no loudspeaker is there, or the browser plays nothing.
    Sound {
        /// It can.
        on: bool,
    },
    /// The page shows this notice no more.
    Dismiss {
        /// Line id, for an outcome; none for the trouble.
        line: Option<String>,
    },
}

//! A record as an auditor reads it: when, who by party, office and name, and what.

use crate::utc::Utc;
use crate::verify::Taken;
use std::collections::BTreeMap;
use trialogue_charter::{
    CallId, DeviceId, Hash, LineId, NodeId, OfficeId, PartyId, Precedence, Revocation, VerifiedCharter,
};
use trialogue_journal::fold::State;
use trialogue_journal::{Act, Body, DeclineReason, Kind, Traffic, Written};

/// One line of the timeline. It has personal names in it: it is shown to people and never logged, so it has no `Debug`.
pub struct Event {
    /// By the clock of the node that wrote it: a claim.
    pub time: Utc,
    /// Whose journal.
    pub node: NodeId,
    /// Position.
    pub seq: u64,
    /// The node's party; every node of a charter has one.
    pub party: Option<PartyId>,
    /// Title of the office in whose name it was said.
    pub office: Option<String>,
    /// Who said it.
    pub person: Option<String>,
    /// A word for programs.
    pub kind: &'static str,
    /// The line, where it is about one.
    pub line: Option<LineId>,
    /// The call, where it names one.
    pub call: Option<CallId>,
    /// What happened, as the end of a sentence that begins with who.
    pub what: String,
    /// Why it changed nothing, if so.
    pub ignored: Option<String>,
    /// Of something written: its id, and the digest of what it says.
    pub writing: Option<(Hash, Hash)>,
    /// Machines say so by themselves and often: left out unless it is asked for.
    pub routine: bool,
}

/// What an act or a body says.
struct Said {
    kind: &'static str,
    what: String,
    line: Option<LineId>,
    call: Option<CallId>,
    routine: bool,
}

fn said(kind: &'static str, what: impl Into<String>) -> Said {
    Said { kind, what: what.into(), line: None, call: None, routine: false }
}

impl Said {
    fn on(mut self, line: &LineId) -> Self {
        self.line = Some(line.clone());
        self
    }

    fn about(mut self, call: &CallId) -> Self {
        self.call = Some(*call);
        self
    }

    fn by_the_clock(mut self) -> Self {
        self.routine = true;
        self
    }
}

/// Reads a record from its beginning on, journal by journal, as events.
#[derive(Default)]
pub struct Timeline {
    /// In which call each device is by each journal, or was when it fell out of touch: what it says of that once more
    /// is as a rule its console's own doing, and no journal tells.
    calls: BTreeMap<(NodeId, DeviceId, LineId), CallId>,
}

impl Timeline {
    /// What an entry says, with the names that the journals read so far give.
    pub fn event(&mut self, state: &State, taken: &Taken) -> Event {
        let again = self.again(taken);
        let mut event = event(state, taken);
        if let Some((kind, what)) = again {
            (event.kind, event.what) = (kind, what.to_owned());
        }
        event
    }

    /// An act by which a device is in the call that it was in before, and what is to be said of that.
    fn again(&mut self, taken: &Taken) -> Option<(&'static str, &'static str)> {
        taken.applied.as_ref().ok()?;
        let node = &taken.entry.entry().node;
        let claim = taken.entry.said()?.claim();
        let at = (node.clone(), claim.device, claim.line.clone());
        let call = match claim.act {
            Act::Ring { call, .. } | Act::Answer { call, .. } | Act::Attach { call, .. } => call,
            Act::Leave { .. } => {
                self.calls.remove(&at);
                return None;
            }
            Act::Remove { device } => {
                self.calls.remove(&(at.0, device, at.2));
                return None;
            }
            _ => return None,
        };
        let same = self.calls.insert(at, call) == Some(call);
        match claim.act {
            Act::Ring { .. } if same => Some((
                "ring_on",
                "rings on in the call that it is in: the console by itself, or its officer for those who are missing",
            )),
            Act::Answer { .. } if same => Some((
                "come_back",
                "comes back into the call that it was in, without having left it: the console by itself, or its officer",
            )),
            _ => None,
        }
    }
}

fn event(state: &State, taken: &Taken) -> Event {
    let claim = taken.entry.entry();
    let charter = state.charter();
    let mut writing = None;
    let (device, said) = match &claim.body {
        Body::Stated { .. } => match taken.entry.said() {
            Some(statement) => {
                let claim = statement.claim();
                if let Act::Write { written } = &claim.act {
                    writing = Some((statement.hash(), written.digest));
                }
                (Some(claim.device), act(state, &claim.act).on(&claim.line))
            }
            None => (None, said("stated", "says something that is not a statement of this protocol")),
        },
        body => (None, entry(state, body)),
    };
    // Nobody else's word makes a name stand before what this node has written down.
    let enrolled = device.and_then(|device| state.node(&claim.node)?.devices().get(&device));
    let known = enrolled.map(|known| known.device.as_ref());
    let party = charter.party_of_node(&claim.node).map(|party| party.id.clone());
    Event {
        time: Utc(claim.time_ms),
        node: claim.node.clone(),
        seq: claim.seq,
        party,
        office: known.map(|device| title(charter, &device.office)),
        person: known.map(|device| device.person.as_str().to_owned()),
        kind: said.kind,
        line: said.line,
        call: said.call,
        what: said.what,
        ignored: taken.applied.as_ref().err().map(ToString::to_string),
        writing,
        routine: said.routine,
    }
}

fn title(charter: &VerifiedCharter, office: &OfficeId) -> String {
    charter.office(office).map_or_else(|| office.to_string(), |office| office.title.en.clone())
}

/// A device as people know it.
fn holder(state: &State, device: &DeviceId) -> String {
    match state.known_device(device) {
        Some(known) => format!("{} {} ({})", known.party, title(state.charter(), &known.office), known.person.as_str()),
        None => format!("device {device}"),
    }
}

fn list<T: ToString>(all: &[T]) -> String {
    if all.is_empty() { "nobody".to_owned() } else { all.iter().map(T::to_string).collect::<Vec<_>>().join(", ") }
}

/// How many consoles of each office.
fn counts(state: &State, offices: &[(OfficeId, u16)]) -> String {
    let count = |(office, n): &(OfficeId, u16)| format!("{} {n}", title(state.charter(), office));
    list(&offices.iter().map(count).collect::<Vec<_>>())
}

fn urgency(precedence: Precedence) -> &'static str {
    match precedence {
        Precedence::Routine => "routine",
        Precedence::Priority => "priority",
        Precedence::Immediate => "immediate",
        Precedence::Flash => "flash",
        Precedence::FlashOverride => "flash override",
    }
}

fn reason(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Busy => "nobody can come to the line now",
        DeclineReason::CallBack => "somebody will call back",
        DeclineReason::Deputy => "another office should be rung",
        DeclineReason::Refused => "the party does not wish to talk now",
    }
}

/// What a node says.
fn entry(state: &State, body: &Body) -> Said {
    match body {
        Body::Opened { charter } => said("opened", format!("follows the charter {charter}")),
        Body::Enrolled { device, .. } => {
            said("enrolled", format!("enrols device {device} of {}", holder(state, device)))
        }
        Body::Revoked { revocation } => match Revocation::open(state.charter(), revocation) {
            Ok(Revocation { party, device }) => said(
                "revoked",
                format!("records that the root of {party} revoked device {device} of {}", holder(state, &device)),
            ),
            Err(_) => said("revoked", "has a revocation that no root of the charter has signed"),
        },
        Body::Listed { sets } => {
            let all: Vec<String> = sets.iter().map(|set| format!("{} {}", set.party, set.count)).collect();
            said("listed", format!("lists how many devices are revoked: {}", list(&all))).by_the_clock()
        }
        Body::Suspended { device, on: true } => {
            said("suspended", format!("lets in no more, at its own node, {}", holder(state, device)))
        }
        Body::Suspended { device, on: false } => {
            said("suspended", format!("lets in again, at its own node, {}", holder(state, device)))
        }
        Body::Staffed { offices } => {
            said("staffed", format!("has consoles on watch: {}", counts(state, offices))).by_the_clock()
        }
        Body::Soundless { offices } => {
            said("soundless", format!("has consoles that cannot sound a ring: {}", counts(state, offices)))
                .by_the_clock()
        }
        Body::Received { call, line } => said("received", "has received the ring").on(line).about(call),
        Body::Ringing { call, line, consoles: 0 } => {
            said("ringing", "has the ring, and nobody is at a console").on(line).about(call)
        }
        Body::Ringing { call, line, consoles } => {
            said("ringing", format!("sounds the ring at consoles: {consoles}")).on(line).about(call)
        }
        Body::Forged { line, device, via } => {
            let ways = if via.is_empty() { "no other node".to_owned() } else { list(via) };
            said(
                "forged",
                format!(
                    "was given frames that are not by {}, whose they were said to be; they came through: {ways}",
                    holder(state, device)
                ),
            )
            .on(line)
        }
        Body::Expired { call, line } => said("expired", "has not answered the ring in time").on(line).about(call),
        Body::Missed { call, line, rang } => {
            let when = rang
                .call_back_ms
                .map_or_else(String::new, |ms| format!("; it has promised to call back at {}", Utc(ms)));
            let by = title(state.charter(), &rang.office);
            let what =
                format!("has missed the ring of {by} ({}) at {}{when}", urgency(rang.precedence), Utc(rang.at_ms));
            said("missed", what).on(line).about(call)
        }
        Body::Lost { device, line } => {
            said("lost", format!("is out of touch with {}, who has left the call by that", holder(state, device)))
                .on(line)
        }
        Body::Restarted {} => said("restarted", "has started its node again: its consoles have left every line"),
        Body::Refused { call, line, reason: why } => {
            said("refused", format!("refuses the ring by policy: {}", reason(*why))).on(line).about(call)
        }
        Body::Alerted { call, line, done: true } => {
            said("alerted", "has alerted people beyond its consoles to the ring").on(line).about(call)
        }
        Body::Alerted { call, line, done: false } => {
            said("alerted", "has tried in vain to alert people beyond its consoles to the ring").on(line).about(call)
        }
        Body::Escalated { call, line, step } => {
            said("escalated", format!("rings further offices: {step} beyond the first")).on(line).about(call)
        }
        Body::AtConsole { offices } => {
            let all: Vec<String> = offices.iter().map(|office| title(state.charter(), office)).collect();
            said("at_console", format!("has at a console those on duty of: {}", list(&all))).by_the_clock()
        }
        Body::Tested { results } => {
            let failed: Vec<String> =
                results.iter().filter(|r| !r.ok).map(|r| format!("{} path {}", r.node, r.path)).collect();
            let what = format!(
                "has tested {} paths; failed: {}",
                results.len(),
                if failed.is_empty() { "none".to_owned() } else { list(&failed) }
            );
            said("tested", what).by_the_clock()
        }
        Body::Seen { heads, signature } => {
            let all: Vec<String> = heads.iter().map(|head| format!("{} {}", head.node, head.size)).collect();
            let with = if signature.is_some() { " with ML-DSA-87" } else { "" };
            said("seen", format!("signs{with} for the journals that it holds: {}", list(&all))).by_the_clock()
        }
        Body::Stored { writings } => {
            said("stored", format!("has these writings on disk: {}", ids(writings))).by_the_clock()
        }
        Body::Stated { .. } => said("stated", "says"),
    }
}

/// What a console says.
fn act(state: &State, act: &Act) -> Said {
    match act {
        Act::Ring { call, precedence, .. } => said("ring", format!("rings ({})", urgency(*precedence))).about(call),
        Act::Answer { call, .. } => said("answer", "answers or joins").about(call),
        Act::Decline { call, reason: why, call_back_ms, deputy } => {
            let when = call_back_ms.map_or_else(String::new, |ms| format!("; will call back at {}", Utc(ms)));
            let who = deputy
                .as_ref()
                .map_or_else(String::new, |office| format!("; offers {}", title(state.charter(), office)));
            said("decline", format!("declines: {}{when}{who}", reason(*why))).about(call)
        }
        Act::Leave { cause: None } => said("leave", "leaves"),
        Act::Leave { cause: Some(precedence) } => {
            said("leave", format!("leaves for a ring on another line ({})", urgency(*precedence)))
        }
        Act::Handshake { epoch, added, removed, .. } => {
            let what = format!("moves the keys from epoch {epoch}: {} added, {} removed", added.len(), removed.len());
            said("handshake", what).by_the_clock()
        }
        Act::Tags { .. } => {
            said("tags", "tells those who hear this console by what they know its frames").by_the_clock()
        }
        Act::Acknowledge { call, ready_ms } => {
            said("acknowledge", format!("is fetching somebody, who is expected at {}", Utc(*ready_ms))).about(call)
        }
        Act::Dismiss { party, calls } => said("dismiss", format!("dismisses missed rings of {party}: {}", list(calls))),
        Act::Confirm { party } => said("confirm", format!("has confirmed the station of {party} by voice")),
        Act::Ready { with } => {
            said("ready", format!("says that the principal is ready to come on with: {}", list(with)))
        }
        Act::Hold { device, on: true } => said("hold", format!("holds {}", holder(state, device))),
        Act::Hold { device, on: false } => said("hold", format!("holds no longer {}", holder(state, device))),
        Act::Remove { device } => said("remove", format!("takes out of the call {}", holder(state, device))),
        Act::Drop { party, on: true } => said("drop", format!("wants {party} dropped from the call")),
        Act::Drop { party, on: false } => said("drop", format!("does not want {party} dropped any more")),
        Act::ComeOn { with } => said("come_on", format!("comes on with: {}", list(with))),
        Act::TakeDuty { until_ms } => said("duty", format!("takes the duty until {}", Utc(*until_ms))),
        Act::Propose { id, subject, level, at_ms, .. } => {
            let what = format!("proposes to consult about {subject} on line {level} at {}", Utc(*at_ms));
            said("propose", what).about(id)
        }
        Act::Attend { coming: Some(coming), .. } => {
            let office = title(state.charter(), &coming.office);
            said("attend", format!("says that {office} comes to the consultation at {}", Utc(coming.at_ms)))
        }
        Act::Attend { coming: None, .. } => said("attend", "says that nobody of the party comes to the consultation"),
        Act::Withdraw { id } => said("withdraw", "withdraws the proposed consultation").about(id),
        Act::Attach { call, .. } => said("attach", "comes over from another site").about(call),
        Act::StationTested { results } => {
            let result = |r: &trialogue_journal::StationTest| {
                format!("{} {}", r.party, if r.ok { "heard" } else { "not heard" })
            };
            let all: Vec<String> = results.iter().map(result).collect();
            said("station_tested", format!("has tested the line: {}", list(&all))).by_the_clock()
        }
        Act::Alive { .. } => said("alive", "proves that the console lives").by_the_clock(),
        Act::SendTest { text, .. } => said("send_test", format!("sends test text {text}")),
        Act::Stock { .. } => said("stock", "gives a new key with which others let this console read").by_the_clock(),
        Act::Circle { readers, .. } => {
            let all: Vec<String> = readers.iter().map(|reader| holder(state, reader)).collect();
            said("circle", format!("opens a circle of readers: {}", list(&all))).by_the_clock()
        }
        Act::Write { written } => write(written),
        Act::Shown { writings } => said("shown", format!("was shown {}", ids(writings))).by_the_clock(),
        Act::AcknowledgeWriting { writing, read_back: None } => {
            said("acknowledge_writing", format!("acknowledges message {writing}"))
        }
        Act::AcknowledgeWriting { writing, read_back: Some(back) } => {
            said("acknowledge_writing", format!("acknowledges message {writing}, read back in {back}"))
        }
        Act::CertifyWriting { writing } => said("certify_writing", format!("certifies translation {writing}")),
        Act::Archive { writings, destroyed: false } => {
            said("archive", format!("has these contents in the party's archive: {}", ids(writings))).by_the_clock()
        }
        Act::Archive { writings, destroyed: true } => {
            said("destroy", format!("has destroyed these contents in the party's archive: {}", ids(writings)))
        }
        Act::Approve { writing } => said("approve", format!("approves joint text {writing}")),
        Act::Certify { translation, .. } => {
            said("certify", format!("certifies a test text as: {}", quoted(translation)))
        }
    }
}

/// What was written, as far as everybody may know: contents are sealed.
fn write(written: &Written) -> Said {
    let what = match written.kind {
        Kind::Message => "a message",
        Kind::Translation => "a translation",
        Kind::Readout => "a version of a joint text",
        Kind::ReadBack => "a message read back",
    };
    let traffic = match written.traffic {
        Traffic::Principal => "principal",
        Traffic::Service => "service",
        Traffic::Test => "test",
    };
    let about = written.about.map_or_else(String::new, |about| format!(", about {about}"));
    let by = written.answer_by_ms.map_or_else(String::new, |ms| format!(", to be acknowledged by {}", Utc(ms)));
    said("write", format!("writes {what} ({traffic}, {}){about}{by}", urgency(written.precedence)))
}

/// What somebody has written, so that it cannot be taken for what stands around it, nor for a row of its own.
fn quoted(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("\u{201c}{}\u{201d}", words.join(" ").replace(['\u{201c}', '\u{201d}'], "\""))
}

fn ids(writings: &[Hash]) -> String {
    let all: Vec<String> = writings.iter().map(ToString::to_string).collect();
    list(&all)
}

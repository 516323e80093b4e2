//! The written line among real consoles: what was written, what its writers saw as sent, and what each page shows.

use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::DeviceId;
use trialogue_console_core::view::{
    Command, Language, MessageView, Precedence, Reading, Traffic, Waiting, WrittenView,
};

/// The author of each message is who wrote it.
const AUTHOR: &str = "each message shows who wrote it";
/// Nothing is written twice.
const ONCE: &str = "what was written once is shown once";
/// Everybody sees the same.
const SAME: &str = "everybody on the line sees the same messages in one order, and can read them";
/// Nothing is lost.
const KEPT: &str = "nothing is lost that its writer saw as sent";

/// Everything that was written in a network.
#[derive(Default)]
pub(crate) struct Written {
    /// By its text, of which each is another one.
    said: BTreeMap<String, Said>,
}

struct Said {
    by: DeviceId,
    /// Its writer's page has shown it among the messages.
    sent: bool,
}

/// A page that has the line open.
pub(crate) struct Page<'a> {
    pub(crate) name: String,
    pub(crate) device: DeviceId,
    /// A node of its own party is in hostile hands.
    pub(crate) betrayed: bool,
    pub(crate) shows: &'a WrittenView,
}

impl Page<'_> {
    /// Its own party's node has said that this console is not accepted, so that the writer left it out: and sees that.
    fn is_left_out(&self, message: &MessageView, pages: &[Page]) -> bool {
        let writer = pages.iter().find(|page| hex(&page.device) == message.by.device);
        let mut seen = writer.iter().flat_map(|writer| &writer.shows.messages).filter(|shown| shown.id == message.id);
        let names = |shown: &MessageView| shown.without.iter().any(|person| person.device == hex(&self.device));
        self.betrayed && message.reading == Reading::NotForUs && seen.any(names)
    }
}

/// What tells two pages apart of one message: its id, and who has acknowledged it.
fn essence(message: &MessageView) -> (&str, BTreeSet<&str>) {
    (&message.id, message.acknowledged.iter().map(|said| said.by.device.as_str()).collect())
}

impl Written {
    /// How many messages were written.
    pub(crate) fn count(&self) -> usize {
        self.said.len()
    }

    /// What a console writes next on a line.
    pub(crate) fn write(&mut self, by: DeviceId, line: &str) -> Command {
        let text = format!("message {}", self.said.len() + 1);
        self.said.insert(text.clone(), Said { by, sent: false });
        Command::Write {
            line: line.to_owned(),
            language: Language::En,
            text,
            traffic: Traffic::Service,
            precedence: Precedence::Routine,
            marking: String::new(),
            answer_by_ms: None,
            answers: None,
        }
    }

    /// A page shows something else than before.
    ///
    /// # Panics
    /// When it shows what nobody wrote, or in another's name, or twice.
    pub(crate) fn shown(&mut self, page: &Page) {
        let mut texts = BTreeSet::new();
        for message in page.shows.messages.iter().filter(|message| message.reading == Reading::Open) {
            let (name, text) = (&page.name, &message.text);
            let said = self.said.get_mut(text).unwrap_or_else(|| panic!("{AUTHOR}: {name} shows {text:?} of nobody"));
            assert_eq!(message.by.device, hex(&said.by), "{AUTHOR}: {name} shows {text:?} so");
            assert!(texts.insert(text), "{ONCE}: {name} shows {text:?} twice");
            said.sent |= said.by == page.device;
        }
    }

    /// What still differs between pages, or is missing at one; none: everybody sees the same, and nothing is lost.
    pub(crate) fn differs(&self, pages: &[Page]) -> Option<String> {
        for page in pages {
            let (name, shows) = (&page.name, page.shows);
            let is_unread =
                |message: &&MessageView| message.reading != Reading::Open && !page.is_left_out(message, pages);
            if let Some(unread) = shows.messages.iter().find(is_unread) {
                let (by, reading) = (&unread.by.name, unread.reading);
                return Some(format!("{SAME}: {name} cannot read what {by} wrote: {reading:?}"));
            }
            let sent = self.said.iter().filter(|(_, said)| said.sent);
            let all = || pages.iter().flat_map(|page| &page.shows.messages);
            let id = |text: &String| all().find(|shown| shown.text == *text).map(|shown| &shown.id);
            let shown = |text: &&String| shows.messages.iter().any(|shown| Some(&shown.id) == id(text));
            let lost = sent.map(|(text, _)| text).find(|text| !shown(text));
            if let Some(text) = lost {
                return Some(format!("{KEPT}: {name} does not show {text:?}"));
            }
            // What a node refused, its writer sees as refused: a clock that jumped is enough. It may be written anew.
            if let Some(out) = shows.outbox.iter().find(|out| out.waits != Waiting::Refused) {
                return Some(format!("{KEPT}: {name} has not sent {:?}: {:?}", out.text, out.waits));
            }
        }
        let [first, others @ ..] = pages else { return None };
        let all = |page: &Page| page.shows.messages.iter().map(|m| m.text.clone()).collect::<Vec<_>>();
        let other = others.iter().find(|page| {
            let (own, first) = (&page.shows.messages, &first.shows.messages);
            !own.iter().map(essence).eq(first.iter().map(essence))
        });
        other.map(|other| format!("{SAME}: {} {:?}, {} {:?}", first.name, all(first), other.name, all(other)))
    }
}

/// A device's id as pages show it.
fn hex(device: &DeviceId) -> String {
    device.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialogue_console_core::view::{Outgoing, Person};

    const USA: DeviceId = DeviceId([1; 32]);
    const JPN: DeviceId = DeviceId([2; 32]);

    fn message(text: &str, by: DeviceId) -> MessageView {
        let by = Person { device: hex(&by), ..Person::default() };
        MessageView { id: text.to_owned(), by, text: text.to_owned(), ..MessageView::default() }
    }

    fn view(messages: &[MessageView]) -> WrittenView {
        WrittenView { messages: messages.to_vec(), ..WrittenView::default() }
    }

    fn page(device: DeviceId, shows: &WrittenView) -> Page<'_> {
        Page { name: hex(&device)[..2].to_owned(), device, betrayed: false, shows }
    }

    /// One message of the USA and one of Japan, which both have sent.
    fn both() -> (Written, WrittenView) {
        let mut written = Written::default();
        written.write(USA, "leaders");
        written.write(JPN, "leaders");
        let shows = view(&[message("message 1", USA), message("message 2", JPN)]);
        written.shown(&page(USA, &shows));
        written.shown(&page(JPN, &shows));
        (written, shows)
    }

    #[test]
    fn pages_that_show_the_same_do_not_differ() {
        let (written, shows) = both();
        assert_eq!(written.differs(&[page(USA, &shows), page(JPN, &shows)]), None);
    }

    #[test]
    fn another_order_is_noticed_and_so_is_what_is_lost_or_cannot_be_read() {
        let (written, shows) = both();
        let [first, second] = [shows.messages[0].clone(), shows.messages[1].clone()];
        let unread = MessageView { reading: Reading::NotForUs, ..second.clone() };
        for (messages, promise) in
            [(vec![second, first.clone()], SAME), (vec![first.clone()], KEPT), (vec![first, unread], SAME)]
        {
            let other = view(&messages);
            let said = written.differs(&[page(USA, &shows), page(JPN, &other)]);
            assert!(said.as_ref().is_some_and(|said| said.starts_with(promise)), "{said:?}");
        }
    }

    #[test]
    fn whom_its_own_node_betrays_may_be_left_out_if_the_writer_sees_that() {
        let (written, shows) = both();
        let [first, second] = [shows.messages[0].clone(), shows.messages[1].clone()];
        let unread = MessageView { reading: Reading::NotForUs, text: String::new(), ..second.clone() };
        let other = view(&[first.clone(), unread]);
        let without = vec![Person { device: hex(&USA), ..Person::default() }];
        let seen = view(&[first, MessageView { without, ..second }]);
        let usa = || Page { betrayed: true, ..page(USA, &other) };
        assert_eq!(written.differs(&[usa(), page(JPN, &seen)]), None);
        assert!(written.differs(&[usa(), page(JPN, &shows)]).is_some(), "the writer does not see it");
        assert!(written.differs(&[page(USA, &other), page(JPN, &seen)]).is_some(), "its node is honest");
    }

    #[test]
    fn what_its_writer_never_saw_as_sent_need_not_be_there() {
        let (mut written, shows) = both();
        written.write(USA, "leaders");
        assert_eq!(written.differs(&[page(USA, &shows), page(JPN, &shows)]), None);
    }

    #[test]
    fn what_waits_is_waited_for_and_what_was_refused_is_not() {
        let (written, mut shows) = both();
        let out = |waits| Outgoing { text: "message 3".to_owned(), waits, ..Outgoing::default() };
        shows.outbox = vec![out(Waiting::Refused)];
        assert_eq!(written.differs(&[page(USA, &shows)]), None);
        shows.outbox.push(out(Waiting::Sent));
        assert!(written.differs(&[page(USA, &shows)]).is_some_and(|said| said.starts_with(KEPT)));
    }

    #[test]
    #[should_panic(expected = "each message shows who wrote it")]
    fn a_message_in_anothers_name_is_noticed() {
        let (mut written, _) = both();
        written.shown(&page(JPN, &view(&[message("message 1", JPN)])));
    }

    #[test]
    #[should_panic(expected = "what was written once is shown once")]
    fn a_message_that_is_shown_twice_is_noticed() {
        let (mut written, shows) = both();
        written.shown(&page(JPN, &view(&[shows.messages.clone(), shows.messages].concat())));
    }
}

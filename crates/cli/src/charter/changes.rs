//! What an amendment changes, in plain sentences: what officers read before they sign.

use std::fmt::Write as _;
use trialogue_charter::{Charter, Line, Node, Office, Party, Precedence, Suite, Texts, UnverifiedCharter};

/// What changes from one charter to the other, and who has still to agree.
pub fn changes(held: &UnverifiedCharter, next: &UnverifiedCharter) -> String {
    let (old, new) = (held.claims(), next.claims());
    let mut said = Said::default();
    said.parties(old, new);
    said.nodes(old, new);
    said.offices(old, new);
    said.lines(old, new);
    said.policy(old, new);
    let mut out = format!("From serial {} to serial {} (content {}):\n", old.serial, new.serial, next.hash());
    if said.0.is_empty() {
        out.push_str("  nothing changes.\n");
    }
    for sentence in said.0 {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "  - {sentence}");
    }
    match held.verify(None) {
        Err(why) => {
            let _ = writeln!(out, "The charter that this is held against is not valid: {why}");
        }
        Ok(held) => {
            let awaited: Vec<String> = held.awaits(next).iter().map(ToString::to_string).collect();
            let new: Vec<String> = next
                .missing()
                .iter()
                .map(|(party, ..)| party.to_string())
                .filter(|party| !awaited.contains(party))
                .collect();
            let mut all = [awaited, new].concat();
            all.dedup();
            let _ = match next.verify(None).map(|next| next.supersedes(&held)) {
                Ok(Ok(())) if all.is_empty() => writeln!(out, "Everyone has agreed: it can be installed."),
                Ok(Ok(())) => {
                    writeln!(out, "Enough have agreed: it can be installed. Not signed by: {}.", all.join(", "))
                }
                Ok(Err(why)) => writeln!(out, "It cannot be installed: {why}."),
                Err(_) => writeln!(out, "Still to sign: {}.", all.join(", ")),
            };
        }
    }
    out
}

#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn say(&mut self, sentence: impl Into<String>) {
        self.0.push(sentence.into());
    }

    fn parties(&mut self, old: &Charter, new: &Charter) {
        if old.name != new.name {
            self.say(format!("The charter is called \"{}\" instead of \"{}\".", new.name, old.name));
        }
        let (gone, both, come) = compare(&old.parties, &new.parties, |party| party.id.as_str());
        for Party { id, name, .. } in gone {
            self.say(format!(
                "{id} ({}) LEAVES: its nodes, offices and devices are out of every line and call.",
                name.en
            ));
        }
        for Party { id, name, root } in come {
            self.say(format!("{id} ({}) JOINS, with the root {}.", three(name), root.fingerprint()));
        }
        for (before, now) in both {
            if before.name != now.name {
                self.say(format!("{} is called {} instead of {}.", now.id, three(&now.name), three(&before.name)));
            }
            if before.root != now.root {
                let (was, is) = (before.root.fingerprint(), now.root.fingerprint());
                self.say(format!(
                    "{} gets ANOTHER ROOT: {is} instead of {was}. All its devices must be enrolled anew.",
                    now.id
                ));
            }
        }
    }

    fn nodes(&mut self, old: &Charter, new: &Charter) {
        let (gone, both, come) = compare(&old.nodes, &new.nodes, |node| node.id.as_str());
        for Node { id, party, .. } in gone {
            self.say(format!("Node {id} of {party} goes with its party."));
        }
        for Node { id, party, addresses, .. } in come {
            self.say(format!("Node {id} of {party} is added, at {}.", addresses.join(", ")));
        }
        for (before, now) in both {
            let id = &now.id;
            if now.retired && !before.retired {
                self.say(format!(
                    "Node {id} of {} is retired: its consoles must go to another node of their party.",
                    now.party
                ));
                continue;
            }
            if before.origins != now.origins {
                let list =
                    |origins: &[String]| if origins.is_empty() { "any address".to_owned() } else { origins.join(", ") };
                let (is, was) = (list(&now.origins), list(&before.origins));
                self.say(format!("Consoles log in to node {} at {is} instead of {was}.", now.id));
            }
            if before.addresses != now.addresses {
                let (is, was) = (now.addresses.join(", "), before.addresses.join(", "));
                self.say(format!("Node {id} is reached at {is} instead of {was}."));
            }
            if before.journal != now.journal {
                let key = now.journal.fingerprint();
                self.say(format!(
                    "Node {id} signs its journal with another key: {key}. The one before counts for older entries only."
                ));
            }
            for (before, former) in before.former.iter().zip(&now.former) {
                if let (None, Some(last)) = (before.last, former.last) {
                    self.say(format!(
                        "Node {id} has signed its entry {} last with the key that it had before: nothing beyond counts under that key.",
                        last.seq
                    ));
                }
            }
            if before.link != now.link {
                self.say(format!("Node {id} shows another key on links: {}.", hex::encode(now.link)));
            }
        }
    }

    fn offices(&mut self, old: &Charter, new: &Charter) {
        let (gone, both, come) = compare(&old.offices, &new.offices, |office| office.id.as_str());
        for Office { id, party, title, .. } in gone {
            self.say(format!("Office {id} of {party} ({}) is retired: its devices are accepted no more.", title.en));
        }
        for Office { id, party, title, role } in come {
            self.say(format!("Office {id} of {party} ({}) is added, as {}.", three(title), role.name()));
        }
        for (before, now) in both {
            if before.title != now.title {
                self.say(format!(
                    "Office {} has the title {} instead of {}.",
                    now.id,
                    three(&now.title),
                    three(&before.title)
                ));
            }
            if before.role != now.role {
                self.say(format!("Office {} is {} instead of {}.", now.id, now.role.name(), before.role.name()));
            }
        }
    }

    fn lines(&mut self, old: &Charter, new: &Charter) {
        let (gone, both, come) = compare(&old.lines, &new.lines, |line| line.id.as_str());
        for line in gone {
            self.say(format!("Line {} ({}) is taken away: calls on it end.", line.id, line.name.en));
        }
        for line in come {
            self.say(format!("Line {} ({}) is added, marked \"{}\".", line.id, three(&line.name), line.marking));
            self.seats(new, None, line);
        }
        for (before, now) in both {
            self.line(before, now);
            self.seats(new, Some(before), now);
        }
        let order = |charter: &Charter| charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>();
        let (was, is) = (order(old), order(new));
        let kept = |of: &[trialogue_charter::LineId], other: &[trialogue_charter::LineId]| {
            of.iter().filter(|id| other.contains(id)).cloned().collect::<Vec<_>>()
        };
        if kept(&was, &is) != kept(&is, &was) {
            self.say("The board shows the lines in another order.");
        }
    }

    fn line(&mut self, before: &Line, now: &Line) {
        let id = &now.id;
        if before.name != now.name {
            self.say(format!("Line {id} is called {} instead of {}.", three(&now.name), three(&before.name)));
        }
        if before.marking != now.marking {
            self.say(format!("Line {id} is marked \"{}\" instead of \"{}\".", now.marking, before.marking));
        }
        if before.staged != now.staged {
            let so = if now.staged { "are staged: principals come on together" } else { "are not staged any more" };
            self.say(format!("Calls on line {id} {so}."));
        }
        if before.recording != now.recording {
            let (is, was) = (now.recording.name(), before.recording.name());
            self.say(format!("Recording on line {id}: {is} instead of {was}."));
        }
    }

    /// Who may ring, answer and take part on a line, and how urgently.
    fn seats(&mut self, new: &Charter, before: Option<&Line>, now: &Line) {
        let id = &now.id;
        let was = before.map(|line| line.offices.as_slice()).unwrap_or_default();
        let of = |office: &trialogue_charter::OfficeId| {
            new.offices.iter().find(|o| o.id == *office).map_or_else(String::new, |o| format!(" of {}", o.party))
        };
        for office in was.iter().filter(|office| !now.offices.contains(office)) {
            self.say(format!("{office} is taken off line {id}: it rings, answers and takes part there no more."));
        }
        for office in &now.offices {
            let may = now.authority(office).unwrap_or(Precedence::Routine);
            if !was.contains(office) {
                let (of, may) = (of(office), may.name());
                self.say(format!("{office}{of} comes on line {id}: it may ring up to {may}, answer and take part."));
                continue;
            }
            let before = before.and_then(|line| line.authority(office)).unwrap_or(Precedence::Routine);
            if before != may {
                self.say(format!("{office} may ring line {id} up to {} instead of {}.", may.name(), before.name()));
            }
        }
        let kept: Vec<_> = now.offices.iter().filter(|office| was.contains(office)).collect();
        if was.iter().filter(|office| now.offices.contains(office)).collect::<Vec<_>>() != kept {
            self.say(format!("A ring on line {id} comes to the offices in another order."));
        }
    }

    fn policy(&mut self, old: &Charter, new: &Charter) {
        if old.suite != new.suite {
            let name = |id| Suite::of(id).map_or("another suite", Suite::name);
            let (is, was) = (name(new.suite), name(old.suite));
            self.say(format!("Keys are made with {is} instead of {was}: calls in progress change their keys, and are silent while they do."));
        }
        let (before, now) = (&old.policy, &new.policy);
        for (what, before, now) in [
            ("A ring sounds for", before.ring_seconds, now.ring_seconds),
            ("A console out of touch has left after", before.lost_seconds, now.lost_seconds),
            ("A ring alerts people beyond the consoles after", before.alert_seconds, now.alert_seconds),
            ("A ring comes to the next office after", before.escalate_seconds, now.escalate_seconds),
        ] {
            if before != now {
                self.say(format!("{what} {now} s instead of {before} s."));
            }
        }
        for (what, before, now) in [
            ("Every path is measured every", before.tests.path_seconds, now.tests.path_seconds),
            (
                "Stations call each other, and consoles on watch prove themselves, every",
                before.tests.station_seconds,
                now.tests.station_seconds,
            ),
            ("Officers exchange a test text every", before.tests.human_seconds, now.tests.human_seconds),
        ] {
            if before != now {
                self.say(format!("{what} {now} s instead of {before} s."));
            }
        }
        if before.removal != now.removal {
            let (is, was) = (now.removal.name(), before.removal.name());
            self.say(format!("The others may drop a party from a call: {is} instead of {was}."));
        }
        if before.amending != now.amending {
            let (is, was) = (now.amending.name(), before.amending.name());
            self.say(format!("Amendments are signed by {is} instead of {was}."));
        }
        match (before.picture_step, now.picture_step) {
            (before, now) if before == now => {}
            (_, None) => self.say("Pictures are not filled any more: they are as long as they come.".to_owned()),
            (_, Some(step)) => {
                self.say(format!("Pictures are filled to multiples of {step} bytes before they are sealed."));
            }
        }
        for gone in before.relays.iter().filter(|barred| !now.relays.contains(barred)) {
            self.say(format!("{} may relay media of {}.", gone.via, gone.party));
        }
        for come in now.relays.iter().filter(|barred| !before.relays.contains(barred)) {
            self.say(format!("{} may not relay media of {} any more.", come.via, come.party));
        }
        let (gone, both, come) = compare(&old.subjects, &new.subjects, |subject| subject.id.as_str());
        for subject in gone {
            self.say(format!("Consultations about \"{}\" are not asked for any more.", subject.text.en));
        }
        for subject in come {
            self.say(format!("A consultation may be about: {}.", three(&subject.text)));
        }
        for (before, now) in both.into_iter().filter(|(before, now)| before.text != now.text) {
            self.say(format!("Subject {} says {} instead of {}.", now.id, three(&now.text), three(&before.text)));
        }
    }
}

type Compared<'a, T> = (Vec<&'a T>, Vec<(&'a T, &'a T)>, Vec<&'a T>);

/// Those that are gone, those in both, those that have come.
fn compare<'a, T>(old: &'a [T], new: &'a [T], id: impl Fn(&T) -> &str) -> Compared<'a, T> {
    let find = |list: &'a [T], wanted: &T| list.iter().find(|other| id(other) == id(wanted));
    let gone = old.iter().filter(|item| find(new, item).is_none()).collect();
    let both = new.iter().filter_map(|item| Some((find(old, item)?, item))).collect();
    let come = new.iter().filter(|item| find(old, item).is_none()).collect();
    (gone, both, come)
}

fn three(texts: &Texts) -> String {
    format!("{} · {} · {}", texts.en, texts.ja, texts.ko)
}

//! Who may do what under a charter, in sentences for people who have never seen one.

use super::show::three;
use std::fmt::{Result, Write};
use trialogue_charter::{Charter, Line, Office, OfficeId, Party, Recording, Removal, Role, Tests};

/// Lines with their offices, then what holds for all of them.
pub(super) fn describe(out: &mut String, charter: &Charter) -> Result {
    for line in &charter.lines {
        writeln!(out, "\nLine {} — {} [{}]", line.id, three(&line.name), line.marking)?;
        for party in &charter.parties {
            of_party(out, charter, line, party)?;
        }
        if charter.offices.iter().any(|o| o.role == Role::Station && line.offices.contains(&o.id)) {
            writeln!(out, "  A test line: machines of the parties call each other here; no person is on it.")?;
        }
        if line.staged {
            writeln!(
                out,
                "  Duty officers talk first; principals are neither seen nor heard until all are ready, and come on together."
            )?;
        }
        match line.recording {
            Recording::None => writeln!(out, "  Nobody records voice or picture.")?,
            Recording::EachParty => {
                writeln!(out, "  Each party may keep a recording of its own; every console says so.")?
            }
        }
    }
    on_every_line(out, charter)
}

fn of_party(out: &mut String, charter: &Charter, line: &Line, party: &Party) -> Result {
    let held = |id: &OfficeId| charter.offices.iter().find(|office| office.id == *id && office.party == party.id);
    let (acting, others): (Vec<&Office>, Vec<_>) =
        line.offices.iter().filter_map(held).partition(|office| office.role.acts_for_party());
    if acting.is_empty() && others.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {} — {}", party.id, three(&party.name))?;
    for (index, office) in acting.iter().enumerate() {
        let may = line.authority(&office.id).unwrap_or_default().name();
        let what = match office.role {
            Role::Principal => ", principal",
            Role::Station => ", a machine that tests the line",
            _ => "",
        };
        let turn = turn(index, charter.policy.escalate_seconds);
        writeln!(out, "    {}{what} ({turn}) may ring up to {may}", title(office))?;
    }
    for office in others {
        let what = match office.role {
            Role::NoteTaker => "note-taker: listens, visibly, and is not rung",
            _ => "interpreter: speaks and hears, does not act for the party, and is not rung",
        };
        writeln!(out, "    {}, {what}", title(office))?;
    }
    Ok(())
}

fn turn(index: usize, escalate_seconds: u16) -> String {
    match (index, escalate_seconds) {
        (_, 0) => "rung at once".to_owned(),
        (0, _) => "rung first".to_owned(),
        (index, seconds) => format!("rung as well after {} s", index * usize::from(seconds)),
    }
}

fn on_every_line(out: &mut String, charter: &Charter) -> Result {
    let policy = &charter.policy;
    writeln!(out, "\nOn every line")?;
    writeln!(
        out,
        "  Only holders of its offices can ring, answer or join it. A ring goes to every other party on the line."
    )?;
    writeln!(
        out,
        "  Policy: a ring sounds {} s, unanswered for {} s it alerts people beyond the consoles; a console out of touch for {} s has left.",
        policy.ring_seconds, policy.alert_seconds, policy.lost_seconds
    )?;
    match policy.escalate_seconds {
        0 => writeln!(out, "  It sounds at all of a party's offices on the line at once.")?,
        seconds => writeln!(
            out,
            "  It sounds at a party's first office on the line, and every {seconds} s at the next one as well; an office where nobody is on watch is passed over."
        )?,
    }
    let Tests { path_seconds, station_seconds, human_seconds } = policy.tests;
    writeln!(
        out,
        "  Tests: every path is measured every {path_seconds} s; stations call each other and consoles on watch prove themselves every {station_seconds} s; officers exchange, translate and certify a test text every {human_seconds} s."
    )?;
    match policy.removal {
        Removal::Never => writeln!(out, "  A party leaves a call by its own act alone.")?,
        Removal::Majority => {
            writeln!(
                out,
                "  More than half of a line's parties may drop a party from a call; it is recorded who said so."
            )?;
        }
    }
    if let Some(step) = policy.picture_step {
        writeln!(
            out,
            "  Pictures are filled to multiples of {step} bytes before they are sealed: whoever watches a path sees less of what they show."
        )?;
    }
    for barred in &policy.relays {
        writeln!(
            out,
            "  Media of {} is not relayed by {}, even where there is no other way; text and the record still are.",
            barred.party, barred.via
        )?;
    }
    if !charter.subjects.is_empty() {
        writeln!(out, "  Consultations may be about:")?;
        for subject in &charter.subjects {
            writeln!(out, "    {} — {}", subject.id, three(&subject.text))?;
        }
    }
    Ok(())
}

fn title(office: &Office) -> String {
    format!("{:<24} {}", office.id, three(&office.title))
}

//! The plan of the demo's charter, as a person would write it.

use super::cast::{
    ESCALATE_SECONDS, LINES, LineRole, MARKING, OfficeRole, PARTIES, PICTURE_STEP, SUBJECTS, TEST_LINE, Three,
};
use std::fmt::Write as _;
use trialogue_charter::Suite;

/// `charter.toml` of the demo.
/// `alternates`: parties with a second node; `stations`: with a test line.
pub fn plan_text(suite: Suite, alternates: &[&str], stations: bool) -> String {
    let wanted = |office: &&OfficeRole| stations || office.role != "station";
    let lower = PARTIES.each_ref().map(|party| party.id.to_ascii_lowercase());
    let main = lower.iter().map(|party| format!("{party}/node.pub"));
    let second = alternates.iter().map(|party| format!("{}/alternate/node.pub", party.to_ascii_lowercase()));
    let nodes = main.chain(second);
    let mut text = format!(
        "# The plan of the demo's charter, as `trialogue charter draft` reads it.\n\
         name = \"Demonstration\"\nserial = 1\nsuite = \"{}\"\nparties = [{}]\nnodes = [{}]\n\n\
         [policy]\nescalate_seconds = {ESCALATE_SECONDS}\nremoval = \"majority\"\npicture_step = {PICTURE_STEP}\n",
        suite.name(),
        quoted(lower.iter().map(|party| format!("{party}/party.pub")).collect()),
        quoted(nodes.collect()),
    );
    // Writing into a String cannot fail.
    for party in &PARTIES {
        for OfficeRole { id, title, role, .. } in party.offices.iter().filter(wanted) {
            let (title, party) = (three(title), party.id);
            let _ =
                write!(text, "\n[[office]]\nid = \"{id}\"\nparty = \"{party}\"\ntitle = {title}\nrole = \"{role}\"\n");
        }
    }
    for line in LINES.iter().filter(|line| stations || line.id != TEST_LINE) {
        describe(&mut text, line);
    }
    for (id, subject) in &SUBJECTS {
        let _ = write!(text, "\n[[subject]]\nid = \"{id}\"\ntext = {}\n", three(subject));
    }
    text
}

fn describe(text: &mut String, line: &LineRole) {
    let on_line = || PARTIES.iter().flat_map(|party| &party.offices).filter(|office| office.lines.contains(&line.id));
    let acting = on_line().filter(|office| matches!(office.role, "duty-officer" | "principal"));
    let authority: Vec<String> =
        acting.map(|office| format!("{} = {}", office.id, toml_text(line.authority))).collect();
    // Writing into a String cannot fail.
    let _ = write!(
        text,
        "\n[[line]]\nid = \"{}\"\nname = {}\nmarking = {}\noffices = [{}]\nauthority = {{ {} }}\nstaged = {}\n",
        line.id,
        three(&line.name),
        toml_text(MARKING),
        quoted(on_line().map(|office| office.id.to_owned()).collect()),
        authority.join(", "),
        line.staged,
    );
}

fn quoted(words: Vec<String>) -> String {
    words.iter().map(|word| toml_text(word)).collect::<Vec<_>>().join(", ")
}

fn three([en, ja, ko]: &Three) -> String {
    format!("{{ en = {}, ja = {}, ko = {} }}", toml_text(en), toml_text(ja), toml_text(ko))
}

/// A text as TOML writes it.
pub fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

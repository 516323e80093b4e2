//! From `charter.toml` and public key files to a charter to be signed.

use super::journals::Ends;
use super::plan::{BarredPlan, LinePlan, Plan, PolicyPlan, SubjectPlan, TestsPlan, TextsPlan};
use crate::{Failure, files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::Spanned;
use trialogue_charter::keyfile::{BadKeyFile, NodePublic, PartyPublic};
use trialogue_charter::limits::{
    ALERT_SECONDS, ESCALATE_SECONDS, LOST_SECONDS, MARKING_MAX, PICTURE_STEP, RING_SECONDS, TEXT_MAX,
};
use trialogue_charter::limits::{HUMAN_SECONDS, PATH_SECONDS, STATION_SECONDS};
use trialogue_charter::text::{Form, refuse};
use trialogue_charter::*;
use zeroize::Zeroizing;

/// Seconds a ring sounds, where the plan does not say.
const RING_USUAL: u16 = 60;
/// Seconds unanswered before people beyond the consoles are alerted, where the plan does not say.
const ALERT_USUAL: u16 = 20;
/// Seconds out of touch before a console is lost, where the plan does not say.
const LOST_USUAL: u16 = 10;

/// Reads a plan and the files that it names. A wrong line is named. `amends`: the charter in force that it is to take
/// the place of. `ends`: where journals ended under keys that were replaced.
pub fn draft(plan: &Path, amends: Option<&Charter>, ends: Option<&Ends>) -> Result<UnverifiedCharter, Failure> {
    draft_text(plan, &files::read_text(plan)?, amends, ends, &files::read_text)
}

/// The same of a text that stands at `plan`, with the files that `read` finds.
pub fn draft_text(
    plan: &Path,
    text: &str,
    amends: Option<&Charter>,
    ends: Option<&Ends>,
    read: &ReadText<'_>,
) -> Result<UnverifiedCharter, Failure> {
    let reader = Reader { path: plan, text, read };
    let mut charter = reader.charter(toml::from_str(text).map_err(|error| reader.syntax(&error))?)?;
    super::amend::carry_over(&mut charter, amends, ends).map_err(|why| Failure::content(plan, why))?;
    UnverifiedCharter::draft(charter).map_err(|why| Failure::content(plan, why))
}

/// Reads a file that a plan names.
pub type ReadText<'a> = dyn Fn(&Path) -> Result<Zeroizing<String>, Failure> + 'a;

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    read: &'a ReadText<'a>,
}

impl Reader<'_> {
    fn charter(&self, plan: Plan) -> Result<Charter, Failure> {
        let mut parties: Vec<Party> = self.public_files(&plan.parties, |text| Ok(PartyPublic::parse(text)?.0))?;
        let mut nodes: Vec<Node> = self.public_files(&plan.nodes, |text| Ok(NodePublic::parse(text)?.0))?;
        let party_ids: BTreeSet<_> = parties.iter().map(|party| party.id.clone()).collect();
        let mut offices = Vec::new();
        for office in &plan.offices {
            let party: PartyId = self.id(&office.party)?;
            if !party_ids.contains(&party) {
                return Err(self.wrong(
                    &office.party,
                    format!("no file in `parties` is of party {party}: add its party.pub, or correct the id"),
                ));
            }
            let role = self.word(office.role.as_ref(), "role", Role::named, &Role::ALL.map(Role::name))?;
            offices.push(Office { id: self.id(&office.id)?, party, title: self.texts(&office.title)?, role });
        }
        let office_ids: BTreeSet<_> = offices.iter().map(|office| office.id.clone()).collect();
        let mut lines = Vec::new();
        for line in &plan.lines {
            let mut on_line = Vec::new();
            for office in &line.offices {
                let id: OfficeId = self.id(office)?;
                if !office_ids.contains(&id) {
                    return Err(self
                        .wrong(office, format!("there is no [[office]] with id \"{id}\": add it, or correct the id")));
                }
                on_line.push(id);
            }
            let marking = self.shown(&line.marking, MARKING_MAX)?;
            lines.push(Line {
                id: self.id(&line.id)?,
                name: self.texts(&line.name)?,
                marking,
                authority: self.authority(line, &on_line)?,
                offices: on_line,
                staged: line.staged,
                recording: self.word(
                    line.recording.as_ref(),
                    "recording policy",
                    Recording::named,
                    &Recording::ALL.map(Recording::name),
                )?,
            });
        }
        for (id, origins) in &plan.origins {
            let Some(node) = nodes.iter_mut().find(|node| node.id.as_str() == id) else {
                return Err(Failure::content(
                    self.path,
                    format!(
                        "[origins] names the node {id}, and no file in `nodes` is of it: add its node.pub, or correct the id"
                    ),
                ));
            };
            for origin in origins {
                if !is_origin(origin.get_ref()) {
                    let why = format!(
                        "\"{}\" is no origin: write https://host or https://host:port, without a path",
                        origin.get_ref()
                    );
                    return Err(self.wrong(origin, why));
                }
                node.origins.push(origin.get_ref().clone());
            }
            node.origins.sort();
            node.origins.dedup();
        }
        let subject = |subject: &SubjectPlan| -> Result<Subject, Failure> {
            Ok(Subject { id: self.id(&subject.id)?, text: self.texts(&subject.text)? })
        };
        let subjects = plan.subjects.iter().map(subject).collect::<Result<_, _>>()?;
        parties.sort_by(|a, b| a.id.cmp(&b.id));
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        offices.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Charter {
            version: validate::VERSION,
            name: self.shown(&plan.name, TEXT_MAX)?,
            serial: plan.serial,
            suite: self.suite(plan.suite.as_ref())?.id(),
            parties,
            nodes,
            offices,
            lines,
            policy: Policy {
                ring_seconds: self.seconds(plan.policy.ring_seconds.as_ref(), RING_USUAL, RING_SECONDS)?,
                alert_seconds: self.seconds(plan.policy.alert_seconds.as_ref(), ALERT_USUAL, ALERT_SECONDS)?,
                escalate_seconds: self.seconds(plan.policy.escalate_seconds.as_ref(), 0, ESCALATE_SECONDS)?,
                lost_seconds: self.seconds(plan.policy.lost_seconds.as_ref(), LOST_USUAL, LOST_SECONDS)?,
                removal: self.word(
                    plan.policy.removal.as_ref(),
                    "removal policy",
                    Removal::named,
                    &Removal::ALL.map(Removal::name),
                )?,
                amending: self.word(
                    plan.policy.amending.as_ref(),
                    "rule for amendments",
                    Amending::named,
                    &Amending::ALL.map(Amending::name),
                )?,
                relays: self.relays(&plan.policy)?,
                tests: self.tests(&plan.policy.tests)?,
                picture_step: match plan.policy.picture_step.as_ref() {
                    None => None,
                    step => Some(self.within(step, 0, PICTURE_STEP, "bytes")?),
                },
            },
            subjects,
        })
    }

    fn relays(&self, policy: &PolicyPlan) -> Result<Vec<Barred>, Failure> {
        let barred = |plan: &BarredPlan| -> Result<Barred, Failure> {
            Ok(Barred { party: self.id(&plan.party)?, via: self.id(&plan.via)? })
        };
        let mut all: Vec<Barred> = policy.no_relay.iter().map(barred).collect::<Result<_, _>>()?;
        all.sort();
        all.dedup();
        Ok(all)
    }

    fn authority(&self, line: &LinePlan, on_line: &[OfficeId]) -> Result<Vec<Authority>, Failure> {
        let mut all = Vec::new();
        for (office, name) in &line.authority {
            let Some(office) = on_line.iter().find(|id| id.as_str() == office) else {
                return Err(self.wrong(
                    name,
                    format!("\"{office}\" is not in this line's `offices`: add it there, or correct the id"),
                ));
            };
            let Some(up_to) = Precedence::named(name.get_ref()) else {
                let above: Vec<_> = Precedence::ALL.into_iter().skip(1).map(Precedence::name).collect();
                let why = format!("\"{}\" is no precedence: write one of {}", name.get_ref(), above.join(", "));
                return Err(self.wrong(name, why));
            };
            // Every office may ring routine; saying so is allowed here and not repeated in the charter.
            if up_to > Precedence::Routine {
                all.push(Authority { office: office.clone(), up_to });
            }
        }
        Ok(all)
    }

    /// One of a few words; the usual one where nothing is written.
    fn word<T: Default>(
        &self,
        text: Option<&Spanned<String>>,
        what: &str,
        named: fn(&str) -> Option<T>,
        all: &[&str],
    ) -> Result<T, Failure> {
        let Some(text) = text else { return Ok(T::default()) };
        named(text.get_ref())
            .ok_or_else(|| self.wrong(text, format!("\"{}\" is no {what}: write {}", text.get_ref(), all.join(", "))))
    }

    fn public_files<T>(
        &self,
        names: &[Spanned<String>],
        parse: impl Fn(&str) -> Result<T, BadKeyFile>,
    ) -> Result<Vec<T>, Failure> {
        let read = |name: &Spanned<String>| {
            let path: PathBuf = self.path.parent().unwrap_or(Path::new("")).join(name.get_ref());
            let text = (self.read)(&path).map_err(|why| self.wrong(name, why))?;
            parse(&text).map_err(|why| Failure::at_line(&path, why.line, why.what))
        };
        names.iter().map(read).collect()
    }

    fn id<T: FromStr<Err = BadId>>(&self, value: &Spanned<String>) -> Result<T, Failure> {
        value.get_ref().parse().map_err(|why: BadId| self.wrong(value, format!("\"{}\": {why}", value.get_ref())))
    }

    fn texts(&self, texts: &TextsPlan) -> Result<Texts, Failure> {
        let shown = |text| self.shown(text, TEXT_MAX);
        Ok(Texts { en: shown(&texts.en)?, ja: shown(&texts.ja)?, ko: shown(&texts.ko)? })
    }

    fn shown(&self, text: &Spanned<String>, max: usize) -> Result<String, Failure> {
        match refuse(text.get_ref(), Form::Name, max) {
            Ok(()) => Ok(text.get_ref().clone()),
            Err(why) => Err(self.wrong(text, format!("this text cannot be shown: {why}"))),
        }
    }

    fn suite(&self, name: Option<&Spanned<String>>) -> Result<Suite, Failure> {
        let Some(name) = name else {
            return Ok(Suite::Cnsa2);
        };
        Suite::named(name.get_ref())
            .ok_or_else(|| self.wrong(name, format!("\"{}\" is no cipher suite: write cnsa2 or xwing", name.get_ref())))
    }

    fn tests(&self, plan: &TestsPlan) -> Result<Tests, Failure> {
        let usual = Tests::default();
        Ok(Tests {
            path_seconds: self.seconds(plan.path_seconds.as_ref(), usual.path_seconds, PATH_SECONDS)?,
            station_seconds: self.seconds(plan.station_seconds.as_ref(), usual.station_seconds, STATION_SECONDS)?,
            human_seconds: self.seconds(plan.human_seconds.as_ref(), usual.human_seconds, HUMAN_SECONDS)?,
        })
    }

    fn seconds<T: Copy + PartialOrd + std::fmt::Display>(
        &self,
        value: Option<&Spanned<T>>,
        usual: T,
        bounds: std::ops::RangeInclusive<T>,
    ) -> Result<T, Failure> {
        self.within(value, usual, bounds, "seconds")
    }

    fn within<T: Copy + PartialOrd + std::fmt::Display>(
        &self,
        value: Option<&Spanned<T>>,
        usual: T,
        bounds: std::ops::RangeInclusive<T>,
        unit: &str,
    ) -> Result<T, Failure> {
        match value {
            None => Ok(usual),
            Some(value) if bounds.contains(value.get_ref()) => Ok(*value.get_ref()),
            Some(value) => {
                let (least, most) = (bounds.start(), bounds.end());
                Err(self.wrong(value, format!("{} {unit} are not possible: write {least} to {most}", value.get_ref())))
            }
        }
    }

    fn wrong<T>(&self, at: &Spanned<T>, why: impl std::fmt::Display) -> Failure {
        Failure::at_line(self.path, line_of(self.text, at.span().start), why)
    }

    fn syntax(&self, error: &toml::de::Error) -> Failure {
        let message = error.message().trim().replace('\n', " ");
        let remedy = if message.starts_with("unknown field") {
            "correct the spelling or remove the line"
        } else if message.starts_with("missing field") {
            "add it; spec/charter.md shows a whole charter.toml"
        } else {
            "write it as TOML: text in double quotes, lists in brackets"
        };
        let why = format!("{message}: {remedy}");
        match error.span() {
            Some(span) => Failure::at_line(self.path, line_of(self.text, span.start), why),
            None => Failure::content(self.path, why),
        }
    }
}

/// The line, from 1, in which a byte of the text stands.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

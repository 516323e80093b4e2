//! Consultations as all journals together show them.

use super::consult::{Attendance, Proposal};
use super::duty::is_believed;
use super::node::NodeState;
use super::{Ignored, State};
use crate::statement::{Act, Statement};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, Hash, LineId, NodeId, PartyId};

/// A consultation that waits for its time, or for somebody to begin it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consultation {
    /// Its id; the call's, once it is begun.
    pub id: CallId,
    /// At which node it was proposed.
    pub node: NodeId,
    /// By which party.
    pub party: PartyId,
    /// What was proposed.
    pub proposal: Proposal,
    /// What each party that has an office on the line on which to meet has answered last; none: no word yet.
    pub answers: BTreeMap<PartyId, Option<Attendance>>,
}

impl State {
    /// Consultations that wait, by their time: not withdrawn, not begun, not over, not of years to come, by nobody who
    /// was revoked since. `now_ms`: the reader's clock, milliseconds since 1970 UTC.
    pub fn consultations(&self, now_ms: u64) -> Vec<Consultation> {
        let mut all = Vec::new();
        for (node, state) in &self.nodes {
            let waits = |(id, proposal): &(&CallId, &Proposal)| {
                let begun = proposal.may_begin(now_ms) && self.is_begun(id, proposal);
                !begun && !proposal.is_over(now_ms) && proposal.is_asked(now_ms) && !self.is_revoked(&proposal.by)
            };
            for (id, proposal) in state.proposals().filter(waits) {
                let parties = self.charter.parties_on_line(&proposal.level).map(|party| party.id.clone());
                let answers = parties.map(|party| (party.clone(), self.answer_to(proposal, &party, now_ms)));
                all.push(Consultation {
                    id: *id,
                    node: node.clone(),
                    party: state.party.clone(),
                    answers: answers.collect(),
                    proposal: proposal.clone(),
                });
            }
        }
        all.sort_by(|a, b| (a.proposal.at_ms, a.id, &a.node).cmp(&(b.proposal.at_ms, b.id, &b.node)));
        all
    }

    /// Somebody is in on the line on which to meet, for this consultation: of two parties, or of one whose ring is over for no other. Who rang with its id before its
    /// time and stays has not begun it. Where its own node knows of that, it waits no more at all.
    fn is_begun(&self, id: &CallId, proposal: &Proposal) -> bool {
        let level = &proposal.level;
        let in_it = |node: &&NodeState| {
            node.present(level).any(|(_, there)| there.call == *id || there.ring.is_some_and(|ring| ring.call == *id))
        };
        let there: BTreeSet<&PartyId> = self.nodes.values().filter(in_it).map(|node| &node.party).collect();
        there.len() > 1 || (there.len() == 1 && !self.is_over_for_another(level, id, |party| there.contains(party)))
    }

    /// Is a ring on a line over for a party that is none of these?
    pub fn is_over_for_another(&self, line: &LineId, call: &CallId, but: impl Fn(&PartyId) -> bool) -> bool {
        let mut others = self.charter.parties_on_line(line).map(|party| &party.id).filter(|party| !but(party));
        others.any(|party| self.response(line, party, call).is_over())
    }

    /// What a party has answered last, at any of its nodes, on a line of the consultation; what a node says of years to
    /// come comes after nothing.
    fn answer_to(&self, proposal: &Proposal, party: &PartyId, now_ms: u64) -> Option<Attendance> {
        let nodes = self.nodes.values().filter(|node| node.party == *party);
        let said = nodes.filter_map(|node| node.consultations.attendances().get(&proposal.hash));
        let meant = said.filter(|said| {
            said.level == proposal.level
                && (said.line == proposal.line || said.line == proposal.level)
                && !self.is_revoked(&said.by)
        });
        meant.max_by_key(|said| (is_believed(said.time_ms, now_ms), said.time_ms)).cloned()
    }

    /// Nobody answers what was never proposed, is over, or was proposed on other lines.
    pub(super) fn judge_attendance(&self, statement: &Statement, now_ms: u64) -> Result<(), Ignored> {
        let Act::Attend { proposal, level, .. } = &statement.act else { return Ok(()) };
        let fits = |waiting: &Consultation| {
            let proposed = &waiting.proposal;
            proposed.hash == *proposal
                && proposed.level == *level
                && (statement.line == proposed.line || statement.line == proposed.level)
        };
        if self.consultations(now_ms).iter().any(fits) { Ok(()) } else { Err(Ignored::NoConsultation) }
    }

    /// Calls that the consultations to be held on a line become: what the parties did with a ring of that id says whether one is begun.
    pub(super) fn consultations_on<'a>(&'a self, line: &'a LineId) -> impl Iterator<Item = CallId> + 'a {
        let all = self.nodes.values().flat_map(|node| node.proposals());
        all.filter(move |(_, proposal)| proposal.level == *line).map(|(id, _)| *id)
    }

    /// Positions of the entries that propose what waits, and that answer what waits anywhere, with the devices' enrolments.
    pub(super) fn relevant_consultations(&self, node: &NodeState, seqs: &mut BTreeSet<u64>) {
        let all = self.nodes.values().flat_map(|node| node.proposals());
        let waiting: BTreeSet<Hash> = all.map(|(_, proposal)| proposal.hash).collect();
        let proposed = node.proposals().map(|(_, proposal)| (proposal.by, proposal.seq));
        let answered = node.consultations.attendances().iter().filter(|(hash, _)| waiting.contains(hash));
        let answered = answered.map(|(_, said)| (said.by, said.seq));
        for (device, seq) in proposed.chain(answered) {
            seqs.insert(seq);
            seqs.extend(node.enrolled.get(&device).map(|known| known.seq));
        }
    }
}

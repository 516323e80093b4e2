//! `trialogue enrol`: a one-time link for one device of an office.

use crate::{Failure, charter, entropy, party};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use trialogue_charter::{EnrolmentLink, OfficeId, PartyId, PersonName, VerifiedCharter, origin_of};
use zeroize::Zeroizing;

/// Longest validity of a link in days: whoever gets hold of an unused link is the office holder.
const DAYS_MAX: u16 = 90;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// For whom.
#[derive(clap::Args)]
pub struct Arguments {
    /// The party's root.key or root.token.
    #[arg(long)]
    pub root: PathBuf,
    /// The charter in force.
    #[arg(long)]
    pub charter: PathBuf,
    /// Office that the device serves, for example jpn-duty-officer.
    #[arg(long)]
    pub office: OfficeId,
    /// Name of the person, shown to the others in a call.
    #[arg(long)]
    pub person: String,
    /// Days until an unused link runs out.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    pub valid_days: u16,
    /// Address of the party's node as browsers open it, for example `https://hotline.example.jp`.
    #[arg(long)]
    pub node_url: String,
}

/// Prints the link and nothing else, so that it can be passed on.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let root = party::read_root(&arguments.root)?;
    let claimed = charter::read(&arguments.charter)?;
    let verified = claimed
        .verify(Some(&root.key.public().fingerprint()))
        .map_err(|why| Failure::content(&arguments.charter, why))?;
    let not_after_ms = now_ms()?.saturating_add(u64::from(arguments.valid_days).saturating_mul(DAY_MS));
    let link = issue(&root, &verified, &arguments.office, &arguments.person, not_after_ms)?;
    let url = url(&arguments.node_url, &link)?;
    is_where_consoles_log_in(&verified, &root.party, &arguments.node_url)?;
    println!("{}", url.as_str());
    eprintln!(
        "One device can enrol for {} with this link within {} days. Pass it on as you would a key.",
        arguments.office, arguments.valid_days
    );
    Ok(())
}

/// A link to another address would enrol a device that no node lets in. Where a node of the party has no origins in the
/// charter, any address may be its.
fn is_where_consoles_log_in(charter: &VerifiedCharter, party: &PartyId, node_url: &str) -> Result<(), Failure> {
    let nodes: Vec<_> = charter.in_service().filter(|node| node.party == *party).collect();
    let origin = origin_of(node_url);
    if nodes.iter().any(|node| node.origins.is_empty() || node.origins.contains(&origin)) {
        return Ok(());
    }
    let own: Vec<_> = nodes.iter().flat_map(|node| node.origins.iter().map(String::as_str)).collect();
    Err(Failure::said(format!(
        "--node-url {node_url}: no node of {party} lets consoles in at {origin}; the charter has {}",
        own.join(", ")
    )))
}

/// Makes a link for an office of the root's party.
pub fn issue(
    root: &party::Root,
    charter: &VerifiedCharter,
    office: &OfficeId,
    person: &str,
    not_after_ms: u64,
) -> Result<EnrolmentLink, Failure> {
    if charter.office(office).is_none_or(|office| office.party != root.party) {
        let own: Vec<_> = charter
            .offices
            .iter()
            .filter(|office| office.party == root.party)
            .map(|office| office.id.as_str())
            .collect();
        let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        return Err(Failure::said(format!(
            "party {} has no office {office} in the charter; it has: {own}",
            root.party
        )));
    }
    let person = PersonName::new(person).map_err(|why| Failure::said(format!("--person is not usable: {why}")))?;
    let entropy = entropy::draw::<48>()?;
    EnrolmentLink::issue_as_root(&root.key, root.party.clone(), office.clone(), person, not_after_ms, &entropy)
        .map_err(|why| Failure::said(why.to_string()))
}

/// The whole link: the node's address and the secret after `#`.
pub fn url(node_url: &str, link: &EnrolmentLink) -> Result<Zeroizing<String>, Failure> {
    let base = node_url.trim_end_matches('/');
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let is_local =
        local.iter().any(|host| base.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    if base.contains(['#', '?', ' ']) || !(base.starts_with("https://") || is_local) {
        return Err(Failure::said(format!(
            "--node-url {node_url} is not usable: write https:// and the host, without # or ?"
        )));
    }
    Ok(Zeroizing::new(format!("{base}/#{}", link.to_fragment().as_str())))
}

/// The clock of this machine, milliseconds since 1970 UTC.
pub fn now_ms() -> Result<u64, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .ok_or_else(|| Failure::said("the clock of this machine is before 1970: set it"))
}

//! A station beside every node, which tests the line by itself.

use super::house::House;
use crate::Failure;
use std::fs::OpenOptions;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// The running stations. Dropping them kills them; they also end with this process, whose end of their standard input
/// closes.
pub struct Stations(Vec<Child>);

impl Stations {
    /// Starts one per party; each writes what it does to its own log.
    pub fn start(house: &House) -> Result<Self, Failure> {
        let mut children = Vec::new();
        for household in &house.parties {
            let offices = household.role.offices.iter();
            let Some(office) = offices.into_iter().find(|office| office.role == "station") else { continue };
            let failed = |why: std::io::Error| Failure::said(format!("{} cannot be started ({why})", office.id));
            let log = household.dir.join("station.log");
            let out = OpenOptions::new().create(true).append(true).open(&log).map_err(failed)?;
            let identity = household.dir.join("station");
            let mut command = Command::new(std::env::current_exe().map_err(failed)?);
            command.arg("station").arg("--identity").arg(&identity).args(["--node", &household.url(), "--stdin"]);
            if !identity.join("device.secret").exists() {
                command.args(["--link", house.link(household, office)?.as_str()]);
            }
            let errors = out.try_clone().map_err(failed)?;
            let child = command.stdin(Stdio::piped()).stdout(out).stderr(errors).kill_on_drop(true).spawn();
            children.push(child.map_err(failed)?);
        }
        Ok(Self(children))
    }

    /// Ends them.
    pub async fn stop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill().await;
        }
    }
}

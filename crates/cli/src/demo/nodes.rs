//! The three node processes: started, waited for, watched, stopped.

use super::house::House;
use crate::Failure;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// How long a node may take until it answers, and its links until they are up.
const START_MAX: Duration = Duration::from_secs(30);
/// Between two looks at a node that is starting.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a node may take to stop before it is killed.
const STOP_MAX: Duration = Duration::from_secs(5);
/// Largest health answer read, in bytes.
const HEALTH_MAX: u64 = 64 << 10;

/// The running nodes. Dropping them kills them.
pub struct Nodes(Vec<Running>);

struct Running {
    node: String,
    log: PathBuf,
    child: Child,
}

impl Nodes {
    /// Starts one process per node; each writes its own log.
    pub fn start(house: &House) -> Result<Self, Failure> {
        let main = house.parties.iter().map(|household| (household.node.clone(), &household.dir));
        let second = house
            .parties
            .iter()
            .filter_map(|household| household.alternate.as_ref().map(|(dir, _)| (household.alternate_node(), dir)));
        main.chain(second).map(|(node, dir)| Running::start(node, dir)).collect::<Result<_, _>>().map(Self)
    }

    /// Waits until every node answers and every pair has a link.
    pub async fn wait_until_up(&mut self, house: &House) -> Result<(), Failure> {
        let began = Instant::now();
        for (running, household) in self.0.iter_mut().zip(&house.parties) {
            println!("Starting node {} …", running.node);
            loop {
                running.still_there()?;
                match health(household.web_port).await {
                    Some(health) if links_are_up(&health) => break,
                    // A node whose links are not there yet still serves its own consoles, so the last one reports.
                    Some(_) if household.node != last(house) => break,
                    Some(_) if began.elapsed() > START_MAX => {
                        println!("Some links between the nodes are not up yet; they keep trying.");
                        break;
                    }
                    None if began.elapsed() > START_MAX => {
                        let (node, log) = (&running.node, running.log.display());
                        return Err(Failure::said(format!("node {node} does not answer after 30 s: its log is {log}")));
                    }
                    _ => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
        }
        Ok(())
    }

    /// Says when a node ends by itself; returns when none is left.
    pub async fn watch(&mut self) -> Result<(), Failure> {
        let mut running: Vec<&mut Running> = self.0.iter_mut().collect();
        while !running.is_empty() {
            let mut left = Vec::new();
            for one in running {
                match one.still_there() {
                    Ok(()) => left.push(one),
                    Err(why) => println!("{why}\nThe other nodes keep running."),
                }
            }
            running = left;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(Failure::said("all nodes have ended: their logs say why"))
    }

    /// Asks every node to stop, waits, and kills what has not stopped.
    pub async fn stop(&mut self) {
        for running in &self.0 {
            if let Some(pid) = running.child.id().and_then(|id| i32::try_from(id).ok()) {
                // It may have ended in this moment: then there is nothing to stop.
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
        }
        for running in &mut self.0 {
            if tokio::time::timeout(STOP_MAX, running.child.wait()).await.is_err() {
                let _ = running.child.kill().await;
            }
        }
    }
}

impl Running {
    fn start(node: String, dir: &Path) -> Result<Self, Failure> {
        let log = dir.join("node.log");
        let failed = |why: std::io::Error| Failure::said(format!("node {node} cannot be started ({why})"));
        let program = std::env::current_exe().map_err(failed)?;
        let out = OpenOptions::new().create(true).append(true).open(&log).map_err(failed)?;
        let child = Command::new(program)
            .arg("node")
            .arg("--config")
            .arg(dir.join("node.toml"))
            .arg("--with-parent")
            .stdin(Stdio::null())
            .stdout(out.try_clone().map_err(failed)?)
            .stderr(out)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        Ok(Self { node, log, child })
    }

    fn still_there(&mut self) -> Result<(), Failure> {
        let Ok(Some(status)) = self.child.try_wait() else { return Ok(()) };
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let said = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
        let (node, path) = (&self.node, self.log.display());
        Err(Failure::said(format!("node {node} has ended ({status}); it said last: {said}\n(log: {path})")))
    }
}

fn last(house: &House) -> &str {
    house.parties.last().map(|household| household.node.as_str()).unwrap_or_default()
}

/// The node's own account of itself; none while it does not answer.
async fn health(port: u16) -> Option<serde_json::Value> {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let request = format!("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.take(HEALTH_MAX).read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| serde_json::from_str(body).unwrap_or_default())
    };
    tokio::time::timeout(Duration::from_secs(2), ask).await.ok().flatten()
}

fn links_are_up(health: &serde_json::Value) -> bool {
    let links = health.get("links").and_then(|links| links.as_array());
    links.is_some_and(|links| {
        !links.is_empty() && links.iter().all(|link| link.get("up").and_then(serde_json::Value::as_bool) == Some(true))
    })
}

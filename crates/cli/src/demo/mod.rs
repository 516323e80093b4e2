//! `trialogue demo`: three sovereign parties on one machine, each with its own keys, data and process.

mod cast;
mod desk;
mod house;
mod nodes;
mod plan;
mod ports;
mod stations;

use crate::{Failure, files};
use house::House;
use nodes::Nodes;
use stations::Stations;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use trialogue_charter::Suite;

/// Where and how.
#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Directory for keys, charter, journals and logs. Started again in the same one, the demo keeps them.
    #[arg(long, default_value = "trialogue-demo")]
    pub dir: PathBuf,
    /// First of the 24 ports from which the demo takes up to thirteen; the desk with the enrolment links is at this
    /// one. 8440 if left out.
    #[arg(long)]
    pub base_port: Option<u16>,
    /// Cipher suite of a new charter: cnsa2 (default) or xwing.
    #[arg(long, value_parser = suite)]
    pub suite: Option<Suite>,
    /// Gives this party (USA, JPN or KOR) an alternate site: a second node, to which its consoles hold a warm leg.
    #[arg(long, value_name = "PARTY")]
    pub alternate: Option<String>,
    /// A new charter has a test line, and a station beside every node tests it.
    #[arg(long)]
    pub stations: bool,
    /// Files of the web console; the ones that the program brings along if it is left out.
    #[arg(long)]
    pub console_dir: Option<PathBuf>,
}

fn suite(name: &str) -> Result<Suite, String> {
    Suite::named(name).ok_or_else(|| "write cnsa2 or xwing".to_owned())
}

/// Runs until Ctrl-C.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    // `cargo xtask demo` has just built the console and says where.
    if arguments.console_dir.is_none() {
        arguments.console_dir = std::env::var_os("TRIALOGUE_CONSOLE_DIR").map(PathBuf::from);
    }
    // One thread: a child asks to be stopped when the thread that started it ends.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::said(format!("the demo cannot start ({why}): free some memory or open files")))?
        .block_on(show(&arguments))
}

async fn show(arguments: &Arguments) -> Result<(), Failure> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let house = House::prepare(arguments)?;
    let desk = TcpListener::bind(("127.0.0.1", house.ports.desk())).await.map_err(|why| {
        Failure::said(format!(
            "port {} cannot be used ({why}): stop the other demo, or choose another --dir and --base-port",
            house.ports.desk()
        ))
    })?;
    let mut nodes = Nodes::start(&house)?;
    let mut stations = None;
    let outcome = tokio::select! {
        outcome = serve(&house, &desk, &mut nodes, &mut stations) => outcome,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    println!("\nStopping the nodes …");
    if let Some(stations) = &mut stations {
        stations.stop().await;
    }
    nodes.stop().await;
    outcome
}

/// Until the last node has ended by itself.
async fn serve(
    house: &House,
    desk: &TcpListener,
    nodes: &mut Nodes,
    stations: &mut Option<Stations>,
) -> Result<(), Failure> {
    nodes.wait_until_up(house).await?;
    if house.has_stations() {
        *stations = Some(Stations::start(house)?);
    }
    let links = house.links()?;
    let text = serde_json::to_string_pretty(&links).unwrap_or_default();
    files::replace_secret(&house.dir.join("links.json"), text.as_bytes())?;
    print!("{}", house.announcement());
    tokio::select! {
        () = desk::serve(desk, house) => Ok(()),
        outcome = nodes.watch() => outcome,
    }
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, Failure> {
    signal(kind)
        .map_err(|why| Failure::said(format!("the demo cannot listen for Ctrl-C ({why}): start it in a terminal")))
}

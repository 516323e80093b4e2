//! Consoles driven from Rust: each enrols with its link, logs in and comes on watch; the first rings, the others
//! answer, and each says whom it hears.
//!
//! `cargo run -p trialogue-endpoint --example ring -- LINK LINK …`
//!
//! The links are of different parties' offices on one line: those that `cargo run -p trialogue-node --example
//! three_nodes` prints, or the ones of the duty officers of `cargo xtask demo`. A link works once.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use trialogue_console_core::view::{Command, LineView, NodeLink, Precedence, Sealing, View};
use trialogue_endpoint::event::Event;
use trialogue_endpoint::{Args, Control, EndpointError, Told, run_with};

/// The line on which all of them meet.
const LINE: &str = "duty";
/// A call stands within two seconds; a broken machine is told so after this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Commands and events that may wait. Events beyond are dropped: a slow reader holds up no call.
const WAITING: usize = 1_024;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One console, and what it has said.
struct Desk {
    commands: mpsc::Sender<Control>,
    events: mpsc::Receiver<Told>,
    running: JoinHandle<Result<(), EndpointError>>,
    view: View,
    /// Whose voice it has opened, and how many milliseconds after it joined.
    heard: BTreeMap<String, f64>,
}

impl Desk {
    /// Enrols with the link and starts. Its identity stays in `dir`: what it needs to start again without a link.
    fn open(link: String, dir: &Path) -> Self {
        let (commands, obeyed) = mpsc::channel(WAITING);
        let (told, events) = mpsc::channel(WAITING);
        let args = Args { identity: dir.to_owned(), link: Some(link), voices: 12, pictures: 8, ..Args::default() };
        let running = spawn_local(run_with(args, obeyed, told));
        Self { commands, events, running, view: View::default(), heard: BTreeMap::new() }
    }

    /// What an officer does, as in the web console.
    async fn tell(&self, command: Command) -> Outcome<()> {
        self.commands.send(Control::Officer(command)).await.map_err(|_| "the console has ended")?;
        Ok(())
    }

    /// Takes events until what is shown and heard is as wanted.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) -> Outcome<()> {
        let wait = async {
            while !wanted(self) {
                let Some(told) = self.events.recv().await else { return false };
                match told.event {
                    Event::View { view } => self.view = *view,
                    Event::First { device, medium: "voice", after_ms } => drop(self.heard.insert(device, after_ms)),
                    _ => {}
                }
            }
            true
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("the console ended before {what}").into()),
            Err(_) => Err(format!("{} did not come to {what}; it shows {:?}", self.name(), self.view.trouble).into()),
        }
    }

    fn name(&self) -> String {
        let me = self.view.me.as_ref();
        me.map_or_else(|| "a console".to_owned(), |me| format!("{} ({})", me.name, me.party))
    }

    fn line(&self) -> Option<&LineView> {
        self.view.lines.iter().find(|line| line.id == LINE)
    }

    /// Its node reaches every party of the line, and each has somebody on watch.
    fn is_staffed(&self) -> bool {
        self.line().is_some_and(|line| line.parties.iter().all(|party| party.reached && party.on_watch > 0))
    }

    /// It is in a call of so many, and has keys with all of them.
    fn is_sealed_with(&self, count: usize) -> bool {
        let call = self.view.call.as_ref();
        call.is_some_and(|call| call.members.len() == count && call.sealing == Sealing::Sealed && !call.code.is_empty())
    }

    /// Hangs up and ends.
    async fn close(self) -> Outcome<()> {
        drop(self.commands);
        Ok(self.running.await??)
    }
}

async fn meet(links: Vec<String>, dir: &Path) -> Outcome<()> {
    let mut desks: Vec<Desk> =
        links.into_iter().enumerate().map(|(at, link)| Desk::open(link, &dir.join(at.to_string()))).collect();
    for desk in &mut desks {
        desk.until("its log-in", |desk| desk.view.node == NodeLink::Up && desk.view.me.is_some()).await?;
        println!("{} is on watch", desk.name());
    }
    for desk in &mut desks {
        desk.until("everybody on watch", Desk::is_staffed).await?;
    }
    let count = desks.len();
    let Some((caller, others)) = desks.split_first_mut() else { return Ok(()) };
    println!("{} rings", caller.name());
    caller.tell(Command::Ring { line: LINE.to_owned(), precedence: Precedence::Routine }).await?;
    for desk in others {
        desk.until("a ring", |desk| desk.line().is_some_and(|line| line.ring.is_some())).await?;
        desk.tell(Command::Answer { line: LINE.to_owned() }).await?;
        println!("{} answers", desk.name());
    }
    for desk in &mut desks {
        desk.until("keys with everybody", |desk| desk.is_sealed_with(count)).await?;
        desk.until("everybody's voice", |desk| desk.heard.len() + 1 >= count).await?;
        let code = desk.view.call.as_ref().map(|call| call.code.clone()).unwrap_or_default();
        let heard: Vec<String> = desk.heard.values().map(|ms| format!("{ms:.0} ms")).collect();
        println!("{} hears {} others, first after {}; code {code}", desk.name(), heard.len(), heard.join(", "));
    }
    for desk in desks {
        desk.close().await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let links: Vec<String> = std::env::args().skip(1).collect();
    if links.len() < 2 {
        return Err(
            "give two or more enrolment links: `cargo run -p trialogue-node --example three_nodes` prints three".into(),
        );
    }
    let dir = std::env::temp_dir().join(format!("trialogue-ring-{}", std::process::id()));
    // A console holds a WebRTC stack that stays on its thread.
    let outcome = LocalSet::new().run_until(meet(links, &dir)).await;
    std::fs::remove_dir_all(&dir)?;
    outcome
}

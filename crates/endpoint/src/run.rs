//! The one loop: socket, leg, clock and commands around the console machine.

use crate::EndpointError;
use crate::args::Args;
use crate::control::{Control, Lines};
use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::pace::Pace;
use crate::report::{Report, Told};
use crate::slot::Slot;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Stdin};
use tokio::sync::mpsc;
use trialogue_console_core::Input;

/// Where commands come from.
enum Commands {
    None,
    Lines(BufReader<Stdin>, Lines),
    Channel(mpsc::Receiver<Control>),
}

impl Commands {
    /// The next one; cancel-safe.
    async fn next(&mut self) -> Result<Control, String> {
        match self {
            Self::None => std::future::pending().await,
            Self::Channel(channel) => Ok(channel.recv().await.unwrap_or(Control::quit())),
            Self::Lines(input, lines) => loop {
                let found = match input.fill_buf().await {
                    Ok([]) | Err(_) => break lines.rest().unwrap_or(Ok(Control::quit())),
                    Ok(bytes) => lines.take(bytes),
                };
                input.consume(found.0);
                if let Some(command) = found.1 {
                    break command;
                }
            },
        }
    }
}

/// Runs an endpoint until it is told to stop: events on standard output, commands (with [`Args::stdin`]) on standard
/// input.
///
/// # Errors
/// See [`EndpointError`].
pub async fn run(args: Args) -> Result<(), EndpointError> {
    let commands = match args.stdin {
        true => Commands::Lines(BufReader::new(tokio::io::stdin()), Lines::default()),
        false => Commands::None,
    };
    drive(args, commands, Report::Print).await
}

/// The same inside a process, for many endpoints at once: ends when `commands` is closed.
///
/// # Errors
/// See [`EndpointError`].
pub async fn run_with(
    args: Args,
    commands: mpsc::Receiver<Control>,
    events: mpsc::Sender<Told>,
) -> Result<(), EndpointError> {
    drive(args, Commands::Channel(commands), Report::Channel(events)).await
}

async fn drive(args: Args, mut commands: Commands, report: Report) -> Result<(), EndpointError> {
    let seconds = args.seconds;
    let (mut endpoint, mut incoming) = Endpoint::new(args, report)?;
    let end = seconds.map(|seconds| endpoint.start + Duration::from_secs(seconds));
    let mut figures = Pace::new(endpoint.start, Duration::from_secs(1));
    endpoint.connect(0);
    // From now on the machine knows that it is being opened, and for how long.
    endpoint.input(Input::Tick);
    while !endpoint.stop {
        let wake = endpoint.wake(figures.due(), end);
        tokio::select! {
            Some(event) = incoming.recv() => endpoint.socket_event(event),
            slot = readable(&endpoint.slots) => {
                if let Some(leg) = endpoint.slots.get_mut(slot).and_then(|slot| slot.leg.as_mut()) { leg.read() }
            }
            command = commands.next() => match command {
                Ok(control) => endpoint.obey(control),
                Err(why) => endpoint.report.say(Event::Refused { why: format!("{why}; see docs/endpoint.md for the commands") }),
            },
            () = tokio::time::sleep_until(wake.into()) => {}
        }
        let now = Instant::now();
        endpoint.advance(now).await;
        if figures.take(now) && endpoint.view.call.is_some() {
            endpoint.say_figures();
        }
        if end.is_some_and(|end| now >= end) {
            endpoint.stop = true;
        }
    }
    endpoint.leave().await;
    match endpoint.failure.take() {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// The first slot whose leg has a packet.
async fn readable(slots: &[Slot; 2]) -> usize {
    let wait = async |slot: &Slot| match &slot.leg {
        Some(leg) => leg.readable().await,
        None => std::future::pending().await,
    };
    tokio::select! {
        () = wait(&slots[0]) => 0,
        () = wait(&slots[1]) => 1,
    }
}

//! The program `trialogue`: one binary for everybody who runs a part of the hotline.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use trialogue::{archive, charter, demo, device, endpoint, enrol, node, node_key, party, record, station};
use trialogue_node::process;

/// A crisis hotline between sovereign parties.
#[derive(Parser)]
#[command(name = "trialogue", version, arg_required_else_help = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A party and its root key (security officer).
    #[command(subcommand)]
    Party(party::Command),
    /// Makes the keys of a node (operator).
    NodeKey(node_key::Arguments),
    /// Runs a node until it is interrupted (operator).
    Node(node::Arguments),
    /// A console without a screen: rings, answers, plays, records.
    Endpoint(Box<endpoint::Arguments>),
    /// A machine that tests the line by calling those of the other parties.
    Station(station::Arguments),
    /// Drafts, signs, verifies and shows the agreement of all parties.
    #[command(subcommand)]
    Charter(charter::Command),
    /// Shows the devices of a running node, and revokes a lost one (operator).
    #[command(subcommand)]
    Device(device::Command),
    /// Makes a one-time link with which one device enrols for an office (security officer).
    Enrol(enrol::Arguments),
    /// A party's own archive of what is written, sealed for a key that is kept offline (records office).
    #[command(subcommand)]
    Archive(archive::Command),
    /// What was rung, answered and said: export it, verify it with the charter alone, read it (operator, auditor).
    #[command(subcommand)]
    Record(record::Command),
    /// Three parties on this machine: keys, charter, three nodes, enrolment links.
    Demo(demo::Arguments),
}

impl Command {
    /// On this machine, and for longer than a moment or more than one person's; what only asks a node or reads what is
    /// public does not.
    fn holds_secrets(&self) -> bool {
        match self {
            Self::Party(_)
            | Self::NodeKey(_)
            | Self::Endpoint(_)
            | Self::Station(_)
            | Self::Enrol(_)
            | Self::Archive(_) => true,
            Self::Charter(command) => command.holds_secrets(),
            Self::Device(command) => command.holds_secrets(),
            Self::Node(_) | Self::Record(_) | Self::Demo(_) => false,
        }
    }
}

fn main() -> ExitCode {
    // Before anything secret is read. A node says itself what it could not do, in its log.
    let kept = process::keep_secrets();
    let command = Program::parse().command;
    if command.holds_secrets()
        && let Some(warning) = process::warning(kept)
    {
        eprintln!("trialogue: {warning}");
    }
    let outcome = match command {
        Command::Party(command) => party::run(command),
        Command::NodeKey(arguments) => node_key::run(arguments),
        Command::Node(arguments) => node::run(arguments),
        Command::Endpoint(arguments) => endpoint::run(*arguments),
        Command::Station(arguments) => station::run(arguments),
        Command::Charter(command) => charter::run(command),
        Command::Device(command) => device::run(command),
        Command::Archive(command) => archive::run(command),
        Command::Enrol(arguments) => enrol::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        // Its exit code says what was found.
        Command::Record(command) => {
            return record::run(command).unwrap_or_else(|failure| {
                eprintln!("trialogue: {failure}");
                ExitCode::FAILURE
            });
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("trialogue: {failure}");
            ExitCode::FAILURE
        }
    }
}

//! `impair LISTEN TO [SEED]`: a bad path in front of a UDP address. Standard input says how bad, one shape a line; its
//! end ends it.

use std::io::{BufRead as _, Read as _};
use std::process::ExitCode;
use trialogue_impair::{Relay, Shape, limits::LINE_MAX};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("impair: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let usage = "write: impair LISTEN TO [SEED], for example impair 127.0.0.1:5460 127.0.0.1:4460 1";
    let [listen, to, seed @ ..] = words.as_slice() else { return Err(usage.into()) };
    let address = |text: &String| text.parse().map_err(|_| format!("{text} is no address: {usage}"));
    let seed = seed.first().map_or(Ok(1), |seed| seed.parse().map_err(|_| usage.to_owned()))?;
    let relay = Relay::start(address(listen)?, address(to)?, seed).map_err(|why| why.to_string())?;
    println!("{}", relay.address());
    let mut input = std::io::stdin().lock();
    loop {
        let mut line = String::new();
        let read = input.by_ref().take(LINE_MAX).read_line(&mut line).map_err(|why| why.to_string())?;
        if read == 0 {
            return Ok(());
        }
        match line.parse::<Shape>() {
            Ok(shape) => relay.shape(shape),
            Err(why) => eprintln!("{why}"),
        }
        println!("{:?}", relay.counted());
    }
}

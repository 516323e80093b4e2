//! `desk BINARY ASSETS`: two parties, and a desk at the first one for a console that somebody else starts there, a
//! browser for example. Its first line says where: `{"space": namespace, "link": enrolment link}`. Then it obeys one
//! word a line and answers each with one line of JSON: `answer` (the other party's endpoint answers the ring), `reset`
//! and `figures` (what that endpoint hears), and what happens to the desk's network (`renumber`, `rewire`, `unplug`,
//! `plug`) and to all programs there (`sleep`, `wake`). The end of its input ends it.

use serde_json::{Value, json};
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use trialogue_impair::{Carrier, Endpoint, Extra, Kind, LabError, Plan, Suite, World};

/// The parties; the first one has the desk.
const PARTIES: [&str; 2] = ["usa", "jpn"];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [binary, assets] = words.as_slice() else {
        eprintln!("desk: write: desk BINARY ASSETS");
        return ExitCode::FAILURE;
    };
    let dir = std::env::temp_dir().join(format!("trialogue-desk-{}", std::process::id()));
    let ran = std::fs::create_dir_all(&dir)
        .map_err(|why| LabError::Io(dir.display().to_string(), why))
        .and_then(|()| run(binary.as_ref(), assets.as_ref(), &dir));
    let _ = std::fs::remove_dir_all(&dir);
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("desk: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(binary: &Path, assets: &Path, dir: &Path) -> Result<(), LabError> {
    let carriers = &[Carrier { name: "fibre", kind: Kind::Veth }];
    let plan = Plan { binary, assets, dir, parties: PARTIES.len(), extra: Extra::Desk, carriers, suite: Suite::Cnsa2 };
    let mut world = World::build(&plan)?;
    let mut other = world.officer(PARTIES[1], true, None)?;
    let space = world.desk.as_ref().map(|desk| desk.space().to_owned());
    say(&json!({ "space": space, "link": world.link(PARTIES[0])? }))?;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let answer = obey(line.trim(), &mut world, &mut other)?;
        say(&answer)?;
    }
    Ok(())
}

fn obey(word: &str, world: &mut World, other: &mut Endpoint) -> Result<Value, LabError> {
    let desk = world.desk.as_mut().ok_or_else(|| LabError::Unknown("desk".into()))?;
    match word {
        "answer" => other.answer_ring()?,
        "reset" => other.tell(&json!({ "do": "reset_voice" }))?,
        "figures" => return other.figures(),
        "renumber" => desk.renumber()?,
        "rewire" => desk.rewire()?,
        "sleep" => desk.sleep()?,
        "wake" => desk.wake()?,
        "unplug" => desk.unplug()?,
        "plug" => desk.plug()?,
        _ => return Err(LabError::Unknown(format!("command {word}"))),
    }
    Ok(json!({ "done": word }))
}

/// Whoever reads it may be gone: that is the end.
fn say(line: &Value) -> Result<(), LabError> {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "{line}").and_then(|()| out.flush());
    said.map_err(|why| LabError::Io("standard output".into(), why))
}

//! `failover --binary FILE --assets DIR [--runs N] [--json FILE]`: how long voices and pictures are missed at each
//! fault, in a world of three nodes in network namespaces with two carriers between each two. `cargo xtask bench
//! failover` builds and runs it.

mod faults;
mod figures;
mod stage;

use faults::Fault;
use figures::Figures;
use serde_json::{Value, json};
use stage::Stage;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trialogue_impair::{Extra, LabError, why_not};

/// Runs per fault, unless `--runs` says otherwise.
const RUNS: usize = 20;

struct Wanted {
    binary: PathBuf,
    assets: PathBuf,
    runs: usize,
    json: Option<PathBuf>,
    only: Option<String>,
}

impl Wanted {
    fn parse() -> Option<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let of = |name: &str| words.chunks(2).find(|pair| pair[0] == name).and_then(|pair| pair.get(1).cloned());
        let runs = match of("--runs") {
            Some(number) => number.parse().ok().filter(|runs| *runs > 0)?,
            None => RUNS,
        };
        let json = of("--json").map(PathBuf::from);
        Some(Self { binary: of("--binary")?.into(), assets: of("--assets")?.into(), runs, json, only: of("--only") })
    }
}

fn main() -> ExitCode {
    let Some(wanted) = Wanted::parse() else {
        eprintln!(
            "failover: write: failover --binary FILE --assets DIR [--runs N] [--json FILE] [--only PART-OF-A-NAME]"
        );
        return ExitCode::FAILURE;
    };
    if let Some(why) = why_not() {
        eprintln!("failover: {why}");
        return ExitCode::FAILURE;
    }
    match run(&wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("failover: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &Wanted) -> Result<(), LabError> {
    let dir = std::env::temp_dir().join(format!("trialogue-failover-{}", std::process::id()));
    std::fs::create_dir_all(&dir).map_err(|why| LabError::Io(dir.display().to_string(), why))?;
    let measured = measure(wanted, &dir);
    let _ = std::fs::remove_dir_all(&dir);
    let all = measured?;
    println!(
        "\n{:<34} {:>5} {:>15} {:>15} {:>15} {:>15}",
        "fault (p50 / worst)", "runs", "voice gap ms", "voices lost", "picture ms", "steady ms"
    );
    all.iter().for_each(Figures::print);
    if let Some(file) = &wanted.json {
        let faults: Vec<Value> = all.iter().map(Figures::json).collect();
        let text = format!("{:#}\n", json!({ "faults": faults }));
        std::fs::write(file, text).map_err(|why| LabError::Io(file.display().to_string(), why))?;
    }
    Ok(())
}

fn measure(wanted: &Wanted, dir: &Path) -> Result<Vec<Figures>, LabError> {
    let mut all = Vec::new();
    let worlds = [
        ("plain", Extra::Nothing, faults::all()),
        ("sites", Extra::Site, faults::of_sites()),
        ("desk", Extra::Desk, faults::of_desks()),
    ];
    for (name, extra, faults) in worlds {
        let wished = |fault: &Fault| {
            let named = |only: &String| fault.parts.iter().any(|part| part.name.contains(only.as_str()));
            wanted.only.as_ref().is_none_or(named)
        };
        let faults: Vec<Fault> = faults.into_iter().filter(wished).collect();
        if faults.is_empty() {
            continue;
        }
        let dir = dir.join(name);
        std::fs::create_dir_all(&dir).map_err(|why| LabError::Io(dir.display().to_string(), why))?;
        let mut stage = Stage::build(&wanted.binary, &wanted.assets, &dir, extra)?;
        stage.call()?;
        for fault in &faults {
            all.append(&mut runs(&mut stage, fault, wanted.runs)?);
        }
    }
    Ok(all)
}

fn runs(stage: &mut Stage, fault: &Fault, runs: usize) -> Result<Vec<Figures>, LabError> {
    let mut figures: Vec<Figures> = fault.parts.iter().map(|part| Figures::new(&part.name)).collect();
    for run in 0..runs {
        for (figures, cost) in figures.iter_mut().zip(stage.suffer(fault)?) {
            figures.add(cost);
        }
        eprintln!("{}: {} of {runs}", fault.parts[0].name, run + 1);
    }
    Ok(figures)
}

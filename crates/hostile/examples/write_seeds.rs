//! Writes every target's seeds below a directory, one directory per target: what `cargo xtask fuzz` begins with.

use std::fs;
use std::path::PathBuf;
use trialogue_hostile::TARGETS;

fn main() -> std::io::Result<()> {
    let Some(corpora) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(std::io::Error::other("say where: write_seeds <directory>"));
    };
    for target in TARGETS {
        let corpus = corpora.join(target.name);
        fs::create_dir_all(&corpus)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(corpus.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}

//! What a long record costs a node: a record of so many entries is made, with real keys and signatures, in the mix of a
//! busy line; then nodes of the given program start from it, hand it over a link, and verify it.
//!
//! `record --binary TRIALOGUE [--entries N] [--dir DIR] [--json FILE]`
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod house;
mod make;
mod measure;

use std::path::PathBuf;

fn main() {
    let mut args = std::env::args().skip(1);
    let (mut binary, mut entries, mut dir, mut json) = (None, 1_000_000, None, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--binary" => binary = args.next().map(PathBuf::from),
            "--entries" => entries = args.next().unwrap().parse().expect("--entries takes a number"),
            "--dir" => dir = args.next().map(PathBuf::from),
            "--json" => json = args.next().map(PathBuf::from),
            other => panic!("unknown argument {other}"),
        }
    }
    let binary = binary.expect("--binary TRIALOGUE");
    let dir = dir.unwrap_or_else(|| std::env::temp_dir().join(format!("trialogue-record-{}", std::process::id())));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let figures = measure::all(&binary, &dir, entries);
    println!("{:<26} {:>12}  of", "figure", "value");
    let mut all = serde_json::Map::new();
    for (key, value, what) in &figures {
        println!("{key:<26} {value:>12.1}  {what}");
        all.insert((*key).to_owned(), serde_json::json!((value * 10.0).round() / 10.0));
    }
    all.insert("entries".to_owned(), serde_json::json!(entries));
    if let Some(file) = json {
        std::fs::write(file, format!("{:#}\n", serde_json::Value::Object(all))).unwrap();
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

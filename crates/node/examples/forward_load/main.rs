//! How much the media thread costs: a node's media thread in a process of its own, consoles in this one, sealed-looking
//! packets.
//!
//! `forward_load [--seconds N] [--runs N] [--aligned] [--json FILE] [SPEAKERS:CONSOLES[:video] …]`
//!
//! Prints the µs of server CPU (user and system, getrusage) per packet that a console received; the milliseconds from a
//! packet's arrival in the server's system to its last copy given back to it (`node`), and from before the speaker's
//! seal to after the listener's (`all`, with both consoles' own time); and the server's memory.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../../tests/client/mod.rs"]
mod client;
mod load;
mod server;

use load::{Case, Figures};

fn main() {
    let mut args = std::env::args().skip(1);
    let (mut seconds, mut runs, mut aligned, mut json) = (5, 3, false, None);
    let mut cases = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "serve" => return server::serve(),
            "--seconds" => seconds = args.next().unwrap().parse().unwrap(),
            "--runs" => runs = args.next().unwrap().parse().unwrap(),
            "--aligned" => aligned = true,
            "--json" => json = args.next(),
            case => cases.push(Case::parse(case).expect("SPEAKERS:CONSOLES[:video]")),
        }
    }
    if cases.is_empty() {
        cases = ["1:20", "10:20", "2:10:video"].iter().filter_map(|c| Case::parse(c)).collect();
    }
    println!(
        "{:<14} {:>8} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "case", "µs/pkt", "packets", "node p50", "node p99", "all p50", "all p99", "lost", "MB"
    );
    let mut all = Vec::new();
    for case in &cases {
        let mut figures: Vec<Figures> = (0..runs).map(|_| load::run(case, seconds, aligned)).collect();
        figures.sort_by(|a, b| a.cpu_us.total_cmp(&b.cpu_us));
        let f = figures[figures.len() / 2];
        println!(
            "{:<14} {:>8.2} {:>10} {:>9.3} {:>9.3} {:>9.2} {:>9.2} {:>9} {:>7.1}",
            case.name, f.cpu_us, f.packets, f.node_p50_ms, f.node_p99_ms, f.p50_ms, f.p99_ms, f.lost, f.rss_mb
        );
        all.push(format!(
            "{{\"case\":\"{}\",\"cpu_us_per_packet\":{:.3},\"node_p50_ms\":{:.3},\"node_p99_ms\":{:.3},\"all_p50_ms\":{:.3},\"all_p99_ms\":{:.3},\"lost\":{},\"rss_mb\":{:.1},\"runs\":{runs}}}",
            case.name, f.cpu_us, f.node_p50_ms, f.node_p99_ms, f.p50_ms, f.p99_ms, f.lost, f.rss_mb
        ));
    }
    if let Some(file) = json {
        std::fs::write(file, format!("[{}]\n", all.join(","))).unwrap();
    }
}

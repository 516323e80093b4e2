//! The media thread behind a pipe: one line in, one line out.

use std::io::{BufRead, Write};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_node::media::{MediaConfig, MediaEvent, MediaHandle};
use trialogue_wire::console::{Medium, ToConsole, ToNode};

pub fn serve() {
    let config = MediaConfig {
        listen: std::env::args().nth(2).as_deref().unwrap_or("127.0.0.1:0").parse().unwrap(),
        public: vec![],
        own: 0,
        nodes: std::iter::once((NodeId::new("usa-1").unwrap(), 0)).collect(),
    };
    let media = MediaHandle::start(&config, |event| match event {
        MediaEvent::Answer { console, leg, answer } => {
            let said = trialogue_wire::encode(&ToConsole::Answer { answer, leg });
            say(&format!("answer {} {}", console.0, hex::encode(said)));
        }
        MediaEvent::Leg { console, up: true } => say(&format!("up {} -", console.0)),
        _ => {}
    })
    .unwrap();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["leg", key, said] => {
                let said: ToNode = trialogue_wire::decode(&hex::decode(said).unwrap()).unwrap();
                let ToNode::Offer { offer, leg } = said else { continue };
                media.leg(ConsoleKey(key.parse().unwrap()), leg, offer);
            }
            ["route", from, medium, consoles] => media.route(route(
                from.parse().unwrap(),
                if medium == "voice" { Medium::Voice } else { Medium::Picture },
                consoles.parse().unwrap(),
            )),
            ["usage"] => say(&format!("usage {} {}", cpu_us(), rss_kb())),
            ["stay"] => {
                // The figures are as of at most half a second ago.
                std::thread::sleep(std::time::Duration::from_secs(1));
                let stay = media.counters().residence;
                say(&format!("stay {} {} {} {}", stay.packets, stay.p50_us, stay.p99_us, stay.max_us));
            }
            _ => return,
        }
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn route(from: u64, medium: Medium, consoles: u64) -> Route {
    Route {
        node: 0,
        number: (from * 2) as u16 + u16::from(medium == Medium::Picture),
        source: Source::Leg(ConsoleKey(from)),
        device: DeviceId([from as u8; 32]),
        line: LineId::new("leaders").unwrap(),
        medium,
        legs: (0..consoles).filter(|c| *c != from).map(ConsoleKey).collect(),
        links: vec![],
        spare: vec![],
        relays: vec![],
        alive: false,
        quiet_after: None,
    }
}

fn cpu_us() -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
}

fn rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

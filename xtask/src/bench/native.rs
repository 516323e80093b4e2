//! Answer to first opened voice frame, between native endpoints at three nodes.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::endpoint::{Endpoint, line};
use super::hotline::Hotline;
use super::samples::Samples;

const LINE: &str = "duty";
const OFFICES: [&str; 3] = ["usa-duty-officer", "jpn-duty-officer", "kor-duty-officer"];

/// Milliseconds from the command to answer until the endpoint opened the first voice frame of anybody; two answers per
/// call. Beside them the memory of the largest node at the end, in MB.
pub fn measure(binary: &Path, assets: &Path, calls: usize) -> Result<(Samples, f64)> {
    eprintln!("▸ Measure {calls} calls between native endpoints");
    let hotline = Hotline::start(binary, "native")?;
    let mut endpoints = Vec::new();
    for (index, office) in OFFICES.iter().enumerate() {
        let dir = hotline.dir.join(office);
        let wav = assets.join(format!("speech-{}.wav", index + 1));
        endpoints.push(Endpoint::start(binary, &dir, hotline.link(office)?, &wav)?);
    }
    for endpoint in &mut endpoints {
        endpoint.until_view("everybody staffed", |view| {
            let parties = line(view, LINE)["parties"].as_array().cloned().unwrap_or_default();
            parties.len() == 3
                && parties.iter().all(|p| p["onWatch"] != 0 && (p["own"] == true || p["reached"] == true))
        })?;
    }
    let mut samples = Samples::default();
    for _ in 0..calls {
        let (caller, answerers) = endpoints.split_first_mut().context("three endpoints")?;
        caller.tell(&json!({ "kind": "ring", "line": LINE }))?;
        for endpoint in answerers.iter_mut() {
            endpoint.until_view("a ring", |view| !line(view, LINE)["ring"].is_null())?;
            let answered = wall_ms();
            endpoint.tell(&json!({ "kind": "answer", "line": LINE }))?;
            let first = endpoint.until("a voice", |event| event["event"] == "first" && event["medium"] == "voice")?;
            let took = first["at_ms"].as_f64().context("an event has a time")? - answered;
            eprint!(" {took:.0}");
            samples.add(took);
        }
        for endpoint in &mut endpoints {
            endpoint.tell(&json!({ "kind": "hangUp" }))?;
        }
        for endpoint in &mut endpoints {
            endpoint.until_view("no call", |view| view["call"].is_null() && line(view, LINE)["active"] == false)?;
        }
    }
    eprintln!(" ms");
    Ok((samples, hotline.largest_node_mb()?))
}

fn wall_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64() * 1_000.0)
}

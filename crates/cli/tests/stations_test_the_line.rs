//! A station beside each node calls the others by itself, hears their speech sealed end to end, and states what it
//! heard; with the consoles' proofs that they live, every board shows the station test as good. People are never rung.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::{Hotline, PATIENCE, wait_longer};
use serde_json::Value;

/// What the station of a party has heard in its test calls.
fn tested(hotline: &Hotline, party: &str) -> Vec<Vec<Value>> {
    let log = std::fs::read_to_string(hotline.house().join(party).join("station.log")).unwrap_or_default();
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tested = events.filter(|event| event["event"] == "tested");
    tested.filter_map(|event| event["results"].as_array().cloned()).collect()
}

/// It has heard both others well.
fn is_good(results: &[Value]) -> bool {
    let good = |result: &Value| {
        result["ok"] == true
            && result["quality"].as_f64().is_some_and(|quality| quality > 2.5)
            && result["round_trip_ms"].as_f64().is_some_and(|ms| ms > 0.0)
    };
    results.len() == 2 && results.iter().all(good)
}

#[test]
fn stations_test_the_line() {
    let hotline = Hotline::with_stations();
    let mut endpoints = hotline.duty_officers();
    for party in ["usa", "jpn", "kor"] {
        // A call that chance disturbed is made again after a minute.
        let heard = || tested(&hotline, party);
        let well = || heard().iter().any(|results| is_good(results));
        wait_longer(2 * PATIENCE, well, || format!("{party} hears both others well: {:#?}", heard()));
    }
    let good = |view: &Value| {
        let pairs = view["tests"]["pairs"].as_array();
        pairs.is_some_and(|pairs| pairs.len() == 3 && pairs.iter().all(|pair| pair["station"]["grade"] == "good"))
    };
    for endpoint in &mut endpoints {
        endpoint.until_view("all stations and consoles good", good);
        let lines = endpoint.view["lines"].as_array().unwrap();
        assert!(
            lines.iter().all(|line| line["id"] != "test" && line["ring"].is_null()),
            "nobody is offered the test line"
        );
    }
}

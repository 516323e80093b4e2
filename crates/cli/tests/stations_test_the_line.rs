//! A station beside each node calls the others by itself, hears their speech sealed end to end, and states what it heard; with
//! the consoles' proofs that they live, every board shows the station test as good. People are never rung.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::{Hotline, wait_for};
use serde_json::Value;

/// What the station of a party has heard in its last test call.
fn tested(hotline: &Hotline, party: &str) -> Option<Vec<Value>> {
    let log = std::fs::read_to_string(hotline.house().join(party).join("station.log")).unwrap_or_default();
    let mut events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = events.rfind(|event| event["event"] == "tested")?;
    last["results"].as_array().cloned()
}

#[test]
fn stations_test_the_line() {
    let hotline = Hotline::with_stations();
    let mut endpoints = hotline.duty_officers();
    for party in ["usa", "jpn", "kor"] {
        wait_for(&format!("a test call of {party}"), || tested(&hotline, party).is_some());
        let results = tested(&hotline, party).unwrap();
        assert_eq!(results.len(), 2, "{results:#?}");
        for result in results {
            assert_eq!(result["ok"], true, "{party} hears {result}");
            assert!(result["quality"].as_f64().unwrap() > 2.5, "{party} hears {result}");
            assert!(result["round_trip_ms"].as_f64().unwrap() > 0.0, "{party} hears {result}");
        }
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

//! `/health`, `/healthz` and `/metrics` of a running node, and the dashboard and alert rules that rest on them.
#![allow(clippy::unwrap_used)]

mod common;

use common::house::links_up;
use common::{House, until};
use std::collections::BTreeSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use trialogue_node::Node;

/// Head and body of an answer.
async fn get(node: &Node, path: &str, accepts: &str) -> (String, String) {
    let mut stream = TcpStream::connect(node.web_addr()).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {accepts}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// The metrics that a text names.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("trialogue_")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_pages_say_how_it_is() {
    let house = House::new();
    let mut nodes = house.start_all().await;
    until("all links are up", || async { nodes.iter().all(|node| links_up(node).len() == 2) }).await;
    until("the node is ready", || async { get(&nodes[2], "/healthz", "").await.1.contains("\"state\":\"ready\"") })
        .await;

    // Everything that the dashboard and the rules look at is there from the start, with help and type.
    until("tests are looked at", || async { !nodes[2].status().now().tests.is_empty() }).await;
    let (_, exported) = get(&nodes[2], "/metrics", "").await;
    let held = metrics(&exported);
    for file in ["dashboard.json", "alerts.yml"] {
        let text =
            std::fs::read_to_string(format!("{}/../../docs/monitoring/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        // Those of what was not measured yet have a description and no value.
        let optional =
            ["trialogue_test_good_timestamp_seconds", "trialogue_link_round_trip_seconds", "trialogue_path_"];
        for name in metrics(&text) {
            let described = exported.contains(&format!("# TYPE {name} "));
            assert!(held.contains(&name) && described, "{file} names {name}, which a node does not export");
            let valued = exported.lines().any(|line| line.starts_with(&name));
            assert!(valued || optional.iter().any(|late| name.starts_with(late)), "{name} has no value");
        }
    }
    serde_json::from_str::<serde_json::Value>(include_str!("../../../docs/monitoring/dashboard.json")).unwrap();

    // The page, in the language that is asked for or that the browser reads.
    for (path, accepts, words) in [
        ("/health", "en-GB,en;q=0.9", "Health of the lines"),
        ("/health?window=quarter", "ja,en;q=0.5", "回線の状態"),
        ("/health?lang=ko&window=day", "ja", "회선 상태"),
        ("/health?window=nonsense&lang=xx", "fr", "Health of the lines"),
    ] {
        let (head, body) = get(&nodes[2], path, accepts).await;
        assert!(head.starts_with("HTTP/1.1 200") && body.contains(words), "{path}: {head}\n{body}");
        assert!(!body.contains("127.0.0.1") && !body.contains("<script"), "no addresses and no scripts");
    }
    let quarter = get(&nodes[2], "/health?window=quarter&lang=en", "").await.1;
    assert!(quarter.contains("allows 77.8 s down"), "{quarter}");
    let (head, _) = get(&nodes[2], "/health.css", "").await;
    assert!(head.contains("text/css"));
    let (_, csv) = get(&nodes[2], "/health.csv", "").await;
    assert!(csv.starts_with("subject,at_ms,"));
    let (_, json) = get(&nodes[2], "/health.json?window=day", "").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["node"].as_str(), json["window"].as_str()), (Some("usa-1"), Some("day")));

    // A node that is cut off from another says so, and is alive.
    nodes.remove(0).stop().await;
    until("the loss of a link is a reason", || async {
        let (head, body) = get(&nodes[1], "/healthz", "").await;
        head.starts_with("HTTP/1.1 200")
            && body.contains("\"state\":\"degraded\"")
            && body.contains("there is no link to node jpn-1")
    })
    .await;
    for node in nodes {
        node.stop().await;
    }
}

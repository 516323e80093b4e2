//! Wrong pages, floods, oversize and nonsense from consoles: bounded, refused, and the others go on.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, Officer};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use trialogue_node::Node;
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};
use trialogue_wire::leg::{LegOffer, fixture};

async fn get(node: &Node, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(node.web_addr()).await.unwrap();
    stream.write_all(format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_served_strictly() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let index = get(&node, "GET /some/place HTTP/1.1").await;
    assert!(
        index.starts_with("HTTP/1.1 200") && index.contains("default-src 'none'") && index.contains("no-store"),
        "{index}"
    );
    for path in ["/../node.key", "/%2e%2e/node.key", "/assets/missing.js", "//etc/passwd.txt"] {
        let answer = get(&node, &format!("GET {path} HTTP/1.1")).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
    assert!(get(&node, "POST / HTTP/1.1").await.starts_with("HTTP/1.1 405"));
    let health = get(&node, "GET /healthz HTTP/1.1").await;
    assert!(health.contains("\"node\":\"usa-1\"") && health.contains("\"journal_head\":"), "{health}");
    let metrics = get(&node, "GET /metrics HTTP/1.1").await;
    assert!(metrics.contains("trialogue_link_up{node=\"jpn-1\"} 0"), "{metrics}");
    assert!(metrics.contains("trialogue_media_residence_seconds{quantile=\"0.99\"} 0"), "{metrics}");
    assert!(metrics.contains("trialogue_media_strangers_total 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_opens_nothing() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let with_origin = |origin: String| {
        let mut request = format!("ws://{}/console", node.web_addr()).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        tokio_tungstenite::connect_async(request)
    };
    let refused = with_origin("https://evil.example".into()).await;
    assert!(matches!(refused, Err(Error::Http(answer)) if answer.status() == 403));
    with_origin(format!("http://{}", node.web_addr())).await.unwrap();
    assert_eq!(node.counters().value("console_origin_refused"), 1);
}

/// Reads until the node closes.
async fn closed(officer: &mut Officer) -> Option<Refusal> {
    let mut refusal = None;
    while let Some(Ok(message)) = officer.socket.next().await {
        if let Message::Binary(bytes) = message
            && let Ok(ToConsole::Refused { number: None, reason, .. }) = trialogue_wire::decode(&bytes)
        {
            refusal = Some(reason);
        }
    }
    refusal
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_from_strangers_is_refused() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let mut good = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;

    let mut garbage = Officer::connect(&house, node.web_addr(), "usa-leaders").await;
    garbage.socket.send(Message::Binary(vec![0xff; 100].into())).await.unwrap();
    assert_eq!(closed(&mut garbage).await, Some(Refusal::Malformed));

    let mut large = Officer::connect(&house, node.web_addr(), "usa-leaders").await;
    let _ = large.socket.send(Message::Binary(vec![0; 200 << 10].into())).await;
    closed(&mut large).await;

    let mut text = Officer::connect(&house, node.web_addr(), "usa-leaders").await;
    text.socket.send(Message::Text("hello".into())).await.unwrap();
    closed(&mut text).await;

    let mut huge = Officer::connect(&house, node.web_addr(), "usa-leaders").await;
    let _ = huge.socket.send(Message::Binary(vec![0; 5 << 20].into())).await;
    closed(&mut huge).await;

    let mut forged = Officer::connect(&house, node.web_addr(), "usa-leaders").await;
    let (_, certificate, _) = house.keys.device("usa-leaders", 1);
    forged
        .say(&ToNode::Prove {
            protocol: PROTOCOL,
            certificate,
            signature: vec![7; 64],
            on_watch: true,
            origin: String::new(),
        })
        .await;
    assert_eq!(closed(&mut forged).await, Some(Refusal::Signature));

    let mut foreign = Officer::connect(&house, node.web_addr(), "jpn-duty").await;
    let (_, certificate, _) = house.keys.device("jpn-duty", 1);
    let signature = foreign.secret.prove(&foreign.node, "", &foreign.nonce).to_vec();
    foreign
        .say(&ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch: true, origin: String::new() })
        .await;
    assert_eq!(closed(&mut foreign).await, Some(Refusal::Certificate));

    good.say(&ToNode::Ping { number: 7 }).await;
    good.hear(&house, |m| *m == ToConsole::Pong { number: 7 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_offer_gets_no_leg_and_no_harm_is_done() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let mut good = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;
    let breaks: [fn(&mut LegOffer); 4] = [
        |o| o.mids.clear(),
        |o| o.mids[0] = "\u{0}".to_owned(),
        |o| o.end.password = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111".to_owned(),
        |o| o.numbers.voice = 0,
    ];
    for (at, change) in breaks.into_iter().enumerate() {
        let mut officer = Officer::on_watch(&house, node.web_addr(), "usa-leaders").await;
        let mut offer = fixture::offer(1);
        change(&mut offer);
        officer.say(&ToNode::Offer { offer, leg: 1 }).await;
        assert_eq!(closed(&mut officer).await, Some(Refusal::Malformed), "{at}");
    }
    good.say(&ToNode::Ping { number: 8 }).await;
    good.hear(&house, |m| *m == ToConsole::Pong { number: 8 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_disturbs_only_its_sender() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let mut flooder = Officer::on_watch(&house, node.web_addr(), "usa-leaders").await;
    let mut good = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;
    let flood = tokio::spawn(async move {
        let ping = trialogue_wire::encode(&ToNode::Ping { number: 1 });
        // Never reads, and sends as fast as it may.
        while flooder.socket.send(Message::Binary(ping.clone().into())).await.is_ok() {}
    });
    for number in 100..150 {
        good.say(&ToNode::Ping { number }).await;
        good.hear(&house, |m| *m == ToConsole::Pong { number }).await;
    }
    flood.abort();
}

//! notify hooks. Real nodes, a real HTTPS server and a real mail server, both written here.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, Officer};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use trialogue_charter::{CallId, Precedence};
use trialogue_journal::{Act, Body, VerifiedEntry};
use trialogue_node::{Config, Node};

type Told = mpsc::UnboundedReceiver<String>;

/// A server's TLS for `localhost`; writes whom to trust as `ca.pem` into the directory.
fn tls(dir: &Path) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(dir.join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Takes requests, tells each whole, and answers with this head.
async fn web(dir: &Path, answer: &'static str) -> (u16, Told) {
    web_that_changes(dir, answer, answer).await
}

/// The same, with another head for the first request.
async fn web_that_changes(dir: &Path, first: &'static str, later: &'static str) -> (u16, Told) {
    let (acceptor, listener) = (tls(dir), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut answer = first;
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let (mut text, mut buffer) = (String::new(), [0; 4_096]);
            while !text.ends_with('}') {
                let read = stream.read(&mut buffer).await.unwrap();
                assert!(read > 0, "the request was cut: {text}");
                text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
            let _ = tell.send(text);
            stream.write_all(format!("{answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
            answer = later;
        }
    });
    (port, told)
}

/// A mail server; tells what it was sent. `offers`: it has STARTTLS.
async fn post_office(dir: &Path, offers: bool) -> (u16, Told) {
    let (acceptor, listener) = (tls(dir), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, tell) = (acceptor.clone(), tell.clone());
            tokio::spawn(async move {
                let mut plain = BufReader::new(stream);
                plain.write_all(b"220 here\r\n").await.unwrap();
                let mut said = String::new();
                while plain.read_line(&mut said).await.unwrap_or(0) > 0 {
                    let answer: &[u8] = if said.starts_with("EHLO") && offers {
                        b"250-here\r\n250 STARTTLS\r\n"
                    } else if said.starts_with("EHLO") {
                        b"250 here\r\n"
                    } else {
                        b"220 go on\r\n"
                    };
                    plain.write_all(answer).await.unwrap();
                    if said.starts_with("STARTTLS") {
                        let sealed = acceptor.accept(plain.into_inner()).await.unwrap();
                        return counter(sealed, &tell).await;
                    }
                    assert!(said.starts_with("EHLO") || said.starts_with("QUIT"), "in the clear: {said}");
                    said.clear();
                }
            });
        }
    });
    (port, told)
}

/// The counter of the post office, once the conversation is sealed. One address is nobody's.
async fn counter(stream: impl AsyncRead + AsyncWrite + Unpin, tell: &mpsc::UnboundedSender<String>) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut letter) = (String::new(), None::<String>);
    while {
        line.clear();
        stream.read_line(&mut line).await.unwrap_or(0) > 0
    } {
        if let Some(text) = &mut letter {
            text.push_str(&line);
            if line == ".\r\n" {
                let _ = tell.send(letter.take().unwrap());
                stream.write_all(b"250 taken\r\n").await.unwrap();
            }
            continue;
        }
        let answer: &[u8] = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => b"250-here\r\n250 AUTH PLAIN\r\n",
            // NUL hotline NUL open sesame
            "AUTH" if line.contains("AGhvdGxpbmUAb3BlbiBzZXNhbWU=") => b"235 welcome\r\n",
            "AUTH" => b"535 no\r\n",
            "RCPT" if line.contains("nobody@") => b"550 no such address\r\n",
            "DATA" => {
                letter = Some(String::new());
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer).await.unwrap();
    }
}

/// Starts a node with these tables in its configuration.
async fn start(house: &House, node: &str, tables: &str) -> Node {
    let toml = house.furnish(node);
    std::fs::write(toml.with_file_name("token"), "letmein\n").unwrap();
    std::fs::write(toml.with_file_name("password"), "open sesame\n").unwrap();
    let text = std::fs::read_to_string(&toml).unwrap() + tables;
    std::fs::write(&toml, text).unwrap();
    Node::start(Config::read(&toml).unwrap()).await.unwrap()
}

fn webhook(dir: &Path, port: u16) -> String {
    format!(
        "[alert.webhook]\nurl = \"https://localhost:{port}/hook?x=1\"\ntoken_file = \"token\"\nca = \"{}/ca.pem\"\n",
        dir.display()
    )
}

fn mail(dir: &Path, port: u16) -> String {
    format!(
        "[alert.mail]\nserver = \"localhost:{port}\"\nuser = \"hotline\"\npassword_file = \"password\"\n\
         from = \"node@example.gov\"\nto = [\"nobody@example.gov\", \"duty@example.gov\"]\nca = \"{}/ca.pem\"\n",
        dir.display()
    )
}

async fn ring(house: &House, usa: &Node) -> (Officer, CallId) {
    let mut officer = Officer::on_watch(house, usa.web_addr(), "usa-duty").await;
    let call = CallId([1; 16]);
    officer.act("duty", Act::Ring { call, offers: Vec::new(), precedence: Precedence::Immediate }).await;
    (officer, call)
}

fn alerted(call: CallId, done: bool) -> impl Fn(&VerifiedEntry) -> bool {
    move |entry| matches!(&entry.entry().body, Body::Alerted { call: c, done: d, .. } if *c == call && *d == done)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_little_and_reaches_those_it_is_for() {
    let (house, web_dir, mail_dir) = (House::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (hook, mut hooked) = web(web_dir.path(), "HTTP/1.1 204 Fine").await;
    let (office, mut mailed) = post_office(mail_dir.path(), true).await;
    let jpn = start(&house, "jpn-1", &webhook(web_dir.path(), hook)).await;
    let kor = start(&house, "kor-1", &mail(mail_dir.path(), office)).await;
    let usa = house.start("usa-1").await;
    let (mut officer, call) = ring(&house, &usa).await;
    officer.sees(&house, "jpn-1", alerted(call, true)).await;
    officer.sees(&house, "kor-1", alerted(call, true)).await;

    let request = hooked.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer letmein"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let wanted = serde_json::json!({
        "call": call.to_string(), "line": "duty", "party": "USA", "precedence": "immediate", "consoles": 0,
    });
    assert_eq!(body, wanted);

    // One of two addresses is refused: the other gets it all the same.
    let letter = mailed.recv().await.unwrap();
    assert!(letter.contains("To: duty@example.gov") && letter.contains("Subject: [Immediate] USA -> duty"), "{letter}");
    assert!(letter.contains("Content-Transfer-Encoding: base64") || letter.contains("quoted-printable"), "{letter}");
    assert_eq!((jpn.counters().value("ring_alerted"), kor.counters().value("ring_alerted")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_no_path_leads_to_any_more_is_told_of() {
    let (house, web_dir, mail_dir) =
        (House::often_tested(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (hook, mut hooked) = web(web_dir.path(), "HTTP/1.1 204 Fine").await;
    let (office, mut mailed) = post_office(mail_dir.path(), true).await;
    // The American node is never started: the tests of its paths fail twice in a row.
    let _jpn = start(&house, "jpn-1", &webhook(web_dir.path(), hook)).await;
    let _kor = start(&house, "kor-1", &mail(mail_dir.path(), office)).await;
    let request = hooked.recv().await.unwrap();
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, serde_json::json!({ "test": "path", "party": "USA" }));
    let letter = mailed.recv().await.unwrap();
    assert!(letter.contains("Subject: [Test failed] Path: USA"), "{letter}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_work_is_counted_and_another_means_is_enough() {
    let (house, web_dir, mail_dir) = (House::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // A redirection is no success and is not followed; a mail server without STARTTLS hears nothing in the clear.
    let (hook, mut hooked) = web(web_dir.path(), "HTTP/1.1 302 Elsewhere\r\nlocation: https://localhost:1/").await;
    let (office, _mailed) = post_office(mail_dir.path(), false).await;
    let both = webhook(web_dir.path(), hook) + &mail(mail_dir.path(), office);
    let jpn = start(&house, "jpn-1", &both).await;
    let kor = start(&house, "kor-1", &format!("[alert]\ncommand = [\"/bin/true\"]\n{both}")).await;
    let usa = house.start("usa-1").await;
    let (mut officer, call) = ring(&house, &usa).await;
    officer.sees(&house, "jpn-1", alerted(call, false)).await;
    officer.sees(&house, "kor-1", alerted(call, true)).await;
    for node in [&jpn, &kor] {
        let counters = node.counters();
        let counts =
            ["alert_command_failed", "alert_webhook_failed", "alert_mail_failed"].map(|name| counters.value(name));
        // What failed is tried again meanwhile, on a slow machine.
        assert!(counts[0] == 0 && counts[1] > 0 && counts[2] > 0, "{counts:?}");
    }
    assert!(hooked.recv().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_once_is_tried_again() {
    let (house, alone_dir, beside_dir) = (House::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (alone, mut hooked) = web_that_changes(alone_dir.path(), "HTTP/1.1 503 Not now", "HTTP/1.1 204 Fine").await;
    let (beside, mut also) = web_that_changes(beside_dir.path(), "HTTP/1.1 503 Not now", "HTTP/1.1 204 Fine").await;
    let jpn = start(&house, "jpn-1", &webhook(alone_dir.path(), alone)).await;
    let tables = format!("[alert]\ncommand = [\"/bin/true\"]\n{}", webhook(beside_dir.path(), beside));
    let kor = start(&house, "kor-1", &tables).await;
    let usa = house.start("usa-1").await;
    let (mut officer, call) = ring(&house, &usa).await;
    // Nobody could be told: the ringer reads it, until somebody was.
    officer.sees(&house, "jpn-1", alerted(call, false)).await;
    officer.sees(&house, "jpn-1", alerted(call, true)).await;
    let two = [hooked.recv().await.unwrap(), hooked.recv().await.unwrap()];
    assert_eq!(two[0], two[1], "of the same ring");
    // Where another means worked, the one that failed is tried again all the same.
    let two = [also.recv().await.unwrap(), also.recv().await.unwrap()];
    assert_eq!(two[0], two[1]);
    assert_eq!([&jpn, &kor].map(|node| node.counters().value("alert_webhook_failed")), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_somebody_else_vouches_for_is_told_nothing() {
    let (house, web_dir, other_dir) = (House::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (hook, mut hooked) = web(web_dir.path(), "HTTP/1.1 204 Fine").await;
    // Another certificate of the same name is the one that is trusted.
    let _ = tls(other_dir.path());
    let jpn = start(&house, "jpn-1", &webhook(other_dir.path(), hook)).await;
    let usa = house.start("usa-1").await;
    let (mut officer, call) = ring(&house, &usa).await;
    officer.sees(&house, "jpn-1", alerted(call, false)).await;
    assert_eq!(jpn.counters().value("alert_webhook_failed"), 1);
    assert!(hooked.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_its_secret_does_not_start() {
    let house = House::new();
    let toml = house.furnish("usa-1");
    let tables = "[alert.webhook]\nurl = \"https://localhost/\"\ntoken_file = \"none\"\n";
    std::fs::write(&toml, std::fs::read_to_string(&toml).unwrap() + tables).unwrap();
    let error = Node::start(Config::read(&toml).unwrap()).await.err().unwrap().to_string();
    assert!(error.contains("token of the webhook") && error.contains("none"), "{error}");
}

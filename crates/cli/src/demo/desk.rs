//! The demo's enrolment desk: short addresses on this machine that lead to new one-time enrolment links. A real
//! security officer hands each person a link made by `trialogue enrol`; the demo does that at every click.

use super::house::House;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Longest request head, in bytes.
const REQUEST_MAX: usize = 8 << 10;
/// How long one visitor may take.
const VISIT_MAX: Duration = Duration::from_secs(5);

/// Serves until it is dropped, one visitor after the other: each takes a millisecond.
pub async fn serve(listener: &TcpListener, house: &House) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A visitor who goes away early misses his answer, and nobody else does.
                let _ = tokio::time::timeout(VISIT_MAX, answer(stream, house)).await;
            }
            // Out of descriptors: others may give some back.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn answer(mut stream: TcpStream, house: &House) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 1_024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await?;
        if read == 0 || head.len() > REQUEST_MAX {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..read]);
    }
    let response = respond(&String::from_utf8_lossy(&head), house);
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

fn respond(head: &str, house: &House) -> String {
    let mut lines = head.lines();
    let request = lines.next().unwrap_or_default();
    let host = lines.find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("host")));
    let host = host.map(|(_, value)| value.trim()).unwrap_or_default();
    // A page of another site that had its name point here would otherwise be handed a way in.
    let here = ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{}", house.ports.desk()));
    let mut words = request.split(' ');
    if !here || words.next() != Some("GET") {
        return page("403 Forbidden", "", "Open this page by its address on this machine.");
    }
    match words.next().unwrap_or_default() {
        "/" => page("200 OK", "", &overview(house)),
        path => redirect(path.trim_start_matches('/'), house),
    }
}

fn redirect(office: &str, house: &House) -> String {
    for household in &house.parties {
        if let Some(office) = household.role.offices.iter().find(|role| role.id == office && role.role != "station") {
            return match house.link(household, office) {
                Ok(link) => page("302 Found", &format!("Location: {}\r\n", link.as_str()), "Signing in."),
                Err(why) => page("500 Internal Server Error", "", &why.to_string()),
            };
        }
    }
    page("404 Not Found", "", "There is no such office. <a href=\"/\">All enrolment links</a>")
}

fn overview(house: &House) -> String {
    let mut text = String::from(
        "<h1>Trialogue demo: enrolment links</h1><p>Open one of each party, each in its own browser window or profile.</p>",
    );
    // Writing into a String cannot fail.
    for household in &house.parties {
        let _ = write!(text, "<h2>{}</h2><ul>", household.role.name.join(" · "));
        for office in household.role.offices.iter().filter(|office| office.role != "station") {
            let _ = write!(
                text,
                "<li><a href=\"/{}\" rel=\"noreferrer\">{}</a>: {}</li>",
                office.id, office.title[0], office.person
            );
        }
        text.push_str("</ul>");
    }
    text
}

fn page(status: &str, header: &str, body: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Trialogue demo</title><body style=\"font:18px/1.6 sans-serif;max-width:40em;margin:2em auto;padding:0 1em\">{body}"
    );
    format!(
        "HTTP/1.1 {status}\r\n{header}Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

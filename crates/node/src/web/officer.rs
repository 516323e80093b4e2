//! What the security officer's page asks, and what every console's page must know before it starts.

use super::listen::Visitor;
use super::server::Shared;
use crate::admin::Reply;
use crate::config::Passkeys;
use crate::door::{Cut, Ended};
use crate::limits::officer::ASKS_WITHIN;
use crate::officer::{Officer, Refused};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use std::sync::Arc;
use trialogue_charter::limits::OFFICER_MAX;

const NO_STORE: (axum::http::HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// `/console.json`: what the operator decided for the pages of this node.
#[derive(Serialize)]
struct Rules {
    node: String,
    passkeys: Passkeys,
}

/// `/officer/nonce`.
#[derive(Serialize)]
struct Challenge {
    node: String,
    nonce: String,
}

pub(super) async fn rules(State(shared): State<Arc<Shared>>) -> Response {
    let node = shared.status.now().node;
    ([NO_STORE], Json(Rules { node, passkeys: shared.passkeys })).into_response()
}

/// The charter in force: every console is shown it before it has proven anything, so no more is told here.
pub(super) async fn charter(State(shared): State<Arc<Shared>>) -> Response {
    let Some(officer) = &shared.officer else { return absent() };
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    ([NO_STORE, kind], officer.charter().bytes().to_vec()).into_response()
}

pub(super) async fn nonce(State(shared): State<Arc<Shared>>) -> Response {
    let made = shared.officer.as_ref().and_then(|officer| Some((officer, officer.nonce()?)));
    let Some((officer, nonce)) = made else { return absent() };
    ([NO_STORE], Json(Challenge { node: officer.node().to_string(), nonce: hex::encode(nonce) })).into_response()
}

pub(super) async fn ask(
    State(shared): State<Arc<Shared>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(officer) = &shared.officer else { return absent() };
    if !shared.may_open(&headers) {
        shared.counters.count("officer_refused");
        return refused(StatusCode::FORBIDDEN, "a page of another origin may not ask this node".to_owned());
    }
    let body = tokio::time::timeout(ASKS_WITHIN, axum::body::to_bytes(body, OFFICER_MAX)).await;
    let Ok(Ok(bytes)) = body else {
        shared.counters.count("officer_refused");
        let why = format!("a request of an officer has at most {OFFICER_MAX} bytes, and comes at once");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, why);
    };
    // Verifying takes turns; those of one address do not keep another's waiting.
    let cut = Cut::new();
    let (place, _) = shared.officers.enter(visitor.group, cut.clone());
    match answer(officer, &bytes, cut.ended()).await {
        Ok(reply) => {
            place.proven();
            shared.counters.count("officer_asked");
            ([NO_STORE], Json(reply)).into_response()
        }
        Err(Refused::Unproven(why)) => {
            shared.counters.count("officer_refused");
            refused(StatusCode::FORBIDDEN, why)
        }
        Err(Refused::Busy(why)) => refused(StatusCode::SERVICE_UNAVAILABLE, why.to_owned()),
    }
}

/// What was begun is ended even if whoever asked goes away: an act that was proven is never half done.
async fn answer(officer: &Arc<Officer>, bytes: &[u8], ended: Ended) -> Result<Reply, Refused> {
    let (officer, bytes) = (officer.clone(), bytes.to_vec());
    let asked = tokio::spawn(async move { officer.ask(&bytes, ended).await });
    asked.await.unwrap_or(Err(Refused::Busy("the node could not answer; its log says why")))
}

fn refused(status: StatusCode, why: String) -> Response {
    (status, [NO_STORE], Json(Reply::Refused { why })).into_response()
}

fn absent() -> Response {
    refused(StatusCode::SERVICE_UNAVAILABLE, "the node cannot answer now; ask again".to_owned())
}

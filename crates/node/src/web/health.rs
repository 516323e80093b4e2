//! The operator's pages: is the node ready, and how have paths and lines been. No names of people, no addresses.

use super::listen::Visitor;
use super::server::Shared;
use crate::door::Cut;
use crate::health::{self, STYLE, Series, Tongue, Window};
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    window: Option<String>,
    lang: Option<String>,
}

impl Asked {
    /// The last hour, where nothing known is asked for.
    fn window(&self) -> Window {
        self.window.as_deref().and_then(Window::named).unwrap_or_default()
    }
}

/// `/healthz`: what it always showed, and in one word whether the node can do its work.
#[derive(Serialize)]
struct Probe {
    /// `ready` or `degraded`.
    state: &'static str,
    /// Why, one sentence each.
    reasons: Vec<String>,
    #[serde(flatten)]
    health: super::Health,
}

/// 200 also when degraded: a node that is degraded still carries calls, and whoever restarts it would cut them.
pub(super) async fn probe(State(shared): State<Arc<Shared>>) -> Response {
    let health = shared.status.now();
    let reasons = health.reasons();
    let state = if reasons.is_empty() { "ready" } else { "degraded" };
    axum::Json(Probe { state, reasons, health }).into_response()
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let accepts = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (tongue, window, now_ms) = (Tongue::choose(asked.lang.as_deref(), accepts), asked.window(), now_ms());
    let Some(series) = series(&shared, &visitor, window, now_ms).await else { return crowded() };
    let text = health::page(tongue, window, now_ms, &shared.status.now(), &series);
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

pub(super) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

pub(super) async fn csv(
    State(shared): State<Arc<Shared>>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(series) = series(&shared, &visitor, asked.window(), now_ms()).await else { return crowded() };
    let kind = (CONTENT_TYPE, "text/csv; charset=utf-8");
    let name = (CONTENT_DISPOSITION, "attachment; filename=\"health.csv\"");
    (StatusCode::OK, [kind, name], health::csv(&series)).into_response()
}

pub(super) async fn json(
    State(shared): State<Arc<Shared>>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    let (window, now_ms) = (asked.window(), now_ms());
    let Some(series) = series(&shared, &visitor, window, now_ms).await else { return crowded() };
    axum::Json(health::json(&shared.status.now().node, window, now_ms, &series)).into_response()
}

/// What the disk holds. Reading takes turns; none: there are too many who ask, and others hold less.
async fn series(shared: &Shared, visitor: &Visitor, window: Window, now_ms: u64) -> Option<Vec<Series>> {
    let cut = Cut::new();
    let _place = shared.pages.enter(visitor.group, cut.clone());
    tokio::select! {
        biased;
        () = cut.ended() => None,
        series = shared.health.series(window, now_ms) => Some(series),
    }
}

fn crowded() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "too many ask at once; ask again\n").into_response()
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

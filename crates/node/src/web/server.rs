//! Routes, and the headers that every answer carries.

use super::listen::{Doors, Visitor};
use super::socket::{self, ConsoleEvent};
use super::{Assets, Status, WebError, health, listen, officer, operator};
use crate::config::{Passkeys, WebTls};
use crate::counters::Counters;
use crate::door::{Keeper, Known, Paces};
use crate::health::Health;
use crate::limits::door::{HEALTH_PAGES, KEPT_FEW, OFFICERS, SOCKETS};
use crate::media::MediaCounters;
use crate::officer::Officer;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Request, State};
use axum::http::header::{self, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use trialogue_core::ConsoleKey;
use trialogue_wire::limits::MESSAGE_MAX;

/// `wasm-unsafe-eval` compiles WebAssembly and nothing else; `style-src-attr` is for positions that a view computes.
/// `connect-src` is completed by the party's other sites.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; style-src-attr 'unsafe-inline'; \
img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; \
manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), publickey-credentials-create=(self), publickey-credentials-get=(self), \
         display-capture=(), geolocation=()",
    ),
];

/// What the web side needs.
pub struct WebSetup {
    /// Where.
    pub listen: SocketAddr,
    /// HTTPS.
    pub tls: Option<WebTls>,
    /// Other origins that may open a console.
    pub origins: Vec<String>,
    /// Other sites of the party that a console may connect to.
    pub sites: Vec<String>,
    /// The console's files.
    pub assets: Assets,
    /// For `/health`.
    pub health: Health,
    /// For `/healthz`.
    pub status: Status,
    /// For `/metrics`.
    pub counters: Counters,
    /// For `/metrics`: what the media thread did.
    pub media: MediaFigures,
    /// Answers the party's security officer; none: nobody does.
    pub officer: Option<Officer>,
    /// What a console's page is told about passkeys.
    pub passkeys: Passkeys,
    /// Where consoles' events go.
    pub events: mpsc::Sender<ConsoleEvent>,
}

/// Asks the media thread for its counters.
pub type MediaFigures = Box<dyn Fn() -> MediaCounters + Send + Sync>;

pub(super) struct Shared {
    tls: bool,
    origins: Vec<String>,
    policy: HeaderValue,
    assets: Assets,
    pub(super) health: Health,
    pub(super) status: Status,
    pub(super) counters: Counters,
    media: MediaFigures,
    pub(super) officer: Option<Arc<Officer>>,
    pub(super) passkeys: Passkeys,
    events: mpsc::Sender<ConsoleEvent>,
    next: AtomicU64,
    /// Of WebSockets before their log-in.
    sockets: Keeper,
    /// Of officers' requests.
    pub(super) officers: Keeper,
    /// Of pages of health.
    pub(super) pages: Keeper,
    paces: Paces,
}

/// The running web server. Dropping it stops it.
pub struct Web {
    task: JoinHandle<()>,
    local: SocketAddr,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Web {
    /// Binds and serves. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When the port is taken, or the certificate is not usable.
    pub async fn start(setup: WebSetup) -> Result<Self, WebError> {
        let port = listen::open(setup.listen, setup.tls.as_ref()).await?;
        let local = port.local;
        let known = Known::default();
        let doors = Doors { known: known.clone(), paces: Paces::default(), counters: setup.counters.clone() };
        let keeper = |most| Keeper::new(most, KEPT_FEW, known.clone());
        let shared = Arc::new(Shared {
            tls: setup.tls.is_some(),
            policy: policy(&setup.sites),
            origins: setup.origins,
            assets: setup.assets,
            health: setup.health,
            status: setup.status,
            counters: setup.counters,
            media: setup.media,
            officer: setup.officer.map(Arc::new),
            passkeys: setup.passkeys,
            events: setup.events,
            next: AtomicU64::new(1),
            sockets: keeper(SOCKETS),
            officers: keeper(OFFICERS),
            pages: keeper(HEALTH_PAGES),
            paces: doors.paces.clone(),
        });
        let router = Router::new()
            .route("/console", get(console))
            .route("/console.json", get(officer::rules))
            .route("/officer/charter", get(officer::charter))
            .route("/officer/nonce", get(officer::nonce))
            .route("/officer/ask", post(officer::ask))
            .route("/healthz", get(health::probe))
            .route("/health", get(health::page))
            .route("/health.css", get(health::style))
            .route("/health.csv", get(health::csv))
            .route("/health.json", get(health::json))
            .route("/metrics", get(metrics))
            .fallback(file)
            .layer(middleware::from_fn_with_state(shared.clone(), headers))
            .with_state(shared);
        let task = tokio::spawn(port.run(router, doors));
        Ok(Self { task, local })
    }

    /// The bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

/// The content security policy, with the party's other sites as places to connect to.
fn policy(sites: &[String]) -> HeaderValue {
    let sockets = sites.iter().map(|site| site.replacen("http", "ws", 1));
    let connect = ["connect-src 'self'".to_owned()].into_iter().chain(sockets).collect::<Vec<_>>().join(" ");
    // A site that is no header value was refused with the configuration.
    HeaderValue::from_str(&CSP.replace("connect-src 'self'", &connect)).unwrap_or(HeaderValue::from_static(CSP))
}

async fn headers(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, shared.policy.clone());
    if shared.tls {
        let hsts = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    response
}

async fn file(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    shared.assets.answer(request.uri().path(), request.headers())
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4");
    ([(CONTENT_TYPE, kind)], operator::metrics(&shared.status, &shared.counters, &(shared.media)())).into_response()
}

async fn console(
    State(shared): State<Arc<Shared>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !shared.may_open(&headers) {
        shared.counters.count("console_origin_refused");
        return (StatusCode::FORBIDDEN, "a page of another origin may not open a console; see web_origins\n")
            .into_response();
    }
    // From here on it holds a place among WebSockets, and who has to go for it is ended.
    let (place, crowded) = shared.sockets.enter(visitor.group, visitor.cut.clone());
    visitor.place.leave();
    if crowded {
        shared.counters.count("console_crowded");
    }
    let console = ConsoleKey(shared.next.fetch_add(1, Ordering::Relaxed));
    upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX).on_upgrade(move |socket| async move {
        let Visitor { group, cut, .. } = visitor;
        let entrance = socket::Entrance { place, group, cut, paces: shared.paces.clone() };
        socket::serve(socket, console, entrance, shared.events.clone(), shared.counters.clone()).await;
    })
}

impl Shared {
    /// Browsers always say whose page opens a WebSocket; a native endpoint says nothing and proves itself by its key
    /// like all.
    pub(super) fn may_open(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let host = headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
        let own = format!("{}://{host}", if self.tls { "https" } else { "http" });
        origin.eq_ignore_ascii_case(&own) || self.origins.iter().any(|o| o.eq_ignore_ascii_case(origin))
    }
}

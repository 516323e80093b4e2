//! The console machine, for the keys worker.

use crate::out::{Chunk, Enrolled, Out};
use serde::Serialize;
use serde_bytes::ByteBuf;
use serde_wasm_bindgen::Serializer;
use trialogue_charter::Hash;
use trialogue_console_core::view::Command;
use trialogue_console_core::{Chance, Console, Identity, Input, Suspicion};
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};
use zeroize::Zeroizing;

/// The browser's random numbers.
fn chance() -> Chance {
    Chance::new(|bytes| getrandom_03::fill(bytes).is_ok())
}

/// Uses an enrolment link. `now_ms`: wall clock, milliseconds since 1970 UTC. Returns [`Enrolled`].
#[wasm_bindgen]
pub fn enrol(link: &str, now_ms: f64) -> Result<JsValue, JsError> {
    let identity = trialogue_console_core::enrol(link, millis(now_ms), &mut chance())?;
    Ok(serde_wasm_bindgen::to_value(&Enrolled::from(identity))?)
}

/// One console. After every call drain [`Machine::poll`].
#[wasm_bindgen]
pub struct Machine {
    console: Console,
}

#[wasm_bindgen]
impl Machine {
    /// From what [`enrol`] gave, and the charter held, if any.
    #[wasm_bindgen(constructor)]
    pub fn new(
        secret: &[u8],
        certificate: Vec<u8>,
        root: &[u8],
        charter: Option<Vec<u8>>,
        on_watch: bool,
    ) -> Result<Machine, JsError> {
        let damaged = || JsError::new("the stored identity is damaged: ask for a new enrolment link");
        let identity = Identity {
            secret: Zeroizing::new(secret.try_into().map_err(|_| damaged())?),
            certificate,
            root: Hash(root.try_into().map_err(|_| damaged())?),
        };
        Ok(Self { console: Console::new(identity, charter, on_watch, chance())? })
    }

    /// Where this page was loaded from, a web origin: signed with each log-in. Before anything else.
    #[wasm_bindgen(js_name = reachedAt)]
    pub fn reached_at(&mut self, origin: &str) {
        self.console.reached_at(origin);
    }

    /// Turns the written line on: `kept` is what `keep` gave last, opened. Before anything else.
    #[wasm_bindgen(js_name = keepWritings)]
    pub fn keep_writings(&mut self, kept: Option<Vec<u8>>) {
        let kept = kept.map(Zeroizing::new);
        self.console.keep_writings(kept.as_ref().map(|kept| kept.as_slice()));
    }

    /// What `keep` of that number gave is stored.
    pub fn kept(&mut self, now_us: f64, now_ms: f64, version: f64) {
        self.take(now_us, now_ms, Input::Kept { version: millis(version) });
    }

    /// The seal has changed: everything is kept anew.
    #[wasm_bindgen(js_name = keepAgain)]
    pub fn keep_again(&mut self, now_us: f64, now_ms: f64) {
        self.console.keep_again();
        self.take(now_us, now_ms, Input::Tick);
    }

    /// A file will be read and attached to what is being written on a line.
    pub fn attach(&mut self, line: &str, name: &str, size: f64) -> Result<(), JsError> {
        Ok(self.console.attach_file(line, name, millis(size))?)
    }

    /// How long the next piece of it must be, in bytes; 0: that was all, or it is not read any more.
    #[wasm_bindgen(js_name = attachNext)]
    pub fn attach_next(&self) -> usize {
        self.console.attach_next()
    }

    /// Seals the next piece of it. Returns a `Chunk`, which must be stored before the next one is given.
    #[wasm_bindgen(js_name = attachPiece)]
    pub fn attach_piece(&mut self, piece: &[u8]) -> Result<JsValue, JsError> {
        let (hash, bytes) = self.console.attach_piece(piece)?;
        Ok(serde_wasm_bindgen::to_value(&Chunk { hash: hash.to_string(), bytes: ByteBuf::from(bytes) })?)
    }

    /// All of it is stored: it is attached.
    #[wasm_bindgen(js_name = finishAttaching)]
    pub fn finish_attaching(&mut self, now_us: f64, now_ms: f64) -> Result<(), JsError> {
        self.console.finish_attaching()?;
        self.take(now_us, now_ms, Input::Tick);
        Ok(())
    }

    /// The file is not attached after all.
    #[wasm_bindgen(js_name = stopAttaching)]
    pub fn stop_attaching(&mut self) {
        self.console.stop_attaching();
    }

    /// Hashes (hex) of the chunks that have to be stored; others are of no use.
    #[wasm_bindgen(js_name = chunksNeeded)]
    pub fn chunks_needed(&self) -> Vec<String> {
        self.console.chunks_needed().iter().map(ToString::to_string).collect()
    }

    /// The chunk that `giveChunk` asked for; none: it is not there.
    pub fn chunk(&mut self, now_us: f64, now_ms: f64, hash: &str, bytes: Option<Vec<u8>>) {
        if let Some(hash) = self.console.chunks_needed().into_iter().find(|held| held.to_string() == hash) {
            self.take(now_us, now_ms, Input::Chunk { hash, bytes });
        }
    }

    /// The WebSocket of a slot is open: 0 leads to this page's site, 1 to the other one.
    pub fn opened(&mut self, now_us: f64, now_ms: f64, slot: u8) {
        self.take_at(now_us, now_ms, slot, Input::Opened);
    }

    /// A binary message came.
    pub fn received(&mut self, now_us: f64, now_ms: f64, slot: u8, bytes: Vec<u8>) {
        self.take_at(now_us, now_ms, slot, Input::Received(bytes));
    }

    /// The WebSocket closed.
    pub fn closed(&mut self, now_us: f64, now_ms: f64, slot: u8) {
        self.take_at(now_us, now_ms, slot, Input::Closed);
    }

    /// The officer did something (`Command`).
    pub fn command(&mut self, now_us: f64, now_ms: f64, command: JsValue) -> Result<(), JsError> {
        let command: Command = serde_wasm_bindgen::from_value(command)?;
        self.take(now_us, now_ms, Input::Command(command));
        Ok(())
    }

    /// The leg's offer.
    #[wasm_bindgen(js_name = legOffer)]
    pub fn leg_offer(&mut self, now_us: f64, now_ms: f64, slot: u8, leg: u32, sdp: String) {
        self.take_at(now_us, now_ms, slot, Input::LegOffer { leg, sdp });
    }

    /// The leg is connected, or gone.
    #[wasm_bindgen(js_name = legState)]
    pub fn leg_state(&mut self, now_us: f64, now_ms: f64, slot: u8, leg: u32, up: bool) {
        self.take_at(now_us, now_ms, slot, if up { Input::LegUp { leg } } else { Input::LegDown { leg } });
    }

    /// What the browser has negotiated is not what the machine's answer says: the leg was closed.
    #[wasm_bindgen(js_name = legUnfit)]
    pub fn leg_unfit(&mut self, now_us: f64, now_ms: f64, slot: u8, leg: u32, why: String) {
        self.take_at(now_us, now_ms, slot, Input::LegUnfit { leg, why });
    }

    /// The network of this machine has changed.
    pub fn network(&mut self, now_us: f64, now_ms: f64) {
        self.take(now_us, now_ms, Input::Network);
    }

    /// Media came over a leg; at most every 50 ms.
    #[wasm_bindgen(js_name = legHeard)]
    pub fn leg_heard(&mut self, now_us: f64, now_ms: f64, slot: u8, leg: u32) {
        self.take_at(now_us, now_ms, slot, Input::LegHeard { leg });
    }

    /// The media worker has opened these, as `Media::heard` says.
    pub fn heard(&mut self, now_us: f64, now_ms: f64, heard: Vec<String>) {
        let pair = |pair: &[String]| Some((u64::from_str_radix(&pair[0], 16).ok()?, pair[1].parse().ok()?));
        let highest = heard.chunks_exact(2).filter_map(pair).collect();
        self.take(now_us, now_ms, Input::Heard { highest });
    }

    /// Frames at the place of a device (64 hexadecimal digits) are not its own, or come late.
    pub fn suspect(&mut self, now_us: f64, now_ms: f64, device: &str, forged: bool) {
        let what = if forged { Suspicion::Forged } else { Suspicion::Late };
        if let Some(device) = crate::media::device_of(device) {
            self.take(now_us, now_ms, Input::Suspect { device, what });
        }
    }

    /// The media worker is new.
    #[wasm_bindgen(js_name = workerRestarted)]
    pub fn worker_restarted(&mut self, now_us: f64, now_ms: f64) {
        self.take(now_us, now_ms, Input::WorkerRestarted);
    }

    /// The media worker has sealed and opened a frame; `nonce` as it was asked.
    pub fn proven(&mut self, now_us: f64, now_ms: f64, nonce: &str) {
        if let Ok(nonce) = u128::from_str_radix(nonce, 16) {
            self.take(now_us, now_ms, Input::Proven { nonce: nonce.to_be_bytes() });
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now_us: f64, now_ms: f64) {
        self.take(now_us, now_ms, Input::Tick);
    }

    /// The next thing to do ([`Out`]), or `undefined`.
    pub fn poll(&mut self) -> Result<JsValue, JsError> {
        Ok(match self.console.poll() {
            Some(output) => Out::from(output).serialize(&Serializer::new().serialize_missing_as_null(true))?,
            None => JsValue::UNDEFINED,
        })
    }

    /// Who may do what by the charter (`AuthorityView`), or `undefined`.
    pub fn authority(&self) -> Result<JsValue, JsError> {
        Ok(match self.console.authority() {
            Some(authority) => authority.serialize(&Serializer::new().serialize_missing_as_null(true))?,
            None => JsValue::UNDEFINED,
        })
    }

    /// When to tick, microseconds of the monotonic clock.
    #[wasm_bindgen(js_name = nextTimeout)]
    pub fn next_timeout(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "exact for 285 years of microseconds")]
        self.console.next_timeout().map(|us| us as f64)
    }
}

impl Machine {
    fn take_at(&mut self, now_us: f64, now_ms: f64, slot: u8, input: Input) {
        self.take(now_us, now_ms, if slot == 0 { input } else { Input::At { slot, input: Box::new(input) } });
    }

    fn take(&mut self, now_us: f64, now_ms: f64, input: Input) {
        self.console.handle(millis(now_us), millis(now_ms), input);
    }
}

/// A clock of JavaScript, never negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as wanted")]
pub(crate) fn millis(value: f64) -> u64 {
    value as u64
}

//! The console's files, read into memory once: nothing that a browser asks for reaches the disk.

use super::WebError;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trialogue_charter::Hash;

/// Most that the files may hold together, in MiB.
const MOST_MIB: usize = 64;
/// Directories below the top one.
const DEPTH: usize = 8;

const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Trialogue</title>\
<p>This node runs, and it has no web console. Build the console and name its directory as console_dir.\n";

struct Asset {
    bytes: Bytes,
    kind: &'static str,
    tag: HeaderValue,
    cache: &'static str,
}

/// Files by their path in the URL, without the first slash.
pub struct Assets(BTreeMap<String, Asset>);

impl Assets {
    /// The directory to use: the one of the configuration, that of `TRIALOGUE_CONSOLE_DIR`, or one installed beside the
    /// program.
    pub fn find(configured: Option<&Path>) -> Option<PathBuf> {
        let beside = |name: &str| std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join(name)));
        configured
            .map(Path::to_owned)
            .or_else(|| std::env::var_os("TRIALOGUE_CONSOLE_DIR").map(PathBuf::from))
            .or_else(|| beside("console").filter(|dir| dir.join("index.html").is_file()))
            .or_else(|| beside("../share/trialogue/console").filter(|dir| dir.join("index.html").is_file()))
    }

    /// Reads a built console; none: a page that says that there is none.
    ///
    /// # Errors
    /// When a file cannot be read, or when there is far more than a console has.
    pub fn load(dir: Option<&Path>) -> Result<Self, WebError> {
        let mut assets = Self(BTreeMap::new());
        match dir {
            Some(dir) => {
                let mut left = MOST_MIB << 20;
                assets.add(dir, dir, DEPTH, &mut left)?;
            }
            None => assets.insert("index.html".into(), MISSING.into()),
        }
        Ok(assets)
    }

    fn add(&mut self, top: &Path, dir: &Path, depth: usize, left: &mut usize) -> Result<(), WebError> {
        let wrap = |e| WebError::Assets(dir.to_owned(), e);
        for found in std::fs::read_dir(dir).map_err(wrap)? {
            let path = found.map_err(wrap)?.path();
            if path.is_dir() && depth > 0 {
                self.add(top, &path, depth - 1, left)?;
            } else if path.is_file()
                && let Ok(name) = path.strip_prefix(top)
            {
                let bytes = std::fs::read(&path).map_err(wrap)?;
                *left = left.checked_sub(bytes.len()).ok_or_else(|| WebError::TooMuch(top.to_owned(), MOST_MIB))?;
                self.insert(name.to_string_lossy().replace('\\', "/"), bytes.into());
            }
        }
        Ok(())
    }

    fn insert(&mut self, name: String, bytes: Bytes) {
        let tag = format!("\"{}\"", &Hash::of(&bytes).to_string()[..24]);
        let tag = HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"0\""));
        // Vite puts a hash into the names below assets/; everything else may change under its name.
        let cache = match name.as_str() {
            "index.html" => "no-store",
            name if name.starts_with("assets/") => "public, max-age=31536000, immutable",
            _ => "no-cache",
        };
        self.0.insert(name.clone(), Asset { bytes, kind: kind(&name), tag, cache });
    }

    /// Answers a GET. Unknown paths without an extension are places inside the console.
    pub fn answer(&self, path: &str, asked: &HeaderMap) -> Response {
        let name = path.trim_start_matches('/');
        let is_place = !name.rsplit('/').next().unwrap_or(name).contains('.');
        let found = self.0.get(name).or_else(|| if is_place { self.0.get("index.html") } else { None });
        let Some(asset) = found else { return (StatusCode::NOT_FOUND, "not found\n").into_response() };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
            (CACHE_CONTROL, HeaderValue::from_static(asset.cache)),
            (ETAG, asset.tag.clone()),
        ];
        if asked.get(IF_NONE_MATCH) == Some(&asset.tag) && asset.cache != "no-store" {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, asset.bytes.clone()).into_response()
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "ogg" | "opus" => "audio/ogg",
        "mp3" => "audio/mpeg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

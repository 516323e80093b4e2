//! The console as a pure machine: what the officer does and what the node sends go in; what to send, what to show and which
//! keys the media worker uses come out. The same code runs in the browser (WebAssembly) and in the native endpoint.

pub mod view;

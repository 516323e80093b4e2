//! Three parties in one test process, each with a real node; and a console that speaks the wire by hand.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod house;
mod officer;
mod relay;

pub use house::House;
pub use officer::Officer;
pub use relay::Relay;

use std::future::Future;
use std::time::Duration;

/// Waits until `condition` holds. The bound is for a broken build, not a measure.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap_or_else(|_| panic!("{what}: not within a minute"));
}

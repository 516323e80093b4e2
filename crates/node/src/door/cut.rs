//! Ending what somebody else runs.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::watch;

/// Ends something once; clones end the same.
#[derive(Clone)]
pub(crate) struct Cut(watch::Sender<bool>);

/// Resolves when it is ended, and never where nobody can end it any more.
pub(crate) struct Ended(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Cut {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(crate) fn cut(&self) {
        self.0.send_replace(true);
    }

    /// To be watched by who is to end.
    pub(crate) fn ended(&self) -> Ended {
        let mut said = self.0.subscribe();
        Ended(Box::pin(async move {
            if said.wait_for(|over| *over).await.is_err() {
                std::future::pending::<()>().await;
            }
        }))
    }
}

impl Future for Ended {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

//! Alerts people beyond the consoles to a ring that nobody has answered, to messages that nobody has acknowledged in
//! time, or to a test of the line that failed: by the operator's command, a webhook, a mail.
//!
//! What the operator has set is tried at once. The alert is done if any of it works; what failed is tried again, and
//! each failure is logged with its reason, which holds no secret and no address, and counted.

mod command;
mod mail;
mod reach;
mod trust;
mod webhook;
mod words;

use crate::config::AlertConfig;
use crate::counters::Counters;
use crate::error::NodeError;
use crate::limits::alert::{AGAIN, AT_ONCE, OTHERS_AT_ONCE, OTHERS_WAITING, PATIENCE, WAITING};
use command::Program;
use mail::Mailer;
use rustls::CertificateError;
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitStatus;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use trialogue_charter::{CallId, LineId, PartyId, Precedence};
use trialogue_journal::Level;
use webhook::Hook;

/// One ring to tell people of.
pub(crate) struct Alert {
    pub(crate) call: CallId,
    pub(crate) line: LineId,
    pub(crate) party: PartyId,
    pub(crate) precedence: Precedence,
    pub(crate) consoles: u16,
}

/// Messages to tell people of.
pub(crate) struct Overdue {
    pub(crate) line: LineId,
    /// Who wrote them.
    pub(crate) party: PartyId,
    /// The highest of them.
    pub(crate) precedence: Precedence,
    pub(crate) messages: u16,
}

/// What people beyond the consoles are told.
pub(crate) enum Alarm {
    /// Nobody answers a ring.
    Ring(Alert),
    /// Messages were not acknowledged in time.
    Writing(Overdue),
    /// A test of the line with another party failed.
    Test {
        /// The other party.
        party: PartyId,
        /// What was tested.
        level: Level,
    },
}

/// What became of the alert to a ring.
pub(crate) struct Alerted {
    pub(crate) call: CallId,
    pub(crate) line: LineId,
    pub(crate) done: bool,
}

/// What the library says.
type Cause = Box<dyn Error + Send + Sync>;

/// What a library says, for the log: it holds no address, and what is said of a certificate for another name has both
/// names.
fn cause(error: impl Error + Send + Sync + 'static) -> Cause {
    let mut next: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(at) = next {
        if let Some(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })) =
            at.downcast_ref()
        {
            return "its certificate is for another name".into();
        }
        // What an error of the system was made of is not among its sources.
        let within = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = within.map(|inner| inner as &(dyn Error + 'static)).or_else(|| at.source());
    }
    error.into()
}

/// Why one of the means did not work. The operator reads it in the log, with what the system or the library says: a
/// sentence for all cases finds no wrong name and no expired certificate. Nothing of what a server answered is in it
/// but its number.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The program.
    #[error("the program cannot be started ({0}); correct `command` under [alert] in node.toml")]
    Start(#[source] std::io::Error),
    /// The program.
    #[error("the program ended with a failure ({0})")]
    Exit(ExitStatus),
    /// How it ended cannot be told.
    #[error("it cannot be told how the program ended ({0})")]
    Lost(#[source] std::io::Error),
    /// No address, no way, or nobody there.
    #[error("the server cannot be reached ({0})")]
    Unreachable(#[source] Cause),
    /// Its certificate.
    #[error(
        "the server's certificate is not trusted, or it speaks no TLS ({0}); name the authority that issued it as `ca`"
    )]
    Tls(#[source] Cause),
    /// It has no STARTTLS, or no log-in that is understood.
    #[error("the server does not offer STARTTLS or a way to log in ({0})")]
    NotOffered(#[source] Cause),
    /// Anything but success; redirections are not followed.
    #[error("the server answered {0}")]
    Answered(u16),
    /// In the middle.
    #[error("the server broke off ({0})")]
    Broken(#[source] Cause),
    /// What was to be said could not be put into words.
    #[error("no request or mail can be made of it: correct the addresses under [alert] in node.toml")]
    Unsayable,
    /// Over [`PATIENCE`].
    #[error("it took longer than 20 s and was ended")]
    Late,
}

/// Everything that the operator has set.
struct Means {
    program: Option<Program>,
    hook: Option<Hook>,
    mailer: Option<Mailer>,
    counters: Counters,
}

/// Whose alarms, of which kind: whatever is due of one, and however slow the means are, no ring of another party waits
/// for it, and none for messages or tests.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Rings(PartyId),
    Messages(PartyId),
    Tests(PartyId),
}

impl Kind {
    fn of(alarm: &Alarm) -> Self {
        match alarm {
            Alarm::Ring(alert) => Self::Rings(alert.party.clone()),
            Alarm::Writing(overdue) => Self::Messages(overdue.party.clone()),
            Alarm::Test { party, .. } => Self::Tests(party.clone()),
        }
    }

    /// How many at once, and under way or waiting.
    fn most(&self) -> (usize, usize) {
        match self {
            Self::Rings(_) => (AT_ONCE, WAITING),
            Self::Messages(_) | Self::Tests(_) => (OTHERS_AT_ONCE, OTHERS_WAITING),
        }
    }
}

struct Places {
    at_once: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Tells people.
pub(crate) struct Alerter {
    means: Arc<Means>,
    /// Only of those with something under way: no more than three for each party of the charter.
    places: BTreeMap<Kind, Places>,
    told: mpsc::Sender<Alerted>,
    /// Where the means run: the control task's own runtime knows time and messages only.
    runtime: Handle,
}

impl Alerter {
    /// None: the operator has set nothing. Must be called inside a Tokio runtime with I/O.
    ///
    /// # Errors
    /// When a file that the configuration names cannot be used.
    pub(crate) fn new(
        config: &AlertConfig,
        counters: &Counters,
    ) -> Result<(Option<Self>, mpsc::Receiver<Alerted>), NodeError> {
        let (told, results) = mpsc::channel(WAITING + 1);
        if config.is_empty() {
            return Ok((None, results));
        }
        let means = Means {
            program: Program::new(&config.command),
            hook: config.webhook.as_ref().map(Hook::new).transpose()?,
            mailer: config.mail.as_ref().map(Mailer::new).transpose()?,
            counters: counters.clone(),
        };
        let alerter = Self { means: Arc::new(means), places: BTreeMap::new(), told, runtime: Handle::current() };
        Ok((Some(alerter), results))
    }

    /// Starts it; the result comes on the channel. False: too many are under way.
    pub(crate) fn alert(&mut self, alarm: Alarm) -> bool {
        self.places.retain(|kind, places| places.waiting.available_permits() < kind.most().1);
        let kind = Kind::of(&alarm);
        let (at_once, waiting) = kind.most();
        let new = |places| Arc::new(Semaphore::new(places));
        let places = self.places.entry(kind).or_insert_with(|| Places { at_once: new(at_once), waiting: new(waiting) });
        let Ok(waiting) = places.waiting.clone().try_acquire_owned() else { return false };
        let (means, at_once, told) = (self.means.clone(), places.at_once.clone(), self.told.clone());
        self.runtime.spawn(async move {
            means.tell_all(&alarm, &at_once, &told).await;
            drop(waiting);
        });
        true
    }
}

/// Which of the means: the program, the webhook, the mail.
type Which = [bool; 3];
const NONE: Which = [false; 3];

impl Means {
    /// By all of them, and once more by those that failed. Says of a ring after the first time whether anybody was
    /// told.
    async fn tell_all(&self, alarm: &Alarm, at_once: &Semaphore, told: &mpsc::Sender<Alerted>) {
        let all = [self.program.is_some(), self.hook.is_some(), self.mailer.is_some()];
        let Ok(place) = at_once.acquire().await else { return };
        let mut failed = self.tell(alarm, all).await;
        drop(place);
        if let Alarm::Ring(alert) = alarm {
            let done = failed != all;
            let _ = told.send(Alerted { call: alert.call, line: alert.line.clone(), done }).await;
            if !done {
                // It comes again, if it still sounds.
                return;
            }
        }
        for pause in AGAIN {
            if failed == NONE {
                return;
            }
            tokio::time::sleep(pause).await;
            let Ok(_place) = at_once.acquire().await else { return };
            failed = self.tell(alarm, failed).await;
        }
    }

    /// By these. Returns those that failed.
    async fn tell(&self, alarm: &Alarm, [program, hook, mail]: Which) -> Which {
        let program = self.program.as_ref().filter(|_| program).map(|means| means.run(alarm));
        let hook = self.hook.as_ref().filter(|_| hook).map(|means| means.post(alarm));
        let mail = self.mailer.as_ref().filter(|_| mail).map(|means| means.send(alarm));
        let (program, hook, mail) = tokio::join!(
            self.fails("command", "alert_command_failed", program),
            self.fails("webhook", "alert_webhook_failed", hook),
            self.fails("mail", "alert_mail_failed", mail),
        );
        [program, hook, mail]
    }

    async fn fails(
        &self,
        means: &'static str,
        count: &'static str,
        attempt: Option<impl Future<Output = Result<(), Failure>>>,
    ) -> bool {
        let Some(attempt) = attempt else { return false };
        let outcome = tokio::time::timeout(PATIENCE, attempt).await.unwrap_or(Err(Failure::Late));
        if let Err(reason) = &outcome {
            self.counters.count(count);
            tracing::error!(means, %reason, "an alert failed: nobody beyond the consoles knows of it this way");
        }
        outcome.is_err()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rustls::pki_types::ServerName;
    use std::io;

    /// By a program that never ends.
    fn alerter() -> (Alerter, mpsc::Receiver<Alerted>) {
        let command = ["/bin/sleep", "1000"].map(str::to_owned).to_vec();
        let config = AlertConfig { command, ..AlertConfig::default() };
        let (alerter, results) = Alerter::new(&config, &Counters::default()).unwrap();
        (alerter.unwrap(), results)
    }

    fn ring(party: &str, call: u8) -> Alarm {
        let (line, party) = (LineId::new("duty").unwrap(), PartyId::new(party).unwrap());
        let call = CallId([call; 16]);
        Alarm::Ring(Alert { call, line, party, precedence: Precedence::Routine, consoles: 1 })
    }

    fn message() -> Alarm {
        let (line, party) = (LineId::new("duty").unwrap(), PartyId::new("USA").unwrap());
        Alarm::Writing(Overdue { line, party, precedence: Precedence::Flash, messages: 1 })
    }

    #[tokio::test(start_paused = true)]
    async fn neither_messages_nor_rings_of_another_party_take_the_places_of_a_rings_alert() {
        let floods: [fn() -> Alarm; 2] = [message, || ring("USA", 1)];
        for flood in floods {
            let (mut alerter, mut told) = alerter();
            let taken = (0..1_000).filter(|_| alerter.alert(flood())).count();
            assert!(taken <= WAITING, "more come when nobody is served by them");
            tokio::task::yield_now().await;
            let began = tokio::time::Instant::now();
            assert!(alerter.alert(ring("KOR", 7)));
            // The program is tried at once, and ended when its time is over: not behind all that came before.
            while told.recv().await.is_some_and(|alerted| alerted.call != CallId([7; 16])) {}
            assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
            assert!(alerter.alert(Alarm::Test { party: PartyId::new("USA").unwrap(), level: Level::Path }));
        }
    }

    #[test]
    fn the_log_says_why_and_names_no_address() {
        let refused = Failure::Unreachable(cause(io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert!(refused.to_string().contains("connection refused"), "{refused}");
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(Failure::Tls(cause(io::Error::other(unknown))).to_string().contains("UnknownIssuer"));
        let expected = ServerName::try_from("pager.example").unwrap();
        let presented = vec!["other.example".to_owned()];
        let named = rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { expected, presented });
        assert!(named.to_string().contains("pager.example"), "what it is kept from");
        let failed = Failure::Tls(cause(io::Error::other(io::Error::other(named)))).to_string();
        assert!(failed.contains("another name") && !failed.contains("example"), "{failed}");
    }
}

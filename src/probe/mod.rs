//! The view from outside: a host is probed hop by hop, and what is wrong gets a name and a remedy. Never
//! imports the server: what is asked here is what any client sees.
//!
//! | file | what it knows |
//! |---|---|
//! | `plan` | what was asked for |
//! | `subject`, `target`, `way_out` | what is probed; the URL, and where references lead from it; the proxy on the way there |
//! | `html`, `policy`, `cookies` | what a page's HTML names; what its policies let it do; which cookies a browser sends back |
//! | `client` | the thin clients and the formats that they speak |
//! | `engine_session`, `streams`, `app` | a session of the engine; listening to the poem, and to other applications |
//! | `browser` | an installed browser, and what it tells |
//! | `budget`, `context`, `own_stall` | how long each hop may wait; what hops share |
//! | `run`, `hops` | from hop to hop, and what is done at each |
//! | `evidence` | what was seen |
//! | `classify` | what one answer is |
//! | `diagnose`, `hosts`, `verdicts` | what that means, pure |
//! | `watch` | what changes afterwards |
//! | `document`, `summary`, `report` | how it is written |

mod app;
mod browser;
mod budget;
mod classify;
pub(crate) mod client;
mod context;
mod cookies;
mod diagnose;
mod document;
mod engine_session;
mod evidence;
mod hop;
mod hops;
mod hosts;
mod html;
mod own_stall;
pub mod plan;
mod policy;
pub(crate) mod report;
mod run;
pub(crate) mod saved;
mod streams;
mod subject;
mod summary;
mod target;
mod verdicts;
pub mod watch;
mod way_out;

use std::{
    collections::BTreeMap,
    future::Future,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use self::{
    browser::Running,
    client::connector::{Connector, millis},
    diagnose::conclude,
    hop::Hop,
    own_stall::StallWatch,
    plan::Plan,
    run::Probe,
    watch::{Summary, WatchEvent, Watched},
};
use crate::output::has_no_reader;
pub use browser::BrowserError;
pub use document::{Document, HopReport};

/// How long each hop took, in milliseconds.
pub(crate) type Times = BTreeMap<Hop, u64>;

/// What happens while a probe runs.
pub enum ProbeEvent<'a> {
    /// It begins.
    Start {
        /// The URL, as it goes over the network.
        url: &'a str,
        /// When, RFC 3339.
        started: &'a str,
    },
    /// A hop is done.
    Hop(&'a HopReport),
    /// A long one is going on.
    Progress(String),
}

/// Why a probe was not made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is nothing to check certificates with.
    #[error(
        "this system has no root certificates to check the host's certificate with; install them (ca-certificates), name a file with SSL_CERT_FILE, or use --insecure"
    )]
    NoRoots,
    /// There is no browser to open the page in.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// It was asked to stop, by this, before there was anything to watch.
    #[error("stopped by {0}")]
    Stopped(&'static str),
    /// The report could not be written.
    #[error("cannot write the report")]
    Output(#[from] std::io::Error),
}

impl ProbeError {
    /// Whether it broke off because nobody reads the report any more.
    pub fn is_for_want_of_a_reader(&self) -> bool {
        matches!(self, Self::Output(error) if has_no_reader(error))
    }
}

/// Probes a host, and reports each hop as it is done.
///
/// # Errors
/// When it cannot be done at all; a host that does not answer is a finding, not an error.
pub async fn probe(
    plan: Plan,
    report: &mut dyn FnMut(ProbeEvent<'_>) -> std::io::Result<()>,
) -> Result<Document, ProbeError> {
    Ok(Box::pin(probe_once(plan, report)).await?.0)
}

/// Probes a host, and then watches it for so long, or until something ends it, which `stop` names.
///
/// # Errors
/// When the probe cannot be done at all, or is stopped, or the report cannot be written.
pub async fn probe_and_watch(
    plan: Plan,
    time: Duration,
    stop: impl Future<Output = &'static str>,
    report: &mut dyn FnMut(WatchEvent<'_>) -> std::io::Result<()>,
) -> Result<Summary, ProbeError> {
    let mut tell = |event: ProbeEvent<'_>| report(WatchEvent::Probe(event));
    let mut stop = std::pin::pin!(stop);
    let (document, watched) = tokio::select! {
        probed = Box::pin(probe_once(plan, &mut tell)) => probed?,
        by = &mut stop => return Err(ProbeError::Stopped(by)),
    };
    report(WatchEvent::Probed(&document))?;
    let stop = async {
        stop.await;
    };
    Ok(watch::watch(watched, time, stop, report).await?)
}

/// Probes a host; gives what there is to watch, too.
async fn probe_once(
    plan: Plan,
    report: &mut dyn FnMut(ProbeEvent<'_>) -> std::io::Result<()>,
) -> Result<(Document, Watched), ProbeError> {
    let (start, started) = (Instant::now(), humantime::format_rfc3339_millis(SystemTime::now()).to_string());
    let plan = Arc::new(plan);
    let connector = Arc::new(Connector::new(plan.clone()));
    if plan.target.tls && !plan.insecure && !connector.has_roots() {
        return Err(ProbeError::NoRoots);
    }
    // Before everything else: without one, nothing was asked for that can be done.
    let browser = match &plan.browser {
        Some(wanted) => Some(Box::pin(Running::start(wanted, &plan.wishes())).await?),
        None => None,
    };
    let evidence = run::nothing_seen(&plan);
    report(ProbeEvent::Start { url: &evidence.url, started: &started })?;
    let watch = StallWatch::start(start);
    let mut probe =
        Probe { plan, connector, watch, evidence, times: Times::new(), reported: Vec::new(), report };
    probe.run().await?;
    if let Some(browser) = browser {
        Box::pin(probe.browse(browser)).await?;
    }
    probe.tell_hosts_apart().await;
    probe.probe_directly().await?;
    probe.report_rest()?;
    let verdicts = conclude(&probe.evidence);
    let document = Document::new(&probe.evidence, &probe.times, verdicts, started, millis(start));
    let watched = Watched::new(&probe.connector, &probe.evidence, document.severity());
    Ok((document.with_journal(probe.connector.journal().exchanges()), watched))
}

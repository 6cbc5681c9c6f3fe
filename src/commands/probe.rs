//! `dante probe`: probes a host, and perhaps watches it, and tells what it finds.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read, Write},
    time::Duration,
};

use anyhow::Context;

use super::{Failure, saved_report};
use crate::{
    bad_value::BadValue,
    cli::ProbeArgs,
    hosting::environment::Environment,
    output::has_no_reader,
    probe::{
        self, Document, ProbeEvent,
        plan::Plan,
        report::{Detail, Report, look::Look},
        saved::{self, Told},
        watch::WatchEvent,
    },
    signals::Signals,
};

/// The most that `--post` sends: what servers commonly allow, and more than any request for a stream needs.
const LARGEST_POST: u64 = 1024 * 1024;

/// How a probe ends whose reader has gone (`dante probe … | head -1`): it is not finished, and there is nobody to tell why.
const UNFINISHED: u8 = 1;

/// `dante probe`: probes a host, tells what it finds, and gives the exit code.
///
/// # Errors
/// When a value cannot be used, or the probe cannot be made or told.
pub fn probe(args: &ProbeArgs, env: &Environment) -> Result<u8, Failure> {
    let usage = |error: BadValue| Failure::Usage(error.into());
    let told = args.report.as_deref().map(saved_report::read_report).transpose().map_err(usage)?;
    let mut report = report(args, env);
    if let Some(told) = told.as_ref().filter(|_| args.url.is_none()) {
        let written = if args.json { saved_report::print_json(told, None) } else { report.told(told) };
        return ended(written, told.exit_code()).map_err(Failure::Failed);
    }
    let mut plan = Plan::read(args, env).map_err(usage)?;
    if let Some(path) = args.post.as_deref().and_then(|text| text.strip_prefix('@')) {
        plan = plan.posting(read_post(path).map_err(Failure::Usage)?);
    }
    match plan.watch() {
        Some(time) => run_watch(plan, time, report, args.json).map_err(Failure::Failed),
        None => run_probe(plan, report, args.json, told.as_ref()).map_err(Failure::Failed),
    }
}

/// What the report is written with.
fn report(args: &ProbeArgs, env: &Environment) -> Report<impl Write + use<>> {
    let terminal = io::stdout().is_terminal();
    let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let look = Look::new(env, columns.filter(|_| terminal));
    let detail = match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Usual,
    };
    Report::new(anstream::stdout(), look, terminal, detail)
}

/// The exit code of what was told, if it could be.
fn ended(told: io::Result<()>, code: u8) -> anyhow::Result<u8> {
    match told {
        Err(error) if !has_no_reader(&error) => Err(error).context("cannot write the report"),
        // Whoever reads has read enough, and the outcome is known.
        _ => Ok(code),
    }
}

/// What is in the file that `--post` names after an @, as curl has it.
fn read_post(path: &str) -> anyhow::Result<String> {
    let name = || format!("the file {path} of --post cannot be sent");
    let read = || -> io::Result<_> {
        let mut body = String::new();
        // A device has no end.
        File::open(path)?.take(LARGEST_POST + 1).read_to_string(&mut body)?;
        Ok(body)
    };
    let body = read().context("it cannot be read as UTF-8 text; check its path").with_context(name)?;
    if body.len() as u64 > LARGEST_POST {
        return Err(
            anyhow::anyhow!("it is larger than {LARGEST_POST} bytes; use a smaller one").context(name())
        );
    }
    Ok(body)
}

#[tokio::main]
async fn run_probe(
    plan: Plan,
    mut report: Report<impl Write>,
    as_json: bool,
    told: Option<&Told>,
) -> anyhow::Result<u8> {
    if let Some(told) = told.filter(|_| !as_json) {
        match report.told(told).and_then(|()| report.gap()) {
            Err(error) if has_no_reader(&error) => return Ok(UNFINISHED),
            told => told.context("cannot write the report")?,
        }
    }
    let mut tell = |news: ProbeEvent<'_>| match news {
        _ if as_json => Ok(()),
        ProbeEvent::Start { url, started } => report.start(url, started),
        ProbeEvent::Hop(hop) => report.hop(hop),
        ProbeEvent::Progress(text) => report.progress(&text),
    };
    let interrupted = interruption(plan.starts_browser())?;
    let document = tokio::select! {
        document = probe::probe(plan, &mut tell) => match document {
            Err(error) if error.is_for_want_of_a_reader() => return Ok(UNFINISHED),
            document => document?,
        },
        signal = interrupted => anyhow::bail!("stopped by {signal}"),
    };
    let comparisons = told.map(|told| saved::compare(told, &document)).unwrap_or_default();
    let written = match told {
        None if as_json => print_document(&document),
        None => report.end(&document),
        Some(told) if as_json => saved_report::print_json(told, Some((&document, &comparisons))),
        Some(_) => report.end(&document).and_then(|()| report.compared(&comparisons)),
    };
    // Where both have looked, the worse of what they saw.
    let code = told.map_or(0, Told::exit_code).max(document.exit_code());
    ended(written, code)
}

fn print_document(document: &Document) -> io::Result<()> {
    let mut out = io::stdout();
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)
}

/// Probes and then watches. As JSON, each thing that is told is an object on a line of its own.
#[tokio::main]
async fn run_watch(
    plan: Plan,
    time: Duration,
    mut report: Report<impl Write>,
    as_json: bool,
) -> anyhow::Result<u8> {
    let mut signals = Signals::new().context("signals cannot be listened for")?;
    let stop = async move { signals.next().await };
    let mut tell = |event: WatchEvent<'_>| match event {
        event if as_json => match event.as_json() {
            Some(object) => writeln!(io::stdout(), "{object}"),
            None => Ok(()),
        },
        WatchEvent::Probe(ProbeEvent::Start { url, started }) => report.start(url, started),
        WatchEvent::Probe(ProbeEvent::Hop(hop)) => report.hop(hop),
        WatchEvent::Probe(ProbeEvent::Progress(text)) => report.progress(&text),
        WatchEvent::Probed(document) => report.end(document),
        WatchEvent::Start(time, every, streams) => report.watching(time, every, streams),
        WatchEvent::Change(change) => report.change(change),
        WatchEvent::End(summary) => report.end_of_watch(summary),
    };
    match probe::probe_and_watch(plan, time, stop, &mut tell).await {
        Err(error) if error.is_for_want_of_a_reader() => Ok(UNFINISHED),
        summary => Ok(summary?.exit_code()),
    }
}

/// What asks the probe to stop, where it has something to end first; else the system ends it, and this never comes.
fn interruption(matters: bool) -> anyhow::Result<impl Future<Output = &'static str>> {
    let signals = matters.then(Signals::new).transpose().context("signals cannot be listened for")?;
    Ok(async move {
        match signals {
            Some(mut signals) => signals.next().await,
            None => std::future::pending().await,
        }
    })
}

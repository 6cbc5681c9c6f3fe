//! What each command does, once its arguments are parsed.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read, Write},
    net::IpAddr,
    process,
    time::Duration,
};

use anyhow::Context;
use if_addrs::Interface;
use serde::Serialize;
use tokio::runtime;

use crate::{
    banner::{banner, echo_banner},
    cli::{EchoArgs, HostingArgs, LogFormat, ProbeArgs, ServeArgs},
    config::Config,
    echo,
    explain::Explanation,
    hosting::{
        endpoint::Endpoint,
        environment::Environment,
        listener::BoundListener,
        recipes::{Recipe, Site, Wanted},
        setup::{self, IisFacts},
    },
    logging,
    output::has_no_reader,
    poem::{self, Poem},
    probe::{
        self, Document, ProbeEvent,
        plan::Plan,
        report::{Detail, Report, look::Look},
        watch::WatchEvent,
    },
    server::{App, serve},
    signals::Signals,
    supervisor,
};

/// How long a pipe's last bytes may take to the peer: it has no half-close that would wait for them, and
/// the end of the process ends the pipe (measured; see `pipe.rs`).
const PIPE_LINGER: Duration = Duration::from_millis(200);

/// How long connections that the server has let go, or lost patience with, may take to end.
const LAST_WORK: Duration = Duration::from_millis(250);

/// The most that `--post` sends: what servers commonly allow, and more than any request for a stream needs.
const LARGEST_POST: u64 = 1024 * 1024;

/// How a probe ends whose reader has gone (`dante probe … | head -1`): it is not finished, and there is nobody to tell why.
const UNFINISHED: u8 = 1;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// It was called or configured wrongly; nothing was done.
    Usage(anyhow::Error),
    /// It could not be done.
    Failed(anyhow::Error),
}

impl Failure {
    /// The exit code, which `dante --help` documents.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }

    /// What to tell the user.
    pub fn error(&self) -> &anyhow::Error {
        match self {
            Self::Usage(error) | Self::Failed(error) => error,
        }
    }
}

/// `dante serve`: serves until a signal or the host ends it.
///
/// # Errors
/// When the configuration or the poem cannot be used, or nothing can be bound.
pub fn serve_poem(args: &ServeArgs, env: &Environment) -> Result<(), Failure> {
    let config = Config::new(args, env, process::id()).map_err(|error| Failure::Usage(error.into()))?;
    let poem = read_poem(&config).map_err(Failure::Usage)?;
    logging::start(config.log_format, config.log_plan.as_ref());
    run(&config, poem).map_err(|error| {
        // iisnode's guests have no standard error; elsewhere the error is shown there.
        if config.log_plan.is_some() {
            tracing::error!(error = format!("{error:#}"), "stopped");
        }
        Failure::Failed(error)
    })
}

fn read_poem(config: &Config) -> anyhow::Result<Poem> {
    let Some(path) = &config.poem else { return Ok(Poem::embedded()) };
    let name = || format!("the poem {} cannot be streamed", path.display());
    let read = || -> io::Result<_> {
        let mut text = Vec::new();
        // A device has no end.
        File::open(path)?.take(poem::MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
        Ok(text)
    };
    let text = read().context("it cannot be read; check the path of --poem").with_context(name)?;
    Poem::parse(&text).with_context(name)
}

fn run(config: &Config, poem: Poem) -> anyhow::Result<()> {
    let runtime =
        runtime::Builder::new_multi_thread().enable_all().build().context("no runtime can be had")?;
    let result = runtime.block_on(serve_until_stopped(config, poem));
    // Without a limit it would wait for a worker that is stuck.
    runtime.shutdown_timeout(LAST_WORK);
    result
}

async fn serve_until_stopped(config: &Config, poem: Poem) -> anyhow::Result<()> {
    let app = App::new(poem, config);
    let signal = supervisor::start(app.supervised()).context("signals cannot be listened for")?;
    let listener = BoundListener::bind(&config.hosting.endpoint.value).await?;
    let endpoint = listener.endpoint().clone();
    let banner = banner(config, &endpoint, &interface_addresses(), app.poem());
    // Dante serves without a standard output, too.
    let _ = logging::banner_writer(config.log_plan.as_ref()).write_all(banner.as_bytes());
    serve(listener, app, signal).await.context("serving failed")?;
    if matches!(endpoint, Endpoint::Pipe(_)) {
        tokio::time::sleep(PIPE_LINGER).await;
    }
    Ok(())
}

/// The addresses of this machine's interfaces, those that are down left out. The banner does without
/// them where the system does not tell: some sandboxes forbid the question.
fn interface_addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::debug!(%error, "the addresses of this machine are not known");
        Vec::new()
    });
    interfaces.iter().filter(|interface| interface.is_oper_up()).map(Interface::ip).collect()
}

/// `dante echo`: serves an echo until a signal ends it.
///
/// # Errors
/// When the endpoint cannot be used or bound.
pub fn echo(args: &EchoArgs, env: &Environment) -> Result<(), Failure> {
    let serve = ServeArgs { listen: args.listen.clone(), ..ServeArgs::default() };
    let config = Config::new(&serve, env, process::id()).map_err(|error| Failure::Usage(error.into()))?;
    logging::start(LogFormat::Text, None);
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().context("no runtime can be had");
    let runtime = runtime.map_err(Failure::Failed)?;
    let result = runtime.block_on(echo_until_stopped(&config));
    runtime.shutdown_timeout(LAST_WORK);
    result.map_err(Failure::Failed)
}

async fn echo_until_stopped(config: &Config) -> anyhow::Result<()> {
    let mut signals = Signals::new().context("signals cannot be listened for")?;
    let listener = BoundListener::bind(&config.hosting.endpoint.value).await?;
    let banner = echo_banner(listener.endpoint(), &config.hosting.endpoint.reason, &interface_addresses());
    // It serves without a standard output, too.
    let _ = io::stdout().write_all(banner.as_bytes());
    let stopped = async move {
        signals.next().await;
    };
    echo::serve(listener, stopped).await.context("serving failed")
}

/// `dante hosting`: explains where we are, or prints the file that a host needs.
///
/// # Errors
/// When a value cannot be used, or standard output fails.
pub fn hosting(args: &HostingArgs, env: &Environment) -> Result<(), Failure> {
    let text = match args.recipe {
        Some(recipe) => print_recipe(recipe, args)?,
        None if args.setup => plan_setup(env)?,
        None if args.json => json(&explain(env)?)?,
        None => explain(env)?.to_string(),
    };
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has read enough.
        Err(error) if !has_no_reader(&error) => Err(Failure::Failed(error.into())),
        _ => Ok(()),
    }
}

fn print_recipe(recipe: Recipe, args: &HostingArgs) -> Result<String, Failure> {
    let wanted = Wanted {
        prefix: args.prefix.as_deref(),
        upstreams: &args.upstream,
        strip: args.strip,
        listen: args.listen.as_deref(),
        exe: args.exe.as_deref(),
    };
    let site = Site::read(recipe, &wanted).map_err(|error| Failure::Usage(error.into()))?;
    recipe.render(&site).map_err(|error| Failure::Failed(error.into()))
}

fn explain(env: &Environment) -> Result<Explanation, Failure> {
    Explanation::new(env, process::id()).map_err(|error| Failure::Usage(error.into()))
}

/// What `setup.ps1` asks: its facts on standard input, what it is to do on standard output.
fn plan_setup(env: &Environment) -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| Failure::Failed(error.into()))?;
    let facts = IisFacts::parse(&text)
        .context("the facts do not fit this version of dante.exe; use the setup.ps1 of the same version");
    json(&setup::plan(&facts.map_err(Failure::Usage)?, env))
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Failed(error.into()))?;
    Ok(text + "\n")
}

/// `dante probe`: probes a host, tells what it finds, and gives the exit code.
///
/// # Errors
/// When a value cannot be used, or the probe cannot be made or told.
pub fn probe(args: &ProbeArgs, env: &Environment) -> Result<u8, Failure> {
    let mut plan = Plan::read(args, env).map_err(|error| Failure::Usage(error.into()))?;
    if let Some(path) = args.post.as_deref().and_then(|text| text.strip_prefix('@')) {
        plan = plan.posting(read_post(path).map_err(Failure::Usage)?);
    }
    let terminal = io::stdout().is_terminal();
    let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let look = Look::new(env, columns.filter(|_| terminal));
    let detail = match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Usual,
    };
    let report = Report::new(anstream::stdout(), look, terminal, detail);
    match plan.watch() {
        Some(time) => run_watch(plan, time, report, args.json).map_err(Failure::Failed),
        None => run_probe(plan, report, args.json).map_err(Failure::Failed),
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
async fn run_probe(plan: Plan, mut report: Report<impl Write>, as_json: bool) -> anyhow::Result<u8> {
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
    let told = if as_json { print_document(&document) } else { report.end(&document) };
    match told {
        Err(error) if !has_no_reader(&error) => Err(error).context("cannot write the report"),
        // Whoever reads has read enough, and the outcome is known.
        _ => Ok(document.exit_code()),
    }
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

//! What each command does, once its arguments are parsed.

mod probe;
mod saved_report;

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _, Write as _},
    net::IpAddr,
    process,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use if_addrs::Interface;
use serde::Serialize;
use tokio::runtime;

use crate::{
    bad_value::BadValue,
    banner::{banner, echo_banner},
    cli::{AnnounceArgs, EchoArgs, HostingArgs, LoadArgs, LogFormat, ServeArgs},
    config::{Config, read_redis},
    echo,
    explain::Explanation,
    fleet::{self, Announcement},
    hosting::{
        endpoint::Endpoint,
        environment::Environment,
        listener::{BindError, BoundListener, Bounds},
        recipes::{Recipe, Site, Wanted},
        setup::{self, IisFacts},
    },
    load::{self, LoadError, View},
    logging, open_files,
    output::has_no_reader,
    poem::{self, Poem},
    probe::report::look::Look,
    server::{App, serve, serve_metrics},
    signals::Signals,
    supervisor,
};

pub use probe::probe;

/// How long a pipe's last bytes may take to the peer: it has no half-close that would wait for them, and
/// the end of the process ends the pipe (measured; see `pipe.rs`).
const PIPE_LINGER: Duration = Duration::from_millis(200);

/// How long connections that the server has let go, or lost patience with, may take to end.
const LAST_WORK: Duration = Duration::from_millis(250);

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
    let mut config = Config::new(args, env, process::id()).map_err(|error| Failure::Usage(error.into()))?;
    let poem = read_poem(&config).map_err(Failure::Usage)?;
    logging::start(config.log_format, config.log_plan.as_ref());
    config.open_files = open_files::raise_limit(config.asked_limits.files());
    if let (_, Some(shortfall)) = config.reader_limits() {
        tracing::warn!("{shortfall}");
    }
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
    let mut builder = match config.threads {
        1 => runtime::Builder::new_current_thread(),
        _ => runtime::Builder::new_multi_thread(),
    };
    // The number is for workers, which a runtime of the current thread has none of.
    let runtime =
        builder.worker_threads(config.threads).enable_all().build().context("no runtime can be had")?;
    let result = runtime.block_on(serve_until_stopped(config, poem));
    // Without a limit it would wait for a worker that is stuck.
    runtime.shutdown_timeout(LAST_WORK);
    result
}

async fn serve_until_stopped(config: &Config, poem: Poem) -> anyhow::Result<()> {
    let app = App::new(poem, config);
    if let Some(redis) = &config.redis {
        app.join_fleet(redis).await?;
    }
    let signal = supervisor::start(app.supervised()).context("signals cannot be listened for")?;
    let listener = match &config.hosting.endpoint.value {
        endpoint if config.reuse_port => BoundListener::bind_shared(endpoint)?,
        endpoint => BoundListener::bind_with_mode(endpoint, config.socket_mode).await?,
    };
    let listener = listener.within(Bounds { keep_alive: config.keep_alive, ..Bounds::default() });
    let metrics = match &config.metrics {
        Some(endpoint) => Some(BoundListener::bind(endpoint).await.map_err(of_metrics)?),
        None => None,
    };
    let endpoint = listener.endpoint().clone();
    let apart = metrics.as_ref().map(BoundListener::endpoint);
    let banner = banner(config, &endpoint, apart, &interface_addresses(), app.poem());
    // Dante serves without a standard output, too.
    let _ = logging::banner_writer(config.log_plan.as_ref()).write_all(banner.as_bytes());
    if let Some(metrics) = metrics {
        // It goes on while the readers are let go, and ends with the process.
        tokio::spawn(serve_metrics(metrics, app.clone()));
    }
    serve(listener, app, signal).await.context("serving failed")?;
    if matches!(endpoint, Endpoint::Pipe(_)) {
        tokio::time::sleep(PIPE_LINGER).await;
    }
    Ok(())
}

/// The same error for the other listener, whose option has another name.
fn of_metrics(error: BindError) -> anyhow::Error {
    anyhow::anyhow!(error.to_string().replace("--listen", "--metrics-listen"))
        .context("the metrics cannot be served")
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

/// `dante announce`: tells something to every reader on every node.
///
/// # Errors
/// When the text or the URL cannot be used, Redis cannot be reached, or nobody has heard it.
pub fn announce(args: &AnnounceArgs, env: &Environment) -> Result<(), Failure> {
    let usage = |error: BadValue| Failure::Usage(error.into());
    let announcement = Announcement::new(&args.text, SystemTime::now())
        .map_err(|reason| usage(BadValue::new("the text", &args.text, reason)))?;
    let given = args.redis.clone().map(|url| ("--redis", url));
    let given = given.or_else(|| env.get("DANTE_REDIS").map(|url| ("DANTE_REDIS", url)));
    let url = read_redis(given).map_err(usage)?.ok_or_else(|| Failure::Usage(anyhow::anyhow!(
        "announcements go through Redis, also to a single Dante, and none is named; start a Redis that only this machine reaches, \
         and give --redis (or DANTE_REDIS), for example redis://127.0.0.1/, here and to each dante serve"
    )))?;
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().context("no runtime can be had");
    let heard = runtime.and_then(|runtime| Ok(runtime.block_on(fleet::announce(&url, &announcement))?));
    match heard.map_err(Failure::Failed)? {
        0 => Err(Failure::Failed(anyhow::anyhow!(
            "no Dante has heard it: none is connected with {url}; start each with the same --redis"
        ))),
        nodes => {
            let told =
                format!("announced to the readers of {nodes} node{}\n", if nodes == 1 { "" } else { "s" });
            match io::stdout().write_all(told.as_bytes()) {
                Err(error) if !has_no_reader(&error) => Err(Failure::Failed(error.into())),
                _ => Ok(()),
            }
        }
    }
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

/// `dante load`: loads a server, tells what its readers met, and gives the exit code.
///
/// # Errors
/// When a value cannot be used, or the load cannot be made or told.
pub fn load(args: &LoadArgs, env: &Environment) -> Result<u8, Failure> {
    if args.worker {
        return load::work().map(|()| 0).map_err(|error| Failure::Failed(error.into()));
    }
    let plan = load::Plan::read(args).map_err(|error| Failure::Usage(error.into()))?;
    let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let look = Look::new(env, columns.filter(|_| io::stdout().is_terminal()));
    let view = View { columns: look.width, ascii: look.ascii, live: io::stderr().is_terminal() };
    load::run(&plan, view, &mut io::stdout()).map_err(|error| match error {
        LoadError::Usage(_) => Failure::Usage(error.into()),
        LoadError::Failed(_) => Failure::Failed(error.into()),
    })
}

//! The `dante` command. What it does is in the library; this is its table of contents.

use std::{
    fs,
    io::{self, Write},
    process::{self, ExitCode},
};

use anyhow::Context;
use clap::Parser;
use dante::{
    banner::banner,
    cli::{Cli, Command, HostingArgs, ServeArgs},
    config::Config,
    hosting::{environment::Environment, iisnode, listener::BoundListener, prefix::Prefix},
    logging,
    poem::Poem,
    server::{App, serve},
    shutdown,
};

/// What is wrong with how we were called, rather than with what we did.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let env = Environment::of_process();
    let cli = Cli::parse_from(iisnode::without_node_switches(std::env::args_os(), &env));
    let result = match cli.command {
        None => start(&cli.serve, &env),
        Some(Command::Serve(args)) => start(&args, &env),
        Some(Command::Hosting(args)) => print_recipe(&args),
    };
    result.unwrap_or_else(|(code, error)| {
        // Standard error may lead nowhere, under iisnode for one; then there is nobody to tell.
        let _ = writeln!(io::stderr(), "dante: {error:#}");
        ExitCode::from(code)
    })
}

type Outcome = Result<ExitCode, (u8, anyhow::Error)>;

fn start(args: &ServeArgs, env: &Environment) -> Outcome {
    let config = Config::new(args, env, process::id()).map_err(|error| (USAGE, error.into()))?;
    let poem = read_poem(&config).map_err(|error| (USAGE, error))?;
    logging::start(config.log_format, config.log_plan.as_ref());
    run(config, poem).map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "stopped");
        (1, error)
    })
}

fn read_poem(config: &Config) -> anyhow::Result<Poem> {
    let Some(path) = &config.poem else { return Ok(Poem::embedded()) };
    let name = || format!("the poem {} cannot be streamed", path.display());
    let text = fs::read(path).context("it cannot be read; check the path of --poem").with_context(name)?;
    Poem::parse(&text).with_context(name)
}

#[tokio::main]
async fn run(config: Config, poem: Poem) -> anyhow::Result<ExitCode> {
    let signal = shutdown::on_signal().context("signals cannot be listened for")?;
    let listener = BoundListener::bind(&config.hosting.endpoint.value).await?;
    // A closed standard output is no reason to stop.
    let _ = logging::banner_writer(config.log_plan.as_ref())
        .write_all(banner(&config, listener.endpoint(), &poem).as_bytes());
    let app = App::new(poem, &config)?;
    serve(listener, app, signal).await.context("serving failed")?;
    Ok(ExitCode::SUCCESS)
}

fn print_recipe(args: &HostingArgs) -> Outcome {
    let usage = |error| (USAGE, anyhow::Error::new(error).context(format!("--prefix {:?}", args.prefix)));
    let prefix = Prefix::parse(&args.prefix).map_err(usage)?;
    let exe = args.exe.as_deref().unwrap_or(args.recipe.default_exe());
    let text = args.recipe.render(&prefix, exe).map_err(|error| (1, error.into()))?;
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err((1, error.into())),
        _ => Ok(ExitCode::SUCCESS),
    }
}

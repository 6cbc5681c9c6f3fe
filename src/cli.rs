//! What was typed: the command line's structure and help. What it means is `config.rs`'s business, so
//! values are texts here; that way an option and its environment variable share one parser and one
//! form of error.

mod load;
mod probe;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use load::LoadArgs;
pub use probe::ProbeArgs;

use crate::hosting::recipes::Recipe;

/// Streams Dante's Divine Comedy to every browser, stanza by stanza, behind any host
#[derive(Debug, Parser)]
#[command(name = "dante", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// `serve` need not be typed.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "\
Your own stream does not get through? dante probe URL says where it stops, and what to change there.

Exit codes: 0 success, 1 failure (for example, the port is in use), 2 wrong usage or configuration;
probe adds 3 and 4 (see dante probe --help). Logs go to standard error; RUST_LOG=debug shows more.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the poem (the default command)
    Serve(ServeArgs),
    /// Explain how Dante is hosted here, or print the configuration that a host needs
    Hosting(HostingArgs),
    /// Find out from outside, hop by hop, why a host does not let streams through: Dante's, or those of any application
    Probe(Box<ProbeArgs>),
    /// Serve an echo to try a host with: WebSocket, event streams and POST, in any size and at any pace
    Echo(EchoArgs),
    /// Tell something to every reader on every Dante that meets in the same Redis
    Announce(AnnounceArgs),
    /// Open many readers on a server of yours, check that each gets every stanza, and tell how late they came
    Load(LoadArgs),
}

/// What `dante serve` takes.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Where to listen: a port (loopback only), an address with a port, unix:/path, or \\.\pipe\name
    /// [default: what the host sets, else 8888] [env: DANTE_LISTEN]
    #[arg(long, value_name = "ENDPOINT")]
    pub listen: Option<String>,

    /// Share the port with other Dantes that do the same: the system gives each a part of the connections (Linux).
    /// Socket.IO then uses WebSocket only, since long polling needs one process [env: DANTE_REUSE_PORT=1]
    #[arg(long)]
    pub reuse_port: bool,

    /// URL path that the host serves Dante under, such as /dante; / for the root
    /// [default: what the host sets] [env: DANTE_PREFIX]
    #[arg(long, value_name = "PATH")]
    pub prefix: Option<String>,

    /// Trust X-Forwarded-Prefix and X-Forwarded-For; only behind a proxy that sets or removes them
    /// [env: DANTE_TRUST_FORWARDED=1]
    #[arg(long)]
    pub trust_forwarded: bool,

    /// Origins whose pages may read, too, such as https://shop.example; repeat it or separate them by commas, or * for all.
    /// With a list, a WebSocket from a page of another one is refused [default: none; WebSocket from all] [env: DANTE_ALLOW_ORIGIN]
    #[allow(rustdoc::bare_urls, reason = "the text is for the terminal")]
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,

    /// Another text to stream: UTF-8, stanzas separated by blank lines or told by indentation, canto headings
    /// such as "Inferno: Canto IV" or none; a file from Project Gutenberg as it is [default: the poem in the binary] [env: DANTE_POEM]
    #[arg(long, value_name = "FILE")]
    pub poem: Option<PathBuf>,

    /// Time between two stanzas, from 20ms to 1h [default: 2s] [env: DANTE_INTERVAL]
    #[arg(long, value_name = "TIME")]
    pub interval: Option<String>,

    /// Transports for Socket.IO, in the order in which the page tries them: websocket, polling or both
    /// [default: websocket,polling] [env: DANTE_TRANSPORTS]
    #[arg(long, value_name = "LIST")]
    pub transports: Option<String>,

    /// Versions of Engine.IO that clients may speak: 4 (Socket.IO 3 and 4), or 4,3 (Socket.IO 2 as well)
    /// [default: 4,3] [env: DANTE_ENGINE_VERSIONS]
    #[arg(long, value_name = "LIST")]
    pub engine_versions: Option<String>,

    /// Longest time that a poll is held open, in seconds from 1 to 300; then the server pings
    /// [default: 25] [env: DANTE_POLLING_DURATION]
    #[arg(long, value_name = "SECS")]
    pub polling_duration: Option<String>,

    /// Time over which readers are let go when the server stops, at most: a thousand in a second, or faster where there are more
    /// [default: 5s] [env: DANTE_DRAIN]
    #[arg(long, value_name = "TIME")]
    pub drain: Option<String>,

    /// Time that readers then have to leave; after it the process ends in any case
    /// [default: 10s] [env: DANTE_GRACE]
    #[arg(long, value_name = "TIME")]
    pub grace: Option<String>,

    /// Most readers at once, from 1 to 10000000; those beyond are told to come later (503, or connect_error server-full)
    /// [default: as many as the limit on open files allows, up to 20000] [env: DANTE_MAX_READERS]
    #[arg(long, value_name = "N")]
    pub max_readers: Option<String>,

    /// Most readers at once from one address (IPv6: from one /64), from 1 to 10000000. Peers on this machine and in private networks are not
    /// counted, since they are mostly proxies, unless --trust-forwarded has them name the client
    /// [default: a quarter of --max-readers, from 16 to 1000] [env: DANTE_MAX_PER_ADDRESS]
    #[arg(long, value_name = "N")]
    pub max_per_address: Option<String>,

    /// Time that a connection may be quiet before its first request and between requests, from 1s to 1h, or none for no limit
    /// [default: 75s; none on Unix sockets and pipes, and behind IIS and Azure] [env: DANTE_KEEP_ALIVE]
    #[arg(long, value_name = "TIME")]
    pub keep_alive: Option<String>,

    /// Who may connect to a Unix socket, as the mode of its file in octal digits
    /// [default: 660, the account that runs Dante and its group] [env: DANTE_SOCKET_MODE]
    #[arg(long, value_name = "MODE")]
    pub socket_mode: Option<String>,

    /// Threads that serve, from 1 to 256. One is cheapest for each stanza, and enough until it is busy all the time
    /// [default: 1] [env: DANTE_THREADS]
    #[arg(long, value_name = "N")]
    pub threads: Option<String>,

    /// Where to serve /metrics and /health/ instead, away from readers: a port (loopback only), an address with a port, unix:/path,
    /// or \\.\pipe\name [default: /metrics is where readers are served] [env: DANTE_METRICS_LISTEN]
    #[arg(long, value_name = "ENDPOINT")]
    pub metrics_listen: Option<String>,

    /// The Redis in which several Dantes meet (they count readers together, share rooms, and hear dante announce): redis://, rediss:// (TLS) or unix://.
    /// With a password, use the variable: others see a command line [default: none] [env: DANTE_REDIS]
    #[arg(long, value_name = "URL")]
    pub redis: Option<String>,

    /// Format of the log [default: text] [env: DANTE_LOG_FORMAT]
    #[arg(long, value_name = "text|json")]
    pub log_format: Option<String>,

    /// Arguments for Node.js (interceptor and script) that iisnode appends to the command line.
    #[arg(hide = true, value_name = "NODE_ARGUMENTS")]
    pub node_arguments: Vec<OsString>,
}

/// What `dante echo` takes.
#[derive(Debug, Default, Args)]
pub struct EchoArgs {
    /// Where to listen: a port (loopback only), an address with a port, unix:/path, or \\.\pipe\name
    /// [default: what the host sets, else 8888] [env: DANTE_LISTEN]
    #[arg(long, value_name = "ENDPOINT")]
    pub listen: Option<String>,
}

/// What `dante announce` takes.
#[derive(Debug, Args)]
pub struct AnnounceArgs {
    /// What to tell: plain text in one line, up to 500 characters
    pub text: String,

    /// The Redis that the Dantes were started with [env: DANTE_REDIS]
    #[arg(long, value_name = "URL")]
    pub redis: Option<String>,
}

/// What `dante hosting` takes.
#[derive(Debug, Args)]
pub struct HostingArgs {
    /// Host to print the configuration of; without one, print what Dante finds out about where it runs
    pub recipe: Option<Recipe>,

    /// URL path that the host will serve Dante under; / for the root [default: /dante]
    #[arg(long, value_name = "PATH", requires = "recipe")]
    pub prefix: Option<String>,

    /// Where Dante listens behind a proxy, HOST:PORT or unix:/path; repeat it for several Dantes
    /// [default: 127.0.0.1:8888]
    #[arg(long, value_name = "ENDPOINT", requires = "recipe")]
    pub upstream: Vec<String>,

    /// Have the proxy strip the prefix from the path
    #[arg(long, requires = "recipe")]
    pub strip: bool,

    /// Where the proxy itself listens: a port, or an address with a port [default: 80]
    #[arg(long, value_name = "ADDRESS", requires = "recipe")]
    pub listen: Option<String>,

    /// Program that the host starts [default: a path that is usual for the host]
    #[arg(long, value_name = "FILE", requires = "recipe")]
    pub exe: Option<String>,

    /// Print what Dante finds out, as JSON
    #[arg(long, conflicts_with = "recipe")]
    pub json: bool,

    /// Read what setup.ps1 has found as JSON from standard input, and print as JSON what it is to do
    #[arg(long, hide = true, conflicts_with_all = ["recipe", "json"])]
    pub setup: bool,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_need_not_be_typed() {
        for args in [&["dante", "--interval", "1s"][..], &["dante", "serve", "--interval", "1s"]] {
            let cli = Cli::try_parse_from(args).unwrap();
            let serve = match cli.command {
                Some(Command::Serve(serve)) => serve,
                _ => cli.serve,
            };
            assert_eq!(serve.interval.as_deref(), Some("1s"));
        }
    }

    #[test]
    fn node_arguments_do_not_pass_for_commands() {
        let args = [
            "dante",
            "--poem",
            "/x/y",
            r"C:\Program Files\iisnode\interceptor.js",
            r"\\?\C:\my site\server-socketio.js",
        ];
        assert_eq!(Cli::try_parse_from(args).unwrap().serve.node_arguments.len(), 2);
    }
}

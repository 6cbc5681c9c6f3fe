//! What was typed: the command line's structure and help. What it means is `config.rs`'s business, so
//! values are texts here; that way an option and its environment variable share one parser and one
//! form of error.

mod load;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use load::LoadArgs;

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

/// What `dante probe` takes.
#[derive(Debug, Default, Args)]
#[command(after_help = PROBE_HELP)]
pub struct ProbeArgs {
    /// What to probe: the page of Dante or of any application, an event stream, or a WebSocket (ws: or wss:)
    #[arg(required_unless_present = "report")]
    pub url: Option<String>,

    /// Which versions of HTTP to test: 1.1, 2, or both where the host offers HTTP/2 [default: both]
    #[arg(long, value_name = "1.1|2|both")]
    pub http: Option<String>,

    /// Open the page in a browser, too: an installed Chromium, Chrome or Edge, or the one at PATH
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub browser: Option<String>,

    /// Keep connections open this long, quiet ones and flowing ones, to find limits on silence and on the whole time;
    /// 65s finds those of one minute. auto takes up to 2m and ends when both are found; auto:10m takes up to 10m
    #[arg(long, value_name = "TIME")]
    pub hold: Option<String>,

    /// Which of Dante's streams to test: socketio-websocket, socketio-polling, websocket, sse, separated by commas
    /// [default: all]
    #[arg(long, value_name = "LIST")]
    pub transports: Option<String>,

    /// Take the URL for a WebSocket, whatever it looks like
    #[arg(long, conflicts_with_all = ["sse", "socketio", "post"], help_heading = ANY_APPLICATION)]
    pub ws: bool,

    /// Take the URL for an event stream
    #[arg(long, conflicts_with_all = ["socketio", "post"], help_heading = ANY_APPLICATION)]
    pub sse: bool,

    /// POST this to the URL, or the content of a file, and read the answer as a stream
    #[arg(long, value_name = "TEXT|@FILE", conflicts_with = "socketio", help_heading = ANY_APPLICATION)]
    pub post: Option<String>,

    /// Probe only the Socket.IO engine at this path, such as /socket.io/
    #[arg(long, value_name = "PATH", help_heading = ANY_APPLICATION)]
    pub socketio: Option<String>,

    /// Namespace to join [default: /]
    #[arg(long, value_name = "/NAME", requires = "socketio", help_heading = ANY_APPLICATION)]
    pub namespace: Option<String>,

    /// Credentials for the namespace, as JSON
    #[arg(long, value_name = "JSON", requires = "socketio", help_heading = ANY_APPLICATION)]
    pub auth: Option<String>,

    /// Event to wait for [default: any]
    #[arg(long, value_name = "NAME", requires = "socketio", help_heading = ANY_APPLICATION)]
    pub event: Option<String>,

    /// Event to send first, with its arguments: '["subscribe", {"room": 1}]'
    #[arg(long, value_name = "JSON", requires = "socketio", help_heading = ANY_APPLICATION)]
    pub emit: Option<String>,

    /// Text to send first over a WebSocket
    #[arg(long, value_name = "TEXT", help_heading = ANY_APPLICATION)]
    pub send: Option<String>,

    /// Listen until so many events have come
    #[arg(long, value_name = "COUNT", help_heading = ANY_APPLICATION)]
    pub expect: Option<usize>,

    /// Listen for so long [default: 8s, 6s where events flow, 30s with --expect]
    #[arg(long = "for", value_name = "TIME", help_heading = ANY_APPLICATION)]
    pub listen_for: Option<String>,

    /// Read the same stream from its origin, or one hop further in, at the same time, and tell what the host makes of it;
    /// repeat it from the outermost hop to the origin
    #[arg(long, value_name = "URL", help_heading = ANY_APPLICATION)]
    pub against: Vec<String>,

    /// Go on watching for so long after the probe, with the streams kept open, and tell what changes; Ctrl-C ends it
    #[arg(long, value_name = "TIME", conflicts_with_all = ["hold", "verbose"])]
    pub watch: Option<String>,

    /// Read a report that Dante's page has saved (Save report), or - for standard input, and tell it as a probe is told; with a URL, probe that,
    /// too, and tell where the browser and the probe differ
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    pub report: Option<String>,

    /// How long one answer (a page, an upgrade) may take, from 1s to 1h [default: 8s, more on a slow line]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,

    /// Continue even if the certificate is not trusted
    #[arg(long)]
    pub insecure: bool,

    /// Add a header to every request; can be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    pub header: Vec<String>,

    /// Use this address for a host and port instead of asking the DNS; can be repeated
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    pub resolve: Vec<String>,

    /// Go out through this proxy; "" for none
    /// [default: https_proxy, http_proxy or all_proxy, unless no_proxy names the host; in capitals, too, but for http_proxy]
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,

    /// Probe without the proxy, too, and tell what differs
    #[arg(long)]
    pub direct: bool,

    /// Print each request and its answer, too
    #[arg(long, short, conflicts_with_all = ["json", "quiet"])]
    pub verbose: bool,

    /// Print one JSON document and nothing else; with --watch, one object a line
    #[arg(long)]
    pub json: bool,

    /// Print only the outcome and the verdicts
    #[arg(long)]
    pub quiet: bool,
}

impl ProbeArgs {
    /// The URL, empty where there is only a report.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }
}

/// The heading of the options for what is not Dante.
const ANY_APPLICATION: &str = "Any application";

const PROBE_HELP: &str = "\
Examples:
  dante probe https://example.org/                        a page: Dante's, or one with Socket.IO
  dante probe https://example.org/events --sse            an event stream
  dante probe wss://example.org/chat                      a WebSocket
  dante probe https://example.org/v1/chat/completions --post @body.json
                                                          a POST whose answer streams
  dante probe https://example.org/events --against http://127.0.0.1:3000/events
                                                          the host's doing, or the server's?

Exit codes: 0 all good, 1 could not probe, 2 wrong usage, 3 degraded (it streams, but only
by a fallback or with faults), 4 broken. Each verdict has a stable name, a cause and a remedy.";

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

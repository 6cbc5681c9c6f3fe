//! What was typed and set, understood: [`Config`]. Pure: the environment is a parameter.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::ValueEnum;

use crate::{
    bad_value::BadValue,
    cli::{LogFormat, ServeArgs},
    conductor::SLOT,
    engine_version::EngineVersions,
    fleet::RedisUrl,
    hosting::{
        Host, Hosting, Overrides,
        endpoint::Endpoint,
        environment::Environment,
        iisnode,
        listener::{DEFAULT_KEEP_ALIVE, shared_port},
        socket_mode::SocketMode,
    },
    origins::Origins,
    reader_limits::{AskedLimits, MOST_READERS, ReaderLimits, Shortfall},
    transport::{EngineTransport, Transports},
};

/// The time between two stanzas of the sample that Dante grew from.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60 * 60);
const DEFAULT_DRAIN: Duration = Duration::from_secs(5);
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
const LONGEST_GRACE: Duration = Duration::from_secs(60 * 60);
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_secs(1);
const LONGEST_KEEP_ALIVE: Duration = Duration::from_secs(60 * 60);
/// Engine.IO's ping interval, which is the longest that a poll is held open.
const DEFAULT_POLLING_SECS: u64 = 25;
const LONGEST_POLLING_SECS: u64 = 300;
/// Threads cost time for each stanza that they hand to each other: in trials 22 µs with two, 19 µs with one.
const DEFAULT_THREADS: usize = 1;
/// More than any machine has cores for.
const MOST_THREADS: usize = 256;

/// Everything that `dante serve` needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where we are.
    pub hosting: Hosting,
    /// Whether other processes may listen on the same port.
    pub(crate) reuse_port: bool,
    /// Where the metrics are, if not where readers are served.
    pub(crate) metrics: Option<Endpoint>,
    /// Whether forwarded headers are believed.
    pub(crate) trust_forwarded: bool,
    /// Whose pages may read.
    pub(crate) origins: Origins,
    /// The text to stream, if not the embedded one.
    pub(crate) poem: Option<PathBuf>,
    /// The time between two stanzas.
    pub(crate) interval: Duration,
    /// What Socket.IO may use.
    pub(crate) transports: Transports,
    /// The versions of Engine.IO that Socket.IO's clients may speak.
    pub(crate) engine_versions: EngineVersions,
    /// How long a poll is held open at most.
    pub(crate) polling_duration: Duration,
    /// Over which time readers are let go at shutdown, at most.
    pub(crate) drain: Duration,
    /// How long readers may take to leave at shutdown.
    pub(crate) grace: Duration,
    /// How many readers there may be.
    pub(crate) asked_limits: AskedLimits,
    /// How many files this process may open; none for no limit, or if nobody has looked.
    pub(crate) open_files: Option<u64>,
    /// How long a connection may be quiet; as long as the client wants if none.
    pub(crate) keep_alive: Option<Duration>,
    /// Who may connect to a Unix domain socket.
    pub(crate) socket_mode: SocketMode,
    /// How many threads serve; with one, no worker threads are started.
    pub(crate) threads: usize,
    /// Where several nodes meet, if there are others.
    pub(crate) redis: Option<RedisUrl>,
    /// How logs are written.
    pub(crate) log_format: LogFormat,
    /// Log files of our own, where iisnode asks for them.
    pub(crate) log_plan: Option<iisnode::log_files::LogPlan>,
    /// Whether the routes for tests are there, which a release build does not have.
    #[cfg(debug_assertions)]
    pub(crate) test_routes: bool,
}

/// A setting that cannot be used: value, reason, remedy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A value is not what its option or variable takes.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// A word that is neither a command nor, without iisnode, an argument.
    #[error(
        "{0:?} is not a command; the commands are serve, hosting, probe, echo, load and announce, and dante --help shows the options"
    )]
    Argument(String),
    /// The system has no `SO_REUSEPORT`.
    #[error(
        "--reuse-port is not possible on this system; leave it out (and DANTE_REUSE_PORT), and use --threads for more than one core"
    )]
    NoReusePort,
}

/// A text from the command line or the environment, with the name of what holds it.
type Given = Option<(&'static str, String)>;

impl Config {
    /// Understands the arguments and the environment of the process with this id.
    ///
    /// # Errors
    /// When any value cannot be used; nothing has been touched by then.
    pub fn new(args: &ServeArgs, env: &Environment, process_id: u32) -> Result<Self, ConfigError> {
        // iisnode adds these, and expects that they are ignored (cnodeprocess.cpp:81-119).
        if let Some(word) = args.node_arguments.first().filter(|_| !env.has(iisnode::VERSION_VARIABLE)) {
            return Err(ConfigError::Argument(word.to_string_lossy().into_owned()));
        }
        let given = |option, typed: &Option<String>, variable| match typed {
            Some(value) => Some((option, value.clone())),
            None => env.get(variable).map(|value| (variable, value)),
        };
        let overrides = Overrides {
            listen: given("--listen", &args.listen, "DANTE_LISTEN"),
            prefix: given("--prefix", &args.prefix, "DANTE_PREFIX"),
        };
        let origins = (!args.allow_origin.is_empty()).then(|| args.allow_origin.join(","));
        let origins = given("--allow-origin", &origins, "DANTE_ALLOW_ORIGIN");
        let interval = given("--interval", &args.interval, "DANTE_INTERVAL");
        let drain = given("--drain", &args.drain, "DANTE_DRAIN");
        let grace = given("--grace", &args.grace, "DANTE_GRACE");
        let keep_alive = given("--keep-alive", &args.keep_alive, "DANTE_KEEP_ALIVE");
        let socket_mode = given("--socket-mode", &args.socket_mode, "DANTE_SOCKET_MODE");
        let polling = given("--polling-duration", &args.polling_duration, "DANTE_POLLING_DURATION");
        let transports = given("--transports", &args.transports, "DANTE_TRANSPORTS");
        let versions = given("--engine-versions", &args.engine_versions, "DANTE_ENGINE_VERSIONS");
        let max_readers = given("--max-readers", &args.max_readers, "DANTE_MAX_READERS");
        let max_per_address = given("--max-per-address", &args.max_per_address, "DANTE_MAX_PER_ADDRESS");
        let threads = given("--threads", &args.threads, "DANTE_THREADS");
        let metrics = given("--metrics-listen", &args.metrics_listen, "DANTE_METRICS_LISTEN");
        let redis = given("--redis", &args.redis, "DANTE_REDIS");
        let log_format = given("--log-format", &args.log_format, "DANTE_LOG_FORMAT");
        let trust = switch(args.trust_forwarded, "DANTE_TRUST_FORWARDED", env)?;
        let reuse_port = switch(args.reuse_port, "DANTE_REUSE_PORT", env)?;
        if reuse_port && !shared_port::IS_POSSIBLE {
            return Err(ConfigError::NoReusePort);
        }
        let hosting = Hosting::detect(&overrides, env, process_id)?;
        if reuse_port && !matches!(hosting.endpoint.value, Endpoint::Tcp(_)) {
            let endpoint = hosting.endpoint.value.to_string();
            let reason = "only a TCP port can be shared; give --listen one, or leave out --reuse-port";
            return Err(BadValue::new("--reuse-port with the endpoint", &endpoint, reason).into());
        }
        let script = args.node_arguments.last().map(Path::new);
        Ok(Self {
            interval: read(interval, DEFAULT_INTERVAL, |text| time(text, SLOT, LONGEST_INTERVAL))?,
            drain: read(drain, DEFAULT_DRAIN, |text| time(text, Duration::ZERO, LONGEST_GRACE))?,
            grace: read(grace, DEFAULT_GRACE, |text| time(text, Duration::ZERO, LONGEST_GRACE))?,
            keep_alive: read(keep_alive, default_keep_alive(&hosting), keep_alive_time)?,
            socket_mode: read(socket_mode, SocketMode::default(), SocketMode::parse)?,
            polling_duration: read(polling, Duration::from_secs(DEFAULT_POLLING_SECS), seconds)?,
            transports: read_transports(transports, reuse_port)?,
            reuse_port,
            engine_versions: read(versions, EngineVersions::default(), EngineVersions::parse)?,
            asked_limits: AskedLimits {
                readers: read(max_readers, None, |text| readers(text).map(Some))?,
                per_address: read(max_per_address, None, |text| readers(text).map(Some))?,
            },
            open_files: None,
            threads: read(threads, DEFAULT_THREADS, self::threads)?,
            log_format: read(log_format, LogFormat::Text, |text| {
                LogFormat::from_str(text, false).map_err(|_| "give text or json")
            })?,
            metrics: read(metrics, None, |text| Endpoint::parse(text).map(Some))?,
            redis: read_redis(redis)?,
            trust_forwarded: trust,
            origins: read(origins, Origins::Own, Origins::parse)?,
            poem: args.poem.clone().or_else(|| env.get("DANTE_POEM").map(PathBuf::from)),
            log_plan: iisnode::log_files::LogPlan::detect(env, script, process_id),
            hosting,
            #[cfg(debug_assertions)]
            test_routes: env.has("DANTE_TEST_ROUTES"),
        })
    }

    /// How many readers there may be, and whether that is less than was asked for.
    pub(crate) fn reader_limits(&self) -> (ReaderLimits, Option<Shortfall>) {
        self.asked_limits.within(self.open_files)
    }

    /// The transports that readers may use, for people.
    pub(crate) fn transports_text(&self) -> String {
        let versions = if self.engine_versions == EngineVersions::default() {
            String::new()
        } else {
            format!("; Engine.IO {} only", self.engine_versions)
        };
        format!("socket.io ({}{versions}), websocket, sse", self.transports)
    }
}

/// An option without a value, which its variable sets to 1 or 0.
fn switch(is_typed: bool, variable: &'static str, env: &Environment) -> Result<bool, BadValue> {
    let given = env.get(variable).filter(|_| !is_typed).map(|value| (variable, value));
    read(given, is_typed, yes_or_no)
}

/// What Socket.IO may use; where the port is shared, only WebSocket.
fn read_transports(given: Given, reuse_port: bool) -> Result<Transports, BadValue> {
    let only_websocket = || Transports::only(EngineTransport::WebSocket);
    let default = if reuse_port { only_websocket() } else { Transports::default() };
    read(given, default, |text| match Transports::parse(text) {
        Ok(asked) if reuse_port && asked != only_websocket() => {
            Err("long polling needs one process, and --reuse-port shares the port among several; \
                 give websocket, or leave out --reuse-port"
                .to_owned())
        }
        asked => asked.map_err(|error| error.to_string()),
    })
}

/// The Redis that is named, here or by `dante announce`. A refusal doesn't show its password.
pub(crate) fn read_redis(given: Given) -> Result<Option<RedisUrl>, BadValue> {
    let Some((name, value)) = given else { return Ok(None) };
    let url = RedisUrl::parse(&value);
    url.map(Some).map_err(|error| BadValue::new(name, &RedisUrl::without_secrets(&value), error))
}

/// Reads a given text, or takes the default.
fn read<T, E: fmt::Display>(
    given: Given,
    default: T,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, BadValue> {
    let Some((name, value)) = given else { return Ok(default) };
    parse(&value).map_err(|error| BadValue::new(name, &value, error))
}

fn time(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let (least_shown, most_shown) = (humantime::format_duration(least), humantime::format_duration(most));
    let remedy = format!("give one from {least_shown} to {most_shown}, such as 2s or 500ms");
    let time = humantime::parse_duration(text).map_err(|_| format!("not a duration; {remedy}"))?;
    if (least..=most).contains(&time) { Ok(time) } else { Err(format!("out of range; {remedy}")) }
}

/// Whether and when Dante closes a quiet connection by itself. A host that starts Dante keeps connections to it, and decides how long
/// (iisnode, HttpPlatformHandler, the ASP.NET Core Module, Azure's front end: up to four minutes); so does a proxy on a socket.
fn default_keep_alive(hosting: &Hosting) -> Option<Duration> {
    let is_public = hosting.host.value == Host::Itself && matches!(hosting.endpoint.value, Endpoint::Tcp(_));
    is_public.then_some(DEFAULT_KEEP_ALIVE)
}

fn keep_alive_time(text: &str) -> Result<Option<Duration>, String> {
    if text == "none" {
        return Ok(None);
    }
    let or_none = |error| format!("{error}, or none for no limit");
    time(text, SHORTEST_KEEP_ALIVE, LONGEST_KEEP_ALIVE).map(Some).map_err(or_none)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=LONGEST_POLLING_SECS).contains(seconds));
    let error = || format!("give a whole number of seconds from 1 to {LONGEST_POLLING_SECS}, such as 10");
    seconds.map(Duration::from_secs).ok_or_else(error)
}

fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=MOST_THREADS).contains(threads));
    threads.ok_or_else(|| {
        format!("give a whole number from 1 to {MOST_THREADS}; no more than the machine has cores, such as 2")
    })
}

fn readers(text: &str) -> Result<usize, String> {
    let readers = text.parse().ok().filter(|readers| (1..=MOST_READERS).contains(readers));
    readers.ok_or_else(|| format!("give a whole number from 1 to {MOST_READERS}, such as 500"))
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("give 1 or 0"),
    }
}

#[cfg(test)]
mod tests;

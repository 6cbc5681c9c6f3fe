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
    hosting::{Hosting, Overrides, environment::Environment, iisnode},
    transport::Transports,
};

/// The time between two stanzas of the sample that Dante grew from.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60 * 60);
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
const LONGEST_GRACE: Duration = Duration::from_secs(60 * 60);
/// Engine.IO's ping interval, which is the longest that a poll is held open.
const DEFAULT_POLLING_SECS: u64 = 25;
const LONGEST_POLLING_SECS: u64 = 300;

/// Everything that `dante serve` needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where we are.
    pub hosting: Hosting,
    /// Whether forwarded headers are believed.
    pub(crate) trust_forwarded: bool,
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
    /// How long readers may take to leave at shutdown.
    pub(crate) grace: Duration,
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
        "{0:?} is not a command; the commands are serve, hosting, probe and echo, and dante --help shows the options"
    )]
    Argument(String),
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
        let interval = given("--interval", &args.interval, "DANTE_INTERVAL");
        let grace = given("--grace", &args.grace, "DANTE_GRACE");
        let polling = given("--polling-duration", &args.polling_duration, "DANTE_POLLING_DURATION");
        let transports = given("--transports", &args.transports, "DANTE_TRANSPORTS");
        let versions = given("--engine-versions", &args.engine_versions, "DANTE_ENGINE_VERSIONS");
        let log_format = given("--log-format", &args.log_format, "DANTE_LOG_FORMAT");
        let trust = (!args.trust_forwarded).then(|| env.get("DANTE_TRUST_FORWARDED")).flatten();
        let script = args.node_arguments.last().map(Path::new);
        Ok(Self {
            interval: read(interval, DEFAULT_INTERVAL, |text| time(text, SLOT, LONGEST_INTERVAL))?,
            grace: read(grace, DEFAULT_GRACE, |text| time(text, Duration::ZERO, LONGEST_GRACE))?,
            polling_duration: read(polling, Duration::from_secs(DEFAULT_POLLING_SECS), seconds)?,
            transports: read(transports, Transports::default(), Transports::parse)?,
            engine_versions: read(versions, EngineVersions::default(), EngineVersions::parse)?,
            log_format: read(log_format, LogFormat::Text, |text| {
                LogFormat::from_str(text, false).map_err(|_| "give text or json")
            })?,
            trust_forwarded: read(
                trust.map(|value| ("DANTE_TRUST_FORWARDED", value)),
                args.trust_forwarded,
                yes_or_no,
            )?,
            poem: args.poem.clone().or_else(|| env.get("DANTE_POEM").map(PathBuf::from)),
            log_plan: iisnode::log_files::LogPlan::detect(env, script, process_id),
            hosting: Hosting::detect(&overrides, env, process_id)?,
            #[cfg(debug_assertions)]
            test_routes: env.has("DANTE_TEST_ROUTES"),
        })
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

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=LONGEST_POLLING_SECS).contains(seconds));
    let error = || format!("give a whole number of seconds from 1 to {LONGEST_POLLING_SECS}, such as 10");
    seconds.map(Duration::from_secs).ok_or_else(error)
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("give 1 or 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(args: ServeArgs, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::new(&args, &variables.iter().copied().collect(), 42)
    }

    #[test]
    fn defaults() {
        let config = config(ServeArgs::default(), &[]).unwrap();
        assert_eq!(config.interval, Duration::from_secs(2));
        assert_eq!(config.polling_duration, Duration::from_secs(25));
        assert_eq!(config.grace, Duration::from_secs(10));
        assert_eq!(config.transports.to_string(), "websocket,polling");
        assert_eq!(config.engine_versions.to_string(), "4,3");
        assert!(!config.trust_forwarded && config.poem.is_none() && config.log_plan.is_none());
    }

    #[test]
    fn what_is_typed_outranks_what_is_set() {
        let variables = [("DANTE_INTERVAL", "5s"), ("DANTE_GRACE", "1s"), ("DANTE_TRUST_FORWARDED", "1")];
        let config =
            config(ServeArgs { interval: Some("1s".into()), ..ServeArgs::default() }, &variables).unwrap();
        assert_eq!((config.interval, config.grace), (Duration::from_secs(1), Duration::from_secs(1)));
        assert!(config.trust_forwarded);
    }

    #[test]
    fn bad_values_name_their_source() {
        for (name, value) in [
            ("DANTE_INTERVAL", "0"),
            ("DANTE_INTERVAL", "0s"),
            ("DANTE_INTERVAL", "19ms"),
            ("DANTE_INTERVAL", "2"),
            ("DANTE_INTERVAL", "soon"),
            ("DANTE_GRACE", "-1s"),
            ("DANTE_POLLING_DURATION", "0"),
            ("DANTE_POLLING_DURATION", "301"),
            ("DANTE_POLLING_DURATION", "10s"),
            ("DANTE_TRANSPORTS", "smoke"),
            ("DANTE_ENGINE_VERSIONS", "3"),
            ("DANTE_LOG_FORMAT", "xml"),
            ("DANTE_TRUST_FORWARDED", "maybe"),
        ] {
            let error = config(ServeArgs::default(), &[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name} {value:?}: ")), "{error}");
        }
    }

    #[test]
    fn node_arguments_are_taken_only_under_iisnode() {
        let args = || ServeArgs { node_arguments: vec!["prove".into()], ..ServeArgs::default() };
        assert_eq!(config(args(), &[]), Err(ConfigError::Argument("prove".into())));
        assert!(config(args(), &[("IISNODE_VERSION", "0.2.21")]).is_ok());
    }
}

//! Where Dante runs: which host launched it or passes requests on to it, under which prefix, and where to listen.
//! `Hosting::detect` is pure, and gives a reason for each finding.

use std::fmt;

pub(crate) mod aspnetcore;
pub mod endpoint;
pub mod environment;
pub(crate) mod fault;
pub mod iisnode;
pub mod listener;
pub(crate) mod prefix;
pub mod recipes;
pub(crate) mod setup;
pub mod socket_mode;

use endpoint::{DEFAULT_PORT, Endpoint};
use environment::Environment;
use prefix::Prefix;

use crate::bad_value::BadValue;

/// The host that launched Dante, as far as the environment shows it. A reverse proxy leaves no trace there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// None: Dante was started by hand or as a service.
    Itself,
    /// iisnode, a module of IIS that launches Node.js applications.
    Iisnode,
    /// HttpPlatformHandler, a module of IIS.
    HttpPlatform,
    /// The ASP.NET Core Module (ANCM) of IIS, out of process.
    AspNetCore,
    /// Azure App Service, directly.
    Azure,
}

impl Host {
    /// Whether Dante runs behind IIS, which ignores case in URLs.
    pub(crate) fn is_iis(self) -> bool {
        matches!(self, Self::Iisnode | Self::HttpPlatform | Self::AspNetCore)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Itself => "self",
            Self::Iisnode => "iisnode",
            Self::HttpPlatform => "httpplatform",
            Self::AspNetCore => "aspnetcore",
            Self::Azure => "azure",
        })
    }
}

/// A finding, and why it is so in a few words: `PORT is set`, `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<T> {
    /// What was found.
    pub value: T,
    /// Why.
    pub(crate) reason: String,
    /// The options and variables that override it, the strongest first.
    pub(crate) overridden_by: &'static [&'static str],
}

impl<T> Finding<T> {
    /// A finding, its reason, and what overrides it.
    pub(crate) fn new(value: T, reason: impl Into<String>, overridden_by: &'static [&'static str]) -> Self {
        Self { value, reason: reason.into(), overridden_by }
    }
}

/// The ranks above `name`; all of them if `name` is not among them (the default).
fn above(ranks: &'static [&'static str], name: &str) -> &'static [&'static str] {
    &ranks[..ranks.iter().position(|rank| *rank == name).unwrap_or(ranks.len())]
}

/// What the user set on purpose, which overrides detection: the name of the option or variable, and its value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    /// `--listen` or `DANTE_LISTEN`.
    pub(crate) listen: Option<(&'static str, String)>,
    /// `--prefix` or `DANTE_PREFIX`.
    pub(crate) prefix: Option<(&'static str, String)>,
}

/// Where Dante runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosting {
    /// The host.
    pub(crate) host: Finding<Host>,
    /// The part of URL paths that belongs to the host.
    pub(crate) prefix: Finding<Prefix>,
    /// Whether to learn the prefix from each request's path, because the host does not pass it and none was
    /// given.
    pub(crate) learn_prefix: bool,
    /// Where to listen.
    pub endpoint: Finding<Endpoint>,
    /// The token that every request through the host must carry, if the host set one.
    pub(crate) pairing_token: Option<String>,
}

/// Variables by which hosts are recognised, the most certain first.
const HOST_RANKS: [&str; 5] =
    ["IISNODE_VERSION", "ASPNETCORE_PORT", "HTTP_PLATFORM_PORT", "WEBSITE_INSTANCE_ID", "WEBSITE_SITE_NAME"];

/// What can set the prefix, the strongest first; from the third on, variables of hosts.
///
/// Sources: dotnet/aspnetcore `ModuleEnvironment.cpp` and `serverprocess.cpp` (`ASPNETCORE_…`);
/// lextudio/httpplatformhandlerv2 `serverprocess.h:23-27` (`HTTP_PLATFORM_…`).
const PREFIX_RANKS: [&str; 6] = [
    "--prefix",
    "DANTE_PREFIX",
    "ASPNETCORE_APPL_PATH",
    "ASPNETCORE_IIS_APPLICATION_VIRTUAL_PATH",
    "HTTP_PLATFORM_IIS_APPLICATION_VIRTUAL_PATH",
    "HTTP_PLATFORM_APPL_PATH",
];

/// What can set the endpoint, the strongest first; the last two only on Azure.
const ENDPOINT_RANKS: [&str; 9] = [
    "--listen",
    "DANTE_LISTEN",
    PORT_WITH_NAME,
    "ASPNETCORE_PORT",
    "HTTP_PLATFORM_PORT",
    "PORT",
    "LISTEN_FDS",
    "WEBSITES_PORT",
    "SERVER_PORT",
];
const PORT_WITH_NAME: &str = "PORT with the name of a pipe or a socket's path";

/// Variables of hosts that detection reads, and whether the value is a secret.
pub(crate) const VARIABLES: [(&str, bool); 16] = [
    ("IISNODE_VERSION", false),
    ("ASPNETCORE_PORT", false),
    ("ASPNETCORE_APPL_PATH", false),
    ("ASPNETCORE_IIS_APPLICATION_VIRTUAL_PATH", false),
    ("ASPNETCORE_TOKEN", true),
    ("HTTP_PLATFORM_PORT", false),
    ("HTTP_PLATFORM_IIS_APPLICATION_VIRTUAL_PATH", false),
    ("HTTP_PLATFORM_APPL_PATH", false),
    ("HTTP_PLATFORM_TOKEN", true),
    ("WEBSITE_INSTANCE_ID", false),
    ("WEBSITE_SITE_NAME", false),
    ("WEBSITES_PORT", false),
    ("SERVER_PORT", false),
    ("PORT", false),
    ("LISTEN_FDS", false),
    ("LISTEN_PID", false),
];

/// The prefix of the sample under iisnode, which hard-codes it when `IISNODE_VERSION` is set
/// (tjanczuk/dante `server-socketio.js`).
const IISNODE_PREFIX: &str = "/dante";

impl Hosting {
    /// Detects the host, from the user's settings and the environment. `process_id` is Dante's own: only the
    /// process that `LISTEN_PID` names inherits a socket.
    ///
    /// # Errors
    /// When a setting or a host's variable has a value that cannot be used.
    pub(crate) fn detect(
        overrides: &Overrides,
        env: &Environment,
        process_id: u32,
    ) -> Result<Self, BadValue> {
        let host = detect_host(env);
        let prefix = detect_prefix(overrides, env, host.value)?;
        let endpoint = detect_endpoint(overrides, env, host.value, process_id)?;
        Ok(Self {
            learn_prefix: host.value == Host::Iisnode && overrides.prefix.is_none() && prefix.1,
            host,
            prefix: prefix.0,
            endpoint,
            pairing_token: aspnetcore::pairing_token(env),
        })
    }
}

fn detect_host(env: &Environment) -> Finding<Host> {
    let hosts = [Host::Iisnode, Host::AspNetCore, Host::HttpPlatform, Host::Azure, Host::Azure];
    for (name, host) in HOST_RANKS.into_iter().zip(hosts) {
        if env.has(name) {
            return Finding::new(host, format!("{name} is set"), above(&HOST_RANKS, name));
        }
    }
    Finding::new(Host::Itself, "no host's variable is set", &HOST_RANKS)
}

/// The prefix, and whether it is only a guess.
fn detect_prefix(
    overrides: &Overrides,
    env: &Environment,
    host: Host,
) -> Result<(Finding<Prefix>, bool), BadValue> {
    let parse =
        |name: &str, value: &str| Prefix::parse(value).map_err(|error| BadValue::new(name, value, error));
    let given = overrides.prefix.clone();
    let find_host_variable =
        || PREFIX_RANKS[2..].iter().find_map(|name| env.get(name).map(|value| (*name, value)));
    if let Some((name, value)) = given.or_else(find_host_variable) {
        let prefix = parse(name, &value)?;
        return Ok((Finding::new(prefix, format!("set by {name}"), above(&PREFIX_RANKS, name)), false));
    }
    if host == Host::Iisnode {
        let reason = "IISNODE_VERSION is set; any other is learned from each request's path";
        return Ok((Finding::new(parse("IISNODE_VERSION", IISNODE_PREFIX)?, reason, &PREFIX_RANKS), true));
    }
    Ok((Finding::new(Prefix::ROOT, "default", &PREFIX_RANKS), true))
}

fn detect_endpoint(
    overrides: &Overrides,
    env: &Environment,
    host: Host,
    process_id: u32,
) -> Result<Finding<Endpoint>, BadValue> {
    let conclude = |endpoint, reason, rank| Ok(Finding::new(endpoint, reason, above(&ENDPOINT_RANKS, rank)));
    if let Some((name, value)) = &overrides.listen {
        let endpoint = Endpoint::parse(value).map_err(|error| BadValue::new(name, value, error))?;
        return conclude(endpoint, format!("set by {name}"), name);
    }
    // The environment may hold both Azure's PORT and iisnode's, so every value is checked.
    let ports =
        || ["PORT", "port"].into_iter().flat_map(|name| env.all(name).map(move |value| (name, value)));
    for (name, value) in ports() {
        if endpoint::is_pipe(&value) {
            let pipe = Endpoint::pipe(&value).map_err(|error| BadValue::new(name, &value, error))?;
            return conclude(pipe, format!("{name} names a pipe"), PORT_WITH_NAME);
        }
        if value.starts_with('/') {
            let socket = Endpoint::unix(&value).map_err(|error| BadValue::new(name, &value, error))?;
            return conclude(socket, format!("{name} is a path"), PORT_WITH_NAME);
        }
    }
    for name in ["ASPNETCORE_PORT", "HTTP_PLATFORM_PORT"] {
        if let Some(value) = env.get(name) {
            return conclude(Endpoint::loopback(port(name, &value)?), format!("{name} is set"), name);
        }
    }
    if let Some((name, value)) = ports().next() {
        let port = port(name, &value)?;
        if host == Host::Iisnode {
            let reason = "iisnode passes the name of a pipe in PORT, and this is a number; remove PORT from the \
                          application settings, or set DANTE_LISTEN to listen there anyway";
            return Err(BadValue::new(name, &value, reason));
        }
        return conclude(Endpoint::everywhere(port), format!("{name} is set"), "PORT");
    }
    if inherits_socket(env, process_id) {
        return conclude(Endpoint::Inherited, "LISTEN_FDS is set".to_owned(), "LISTEN_FDS");
    }
    let (others, azure) = ENDPOINT_RANKS.split_at(7);
    if host != Host::Azure {
        return Ok(Finding::new(Endpoint::loopback(DEFAULT_PORT), "default", others));
    }
    for name in azure {
        if let Some(value) = env.get(name) {
            return conclude(Endpoint::everywhere(port(name, &value)?), format!("{name} is set"), name);
        }
    }
    conclude(Endpoint::loopback(DEFAULT_PORT), "default".to_owned(), "")
}

fn port(name: &str, value: &str) -> Result<u16, BadValue> {
    endpoint::port(value).ok_or_else(|| {
        BadValue::new(name, value, "not a port; set it to a number from 0 to 65535, or give --listen")
    })
}

/// systemd's protocol: `LISTEN_FDS` is the number of sockets, `LISTEN_PID` the process that they are for
/// (sd_listen_fds(3)).
fn inherits_socket(env: &Environment, process_id: u32) -> bool {
    let number = |name| env.get(name).and_then(|value| value.parse::<u32>().ok());
    number("LISTEN_FDS").is_some_and(|count| count > 0) && number("LISTEN_PID") == Some(process_id)
}

#[cfg(test)]
mod tests;

//! `dante hosting`: what Dante finds out about where it is run, why, and what would change it. Pure.

use std::fmt;

use serde::Serialize;

use crate::{
    bad_value::Quoted,
    cli::ServeArgs,
    config::{Config, ConfigError},
    hosting::{self, Finding, environment::Environment},
};

/// What is told, as JSON: these keys stay as they are.
///
/// | key | what |
/// |---|---|
/// | `version` | Dante's |
/// | `host`, `prefix`, `endpoint`, `transports` | what was found, each with `value`, `reason`, and `overriddenBy` (options and variables that override it, the strongest first) |
/// | `variables` | those of hosts and of Dante that are set: `name` and `value`; a secret's value is `null` |
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    version: &'static str,
    host: Found,
    prefix: Found,
    endpoint: Found,
    transports: Found,
    variables: Vec<Variable>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    value: String,
    reason: String,
    overridden_by: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct Variable {
    name: &'static str,
    value: Option<String>,
}

const TRANSPORTS_RANKS: [&str; 2] = ["--transports", "DANTE_TRANSPORTS"];

/// Dante's own variables that have a say in what is found, and the one that makes it believe proxies.
const OWN_VARIABLES: [&str; 5] =
    ["DANTE_LISTEN", "DANTE_PREFIX", "DANTE_REUSE_PORT", "DANTE_TRANSPORTS", "DANTE_TRUST_FORWARDED"];

impl Explanation {
    /// Finds out what `dante serve` without options would find out in this environment.
    ///
    /// # Errors
    /// When any value cannot be used.
    pub(crate) fn new(env: &Environment, process_id: u32) -> Result<Self, ConfigError> {
        let config = Config::new(&ServeArgs::default(), env, process_id)?;
        let (reason, overridden_by) = if config.reuse_port {
            ("DANTE_REUSE_PORT is set, and long polling needs one process", &[][..])
        } else if env.has("DANTE_TRANSPORTS") {
            ("set by DANTE_TRANSPORTS", &TRANSPORTS_RANKS[..1])
        } else {
            ("default", &TRANSPORTS_RANKS[..])
        };
        let transports = Finding::new(config.transports_text(), reason, overridden_by);
        let open = |name| env.all(name).map(move |value| Variable { name, value: Some(value) });
        let variables = OWN_VARIABLES.into_iter().flat_map(open);
        let hosts = hosting::VARIABLES.into_iter().flat_map(|(name, secret)| {
            env.all(name).map(move |value| Variable { name, value: (!secret).then_some(value) })
        });
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            host: Found::new(&config.hosting.host),
            prefix: Found::new(&config.hosting.prefix),
            endpoint: Found::new(&config.hosting.endpoint),
            transports: Found::new(&transports),
            variables: variables.chain(hosts).collect(),
        })
    }
}

impl Found {
    fn new<T: fmt::Display>(finding: &Finding<T>) -> Self {
        Self {
            value: finding.value.to_string(),
            reason: finding.reason.clone(),
            overridden_by: finding.overridden_by,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Dante {}, run here without options:\n", self.version)?;
        for (name, found) in [
            ("host", &self.host),
            ("prefix", &self.prefix),
            ("endpoint", &self.endpoint),
            ("transports", &self.transports),
        ] {
            writeln!(f, "  {name:<11}{} ({})", found.value, found.reason)?;
            let override_with = match found.overridden_by {
                [] => "cannot be overridden".to_owned(),
                [one] => format!("override with {one}"),
                [others @ .., last] => format!("override with {} or {last}", others.join(", ")),
            };
            writeln!(f, "  {:<11}{override_with}", "")?;
        }
        writeln!(f, "\n  variables that are set, hosts' and Dante's own:")?;
        if self.variables.is_empty() {
            writeln!(f, "  {:<11}none", "")?;
        }
        for Variable { name, value } in &self.variables {
            match value {
                Some(value) => writeln!(f, "  {:<11}{name}={}", "", Quoted(value))?,
                None => writeln!(f, "  {:<11}{name} (its value is a secret)", "")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(variables: &[(&str, &str)]) -> Explanation {
        Explanation::new(&variables.iter().copied().collect(), 42).unwrap()
    }

    #[test]
    fn for_people() {
        let text = explain(&[
            ("ASPNETCORE_TOKEN", "hush"),
            ("ASPNETCORE_PORT", "5000"),
            ("DANTE_PREFIX", "/x"),
            ("PORT", "1\n2"),
        ]);
        assert_eq!(
            text.to_string(),
            format!(
                r#"Dante {}, run here without options:

  host       aspnetcore (ASPNETCORE_PORT is set)
             override with IISNODE_VERSION
  prefix     /x (set by DANTE_PREFIX)
             override with --prefix
  endpoint   127.0.0.1:5000 (ASPNETCORE_PORT is set)
             override with --listen, DANTE_LISTEN or PORT with the name of a pipe or a socket's path
  transports socket.io (websocket,polling), websocket, sse (default)
             override with --transports or DANTE_TRANSPORTS

  variables that are set, hosts' and Dante's own:
             DANTE_PREFIX="/x"
             ASPNETCORE_PORT="5000"
             ASPNETCORE_TOKEN (its value is a secret)
             PORT="1\n2"
"#,
                env!("CARGO_PKG_VERSION")
            )
        );
        let nothing = explain(&[]).to_string();
        assert!(nothing.ends_with("Dante's own:\n             none\n"), "{nothing}");
        let iisnode = explain(&[("IISNODE_VERSION", "0.2.21"), ("DANTE_LISTEN", "1")]).to_string();
        assert!(iisnode.contains("(IISNODE_VERSION is set)\n             cannot be overridden"), "{iisnode}");
        if cfg!(unix) {
            let shared = explain(&[("DANTE_REUSE_PORT", "1")]).to_string();
            let line = "  transports socket.io (websocket), websocket, sse (DANTE_REUSE_PORT is set, and long polling needs one process)";
            assert!(shared.contains(line) && shared.contains("DANTE_REUSE_PORT=\"1\""), "{shared}");
        }
    }

    #[test]
    fn for_programs() {
        let json = serde_json::to_value(explain(&[
            ("DANTE_TRANSPORTS", "polling"),
            ("HTTP_PLATFORM_TOKEN", "hush"),
        ]))
        .unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "version": env!("CARGO_PKG_VERSION"),
                "host": {
                    "value": "self",
                    "reason": "no host's variable is set",
                    "overriddenBy": [
                        "IISNODE_VERSION", "ASPNETCORE_PORT", "HTTP_PLATFORM_PORT", "WEBSITE_INSTANCE_ID",
                        "WEBSITE_SITE_NAME",
                    ],
                },
                "prefix": {
                    "value": "/",
                    "reason": "default",
                    "overriddenBy": [
                        "--prefix", "DANTE_PREFIX", "ASPNETCORE_APPL_PATH",
                        "ASPNETCORE_IIS_APPLICATION_VIRTUAL_PATH", "HTTP_PLATFORM_IIS_APPLICATION_VIRTUAL_PATH",
                        "HTTP_PLATFORM_APPL_PATH",
                    ],
                },
                "endpoint": {
                    "value": "127.0.0.1:8888",
                    "reason": "default",
                    "overriddenBy": [
                        "--listen", "DANTE_LISTEN", "PORT with the name of a pipe or a socket's path",
                        "ASPNETCORE_PORT", "HTTP_PLATFORM_PORT", "PORT", "LISTEN_FDS",
                    ],
                },
                "transports": {
                    "value": "socket.io (polling), websocket, sse",
                    "reason": "set by DANTE_TRANSPORTS",
                    "overriddenBy": ["--transports"],
                },
                "variables": [
                    { "name": "DANTE_TRANSPORTS", "value": "polling" },
                    { "name": "HTTP_PLATFORM_TOKEN", "value": null },
                ],
            })
        );
    }

    #[test]
    fn a_value_that_cannot_be_used_is_told() {
        let env = [("PORT", "http")].into_iter().collect();
        assert!(Explanation::new(&env, 42).unwrap_err().to_string().starts_with("PORT \"http\": "));
    }
}

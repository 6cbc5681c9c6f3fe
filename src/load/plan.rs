//! [`Plan`]: what the arguments of `dante load` ask for. Pure.

use std::time::Duration;

use super::{conversation::Subject, target::Target, tls::Tls};
use crate::{bad_value::BadValue, cli::LoadArgs, transport::Transport};

/// What is done where nothing is said.
const READERS: &str = "1000";
const RAMP: &str = "500";
const DURATION: &str = "30s";
const TRANSPORT: &str = "socketio";

/// The most readers of one run: each takes a port of a source address, of which loopback has enough for them.
const MOST_READERS: u32 = 1_000_000;

/// How many connections may be opened in a second.
const RAMPS: (f64, f64) = (0.1, 100_000.0);

/// How long the measurement may take.
const DURATIONS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));

/// A load, as it was asked for.
#[derive(Debug)]
pub struct Plan {
    pub(super) target: Target,
    /// How TLS is spoken, if it is.
    pub(super) tls: Option<Tls>,
    pub(super) readers: u32,
    /// Connections a second.
    pub(super) ramp: f64,
    /// From when all have joined.
    pub(super) duration: Duration,
    /// The name of the choice, as it was typed.
    pub(super) transport: String,
    /// What the readers use, in turn; never empty.
    pub(super) transports: Vec<Transport>,
    pub(super) subject: Subject,
    /// Whether the server may be on another machine.
    pub(super) anywhere: bool,
    /// The processes of the server whose use of the machine is told.
    pub(super) server_pids: Vec<u32>,
    /// The most readers of one process; none for what the system allows.
    pub(super) per_process: Option<u32>,
    /// Whether the report is for programs.
    pub(super) json: bool,
    /// Whether programs are also told how far it is.
    pub(super) progress: bool,
}

impl Plan {
    /// Reads the arguments.
    ///
    /// # Errors
    /// When a value cannot be used.
    pub fn read(args: &LoadArgs) -> Result<Self, BadValue> {
        let (name, url) = match (&args.against, &args.url) {
            (Some(url), _) => ("--against", url.as_str()),
            (None, url) => ("the URL", url.as_deref().unwrap_or_default()),
        };
        let subject = subject(args)?;
        let transport = args.transport.as_deref().unwrap_or(TRANSPORT);
        let target = Target::read(url).map_err(|reason| BadValue::new(name, url, reason))?;
        if args.insecure && !target.is_https {
            return Err(BadValue::new(name, url, "--insecure is for https; leave it out, or write https"));
        }
        let tls = Tls { host: target.host.clone(), insecure: args.insecure };
        Ok(Self {
            tls: target.is_https.then_some(tls),
            target,
            readers: number("--readers", args.readers.as_deref().unwrap_or(READERS), MOST_READERS)?,
            ramp: ramp(args.ramp.as_deref().unwrap_or(RAMP))?,
            duration: duration(args.duration.as_deref().unwrap_or(DURATION))?,
            transport: transport.to_owned(),
            transports: transports(transport, &subject)?,
            subject,
            anywhere: args.yes_this_is_my_server,
            server_pids: args.server_pid.iter().map(|pid| server_pid(pid)).collect::<Result<_, _>>()?,
            per_process: args
                .per_process
                .as_deref()
                .map(|text| number("--per-process", text, MOST_READERS))
                .transpose()?,
            json: args.json,
            progress: args.progress,
        })
    }
}

fn subject(args: &LoadArgs) -> Result<Subject, BadValue> {
    // Without --against there is no --event either: the command line sees to that.
    let Some(name) = args.event.clone().filter(|_| args.against.is_some()) else { return Ok(Subject::Poem) };
    let namespace = args.namespace.clone().unwrap_or_else(|| "/".to_owned());
    if !namespace.starts_with('/') || namespace.contains([',', '?']) {
        let reason = "a namespace starts with a slash, such as /chat, and holds neither a comma nor a ?";
        return Err(BadValue::new("--namespace", &namespace, reason));
    }
    if let Some(auth) = &args.auth
        && !serde_json::from_str(auth).is_ok_and(|auth: serde_json::Value| auth.is_object())
    {
        return Err(BadValue::new("--auth", auth, r#"not a JSON object; write '{"token": "abc"}'"#));
    }
    Ok(Subject::Event { name, namespace, auth: args.auth.clone() })
}

fn transports(text: &str, subject: &Subject) -> Result<Vec<Transport>, BadValue> {
    use Transport::{SocketIoPolling, SocketIoWebSocket, Sse, WebSocket};
    let refuse = |reason| Err(BadValue::new("--transport", text, reason));
    match (text, subject) {
        ("socketio", _) => Ok(vec![SocketIoWebSocket]),
        ("polling", _) => Ok(vec![SocketIoPolling]),
        ("websocket", Subject::Poem) => Ok(vec![WebSocket]),
        ("sse", Subject::Poem) => Ok(vec![Sse]),
        ("mix", Subject::Poem) => Ok(vec![SocketIoWebSocket, SocketIoPolling, WebSocket, Sse]),
        ("mix", _) => Ok(vec![SocketIoWebSocket, SocketIoPolling]),
        ("websocket" | "sse", _) => {
            refuse("not one of Socket.IO's; with --against use socketio, polling or mix")
        }
        _ => refuse("not a transport; use socketio, polling, websocket, sse, or mix for all of them in turn"),
    }
}

fn number(name: &str, text: &str, most: u32) -> Result<u32, BadValue> {
    // `parse` would take a sign.
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let reason = || format!("not a whole number from 1 to {most}");
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| BadValue::new(name, text, reason()))
}

fn ramp(text: &str) -> Result<f64, BadValue> {
    let ramp = text.parse().ok().filter(|ramp: &f64| (RAMPS.0..=RAMPS.1).contains(ramp));
    let reason = || format!("not a number of connections a second from {} to {}", RAMPS.0, RAMPS.1);
    ramp.ok_or_else(|| BadValue::new("--ramp", text, reason()))
}

fn duration(text: &str) -> Result<Duration, BadValue> {
    match humantime::parse_duration(text) {
        Ok(time) if (DURATIONS.0..=DURATIONS.1).contains(&time) => Ok(time),
        Ok(_) => Err(BadValue::new("--duration", text, "out of range; use 1s to 1day")),
        Err(_) => Err(BadValue::new("--duration", text, "not a duration; write 90s or 10m")),
    }
}

fn server_pid(text: &str) -> Result<u32, BadValue> {
    if !cfg!(target_os = "linux") {
        let reason = "what a process uses is read from /proc, which only Linux has; leave the option out";
        return Err(BadValue::new("--server-pid", text, reason));
    }
    let pid = text.trim().parse().ok().filter(|pid| *pid > 0);
    let reason = "not the number of a process; several are separated by commas";
    pid.ok_or_else(|| BadValue::new("--server-pid", text, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    fn plan(args: &[&str]) -> Result<Plan, BadValue> {
        let cli = Cli::try_parse_from(["dante", "load"].iter().chain(args)).unwrap();
        let Some(crate::cli::Command::Load(args)) = cli.command else { panic!("not a load") };
        Plan::read(&args)
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let plan = plan(&["http://127.0.0.1:8888/"]).unwrap();
        assert_eq!((plan.readers, plan.ramp, plan.duration), (1000, 500.0, Duration::from_secs(30)));
        assert_eq!((plan.transports, plan.subject), (vec![Transport::SocketIoWebSocket], Subject::Poem));
        assert!(!plan.anywhere && !plan.json);
    }

    #[test]
    fn another_server_is_listened_to_by_the_name_of_an_event() {
        let args =
            ["--against", "http://[::1]:3000/", "--event", "tick", "--namespace", "/x", "--transport", "mix"];
        let plan = plan(&args).unwrap();
        let subject = Subject::Event { name: "tick".into(), namespace: "/x".into(), auth: None };
        assert_eq!((plan.subject, plan.transports.len()), (subject, 2));
    }

    #[test]
    fn refusals_name_value_reason_and_remedy() {
        const URL: &str = "http://127.0.0.1/";
        for (args, parts) in [
            (&["127.0.0.1"][..], &["\"127.0.0.1\"", "http://"][..]),
            (&[URL, "--readers", "0"], &["--readers \"0\"", "from 1"]),
            (&[URL, "--readers", "+1"], &["\"+1\""]),
            (&[URL, "--ramp", "fast"], &["--ramp", "second"]),
            (&[URL, "--ramp", "NaN"], &["--ramp"]),
            (&[URL, "--duration", "5"], &["--duration", "90s"]),
            (&[URL, "--duration", "1ms"], &["1s"]),
            (&[URL, "--transport", "smoke"], &["\"smoke\"", "mix"]),
            (&["--against", URL, "--event", "e", "--transport", "sse"], &["sse", "polling"]),
            (&["--against", URL, "--event", "e", "--namespace", "x"], &["slash"]),
            (&["--against", URL, "--event", "e", "--auth", "x"], &["JSON"]),
            (&[URL, "--server-pid", "x"], &["--server-pid"]),
            (&[URL, "--insecure"], &["https"]),
        ] {
            let error = plan(args).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{args:?}: {error}");
        }
    }
}

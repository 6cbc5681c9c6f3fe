//! [`Subject`]: what is probed: the page of Dante, or a stream of any application. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::target::Target;
use crate::{bad_value::BadValue, cli::ProbeArgs};

/// What is probed, with what is said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A page: Dante's, or one that is looked at for what it is.
    Page,
    /// An engine of Socket.IO.
    Engine(EngineRequest),
    /// A WebSocket.
    WebSocket {
        /// What is said first.
        send: Option<String>,
    },
    /// An event stream, or another answer to GET that streams.
    EventStream,
    /// The answer to a POST, which streams.
    Post(PostBody),
}

/// What is asked of an engine of Socket.IO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EngineRequest {
    /// Its path, from the root of the host.
    pub(crate) path: String,
    /// The namespace to join; `/` if none is named.
    pub(crate) namespace: String,
    /// Credentials for it.
    pub(crate) auth: Option<Value>,
    /// The event to wait for; any if none is named.
    pub(crate) event: Option<String>,
    /// The event to send first: an array of its name and arguments.
    pub(crate) emit: Option<Value>,
}

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostBody {
    /// The text.
    pub(crate) text: String,
    /// Its type, unless `--header` says otherwise.
    pub(crate) content_type: &'static str,
}

/// The same in a word, as evidence has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A page.
    #[default]
    Page,
    /// An engine of Socket.IO.
    Engine,
    /// A WebSocket.
    #[serde(rename = "websocket")]
    WebSocket,
    /// An event stream, or another answer to GET that streams.
    EventStream,
    /// The answer to a POST.
    Post,
    /// An echo of Dante's, where a page was looked for.
    Echo,
}

/// How long an application is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listening {
    /// At most, from the moment when the stream is open.
    pub(crate) time: Duration,
    /// How many events are enough, and less than enough a fault; none if any number is good.
    pub(crate) expect: Option<usize>,
    /// After how long one that flows has been heard enough; none where that is not to be asked.
    pub(crate) flowing: Option<Duration>,
}

/// How long is listened if nothing is said; and if events are expected, which may take longer.
const LISTEN: Duration = Duration::from_secs(8);
const LISTEN_FOR_EVENTS: Duration = Duration::from_secs(30);
/// How long is listened to what flows: as long as to Dante's own streams at their usual pace, and several times as long as the silences
/// that tell of a buffer.
const LISTEN_TO_FLOW: Duration = Duration::from_secs(6);

impl Listening {
    /// What the options say.
    ///
    /// # Errors
    /// When a value cannot be used.
    pub(crate) fn read(expect: Option<usize>, time: Option<Duration>) -> Result<Self, BadValue> {
        if expect == Some(0) {
            return Err(BadValue::new(
                "--expect",
                "0",
                "must be 1 or more; leave it out to accept any number, or none",
            ));
        }
        let usual = if expect.is_some() { LISTEN_FOR_EVENTS } else { LISTEN };
        let flowing = (time.is_none() && expect.is_none()).then_some(LISTEN_TO_FLOW);
        Ok(Self { time: time.unwrap_or(usual), expect, flowing })
    }

    /// The same for this long, whatever comes.
    pub(crate) fn all_of(self, time: Duration) -> Self {
        Self { time, flowing: None, ..self }
    }
}

impl Subject {
    /// What the options name; `is_websocket` if the URL has the scheme of one.
    ///
    /// # Errors
    /// When a value cannot be used, or options do not fit each other.
    pub(crate) fn read(args: &ProbeArgs, target: &Target, is_websocket: bool) -> Result<Self, BadValue> {
        let other =
            [("--sse", args.sse), ("--post", args.post.is_some()), ("--socketio", args.socketio.is_some())];
        if let Some((option, _)) = other.iter().find(|(_, given)| is_websocket && *given) {
            let reason = format!(
                "a URL of ws or wss is a WebSocket's, and {option} is about HTTP; write http or https, or leave {option} out"
            );
            return Err(BadValue::new("URL", args.url(), reason));
        }
        let subject = if let Some(path) = args.socketio.as_deref() {
            Self::Engine(EngineRequest::read(args, target, path)?)
        } else if let Some(text) = &args.post {
            Self::Post(PostBody::new(text.clone()))
        } else if args.ws || is_websocket {
            Self::WebSocket { send: args.send.clone() }
        } else if args.sse {
            Self::EventStream
        } else {
            Self::Page
        };
        if let Some(text) = args.send.as_deref().filter(|_| subject.kind() != Kind::WebSocket) {
            let reason = "it is sent over a WebSocket; add --ws, or write the URL with ws:// or wss://";
            return Err(BadValue::new("--send", text, reason));
        }
        if let Some(text) = args.transports.as_deref().filter(|_| subject.kind().is_stream()) {
            let reason = "it names streams of Dante or Socket.IO, and one stream was asked for; leave it out";
            return Err(BadValue::new("--transports", text, reason));
        }
        Ok(subject)
    }

    /// It in a word.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Page => Kind::Page,
            Self::Engine(_) => Kind::Engine,
            Self::WebSocket { .. } => Kind::WebSocket,
            Self::EventStream => Kind::EventStream,
            Self::Post(_) => Kind::Post,
        }
    }

    /// What is asked of an engine, if it is one.
    pub(crate) fn engine(&self) -> Option<&EngineRequest> {
        match self {
            Self::Engine(engine) => Some(engine),
            _ => None,
        }
    }
}

impl Kind {
    /// Whether a page is expected, and with it Dante.
    pub(crate) fn is_page(self) -> bool {
        self == Self::Page
    }

    /// Whether it is an engine of Socket.IO.
    pub(crate) fn is_engine(self) -> bool {
        self == Self::Engine
    }

    /// Whether it is one stream, and nothing beside it.
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::WebSocket | Self::EventStream | Self::Post)
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Engine => "Socket.IO engine",
            Self::WebSocket => "WebSocket",
            Self::EventStream => "stream",
            Self::Post => "answer to the POST",
            Self::Echo => "echo",
        }
    }
}

impl EngineRequest {
    /// An engine at this path, of which nothing else is known.
    pub(crate) fn at(path: &str) -> Self {
        Self { path: path.to_owned(), namespace: "/".to_owned(), ..Self::default() }
    }

    /// The event that is waited for, or else the one that is sent first.
    pub(crate) fn named_event(&self) -> Option<String> {
        let emitted = || self.emit.as_ref()?.get(0)?.as_str().map(str::to_owned);
        self.event.clone().or_else(emitted)
    }

    fn read(args: &ProbeArgs, target: &Target, path: &str) -> Result<Self, BadValue> {
        let refuse = |reason: &str| Err(BadValue::new("--socketio", path, reason));
        if !path.starts_with('/') || path.contains(['?', '#']) {
            return refuse("write the engine's path from the root of the host, such as /socket.io/");
        }
        let Ok(joined) = target.join(path) else {
            return refuse("not a path of a URL; write a path such as /socket.io/");
        };
        let namespace = args.namespace.as_deref().unwrap_or("/");
        if !namespace.starts_with('/') || namespace.contains(',') {
            let reason = "a namespace starts with a slash and contains no comma; write /chat";
            return Err(BadValue::new("--namespace", namespace, reason));
        }
        Ok(Self {
            path: joined.path,
            namespace: namespace.to_owned(),
            auth: args.auth.as_deref().map(auth).transpose()?,
            event: args.event.clone(),
            emit: args.emit.as_deref().map(emit).transpose()?,
        })
    }
}

fn auth(text: &str) -> Result<Value, BadValue> {
    match serde_json::from_str(text) {
        Ok(auth @ Value::Object(_)) => Ok(auth),
        Ok(_) => Err(BadValue::new("--auth", text, r#"not a JSON object; write '{"token": "…"}'"#)),
        Err(error) => {
            Err(BadValue::new("--auth", text, format!(r#"not JSON ({error}); write '{{"token": "…"}}'"#)))
        }
    }
}

fn emit(text: &str) -> Result<Value, BadValue> {
    const FORM: &str =
        r#"write the event's name and arguments as a JSON array: '["subscribe", {"room": 1}]'"#;
    match serde_json::from_str(text) {
        Ok(Value::Array(event)) if event.first().is_some_and(Value::is_string) => Ok(Value::Array(event)),
        Ok(_) => Err(BadValue::new("--emit", text, FORM)),
        Err(error) => Err(BadValue::new("--emit", text, format!("not JSON ({error}); {FORM}"))),
    }
}

impl PostBody {
    /// A body of JSON if it is that, else of plain text.
    pub(crate) fn new(text: String) -> Self {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let content_type = if is_json { "application/json" } else { "text/plain;charset=UTF-8" };
        Self { text, content_type }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, change: impl FnOnce(&mut ProbeArgs)) -> Result<Subject, String> {
        let mut args = ProbeArgs { url: Some(url.into()), ..ProbeArgs::default() };
        change(&mut args);
        let target = Target::parse("https://example.org/x").unwrap();
        Subject::read(&args, &target, url.starts_with("ws")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_probed() {
        let page = "https://example.org/x";
        type Change = fn(&mut ProbeArgs);
        for (url, change, kind) in [
            (page, (|_| {}) as Change, Kind::Page),
            ("wss://example.org/x", |_| {}, Kind::WebSocket),
            (page, |args| args.ws = true, Kind::WebSocket),
            (page, |args| args.sse = true, Kind::EventStream),
            (page, |args| args.post = Some("{}".into()), Kind::Post),
            (page, |args| args.socketio = Some("/socket.io/".into()), Kind::Engine),
        ] {
            assert_eq!(read(url, change).unwrap().kind(), kind, "{url}");
        }
        let Ok(Subject::Engine(engine)) = read(page, |args| {
            args.socketio = Some("/a/socket.io/".into());
            args.namespace = Some("/chat".into());
            args.auth = Some(r#"{"token":"x"}"#.into());
            args.emit = Some(r#"["join",1]"#.into());
        }) else {
            panic!()
        };
        assert_eq!((engine.path.as_str(), engine.namespace.as_str()), ("/a/socket.io/", "/chat"));
        assert_eq!(engine.auth.unwrap()["token"], "x");
        assert_eq!(PostBody::new("{\"a\":1}".into()).content_type, "application/json");
        assert_eq!(PostBody::new("a=1".into()).content_type, "text/plain;charset=UTF-8");
    }

    #[test]
    fn refusals_name_the_value_and_the_remedy() {
        let page = "https://example.org/x";
        type Change = fn(&mut ProbeArgs);
        for (url, change, parts) in [
            ("wss://h/", (|args| args.sse = true) as Change, &["--sse", "wss://h/"][..]),
            ("ws://h/", |args| args.post = Some("x".into()), &["--post", "write http"]),
            (page, |args| args.send = Some("hello".into()), &["--send \"hello\"", "--ws"]),
            (
                page,
                |args| (args.ws, args.transports) = (true, Some("sse".into())),
                &["--transports", "leave it out"],
            ),
            (page, |args| args.socketio = Some("socket.io".into()), &["--socketio", "/socket.io/"]),
            (
                page,
                |args| (args.socketio, args.namespace) = (Some("/x/".into()), Some("chat".into())),
                &["--namespace \"chat\"", "/chat"],
            ),
            (
                page,
                |args| (args.socketio, args.auth) = (Some("/x/".into()), Some("t".into())),
                &["--auth", "JSON"],
            ),
            (page, |args| (args.socketio, args.auth) = (Some("/x/".into()), Some("1".into())), &["object"]),
            (
                page,
                |args| (args.socketio, args.emit) = (Some("/x/".into()), Some("{}".into())),
                &["--emit", "array"],
            ),
        ] {
            let error = read(url, change).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
        let error = Listening::read(Some(0), None).unwrap_err().to_string();
        assert!(error.contains("--expect"), "{error}");
    }

    #[test]
    fn how_long_is_listened() {
        let secs = |expect, time: Option<u64>| {
            Listening::read(expect, time.map(Duration::from_secs)).unwrap().time.as_secs()
        };
        assert_eq!((secs(None, None), secs(Some(3), None), secs(Some(3), Some(5))), (8, 30, 5));
        let flowing = |expect, time| Listening::read(expect, time).unwrap().flowing.is_some();
        let time = Some(Duration::from_secs(8));
        assert_eq!((flowing(None, None), flowing(Some(3), None), flowing(None, time)), (true, false, false));
    }
}

//! What `dante probe` takes.

use clap::Args;

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

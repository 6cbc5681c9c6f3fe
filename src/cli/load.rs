//! What `dante load` takes.

use clap::Args;

/// What `dante load` takes.
#[derive(Debug, Default, Args)]
#[command(after_help = LOAD_HELP)]
pub struct LoadArgs {
    /// Where Dante is, with the prefix if there is one
    #[arg(required_unless_present_any = ["against", "worker"])]
    pub url: Option<String>,

    /// How many readers there are to be [default: 1000]
    #[arg(long, value_name = "COUNT")]
    pub readers: Option<String>,

    /// How many of them come in a second [default: 500]
    #[arg(long, value_name = "PER_SECOND")]
    pub ramp: Option<String>,

    /// For how long to go on once all have joined [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,

    /// What the readers use: socketio (over WebSocket), polling, websocket, sse, or mix for all of them in turn
    /// [default: socketio]
    #[arg(long, value_name = "NAME")]
    pub transport: Option<String>,

    /// Tell also what these processes of the server use for it; several are separated by commas; Linux only
    #[arg(long, value_name = "PID", value_delimiter = ',')]
    pub server_pid: Vec<String>,

    /// Allow a server that is not on this machine
    #[arg(long)]
    pub yes_this_is_my_server: bool,

    /// Accept any certificate of an https server
    #[arg(long)]
    pub insecure: bool,

    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,

    /// Say each second how far it is, too
    #[arg(long, requires = "json")]
    pub progress: bool,

    /// Load any Socket.IO server instead, and measure the time between two events
    #[arg(long, value_name = "URL", requires = "event", conflicts_with = "url", help_heading = ANY_SOCKET_IO)]
    pub against: Option<String>,

    /// The event to listen to
    #[arg(long, value_name = "NAME", requires = "against", help_heading = ANY_SOCKET_IO)]
    pub event: Option<String>,

    /// Namespace to join [default: /]
    #[arg(long, value_name = "/NAME", requires = "against", help_heading = ANY_SOCKET_IO)]
    pub namespace: Option<String>,

    /// Credentials for the namespace, as JSON
    #[arg(long, value_name = "JSON", requires = "against", help_heading = ANY_SOCKET_IO)]
    pub auth: Option<String>,

    /// The most readers of one process.
    #[arg(long, hide = true, value_name = "COUNT")]
    pub per_process: Option<String>,

    /// Be one of the processes of a load.
    #[arg(long, hide = true, exclusive = true)]
    pub worker: bool,
}

/// The heading of the options for what is not Dante.
const ANY_SOCKET_IO: &str = "Any Socket.IO server";

const LOAD_HELP: &str = "\
Examples:
  dante load http://127.0.0.1:8888/ --readers 10000
  dante load http://127.0.0.1:8080/dante/ --transport mix --duration 5m
  dante load --against http://127.0.0.1:3000/ --event price

Exit codes: 0 every reader got every stanza, once and in order; 1 not so, or the load could not be made; 2 wrong usage.";

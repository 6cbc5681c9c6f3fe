//! Verdicts on streams, the hold, resuming, compression and other origins.

use super::Entry;
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

const HANDLER: &str = "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />";
const ARR_IDLE: &str = "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together";

pub(super) const BUFFERED: Entry = Entry::new(
    "Something on the path buffers the stream.",
    "turn off the proxy's buffering for these paths",
    &[
        (Nginx, "in the location: proxy_buffering off; (and no proxy_ignore_headers X-Accel-Buffering)"),
        (Apache, "ProxyPass … flushpackets=on; no mod_deflate, no mod_buffer on these paths"),
        (Caddy, "in reverse_proxy: flush_interval -1; no encode on these paths"),
        (Haproxy, "no option http-buffer-request, no compression on these paths"),
        (Iis, HANDLER),
        (
            Iisnode,
            "flushResponse=\"true\" on <iisnode>, responseBufferLimit=\"0\" on its handler, <urlCompression doDynamicCompression=\"false\" />",
        ),
        (HttpPlatform, HANDLER),
        (AspNetCore, HANDLER),
        (Azure, "<urlCompression doDynamicCompression=\"false\" /> in web.config"),
    ],
);

pub(super) const SILENT: Entry = Entry::new(
    "The stream opens, but nothing comes.",
    "check the server's log, and look for buffering on the path",
    &[],
);

pub(super) const STREAM_REFUSED: Entry = Entry::new(
    "The stream is refused.",
    "read the answer; make the host pass on everything below the prefix",
    &[],
);

pub(super) const COMPRESSED_STREAM: Entry = Entry::new(
    "Something on the path compresses the event stream, despite its no-transform: compression buffers and delays it.",
    "turn off compression for text/event-stream",
    &[
        (Nginx, "gzip_types without text/event-stream, or gzip off; in the location"),
        (Apache, "SetEnvIf Request_URI /sse/ no-gzip"),
        (Caddy, "use encode only for paths that are not streams"),
        (Haproxy, "compression type without text/event-stream"),
        (Iis, "<urlCompression doDynamicCompression=\"false\" />"),
        (Iisnode, "<urlCompression doDynamicCompression=\"false\" />"),
        (HttpPlatform, "<urlCompression doDynamicCompression=\"false\" />"),
        (AspNetCore, "<urlCompression doDynamicCompression=\"false\" />"),
    ],
);

pub(super) const EARLY_END: Entry = Entry::new(
    "The stream ends before the poem does: a timeout on the path, or a server that stops.",
    "make the proxy's timeouts longer than the pauses in the stream",
    &[
        (Nginx, "proxy_read_timeout 1h;"),
        (Apache, "ProxyTimeout 3600, or timeout=3600 on ProxyPass"),
        (Haproxy, "timeout tunnel 1h, timeout server above 45s"),
        (Iis, ARR_IDLE),
        (HttpPlatform, "requestTimeout=\"00:10:00\" on <httpPlatform>"),
        (AspNetCore, "requestTimeout=\"00:10:00\" on <aspNetCore>"),
        (Azure, "Azure cuts connections that are silent for 230 s; a stream must send something more often"),
    ],
);

pub(super) const DOUBLE_FRAMING: Entry = Entry::new(
    "The text contains chunk sizes: it was chunked twice, by the server and again by its host.",
    "let only one side write Transfer-Encoding: chunked",
    &[(
        Iisnode,
        "iisnode treats an answer without Content-Length as already chunked: send Content-Length or proper chunks",
    )],
);

pub(super) const LOST_STANZAS: Entry = Entry::new(
    "Stanzas are missing within one connection.",
    "report it with the output of --json: TCP does not lose data, so something drops messages",
    &[],
);

pub(super) const IDLE_CUT: Entry = Entry::new(
    "A quiet connection is cut, although it pings.",
    "make the idle timeouts on the path longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
    &[
        (Nginx, "proxy_read_timeout 1h; (60 s by default; it must be above 45 s)"),
        (Apache, "ProxyTimeout 3600 (it must be above 45 s)"),
        (Caddy, "read_timeout and stream_timeout in the transport: remove them, or set them above 45 s"),
        (Haproxy, "timeout tunnel 1h for WebSocket; timeout server above 45s for polling"),
        (Iis, ARR_IDLE),
        (Iisnode, "set the application pool's Idle Time-out to 0, and connectionTimeout above 45 s"),
        (HttpPlatform, "requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
        (AspNetCore, "requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
        (Azure, "Azure cuts connections that are silent for 230 s; Always On keeps the site loaded"),
    ],
);

pub(super) const LOST_ON_RESUME: Entry = Entry::new(
    "After reconnecting, the reading does not resume where it stopped.",
    "make the host pass on the query, Last-Event-ID and the engine's packets unchanged, and use the same edition on all nodes",
    &[],
);

pub(super) const DOUBLE_COMPRESSION: Entry = Entry::new(
    "The page is marked as compressed, but cannot be unpacked: it was compressed twice, or unpacked on the path.",
    "let only one side compress",
    &[
        (Iisnode, "<urlCompression doDynamicCompression=\"false\" />"),
        (Iis, "<urlCompression doDynamicCompression=\"false\" />"),
    ],
);

pub(super) const CORS_BLOCKED: Entry = Entry::new(
    "Pages from this origin are refused.",
    "make the server allow the origin (Access-Control-Allow-Origin); if a proxy changes Host, a server takes its own pages for foreign ones",
    &[
        (Nginx, "proxy_set_header Host $http_host;"),
        (Apache, "ProxyPreserveHost On"),
        (Iis, "ARR: turn on preserveHostHeader"),
    ],
);

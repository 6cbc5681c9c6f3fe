//! Of what flows: streams, holding, coming back, compression, other origins.

use super::Entry;
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

const HANDLER: &str = "in web.config, at the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />";
const ARR_IDLE: &str = "in web.config or ARR's proxy settings: a time-out longer than the engine's ping (25 s) and its answer (20 s)";

pub(super) const BUFFERED: Entry = Entry::new(
    "Something on the way gathers what should pass at once.",
    "turn the proxy's buffering off for these paths",
    &[
        (Nginx, "in the location: proxy_buffering off; (and no proxy_ignore_headers X-Accel-Buffering)"),
        (Apache, "ProxyPass … flushpackets=on; no mod_deflate, no mod_buffer on these paths"),
        (Caddy, "in reverse_proxy: flush_interval -1; no encode on these paths"),
        (Haproxy, "no option http-buffer-request, no compression on these paths"),
        (Iis, HANDLER),
        (
            Iisnode,
            "flushResponse=\"true\" at <iisnode>, responseBufferLimit=\"0\" at its handler, <urlCompression doDynamicCompression=\"false\" />",
        ),
        (HttpPlatform, HANDLER),
        (AspNetCore, HANDLER),
        (Azure, "<urlCompression doDynamicCompression=\"false\" /> in web.config"),
    ],
);

pub(super) const SILENT: Entry = Entry::new(
    "The stream opens, and nothing comes.",
    "look at the server's log, and at what buffers on the way",
    &[],
);

pub(super) const STREAM_REFUSED: Entry = Entry::new(
    "The stream is refused.",
    "look at the answer; let the host pass everything below the prefix",
    &[],
);

pub(super) const COMPRESSED_STREAM: Entry = Entry::new(
    "The event stream is compressed on the way, against its no-transform: compression gathers and delays.",
    "no compression for text/event-stream",
    &[
        (Nginx, "gzip_types without text/event-stream, or gzip off; in the location"),
        (Apache, "SetEnvIf Request_URI /sse/ no-gzip"),
        (Caddy, "encode only for paths that are no streams"),
        (Haproxy, "compression type without text/event-stream"),
        (Iis, "<urlCompression doDynamicCompression=\"false\" />"),
        (Iisnode, "<urlCompression doDynamicCompression=\"false\" />"),
        (HttpPlatform, "<urlCompression doDynamicCompression=\"false\" />"),
        (AspNetCore, "<urlCompression doDynamicCompression=\"false\" />"),
    ],
);

pub(super) const EARLY_END: Entry = Entry::new(
    "The stream ends before the poem does: a time-out on the way, or a server that stops.",
    "make the time-outs of the proxy longer than the silences of the stream",
    &[
        (Nginx, "proxy_read_timeout 1h;"),
        (Apache, "ProxyTimeout 3600, or timeout=3600 at ProxyPass"),
        (Haproxy, "timeout tunnel 1h, timeout server above 45s"),
        (Iis, ARR_IDLE),
        (HttpPlatform, "requestTimeout=\"00:10:00\" at <httpPlatform>"),
        (AspNetCore, "requestTimeout=\"00:10:00\" at <aspNetCore>"),
        (Azure, "Azure cuts what is silent for 230 s; a stream must say something more often"),
    ],
);

pub(super) const DOUBLE_FRAMING: Entry = Entry::new(
    "Sizes of chunks stand in the text: chunked twice, or by a guest whose host chunks, too.",
    "let only one side write Transfer-Encoding: chunked",
    &[(
        Iisnode,
        "the guest's answer without Content-Length was taken for chunked already: give it Content-Length or proper chunks",
    )],
);

pub(super) const LOST_STANZAS: Entry = Entry::new(
    "Stanzas are missing within one connection.",
    "report it with the output of --json: TCP loses nothing, so something drops messages",
    &[],
);

pub(super) const IDLE_CUT: Entry = Entry::new(
    "A connection that is quiet, but pings, is cut.",
    "make the idle time-outs on the way longer than the engine's ping (25 s) and its answer (20 s)",
    &[
        (Nginx, "proxy_read_timeout 1h; (60 s by default; it must be above 45 s)"),
        (Apache, "ProxyTimeout 3600 (it must be above 45 s)"),
        (Caddy, "read_timeout and stream_timeout in the transport: leave them out, or above 45 s"),
        (Haproxy, "timeout tunnel 1h for WebSocket; timeout server above 45s for polling"),
        (Iis, ARR_IDLE),
        (Iisnode, "Idle Time-out of the application pool 0, and connectionTimeout above 45 s"),
        (HttpPlatform, "requestTimeout=\"00:10:00\"; Idle Time-out of the application pool 0"),
        (AspNetCore, "requestTimeout=\"00:10:00\"; Idle Time-out of the application pool 0"),
        (Azure, "Azure cuts what is silent for 230 s; Always On keeps the site loaded"),
    ],
);

pub(super) const LOST_ON_RESUME: Entry = Entry::new(
    "Coming back, the reading does not go on where it was left.",
    "let the host pass the query, Last-Event-ID and the engine's packets unchanged, and let all nodes read one edition",
    &[],
);

pub(super) const DOUBLE_COMPRESSION: Entry = Entry::new(
    "The page is said to be compressed, and what comes cannot be unpacked to it: compressed twice, or unpacked on the way.",
    "let one side only compress",
    &[
        (Iisnode, "<urlCompression doDynamicCompression=\"false\" />"),
        (Iis, "<urlCompression doDynamicCompression=\"false\" />"),
    ],
);

pub(super) const CORS_BLOCKED: Entry = Entry::new(
    "Pages of this origin are refused.",
    "let the server allow the origin (Access-Control-Allow-Origin); a proxy that changes Host makes a server take its own pages for foreign ones",
    &[
        (Nginx, "proxy_set_header Host $http_host;"),
        (Apache, "ProxyPreserveHost On"),
        (Iis, "ARR: preserveHostHeader"),
    ],
);

//! Of the engine: handshake, stickiness, upgrade.

use super::Entry;
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

const NGINX_UPGRADE: &str = "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
const APACHE_UPGRADE: &str =
    "a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)";
const IIS_ON: &str = "install the feature \"WebSocket Protocol\" of IIS (Install-WindowsFeature Web-WebSockets), and have no <webSocket enabled=\"false\" /> in web.config";
const IISNODE_OFF: &str = "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket";

pub(super) const NO_SOCKETIO: Entry = Entry::new(
    "Nothing answers at the engine's path.",
    "check the path: it is not the namespace, and by default /socket.io/ below the prefix; let the host pass it",
    &[
        (Nginx, "the location must take in /socket.io/ below the prefix"),
        (Iisnode, "the rewrite rule must match .* so that socket.io/ reaches the guest"),
    ],
);

pub(super) const HTML_INSTEAD_OF_HANDSHAKE: Entry = Entry::new(
    "A page of HTML comes where the engine should answer.",
    "the path leads to another server or to a page for every path; let the host pass /socket.io/ below the prefix",
    &[
        (Nginx, "try_files or another location takes the request: give /socket.io/ a location of its own"),
        (Iisnode, "the rewrite rule must match .* so that socket.io/ reaches the guest"),
    ],
);

pub(super) const WRONG_EIO: Entry = Entry::new(
    "The server speaks another version of Engine.IO than 4.",
    "use Socket.IO 3 or 4 on the server, or a client of its version (allowEIO3 is for old clients of new servers)",
    &[],
);

pub(super) const ENGINE_REFUSED: Entry = Entry::new(
    "The engine, or what stands before it, refuses the handshake.",
    "look at the answer, and at allowRequest and the like",
    &[],
);

pub(super) const POLLING_DISABLED_BY_SERVER: Entry = Entry::new(
    "The server allows no polling.",
    "if it is on purpose, nothing; otherwise dante --transports websocket,polling",
    &[],
);

pub(super) const NO_STICKINESS: Entry = Entry::new(
    "Requests of one polling session reach different processes, which do not know it.",
    "one process; or stickiness at the proxy; or WebSocket only (dante --transports websocket)",
    &[
        (Nginx, "in the upstream: hash $remote_addr consistent; or ip_hash;"),
        (
            Apache,
            "BalancerMember … route=…, ProxySet stickysession=ROUTEID, and a Header that sets the cookie",
        ),
        (Caddy, "in reverse_proxy: lb_policy cookie"),
        (Haproxy, "in the backend: cookie dante insert indirect nocache, and cookie … at each server"),
        (Iis, "ARR: server affinity, client affinity by cookie"),
        (Iisnode, "nodeProcessCountPerApplication=\"1\""),
        (AspNetCore, "processesPerApplication=\"1\"; with several machines: affinity at the balancer"),
        (
            Azure,
            "Configuration, General settings: ARR affinity on; clients without cookies need WebSocket only, or one instance",
        ),
    ],
);

pub(super) const STICKINESS_BY_COOKIE: Entry = Entry::new(
    "Polling works for clients that send cookies back, as browsers do, and not for others.",
    "nothing for browsers; other clients should use WebSocket only, or keep cookies",
    &[],
);

pub(super) const POLL_FAILURES: Entry = Entry::new(
    "Some requests of a polling session fail.",
    "look at the host's log for these requests",
    &[(Iisnode, "maxNamedPipeConnectionRetry, and maxConcurrentRequestsPerProcess (1024 by default)")],
);

pub(super) const UPGRADE_STRIPPED: Entry = Entry::new(
    "The headers that make a request an upgrade are lost on the way.",
    "let the proxy pass Upgrade and Connection, over HTTP/1.1",
    &[
        (Nginx, NGINX_UPGRADE),
        (Apache, APACHE_UPGRADE),
        (
            Caddy,
            "reverse_proxy passes upgrades by itself: look for header_up that removes Upgrade or Connection",
        ),
        (
            Haproxy,
            "HAProxy passes upgrades by itself: look for option httpclose, http-request del-header, or HTTP/2 to the server",
        ),
        (Iis, IIS_ON),
        (HttpPlatform, IIS_ON),
        (AspNetCore, IIS_ON),
        (Iisnode, IISNODE_OFF),
        (Azure, "Configuration, General settings: Web sockets on"),
    ],
);

pub(super) const UPGRADE_REFUSED: Entry = Entry::new(
    "The request for WebSocket is refused.",
    "look at the answer and at the host's log for this request",
    &[
        (Nginx, "error.log says why; proxy_pass must name where dante listens"),
        (Apache, "a rewrite to ws:// needs proxy_wstunnel; error.log says why"),
    ],
);

pub(super) const CLOSED_AFTER_101: Entry = Entry::new(
    "The upgrade is granted, and the connection is closed before any packet.",
    "look at what granted it: a proxy whose connection to the server failed, or a server that was not sent an upgrade",
    &[(Nginx, NGINX_UPGRADE), (Apache, APACHE_UPGRADE)],
);

pub(super) const IIS_WEBSOCKET_MODULE_ON: Entry = Entry::new(
    "IIS's own WebSocket module takes the upgrade that the guest of iisnode answers itself.",
    IISNODE_OFF,
    &[(HttpPlatform, IIS_ON), (AspNetCore, IIS_ON)],
);

pub(super) const IIS_WEBSOCKET_MODULE_OFF: Entry = Entry::new(
    "The WebSocket support of IIS is not installed, or off.",
    IIS_ON,
    &[
        (
            Iisnode,
            "IIS 8 or later with the feature \"WebSocket Protocol\" installed, and in web.config: <webSocket enabled=\"false\" />",
        ),
        (
            Azure,
            "Configuration, General settings: Web sockets on (for iisnode, <webSocket enabled=\"false\" /> in web.config, too)",
        ),
    ],
);

pub(super) const WEBSOCKET_FORBIDDEN: Entry = Entry::new(
    "WebSocket is forbidden: by a firewall for web applications, a policy, or the server's check of Origin.",
    "let the firewall or policy pass Upgrade: websocket; look at which origins the server allows",
    &[(
        Azure,
        "Application Gateway or Front Door: let the WAF's rules pass the engine's path; the plan's limit of WebSockets may be reached",
    )],
);

pub(super) const WEBSOCKET_DISABLED_BY_SERVER: Entry = Entry::new(
    "The server itself allows no WebSocket.",
    "dante --transports websocket,polling; for Node.js, transports: ['polling', 'websocket']",
    &[],
);

pub(super) const FIREFOX_CONNECTION: Entry = Entry::new(
    "Upgrades with Connection: keep-alive, Upgrade, as Firefox sends it, fail; others work.",
    "let the host keep the header Connection, or the server look at Upgrade alone",
    &[(
        Iisnode,
        "iisnode turns the header into keep-alive; the guest must accept an upgrade by its Upgrade header, as Dante does",
    )],
);

pub(super) const DEFLATE_NEGOTIATED: Entry = Entry::new(
    "Compression of WebSocket messages was agreed on, which IIS's proxies cannot carry.",
    "turn permessage-deflate off (for Node.js, perMessageDeflate: false)",
    &[(
        Iis,
        "ARR: remove Sec-WebSocket-Extensions from requests: <set name=\"HTTP_SEC_WEBSOCKET_EXTENSIONS\" value=\"\" /> in serverVariables",
    )],
);

pub(super) const DEFLATE_OFFER_REFUSED: Entry = Entry::new(
    "Upgrades fail when compression is offered, as all browsers do.",
    "let the proxy remove Sec-WebSocket-Extensions from requests",
    &[
        (Nginx, "proxy_set_header Sec-WebSocket-Extensions \"\";"),
        (Apache, "RequestHeader unset Sec-WebSocket-Extensions"),
    ],
);

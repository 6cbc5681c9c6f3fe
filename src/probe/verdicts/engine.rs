//! Verdicts on the engine: handshake, stickiness, upgrade.

use super::Entry;
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

const NGINX_UPGRADE: &str = "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
const APACHE_UPGRADE: &str =
    "a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)";
const IIS_ON: &str = "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config";
const IISNODE_OFF: &str = "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket";

pub(super) const NO_SOCKETIO: Entry = Entry::new(
    "Nothing answers at the engine's path.",
    "check the path: it is not the namespace; the default is /socket.io/ below the prefix; make the host pass it on",
    &[
        (Nginx, "the location must cover /socket.io/ below the prefix"),
        (Iisnode, "the rewrite rule must match .* so that socket.io/ reaches Dante"),
    ],
);

pub(super) const HTML_INSTEAD_OF_HANDSHAKE: Entry = Entry::new(
    "An HTML page comes where the engine should answer.",
    "the path leads to another server or to a catch-all page; make the host pass on /socket.io/ below the prefix",
    &[
        (Nginx, "try_files or another location takes the request: give /socket.io/ a location of its own"),
        (Iisnode, "the rewrite rule must match .* so that socket.io/ reaches Dante"),
    ],
);

pub(super) const WRONG_EIO: Entry = Entry::new(
    "The server does not speak version 4 of Engine.IO.",
    "use Socket.IO 3 or 4 on the server, or a client of the server's version (allowEIO3 lets old clients use new servers)",
    &[],
);

pub(super) const ENGINE_REFUSED: Entry = Entry::new(
    "The engine, or something in front of it, refuses the handshake.",
    "read the answer; check allowRequest and similar options",
    &[],
);

pub(super) const POLLING_DISABLED_BY_SERVER: Entry = Entry::new(
    "The server does not allow long polling.",
    "nothing, if this is intended; otherwise start dante --transports websocket,polling",
    &[],
);

pub(super) const NO_STICKINESS: Entry = Entry::new(
    "Requests of one polling session reach different processes, and only one of them knows the session.",
    "run one process, turn on sticky sessions at the proxy, or allow only WebSocket (dante --transports websocket)",
    &[
        (Nginx, "in the upstream: hash $remote_addr consistent; or ip_hash;"),
        (
            Apache,
            "BalancerMember … route=…, ProxySet stickysession=ROUTEID, and a Header line that sets the cookie",
        ),
        (Caddy, "in reverse_proxy: lb_policy cookie"),
        (Haproxy, "in the backend: cookie dante insert indirect nocache, and cookie … on each server line"),
        (Iis, "ARR: turn on client affinity (Server Affinity)"),
        (Iisnode, "nodeProcessCountPerApplication=\"1\""),
        (
            AspNetCore,
            "processesPerApplication=\"1\"; with several machines: turn on affinity at the load balancer",
        ),
        (
            Azure,
            "Configuration, General settings: turn on ARR affinity; for clients without cookies, allow only WebSocket or run one instance",
        ),
    ],
);

pub(super) const STICKINESS_BY_COOKIE: Entry = Entry::new(
    "Polling works only for clients that send cookies back, as browsers do.",
    "nothing for browsers; other clients should use only WebSocket, or keep cookies",
    &[],
);

pub(super) const POLL_FAILURES: Entry = Entry::new(
    "Some requests of a polling session fail.",
    "find these requests in the host's log",
    &[(Iisnode, "check maxNamedPipeConnectionRetry and maxConcurrentRequestsPerProcess (1024 by default)")],
);

pub(super) const UPGRADE_STRIPPED: Entry = Entry::new(
    "Something on the path removes the headers that ask for an upgrade.",
    "make the proxy pass on Upgrade and Connection, over HTTP/1.1",
    &[
        (Nginx, NGINX_UPGRADE),
        (Apache, APACHE_UPGRADE),
        (
            Caddy,
            "reverse_proxy passes upgrades on by default: look for a header_up that removes Upgrade or Connection",
        ),
        (
            Haproxy,
            "HAProxy passes upgrades on by default: look for option httpclose, http-request del-header, or HTTP/2 to the server",
        ),
        (Iis, IIS_ON),
        (HttpPlatform, IIS_ON),
        (AspNetCore, IIS_ON),
        (Iisnode, IISNODE_OFF),
        (Azure, "Configuration, General settings: turn on Web sockets"),
    ],
);

pub(super) const UPGRADE_REFUSED: Entry = Entry::new(
    "The WebSocket upgrade is refused.",
    "read the answer, and find this request in the host's log",
    &[
        (Nginx, "error.log says why; proxy_pass must point to where dante listens"),
        (Apache, "a rewrite to ws:// needs proxy_wstunnel; error.log says why"),
    ],
);

pub(super) const CLOSED_AFTER_101: Entry = Entry::new(
    "The upgrade is accepted, but the connection closes before any packet comes.",
    "check what accepted it: a proxy whose connection to the server failed, or a server that never got the upgrade",
    &[(Nginx, NGINX_UPGRADE), (Apache, APACHE_UPGRADE)],
);

pub(super) const IIS_WEBSOCKET_MODULE_ON: Entry = Entry::new(
    "IIS's own WebSocket module takes the upgrade that Dante, behind iisnode, answers itself.",
    IISNODE_OFF,
    &[(HttpPlatform, IIS_ON), (AspNetCore, IIS_ON)],
);

pub(super) const IIS_WEBSOCKET_MODULE_OFF: Entry = Entry::new(
    "WebSocket support is not installed in IIS, or is turned off.",
    IIS_ON,
    &[
        (
            Iisnode,
            "use IIS 8 or later with the feature \"WebSocket Protocol\" installed, and in web.config: <webSocket enabled=\"false\" />",
        ),
        (
            Azure,
            "Configuration, General settings: turn on Web sockets (for iisnode, also <webSocket enabled=\"false\" /> in web.config)",
        ),
    ],
);

pub(super) const WEBSOCKET_FORBIDDEN: Entry = Entry::new(
    "WebSocket is forbidden by a web application firewall, a policy, or the server's Origin check.",
    "make the firewall or policy allow Upgrade: websocket; check which origins the server allows",
    &[(
        Azure,
        "Application Gateway or Front Door: allow the engine's path in the WAF rules; the plan's limit of WebSocket connections may be reached",
    )],
);

pub(super) const WEBSOCKET_DISABLED_BY_SERVER: Entry = Entry::new(
    "The server itself does not allow WebSocket.",
    "start dante --transports websocket,polling; for Node.js, transports: ['polling', 'websocket']",
    &[],
);

pub(super) const FIREFOX_CONNECTION: Entry = Entry::new(
    "Upgrades with Connection: keep-alive, Upgrade, as Firefox sends it, fail; other upgrades work.",
    "make the host keep the Connection header, or let the server check only Upgrade",
    &[(
        Iisnode,
        "iisnode turns the header into keep-alive; the server behind it must go by the Upgrade header, as Dante does",
    )],
);

pub(super) const DEFLATE_NEGOTIATED: Entry = Entry::new(
    "WebSocket compression was negotiated, which IIS's proxies cannot handle.",
    "turn off permessage-deflate (for Node.js, perMessageDeflate: false)",
    &[(
        Iis,
        "ARR: remove Sec-WebSocket-Extensions from requests: <set name=\"HTTP_SEC_WEBSOCKET_EXTENSIONS\" value=\"\" /> in serverVariables",
    )],
);

pub(super) const DEFLATE_OFFER_REFUSED: Entry = Entry::new(
    "Upgrades fail when the client offers compression, as all browsers do.",
    "make the proxy remove Sec-WebSocket-Extensions from requests",
    &[
        (Nginx, "proxy_set_header Sec-WebSocket-Extensions \"\";"),
        (Apache, "RequestHeader unset Sec-WebSocket-Extensions"),
    ],
);

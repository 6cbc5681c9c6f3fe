//! Of the engine: handshake, stickiness, upgrade.

use super::{Entry, entry_of};
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

const NGINX_UPGRADE: &str = "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
const APACHE_UPGRADE: &str =
    "a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)";
const IIS_ON: &str = "install the feature \"WebSocket Protocol\" of IIS (Install-WindowsFeature Web-WebSockets), and have no <webSocket enabled=\"false\" /> in web.config";
const IISNODE_OFF: &str = "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket";

pub(super) const ALL: &[Entry] = &[
    entry_of(
        "no-socketio",
        "Nothing answers at the engine's path.",
        "check the path: it is not the namespace, and by default /socket.io/ below the prefix; let the host pass it",
        &[
            (Nginx, "the location must take in /socket.io/ below the prefix"),
            (Iisnode, "the rewrite rule must match .* so that socket.io/ reaches the guest"),
        ],
    ),
    entry_of(
        "html-instead-of-handshake",
        "A page of HTML comes where the engine should answer.",
        "the path leads to another server or to a page for every path; let the host pass /socket.io/ below the prefix",
        &[
            (
                Nginx,
                "try_files or another location takes the request: give /socket.io/ a location of its own",
            ),
            (Iisnode, "the rewrite rule must match .* so that socket.io/ reaches the guest"),
        ],
    ),
    entry_of(
        "wrong-eio",
        "The server speaks another version of Engine.IO than 4.",
        "use Socket.IO 3 or 4 on the server, or a client of its version (allowEIO3 is for old clients of new servers)",
        &[],
    ),
    entry_of(
        "engine-refused",
        "The engine, or what stands before it, refuses the handshake.",
        "look at the answer, and at allowRequest and the like",
        &[],
    ),
    entry_of(
        "polling-disabled-by-server",
        "The server allows no polling.",
        "if it is on purpose, nothing; otherwise dante --transports websocket,polling",
        &[],
    ),
    entry_of(
        "no-stickiness",
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
    ),
    entry_of(
        "stickiness-by-cookie",
        "Polling works for clients that send cookies back, as browsers do, and not for others.",
        "nothing for browsers; other clients should use WebSocket only, or keep cookies",
        &[],
    ),
    entry_of(
        "poll-failures",
        "Some requests of a polling session fail.",
        "look at the host's log for these requests",
        &[(Iisnode, "maxNamedPipeConnectionRetry, and maxConcurrentRequestsPerProcess (1024 by default)")],
    ),
    entry_of(
        "upgrade-stripped",
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
    ),
    entry_of(
        "upgrade-refused",
        "The request for WebSocket is refused.",
        "look at the answer and at the host's log for this request",
        &[
            (Nginx, "error.log says why; proxy_pass must name where dante listens"),
            (Apache, "a rewrite to ws:// needs proxy_wstunnel; error.log says why"),
        ],
    ),
    entry_of(
        "closed-after-101",
        "The upgrade is granted, and the connection is closed before any packet.",
        "look at what granted it: a proxy whose connection to the server failed, or a server that was not sent an upgrade",
        &[(Nginx, NGINX_UPGRADE), (Apache, APACHE_UPGRADE)],
    ),
    entry_of(
        "iis-websocket-module-on",
        "IIS's own WebSocket module takes the upgrade that the guest of iisnode answers itself.",
        IISNODE_OFF,
        &[(HttpPlatform, IIS_ON), (AspNetCore, IIS_ON)],
    ),
    entry_of(
        "iis-websocket-module-off",
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
    ),
    entry_of(
        "websocket-forbidden",
        "WebSocket is forbidden: by a firewall for web applications, a policy, or the server's check of Origin.",
        "let the firewall or policy pass Upgrade: websocket; look at which origins the server allows",
        &[(
            Azure,
            "Application Gateway or Front Door: let the WAF's rules pass the engine's path; the plan's limit of WebSockets may be reached",
        )],
    ),
    entry_of(
        "websocket-disabled-by-server",
        "The server itself allows no WebSocket.",
        "dante --transports websocket,polling; for Node.js, transports: ['polling', 'websocket']",
        &[],
    ),
    entry_of(
        "firefox-connection",
        "Upgrades with Connection: keep-alive, Upgrade, as Firefox sends it, fail; others work.",
        "let the host keep the header Connection, or the server look at Upgrade alone",
        &[(
            Iisnode,
            "iisnode turns the header into keep-alive; the guest must accept an upgrade by its Upgrade header, as Dante does",
        )],
    ),
    entry_of(
        "deflate-negotiated",
        "Compression of WebSocket messages was agreed on, which IIS's proxies cannot carry.",
        "turn permessage-deflate off (for Node.js, perMessageDeflate: false)",
        &[(
            Iis,
            "ARR: remove Sec-WebSocket-Extensions from requests: <set name=\"HTTP_SEC_WEBSOCKET_EXTENSIONS\" value=\"\" /> in serverVariables",
        )],
    ),
    entry_of(
        "deflate-offer-refused",
        "Upgrades fail when compression is offered, as all browsers do.",
        "let the proxy remove Sec-WebSocket-Extensions from requests",
        &[
            (Nginx, "proxy_set_header Sec-WebSocket-Extensions \"\";"),
            (Apache, "RequestHeader unset Sec-WebSocket-Extensions"),
        ],
    ),
];

//! What fixes a verdict on a host that is known.

use super::Host;
use crate::probe::verdicts::VerdictId;

pub(super) const REMEDIES: &[(Host, &[(VerdictId, &str)])] = &[
    (
        Host::Iisnode,
        &[
            (
                VerdictId::BlackHole,
                "check the logs in the site's folder: Dante accepts the pipe but does not answer",
            ),
            (
                VerdictId::PrefixMismatch,
                "in appSettings: set DANTE_PREFIX to the application's virtual path; the rewrite rule must match .*",
            ),
            (
                VerdictId::IisnodeError200,
                "nodeProcessCommandLine must be the absolute path of dante.exe in quotes; check the logs folder; devErrorsEnabled=\"false\" gives errors an error status",
            ),
            (
                VerdictId::GuestNotStarted,
                "nodeProcessCommandLine must be the absolute path of dante.exe in quotes, and the application pool's identity must be allowed to run it; check the logs folder",
            ),
            (VerdictId::NoSocketio, "the rewrite rule must match .* so that socket.io/ reaches Dante"),
            (
                VerdictId::HtmlInsteadOfHandshake,
                "the rewrite rule must match .* so that socket.io/ reaches Dante",
            ),
            (VerdictId::NoStickiness, "nodeProcessCountPerApplication=\"1\""),
            (
                VerdictId::PollFailures,
                "check maxNamedPipeConnectionRetry and maxConcurrentRequestsPerProcess (1024 by default)",
            ),
            (
                VerdictId::UpgradeStripped,
                "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket",
            ),
            (
                VerdictId::IisWebsocketModuleOff,
                "use IIS 8 or later with the feature \"WebSocket Protocol\" installed, and in web.config: <webSocket enabled=\"false\" />",
            ),
            (
                VerdictId::FirefoxConnection,
                "iisnode turns the header into keep-alive; the server behind it must go by the Upgrade header, as Dante does",
            ),
            (
                VerdictId::Buffered,
                "flushResponse=\"true\" on <iisnode>, responseBufferLimit=\"0\" on its handler, <urlCompression doDynamicCompression=\"false\" />",
            ),
            (VerdictId::CompressedStream, "<urlCompression doDynamicCompression=\"false\" />"),
            (
                VerdictId::DoubleFraming,
                "iisnode treats an answer without Content-Length as already chunked: send Content-Length or proper chunks",
            ),
            (
                VerdictId::IdleCut,
                "set the application pool's Idle Time-out to 0, and connectionTimeout above 45 s",
            ),
            (VerdictId::DoubleCompression, "<urlCompression doDynamicCompression=\"false\" />"),
        ],
    ),
    (
        Host::Caddy,
        &[
            (VerdictId::TlsSelfSigned, "use a public host name in the Caddyfile, and remove tls internal"),
            (
                VerdictId::PrefixMismatch,
                "handle /dante/* keeps the prefix (dante --prefix /dante); handle_path strips it",
            ),
            (VerdictId::GuestNotStarted, "reverse_proxy must point to where dante listens"),
            (VerdictId::NoStickiness, "in reverse_proxy: lb_policy cookie"),
            (
                VerdictId::UpgradeStripped,
                "reverse_proxy passes upgrades on by default: look for a header_up that removes Upgrade or Connection",
            ),
            (VerdictId::Buffered, "in reverse_proxy: flush_interval -1; no encode on these paths"),
            (VerdictId::CompressedStream, "use encode only for paths that are not streams"),
            (
                VerdictId::IdleCut,
                "read_timeout and stream_timeout in the transport: remove them, or set them above 45 s",
            ),
        ],
    ),
    (
        Host::Nginx,
        &[
            (VerdictId::TlsExpired, "renew it, then nginx -s reload"),
            (
                VerdictId::TlsWrongName,
                "check server_name: requests for an unknown name get the certificate of the first server block",
            ),
            (
                VerdictId::TlsUntrusted,
                "ssl_certificate must name the file with the whole chain (fullchain.pem)",
            ),
            (VerdictId::TlsToPlain, "listen … ssl; in the server block"),
            (VerdictId::Http10, "in the location: proxy_http_version 1.1;"),
            (
                VerdictId::RedirectLoop,
                "check return and rewrite in this server block; set proxy_redirect off; if the server's redirects are already right",
            ),
            (
                VerdictId::PrefixMismatch,
                "location /dante/ { proxy_pass http://127.0.0.1:8888; } keeps the prefix (dante --prefix /dante); a slash at the end of proxy_pass strips it",
            ),
            (
                VerdictId::GuestNotStarted,
                "proxy_pass must point to where dante listens; nginx's error.log says what it tried",
            ),
            (
                VerdictId::LibraryMissing,
                "a location for .js files takes the request: location ^~ /dante/ takes precedence",
            ),
            (VerdictId::NoSocketio, "the location must cover /socket.io/ below the prefix"),
            (
                VerdictId::HtmlInsteadOfHandshake,
                "try_files or another location takes the request: give /socket.io/ a location of its own",
            ),
            (VerdictId::NoStickiness, "in the upstream: hash $remote_addr consistent; or ip_hash;"),
            (
                VerdictId::UpgradeStripped,
                "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";",
            ),
            (VerdictId::UpgradeRefused, "error.log says why; proxy_pass must point to where dante listens"),
            (
                VerdictId::ClosedAfter101,
                "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";",
            ),
            (VerdictId::DeflateOfferRefused, "proxy_set_header Sec-WebSocket-Extensions \"\";"),
            (
                VerdictId::Buffered,
                "in the location: proxy_buffering off; (and no proxy_ignore_headers X-Accel-Buffering)",
            ),
            (
                VerdictId::CompressedStream,
                "gzip_types without text/event-stream, or gzip off; in the location",
            ),
            (VerdictId::EarlyEnd, "proxy_read_timeout 1h;"),
            (VerdictId::IdleCut, "proxy_read_timeout 1h; (60 s by default; it must be above 45 s)"),
            (VerdictId::CorsBlocked, "proxy_set_header Host $http_host;"),
        ],
    ),
    (
        Host::Apache,
        &[
            (VerdictId::TlsExpired, "renew it, then apachectl graceful"),
            (
                VerdictId::TlsUntrusted,
                "SSLCertificateFile must name the file with the whole chain (fullchain.pem)",
            ),
            (VerdictId::Http10, "remove force-proxy-request-1.0 and proxy-nokeepalive"),
            (
                VerdictId::PrefixMismatch,
                "ProxyPass /dante/ http://127.0.0.1:8888/dante/ keeps the prefix (dante --prefix /dante); both sides must end in a slash",
            ),
            (
                VerdictId::GuestNotStarted,
                "ProxyPass must point to where dante listens; with SELinux: setsebool -P httpd_can_network_connect 1",
            ),
            (
                VerdictId::NoStickiness,
                "BalancerMember … route=…, ProxySet stickysession=ROUTEID, and a Header line that sets the cookie",
            ),
            (
                VerdictId::UpgradeStripped,
                "a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)",
            ),
            (VerdictId::UpgradeRefused, "a rewrite to ws:// needs proxy_wstunnel; error.log says why"),
            (
                VerdictId::ClosedAfter101,
                "a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)",
            ),
            (VerdictId::DeflateOfferRefused, "RequestHeader unset Sec-WebSocket-Extensions"),
            (
                VerdictId::Buffered,
                "ProxyPass … flushpackets=on; no mod_deflate, no mod_buffer on these paths",
            ),
            (VerdictId::CompressedStream, "SetEnvIf Request_URI /sse/ no-gzip"),
            (VerdictId::EarlyEnd, "ProxyTimeout 3600, or timeout=3600 on ProxyPass"),
            (VerdictId::IdleCut, "ProxyTimeout 3600 (it must be above 45 s)"),
            (VerdictId::CorsBlocked, "ProxyPreserveHost On"),
        ],
    ),
    (
        Host::Haproxy,
        &[
            (VerdictId::TlsExpired, "renew it, then reload haproxy"),
            (
                VerdictId::PrefixMismatch,
                "http-request replace-path /dante(/.*)? \\1 strips the prefix; otherwise start dante --prefix /dante",
            ),
            (
                VerdictId::GuestNotStarted,
                "server must point to where dante listens; its health check says why it is down",
            ),
            (
                VerdictId::NoStickiness,
                "in the backend: cookie dante insert indirect nocache, and cookie … on each server line",
            ),
            (
                VerdictId::UpgradeStripped,
                "HAProxy passes upgrades on by default: look for option httpclose, http-request del-header, or HTTP/2 to the server",
            ),
            (VerdictId::Buffered, "no option http-buffer-request, no compression on these paths"),
            (VerdictId::CompressedStream, "compression type without text/event-stream"),
            (VerdictId::EarlyEnd, "timeout tunnel 1h, timeout server above 45s"),
            (VerdictId::IdleCut, "timeout tunnel 1h for WebSocket; timeout server above 45s for polling"),
        ],
    ),
    (
        Host::Iis,
        &[
            (VerdictId::TlsExpired, "renew it, and select it in the site's https binding"),
            (
                VerdictId::TlsWrongName,
                "set the host name in the https binding, and turn on Server Name Indication",
            ),
            (
                VerdictId::LibraryMissing,
                "a handler for static files takes the request: the rewrite rule must match .*",
            ),
            (VerdictId::NoStickiness, "ARR: turn on client affinity (Server Affinity)"),
            (
                VerdictId::UpgradeStripped,
                "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
            ),
            (
                VerdictId::DeflateNegotiated,
                "ARR: remove Sec-WebSocket-Extensions from requests: <set name=\"HTTP_SEC_WEBSOCKET_EXTENSIONS\" value=\"\" /> in serverVariables",
            ),
            (
                VerdictId::Buffered,
                "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
            ),
            (VerdictId::CompressedStream, "<urlCompression doDynamicCompression=\"false\" />"),
            (
                VerdictId::EarlyEnd,
                "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
            ),
            (
                VerdictId::IdleCut,
                "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
            ),
            (VerdictId::DoubleCompression, "<urlCompression doDynamicCompression=\"false\" />"),
            (VerdictId::CorsBlocked, "ARR: turn on preserveHostHeader"),
        ],
    ),
    (
        Host::HttpPlatform,
        &[
            (
                VerdictId::GuestNotStarted,
                "processPath must point to dante.exe; turn on stdoutLogEnabled and read its log",
            ),
            (
                VerdictId::UpgradeStripped,
                "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
            ),
            (
                VerdictId::IisWebsocketModuleOn,
                "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
            ),
            (
                VerdictId::Buffered,
                "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
            ),
            (VerdictId::CompressedStream, "<urlCompression doDynamicCompression=\"false\" />"),
            (VerdictId::EarlyEnd, "requestTimeout=\"00:10:00\" on <httpPlatform>"),
            (
                VerdictId::IdleCut,
                "requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0",
            ),
        ],
    ),
    (
        Host::AspNetCore,
        &[
            (
                VerdictId::GuestNotStarted,
                "processPath must point to dante.exe, with hostingModel=\"OutOfProcess\"; stdoutLogEnabled=\"true\" shows why it stops",
            ),
            (
                VerdictId::NoStickiness,
                "processesPerApplication=\"1\"; with several machines: turn on affinity at the load balancer",
            ),
            (
                VerdictId::UpgradeStripped,
                "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
            ),
            (
                VerdictId::IisWebsocketModuleOn,
                "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
            ),
            (
                VerdictId::Buffered,
                "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
            ),
            (VerdictId::CompressedStream, "<urlCompression doDynamicCompression=\"false\" />"),
            (VerdictId::EarlyEnd, "requestTimeout=\"00:10:00\" on <aspNetCore>"),
            (
                VerdictId::IdleCut,
                "requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0",
            ),
        ],
    ),
    (
        Host::Azure,
        &[
            (
                VerdictId::GuestNotStarted,
                "check the log stream; the container must listen on the port in WEBSITES_PORT within 230 s",
            ),
            (
                VerdictId::NoStickiness,
                "Configuration, General settings: turn on ARR affinity; for clients without cookies, allow only WebSocket or run one instance",
            ),
            (VerdictId::UpgradeStripped, "Configuration, General settings: turn on Web sockets"),
            (
                VerdictId::IisWebsocketModuleOff,
                "Configuration, General settings: turn on Web sockets (for iisnode, also <webSocket enabled=\"false\" /> in web.config)",
            ),
            (
                VerdictId::WebsocketForbidden,
                "Application Gateway or Front Door: allow the engine's path in the WAF rules; the plan's limit of WebSocket connections may be reached",
            ),
            (VerdictId::Buffered, "<urlCompression doDynamicCompression=\"false\" /> in web.config"),
            (
                VerdictId::EarlyEnd,
                "Azure cuts connections that are silent for 230 s; a stream must send something more often",
            ),
            (
                VerdictId::IdleCut,
                "Azure cuts connections that are silent for 230 s; Always On keeps the site loaded",
            ),
        ],
    ),
];

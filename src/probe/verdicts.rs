//! The table of all verdicts: cause, and remedy for each host. `docs/verdicts.md` is made from it.

use std::fmt::Write as _;

use super::host::Host::{self, Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx};

/// What is known of a verdict, whatever was seen.
#[derive(Debug)]
pub struct Entry {
    /// The stable id.
    pub id: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// What mends it on a host that was not recognised.
    pub generic: &'static str,
    /// What mends it on others.
    pub hosts: &'static [(Host, &'static str)],
}

impl Entry {
    /// What mends it.
    pub fn remedy(&self, host: Option<Host>) -> &'static str {
        let known = host.and_then(|host| self.hosts.iter().find(|(known, _)| *known == host));
        known.map_or(self.generic, |(_, remedy)| remedy)
    }
}

/// The entry of an id that a rule names.
pub fn entry(id: &str) -> &'static Entry {
    // A test goes through all ids that rules name; the first entry says that something is unexplained.
    ALL.iter().find(|entry| entry.id == id).unwrap_or(&ALL[0])
}

const fn entry_of(
    id: &'static str,
    cause: &'static str,
    generic: &'static str,
    hosts: &'static [(Host, &'static str)],
) -> Entry {
    Entry { id, cause, generic, hosts }
}

const NGINX_UPGRADE: &str = "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
const APACHE_UPGRADE: &str =
    "a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)";
const HANDLER: &str = "in web.config, at the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />";
const IIS_ON: &str = "install the feature \"WebSocket Protocol\" of IIS (Install-WindowsFeature Web-WebSockets), and have no <webSocket enabled=\"false\" /> in web.config";
const IISNODE_OFF: &str = "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket";
const ARR_IDLE: &str = "in web.config or ARR's proxy settings: a time-out longer than the engine's ping (25 s) and its answer (20 s)";

/// All verdicts: the one for what no rule explains, then in the order of the hops.
pub const ALL: &[Entry] = &[
    entry_of(
        "unproved",
        "No stream was proved to come through, and no rule explains what was seen; most likely the time was up.",
        "probe again with a longer --timeout; if it stays so, report it with the output of --json",
        &[],
    ),
    entry_of(
        "name-unknown",
        "The name has no address.",
        "check the spelling; make a record of type A or AAAA at the domain's DNS; to try before it is there: --resolve HOST:PORT:ADDRESS",
        &[],
    ),
    entry_of(
        "not-listening",
        "Nothing listens at this address and port: the connection was refused.",
        "start the server or proxy, and check its port and address: 127.0.0.1 is reached from the same machine only, 0.0.0.0 from everywhere",
        &[],
    ),
    entry_of(
        "unreachable",
        "No connection comes about: a firewall drops it, or no way leads to the address.",
        "open the port in the firewall or security group; check the address",
        &[],
    ),
    entry_of(
        "address-dead",
        "The name has another address that does not answer, and clients may try it first and wait.",
        "let the server listen there, too, or take the address out of the DNS",
        &[],
    ),
    entry_of(
        "black-hole",
        "The connection is accepted, and nothing ever answers.",
        "look at what listens there: a proxy whose server hangs, a program that is stopped, a port of another protocol",
        &[(Iisnode, "look into the logs beside the site: the guest accepts the pipe and does not answer")],
    ),
    entry_of(
        "tls-self-signed",
        "The certificate signed itself; browsers refuse it.",
        "get one from an authority (Let's Encrypt, for example); for a trial: --insecure",
        &[(Caddy, "name a public host in the Caddyfile, and remove tls internal")],
    ),
    entry_of(
        "tls-expired",
        "The certificate is not valid at this time.",
        "renew it, and let the server load it again; check the clocks",
        &[
            (Nginx, "renew it, then nginx -s reload"),
            (Apache, "renew it, then apachectl graceful"),
            (Haproxy, "renew it, then reload haproxy"),
            (Iis, "renew it, and choose it in the site's https binding"),
        ],
    ),
    entry_of(
        "tls-expires-soon",
        "The certificate should have been renewed by now.",
        "look at why its renewal does not run",
        &[],
    ),
    entry_of(
        "tls-wrong-name",
        "The certificate is for other names than the one in the URL.",
        "use a name that is in the certificate, or get one for this name",
        &[
            (
                Nginx,
                "check server_name: a request for an unknown name gets the first server block's certificate",
            ),
            (Iis, "set the host name in the https binding, with Server Name Indication"),
        ],
    ),
    entry_of(
        "tls-untrusted",
        "No root of this system vouches for the certificate: an intermediate certificate is missing, or the authority is a private one.",
        "let the server send the whole chain (fullchain.pem); for a private authority, install its root",
        &[
            (Nginx, "ssl_certificate must name the file with the whole chain (fullchain.pem)"),
            (Apache, "SSLCertificateFile must name the file with the whole chain (fullchain.pem)"),
        ],
    ),
    entry_of(
        "tls-other",
        "TLS did not come about.",
        "look at the server's versions of TLS (1.2 or 1.3 are needed) and its log",
        &[],
    ),
    entry_of(
        "tls-to-plain",
        "https was asked for, and the port speaks plain HTTP.",
        "use http in the URL, or the port that speaks TLS; or turn TLS on at this port",
        &[(Nginx, "listen … ssl; in the server block")],
    ),
    entry_of(
        "plain-to-tls",
        "http was asked for, and the port speaks TLS.",
        "use https in the URL, or the port that speaks plain HTTP",
        &[],
    ),
    entry_of(
        "no-answer",
        "The connection was closed before any answer.",
        "look into the log of what listens there",
        &[],
    ),
    entry_of(
        "slow-answer",
        "The answer did not come, or did not end, in time.",
        "look at the server's load; probe again with a longer --timeout",
        &[],
    ),
    entry_of(
        "garbage",
        "What came is not what the protocol asks for.",
        "look at what else may listen there or change what passes",
        &[],
    ),
    entry_of(
        "http-1.0",
        "HTTP/1.0 is spoken on the way, which knows neither upgrades nor chunks.",
        "let the proxy speak HTTP/1.1 to the server",
        &[
            (Nginx, "in the location: proxy_http_version 1.1;"),
            (Apache, "remove force-proxy-request-1.0 and proxy-nokeepalive"),
        ],
    ),
    entry_of(
        "redirect-loop",
        "Redirects lead in a circle, or on and on.",
        "behind a proxy that ends TLS, let the server not redirect to https by itself; let one side only add the last slash",
        &[(
            Nginx,
            "check return and rewrite in this server block; proxy_redirect off; if the server's redirects are right already",
        )],
    ),
    entry_of("bad-redirect", "A redirect leads nowhere.", "look at which rule writes this Location", &[]),
    entry_of(
        "not-dante",
        "Something answers, and it is not Dante's page.",
        "check host and path; to probe another Socket.IO server: --socketio /socket.io/",
        &[],
    ),
    entry_of(
        "page-refused",
        "The page is refused.",
        "if it asks for credentials: --header 'Authorization: …'; otherwise look at the host's rules for who may see it",
        &[],
    ),
    entry_of(
        "prefix-mismatch",
        "Path and prefix do not fit: the server is told another path than the one that the host uses.",
        "start dante with --prefix (or DANTE_PREFIX) as in the URL, or let the proxy take that prefix off",
        &[
            (
                Nginx,
                "location /dante/ { proxy_pass http://127.0.0.1:8888; } keeps the prefix (dante --prefix /dante); with a slash at the end of proxy_pass it is taken off",
            ),
            (
                Apache,
                "ProxyPass /dante/ http://127.0.0.1:8888/dante/ keeps the prefix (dante --prefix /dante); both sides end in a slash",
            ),
            (Caddy, "handle /dante/* keeps the prefix (dante --prefix /dante); handle_path takes it off"),
            (
                Haproxy,
                "http-request replace-path /dante(/.*)? \\1 takes the prefix off; otherwise dante --prefix /dante",
            ),
            (
                Iisnode,
                "in appSettings: DANTE_PREFIX with the application's virtual path; the rewrite rule must match .*",
            ),
        ],
    ),
    entry_of(
        "iisnode-error-200",
        "iisnode shows an error page with status 200: its guest did not start or has ended.",
        "look at the page's text and the logs; set devErrorsEnabled=\"false\", so that errors are errors",
        &[(
            Iisnode,
            "nodeProcessCommandLine must be the absolute path of dante.exe in quotes; look into the folder logs; devErrorsEnabled=\"false\" makes errors errors",
        )],
    ),
    entry_of(
        "guest-not-started",
        "The host answers, and the server behind it does not.",
        "start the server, and let the proxy name its address and port",
        &[
            (Nginx, "proxy_pass must name where dante listens; nginx's error.log says what it tried"),
            (
                Apache,
                "ProxyPass must name where dante listens; on SELinux: setsebool -P httpd_can_network_connect 1",
            ),
            (Caddy, "reverse_proxy must name where dante listens"),
            (Haproxy, "server must name where dante listens; its check says why it is down"),
            (
                Iisnode,
                "nodeProcessCommandLine must be the absolute path of dante.exe in quotes, and the pool's identity must be allowed to run it; look into the folder logs",
            ),
            (
                HttpPlatform,
                "processPath must lead to dante.exe; turn stdoutLogEnabled on and look into its log",
            ),
            (
                AspNetCore,
                "processPath must lead to dante.exe, hostingModel=\"OutOfProcess\"; stdoutLogEnabled=\"true\" shows why it ends",
            ),
            (
                Azure,
                "look at the log stream; the container must listen on the port in WEBSITES_PORT within 230 s",
            ),
        ],
    ),
    entry_of(
        "hosting-unreadable",
        "The page is Dante's, and hosting.json beside it cannot be read.",
        "let the host pass everything below the prefix, not only the page; an older Dante has no hosting.json",
        &[],
    ),
    entry_of(
        "library-missing",
        "The page's client library does not come.",
        "let the host pass everything below socket.io/ to Dante, scripts, too",
        &[
            (Nginx, "a location for .js files takes the request: location ^~ /dante/ outranks it"),
            (Iis, "a handler for static files takes the request: the rewrite rule must match .*"),
        ],
    ),
    entry_of(
        "wrong-library-version",
        "The client library is not the one that the page asks for, or too old for the server.",
        "let caches keep the query of a URL apart; let all nodes run one version",
        &[],
    ),
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
    entry_of(
        "buffered",
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
    ),
    entry_of(
        "silent",
        "The stream opens, and nothing comes.",
        "look at the server's log, and at what buffers on the way",
        &[],
    ),
    entry_of(
        "stream-refused",
        "The stream is refused.",
        "look at the answer; let the host pass everything below the prefix",
        &[],
    ),
    entry_of(
        "compressed-stream",
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
    ),
    entry_of(
        "early-end",
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
    ),
    entry_of(
        "double-framing",
        "Sizes of chunks stand in the text: chunked twice, or by a guest whose host chunks, too.",
        "let only one side write Transfer-Encoding: chunked",
        &[(
            Iisnode,
            "the guest's answer without Content-Length was taken for chunked already: give it Content-Length or proper chunks",
        )],
    ),
    entry_of(
        "lost-stanzas",
        "Stanzas are missing within one connection.",
        "report it with the output of --json: TCP loses nothing, so something drops messages",
        &[],
    ),
    entry_of(
        "idle-cut",
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
    ),
    entry_of(
        "lost-on-resume",
        "Coming back, the reading does not go on where it was left.",
        "let the host pass the query, Last-Event-ID and the engine's packets unchanged, and let all nodes read one edition",
        &[],
    ),
    entry_of(
        "double-compression",
        "The page is said to be compressed, and what comes cannot be unpacked to it: compressed twice, or unpacked on the way.",
        "let one side only compress",
        &[
            (Iisnode, "<urlCompression doDynamicCompression=\"false\" />"),
            (Iis, "<urlCompression doDynamicCompression=\"false\" />"),
        ],
    ),
    entry_of(
        "cors-blocked",
        "Pages of this origin are refused.",
        "let the server allow the origin (Access-Control-Allow-Origin); a proxy that changes Host makes a server take its own pages for foreign ones",
        &[
            (Nginx, "proxy_set_header Host $http_host;"),
            (Apache, "ProxyPreserveHost On"),
            (Iis, "ARR: preserveHostHeader"),
        ],
    ),
];

/// The text of `docs/verdicts.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Verdicts of `dante probe`\n\n\
         Made from `src/probe/verdicts.rs`; a test fails when it is stale, and\n\
         `DANTE_WRITE_DOCS=1 cargo test --lib verdicts` writes it anew.\n",
    );
    for entry in ALL {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n\n- anywhere: {}\n", entry.id, entry.cause, entry.generic);
        for (host, remedy) in entry.hosts {
            let _ = writeln!(text, "- {host}: {remedy}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verdicts.md");
        if std::env::var_os("DANTE_WRITE_DOCS").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            document(),
            "see the file's first lines"
        );
    }

    #[test]
    fn ids_are_unique_and_all_that_rules_name() {
        let mut ids: Vec<_> = ALL.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
        let rules = [
            include_str!("diagnose/road.rs"),
            include_str!("diagnose/page.rs"),
            include_str!("diagnose/engine.rs"),
            include_str!("diagnose/streams.rs"),
            include_str!("diagnose/time.rs"),
            include_str!("diagnose/mod.rs"),
        ];
        for id in &ids {
            let quoted = format!("\"{id}\"");
            assert!(rules.iter().any(|rules| rules.contains(&quoted)), "no rule gives {id}");
        }
        for id in super::super::diagnose::named_ids(&rules) {
            assert!(ids.contains(&id), "{id} has no entry");
        }
    }
}

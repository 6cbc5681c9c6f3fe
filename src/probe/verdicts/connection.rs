//! Verdicts on the path to the page: name, TCP, TLS, HTTP, page and client library.

use super::Entry;
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

pub(super) const UNPROVED: Entry = Entry::new(
    "No stream came through, and no rule explains why; most likely the probe ran out of time.",
    "probe again with a longer --timeout; if the result is the same, report it with the output of --json",
    &[],
);

pub(super) const NAME_UNKNOWN: Entry = Entry::new(
    "The host name does not resolve to an address.",
    "check the spelling; add an A or AAAA record to the domain's DNS; to test before the record exists: --resolve HOST:PORT:ADDRESS",
    &[],
);

pub(super) const NOT_LISTENING: Entry = Entry::new(
    "Nothing listens at this address and port: the connection was refused.",
    "start the server or proxy, and check its port and address: 127.0.0.1 can only be reached from the same machine, 0.0.0.0 from everywhere",
    &[],
);

pub(super) const UNREACHABLE: Entry = Entry::new(
    "No connection can be made: a firewall drops it, or there is no route to the address.",
    "open the port in the firewall or security group; check the address",
    &[],
);

pub(super) const ADDRESS_DEAD: Entry = Entry::new(
    "The name also has an address that does not answer; clients that try it first have to wait.",
    "let the server listen on that address too, or remove it from the DNS",
    &[],
);

pub(super) const BLACK_HOLE: Entry = Entry::new(
    "The connection is accepted, but no answer ever comes.",
    "check what listens there: a proxy whose server hangs, a suspended program, or a port for another protocol",
    &[(Iisnode, "check the logs in the site's folder: Dante accepts the pipe but does not answer")],
);

pub(super) const TLS_SELF_SIGNED: Entry = Entry::new(
    "The certificate is self-signed; browsers reject it.",
    "get one from a certificate authority (Let's Encrypt, for example); to test anyway: --insecure",
    &[(Caddy, "use a public host name in the Caddyfile, and remove tls internal")],
);

pub(super) const TLS_EXPIRED: Entry = Entry::new(
    "The certificate has expired or is not valid yet.",
    "renew it, and reload the server; check the clocks of both machines",
    &[
        (Nginx, "renew it, then nginx -s reload"),
        (Apache, "renew it, then apachectl graceful"),
        (Haproxy, "renew it, then reload haproxy"),
        (Iis, "renew it, and select it in the site's https binding"),
    ],
);

pub(super) const TLS_EXPIRES_SOON: Entry = Entry::new(
    "The certificate expires soon and should have been renewed by now.",
    "find out why its renewal does not run",
    &[],
);

pub(super) const TLS_WRONG_NAME: Entry = Entry::new(
    "The certificate does not cover the host name in the URL.",
    "use a name that the certificate covers, or get a certificate for this name",
    &[
        (
            Nginx,
            "check server_name: requests for an unknown name get the certificate of the first server block",
        ),
        (Iis, "set the host name in the https binding, and turn on Server Name Indication"),
    ],
);

pub(super) const TLS_UNTRUSTED: Entry = Entry::new(
    "This system does not trust the certificate: an intermediate certificate is missing, or the authority is private.",
    "make the server send the whole chain (fullchain.pem); for a private authority, install its root certificate",
    &[
        (Nginx, "ssl_certificate must name the file with the whole chain (fullchain.pem)"),
        (Apache, "SSLCertificateFile must name the file with the whole chain (fullchain.pem)"),
    ],
);

pub(super) const TLS_OTHER: Entry = Entry::new(
    "The TLS handshake failed.",
    "check which TLS versions the server allows (1.2 or 1.3 is needed), and its log",
    &[],
);

pub(super) const TLS_TO_PLAIN: Entry = Entry::new(
    "The URL says https, but the port speaks plain HTTP.",
    "use http in the URL, or the port that speaks TLS; or turn on TLS for this port",
    &[(Nginx, "listen … ssl; in the server block")],
);

pub(super) const PLAIN_TO_TLS: Entry = Entry::new(
    "The URL says http, but the port speaks TLS.",
    "use https in the URL, or the port that speaks plain HTTP",
    &[],
);

pub(super) const NO_ANSWER: Entry = Entry::new(
    "The connection was closed before an answer came.",
    "check the log of the program that listens there",
    &[],
);

pub(super) const SLOW_ANSWER: Entry = Entry::new(
    "The answer did not arrive, or did not finish, in time.",
    "check the server's load; probe again with a longer --timeout",
    &[],
);

pub(super) const GARBAGE: Entry = Entry::new(
    "The answer breaks the protocol.",
    "check whether another program listens there, or changes the traffic",
    &[],
);

pub(super) const HTTP_1_0: Entry = Entry::new(
    "Something on the path speaks HTTP/1.0, which has neither upgrades nor chunked answers.",
    "make the proxy use HTTP/1.1 to the server",
    &[
        (Nginx, "in the location: proxy_http_version 1.1;"),
        (Apache, "remove force-proxy-request-1.0 and proxy-nokeepalive"),
    ],
);

pub(super) const REDIRECT_LOOP: Entry = Entry::new(
    "The redirects form a loop, or there are too many.",
    "behind a proxy that terminates TLS, stop the server from redirecting to https; let only one side add the trailing slash",
    &[(
        Nginx,
        "check return and rewrite in this server block; set proxy_redirect off; if the server's redirects are already right",
    )],
);

pub(super) const BAD_REDIRECT: Entry = Entry::new(
    "A redirect points to an unusable URL.",
    "find the rule that writes this Location header",
    &[],
);

pub(super) const NOT_DANTE: Entry = Entry::new(
    "Something answers, but not with Dante's page.",
    "check the host and the path; to probe another Socket.IO server: --socketio /socket.io/",
    &[],
);

pub(super) const PAGE_REFUSED: Entry = Entry::new(
    "The host refuses to serve the page.",
    "if it asks for credentials: --header 'Authorization: …'; otherwise check the host's access rules",
    &[],
);

pub(super) const PREFIX_MISMATCH: Entry = Entry::new(
    "The path and the prefix do not match: the server expects another path than the host uses.",
    "start dante with the --prefix (or DANTE_PREFIX) in the URL, or let the proxy strip that prefix",
    &[
        (
            Nginx,
            "location /dante/ { proxy_pass http://127.0.0.1:8888; } keeps the prefix (dante --prefix /dante); a slash at the end of proxy_pass strips it",
        ),
        (
            Apache,
            "ProxyPass /dante/ http://127.0.0.1:8888/dante/ keeps the prefix (dante --prefix /dante); both sides must end in a slash",
        ),
        (Caddy, "handle /dante/* keeps the prefix (dante --prefix /dante); handle_path strips it"),
        (
            Haproxy,
            "http-request replace-path /dante(/.*)? \\1 strips the prefix; otherwise start dante --prefix /dante",
        ),
        (
            Iisnode,
            "in appSettings: set DANTE_PREFIX to the application's virtual path; the rewrite rule must match .*",
        ),
    ],
);

pub(super) const IISNODE_ERROR_200: Entry = Entry::new(
    "iisnode shows an error page with status 200: Dante did not start, or has stopped.",
    "read the page's text and the logs; set devErrorsEnabled=\"false\", so that errors have an error status",
    &[(
        Iisnode,
        "nodeProcessCommandLine must be the absolute path of dante.exe in quotes; check the logs folder; devErrorsEnabled=\"false\" gives errors an error status",
    )],
);

pub(super) const GUEST_NOT_STARTED: Entry = Entry::new(
    "The host answers, but the server behind it does not.",
    "start the server, and check the address and port in the proxy's configuration",
    &[
        (Nginx, "proxy_pass must point to where dante listens; nginx's error.log says what it tried"),
        (
            Apache,
            "ProxyPass must point to where dante listens; with SELinux: setsebool -P httpd_can_network_connect 1",
        ),
        (Caddy, "reverse_proxy must point to where dante listens"),
        (Haproxy, "server must point to where dante listens; its health check says why it is down"),
        (
            Iisnode,
            "nodeProcessCommandLine must be the absolute path of dante.exe in quotes, and the application pool's identity must be allowed to run it; check the logs folder",
        ),
        (HttpPlatform, "processPath must point to dante.exe; turn on stdoutLogEnabled and read its log"),
        (
            AspNetCore,
            "processPath must point to dante.exe, with hostingModel=\"OutOfProcess\"; stdoutLogEnabled=\"true\" shows why it stops",
        ),
        (Azure, "check the log stream; the container must listen on the port in WEBSITES_PORT within 230 s"),
    ],
);

pub(super) const HOSTING_UNREADABLE: Entry = Entry::new(
    "The page is Dante's, but its hosting.json cannot be read.",
    "make the host pass on everything below the prefix, not only the page; an older Dante has no hosting.json",
    &[],
);

pub(super) const LIBRARY_MISSING: Entry = Entry::new(
    "The page's client library does not load.",
    "make the host pass on everything below socket.io/ to Dante, including scripts",
    &[
        (Nginx, "a location for .js files takes the request: location ^~ /dante/ takes precedence"),
        (Iis, "a handler for static files takes the request: the rewrite rule must match .*"),
    ],
);

pub(super) const WRONG_LIBRARY_VERSION: Entry = Entry::new(
    "The client library is not the one that the page asks for, or is too old for the server.",
    "make caches respect the query of a URL; run the same version on all nodes",
    &[],
);

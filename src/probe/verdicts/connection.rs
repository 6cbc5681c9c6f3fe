//! Of the way to the page: name, TCP, TLS, HTTP, page and client library.

use super::Entry;
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

pub(super) const UNPROVED: Entry = Entry::new(
    "No stream was proved to come through, and no rule explains what was seen; most likely the time was up.",
    "probe again with a longer --timeout; if it stays so, report it with the output of --json",
    &[],
);

pub(super) const NAME_UNKNOWN: Entry = Entry::new(
    "The name has no address.",
    "check the spelling; make a record of type A or AAAA at the domain's DNS; to try before it is there: --resolve HOST:PORT:ADDRESS",
    &[],
);

pub(super) const NOT_LISTENING: Entry = Entry::new(
    "Nothing listens at this address and port: the connection was refused.",
    "start the server or proxy, and check its port and address: 127.0.0.1 is reached from the same machine only, 0.0.0.0 from everywhere",
    &[],
);

pub(super) const UNREACHABLE: Entry = Entry::new(
    "No connection comes about: a firewall drops it, or no way leads to the address.",
    "open the port in the firewall or security group; check the address",
    &[],
);

pub(super) const ADDRESS_DEAD: Entry = Entry::new(
    "The name has another address that does not answer, and clients may try it first and wait.",
    "let the server listen there, too, or take the address out of the DNS",
    &[],
);

pub(super) const BLACK_HOLE: Entry = Entry::new(
    "The connection is accepted, and nothing ever answers.",
    "look at what listens there: a proxy whose server hangs, a program that is stopped, a port of another protocol",
    &[(Iisnode, "look into the logs beside the site: the guest accepts the pipe and does not answer")],
);

pub(super) const TLS_SELF_SIGNED: Entry = Entry::new(
    "The certificate signed itself; browsers refuse it.",
    "get one from an authority (Let's Encrypt, for example); for a trial: --insecure",
    &[(Caddy, "name a public host in the Caddyfile, and remove tls internal")],
);

pub(super) const TLS_EXPIRED: Entry = Entry::new(
    "The certificate is not valid at this time.",
    "renew it, and let the server load it again; check the clocks",
    &[
        (Nginx, "renew it, then nginx -s reload"),
        (Apache, "renew it, then apachectl graceful"),
        (Haproxy, "renew it, then reload haproxy"),
        (Iis, "renew it, and choose it in the site's https binding"),
    ],
);

pub(super) const TLS_EXPIRES_SOON: Entry = Entry::new(
    "The certificate should have been renewed by now.",
    "look at why its renewal does not run",
    &[],
);

pub(super) const TLS_WRONG_NAME: Entry = Entry::new(
    "The certificate is for other names than the one in the URL.",
    "use a name that is in the certificate, or get one for this name",
    &[
        (Nginx, "check server_name: a request for an unknown name gets the first server block's certificate"),
        (Iis, "set the host name in the https binding, with Server Name Indication"),
    ],
);

pub(super) const TLS_UNTRUSTED: Entry = Entry::new(
    "No root of this system vouches for the certificate: an intermediate certificate is missing, or the authority is a private one.",
    "let the server send the whole chain (fullchain.pem); for a private authority, install its root",
    &[
        (Nginx, "ssl_certificate must name the file with the whole chain (fullchain.pem)"),
        (Apache, "SSLCertificateFile must name the file with the whole chain (fullchain.pem)"),
    ],
);

pub(super) const TLS_OTHER: Entry = Entry::new(
    "TLS did not come about.",
    "look at the server's versions of TLS (1.2 or 1.3 are needed) and its log",
    &[],
);

pub(super) const TLS_TO_PLAIN: Entry = Entry::new(
    "https was asked for, and the port speaks plain HTTP.",
    "use http in the URL, or the port that speaks TLS; or turn TLS on at this port",
    &[(Nginx, "listen … ssl; in the server block")],
);

pub(super) const PLAIN_TO_TLS: Entry = Entry::new(
    "http was asked for, and the port speaks TLS.",
    "use https in the URL, or the port that speaks plain HTTP",
    &[],
);

pub(super) const NO_ANSWER: Entry = Entry::new(
    "The connection was closed before any answer.",
    "look into the log of what listens there",
    &[],
);

pub(super) const SLOW_ANSWER: Entry = Entry::new(
    "The answer did not come, or did not end, in time.",
    "look at the server's load; probe again with a longer --timeout",
    &[],
);

pub(super) const GARBAGE: Entry = Entry::new(
    "What came is not what the protocol asks for.",
    "look at what else may listen there or change what passes",
    &[],
);

pub(super) const HTTP_1_0: Entry = Entry::new(
    "HTTP/1.0 is spoken on the way, which knows neither upgrades nor chunks.",
    "let the proxy speak HTTP/1.1 to the server",
    &[
        (Nginx, "in the location: proxy_http_version 1.1;"),
        (Apache, "remove force-proxy-request-1.0 and proxy-nokeepalive"),
    ],
);

pub(super) const REDIRECT_LOOP: Entry = Entry::new(
    "Redirects lead in a circle, or on and on.",
    "behind a proxy that ends TLS, let the server not redirect to https by itself; let one side only add the last slash",
    &[(
        Nginx,
        "check return and rewrite in this server block; proxy_redirect off; if the server's redirects are right already",
    )],
);

pub(super) const BAD_REDIRECT: Entry =
    Entry::new("A redirect leads nowhere.", "look at which rule writes this Location", &[]);

pub(super) const NOT_DANTE: Entry = Entry::new(
    "Something answers, and it is not Dante's page.",
    "check host and path; to probe another Socket.IO server: --socketio /socket.io/",
    &[],
);

pub(super) const PAGE_REFUSED: Entry = Entry::new(
    "The page is refused.",
    "if it asks for credentials: --header 'Authorization: …'; otherwise look at the host's rules for who may see it",
    &[],
);

pub(super) const PREFIX_MISMATCH: Entry = Entry::new(
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
);

pub(super) const IISNODE_ERROR_200: Entry = Entry::new(
    "iisnode shows an error page with status 200: its guest did not start or has ended.",
    "look at the page's text and the logs; set devErrorsEnabled=\"false\", so that errors are errors",
    &[(
        Iisnode,
        "nodeProcessCommandLine must be the absolute path of dante.exe in quotes; look into the folder logs; devErrorsEnabled=\"false\" makes errors errors",
    )],
);

pub(super) const GUEST_NOT_STARTED: Entry = Entry::new(
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
        (HttpPlatform, "processPath must lead to dante.exe; turn stdoutLogEnabled on and look into its log"),
        (
            AspNetCore,
            "processPath must lead to dante.exe, hostingModel=\"OutOfProcess\"; stdoutLogEnabled=\"true\" shows why it ends",
        ),
        (
            Azure,
            "look at the log stream; the container must listen on the port in WEBSITES_PORT within 230 s",
        ),
    ],
);

pub(super) const HOSTING_UNREADABLE: Entry = Entry::new(
    "The page is Dante's, and hosting.json beside it cannot be read.",
    "let the host pass everything below the prefix, not only the page; an older Dante has no hosting.json",
    &[],
);

pub(super) const LIBRARY_MISSING: Entry = Entry::new(
    "The page's client library does not come.",
    "let the host pass everything below socket.io/ to Dante, scripts, too",
    &[
        (Nginx, "a location for .js files takes the request: location ^~ /dante/ outranks it"),
        (Iis, "a handler for static files takes the request: the rewrite rule must match .*"),
    ],
);

pub(super) const WRONG_LIBRARY_VERSION: Entry = Entry::new(
    "The client library is not the one that the page asks for, or too old for the server.",
    "let caches keep the query of a URL apart; let all nodes run one version",
    &[],
);

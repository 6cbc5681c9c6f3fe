//! Of the way to the page: name, TCP, TLS, HTTP, page and client library.

use super::{Entry, entry_of};
use crate::probe::front_proxy::FrontProxy::{
    Apache, AspNetCore, Azure, Caddy, Haproxy, HttpPlatform, Iis, Iisnode, Nginx,
};

pub(super) const ALL: &[Entry] = &[
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
];

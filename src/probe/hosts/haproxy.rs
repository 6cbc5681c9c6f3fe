//! HAProxy.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

/// docs.haproxy.org, configuration manual: none of these has a default; `tunnel` holds after an upgrade, the others before.
const PATIENCE: Remedy = Remedy::paste(
    "in the defaults section:",
    &["timeout client 10m", "timeout server 10m", "timeout tunnel 10m"],
);

const SERVER: &[&str] = &["server dante 127.0.0.1:8888"];

/// By address, since clients other than browsers keep no cookies; as in the recipe.
const STICKY: Remedy = Remedy::paste("in the backend:", &["balance source", "hash-type consistent"]);

const EVERYTHING: Remedy = Remedy::text(
    "use_backend … if { path_beg {prefix}/ }: with path instead of path_beg, only the page passes",
);

const RULES: &str = "look for http-request deny, reject and return in the frontend and the backend";

const OVER_HTTP_1: Remedy =
    Remedy::text("alpn http/1.1 on the bind line turns HTTP/2 off; the log says how such a request ended");

const HAPROXY: &[(VerdictId, Remedy)] = &[
    (VerdictId::TlsExpired, Remedy::text("renew it, then reload haproxy")),
    (
        VerdictId::TlsUntrusted,
        Remedy::text("the file of crt must have the whole chain (fullchain.pem) and the key"),
    ),
    (
        VerdictId::TlsTooOld,
        Remedy::paste("in the global section:", &["ssl-default-bind-options ssl-min-ver TLSv1.2"]),
    ),
    (
        VerdictId::TlsUnknownName,
        Remedy::text(
            "add a certificate for this name to crt or crt-list, or remove strict-sni from the bind line",
        ),
    ),
    (VerdictId::TlsClientCertificate, Remedy::text("remove verify required from the bind line")),
    (VerdictId::Http2Only, Remedy::text("on the bind line: alpn h2,http/1.1, and without proto h2")),
    // docs.haproxy.org, bind, alpn: before 2.8 none is announced unless it is named.
    (VerdictId::Http2Missing, Remedy::text("alpn h2,http/1.1 on the bind line with ssl turns HTTP/2 on")),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (VerdictId::Http2RequestFails, OVER_HTTP_1),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (VerdictId::Http2Cut, OVER_HTTP_1),
    // docs.haproxy.org, configuration manual: it stops the announcement of WebSocket over HTTP/2.
    (
        VerdictId::ExtendedConnectRefused,
        Remedy::paste("in the global section:", &["h2-workaround-bogus-websocket-clients"]),
    ),
    (
        VerdictId::RedirectLosesPort,
        Remedy::text("look for http-request redirect: a location that starts with / or ./ keeps the port"),
    ),
    (
        VerdictId::RedirectLosesHttps,
        Remedy::text("look for http-request redirect: a location that starts with / or ./ keeps https"),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("look for http-request auth, and exempt this path: unless { path_beg {prefix}/ }"),
    ),
    (VerdictId::BlockedByFirewall, Remedy::text(RULES)),
    (VerdictId::PageRefused, Remedy::text(RULES)),
    (VerdictId::UserAgentRefused, Remedy::text(RULES)),
    (
        VerdictId::AnswersAlternate,
        Remedy::paste(
            "in the backend: take out what is not {app}; these lines skip a server that does not answer",
            &["option httpchk GET {prefix}/hosting.json", "option redispatch 1", "default-server check"],
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text(
            "look for track-sc and sc_http_req_rate in the frontend; raise the rate, or exempt this path: unless { path_beg {prefix}/ }; a 503 may also come from maxconn on the server line",
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::paste(
            "in the backend, a higher maxconn or none: each reader keeps a connection open (and look for sc_conn_cur in the frontend)",
            &["server dante 127.0.0.1:8888 maxconn 10000"],
        ),
    ),
    (
        VerdictId::StaleAnswer,
        Remedy::text("remove http-request cache-use and http-response cache-store from this backend"),
    ),
    (
        VerdictId::EngineCached,
        Remedy::text("remove http-request cache-use and http-response cache-store from this backend"),
    ),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in the backend, to strip the prefix (otherwise start dante --prefix {prefix}):",
            &["http-request replace-path {prefix}(/.*)? \\1"],
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste(
            "in the backend, to strip the prefix without its slash:",
            &["http-request replace-path {prefix}(/.*)? \\1"],
        ),
    ),
    (
        VerdictId::UrlDecoded,
        Remedy::text("look for url_dec in http-request set-path, set-uri and replace-path"),
    ),
    (VerdictId::QueryLost, Remedy::text("look for http-request set-query, set-uri and replace-uri")),
    (
        VerdictId::HostHeaderLost,
        Remedy::text("look for http-request set-header, add-header and del-header with Host"),
    ),
    (
        VerdictId::ProxyProtocol,
        Remedy::paste("in the backend, without send-proxy and send-proxy-v2:", SERVER),
    ),
    (
        VerdictId::TlsToServer,
        Remedy::paste("in the backend, without ssl: like most servers, {app} speaks plain HTTP/1.1", SERVER),
    ),
    (VerdictId::Http2ToServer, Remedy::paste("in the backend, without proto h2 and alpn h2:", SERVER)),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in the backend: it must point to where {app} listens, without ssl and proto h2 (like most servers, {app} speaks plain HTTP/1.1); the log says why a health check failed",
            SERVER,
        ),
    ),
    (VerdictId::GuestTooSlow, Remedy::paste("in the defaults section:", &["timeout server 10m"])),
    (VerdictId::OriginTlsFailed, Remedy::paste("in the backend, without ssl:", SERVER)),
    (VerdictId::NoSocketio, EVERYTHING),
    (
        VerdictId::BlockedByCsp,
        Remedy::paste(
            "in the backend, and without http-response add-header Content-Security-Policy:",
            &["http-response set-header Content-Security-Policy \"default-src 'self'\""],
        ),
    ),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::HostingUnreadable, EVERYTHING),
    (
        VerdictId::FilesMissing,
        Remedy::text(
            "look for use_backend … if { path_end .js .css } or { path_beg /static }: the rule of {app} must come before it: use_backend … if { path_beg {prefix}/ }",
        ),
    ),
    (VerdictId::HtmlInsteadOfFile, EVERYTHING),
    (
        VerdictId::FileTypeRefused,
        Remedy::text("look for http-response set-header Content-Type in the frontend and the backend"),
    ),
    (VerdictId::NoStickiness, STICKY),
    (VerdictId::StickinessByCookie, STICKY),
    (
        VerdictId::CookieNotReturned,
        Remedy::paste(
            "in the backend, without domain, and with secure only where the page comes over https:",
            &["cookie dante insert indirect nocache httponly"],
        ),
    ),
    (VerdictId::PostRefused, Remedy::text(RULES)),
    // HAProxy's manual, option http-buffer-request: it waits for the whole body, or for a full buffer.
    (
        VerdictId::RequestBuffered,
        Remedy::paste(
            "nothing, unless the server has to read a body while it is sent; then, in the backend:",
            &["no option http-buffer-request"],
        ),
    ),
    (
        VerdictId::UpgradeStripped,
        Remedy::text(
            "HAProxy passes upgrades on by default: look for option httpclose, http-request del-header, and HTTP/2 to the server (proto h2)",
        ),
    ),
    (VerdictId::WebsocketForbidden, Remedy::text(RULES)),
    (
        VerdictId::DeflateBroken,
        Remedy::paste("in the backend:", &["http-request del-header Sec-WebSocket-Extensions"]),
    ),
    (
        VerdictId::DeflateOfferRefused,
        Remedy::paste("in the backend:", &["http-request del-header Sec-WebSocket-Extensions"]),
    ),
    // docs.haproxy.org, configuration manual: wait-for-body waits for so many bytes, or for a full buffer; filters may hold on to what they
    // read; http-no-delay is for servers that send small pieces.
    (
        VerdictId::Buffered,
        Remedy::paste(
            "remove http-response wait-for-body, which waits for the whole answer, from the frontend and the backend, or add to it unless { res.hdr(content-type) -m beg text/event-stream }; look for filters (compression, lua) that collect answers; then, in the backend:",
            &["option http-no-delay"],
        ),
    ),
    (
        VerdictId::CompressedStream,
        Remedy::paste(
            "in the backend, where compression is on:",
            &["compression type text/html text/css text/javascript"],
        ),
    ),
    (
        VerdictId::AgeCut,
        Remedy::text(
            "HAProxy has no such limit, except hard-stop-after when it is reloaded; look at what stands before and behind it",
        ),
    ),
    (VerdictId::IdleCut, PATIENCE),
    (
        VerdictId::CorsBlocked,
        Remedy::paste(
            "in the backend: the server compares a page's origin with this and with Host, which HAProxy keeps",
            &["http-request set-header X-Forwarded-Proto https if { ssl_fc }"],
        ),
    ),
    // docs.haproxy.org, configuration manual: add-header keeps what is there, set-header does not; rules run in their order.
    (
        VerdictId::CorsDoubled,
        Remedy::paste(
            "let only one set it: remove http-response add-header for it, or keep it and drop the server's before it, in the backend:",
            &[
                "http-response del-header Access-Control-Allow-Origin",
                "http-response del-header Access-Control-Allow-Credentials",
            ],
        ),
    ),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: HAPROXY,
    limits: &[Limit::new(
        Wait::Silence,
        50,
        "timeout client, timeout server (Debian's haproxy.cfg)",
        "/etc/haproxy/haproxy.cfg of Debian 12; without them there is no limit",
    )],
    recipe: Some(Recipe::Haproxy),
    tried: Some("2.6"),
    ..Profile::new(
        Host::Haproxy,
        "HAProxy",
        Role::Proxy,
        &[
            // It writes its name nowhere, but its pages have always the same words (src/http.c, `http_err_msgs`; 400 and 503
            // tried: 2.6).
            Sign::Words("</h1>\nYour browser sent an invalid request.\n</body></html>"),
            Sign::Words("</h1>\nYou need a valid user and password to access this content.\n</body></html>"),
            Sign::Words("</h1>\nRequest forbidden by administrative rules.\n</body></html>"),
            Sign::Words("</h1>\nThe resource could not be found.\n</body></html>"),
            Sign::Words("</h1>\nYour browser didn't send a complete request in time.\n</body></html>"),
            Sign::Words("</h1>\nYou have sent too many requests in a given amount of time.\n</body></html>"),
            Sign::Words("</h1>\nAn internal server error occurred.\n</body></html>"),
            Sign::Words("</h1>\nThe server returned an invalid or incomplete response.\n</body></html>"),
            Sign::Words("</h1>\nNo server is available to handle this request.\n</body></html>"),
            Sign::Words("</h1>\nThe server didn't respond in time.\n</body></html>"),
        ],
    )
}];

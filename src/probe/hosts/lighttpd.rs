//! lighttpd.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// redmine.lighttpd.net, mod_proxy: off by default (tried: 1.4.69).
const UPGRADE: Remedy = Remedy::paste(
    "in lighttpd.conf, where the proxy.server of {app} is:",
    &["proxy.header += ( \"upgrade\" => \"enable\" )"],
);

/// Whole answers are gathered by default (tried).
const STREAM: Remedy = Remedy::paste("in lighttpd.conf:", &["server.stream-response-body = 2"]);

const PATIENCE: Remedy =
    Remedy::paste("in lighttpd.conf:", &["server.max-read-idle = 600", "server.max-write-idle = 600"]);

const BACKEND: &[&str] = &["proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8888 ) ) )"];

const STICKY: Remedy =
    Remedy::paste("in lighttpd.conf, where the proxy.server of {app} is:", &["proxy.balance = \"sticky\""]);

const STRIP: &[&str] = &["proxy.header += ( \"map-urlpath\" => ( \"{prefix}/\" => \"/\" ) )"];

const LIGHTTPD: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::TlsUntrusted,
        Remedy::text("ssl.pemfile must name the file with the whole chain (fullchain.pem)"),
    ),
    (
        VerdictId::TlsTooOld,
        Remedy::paste(
            "in lighttpd.conf:",
            &["ssl.openssl.ssl-conf-cmd = ( \"MinProtocol\" => \"TLSv1.2\" )"],
        ),
    ),
    (
        VerdictId::TlsClientCertificate,
        Remedy::paste("in lighttpd.conf:", &["ssl.verifyclient.activate = \"disable\""]),
    ),
    (VerdictId::Http10, Remedy::text("remove \"force-http10\" from proxy.header")),
    (VerdictId::CredentialsRequired, Remedy::text("take this path out of auth.require")),
    (
        VerdictId::PageRefused,
        Remedy::text("look for url.access-deny, and for conditions around the proxy.server of {app}"),
    ),
    (
        VerdictId::AnswersAlternate,
        Remedy::text("look at each host in proxy.server: take out what is not {app}, or is dead"),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("raise evasive.max-conns-per-ip, and look for mod_magnet's scripts"),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::paste(
            "in lighttpd.conf (and raise evasive.max-conns-per-ip):",
            &["server.max-connections = 4096", "server.max-fds = 8192"],
        ),
    ),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in lighttpd.conf, where the proxy.server of {app} is, to strip the prefix (otherwise start dante --prefix {prefix}):",
            STRIP,
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste(
            "in lighttpd.conf, where the proxy.server of {app} is, both sides with a slash at the end:",
            STRIP,
        ),
    ),
    (
        VerdictId::UrlDecoded,
        Remedy::text("look for server.http-parseopts: url-path-2f-decode and url-normalize change the path"),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::paste(
            "in lighttpd.conf: it must point to where {app} listens (like most servers, {app} speaks plain HTTP/1.1)",
            BACKEND,
        ),
    ),
    (VerdictId::GuestTooSlow, PATIENCE),
    (VerdictId::TlsToServer, Remedy::paste("in lighttpd.conf, the port where {app} listens:", BACKEND)),
    (VerdictId::NoStickiness, STICKY),
    (VerdictId::StickinessByCookie, STICKY),
    (VerdictId::PostRefused, Remedy::text("look for conditions on $HTTP[\"request-method\"]")),
    (VerdictId::BodyLimit, Remedy::paste("in lighttpd.conf (in KB):", &["server.max-request-size = 2048"])),
    // lighttpd's wiki, server.stream-request-body: 0 by default, which waits for the whole body.
    (
        VerdictId::RequestBuffered,
        Remedy::paste(
            "nothing, unless the server has to read a body while it is sent; then, in lighttpd.conf:",
            &["server.stream-request-body = 2"],
        ),
    ),
    (VerdictId::UpgradeStripped, UPGRADE),
    (VerdictId::UpgradeUnanswered, UPGRADE),
    (VerdictId::Buffered, STREAM),
    (VerdictId::Silent, STREAM),
    (
        VerdictId::CompressedStream,
        Remedy::text(
            "take text/event-stream out of deflate.mimetypes, and name whole types instead of text/",
        ),
    ),
    (VerdictId::IdleCut, PATIENCE),
];

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: LIGHTTPD,
    limits: &[
        Limit::new(Wait::Silence, 60, "server.max-read-idle", "redmine.lighttpd.net, server.max-read-idle"),
        Limit::new(
            Wait::Silence,
            360,
            "server.max-write-idle",
            "redmine.lighttpd.net, server.max-write-idle",
        ),
    ],
    tried: Some("1.4.69"),
    ..Profile::new(
        Host::Lighttpd,
        "lighttpd",
        Role::Proxy,
        &[
            // Where the server sends none (tried: 1.4.69). Its own pages have no name in them.
            Sign::Server("lighttpd"),
        ],
    )
}];

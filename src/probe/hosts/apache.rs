//! Apache httpd.

use super::{Host, Profile, Role, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: &[
        (VerdictId::TlsExpired, Remedy::text("renew it, then apachectl graceful")),
        (
            VerdictId::TlsUntrusted,
            Remedy::text("SSLCertificateFile must name the file with the whole chain (fullchain.pem)"),
        ),
        (VerdictId::Http10, Remedy::text("remove force-proxy-request-1.0 and proxy-nokeepalive")),
        (
            VerdictId::PrefixMismatch,
            Remedy::text(
                "ProxyPass /dante/ http://127.0.0.1:8888/dante/ keeps the prefix (dante --prefix /dante); both sides must end in a slash",
            ),
        ),
        (
            VerdictId::GuestNotStarted,
            Remedy::text(
                "ProxyPass must point to where dante listens; with SELinux: setsebool -P httpd_can_network_connect 1",
            ),
        ),
        (
            VerdictId::NoStickiness,
            Remedy::text(
                "BalancerMember … route=…, ProxySet stickysession=ROUTEID, and a Header line that sets the cookie",
            ),
        ),
        (
            VerdictId::UpgradeStripped,
            Remedy::text("a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)"),
        ),
        (
            VerdictId::UpgradeRefused,
            Remedy::text("a rewrite to ws:// needs proxy_wstunnel; error.log says why"),
        ),
        (
            VerdictId::ClosedAfter101,
            Remedy::text("a2enmod proxy_wstunnel (or ProxyPass … upgrade=websocket from Apache 2.4.47 on)"),
        ),
        (VerdictId::DeflateOfferRefused, Remedy::text("RequestHeader unset Sec-WebSocket-Extensions")),
        (
            VerdictId::Buffered,
            Remedy::text("ProxyPass … flushpackets=on; no mod_deflate, no mod_buffer on these paths"),
        ),
        (VerdictId::CompressedStream, Remedy::text("SetEnvIf Request_URI /sse/ no-gzip")),
        (VerdictId::EarlyEnd, Remedy::text("ProxyTimeout 3600, or timeout=3600 on ProxyPass")),
        (VerdictId::IdleCut, Remedy::text("ProxyTimeout 3600 (it must be above 45 s)")),
        (VerdictId::CorsBlocked, Remedy::text("ProxyPreserveHost On")),
    ],
    ..Profile::new(
        Host::Apache,
        "Apache",
        Role::Proxy,
        &[
            // Where the server sends none; another name is passed on (tried: 2.4.71).
            Sign::Server("apache/"),
            Sign::Words("<address>Apache"),
            // modules/http/http_protocol.c, `get_canned_error_string` (tried).
            Sign::Words("<p>Your browser sent a request that this server could not understand.<br />"),
            Sign::Words(
                "<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems.",
            ),
            Sign::Words("<p>The proxy server received an invalid"),
            Sign::Words("<p>The requested URL was not found on this server.</p>"),
            Sign::Words("<p>The gateway did not receive a timely response"),
        ],
    )
}];

//! HAProxy.

use super::{Host, Profile, Role, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: &[
        (VerdictId::TlsExpired, Remedy::text("renew it, then reload haproxy")),
        (
            VerdictId::PrefixMismatch,
            Remedy::text(
                "http-request replace-path /dante(/.*)? \\1 strips the prefix; otherwise start dante --prefix /dante",
            ),
        ),
        (
            VerdictId::GuestNotStarted,
            Remedy::text("server must point to where dante listens; its health check says why it is down"),
        ),
        (
            VerdictId::NoStickiness,
            Remedy::text(
                "in the backend: cookie dante insert indirect nocache, and cookie … on each server line",
            ),
        ),
        (
            VerdictId::UpgradeStripped,
            Remedy::text(
                "HAProxy passes upgrades on by default: look for option httpclose, http-request del-header, or HTTP/2 to the server",
            ),
        ),
        (VerdictId::Buffered, Remedy::text("no option http-buffer-request, no compression on these paths")),
        (VerdictId::CompressedStream, Remedy::text("compression type without text/event-stream")),
        (VerdictId::EarlyEnd, Remedy::text("timeout tunnel 1h, timeout server above 45s")),
        (
            VerdictId::IdleCut,
            Remedy::text("timeout tunnel 1h for WebSocket; timeout server above 45s for polling"),
        ),
    ],
    ..Profile::new(
        Host::Haproxy,
        "HAProxy",
        Role::Proxy,
        &[
            // It writes its name nowhere, but its pages have always the same words (src/http.c, `http_err_msgs`; 400 and 503 tried: 2.6).
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
            Sign::Via("haproxy"),
        ],
    )
}];

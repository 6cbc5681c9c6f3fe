//! Caddy.

use super::{
    Host, Profile, Role,
    signs::{Refusal, Sign},
};
use crate::probe::verdicts::{Remedy, VerdictId};

pub(super) const HOSTS: &[Profile] = &[Profile {
    remedies: &[
        (
            VerdictId::TlsSelfSigned,
            Remedy::text("use a public host name in the Caddyfile, and remove tls internal"),
        ),
        (
            VerdictId::PrefixMismatch,
            Remedy::text("handle /dante/* keeps the prefix (dante --prefix /dante); handle_path strips it"),
        ),
        (VerdictId::GuestNotStarted, Remedy::text("reverse_proxy must point to where dante listens")),
        (VerdictId::NoStickiness, Remedy::text("in reverse_proxy: lb_policy cookie")),
        (
            VerdictId::UpgradeStripped,
            Remedy::text(
                "reverse_proxy passes upgrades on by default: look for a header_up that removes Upgrade or Connection",
            ),
        ),
        (VerdictId::Buffered, Remedy::text("in reverse_proxy: flush_interval -1; no encode on these paths")),
        (VerdictId::CompressedStream, Remedy::text("use encode only for paths that are not streams")),
        (
            VerdictId::IdleCut,
            Remedy::text(
                "read_timeout and stream_timeout in the transport: remove them, or set them above 45 s",
            ),
        ),
    ],
    ..Profile::new(
        Host::Caddy,
        "Caddy",
        Role::Proxy,
        &[
            // From 2.10 on in `Via` of what it passes on, before that in a `Server` of its own beside the server's (tried: 2.6, 2.11). Its `Via`
            // stands before those of servers behind it, so it tells no order: it is a header like another here.
            Sign::Server("caddy"),
            Sign::Header("via", "caddy"),
            // tls internal (caddyserver.com/docs/automatic-https).
            Sign::Certificate("caddy local authority"),
            // It is written in Go (tried).
            Sign::Malformed(Refusal::StatusLine),
        ],
    )
}];

//! nginx, and what is made of it.

use super::{Host, Profile, Role, ServerHeader, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        remedies: &[
            (VerdictId::TlsExpired, Remedy::text("renew it, then nginx -s reload")),
            (
                VerdictId::TlsWrongName,
                Remedy::text(
                    "check server_name: requests for an unknown name get the certificate of the first server block",
                ),
            ),
            (
                VerdictId::TlsUntrusted,
                Remedy::text("ssl_certificate must name the file with the whole chain (fullchain.pem)"),
            ),
            (VerdictId::TlsToPlain, Remedy::text("listen … ssl; in the server block")),
            (VerdictId::Http10, Remedy::text("in the location: proxy_http_version 1.1;")),
            (
                VerdictId::RedirectLoop,
                Remedy::text(
                    "check return and rewrite in this server block; set proxy_redirect off; if the server's redirects are already right",
                ),
            ),
            (
                VerdictId::PrefixMismatch,
                Remedy::text(
                    "location /dante/ { proxy_pass http://127.0.0.1:8888; } keeps the prefix (dante --prefix /dante); a slash at the end of proxy_pass strips it",
                ),
            ),
            (
                VerdictId::GuestNotStarted,
                Remedy::text(
                    "proxy_pass must point to where dante listens; nginx's error.log says what it tried",
                ),
            ),
            (
                VerdictId::LibraryMissing,
                Remedy::text(
                    "a location for .js files takes the request: location ^~ /dante/ takes precedence",
                ),
            ),
            (VerdictId::NoSocketio, Remedy::text("the location must cover /socket.io/ below the prefix")),
            (
                VerdictId::HtmlInsteadOfHandshake,
                Remedy::text(
                    "try_files or another location takes the request: give /socket.io/ a location of its own",
                ),
            ),
            (
                VerdictId::NoStickiness,
                Remedy::text("in the upstream: hash $remote_addr consistent; or ip_hash;"),
            ),
            (
                VerdictId::UpgradeStripped,
                Remedy::text(
                    "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";",
                ),
            ),
            (
                VerdictId::UpgradeRefused,
                Remedy::text("error.log says why; proxy_pass must point to where dante listens"),
            ),
            (
                VerdictId::ClosedAfter101,
                Remedy::text(
                    "in the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";",
                ),
            ),
            (VerdictId::DeflateOfferRefused, Remedy::text("proxy_set_header Sec-WebSocket-Extensions \"\";")),
            (
                VerdictId::Buffered,
                Remedy::text(
                    "in the location: proxy_buffering off; (and no proxy_ignore_headers X-Accel-Buffering)",
                ),
            ),
            (
                VerdictId::CompressedStream,
                Remedy::text("gzip_types without text/event-stream, or gzip off; in the location"),
            ),
            (VerdictId::EarlyEnd, Remedy::text("proxy_read_timeout 1h;")),
            (
                VerdictId::IdleCut,
                Remedy::text("proxy_read_timeout 1h; (60 s by default; it must be above 45 s)"),
            ),
            (VerdictId::CorsBlocked, Remedy::text("proxy_set_header Host $http_host;")),
        ],
        ..Profile::new(
            Host::Nginx,
            "nginx",
            Role::Proxy,
            &[
                // In every answer, whatever the server sent (tried: 1.22, 1.31).
                Sign::Server("nginx"),
                // ngx_http_special_response.c writes its name below each of its own pages (tried).
                Sign::Words("<hr><center>nginx"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        like: Some(Host::Nginx),
        ..Profile::new(
            Host::OpenResty,
            "OpenResty",
            Role::Proxy,
            &[
                // As nginx, under its own name (openresty.org; not run here).
                Sign::Server("openresty"),
                Sign::Words("<hr><center>openresty"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        instead_of: &[Host::Nginx],
        ..Profile::new(
            Host::IngressNginx,
            "ingress-nginx",
            Role::Proxy,
            &[
                // Its certificate where none is given (ingress-nginx docs, user-guide/tls.md; not run here).
                Sign::Certificate("kubernetes ingress controller fake certificate"),
                // The default name of its affinity cookie (user-guide/nginx-configuration/annotations.md, Session Affinity).
                Sign::Cookie("INGRESSCOOKIE="),
                // The default backend of Kubernetes (ingress-nginx docs, user-guide/default-backend.md).
                Sign::Words("default backend - 404"),
            ],
        )
    },
    Profile {
        instead_of: &[Host::OpenResty, Host::Nginx],
        ..Profile::new(
            Host::Kong,
            "Kong Gateway",
            Role::Proxy,
            &[
                // docs.konghq.com, kong.conf `headers`: what it adds to answers by default (not run here).
                Sign::Header("x-kong-upstream-latency", ""),
                Sign::Header("x-kong-proxy-latency", ""),
                Sign::Via("kong/"),
                Sign::Own("server", "kong/"),
                // Where no route fits (docs.konghq.com, Routes).
                Sign::Words("no Route matched with those values"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        instead_of: &[Host::OpenResty, Host::Nginx],
        ..Profile::new(
            Host::ApiSix,
            "Apache APISIX",
            Role::Proxy,
            &[
                // apisix.apache.org: `Server: APISIX/3.x`, and its answer where no route fits (not run here).
                Sign::Server("apisix"),
                Sign::Words("404 Route Not Found"),
            ],
        )
    },
];

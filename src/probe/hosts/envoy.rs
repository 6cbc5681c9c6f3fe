//! Envoy, and Istio, which is made of it.

use super::{Host, Limit, Profile, Role, ServerHeader, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// envoyproxy.io, HTTP upgrades: refused with 403 unless they are named (tried: 1.40).
const UPGRADE: Remedy =
    Remedy::paste("in the HTTP connection manager:", &["upgrade_configs:", "- upgrade_type: websocket"]);

/// envoyproxy.io, FAQ, "How do I configure timeouts?": a route's timeout holds for the whole answer, 15 s by default.
const ROUTE_TIME: Remedy = Remedy::paste("in the route's action (route:):", &["timeout: 0s"]);

const IDLE_TIME: Remedy =
    Remedy::paste("in the route's action (route:):", &["timeout: 0s", "idle_timeout: 600s"]);

const STICKY: Remedy = Remedy::paste(
    "by the client's address:",
    &[
        "# in the cluster:",
        "lb_policy: MAGLEV",
        "# in the route's action (route:):",
        "hash_policy:",
        "- connection_properties: { source_ip: true }",
    ],
);

const CLUSTER: Remedy = Remedy::text(
    "the cluster's endpoint must be where {app} listens, without transport_socket and http2_protocol_options: like most servers, {app} speaks plain HTTP/1.1",
);

const EVERYTHING: Remedy = Remedy::text(
    "the route must match prefix: \"{prefix}/\", which takes everything below it; path: takes only the page",
);

const OVER_HTTP_1: Remedy = Remedy::text(
    "alpn_protocols: [http/1.1] turns HTTP/2 off; response flags in the access log say how such a request ended",
);

/// envoyproxy/envoy#8547, closed as stale, and #46959, open in August 2026: on the way from HTTP/2 to HTTP/1.1, Envoy makes an upgrade of an
/// extended CONNECT, and adds no Sec-WebSocket-Key (tried: 1.40; Dante's engine answers 400, its plain WebSocket 426 with the reason). With a
/// key both work; nobody checks what is made of it, since HTTP/2 has no such exchange (RFC 8441, 5).
const OVER_HTTP_2_WITHOUT_KEY: Remedy = Remedy::paste(
    "remove allow_connect from http2_protocol_options of the listener: browsers then use HTTP/1.1 for WebSocket. A server of HTTP/1.1 gets no Sec-WebSocket-Key from Envoy, and refuses (envoyproxy/envoy#8547); if WebSocket over HTTP/2 is wanted, add one, in http_filters before the router:",
    &[
        "- name: envoy.filters.http.lua",
        "  typed_config:",
        "    \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "    default_source_code:",
        "      inline_string: |",
        "        function envoy_on_request(handle)",
        "          local headers = handle:headers()",
        "          if headers:get(\"upgrade\") == \"websocket\" and not headers:get(\"sec-websocket-key\") then",
        "            headers:add(\"sec-websocket-key\", \"dGhlIHNhbXBsZSBub25jZQ==\")",
        "          end",
        "        end",
    ],
);

const ENVOY: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::TlsTooOld,
        Remedy::text(
            "in the listener's common_tls_context: tls_params: { tls_minimum_protocol_version: TLSv1_2 }",
        ),
    ),
    (
        VerdictId::TlsUntrusted,
        Remedy::text("certificate_chain must name the file with the whole chain (fullchain.pem)"),
    ),
    (VerdictId::TlsUnknownName, Remedy::text("add a filter chain whose server_names have this name")),
    (
        VerdictId::TlsClientCertificate,
        Remedy::text("remove require_client_certificate from the listener's TLS context"),
    ),
    (VerdictId::Http2Only, Remedy::text("codec_type: AUTO, and alpn_protocols: [h2, http/1.1]")),
    (
        VerdictId::Http2Missing,
        Remedy::text(
            "alpn_protocols: [h2, http/1.1] in the listener's common_tls_context, and codec_type: AUTO, turn HTTP/2 on",
        ),
    ),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (VerdictId::Http2RequestFails, OVER_HTTP_1),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (
        VerdictId::Http2Cut,
        Remedy::text(
            "look at max_connection_duration, max_requests_per_connection and max_stream_duration in common_http_protocol_options",
        ),
    ),
    (VerdictId::ExtendedConnectRefused, OVER_HTTP_2_WITHOUT_KEY),
    (
        VerdictId::ExtendedConnectMissing,
        Remedy::text(
            "nothing, if HTTP/1.1 is spoken, too: codec_type: AUTO, and alpn_protocols: [h2, http/1.1]; browsers then use that for WebSocket",
        ),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("turn off jwt_authn or ext_authz for this route (typed_per_filter_config)"),
    ),
    (VerdictId::PageRefused, Remedy::text("look at the filter envoy.filters.http.rbac and its policies")),
    (
        VerdictId::AnswersAlternate,
        Remedy::paste(
            "in the cluster: take out what is not {app}; a health check skips an endpoint that does not answer",
            &[
                "health_checks:",
                "- timeout: 5s",
                "  interval: 10s",
                "  unhealthy_threshold: 2",
                "  healthy_threshold: 1",
                "  http_health_check: { path: \"{prefix}/hosting.json\" }",
            ],
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text(
            "raise the token bucket of envoy.filters.http.local_ratelimit, or turn it off for this route",
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::paste(
            "in the cluster; each reader keeps a connection open:",
            &[
                "circuit_breakers:",
                "  thresholds:",
                "  - max_connections: 10000",
                "    max_pending_requests: 10000",
                "    max_requests: 10000",
            ],
        ),
    ),
    (
        VerdictId::PrefixMismatch,
        Remedy::paste(
            "in the route's action (route:), to strip the prefix (otherwise start dante --prefix {prefix}); the route must match prefix: \"{prefix}/\"",
            &["prefix_rewrite: \"/\""],
        ),
    ),
    (
        VerdictId::DoubleSlash,
        Remedy::paste(
            "in the route's action (route:): with match prefix: \"{prefix}/\", both end in a slash",
            &["prefix_rewrite: \"/\""],
        ),
    ),
    (
        VerdictId::HostHeaderLost,
        Remedy::text("look for host_rewrite_literal and auto_host_rewrite in the route's action"),
    ),
    (
        VerdictId::ProxyProtocol,
        Remedy::text("remove the transport socket upstream_proxy_protocol from the cluster"),
    ),
    (VerdictId::TlsToServer, CLUSTER),
    (VerdictId::Http2ToServer, CLUSTER),
    (VerdictId::GuestNotStarted, CLUSTER),
    (VerdictId::GuestTooSlow, ROUTE_TIME),
    (VerdictId::OriginTlsFailed, CLUSTER),
    (VerdictId::HostingUnreadable, EVERYTHING),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::NoSocketio, EVERYTHING),
    (VerdictId::StreamRefused, EVERYTHING),
    (VerdictId::NoStickiness, STICKY),
    (VerdictId::StickinessByCookie, STICKY),
    (
        VerdictId::BodyLimit,
        Remedy::text("raise max_request_bytes of the filter envoy.filters.http.buffer, or remove it"),
    ),
    (
        VerdictId::RequestBuffered,
        Remedy::text(
            "remove the filter envoy.filters.http.buffer: without it, Envoy passes bodies on as they come",
        ),
    ),
    (VerdictId::UpgradeStripped, UPGRADE),
    (VerdictId::UpgradeRefused, UPGRADE),
    (
        VerdictId::UpgradeUnanswered,
        Remedy::text(
            "remove the filter envoy.filters.http.buffer: it waits for the end of a request, and an upgrade has none",
        ),
    ),
    (VerdictId::WebsocketForbidden, UPGRADE),
    (
        VerdictId::Buffered,
        Remedy::text(
            "look for filters that wait for whole answers, such as grpc_json_transcoder, lua and wasm, and turn them off for this route",
        ),
    ),
    (
        VerdictId::CompressedStream,
        Remedy::text("envoy.filters.http.compressor: give content_type a list without text/event-stream"),
    ),
    (VerdictId::AgeCut, ROUTE_TIME),
    (VerdictId::IdleCut, IDLE_TIME),
    // envoyproxy.io, custom request and response headers: removed before the filter envoy.filters.http.cors adds its own.
    (
        VerdictId::CorsDoubled,
        Remedy::paste(
            "let only one set it: remove response_headers_to_add for it, or keep the filter envoy.filters.http.cors and drop the server's, in the route, beside match:",
            &["response_headers_to_remove: [access-control-allow-origin, access-control-allow-credentials]"],
        ),
    ),
];

/// istio.io, reference of VirtualService and DestinationRule.
const ISTIO: &[(VerdictId, Remedy)] = &[
    // istio/istio#27078 and istio/api#3704: Istio has no setting of its own for allow_connect.
    (
        VerdictId::ExtendedConnectRefused,
        Remedy::text(
            "remove the EnvoyFilter that sets allow_connect: browsers then use HTTP/1.1 for WebSocket; a server of HTTP/1.1 gets no Sec-WebSocket-Key from Envoy, and refuses (envoyproxy/envoy#8547)",
        ),
    ),
    (VerdictId::AgeCut, VIRTUAL_SERVICE),
    (VerdictId::GuestTooSlow, VIRTUAL_SERVICE),
    (
        VerdictId::NoStickiness,
        Remedy::paste(
            "in the DestinationRule:",
            &["trafficPolicy:", "  loadBalancer:", "    consistentHash:", "      useSourceIp: true"],
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::text(
            "raise trafficPolicy.connectionPool in the DestinationRule: each reader keeps a connection open",
        ),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "the Service's port must be named http… or have appProtocol: http, and lead to where {app} listens (0.0.0.0)",
        ),
    ),
    (VerdictId::TlsToServer, DESTINATION),
    (VerdictId::Http2ToServer, DESTINATION),
    (
        VerdictId::UpgradeStripped,
        Remedy::text(
            "Istio passes upgrades on by default: remove h2UpgradePolicy: UPGRADE from the DestinationRule",
        ),
    ),
    (
        VerdictId::WebsocketForbidden,
        Remedy::text("look at the AuthorizationPolicy: RBAC: access denied is its answer"),
    ),
    (
        VerdictId::PageRefused,
        Remedy::text("look at the AuthorizationPolicy: RBAC: access denied is its answer"),
    ),
];

const VIRTUAL_SERVICE: Remedy =
    Remedy::paste("in the VirtualService, beside the route to {app}:", &["timeout: 0s"]);

const DESTINATION: Remedy = Remedy::text(
    "the DestinationRule must neither set tls (except ISTIO_MUTUAL inside the mesh) nor h2UpgradePolicy: like most servers, {app} speaks plain HTTP/1.1",
);

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        server: ServerHeader::Replaces,
        remedies: ENVOY,
        limits: &[
            Limit::new(Wait::Age, 15, "timeout of the route", "envoyproxy.io, FAQ, timeouts"),
            Limit::new(Wait::Silence, 300, "stream_idle_timeout", "envoyproxy.io, FAQ, timeouts"),
        ],
        tried: Some("1.40"),
        ..Profile::new(
            Host::Envoy,
            "Envoy",
            Role::Proxy,
            &[
                // `server_header_transformation` replaces by default (tried: 1.40).
                Sign::Server("envoy"),
                // The router adds it to what it passes on (tried).
                Sign::Header("x-envoy-upstream-service-time", ""),
                // Where the server cannot be reached, or breaks off (source/common/http/utility.cc; the first tried).
                Sign::Words("upstream connect error or disconnect/reset before headers"),
                Sign::Words("no healthy upstream"),
                Sign::Words("upstream request timeout"),
                Sign::Words("RBAC: access denied"),
            ],
        )
    },
    Profile {
        server: ServerHeader::Replaces,
        instead_of: &[Host::Envoy],
        like: Some(Host::Envoy),
        remedies: ISTIO,
        limits: &[Limit::new(Wait::Silence, 300, "stream_idle_timeout", "envoyproxy.io, FAQ, timeouts")],
        ..Profile::new(
            Host::Istio,
            "Istio",
            Role::Proxy,
            &[
                // istio.io: its gateways and sidecars are Envoys of this name (not run here).
                Sign::Server("istio-envoy"),
            ],
        )
    },
];

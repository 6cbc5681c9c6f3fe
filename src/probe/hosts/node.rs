//! Node.js, and the proxies and frameworks that run in it.

use super::{
    Host, Limit, Profile, Role, Wait,
    signs::{Refusal, Sign},
};
use crate::probe::verdicts::{Remedy, VerdictId};

/// http-party/node-http-proxy, README, "Proxying WebSockets" (tried: http-proxy 1.18): without a listener, Node.js 10 and later leave
/// an upgrade to the ordinary handler, and what the proxy passes on then is never answered.
const UPGRADE: Remedy = Remedy::paste(
    "with http-proxy, in the program:",
    &["server.on(\"upgrade\", (request, socket, head) => proxy.ws(request, socket, head));"],
);

const TARGET: Remedy = Remedy::text(
    "the proxy's target must be where {app} listens, with http:// (like most servers, {app} speaks plain HTTP/1.1)",
);

const UNCOMPRESSED: Remedy = Remedy::text(
    "register the proxy before compression(), or give compression a filter that leaves out text/event-stream",
);

const BUFFERED: Remedy = Remedy::text(
    "in the handler: res.flushHeaders() first, then res.write() for each event, and not everything at the end; with compression(): register a proxy before it, or give it a filter that leaves out text/event-stream",
);

const BODY_PARSER: Remedy = Remedy::text(
    "register the proxy before body parsers (express.json, express.urlencoded): what they have read, the proxy cannot send",
);

const TIMES: Remedy = Remedy::text("look for timeout and proxyTimeout of the proxy, and remove them");

const NODE: &[(VerdictId, Remedy)] = &[
    (VerdictId::GuestNotStarted, TARGET),
    (VerdictId::TlsToServer, TARGET),
    (VerdictId::GuestTooSlow, BODY_PARSER),
    (VerdictId::PollFailures, BODY_PARSER),
    (VerdictId::UpgradeStripped, UPGRADE),
    (VerdictId::UpgradeUnanswered, UPGRADE),
    (VerdictId::UpgradeRefused, UPGRADE),
    (VerdictId::Buffered, BUFFERED),
    (VerdictId::CompressedStream, UNCOMPRESSED),
    (VerdictId::IdleCut, TIMES),
];

/// chimurai/http-proxy-middleware, README, "WebSocket" (tried: 3): `ws: true` alone subscribes at the first ordinary request.
const MIDDLEWARE_UPGRADE: Remedy = Remedy::paste(
    "createProxyMiddleware needs ws: true, and the server, in the program:",
    &["server.on(\"upgrade\", middleware.upgrade);"],
);

const MIDDLEWARE: &[(VerdictId, Remedy)] = &[
    (VerdictId::UpgradeStripped, MIDDLEWARE_UPGRADE),
    (VerdictId::UpgradeUnanswered, MIDDLEWARE_UPGRADE),
    (VerdictId::UpgradeRefused, MIDDLEWARE_UPGRADE),
    (
        VerdictId::PrefixMismatch,
        Remedy::text("pathFilter: \"{prefix}\" keeps the prefix; app.use(\"{prefix}\", …) strips it"),
    ),
];

const EXPRESS_UPGRADE: Remedy = Remedy::paste(
    "with http-proxy or http-proxy-middleware, the server that app.listen gives needs a listener, in the program:",
    &[
        "server.on(\"upgrade\", (request, socket, head) => proxy.ws(request, socket, head));",
        "server.on(\"upgrade\", middleware.upgrade);",
    ],
);

/// helmetjs.github.io, "Content-Security-Policy": its default has upgrade-insecure-requests, and no connect-src.
const HELMET: Remedy = Remedy::paste(
    "with helmet, in the program; without TLS, also upgradeInsecureRequests: null",
    &[
        "app.use(helmet({ contentSecurityPolicy: { directives: { scriptSrc: [\"'self'\"], styleSrc: [\"'self'\"], connectSrc: [\"'self'\"] } } }));",
    ],
);

const EXPRESS: &[(VerdictId, Remedy)] = &[
    (VerdictId::UpgradeStripped, EXPRESS_UPGRADE),
    (VerdictId::UpgradeUnanswered, EXPRESS_UPGRADE),
    (VerdictId::UpgradeRefused, EXPRESS_UPGRADE),
    (
        VerdictId::BodyLimit,
        Remedy::text(
            "raise limit of the body parser (express.text({ limit: \"2mb\" })), or register the proxy before it",
        ),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("raise limit of express-rate-limit, or give it a skip for this path"),
    ),
    (VerdictId::RedirectLosesHttps, Remedy::text("app.set(\"trust proxy\", true)")),
    (VerdictId::BlockedByCsp, HELMET),
];

/// fastify/fastify-http-proxy, README (tried: 11).
const FASTIFY_UPGRADE: Remedy = Remedy::paste(
    "in the program:",
    &[
        "fastify.register(proxy, { upstream: \"http://127.0.0.1:8888\", prefix: \"{prefix}\", rewritePrefix: \"{prefix}\", websocket: true });",
    ],
);

const FASTIFY: &[(VerdictId, Remedy)] = &[
    (VerdictId::GuestNotStarted, Remedy::text("upstream must be where {app} listens, with http://")),
    (VerdictId::UpgradeStripped, FASTIFY_UPGRADE),
    (VerdictId::UpgradeUnanswered, FASTIFY_UPGRADE),
    (VerdictId::PrefixMismatch, FASTIFY_UPGRADE),
    (VerdictId::BodyLimit, Remedy::text("raise bodyLimit (1 MiB by default)")),
    (VerdictId::RateLimited, Remedy::text("raise max of @fastify/rate-limit, or exempt this path")),
    (
        VerdictId::CompressedStream,
        Remedy::text("@fastify/compress: leave out text/event-stream with customTypes"),
    ),
    (VerdictId::IdleCut, Remedy::text("raise undici: { bodyTimeout } of the proxy (5 minutes by default)")),
];

/// vite.dev, `server.proxy` (tried: 8).
const VITE_PROXY: Remedy = Remedy::paste(
    "in vite.config.js:",
    &[
        "export default { server: { proxy: { \"{prefix}\": { target: \"http://127.0.0.1:8888\", ws: true } } } };",
    ],
);

const VITE: &[(VerdictId, Remedy)] = &[
    (VerdictId::NotDante, VITE_PROXY),
    (VerdictId::PageRefused, Remedy::text("in vite.config.js: add this host's name to server.allowedHosts")),
    (VerdictId::GuestNotStarted, VITE_PROXY),
    (VerdictId::NoSocketio, VITE_PROXY),
    (VerdictId::UpgradeStripped, VITE_PROXY),
    (VerdictId::UpgradeUnanswered, VITE_PROXY),
    (VerdictId::UpgradeRefused, VITE_PROXY),
    (
        VerdictId::PrefixMismatch,
        Remedy::text("rewrite of the proxy strips the prefix; without it, start dante --prefix {prefix}"),
    ),
];

/// webpack.js.org, `devServer.proxy` (tried: webpack-dev-server 5).
const WEBPACK_PROXY: Remedy = Remedy::paste(
    "in webpack.config.js:",
    &[
        "module.exports = { devServer: { proxy: [{ context: [\"{prefix}\"], target: \"http://127.0.0.1:8888\", ws: true }] } };",
    ],
);

const WEBPACK: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::PageRefused,
        Remedy::text("in webpack.config.js: add this host's name to devServer.allowedHosts"),
    ),
    (VerdictId::GuestNotStarted, WEBPACK_PROXY),
    (VerdictId::UpgradeStripped, WEBPACK_PROXY),
    (VerdictId::UpgradeUnanswered, WEBPACK_PROXY),
    (
        VerdictId::WebsocketForbidden,
        Remedy::text(
            "it refuses WebSockets of foreign origins: add the page's host to devServer.allowedHosts",
        ),
    ),
    (VerdictId::CompressedStream, Remedy::text("in webpack.config.js: devServer.compress: false")),
    (VerdictId::Buffered, Remedy::text("in webpack.config.js: devServer.compress: false")),
];

/// From memory, not checked: rewrites are for requests, and `next start` has no way to pass an upgrade on.
const NEXT: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::UpgradeStripped,
        Remedy::text(
            "rewrites pass on requests but not every upgrade: put a proxy before Next.js that leads {prefix}/ to {app}",
        ),
    ),
    (
        VerdictId::UpgradeUnanswered,
        Remedy::text(
            "rewrites pass on requests but not every upgrade: put a proxy before Next.js that leads {prefix}/ to {app}",
        ),
    ),
    (VerdictId::CompressedStream, Remedy::text("in next.config.js: compress: false")),
    (VerdictId::Buffered, Remedy::text("in next.config.js: compress: false")),
    (
        VerdictId::RedirectLoop,
        Remedy::text(
            "in next.config.js: skipTrailingSlashRedirect: true, since Next.js takes the slash away that Dante adds",
        ),
    ),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        remedies: NODE,
        tried: Some("as http-proxy 1.18"),
        ..Profile::new(
            Host::Node,
            "Node.js",
            Role::Application,
            &[
                // lib/_http_server.js, `badRequestResponse` (tried: http-proxy, http-proxy-3, Express, Vite, webpack-dev-server).
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Express, Host::Node],
        like: Some(Host::Node),
        remedies: MIDDLEWARE,
        tried: Some("3"),
        ..Profile::new(
            Host::HttpProxyMiddleware,
            "http-proxy-middleware",
            Role::Starter,
            &[
                // src/plugins/default/error-response-plugin.ts (tried: 3).
                Sign::Words("Error occurred while trying to proxy: "),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Node],
        like: Some(Host::Node),
        remedies: EXPRESS,
        tried: Some("5"),
        ..Profile::new(
            Host::Express,
            "Express",
            Role::Application,
            &[
                // Unless `x-powered-by` is turned off (tried: 5).
                Sign::Header("x-powered-by", "express"),
                // finalhandler: what it says where no route fits (tried).
                Sign::Words("<title>Error</title>\n</head>\n<body>\n<pre>Cannot "),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Node],
        remedies: FASTIFY,
        limits: &[Limit::new(Wait::Silence, 300, "undici's bodyTimeout", "undici, Client options")],
        tried: Some("5"),
        ..Profile::new(
            Host::Fastify,
            "Fastify",
            Role::Application,
            &[
                // lib/errors.js, lib/fourOhFour.js, `clientErrorHandler` (tried: 5).
                Sign::Words("\"code\":\"FST_"),
                Sign::Words("{\"message\":\"Route "),
                Sign::Words("{\"error\":\"Bad Request\",\"message\":\"Client Error\",\"statusCode\":400}"),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Node],
        like: Some(Host::Node),
        remedies: VITE,
        tried: Some("8"),
        ..Profile::new(
            Host::Vite,
            "Vite",
            Role::Starter,
            &[
                // What it adds to each page of its own, and how it refuses foreign hosts (the first tried: 8).
                Sign::Words("src=\"/@vite/client\""),
                Sign::Words("Blocked request. This host (\""),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Express, Host::Node],
        like: Some(Host::Node),
        remedies: WEBPACK,
        tried: Some("5"),
        ..Profile::new(
            Host::WebpackDevServer,
            "webpack-dev-server",
            Role::Starter,
            &[
                // Its refusal of foreign hosts (lib/Server.js); otherwise it looks like the Express that it runs in.
                Sign::Words("Invalid Host header"),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Node],
        like: Some(Host::Node),
        remedies: NEXT,
        ..Profile::new(
            Host::NextJs,
            "Next.js",
            Role::Application,
            &[
                // Unless `poweredByHeader` is off (nextjs.org; not run here).
                Sign::Header("x-powered-by", "next.js"),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
];

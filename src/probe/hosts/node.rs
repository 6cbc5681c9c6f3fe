//! Node.js, and the proxies and frameworks that run in it.

use super::{
    Host, Profile, Role,
    signs::{Refusal, Sign},
};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        ..Profile::new(
            Host::Node,
            "Node.js, perhaps with http-proxy",
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
        ..Profile::new(
            Host::Vite,
            "Vite's development server",
            Role::Starter,
            &[
                // What it adds to each page of its own, and how it refuses foreign hosts (tried: 8).
                Sign::Words("src=\"/@vite/client\""),
                Sign::Words("Blocked request. This host (\""),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Express, Host::Node],
        like: Some(Host::Node),
        ..Profile::new(
            Host::WebpackDevServer,
            "webpack-dev-server",
            Role::Starter,
            &[
                // Its list of files (lib/Server.js, `/webpack-dev-server`; not seen by a probe of another path), and its refusal.
                Sign::Words("Invalid Host header"),
                Sign::Malformed(Refusal::OnlyClose),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Node],
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

//! Servers and proxies written in Python.

use super::{Host, Limit, Profile, Role, Wait, signs::Sign};
use crate::probe::verdicts::{Remedy, VerdictId};

/// docs.mitmproxy.org, options: without it, whole answers are gathered (tried: 11).
const STREAM: Remedy = Remedy::paste("start mitmproxy with:", &["--set stream_large_bodies=1"]);

const MITMPROXY: &[(VerdictId, Remedy)] = &[
    (VerdictId::ProxyInterferes, STREAM),
    (
        VerdictId::TlsIntercepted,
        Remedy::text(
            "install mitmproxy's root certificate (http://mitm.it), or leave the host alone: --ignore-hosts",
        ),
    ),
    (VerdictId::Buffered, STREAM),
    (VerdictId::Silent, STREAM),
    (VerdictId::TlsUntrusted, Remedy::text("install mitmproxy's root certificate (http://mitm.it)")),
    (VerdictId::TlsToServer, Remedy::text("--mode reverse:http://… and not reverse:https://…")),
    (VerdictId::HostHeaderLost, Remedy::paste("start mitmproxy with:", &["--set keep_host_header=true"])),
    (VerdictId::CorsBlocked, Remedy::paste("start mitmproxy with:", &["--set keep_host_header=true"])),
];

/// docs.gunicorn.org, settings: with the default worker, each request occupies a worker, which is killed after `timeout`.
const WORKERS: Remedy = Remedy::text(
    "use one worker of an asynchronous class (-k gevent or uvicorn's): each reader occupies a default worker, which is killed after --timeout (30 s)",
);

const GUNICORN: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::NoStickiness,
        Remedy::text(
            "-w 1: Gunicorn's workers know nothing of each other's sessions, and it has no sticky sessions",
        ),
    ),
    (VerdictId::AgeCut, WORKERS),
    (VerdictId::ConnectionLimited, WORKERS),
];

const UVICORN: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::NoStickiness,
        Remedy::text(
            "--workers 1: Uvicorn's workers know nothing of each other's sessions, and it has no sticky sessions",
        ),
    ),
    (
        VerdictId::UpgradeStripped,
        Remedy::text("pip install 'uvicorn[standard]': without websockets or wsproto, it refuses upgrades"),
    ),
    (
        VerdictId::UpgradeRefused,
        Remedy::text("pip install 'uvicorn[standard]': without websockets or wsproto, it refuses upgrades"),
    ),
    (VerdictId::ConnectionLimited, Remedy::text("raise --limit-concurrency, or remove it")),
    (VerdictId::MessageTooBig, Remedy::text("raise --ws-max-size")),
];

const WERKZEUG: &[(VerdictId, Remedy)] = &[(
    VerdictId::UpgradeStripped,
    Remedy::text(
        "the development server has no WebSocket of its own: run it with simple-websocket, or with gevent or eventlet",
    ),
)];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        remedies: MITMPROXY,
        tried: Some("11"),
        ..Profile::new(
            Host::Mitmproxy,
            "mitmproxy",
            Role::Starter,
            &[
                // Only in answers of its own (tried: 11).
                Sign::Own("server", "mitmproxy"),
            ],
        )
    },
    Profile {
        remedies: UVICORN,
        // `--server-header`, on by default (uvicorn.org, settings; not run here).
        ..Profile::new(Host::Uvicorn, "Uvicorn", Role::Application, &[Sign::Server("uvicorn")])
    },
    Profile {
        remedies: GUNICORN,
        // gunicorn/http/wsgi.py, `Response.default_headers` (not run here).
        limits: &[Limit::new(
            Wait::Age,
            30,
            "timeout (with the default worker)",
            "docs.gunicorn.org, settings",
        )],
        ..Profile::new(Host::Gunicorn, "Gunicorn", Role::Application, &[Sign::Server("gunicorn")])
    },
    Profile {
        remedies: WERKZEUG,
        // serving.py, `version_string` (not run here).
        ..Profile::new(Host::Werkzeug, "Werkzeug", Role::Application, &[Sign::Server("werkzeug")])
    },
    // `include_server_header`, on by default (Hypercorn's configuration; not run here).
    Profile::new(Host::Hypercorn, "Hypercorn", Role::Application, &[Sign::Server("hypercorn")]),
    // `--server-name`, Daphne by default (django/daphne, README; not run here).
    Profile::new(Host::Daphne, "Daphne", Role::Application, &[Sign::Server("daphne")]),
];

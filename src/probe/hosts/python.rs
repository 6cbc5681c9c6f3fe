//! Servers and proxies written in Python.

use super::{Host, Profile, Role, signs::Sign};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        ..Profile::new(
            Host::Mitmproxy,
            "mitmproxy",
            Role::Starter,
            &[
                // Only in answers of its own (proxy/layers/http; tried: 11).
                Sign::Own("server", "mitmproxy"),
            ],
        )
    },
    Profile {
        ..Profile::new(
            Host::Uvicorn,
            "Uvicorn",
            Role::Application,
            &[
                // `--server-header`, on by default (not run here).
                Sign::Server("uvicorn"),
            ],
        )
    },
    Profile { ..Profile::new(Host::Gunicorn, "Gunicorn", Role::Application, &[Sign::Server("gunicorn")]) },
    Profile {
        ..Profile::new(
            Host::Werkzeug,
            "Werkzeug",
            Role::Application,
            &[
                // serving.py, `version_string` (not run here).
                Sign::Server("werkzeug"),
            ],
        )
    },
    Profile {
        ..Profile::new(
            Host::Hypercorn,
            "Hypercorn",
            Role::Application,
            &[
                // `include_server_header`, on by default (not run here).
                Sign::Server("hypercorn"),
            ],
        )
    },
    Profile { ..Profile::new(Host::Daphne, "Daphne", Role::Application, &[Sign::Server("daphne")]) },
];

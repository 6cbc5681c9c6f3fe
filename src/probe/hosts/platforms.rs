//! Platforms that run programs, with the proxy in front of them. None of them was run here: signs are from documentation.

use super::{Host, Profile, Role, signs::Sign};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        ..Profile::new(
            Host::Fly,
            "Fly.io",
            Role::Balancer,
            &[
                // fly.io/docs/networking/request-headers.
                Sign::Header("fly-request-id", ""),
                Sign::Server("fly/"),
                Sign::Via("fly.io"),
            ],
        )
    },
    Profile {
        ..Profile::new(
            Host::Heroku,
            "Heroku",
            Role::Balancer,
            &[
                // devcenter.heroku.com, HTTP routing: `Via: 1.1 vegur`, since 2024 `heroku-router`; error pages.
                Sign::Via("vegur"),
                Sign::Via("heroku-router"),
                Sign::Words("herokucdn.com/error-pages/"),
            ],
        )
    },
    Profile {
        caches: true,
        ..Profile::new(
            Host::Vercel,
            "Vercel",
            Role::Edge,
            &[
                // vercel.com/docs/headers/response-headers.
                Sign::Header("x-vercel-id", ""),
                Sign::Server("vercel"),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Cloudflare],
        ..Profile::new(
            Host::Render,
            "Render",
            Role::Balancer,
            &[
                // It stands behind Cloudflare, which is Render's, too.
                Sign::Header("x-render-origin-server", ""),
                Sign::Header("rndr-id", ""),
            ],
        )
    },
    Profile {
        ..Profile::new(
            Host::Railway,
            "Railway",
            Role::Balancer,
            &[
                Sign::Server("railway"),
                Sign::Header("x-railway-request-id", ""),
                Sign::Header("x-railway-edge", ""),
            ],
        )
    },
];

//! What starts programs in IIS: iisnode, HttpPlatformHandler, ASP.NET Core Module. Nothing of this was run here: sources are in
//! docs/hosting.md.

use super::{
    Host, Limit, Profile, Role, Wait,
    iis::{EVERYTHING, UNBUFFERED, UNCOMPRESSED, WEBSOCKET_ON},
    signs::Sign,
};
use crate::{
    hosting::recipes::Recipe,
    probe::{
        classify::IISNODE_PAGES,
        verdicts::{Remedy, VerdictId},
    },
};

const WEBSOCKET_OFF: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>; if the section is locked: appcmd unlock config -section:system.webServer/webSocket",
    &["<webSocket enabled=\"false\" />"],
);

const IISNODE: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::BlackHole,
        Remedy::text("check the logs in the site's folder: {app} accepts the pipe but does not answer"),
    ),
    (
        VerdictId::PrefixMismatch,
        Remedy::text(
            "in appSettings: set DANTE_PREFIX to the application's virtual path; the rewrite rule must match .*",
        ),
    ),
    (
        VerdictId::UrlDecoded,
        Remedy::text(
            "Dante repairs what IIS decodes, behind iisnode only: check that dante hosting says host iisnode",
        ),
    ),
    (
        VerdictId::IisnodeError200,
        Remedy::text(
            "nodeProcessCommandLine must be the absolute path of dante.exe in quotes; check the logs folder; devErrorsEnabled=\"false\" gives errors an error status",
        ),
    ),
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "nodeProcessCommandLine must be the absolute path of dante.exe in quotes, and the application pool's identity must be allowed to run it; check the logs folder",
        ),
    ),
    (VerdictId::NoSocketio, EVERYTHING),
    (VerdictId::HtmlInsteadOfHandshake, EVERYTHING),
    (VerdictId::NoStickiness, Remedy::text("nodeProcessCountPerApplication=\"1\"")),
    (
        VerdictId::PollFailures,
        Remedy::text(
            "check maxNamedPipeConnectionRetry and maxConcurrentRequestsPerProcess (1024 by default)",
        ),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::text(
            "maxConcurrentRequestsPerProcess=\"10000\" on <iisnode> (1024 by default): each reader keeps a request open",
        ),
    ),
    (VerdictId::UpgradeStripped, WEBSOCKET_OFF),
    (
        VerdictId::IisWebsocketModuleOff,
        Remedy::text(
            "use IIS 8 or later with the feature \"WebSocket Protocol\" installed, and in web.config: <webSocket enabled=\"false\" />",
        ),
    ),
    (
        VerdictId::FirefoxConnection,
        Remedy::text(
            "iisnode turns the header into keep-alive; the server behind it must go by the Upgrade header, as Dante does",
        ),
    ),
    (
        VerdictId::Buffered,
        Remedy::text(
            "flushResponse=\"true\" on <iisnode>, responseBufferLimit=\"0\" on its handler, <urlCompression doDynamicCompression=\"false\" />",
        ),
    ),
    (VerdictId::CompressedStream, UNCOMPRESSED),
    (
        VerdictId::DoubleFraming,
        Remedy::text(
            "iisnode treats an answer without Content-Length as already chunked: send Content-Length or proper chunks",
        ),
    ),
    (
        VerdictId::IdleCut,
        Remedy::text("set the application pool's Idle Time-out to 0, and connectionTimeout above 45 s"),
    ),
    (VerdictId::DoubleCompression, UNCOMPRESSED),
];

const HTTP_PLATFORM: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::GuestNotStarted,
        Remedy::text("processPath must point to dante.exe; turn on stdoutLogEnabled and read its log"),
    ),
    (VerdictId::GuestTooSlow, Remedy::text("requestTimeout=\"00:10:00\" on <httpPlatform>")),
    (VerdictId::UpgradeStripped, WEBSOCKET_ON),
    (VerdictId::IisWebsocketModuleOn, WEBSOCKET_ON),
    (VerdictId::Buffered, UNBUFFERED),
    (VerdictId::CompressedStream, UNCOMPRESSED),
    (
        VerdictId::IdleCut,
        Remedy::text("requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
    ),
];

const ASP_NET_CORE: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::GuestNotStarted,
        Remedy::text(
            "processPath must point to dante.exe, with hostingModel=\"OutOfProcess\"; stdoutLogEnabled=\"true\" shows why it stops",
        ),
    ),
    (VerdictId::GuestTooSlow, Remedy::text("requestTimeout=\"00:10:00\" on <aspNetCore>")),
    (
        VerdictId::NoStickiness,
        Remedy::text(
            "processesPerApplication=\"1\"; with several machines: turn on affinity at the load balancer",
        ),
    ),
    (VerdictId::UpgradeStripped, WEBSOCKET_ON),
    (VerdictId::IisWebsocketModuleOn, WEBSOCKET_ON),
    (VerdictId::Buffered, UNBUFFERED),
    (VerdictId::CompressedStream, UNCOMPRESSED),
    (
        VerdictId::IdleCut,
        Remedy::text("requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
    ),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        remedies: IISNODE,
        recipe: Some(Recipe::Iisnode),
        ..Profile::new(
            Host::Iisnode,
            "iisnode",
            Role::Starter,
            &[
                Sign::Header("x-powered-by", "iisnode"),
                // `debugHeaderEnabled` (cprotocolbridge.cpp:1341-1451).
                Sign::Header("iisnode-debug", ""),
                Sign::Words(IISNODE_PAGES[0]),
                Sign::Words(IISNODE_PAGES[1]),
                Sign::Words(IISNODE_PAGES[2]),
                Sign::Words(IISNODE_PAGES[3]),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        remedies: HTTP_PLATFORM,
        // Only Dante itself tells of it.
        limits: &[Limit::new(Wait::Silence, 120, "requestTimeout", "docs/hosting.md")],
        recipe: Some(Recipe::Httpplatform),
        ..Profile::new(Host::HttpPlatform, "HttpPlatformHandler", Role::Starter, &[])
    },
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        remedies: ASP_NET_CORE,
        limits: &[Limit::new(Wait::Silence, 120, "requestTimeout", "docs/hosting.md")],
        recipe: Some(Recipe::Aspnetcore),
        ..Profile::new(
            Host::AspNetCore,
            "ASP.NET Core Module",
            Role::Starter,
            &[
                // Its pages of errors (aspnetcore, Module/Common: 502.5, 500.3x).
                Sign::Words("HTTP Error 502.5"),
                Sign::Words(" - ANCM "),
            ],
        )
    },
];

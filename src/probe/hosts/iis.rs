//! IIS, and what starts programs in it. Nothing of this was run here: sources are in
//! docs/hosting.md.

use super::{
    Host, Limit, Profile, Role, Wait,
    signs::{Refusal, Sign},
};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

/// Words of iisnode's own error pages, which come with status 200 unless `devErrorsEnabled` is off
/// (cprotocolbridge.cpp:162-178 and 210-402).
const IISNODE_PAGES: [&str; 4] =
    ["iisnode encountered an error", "HTTP subStatus", "unable to start the node", "iisnode-"];

/// Whether a body is an error page of iisnode's.
pub(crate) fn is_iisnode_page(body: &str) -> bool {
    IISNODE_PAGES.iter().any(|words| body.contains(words))
}

const WEBSOCKET_OFF: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>; if the section is locked: appcmd unlock config -section:system.webServer/webSocket",
    &["<webSocket enabled=\"false\" />"],
);

const WEBSOCKET_ON: Remedy = Remedy::text(
    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
);

const UNBUFFERED: Remedy = Remedy::text(
    "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
);

const UNCOMPRESSED: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>:",
    &["<urlCompression doDynamicCompression=\"false\" />"],
);

const UNCACHED: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>:",
    &["<caching enabled=\"false\" enableKernelCache=\"false\" />"],
);

const EVERYTHING: Remedy =
    Remedy::text("the rewrite rule must match .* so that all below the prefix reaches Dante");

const PATIENCE: Remedy = Remedy::text(
    "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
);

const BODY: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>:",
    &[
        "<security><requestFiltering><requestLimits maxAllowedContentLength=\"2097152\" /></requestFiltering></security>",
    ],
);

const IIS: &[(VerdictId, Remedy)] = &[
    (VerdictId::TlsExpired, Remedy::text("renew it, and select it in the site's https binding")),
    (
        VerdictId::TlsWrongName,
        Remedy::text("set the host name in the https binding, and turn on Server Name Indication"),
    ),
    (
        VerdictId::TlsTooOld,
        Remedy::text(
            "turn on TLS 1.2 and 1.3 for Schannel on this Windows, in the registry or with IIS Crypto, and restart it",
        ),
    ),
    (
        VerdictId::TlsClientCertificate,
        Remedy::text("SSL Settings of the site: set client certificates to Ignore"),
    ),
    (
        VerdictId::CredentialsRequired,
        Remedy::text("Authentication of the application: enable Anonymous, disable the others"),
    ),
    (
        VerdictId::RateLimited,
        Remedy::text("raise the limits of Dynamic IP Restrictions (dynamicIpSecurity), or remove it"),
    ),
    (
        VerdictId::ConnectionLimited,
        Remedy::text(
            "raise the site's connection limit, denyByConcurrentRequests of dynamicIpSecurity, and appConcurrentRequestLimit (5000 by default): each reader keeps a request open",
        ),
    ),
    (VerdictId::StaleAnswer, UNCACHED),
    (VerdictId::HostHeaderLost, Remedy::text("ARR: turn on preserveHostHeader")),
    (
        VerdictId::TlsToServer,
        Remedy::text("the rewrite rule must lead to http://, not https://: Dante speaks plain HTTP/1.1"),
    ),
    (VerdictId::GuestTooSlow, PATIENCE),
    (
        VerdictId::LibraryMissing,
        Remedy::text("a handler for static files takes the request: the rewrite rule must match .*"),
    ),
    (VerdictId::NoSocketio, EVERYTHING),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::QueryLost, Remedy::text("the rewrite rule needs appendQueryString=\"true\"")),
    (VerdictId::EngineCached, UNCACHED),
    (VerdictId::NoStickiness, Remedy::text("ARR: turn on client affinity (Server Affinity)")),
    (
        VerdictId::PostRefused,
        Remedy::text("the handler needs verb=\"*\"; look for verbs in requestFiltering"),
    ),
    (VerdictId::BodyLimit, BODY),
    (VerdictId::UpgradeStripped, WEBSOCKET_ON),
    (VerdictId::IisWebsocketModuleOff, WEBSOCKET_ON),
    (
        VerdictId::DeflateNegotiated,
        Remedy::text(
            "ARR: remove Sec-WebSocket-Extensions from requests: <set name=\"HTTP_SEC_WEBSOCKET_EXTENSIONS\" value=\"\" /> in serverVariables",
        ),
    ),
    (VerdictId::Buffered, UNBUFFERED),
    (VerdictId::CompressedStream, UNCOMPRESSED),
    (VerdictId::EarlyEnd, PATIENCE),
    (VerdictId::IdleCut, PATIENCE),
    (VerdictId::DoubleCompression, UNCOMPRESSED),
    (VerdictId::CorsBlocked, Remedy::text("ARR: turn on preserveHostHeader")),
];

const IISNODE: &[(VerdictId, Remedy)] = &[
    (
        VerdictId::BlackHole,
        Remedy::text("check the logs in the site's folder: Dante accepts the pipe but does not answer"),
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
    (VerdictId::EarlyEnd, Remedy::text("requestTimeout=\"00:10:00\" on <httpPlatform>")),
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
    (VerdictId::EarlyEnd, Remedy::text("requestTimeout=\"00:10:00\" on <aspNetCore>")),
    (
        VerdictId::IdleCut,
        Remedy::text("requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
    ),
];

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        remedies: IIS,
        limits: &[Limit::new(Wait::Silence, 120, "connectionTimeout of the site", "iis-docs, site limits")],
        recipe: Some(Recipe::Arr),
        ..Profile::new(
            Host::Iis,
            "IIS",
            Role::Proxy,
            &[
                Sign::Server("microsoft-iis"),
                // HTTP.sys, which other programs have, too, refuses what is not HTTP in its own name.
                Sign::Malformed(Refusal::Server("microsoft-httpapi")),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        recipe: Some(Recipe::Arr),
        ..Profile::new(Host::Arr, "IIS with ARR", Role::Proxy, &[Sign::Header("x-powered-by", "arr/")])
    },
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

//! IIS, what starts programs in it, and Azure App Service, which is made of it.

use super::{
    Host, Profile, Role,
    signs::{Refusal, Sign},
};
use crate::probe::verdicts::{Remedy, VerdictId};

/// Words of iisnode's own error pages, which come with status 200 unless `devErrorsEnabled` is off
/// (cprotocolbridge.cpp:162-178 and 210-402).
const IISNODE_PAGES: [&str; 4] =
    ["iisnode encountered an error", "HTTP subStatus", "unable to start the node", "iisnode-"];

/// Whether a body is an error page of iisnode's.
pub(crate) fn is_iisnode_page(body: &str) -> bool {
    IISNODE_PAGES.iter().any(|words| body.contains(words))
}

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        remedies: &[
            (VerdictId::TlsExpired, Remedy::text("renew it, and select it in the site's https binding")),
            (
                VerdictId::TlsWrongName,
                Remedy::text("set the host name in the https binding, and turn on Server Name Indication"),
            ),
            (
                VerdictId::LibraryMissing,
                Remedy::text("a handler for static files takes the request: the rewrite rule must match .*"),
            ),
            (VerdictId::NoStickiness, Remedy::text("ARR: turn on client affinity (Server Affinity)")),
            (
                VerdictId::UpgradeStripped,
                Remedy::text(
                    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
                ),
            ),
            (
                VerdictId::DeflateNegotiated,
                Remedy::text(
                    "ARR: remove Sec-WebSocket-Extensions from requests: <set name=\"HTTP_SEC_WEBSOCKET_EXTENSIONS\" value=\"\" /> in serverVariables",
                ),
            ),
            (
                VerdictId::Buffered,
                Remedy::text(
                    "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
                ),
            ),
            (VerdictId::CompressedStream, Remedy::text("<urlCompression doDynamicCompression=\"false\" />")),
            (
                VerdictId::EarlyEnd,
                Remedy::text(
                    "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
                ),
            ),
            (
                VerdictId::IdleCut,
                Remedy::text(
                    "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
                ),
            ),
            (VerdictId::DoubleCompression, Remedy::text("<urlCompression doDynamicCompression=\"false\" />")),
            (VerdictId::CorsBlocked, Remedy::text("ARR: turn on preserveHostHeader")),
        ],
        ..Profile::new(
            Host::Iis,
            "IIS",
            Role::Proxy,
            &[
                // docs/hosting.md; nothing of IIS was run here.
                Sign::Server("microsoft-iis"),
                // HTTP.sys, which other programs have, too, refuses what is not HTTP in its own name.
                Sign::Malformed(Refusal::Server("microsoft-httpapi")),
            ],
        )
    },
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        ..Profile::new(Host::Arr, "IIS with ARR", Role::Proxy, &[Sign::Header("x-powered-by", "arr/")])
    },
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        remedies: &[
            (
                VerdictId::BlackHole,
                Remedy::text(
                    "check the logs in the site's folder: Dante accepts the pipe but does not answer",
                ),
            ),
            (
                VerdictId::PrefixMismatch,
                Remedy::text(
                    "in appSettings: set DANTE_PREFIX to the application's virtual path; the rewrite rule must match .*",
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
            (
                VerdictId::NoSocketio,
                Remedy::text("the rewrite rule must match .* so that socket.io/ reaches Dante"),
            ),
            (
                VerdictId::HtmlInsteadOfHandshake,
                Remedy::text("the rewrite rule must match .* so that socket.io/ reaches Dante"),
            ),
            (VerdictId::NoStickiness, Remedy::text("nodeProcessCountPerApplication=\"1\"")),
            (
                VerdictId::PollFailures,
                Remedy::text(
                    "check maxNamedPipeConnectionRetry and maxConcurrentRequestsPerProcess (1024 by default)",
                ),
            ),
            (
                VerdictId::UpgradeStripped,
                Remedy::text(
                    "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket",
                ),
            ),
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
            (VerdictId::CompressedStream, Remedy::text("<urlCompression doDynamicCompression=\"false\" />")),
            (
                VerdictId::DoubleFraming,
                Remedy::text(
                    "iisnode treats an answer without Content-Length as already chunked: send Content-Length or proper chunks",
                ),
            ),
            (
                VerdictId::IdleCut,
                Remedy::text(
                    "set the application pool's Idle Time-out to 0, and connectionTimeout above 45 s",
                ),
            ),
            (VerdictId::DoubleCompression, Remedy::text("<urlCompression doDynamicCompression=\"false\" />")),
        ],
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
        remedies: &[
            (
                VerdictId::GuestNotStarted,
                Remedy::text(
                    "processPath must point to dante.exe; turn on stdoutLogEnabled and read its log",
                ),
            ),
            (
                VerdictId::UpgradeStripped,
                Remedy::text(
                    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
                ),
            ),
            (
                VerdictId::IisWebsocketModuleOn,
                Remedy::text(
                    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
                ),
            ),
            (
                VerdictId::Buffered,
                Remedy::text(
                    "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
                ),
            ),
            (VerdictId::CompressedStream, Remedy::text("<urlCompression doDynamicCompression=\"false\" />")),
            (VerdictId::EarlyEnd, Remedy::text("requestTimeout=\"00:10:00\" on <httpPlatform>")),
            (
                VerdictId::IdleCut,
                Remedy::text("requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
            ),
        ],
        ..Profile::new(Host::HttpPlatform, "HttpPlatformHandler", Role::Starter, &[])
    },
    Profile {
        instead_of: &[Host::Iis],
        like: Some(Host::Iis),
        remedies: &[
            (
                VerdictId::GuestNotStarted,
                Remedy::text(
                    "processPath must point to dante.exe, with hostingModel=\"OutOfProcess\"; stdoutLogEnabled=\"true\" shows why it stops",
                ),
            ),
            (
                VerdictId::NoStickiness,
                Remedy::text(
                    "processesPerApplication=\"1\"; with several machines: turn on affinity at the load balancer",
                ),
            ),
            (
                VerdictId::UpgradeStripped,
                Remedy::text(
                    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
                ),
            ),
            (
                VerdictId::IisWebsocketModuleOn,
                Remedy::text(
                    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
                ),
            ),
            (
                VerdictId::Buffered,
                Remedy::text(
                    "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
                ),
            ),
            (VerdictId::CompressedStream, Remedy::text("<urlCompression doDynamicCompression=\"false\" />")),
            (VerdictId::EarlyEnd, Remedy::text("requestTimeout=\"00:10:00\" on <aspNetCore>")),
            (
                VerdictId::IdleCut,
                Remedy::text("requestTimeout=\"00:10:00\"; set the application pool's Idle Time-out to 0"),
            ),
        ],
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
    Profile {
        remedies: &[
            (
                VerdictId::GuestNotStarted,
                Remedy::text(
                    "check the log stream; the container must listen on the port in WEBSITES_PORT within 230 s",
                ),
            ),
            (
                VerdictId::NoStickiness,
                Remedy::text(
                    "Configuration, General settings: turn on ARR affinity; for clients without cookies, allow only WebSocket or run one instance",
                ),
            ),
            (
                VerdictId::UpgradeStripped,
                Remedy::text("Configuration, General settings: turn on Web sockets"),
            ),
            (
                VerdictId::IisWebsocketModuleOff,
                Remedy::text(
                    "Configuration, General settings: turn on Web sockets (for iisnode, also <webSocket enabled=\"false\" /> in web.config)",
                ),
            ),
            (
                VerdictId::WebsocketForbidden,
                Remedy::text(
                    "Application Gateway or Front Door: allow the engine's path in the WAF rules; the plan's limit of WebSocket connections may be reached",
                ),
            ),
            (
                VerdictId::Buffered,
                Remedy::text("<urlCompression doDynamicCompression=\"false\" /> in web.config"),
            ),
            (
                VerdictId::EarlyEnd,
                Remedy::text(
                    "Azure cuts connections that are silent for 230 s; a stream must send something more often",
                ),
            ),
            (
                VerdictId::IdleCut,
                Remedy::text(
                    "Azure cuts connections that are silent for 230 s; Always On keeps the site loaded",
                ),
            ),
        ],
        ..Profile::new(
            Host::Azure,
            "Azure App Service",
            Role::Balancer,
            &[
                // The affinity cookie of its front ends (azure-docs configure-common.md).
                Sign::Cookie("ARRAffinity"),
                Sign::Words("This web app is stopped."),
            ],
        )
    },
];

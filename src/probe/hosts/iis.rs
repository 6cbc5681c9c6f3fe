//! IIS, by itself and as a reverse proxy. Nothing of this was run here: sources are in
//! docs/hosting.md.

use super::{
    Host, Limit, Profile, Role, Wait,
    signs::{Refusal, Sign},
};
use crate::hosting::recipes::Recipe;
use crate::probe::verdicts::{Remedy, VerdictId};

pub(super) const WEBSOCKET_ON: Remedy = Remedy::text(
    "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
);

pub(super) const UNBUFFERED: Remedy = Remedy::text(
    "in web.config, on the handler: responseBufferLimit=\"0\"; and <urlCompression doDynamicCompression=\"false\" />",
);

pub(super) const UNCOMPRESSED: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>:",
    &["<urlCompression doDynamicCompression=\"false\" />"],
);

const UNCACHED: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>:",
    &["<caching enabled=\"false\" enableKernelCache=\"false\" />"],
);

pub(super) const EVERYTHING: Remedy =
    Remedy::text("the rewrite rule must match .* so that all below the prefix reaches {app}");

const PATIENCE: Remedy = Remedy::text(
    "in web.config or ARR's proxy settings: set a timeout longer than the engine's ping interval (25 s) and ping timeout (20 s) together",
);

const BODY: Remedy = Remedy::paste(
    "in web.config, in <system.webServer>:",
    &[
        "<security><requestFiltering><requestLimits maxAllowedContentLength=\"2097152\" /></requestFiltering></security>",
    ],
);

/// learn.microsoft.com, HTTP.sys registry settings.
const OVER_HTTP_1: Remedy = Remedy::text(
    "EnableHttp2Tls = 0 (DWORD) in HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters, then a restart, turns HTTP/2 off",
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
        Remedy::text(
            "the rewrite rule must lead to http://, not https://: like most servers, {app} speaks plain HTTP/1.1",
        ),
    ),
    // learn.microsoft.com, "HTTP/2 on IIS": over TLS only, since Windows Server 2016.
    (
        VerdictId::Http2Missing,
        Remedy::text(
            "IIS speaks HTTP/2 over TLS by default, since Windows Server 2016: look for EnableHttp2Tls = 0 in HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters",
        ),
    ),
    (VerdictId::Http2Broken, OVER_HTTP_1),
    (VerdictId::Http2RequestFails, OVER_HTTP_1),
    (VerdictId::Http2Buffered, OVER_HTTP_1),
    (VerdictId::Http2Cut, OVER_HTTP_1),
    // Azure/iisnode#106: iisnode passes Keep-Alive on from the program that it starts, and Safari refuses it over HTTP/2.
    (
        VerdictId::Http2ForbiddenHeader,
        Remedy::text(
            "remove the header where it is set: in customHeaders of web.config, or in the program behind IIS",
        ),
    ),
    (VerdictId::GuestTooSlow, PATIENCE),
    (
        VerdictId::LibraryMissing,
        Remedy::text("a handler for static files takes the request: the rewrite rule must match .*"),
    ),
    (
        VerdictId::FilesMissing,
        Remedy::text("a handler for static files takes the request: the rewrite rule must match .*"),
    ),
    (
        VerdictId::HtmlInsteadOfFile,
        Remedy::text(
            "a rewrite rule to the app's page takes the request: the rule for {app} must come before it",
        ),
    ),
    (
        VerdictId::FileTypeRefused,
        Remedy::text(
            "look for outboundRules that change RESPONSE_Content_Type; where IIS has copies of the files, add a mimeMap for .js and .mjs (text/javascript)",
        ),
    ),
    (VerdictId::NoSocketio, EVERYTHING),
    (
        VerdictId::BlockedByCsp,
        Remedy::paste(
            "in web.config, in <system.webServer>: the header that IIS adds for the whole site is taken out here",
            &[
                "<httpProtocol>",
                "  <customHeaders>",
                "    <remove name=\"Content-Security-Policy\" />",
                "  </customHeaders>",
                "</httpProtocol>",
            ],
        ),
    ),
    (VerdictId::OnlyPartPassed, EVERYTHING),
    (VerdictId::QueryLost, Remedy::text("the rewrite rule needs appendQueryString=\"true\"")),
    (VerdictId::EngineCached, UNCACHED),
    (VerdictId::NoStickiness, Remedy::text("ARR: turn on client affinity (Server Affinity)")),
    (
        VerdictId::CookieNotReturned,
        Remedy::text(
            "ARR, Server Affinity: the cookie's attributes are changed by an outbound rule on RESPONSE_Set_Cookie: change that rule; Secure needs https",
        ),
    ),
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
    (VerdictId::IdleCut, PATIENCE),
    (VerdictId::DoubleCompression, UNCOMPRESSED),
    (VerdictId::CorsBlocked, Remedy::text("ARR: turn on preserveHostHeader")),
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
];

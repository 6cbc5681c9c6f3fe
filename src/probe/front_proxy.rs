//! Which host stands in front of the server, recognised by what it writes into its answers. Pure.

use std::fmt;

use serde::Serialize;

use super::evidence::{Evidence, Exchange};

/// A host for which remedies are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum FrontProxy {
    Nginx,
    Apache,
    Caddy,
    Haproxy,
    /// IIS, as a reverse proxy or with a module that does not show.
    Iis,
    Iisnode,
    HttpPlatform,
    AspNetCore,
    Azure,
}

impl FrontProxy {
    /// Whether IIS answers first.
    pub(crate) fn is_iis(self) -> bool {
        matches!(self, Self::Iis | Self::Iisnode | Self::HttpPlatform | Self::AspNetCore | Self::Azure)
    }
}

impl fmt::Display for FrontProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Caddy => "Caddy",
            Self::Haproxy => "HAProxy",
            Self::Iis => "IIS",
            Self::Iisnode => "iisnode",
            Self::HttpPlatform => "HttpPlatformHandler",
            Self::AspNetCore => "ASP.NET Core Module",
            Self::Azure => "Azure App Service",
        })
    }
}

/// Words of iisnode's own error pages, which come with status 200 unless `devErrorsEnabled` is off
/// (cprotocolbridge.cpp:162-178 and 210-402).
const IISNODE_PAGES: [&str; 4] =
    ["iisnode encountered an error", "HTTP subStatus", "unable to start the node", "iisnode-"];

/// Whether a body is an error page of iisnode's.
pub(crate) fn is_iisnode_page(body: &str) -> bool {
    IISNODE_PAGES.iter().any(|words| body.contains(words))
}

/// Recognises the host.
pub(crate) fn recognise(evidence: &Evidence) -> Option<FrontProxy> {
    let exchanges = exchanges(evidence);
    let header = |name: &str, part: &str| {
        exchanges.iter().any(|exchange| {
            let mut values = exchange.headers.iter().filter(|(known, _)| known == name);
            values.any(|(_, value)| value.to_ascii_lowercase().contains(part))
        })
    };
    // HAProxy writes no name of its own, but its error pages have always the same words.
    let body = |part: &str| exchanges.iter().any(|exchange| exchange.body.contains(part));
    let front = if header("server", "nginx") || header("server", "openresty") {
        Some(FrontProxy::Nginx)
    } else if header("server", "apache") {
        Some(FrontProxy::Apache)
    } else if header("server", "caddy") || header("via", "caddy") {
        Some(FrontProxy::Caddy)
    } else if body("\nNo server is available to handle this request.") || header("via", "haproxy") {
        Some(FrontProxy::Haproxy)
    } else {
        None
    };
    if front.is_some() {
        return front;
    }
    match evidence.hosting_text("/host/value") {
        Some("iisnode") => return Some(FrontProxy::Iisnode),
        Some("httpplatform") => return Some(FrontProxy::HttpPlatform),
        Some("aspnetcore") => return Some(FrontProxy::AspNetCore),
        Some("azure") => return Some(FrontProxy::Azure),
        _ => {}
    }
    let iisnode = exchanges
        .iter()
        .any(|exchange| exchange.header("iisnode-debug").is_some() || is_iisnode_page(&exchange.body));
    if iisnode || header("x-powered-by", "iisnode") {
        Some(FrontProxy::Iisnode)
    } else if header("set-cookie", "arraffinity") {
        Some(FrontProxy::Azure)
    } else if body("HTTP Error 502.5") || body("ANCM") {
        Some(FrontProxy::AspNetCore)
    } else if header("server", "microsoft-iis") || header("x-powered-by", "arr/") {
        Some(FrontProxy::Iis)
    } else {
        None
    }
}

fn exchanges(evidence: &Evidence) -> Vec<&Exchange> {
    let mut all: Vec<&Exchange> = Vec::new();
    all.extend(evidence.page.iter().flat_map(|page| &page.exchanges));
    all.extend(evidence.http.iter().map(|http| &http.first));
    all.extend(evidence.hosting.iter().map(|hosting| &hosting.exchange));
    all.extend(evidence.handshake.iter().map(|handshake| &handshake.exchange));
    all.extend(evidence.upgrades.iter().flat_map(|all| all.attempts.iter().map(|one| &one.exchange)));
    all
}

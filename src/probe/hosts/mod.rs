//! The hosts that may stand in front of the server: how each shows itself, and what fixes a verdict there. Pure.

mod remedies;

use std::fmt;

use serde::Serialize;

use super::{
    evidence::{Evidence, Exchange},
    verdicts::{Remedy, VerdictId},
};
use remedies::REMEDIES;

/// A host for which remedies are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Host {
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

impl Host {
    /// What fixes a verdict on each host where that is known.
    pub(crate) fn remedies(id: VerdictId) -> impl Iterator<Item = (Self, Remedy)> {
        REMEDIES.iter().flat_map(move |(host, all)| {
            all.iter().filter(move |(of, _)| *of == id).map(|(_, text)| (*host, Remedy::text(text)))
        })
    }

    /// What fixes a verdict on this host.
    pub(crate) fn remedy(self, id: VerdictId) -> Option<Remedy> {
        Self::remedies(id).find(|(host, _)| *host == self).map(|(_, remedy)| remedy)
    }

    /// Whether IIS answers first.
    pub(crate) fn is_iis(self) -> bool {
        matches!(self, Self::Iis | Self::Iisnode | Self::HttpPlatform | Self::AspNetCore | Self::Azure)
    }
}

impl fmt::Display for Host {
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
pub(crate) fn recognise(evidence: &Evidence) -> Option<Host> {
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
        Some(Host::Nginx)
    } else if header("server", "apache") {
        Some(Host::Apache)
    } else if header("server", "caddy") || header("via", "caddy") {
        Some(Host::Caddy)
    } else if body("\nNo server is available to handle this request.") || header("via", "haproxy") {
        Some(Host::Haproxy)
    } else {
        None
    };
    if front.is_some() {
        return front;
    }
    match evidence.hosting_status().map(|status| status.host.value.as_str()) {
        Some("iisnode") => return Some(Host::Iisnode),
        Some("httpplatform") => return Some(Host::HttpPlatform),
        Some("aspnetcore") => return Some(Host::AspNetCore),
        Some("azure") => return Some(Host::Azure),
        _ => {}
    }
    let iisnode = exchanges
        .iter()
        .any(|exchange| exchange.header("iisnode-debug").is_some() || is_iisnode_page(&exchange.body));
    if iisnode || header("x-powered-by", "iisnode") {
        Some(Host::Iisnode)
    } else if header("set-cookie", "arraffinity") {
        Some(Host::Azure)
    } else if body("HTTP Error 502.5") || body("ANCM") {
        Some(Host::AspNetCore)
    } else if header("server", "microsoft-iis") || header("x-powered-by", "arr/") {
        Some(Host::Iis)
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

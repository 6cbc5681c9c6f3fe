//! Where a redirect leads, seen from where it was met.

use crate::probe::target::Target;

/// What a redirect does to the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    /// To a page to sign in.
    Login,
    /// To another host.
    OtherHost,
    /// To the same host at the scheme's own port, where another was asked for.
    PortLost,
    /// From https to http.
    HttpsLost,
    /// From http to https.
    ToHttps,
    /// It only adds a slash, or takes one.
    Slash,
    /// To another path or port of the same host.
    Elsewhere,
    /// `Location` is missing, or leads nowhere.
    Unusable,
}

/// Parts of paths and names of hosts where people sign in.
const LOGIN: [&str; 10] = [
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "sso",
    "oauth",
    "openid-connect",
    "/auth",
    "saml",
    "account/log",
];

/// Compares what was asked for with where it is said to be.
pub(super) fn kind(asked: &Target, location: &str) -> RedirectKind {
    let Ok(next) = asked.join(location) else { return RedirectKind::Unusable };
    let there = format!("{}{}", next.host, next.path).to_ascii_lowercase();
    let here = format!("{}{}", asked.host, asked.path).to_ascii_lowercase();
    let same_host = next.host.eq_ignore_ascii_case(&asked.host);
    if LOGIN.iter().any(|part| there.contains(part) && !here.contains(part)) {
        RedirectKind::Login
    } else if !same_host {
        RedirectKind::OtherHost
    } else if asked.tls && !next.tls {
        RedirectKind::HttpsLost
    } else if !asked.tls && next.tls {
        RedirectKind::ToHttps
    } else if asked.port != next.port && next.port == if next.tls { 443 } else { 80 } {
        RedirectKind::PortLost
    } else if asked.port == next.port
        && asked.path.trim_end_matches('/') == next.path.trim_end_matches('/')
        && asked.path != next.path
    {
        RedirectKind::Slash
    } else {
        RedirectKind::Elsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (asked, location, expected) in [
            ("http://h:9000/dante", "http://h/dante/", RedirectKind::PortLost),
            ("http://h:9000/dante", "/dante/", RedirectKind::Slash),
            ("https://h:9000/dante", "http://h:9000/dante/", RedirectKind::HttpsLost),
            ("http://h/dante/", "https://h/dante/", RedirectKind::ToHttps),
            ("http://h/dante/", "https://h:8443/dante/", RedirectKind::ToHttps),
            ("http://h/dante/", "https://other/dante/", RedirectKind::OtherHost),
            (
                "http://h/dante/",
                "https://id.example/realms/x/protocol/openid-connect/auth?a",
                RedirectKind::Login,
            ),
            ("http://h/dante/", "/login?next=/dante/", RedirectKind::Login),
            ("http://h/login/dante", "/login/dante/", RedirectKind::Slash),
            ("http://h/dante/", "/app/", RedirectKind::Elsewhere),
            ("http://h/dante/", "http://", RedirectKind::Unusable),
        ] {
            assert_eq!(kind(&Target::parse(asked).unwrap(), location), expected, "{asked} → {location}");
        }
    }
}

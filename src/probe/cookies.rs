//! [`Jar`]: the cookies that a browser would keep and send back (RFC 6265, and 6265bis on prefixes and `SameSite`). Pure but for the clock, by
//! which cookies expire.
//!
//! There is no list of public suffixes: it would have to be renewed with each release, and without one the probe sends a few cookies that
//! browsers refuse (`Domain=github.io`), which can hide a fault and cannot make one up.

use cookie_store::{Cookie, CookieError, CookieStore, RawCookie};
use url::Url;

use super::{evidence::Exchange, target::Target};

/// Cookies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jar {
    kept: CookieStore,
    /// All that were set, by their names, as `Cookie` would send them.
    set: Vec<(String, String)>,
}

/// Why a browser does not send a cookie back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// It is for another host.
    Domain,
    /// It is for other paths.
    Path,
    /// It is for TLS, and there is none.
    Secure,
    /// `SameSite=None` without `Secure`: Chrome and Edge refuse it.
    SameSite,
    /// Its name starts with `__Secure-` or `__Host-`, and its attributes are not what that asks for.
    Prefix,
    /// It has expired when it comes.
    Expired,
}

impl Jar {
    /// With what these answers set, one after the other.
    pub(crate) fn of<'a>(answers: impl IntoIterator<Item = &'a Exchange>) -> Self {
        let mut jar = Self::default();
        for answer in answers {
            if let Ok(from) = Target::parse(&answer.url) {
                jar.take(&from, &answer.headers);
            }
        }
        jar
    }

    /// Takes what an answer sets, as far as a browser would keep it.
    pub(crate) fn take(&mut self, from: &Target, headers: &[(String, String)]) {
        let Some(from) = url(from) else { return };
        for text in set_cookies(headers) {
            let pair = text.split(';').next().unwrap_or_default().trim();
            let name = pair.split('=').next().unwrap_or_default();
            self.set.retain(|(known, _)| known != name);
            self.set.push((name.to_owned(), pair.to_owned()));
            if let Ok(cookie) = RawCookie::parse(text.to_owned())
                && refused(&cookie, &from).is_none()
            {
                // What it refuses, a browser does, too.
                let _ = self.kept.insert_raw(&cookie, &from);
            }
        }
    }

    /// The value of `Cookie` for a request; none if there is nothing to send.
    pub(crate) fn header(&self, to: &Target) -> Option<String> {
        let mut cookies = self.kept.matches(&url(to)?);
        // Longer paths first (RFC 6265, 5.4).
        cookies.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.name().to_owned()));
        let pairs: Vec<_> =
            cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The same with all that were set, whatever their attributes say: of one name the last.
    pub(crate) fn regardless(&self) -> Option<String> {
        let pairs: Vec<_> = self.set.iter().map(|(_, pair)| pair.as_str()).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Whether something was set that is not sent there.
    pub(crate) fn withholds(&self, to: &Target) -> bool {
        let sent = url(to).map_or(0, |to| self.kept.matches(&to).len());
        sent < self.set.len()
    }
}

/// The cookies that an answer from one URL sets and a browser does not send to another, as they were set, each with the reason.
pub(crate) fn withheld<'a>(
    headers: &'a [(String, String)],
    from: &Target,
    to: &Target,
) -> Vec<(&'a str, Withheld)> {
    let (Some(from), Some(to)) = (url(from), url(to)) else { return Vec::new() };
    set_cookies(headers).filter_map(|text| Some((text, reason(text, &from, &to)?))).collect()
}

fn set_cookies(headers: &[(String, String)]) -> impl Iterator<Item = &str> {
    headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str())
}

fn url(target: &Target) -> Option<Url> {
    Url::parse(&target.to_string()).ok()
}

fn reason(text: &str, from: &Url, to: &Url) -> Option<Withheld> {
    let raw = RawCookie::parse(text).ok()?;
    if let Some(refused) = refused(&raw, from) {
        return Some(refused);
    }
    match Cookie::try_from_raw_cookie(&raw, from) {
        Err(CookieError::DomainMismatch) => Some(Withheld::Domain),
        Err(_) => None,
        Ok(cookie) if cookie.is_expired() => Some(Withheld::Expired),
        Ok(cookie) if !cookie.domain.matches(to) => Some(Withheld::Domain),
        Ok(cookie) if !cookie.path.matches(to) => Some(Withheld::Path),
        Ok(cookie) if raw.secure() == Some(true) && !is_trusted(to) => {
            debug_assert!(!cookie.matches(to));
            Some(Withheld::Secure)
        }
        Ok(_) => None,
    }
}

/// What browsers refuse beside what RFC 6265 says (draft-ietf-httpbis-rfc6265bis, 5.7).
fn refused(cookie: &RawCookie<'_>, from: &Url) -> Option<Withheld> {
    let is_secure = cookie.secure() == Some(true);
    let starts_with = |prefix: &str| {
        cookie.name().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let bad_host = starts_with("__Host-")
        && (!is_secure
            || cookie.domain().is_some_and(|domain| !domain.is_empty())
            || cookie.path() != Some("/"));
    if bad_host || (starts_with("__Secure-") && !is_secure) {
        return Some(Withheld::Prefix);
    }
    if is_secure && !is_trusted(from) {
        return Some(Withheld::Secure);
    }
    let is_none = cookie.same_site().is_some_and(|same_site| same_site.is_none());
    (is_none && !is_secure).then_some(Withheld::SameSite)
}

/// Whether `Secure` cookies are kept from there and sent there: over TLS, and on the machine itself (tried in Chromium 156).
fn is_trusted(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://h.example/dante/";
    const ENGINE: &str = "https://h.example/dante/socket.io/?EIO=4";

    fn headers(values: &[&str]) -> Vec<(String, String)> {
        values.iter().map(|value| ("set-cookie".to_owned(), (*value).to_owned())).collect()
    }

    fn sent(set: &[&str], from: &str, to: &str) -> Option<String> {
        let mut jar = Jar::default();
        jar.take(&Target::parse(from).unwrap(), &headers(set));
        jar.header(&Target::parse(to).unwrap())
    }

    #[test]
    fn what_comes_back() {
        const PLAIN: &str = "http://h.example/dante/";
        const PLAIN_ENGINE: &str = "http://h.example/dante/socket.io/";
        use Withheld::{Domain, Expired, Path, Prefix, SameSite, Secure};
        // As hosts and people write them.
        for (set, from, to, why) in [
            // Azure ARR, AWS ALB, HAProxy, Traefik, nginx sticky, Apache's balancer, ingress-nginx.
            ("ARRAffinity=0285cf;Path=/;HttpOnly;Secure;Domain=h.example", PAGE, ENGINE, None),
            (
                "ARRAffinitySameSite=0285cf;Path=/;HttpOnly;SameSite=None;Secure;Domain=h.example",
                PAGE,
                ENGINE,
                None,
            ),
            ("AWSALBTG=x/y+z; Expires=Fri, 01 Jan 2100 10:00:00 GMT; Path=/", PAGE, ENGINE, None),
            ("SERVERID=s1; path=/", PLAIN, PLAIN_ENGINE, None),
            ("_traefik_backend=http://10.0.0.1:80; Path=/", PLAIN, PLAIN_ENGINE, None),
            (
                "route=5eb63bbb; Expires=Thu, 31-Dec-37 23:55:55 GMT; Max-Age=3600; Path=/; HttpOnly",
                PAGE,
                ENGINE,
                None,
            ),
            ("ROUTEID=.1; path=/dante", PAGE, ENGINE, None),
            ("INGRESSCOOKIE=1|2; Path=/dante/; Secure; HttpOnly", PAGE, ENGINE, None),
            ("io=abc; Path=/; HttpOnly; SameSite=Strict", PAGE, ENGINE, None),
            ("__Host-node=1; Path=/; Secure", PAGE, ENGINE, None),
            // Without a path, the folder of the request counts, and what is below it.
            ("node=1", PAGE, ENGINE, None),
            ("node=1", ENGINE, PAGE, Some(Path)),
            ("node=1; Path=", PAGE, ENGINE, None),
            // The prefix lost, or another; half of a segment is none.
            ("ROUTEID=.1; path=/app", PAGE, ENGINE, Some(Path)),
            ("node=1; Path=/dan", PAGE, ENGINE, Some(Path)),
            ("node=1; Path=/Dante/", PAGE, ENGINE, Some(Path)),
            ("node=1; Path=/socket.io", ENGINE, ENGINE, Some(Path)),
            // The name of the server inside.
            ("node=1; Domain=app.internal; Path=/", PAGE, ENGINE, Some(Domain)),
            ("node=1; Domain=sub.h.example; Path=/", PAGE, ENGINE, Some(Domain)),
            ("node=1; Domain=.h.example; Path=/", PAGE, ENGINE, None),
            ("node=1; Domain=ample; Path=/", PAGE, ENGINE, Some(Domain)),
            ("node=1; Domain=10.0.0.1; Path=/", "http://10.0.0.1/", "http://10.0.0.1/x", None),
            // TLS ends before.
            ("node=1; Path=/; Secure", PLAIN, PLAIN_ENGINE, Some(Secure)),
            ("node=1; Path=/; Secure", "http://127.0.0.1:81/", "http://127.0.0.1:81/x", None),
            ("node=1; Path=/; SameSite=None", PAGE, ENGINE, Some(SameSite)),
            ("node=1; Path=/; SameSite=None; Secure", PAGE, ENGINE, None),
            ("__Host-node=1; Path=/dante; Secure", PAGE, ENGINE, Some(Prefix)),
            ("__Host-node=1; Path=/; Secure; Domain=h.example", PAGE, ENGINE, Some(Prefix)),
            ("__secure-node=1; Path=/", PAGE, ENGINE, Some(Prefix)),
            ("node=1; Path=/; Max-Age=0", PAGE, ENGINE, Some(Expired)),
            ("node=1; Path=/; Expires=Thu, 01 Jan 2015 00:00:00 GMT", PAGE, ENGINE, Some(Expired)),
        ] {
            let (at, there) = (Target::parse(from).unwrap(), Target::parse(to).unwrap());
            let all = headers(&[set]);
            let why_not = withheld(&all, &at, &there).first().map(|(_, why)| *why);
            assert_eq!(why_not, why, "{set} {from} {to}");
            assert_eq!(sent(&[set], from, to).is_none(), why.is_some(), "{set} {from} {to}");
        }
    }

    #[test]
    fn several() {
        assert_eq!(
            sent(&["a=1; Path=/", "b=2; Path=/dante", "a=3; Path=/"], PAGE, ENGINE).as_deref(),
            Some("b=2; a=3")
        );
        assert_eq!(sent(&["a=1; Path=/", "a=; Path=/; Max-Age=0"], PAGE, ENGINE), None);
        assert_eq!(sent(&["nonsense", ""], PAGE, ENGINE), None);
        let (page, engine) = (Target::parse(PAGE).unwrap(), Target::parse(ENGINE).unwrap());
        let mut jar = Jar::default();
        assert_eq!((jar.regardless(), jar.withholds(&engine)), (None, false));
        jar.take(&page, &headers(&["a=1; Path=/x", "b=2"]));
        jar.take(&page, &headers(&["a=3; Domain=other"]));
        assert_eq!(jar.regardless().as_deref(), Some("b=2; a=3"));
        assert_eq!(jar.header(&engine).as_deref(), Some("b=2"));
        assert!(jar.withholds(&engine) && jar.withholds(&page));
    }
}

//! [`Policies`]: what the Content Security Policies of a page let it load and reach. All that came apply, in headers and in the HTML; those that
//! only report forbid nothing. Pure.
//!
//! The crate follows the standard (Content Security Policy Level 3). Where browsers do not, or it does not, what is given to it is changed;
//! each was tried in Chromium 156.

use content_security_policy::{
    CheckResult, CspList, Destination, Directive, Initiator, ParserMetadata, Policy, PolicyDisposition,
    PolicySource, Request, sandboxing_directive::SandboxingFlagSet,
};
use url::{Host, Url};

use super::evidence::{FileKind, Page};

/// The header, and the `http-equiv` of a meta element.
pub(crate) const HEADER: &str = "content-security-policy";

/// What a page needs, as far as policies tell it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// A script or style, with its nonce and its hashes.
    File { kind: FileKind, nonce: Option<String>, integrity: Option<String> },
    /// A connection: polling, an event stream, a WebSocket.
    Connection,
}

/// The policies of a page.
#[derive(Debug, Clone)]
pub(crate) struct Policies {
    all: Vec<Sent>,
    page: Url,
}

#[derive(Debug, Clone)]
struct Sent {
    policy: Policy,
    place: Place,
}

/// Where a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The only header.
    Header,
    /// One of so many headers or parts of one, counted from 1.
    OneOf(usize, usize),
    /// A meta element.
    Meta,
}

/// What of a policy forbids something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forbidden {
    /// The directive, as it was sent: `connect-src 'none'`.
    pub(crate) directive: String,
    /// Where its policy stands.
    pub(crate) place: Place,
}

impl Policies {
    /// Of a page that is at this URL.
    pub(crate) fn of(page: &Page, url: &Url) -> Self {
        let answer = page.exchanges.last();
        let headers = answer.iter().flat_map(|answer| &answer.headers).filter(|(name, _)| name == HEADER);
        let parse = |text: &str, source| CspList::parse(text, source, PolicyDisposition::Enforce).0;
        let sent: Vec<Policy> = headers.flat_map(|(_, text)| parse(text, PolicySource::Header)).collect();
        let count = sent.len();
        let place = |at| if count == 1 { Place::Header } else { Place::OneOf(at + 1, count) };
        let sent = sent.into_iter().enumerate().map(|(at, policy)| Sent { policy, place: place(at) });
        // One in the HTML is always one policy, commas included.
        let in_page = page.markup.policies.iter().map(|text| Sent {
            policy: Policy::parse(text, PolicySource::Meta, PolicyDisposition::Enforce),
            place: Place::Meta,
        });
        let all = sent.chain(in_page).map(|sent| Sent { policy: without_nonsense(sent.policy), ..sent });
        Self { all: all.collect(), page: url.clone() }
    }

    /// What forbids the page this, if anything does: of several policies the first.
    pub(crate) fn forbid(&self, need: &Need, url: &Url) -> Option<Forbidden> {
        self.all.iter().find_map(|Sent { policy, place }| {
            if allows(policy, need, url, &self.page) {
                return None;
            }
            let names: &[&str] = match need {
                Need::File { kind: FileKind::Style, .. } => &["style-src-elem", "style-src", "default-src"],
                Need::File { .. } => &["script-src-elem", "script-src", "default-src"],
                Need::Connection => &["connect-src", "default-src"],
            };
            let directive = names.iter().find_map(|name| directive(policy, name))?;
            Some(Forbidden { directive: written(directive), place: *place })
        })
    }

    /// A sandbox that takes from the page what its scripts need: that they run, or that the page's own origin is theirs. A meta element
    /// cannot make one.
    pub(crate) fn sandbox(&self) -> Option<(Forbidden, &'static str)> {
        self.all.iter().filter(|sent| sent.place != Place::Meta).find_map(|Sent { policy, place }| {
            let directive = directive(policy, "sandbox")?;
            let flags = directive.get_sandboxing_flag_set_for_document(policy)?;
            let lacks = if flags.contains(SandboxingFlagSet::SANDBOXED_SCRIPTS_BROWSING_CONTEXT_FLAG) {
                "allow-scripts"
            } else if flags.contains(SandboxingFlagSet::SANDBOXED_ORIGIN_BROWSING_CONTEXT_FLAG) {
                "allow-same-origin"
            } else {
                return None;
            };
            Some((Forbidden { directive: written(directive), place: *place }, lacks))
        })
    }

    /// Whether http: URLs in the page become https: ones (Upgrade Insecure Requests, 3.2).
    pub(crate) fn upgrade_insecure_requests(&self) -> Option<Forbidden> {
        self.all.iter().find_map(|Sent { policy, place }| {
            let directive = directive(policy, "upgrade-insecure-requests")?;
            Some(Forbidden { directive: directive.name.clone(), place: *place })
        })
    }

    /// Whether the page may set what its relative URLs start from.
    pub(crate) fn allow_base(&self, base: &Url) -> bool {
        let policies = self.all.iter().map(|sent| sent.policy.clone()).collect();
        CspList(policies).is_base_allowed_for_document(base, &self.page.origin()).0 == CheckResult::Allowed
    }
}

fn directive<'a>(policy: &'a Policy, name: &str) -> Option<&'a Directive> {
    policy.directive_set.iter().find(|directive| directive.name == name)
}

/// A directive as it was sent.
fn written(directive: &Directive) -> String {
    std::iter::once(&directive.name).chain(&directive.value).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Without sources that no browser understands: the crate asserts that a port is one.
fn without_nonsense(mut policy: Policy) -> Policy {
    for directive in &mut policy.directive_set {
        directive.value.retain(|source| {
            let port = authority(source).rsplit_once(':').map(|(_, port)| port).unwrap_or_default();
            port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().is_ok()
        });
    }
    policy
}

/// The host and port of a source, if it has them: `h:81` of `https://h:81/path`.
fn authority(source: &str) -> &str {
    let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

fn allows(policy: &Policy, need: &Need, url: &Url, page: &Url) -> bool {
    let mut policy = policy.clone();
    let (mut url, mut page) = (url.clone(), page.clone());
    name_address(&mut policy, &mut [&mut url, &mut page]);
    if !matches!(url.scheme(), "ws" | "wss") {
        // To the crate `wss:` is a source of https:, too, as the standard says of schemes; to browsers it is not.
        let of_websockets = |source: &str| {
            let scheme = source.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            scheme.is_some_and(|scheme| matches!(scheme.as_str(), "ws" | "wss"))
        };
        for directive in &mut policy.directive_set {
            directive.value.retain(|source| !of_websockets(source));
        }
    }
    if !violates(&policy, need, &url, &page) {
        return true;
    }
    // For the crate, 'self' has no other scheme on the default port, and * has no WebSocket. In browsers 'self' has the same host and port
    // over any scheme that is as safe, and * has what it has over HTTP.
    for directive in &mut policy.directive_set {
        directive.value.retain(|source| source == "*" || source.starts_with('\''));
    }
    let scheme = if matches!(url.scheme(), "https" | "wss") { page.scheme() } else { "http" };
    let alike = Url::parse(&format!("{scheme}{}", &url[url::Position::AfterScheme..]));
    alike.is_ok_and(|url| !violates(&policy, need, &url, &page))
}

/// Gives a host that is an address a name, everywhere: browsers match addresses as they match names, and the standard matches none but
/// 127.0.0.1 (6.7.2.9).
fn name_address(policy: &mut Policy, urls: &mut [&mut Url]) {
    let Some(Host::Ipv4(address)) = urls.first().and_then(|url| url.host().map(|host| host.to_owned()))
    else {
        return;
    };
    let (address, name) = (address.to_string(), format!("{}.invalid", address.to_string().replace('.', "-")));
    for url in urls.iter_mut().filter(|url| url.host_str() == Some(&address)) {
        // A name of digits and hyphens is always one.
        let _ = url.set_host(Some(&name));
    }
    for source in policy.directive_set.iter_mut().flat_map(|directive| &mut directive.value) {
        let host = authority(source);
        if host.split(':').next() == Some(&address) {
            *source = source.replacen(&address, &name, 1);
        }
    }
}

fn violates(policy: &Policy, need: &Need, url: &Url, page: &Url) -> bool {
    let (destination, nonce, integrity) = match need {
        Need::File { kind: FileKind::Style, nonce, .. } => (Destination::Style, nonce.clone(), None),
        Need::File { nonce, integrity, .. } => (Destination::Script, nonce.clone(), integrity.clone()),
        Need::Connection => (Destination::None, None, None),
    };
    let request = Request {
        url: url.clone(),
        current_url: url.clone(),
        origin: page.origin(),
        redirect_count: 0,
        destination,
        initiator: Initiator::None,
        nonce: nonce.unwrap_or_default(),
        integrity_metadata: integrity.unwrap_or_default(),
        parser_metadata: ParserMetadata::ParserInserted,
    };
    CspList(vec![policy.clone()]).should_request_be_blocked(&request).0 == CheckResult::Blocked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Exchange, Markup};

    fn policies(page: &str, headers: &[&str], metas: &[&str]) -> Policies {
        let header = |text: &&str| (HEADER.to_owned(), (*text).to_owned());
        let headers = headers.iter().map(header).collect();
        let markup =
            Markup { policies: metas.iter().map(|text| (*text).to_owned()).collect(), ..Markup::default() };
        let exchanges = vec![Exchange { headers, ..Exchange::default() }];
        Policies::of(&Page { exchanges, markup, ..Page::default() }, &Url::parse(page).unwrap())
    }

    fn file(kind: FileKind) -> Need {
        Need::File { kind, nonce: None, integrity: None }
    }

    /// What of these headers forbids a page at `page` a connection to `url`.
    fn connection(page: &str, headers: &[&str], url: &str) -> Option<String> {
        let forbidden = policies(page, headers, &[]).forbid(&Need::Connection, &Url::parse(url).unwrap());
        forbidden.map(|forbidden| forbidden.directive)
    }

    #[test]
    fn connections() {
        const PAGE: &str = "https://h.example/app/";
        const POLL: &str = "https://h.example/app/socket.io/?EIO=4";
        const SOCKET: &str = "wss://h.example/app/websocket/ws";
        const BOTH: [&str; 2] = [POLL, SOCKET];
        // As people post them; what each URL is forbidden by was tried in Chromium.
        for (headers, forbidden) in [
            (vec![], [None, None]),
            (
                vec!["default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
                [None, None],
            ),
            (
                vec!["default-src 'self'; connect-src 'none'; script-src 'none'"],
                [Some("connect-src 'none'"); 2],
            ),
            (
                vec!["default-src 'none'; script-src 'self'; style-src 'self'"],
                [Some("default-src 'none'"); 2],
            ),
            (vec!["connect-src"], [Some("connect-src"); 2]),
            // helmet's default, and the list of the OWASP sheet.
            (
                vec![
                    "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
                ],
                [None, None],
            ),
            (vec!["connect-src 'self' https://api.example.com"], [None, None]),
            (vec!["connect-src https:"], [None, Some("connect-src https:")]),
            (vec!["connect-src https: wss:"], [None, None]),
            (vec!["connect-src wss:"], [Some("connect-src wss:"), None]),
            (vec!["connect-src wss://h.example"], [Some("connect-src wss://h.example"), None]),
            (vec!["connect-src https://h.example"], [None, Some("connect-src https://h.example")]),
            (vec!["connect-src h.example"], [None, Some("connect-src h.example")]),
            (vec!["connect-src *.example wss://*.example"], [None, None]),
            (vec!["connect-src *"], [None, None]),
            (
                vec!["connect-src https://h.example/app/ wss://h.example/other/"],
                [None, Some("connect-src https://h.example/app/ wss://h.example/other/")],
            ),
            (vec!["connect-src h.example:99999"], [Some("connect-src"); 2]),
            // Of two, each forbids for itself, in two headers or in one.
            (vec!["default-src 'self'", "default-src https:"], [None, Some("default-src https:")]),
            (vec!["default-src 'self', connect-src 'none'"], [Some("connect-src 'none'"); 2]),
            // The first of two directives counts; names are not case-sensitive.
            (vec!["Connect-Src 'self'; connect-src 'none'"], [None, None]),
            (vec!["script-src 'none'; sandbox allow-scripts"], [None, None]),
        ] {
            let seen = BOTH.map(|url| connection(PAGE, &headers, url));
            assert_eq!(seen, forbidden.map(|text| text.map(str::to_owned)), "{headers:?}");
        }
        for (page, policy, url, allowed) in [
            ("http://h.example:8080/", "connect-src 'self'", "ws://h.example:8080/ws", true),
            ("http://h.example/", "default-src 'self'", "ws://h.example/ws", true),
            ("http://h.example/", "default-src 'self'", "wss://h.example/ws", true),
            ("http://127.0.0.1:8080/", "connect-src 'self'", "ws://127.0.0.1:8080/ws", true),
            ("http://[::1]:8080/", "connect-src 'self'", "ws://[::1]:8080/ws", true),
            (
                "http://10.0.0.5:81/",
                "connect-src http://10.0.0.5:81 ws://10.0.0.5:81",
                "http://10.0.0.5:81/x",
                true,
            ),
            (
                "http://10.0.0.5:81/",
                "connect-src http://10.0.0.5:81 ws://10.0.0.5:81",
                "ws://10.0.0.5:81/x",
                true,
            ),
            ("http://10.0.0.5:81/", "connect-src http://110.0.0.5:81", "http://10.0.0.5:81/x", false),
            ("http://10.0.0.5:81/", "connect-src 'self'", "ws://10.0.0.5:81/x", true),
            ("https://h.example/", "connect-src 'self'", "wss://other.example/", false),
            ("https://h.example/", "connect-src 'self'", "wss://h.example:8443/", false),
        ] {
            assert_eq!(connection(page, &[policy], url).is_none(), allowed, "{page} {policy} {url}");
        }
    }

    #[test]
    fn scripts_and_styles() {
        use FileKind::{Module, Script, Style};
        let nonce = Need::File { kind: Script, nonce: Some("r4nd0m".into()), integrity: None };
        let hash = Need::File { kind: Module, nonce: None, integrity: Some("sha256-AAAA".into()) };
        let page = "https://h.example/";
        for (policy, need, url, forbidden) in [
            ("default-src 'self'", file(Script), "https://h.example/a.js", false),
            ("script-src 'none'", file(Module), "https://h.example/a.js", true),
            ("script-src-elem 'none'; script-src 'self'", file(Script), "https://h.example/a.js", true),
            ("script-src 'none'", file(Style), "https://h.example/a.css", false),
            ("style-src 'unsafe-inline'", file(Style), "https://h.example/a.css", true),
            ("style-src-elem 'self'; default-src 'none'", file(Style), "https://h.example/a.css", false),
            ("script-src 'nonce-r4nd0m'", nonce.clone(), "https://cdn.example/a.js", false),
            ("script-src 'nonce-other'", nonce.clone(), "https://h.example/a.js", true),
            ("script-src 'nonce-r4nd0m' 'strict-dynamic'", nonce, "https://h.example/a.js", false),
            ("script-src 'self' 'strict-dynamic'", file(Script), "https://h.example/a.js", true),
            ("script-src 'sha256-AAAA'", hash, "https://h.example/a.js", false),
            ("script-src https://cdn.example/js/", file(Script), "https://cdn.example/js/a.js", false),
            ("script-src https://cdn.example/js/", file(Script), "https://cdn.example/a.js", true),
        ] {
            let seen = policies(page, &[policy], &[]).forbid(&need, &Url::parse(url).unwrap());
            assert_eq!(seen.is_some(), forbidden, "{policy} {url}");
        }
    }

    #[test]
    fn places_and_other_directives() {
        let url = Url::parse("https://h.example/x").unwrap();
        let two = policies("https://h.example/", &["default-src 'self'"], &["connect-src 'none', x"]);
        let forbidden = two.forbid(&Need::Connection, &url).unwrap();
        assert_eq!(forbidden.place, Place::Meta);
        let second = policies("https://h.example/", &["default-src 'self'", "connect-src 'none'"], &[]);
        assert_eq!(second.forbid(&Need::Connection, &url).unwrap().place, Place::OneOf(2, 2));
        for (header, lacks) in [
            ("sandbox", Some("allow-scripts")),
            ("sandbox allow-scripts", Some("allow-same-origin")),
            ("sandbox allow-scripts allow-same-origin", None),
            ("default-src 'self'", None),
        ] {
            let sandbox = policies("https://h.example/", &[header], &["sandbox"]).sandbox();
            assert_eq!(sandbox.map(|(_, lacks)| lacks), lacks, "{header}");
        }
        let upgrades = |header| policies("http://h/", &[header], &[]).upgrade_insecure_requests().is_some();
        assert!(upgrades("default-src 'self'; upgrade-insecure-requests") && !upgrades("default-src https:"));
        let base = |header: &str| policies("https://h.example/", &[header], &[]).allow_base(&url);
        assert!(base("default-src 'none'") && base("base-uri 'self'") && !base("base-uri 'none'"));
    }
}

//! What was typed, understood: [`Plan`]. Pure.
//!
//! | file | what it reads |
//! |---|---|
//! | `against` | URLs of other places |
//! | `header` | headers |
//! | `resolve` | addresses in the place of a name's |
//! | `time` | times, and how long connections are held |
//! | `transports` | the streams to look at |
//! | `versions` | versions of HTTP |
//! | `fit` | which options do not fit the way out |

mod against;
mod fit;
mod header;
mod resolve;
mod time;
mod transports;
mod versions;

use std::{net::SocketAddr, time::Duration};

use http::{HeaderName, HeaderValue};

use self::resolve::Resolve;
pub(crate) use self::{time::HoldTime, versions::HttpVersions};
use super::{
    browser,
    subject::{Listening, PostBody, Subject},
    target::{self, Target},
    way_out::{Proxy, WayOut, WaysOut},
};
use crate::{bad_value::BadValue, cli::ProbeArgs, hosting::environment::Environment, transport::Transport};

/// Everything that a probe needs to know.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where.
    pub(crate) target: Target,
    /// What is probed.
    pub(crate) subject: Subject,
    /// How long an application that is not Dante is listened to.
    pub(crate) listening: Listening,
    /// How long connections are held.
    pub(crate) hold: Option<HoldTime>,
    /// The browser that opens the page, too.
    pub(crate) browser: Option<browser::Wanted>,
    /// How long one answer may take, where the user says so.
    pub(crate) timeout: Option<Duration>,
    /// Whether to go on where the certificate is not trusted.
    pub(crate) insecure: bool,
    /// Headers that the user gives.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The streams to look at.
    pub(crate) transports: Vec<Transport>,
    /// Which versions of HTTP are spoken.
    pub(crate) http: HttpVersions,
    /// The same at other places, from the one behind the host to the origin.
    pub(crate) against: Vec<Target>,
    resolve: Vec<Resolve>,
    /// The proxies.
    ways_out: WaysOut,
    /// For how long the host is watched afterwards.
    watch: Option<Duration>,
    /// Whether to probe without the proxy, too.
    pub(crate) direct: bool,
}

impl Plan {
    /// Understands what was typed, in this environment.
    ///
    /// # Errors
    /// When a value cannot be used.
    pub fn read(args: &ProbeArgs, env: &Environment) -> Result<Self, BadValue> {
        let page = target::page_of_websocket(args.url());
        let target = Target::parse(page.as_deref().unwrap_or(args.url()))
            .map_err(|reason| BadValue::new("URL", args.url(), reason))?;
        let headers = args.header.iter().map(|text| header::read(text)).collect::<Result<_, _>>()?;
        let resolve = args.resolve.iter().map(|text| Resolve::read(text)).collect::<Result<_, _>>()?;
        let subject = Subject::read(args, &target, page.is_some())?;
        let listen_for = args.listen_for.as_deref().map(|text| time::read("--for", text)).transpose()?;
        let ways_out = WaysOut::read(args.proxy.as_deref(), env, &target)?;
        fit::check(args, &ways_out, &target)?;
        Ok(Self {
            target,
            subject,
            listening: Listening::read(args.expect, listen_for)?,
            ways_out,
            watch: args.watch.as_deref().map(|text| time::watch(text, args.post.is_some())).transpose()?,
            direct: args.direct,
            hold: args.hold.as_deref().map(HoldTime::read).transpose()?,
            browser: args.browser.as_deref().map(|option| browser::Wanted::new(option, env)),
            timeout: args.timeout.as_deref().map(|text| time::read("--timeout", text)).transpose()?,
            insecure: args.insecure,
            headers,
            transports: transports::read(args.transports.as_deref())?,
            http: HttpVersions::read(args.http.as_deref())?,
            against: against::read(&args.against)?,
            resolve,
        })
    }

    /// The same, posting this.
    #[must_use]
    pub fn posting(self, text: String) -> Self {
        Self { subject: Subject::Post(PostBody::new(text)), ..self }
    }

    /// What `--resolve` says of a host.
    pub(crate) fn resolved<'a>(&'a self, host: &'a str, port: u16) -> impl Iterator<Item = SocketAddr> + 'a {
        self.resolve
            .iter()
            .filter(move |one| one.port == port && one.host.eq_ignore_ascii_case(host))
            .map(|one| one.address)
    }

    /// The headers that the user gave, as far as they may go to a host: some only to those that the user named.
    pub(crate) fn headers_for(
        &self,
        target: &Target,
    ) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> + use<'_> {
        let mut named = std::iter::once(&self.target).chain(&self.against);
        let is_named = named.any(|named| named.host.eq_ignore_ascii_case(&target.host));
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        headers.filter(move |(name, _)| is_named || header::may_go_anywhere(name))
    }

    /// Whether something is started that has to be ended, whatever ends the probe.
    pub(crate) fn starts_browser(&self) -> bool {
        self.browser.is_some()
    }

    /// What these options ask of a browser.
    pub(crate) fn wishes(&self) -> browser::Wishes {
        let resolve = self.resolve.iter().map(|one| (one.host.clone(), one.port, one.address));
        browser::Wishes {
            insecure: self.insecure,
            resolve: resolve.collect(),
            only: (!self.headers.is_empty()).then(|| self.target.host.clone()),
            proxy: self.proxy_for(&self.target).map(Proxy::for_browsers),
        }
    }

    /// For how long the host is to be watched, once it was probed.
    pub fn watch(&self) -> Option<Duration> {
        self.watch
    }

    /// The way that requests for a target take.
    pub(crate) fn way_out(&self, target: &Target) -> WayOut<'_> {
        self.ways_out.to(target)
    }

    /// The proxy that requests for a target go through.
    pub(crate) fn proxy_for(&self, target: &Target) -> Option<&Proxy> {
        match self.way_out(target) {
            WayOut::Through(proxy) => Some(proxy),
            WayOut::Direct | WayOut::Excepted(..) => None,
        }
    }

    /// The same without any proxy, and without a browser, which has its own way out.
    pub(crate) fn without_proxies(&self) -> Self {
        Self { ways_out: WaysOut::default(), direct: false, browser: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::subject::Kind;

    fn plan(change: impl FnOnce(&mut ProbeArgs)) -> Result<Plan, String> {
        let mut args = ProbeArgs { url: Some("https://example.org/dante/".into()), ..ProbeArgs::default() };
        change(&mut args);
        Plan::read(&args, &Environment::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn values() {
        let read = plan(|args| {
            args.hold = Some("65s".into());
            args.header = vec!["Authorization: Basic a:b".into()];
            args.resolve = vec!["Example.org:443:[::1]".into(), "example.org:443:192.0.2.1".into()];
            args.transports = Some("sse, socketio-polling".into());
            args.socketio = Some("/a/socket.io/".into());
        })
        .unwrap();
        let hold = HoldTime { limit: Duration::from_secs(65), auto: false };
        assert_eq!((read.hold, read.timeout), (Some(hold), None));
        assert_eq!(read.headers[0].1, "Basic a:b");
        let addresses: Vec<_> =
            read.resolved("example.org", 443).map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["[::1]:443", "192.0.2.1:443"]);
        assert_eq!(read.resolved("example.org", 80).count(), 0);
        assert_eq!(read.transports, [Transport::Sse, Transport::SocketIoPolling]);
        assert_eq!(read.subject.engine().unwrap().path, "/a/socket.io/");
    }

    #[test]
    fn urls_of_websockets() {
        let read = plan(|args| args.url = Some("wss://example.org/chat".into())).unwrap();
        assert_eq!(
            (read.target.to_string().as_str(), read.subject.kind()),
            ("https://example.org/chat", Kind::WebSocket)
        );
        assert!(!plan(|args| args.url = Some("ws://example.org/".into())).unwrap().target.tls);
    }

    #[test]
    fn refusals_name_the_value_and_the_remedy() {
        type Change = fn(&mut ProbeArgs);
        for (change, parts) in [
            (
                (|args| args.url = Some("dante.example".into())) as Change,
                &["URL \"dante.example\"", "http://dante.example"][..],
            ),
            (|args| args.url = Some("wss:///x".into()), &["URL \"wss:///x\"", "host is missing"]),
            (|args| args.hold = Some("0".into()), &["--hold", "1s"]),
            (|args| args.against = vec!["localhost:3000".into()], &["--against \"localhost:3000\""]),
            (|args| args.timeout = Some("soon".into()), &["--timeout \"soon\""]),
            (|args| args.header = vec!["nonsense".into()], &["--header", "colon"]),
            (|args| args.resolve = vec!["a:443".into()], &["--resolve", "ADDRESS"]),
            (|args| args.transports = Some("smoke".into()), &["\"smoke\"", "sse"]),
            (|args| args.listen_for = Some("long".into()), &["--for \"long\"", "15s"]),
            (|args| args.proxy = Some("socks4://p".into()), &["--proxy", "socks5"]),
            (|args| args.watch = Some("0".into()), &["--watch", "1s"]),
            (|args| args.direct = true, &["--direct", "--proxy"]),
            (|args| args.http = Some("h2".into()), &["--http \"h2\"", "both"]),
        ] {
            let error = plan(change).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}

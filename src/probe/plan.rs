//! What was typed, understood: [`Plan`]. Pure.

use std::{net::SocketAddr, time::Duration};

use http::{HeaderName, HeaderValue, header};

use strum::{EnumString, VariantArray as _};

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
    /// Headers for every request.
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

/// Which versions of HTTP are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString)]
pub(crate) enum HttpVersions {
    /// HTTP/1.1 alone.
    #[strum(serialize = "1.1")]
    One,
    /// HTTP/2 alone; without TLS, the server has to know it (RFC 9113, 3.3).
    #[strum(serialize = "2")]
    Two,
    /// HTTP/1.1, and HTTP/2 beside it where TLS agrees to that.
    #[strum(serialize = "both")]
    Both,
}

/// How long connections are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HoldTime {
    /// At most.
    pub(crate) limit: Duration,
    /// Whether the limits of the host are to be found, and the hold may end as soon as they are.
    pub(crate) auto: bool,
}

/// How long `--hold auto` may take if nothing else is said, and what may be said.
const AUTO: Duration = Duration::from_secs(2 * 60);
const AUTO_TIMES: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(10 * 60));

#[derive(Debug, Clone)]
struct Resolve {
    host: String,
    port: u16,
    address: SocketAddr,
}

/// How many other places may be named: with the host, as many as connections may be open.
const MOST_AGAINST: usize = 5;

const TIMES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60 * 60));

/// The longest watch.
const LONGEST_WATCH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Headers that the probe sets itself: they are what it tests.
const OURS: [HeaderName; 6] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
];

impl Plan {
    /// Understands what was typed, in this environment.
    ///
    /// # Errors
    /// When a value cannot be used.
    pub fn read(args: &ProbeArgs, env: &Environment) -> Result<Self, BadValue> {
        let page = target::page_of_websocket(&args.url);
        let target = Target::parse(page.as_deref().unwrap_or(&args.url))
            .map_err(|reason| BadValue::new("URL", &args.url, reason))?;
        let headers = args.header.iter().map(|text| header_of(text)).collect::<Result<_, _>>()?;
        let resolve = args.resolve.iter().map(|text| resolve_of(text)).collect::<Result<_, _>>()?;
        let subject = Subject::read(args, &target, page.is_some())?;
        let listen_for = args.listen_for.as_deref().map(|text| time("--for", text)).transpose()?;
        let ways_out = WaysOut::read(args.proxy.as_deref(), env, &target)?;
        check_ways(args, &ways_out, &target)?;
        check_browser(args, &ways_out, &target)?;
        Ok(Self {
            target,
            subject,
            listening: Listening::read(args.expect, listen_for)?,
            ways_out,
            watch: args.watch.as_deref().map(|text| watch_time(text, args)).transpose()?,
            direct: args.direct,
            hold: args.hold.as_deref().map(hold_time).transpose()?,
            browser: args.browser.as_deref().map(|option| browser::Wanted::new(option, env)),
            timeout: args.timeout.as_deref().map(|text| time("--timeout", text)).transpose()?,
            insecure: args.insecure,
            headers,
            transports: transports(args.transports.as_deref())?,
            http: http_versions(args.http.as_deref())?,
            against: against(&args.against)?,
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

    /// The headers that the user gave, as far as they may go to a host: a redirect may lead anywhere, and credentials, and the name of a
    /// host, are for those that the user named. So does curl since 7.58.0 (CVE-2018-1000007).
    pub(crate) fn headers_for(
        &self,
        target: &Target,
    ) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> + use<'_> {
        const NAMED_HOSTS_ONLY: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::HOST];
        let mut named = std::iter::once(&self.target).chain(&self.against);
        let is_named = named.any(|named| named.host.eq_ignore_ascii_case(&target.host));
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        headers.filter(move |(name, _)| is_named || !NAMED_HOSTS_ONLY.contains(name))
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

/// Refuses what a browser cannot be told to do behind a proxy.
fn check_browser(args: &ProbeArgs, ways_out: &WaysOut, target: &Target) -> Result<(), BadValue> {
    let (Some(browser), WayOut::Through(proxy)) = (&args.browser, ways_out.to(target)) else { return Ok(()) };
    let refuse = |reason: &str| {
        let reason = format!("{reason} the proxy {proxy} ({})", proxy.source);
        Err(BadValue::new("--browser", browser, reason))
    };
    if proxy.credentials.is_some() {
        return refuse(
            "a browser asks its user for the password of a proxy; leave --browser out, or do without",
        );
    }
    if !args.header.is_empty() {
        // Behind a proxy, the browser cannot be kept from other hosts.
        return refuse(
            "the headers of --header could reach other hosts; leave one of both out, or do without",
        );
    }
    Ok(())
}

/// Refuses what the way out makes impossible.
fn check_ways(args: &ProbeArgs, ways_out: &WaysOut, target: &Target) -> Result<(), BadValue> {
    let proxy = match ways_out.to(target) {
        WayOut::Through(proxy) => Some(proxy),
        WayOut::Direct | WayOut::Excepted(..) => None,
    };
    match (proxy, args.resolve.first()) {
        (None, _) if args.direct => Err(BadValue::new(
            "--direct",
            &args.url,
            "no proxy is set for this URL, so there is nothing to compare; leave it out, or name the proxy with --proxy",
        )),
        // A proxy that is asked for a URL looks up the name in it (RFC 9112, 3.2.2), and so does curl's.
        (Some(proxy), Some(resolve)) if !target.tls && proxy.speaks_http() => {
            let reason = format!(
                "the proxy {proxy} ({}) looks up the names of http: URLs itself; add --proxy \"\" to do without it",
                proxy.source
            );
            Err(BadValue::new("--resolve", resolve, reason))
        }
        _ => Ok(()),
    }
}

fn time(name: &str, text: &str) -> Result<Duration, BadValue> {
    let refuse = |reason: &str| Err(BadValue::new(name, text, reason));
    match humantime::parse_duration(text) {
        Ok(time) if (TIMES.0..=TIMES.1).contains(&time) => Ok(time),
        Ok(_) => refuse("out of range; use 1s to 1h"),
        Err(_) => refuse("not a duration; write 15s or 2m"),
    }
}

/// For how long the host is watched.
fn watch_time(text: &str, args: &ProbeArgs) -> Result<Duration, BadValue> {
    let refuse = |reason: &str| Err(BadValue::new("--watch", text, reason));
    if args.post.is_some() {
        return refuse("a POST is not repeated, since it may change something; use it without --post");
    }
    match humantime::parse_duration(text) {
        Ok(time) if (TIMES.0..=LONGEST_WATCH).contains(&time) => Ok(time),
        Ok(_) => refuse("out of range; use 1s to 7days"),
        Err(_) => refuse("not a duration; write 10m or 12h"),
    }
}

/// URLs of other places; no more than there are connections.
fn against(urls: &[String]) -> Result<Vec<Target>, BadValue> {
    if let Some(text) = urls.get(MOST_AGAINST) {
        let reason = format!("one too many; name at most {MOST_AGAINST} places");
        return Err(BadValue::new("--against", text, reason));
    }
    let read = |text: &String| {
        let page = target::page_of_websocket(text);
        Target::parse(page.as_deref().unwrap_or(text))
            .map_err(|reason| BadValue::new("--against", text, reason))
    };
    urls.iter().map(read).collect()
}

/// A time, `auto`, or `auto:` and the longest time.
fn hold_time(text: &str) -> Result<HoldTime, BadValue> {
    let Some(rest) = text.strip_prefix("auto") else {
        let limit = time("--hold", text).map_err(|_| {
            BadValue::new("--hold", text, "write a time from 1s to 1h, such as 65s; or auto, or auto:10m")
        })?;
        return Ok(HoldTime { limit, auto: false });
    };
    if rest.is_empty() {
        return Ok(HoldTime { limit: AUTO, auto: true });
    }
    let limit = rest.strip_prefix(':').and_then(|limit| humantime::parse_duration(limit).ok());
    match limit.filter(|limit| (AUTO_TIMES.0..=AUTO_TIMES.1).contains(limit)) {
        Some(limit) => Ok(HoldTime { limit, auto: true }),
        None => Err(BadValue::new(
            "--hold",
            text,
            "write auto, or auto: and a time from 8s to 10m, such as auto:5m",
        )),
    }
}

fn header_of(text: &str) -> Result<(HeaderName, HeaderValue), BadValue> {
    let refuse = |reason: &str| BadValue::new("--header", text, reason);
    let (name, value) =
        text.split_once(':').ok_or_else(|| refuse("the colon is missing; write 'Name: value'"))?;
    let name = HeaderName::try_from(name.trim())
        .map_err(|_| refuse("a header name has only letters, digits and hyphens; write 'Name: value'"))?;
    if OURS.contains(&name) {
        return Err(refuse("the probe sets this header itself, because it tests it; leave it out"));
    }
    let value = HeaderValue::try_from(value.trim())
        .map_err(|_| refuse("a header value cannot contain control characters; write 'Name: value'"))?;
    Ok((name, value))
}

fn resolve_of(text: &str) -> Result<Resolve, BadValue> {
    let form =
        || BadValue::new("--resolve", text, "write HOST:PORT:ADDRESS, such as example.org:443:192.0.2.1");
    let mut parts = text.splitn(3, ':');
    let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(form());
    };
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(form)?;
    let address = address.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(address);
    let ip: std::net::IpAddr = address.parse().map_err(|_| form())?;
    // In ASCII, as targets have it.
    let host = url::Host::parse(host).map_err(|_| form())?;
    Ok(Resolve { host: host.to_string(), port, address: SocketAddr::new(ip, port) })
}

fn http_versions(text: Option<&str>) -> Result<HttpVersions, BadValue> {
    let Some(text) = text else { return Ok(HttpVersions::Both) };
    text.parse().map_err(|_| BadValue::new("--http", text, "not a version of HTTP; write 1.1, 2 or both"))
}

fn transports(text: Option<&str>) -> Result<Vec<Transport>, BadValue> {
    let Some(text) = text else { return Ok(Transport::VARIANTS.to_vec()) };
    let mut transports = Vec::new();
    for name in text.split(',').map(str::trim) {
        match name.parse() {
            Ok(transport) if !transports.contains(&transport) => transports.push(transport),
            Ok(_) => {
                return Err(BadValue::new(
                    "--transports",
                    text,
                    format!("{name} is listed twice; list each once"),
                ));
            }
            Err(_) => {
                let reason = format!(
                    "{name:?} is not a transport; choose from socketio-websocket, socketio-polling, websocket, sse, separated by commas"
                );
                return Err(BadValue::new("--transports", text, reason));
            }
        }
    }
    Ok(transports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::subject::Kind;

    fn plan(change: impl FnOnce(&mut ProbeArgs)) -> Result<Plan, String> {
        let mut args = ProbeArgs { url: "https://example.org/dante/".into(), ..ProbeArgs::default() };
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
        let read = plan(|args| args.url = "wss://example.org/chat".into()).unwrap();
        assert_eq!(
            (read.target.to_string().as_str(), read.subject.kind()),
            ("https://example.org/chat", Kind::WebSocket)
        );
        assert!(!plan(|args| args.url = "ws://example.org/".into()).unwrap().target.tls);
    }

    #[test]
    fn times_to_hold() {
        let hold = |text: &str| {
            let read = plan(|args| args.hold = Some(text.into())).unwrap().hold.unwrap();
            (read.limit.as_secs(), read.auto)
        };
        assert_eq!(hold("20s"), (20, false));
        assert_eq!(hold("auto"), (120, true));
        assert_eq!(hold("auto:10m"), (600, true));
    }

    #[test]
    fn refusals_name_the_value_and_the_remedy() {
        type Change = fn(&mut ProbeArgs);
        for (change, parts) in [
            (
                (|args| args.url = "dante.example".into()) as Change,
                &["URL \"dante.example\"", "http://dante.example"][..],
            ),
            (|args| args.hold = Some("0".into()), &["--hold", "1s"]),
            (|args| args.hold = Some("auto:1h".into()), &["--hold \"auto:1h\"", "10m"]),
            (|args| args.hold = Some("automatic".into()), &["--hold", "auto:5m"]),
            (
                |args| args.against = vec!["localhost:3000".into()],
                &["--against \"localhost:3000\"", "http://localhost:3000"],
            ),
            (|args| args.against = vec!["http://h/".into(); 6], &["--against", "at most 5"]),
            (|args| args.timeout = Some("soon".into()), &["--timeout \"soon\"", "15s"]),
            (|args| args.header = vec!["nonsense".into()], &["--header", "colon"]),
            (|args| args.header = vec!["Connection: close".into()], &["--header", "leave it out"]),
            (|args| args.header = vec!["a b: c".into()], &["--header", "letters"]),
            (|args| args.resolve = vec!["a:443".into()], &["--resolve", "ADDRESS"]),
            (|args| args.resolve = vec!["a:443:b".into()], &["--resolve", "ADDRESS"]),
            (|args| args.transports = Some("smoke".into()), &["\"smoke\"", "sse"]),
            (|args| args.transports = Some("sse,sse".into()), &["twice"]),
            (|args| args.listen_for = Some("long".into()), &["--for \"long\"", "15s"]),
            (|args| args.url = "wss:///x".into(), &["URL \"wss:///x\"", "host is missing"]),
            (|args| args.proxy = Some("socks4://p".into()), &["--proxy", "socks5"]),
            (|args| args.watch = Some("0".into()), &["--watch", "1s"]),
            (|args| args.watch = Some("ever".into()), &["--watch", "10m"]),
            (|args| args.direct = true, &["--direct", "--proxy"]),
            (
                |args| {
                    args.browser = Some(String::new());
                    args.proxy = Some("http://u:p@p:3128".into());
                },
                &["--browser", "password", "http://u@p:3128"],
            ),
            (
                |args| {
                    args.browser = Some(String::new());
                    args.header = vec!["Authorization: Bearer x".into()];
                    args.proxy = Some("http://p:3128".into());
                },
                &["--browser", "--header", "http://p:3128"],
            ),
            (
                |args| {
                    args.url = "http://example.org/".into();
                    args.proxy = Some("http://p:3128".into());
                    args.resolve = vec!["example.org:80:192.0.2.1".into()];
                },
                &["--resolve", "http://p:3128", "--proxy \"\""],
            ),
            (|args| args.http = Some("h2".into()), &["--http \"h2\"", "both"]),
        ] {
            let error = plan(change).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}

//! [`Request`]: what is sent, and how it is written in each version of HTTP.

use std::time::Duration;

use bytes::Bytes;
pub(crate) use http::Method;
use http::{HeaderValue, header};
use http_body_util::Full;
use hyper::ext::Protocol;

use super::carriage::Carriage;
use crate::probe::{
    evidence::{Failure, FailureKind},
    plan::Plan,
    target::Target,
};

/// How a request is written, by whom it goes to.
pub(super) enum Form {
    /// HTTP/1.1, to the host.
    ToServer,
    /// HTTP/1.1, to a proxy that makes a request of its own, with what it wants of credentials.
    ToProxy(Option<HeaderValue>),
    /// HTTP/2.
    Http2,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// GET or POST; CONNECT for a WebSocket over HTTP/2.
    pub(crate) method: Method,
    /// Whereto.
    pub(crate) target: Target,
    /// Headers beside those that every request has.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: String,
    /// How long the answer may take.
    pub(crate) limit: Duration,
    /// After how long a body that is no page's, and whose length is not known, is left: it is a stream's. Never if not said.
    pub(crate) glance: Option<Duration>,
}

impl Request {
    /// A plain GET.
    pub(crate) fn get(target: Target, limit: Duration) -> Self {
        Self { method: Method::GET, target, headers: Vec::new(), body: String::new(), limit, glance: None }
    }

    /// A POST, as the engine's clients send their packets.
    pub(crate) fn post(target: Target, body: String, limit: Duration) -> Self {
        let headers = vec![("content-type", "text/plain;charset=UTF-8".to_owned())];
        Self { method: Method::POST, target, headers, body, limit, glance: None }
    }

    /// With one header more.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// How it goes through a proxy: browsers have a tunnel made for a WebSocket, whatever its scheme (RFC 6455, 4.1).
    pub(super) fn carriage(&self) -> Carriage {
        let upgrades = self.headers.iter().any(|(name, _)| *name == "upgrade");
        if upgrades { Carriage::Tunnelled } else { Carriage::Forwarded }
    }

    /// The same for hyper, with what the user adds to every request.
    ///
    /// # Errors
    /// When a value cannot stand in a header.
    pub(super) fn written(self, plan: &Plan, form: Form) -> Result<http::Request<Full<Bytes>>, Failure> {
        let mut built = http::Request::builder().method(self.method.clone());
        if !self.headers.iter().any(|(name, _)| *name == "accept") {
            built = built.header(header::ACCEPT, "*/*");
        }
        built = match form {
            Form::ToServer => built.uri(self.target.path_and_query()),
            Form::ToProxy(_) => built.uri(self.target.to_string()),
            Form::Http2 => built.uri(self.absolute(plan)),
        };
        let over_http2 = matches!(form, Form::Http2);
        if !over_http2 {
            built = built.header(header::HOST, self.target.authority());
        }
        if !self.headers.iter().any(|(name, _)| *name == "user-agent") {
            built = built.header(header::USER_AGENT, concat!("dante-probe/", env!("CARGO_PKG_VERSION")));
        }
        for (name, value) in &self.headers {
            built = built.header(*name, value);
        }
        let mut built = built
            .body(Full::new(Bytes::from(self.body)))
            .map_err(|error| Failure::new(FailureKind::Other, error.to_string()))?;
        for (name, value) in plan.headers_for(&self.target) {
            if name == header::COOKIE {
                // A sign-in that the user gives goes beside the cookies that the host sets, as in a browser.
                let set = built.headers().get(name).map(|set| [set.as_bytes(), b"; "].concat());
                let both = [set.unwrap_or_default().as_slice(), value.as_bytes()].concat();
                let both = HeaderValue::from_bytes(&both)
                    .map_err(|error| Failure::new(FailureKind::Other, error.to_string()))?;
                built.headers_mut().insert(name, both);
            } else if !over_http2 || name != header::HOST {
                built.headers_mut().insert(name, value.clone());
            }
        }
        if let Form::ToProxy(Some(authorization)) = form {
            built.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization);
        }
        if self.method == Method::CONNECT {
            built.extensions_mut().insert(Protocol::from_static("websocket"));
        }
        Ok(built)
    }

    /// The whole URL: HTTP/2 has scheme and authority in the place of the Host header (RFC 9113, 8.3.1), also of one that the user gives.
    fn absolute(&self, plan: &Plan) -> String {
        let mut headers = plan.headers_for(&self.target);
        let host = headers.find(|(name, _)| **name == header::HOST).map(|(_, value)| value);
        let host = host.map(HeaderValue::as_bytes).and_then(|value| str::from_utf8(value).ok());
        let scheme = if self.target.tls { "https" } else { "http" };
        let authority = host.map_or_else(|| self.target.authority(), str::to_owned);
        format!("{scheme}://{authority}{}", self.target.path_and_query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::ProbeArgs, hosting::environment::Environment};

    #[test]
    fn the_host_goes_where_each_version_has_it() {
        let args = |header: &[&str]| ProbeArgs {
            url: Some("https://dante.test/a?b".into()),
            header: header.iter().map(|text| (*text).to_owned()).collect(),
            ..ProbeArgs::default()
        };
        let written = |header: &[&str], form| {
            let plan = Plan::read(&args(header), &Environment::default()).unwrap();
            let request = Request::get(plan.target.clone(), Duration::ZERO);
            let written = request.written(&plan, form).unwrap();
            let host = written.headers().get("host").map(|host| host.to_str().unwrap().to_owned());
            (written.uri().to_string(), host)
        };
        let host = |name: &str| Some(name.to_owned());
        assert_eq!(written(&[], Form::ToServer), ("/a?b".into(), host("dante.test")));
        assert_eq!(written(&["Host: other.test"], Form::ToServer), ("/a?b".into(), host("other.test")));
        assert_eq!(written(&[], Form::Http2), ("https://dante.test/a?b".into(), None));
        assert_eq!(written(&["Host: other.test"], Form::Http2), ("https://other.test/a?b".into(), None));
    }

    #[test]
    fn what_is_meant_for_one_host_goes_to_no_other() {
        let args = ProbeArgs {
            url: Some("https://dante.test/".into()),
            header: ["Authorization: Bearer x", "Host: h", "X-Trace: 1"].map(str::to_owned).to_vec(),
            against: vec!["http://origin.test:8888/".into()],
            ..ProbeArgs::default()
        };
        let plan = Plan::read(&args, &Environment::default()).unwrap();
        for (url, expected) in [
            ("https://dante.test/x", ["Bearer x", "h", "1"]),
            ("http://origin.test:8888/x", ["Bearer x", "h", "1"]),
            ("https://other.test/x", ["", "other.test", "1"]),
        ] {
            let request = Request::get(Target::parse(url).unwrap(), Duration::ZERO);
            let written = request.written(&plan, Form::ToServer).unwrap();
            let value = |name: &str| written.headers().get(name).map_or("", |value| value.to_str().unwrap());
            assert_eq!(["authorization", "host", "x-trace"].map(value), expected, "{url}");
        }
    }

    #[test]
    fn cookies_of_the_user_and_of_the_host_go_together() {
        let given = ["Cookie: session=1".to_owned()].to_vec();
        let args =
            ProbeArgs { url: Some("https://dante.test/".into()), header: given, ..ProbeArgs::default() };
        let plan = Plan::read(&args, &Environment::default()).unwrap();
        let cookie = |request: Request| {
            let written = request.written(&plan, Form::ToServer).unwrap();
            written.headers().get("cookie").map(|value| value.to_str().unwrap().to_owned())
        };
        let request = Request::get(plan.target.clone(), Duration::ZERO);
        assert_eq!(cookie(request.clone()).as_deref(), Some("session=1"));
        assert_eq!(cookie(request.with("cookie", "node=a")).as_deref(), Some("node=a; session=1"));
    }
}

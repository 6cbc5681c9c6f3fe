//! The way out through a proxy: a connection to it, and a tunnel through it to the host.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::{client::legacy::connect::proxy::SocksV5, rt::TokioIo};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use tower::{Service as _, service_fn};

use super::{
    carriage::Carriage,
    connector::{Connector, millis, server_name},
    excerpt::{MAX_BODY, truncate_body, truncate_headers, version},
    failures::{of_handshake, of_hyper, of_tls},
    lock::lock,
    recorded::Io,
};
use crate::probe::{
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
    way_out::{Proxy, ProxyKind},
};

/// A tunnel that was asked for.
pub(crate) struct Tunnel {
    /// CONNECT and its answer; none with SOCKS.
    pub(crate) exchange: Option<Exchange>,
    /// The way to the host, or why there is none.
    pub(crate) io: Result<Box<dyn Io>, Failure>,
}

impl Connector {
    /// Bytes to and from the host, or from a proxy that is asked for URLs of it.
    ///
    /// # Errors
    /// With what went wrong.
    pub(super) async fn line_to(&self, target: &Target, carriage: Carriage) -> Result<Box<dyn Io>, Failure> {
        let Some(proxy) = self.plan().proxy_for(target) else { return Ok(Box::new(self.tcp(target).await?)) };
        let io = self.to_proxy(proxy).await?;
        if self.forwards(target, carriage) {
            return Ok(io);
        }
        let tunnel = self.tunnel(proxy, target, io, self.budget().answer()).await;
        if let Some(exchange) = &tunnel.exchange {
            self.journal().note(exchange);
        }
        tunnel.io
    }

    /// Whether a request for this target is one for a proxy, which makes a request of its own.
    pub(super) fn forwards(&self, target: &Target, carriage: Carriage) -> bool {
        let proxy = self.plan().proxy_for(target);
        !target.tls && carriage == Carriage::Forwarded && proxy.is_some_and(Proxy::speaks_http)
    }

    /// What goes along with a request that a proxy forwards.
    pub(super) fn proxy_authorization(&self, target: &Target) -> Option<HeaderValue> {
        self.plan().proxy_for(target)?.authorization()
    }

    /// A connection to the proxy itself.
    ///
    /// # Errors
    /// With what went wrong.
    pub(crate) async fn to_proxy(&self, proxy: &Proxy) -> Result<Box<dyn Io>, Failure> {
        let place = proxy.place();
        let tcp = self.tcp(&place).await?;
        if proxy.kind != ProxyKind::Https {
            return Ok(Box::new(tcp));
        }
        let (config, seen) = self.roots().config(&["http/1.1"], true).map_err(|error| of_tls(&error))?;
        let stream = TlsConnector::from(config)
            .connect(server_name(&place)?, tcp)
            .await
            .map_err(|error| of_handshake(&error))?;
        let untrusted = lock(&seen).untrusted();
        match untrusted {
            Some(why) if !self.plan().insecure => {
                Err(Failure::new(FailureKind::Tls, format!("the proxy's certificate is not trusted: {why}")))
            }
            _ => Ok(Box::new(stream)),
        }
    }

    /// Asks a proxy for a tunnel to the host, over a connection to it.
    pub(crate) async fn tunnel(
        &self,
        proxy: &Proxy,
        target: &Target,
        io: Box<dyn Io>,
        limit: Duration,
    ) -> Tunnel {
        let to = match self.destination(proxy, target).await {
            Ok(to) => to,
            Err(failure) => return Tunnel { exchange: None, io: Err(failure) },
        };
        if proxy.speaks_http() {
            return self.connect(proxy, &to, io, limit).await;
        }
        let io = timeout(limit, socks(proxy, &to, io)).await.unwrap_or_else(|_| Err(too_late(limit)));
        Tunnel { exchange: None, io }
    }

    /// Whereto the tunnel is to lead: the name, or the address where `--resolve` has one, or where the proxy is not to look it up.
    async fn destination(&self, proxy: &Proxy, target: &Target) -> Result<String, Failure> {
        let given = self.plan().resolved(&target.host, target.port).next();
        if let Some(address) = given.or_else(|| self.address_of(target)) {
            return Ok(address.to_string());
        }
        if proxy.looks_names_up() {
            return Ok(target.host_and_port());
        }
        let (name, addresses) = self.look_up(target, self.budget().connect()).await;
        match (addresses.first(), name.failure) {
            (Some(address), None) => {
                self.remember(target, *address);
                Ok(address.to_string())
            }
            (_, failure) => {
                let none = || Failure::new(FailureKind::Unknown, "the name has no address");
                Err(failure.unwrap_or_else(none))
            }
        }
    }

    /// Asks by CONNECT.
    async fn connect(&self, proxy: &Proxy, to: &str, io: Box<dyn Io>, limit: Duration) -> Tunnel {
        let start = Instant::now();
        let mut exchange = Exchange {
            method: Method::CONNECT.to_string(),
            url: to.to_owned(),
            sent_at_ms: self.now_ms(),
            connections: self.gate().connections(),
            ..Exchange::default()
        };
        let asked = timeout(limit, ask(proxy, to, io, &mut exchange)).await;
        exchange.ms = millis(start);
        let io = match asked.unwrap_or_else(|_| Err(too_late(limit))) {
            Ok(io) => Ok(io),
            Err(failure) => {
                // What an answer says is no failure of the exchange.
                if exchange.status.is_none() {
                    exchange.failure = Some(failure.clone());
                }
                Err(failure)
            }
        };
        Tunnel { exchange: Some(exchange), io }
    }
}

/// Sends CONNECT, and gives the tunnel; what came is noted meanwhile.
async fn ask(
    proxy: &Proxy,
    to: &str,
    io: Box<dyn Io>,
    exchange: &mut Exchange,
) -> Result<Box<dyn Io>, Failure> {
    let other = |error: String| Failure::new(FailureKind::Other, error);
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(io)).await.map_err(|error| of_hyper(&error))?;
    // Until the tunnel is made, or refused; its errors reach us through the request, too.
    let _connection = AbortOnDropHandle::new(tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    }));
    let mut request = http::Request::builder()
        .method(Method::CONNECT)
        .uri(to)
        .header(header::HOST, to)
        .header(header::USER_AGENT, concat!("dante-probe/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| other(error.to_string()))?;
    if let Some(value) = proxy.authorization() {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, value);
    }
    let response = sender.send_request(request).await.map_err(|error| match of_hyper(&error) {
        // hyper takes a connection that is closed before any byte for a cancelled request.
        failure if failure.kind == FailureKind::Other => {
            Failure::new(FailureKind::Closed, "the proxy closed the connection")
        }
        failure => failure,
    })?;
    exchange.status = Some(response.status().as_u16());
    exchange.version = version(response.version());
    exchange.headers = truncate_headers(response.headers());
    if response.status().is_success() {
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| of_hyper(&error))?;
        return Ok(Box::new(TokioIo::new(upgraded)));
    }
    let status = response.status();
    // Why it refuses; a page that is cut off says it, too.
    if let Ok(body) = Limited::new(response.into_body(), MAX_BODY).collect().await {
        let body = body.to_bytes();
        exchange.body = truncate_body(&body);
        exchange.body_bytes = body.len();
    }
    // tinyproxy answers 401 to credentials that are wrong.
    let wants_credentials = matches!(status.as_u16(), 401 | 407);
    let kind = if wants_credentials { FailureKind::ProxyCredentials } else { FailureKind::ProxyRefused };
    Err(Failure::new(kind, format!("the proxy answers CONNECT with {status}")))
}

/// Asks by SOCKS 5.
async fn socks(proxy: &Proxy, to: &str, io: Box<dyn Io>) -> Result<Box<dyn Io>, Failure> {
    let to =
        to.parse().map_err(|_| Failure::new(FailureKind::Other, format!("{to} is not a host and a port")))?;
    let mut io = Some(TokioIo::new(io));
    // It is asked for the connection to the proxy once, and for no other.
    let connected = service_fn(move |_: http::Uri| {
        let io = io.take().ok_or(std::io::ErrorKind::NotConnected);
        async move { io }
    });
    let mut socks = SocksV5::new(http::Uri::from_static("socks5://proxy"), connected);
    if let Some((user, password)) = &proxy.credentials {
        socks = socks.with_auth(user.clone(), password.clone());
    }
    let tunnel = socks.call(to).await.map_err(|error| of_socks(&error.to_string()))?;
    Ok(Box::new(tunnel.into_inner()))
}

/// Names an error of SOCKS by hyper-util's words; its type has no name outside that crate.
fn of_socks(text: &str) -> Failure {
    let text = text.strip_prefix("SOCKS error: ").unwrap_or(text);
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let kind = if has(&["credentials", "user/pass", "authentication"]) {
        FailureKind::ProxyCredentials
    } else if has(&["failed parsing"]) {
        return Failure::new(FailureKind::Garbage, "what came is not SOCKS 5");
    } else if has(&["io error"]) {
        return Failure::new(
            FailureKind::Closed,
            "the connection was closed during the handshake of SOCKS 5",
        );
    } else {
        FailureKind::ProxyRefused
    };
    Failure::new(kind, format!("the proxy refuses by SOCKS 5: {text}"))
}

fn too_late(limit: Duration) -> Failure {
    let text = format!("the proxy opened no tunnel within {:.1} s", limit.as_secs_f64());
    Failure::new(FailureKind::Timeout, text)
}

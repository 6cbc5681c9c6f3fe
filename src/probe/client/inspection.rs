//! Handshakes of TLS for their own sake: what a server agrees to, and what it wants where it agrees to nothing.

use std::{
    future::Future,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::{
    TlsConnector, client,
    rustls::{Error, PeerIncompatible, pki_types::ServerName},
};

use super::{
    alert::tls_error,
    carriage::Carriage,
    connector::{BROWSER, Connector, server_name},
    failures::{of_handshake, of_tls},
    hello::{Choice, client_hello, is_tls},
    http2::{GREETING, is_answer},
    lock::lock,
    recorded::Recorded,
};
use crate::probe::{
    evidence::{BrokenConnection, Failure, FailureKind, OldChoice, Tls},
    target::Target,
};

/// How long a server may take to answer a second look: it has shown by then that it is there.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// How long a server may take, beside the way there and back, to refuse a client that shows no certificate.
const AFTER_HANDSHAKE: Duration = Duration::from_millis(300);

/// How much is read of an answer for the sake of its `Date`, or of HTTP/2's greeting.
const HEAD: u64 = 8 * 1024;

impl Connector {
    /// A handshake of TLS, offering HTTP/2, too. Where it fails, others show why: one with old versions and ciphers, one
    /// without the name.
    pub(crate) async fn inspect(&self, target: &Target, limit: Duration) -> Tls {
        let mut tls = self.greet(target, limit).await;
        // One of many connections may be reset by chance.
        if let Some(first) = tls.failure.clone().filter(|first| broke_off(first) && tls.not_tls.is_none()) {
            let at_ms = self.now_ms();
            tls = self.greet(target, limit).await;
            let kind = first.kind;
            let answered_again = tls.failure.is_none();
            self.log().keep(BrokenConnection { at_ms, kind, url: target.to_string(), answered_again });
        }
        if tls.http2 == Some(false) {
            // Asked twice before it is said.
            tls.http2 = self.greet(target, limit).await.http2;
        }
        let explained = tls.not_tls.is_some() || tls.asked_for_certificate;
        if tls.failure.as_ref().is_some_and(|failure| failure.kind != FailureKind::Timeout) && !explained {
            self.look_again(target, limit, &mut tls).await;
        }
        if tls.not_yet_valid || tls.seconds_left.is_some_and(|left| left < 0) {
            tls.clock_ahead_seconds = within(SECOND_LOOK, self.clock_ahead(target)).await;
        }
        tls
    }

    /// One handshake, for the sake of the certificate.
    pub(crate) async fn greeting(&self, target: &Target, limit: Duration) -> Tls {
        match timeout(limit, self.shake_hands(target, &["http/1.1"], true)).await {
            Ok(Ok((tls, _))) => tls,
            Ok(Err(failure)) => Tls { failure: Some(failure), ..Tls::default() },
            Err(_) => Tls::default(),
        }
    }

    /// The handshake of a browser, and what a server says that got no certificate.
    async fn greet(&self, target: &Target, limit: Duration) -> Tls {
        match timeout(limit, self.shake_hands(target, BROWSER, true)).await {
            Ok(Ok((tls, Some(stream)))) => self.after_handshake(tls, stream).await,
            Ok(Ok((tls, _))) => tls,
            Ok(Err(failure)) => Tls { failure: Some(failure), ..Tls::default() },
            Err(_) => {
                let text = format!("no answer to the TLS handshake within {:.1} s", limit.as_secs_f64());
                Tls { failure: Some(Failure::new(FailureKind::Timeout, text)), ..Tls::default() }
            }
        }
    }

    /// Looks for what makes a handshake fail.
    async fn look_again(&self, target: &Target, limit: Duration, tls: &mut Tls) {
        if tls.old_choice.is_none() {
            tls.old_choice = within(SECOND_LOOK, self.old_choice(target)).await;
        }
        let is_old = tls.old_choice.as_ref().is_some_and(|choice| choice.is_old_version);
        if is_old || name_of(target).is_none() {
            return;
        }
        let bare = within(SECOND_LOOK, async { self.shake_hands(target, BROWSER, false).await.ok() }).await;
        let Some((bare, _)) = bare.filter(|(bare, _)| bare.failure.is_none()) else { return };
        // Is it the name, or one of several servers?
        let again = self.greet(target, limit).await;
        if again.failure.is_none() {
            *tls = again;
        } else {
            tls.without_name = Some(bare.subject);
        }
    }

    /// What a handshake shows; with the connection, if it succeeds.
    async fn shake_hands(
        &self,
        target: &Target,
        alpn: &[&str],
        names_host: bool,
    ) -> Result<(Tls, Option<client::TlsStream<Recorded>>), Failure> {
        let pass = self.gate().enter().await;
        let tcp = Recorded::new(self.line_to(target, Carriage::Tunnelled).await?, pass);
        let first = tcp.first_bytes();
        let (config, seen) = self.roots().config(alpn, names_host).map_err(|error| of_tls(&error))?;
        let result = TlsConnector::from(config).connect(server_name(target)?, tcp).await;
        let facts = lock(&seen).facts(now());
        match result {
            Ok(stream) => {
                let session = stream.get_ref().1;
                let tls = Tls {
                    protocol: session
                        .protocol_version()
                        .and_then(|version| version.as_str().map(str::to_owned)),
                    alpn: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
                    insecure: self.plan().insecure,
                    ..facts
                };
                Ok((tls, Some(stream)))
            }
            Err(error) => {
                let came = first.bytes();
                let tls = Tls {
                    failure: Some(of_handshake(&error)),
                    not_tls: (!came.is_empty() && !is_tls(&came)).then(|| first.escaped()),
                    old_choice: Choice::read(&came)
                        .filter(|choice| choice.is_old() && refuses_version(&error))
                        .map(old_choice),
                    ..facts
                };
                Ok((tls, None))
            }
        }
    }

    /// What a server says that asked for a certificate and got none, or that agreed to HTTP/2. In TLS 1.3 the handshake is over for us
    /// before the server has read our part of it (RFC 8446, 4.4.2.4); once a request is on its way, the alert may be lost.
    async fn after_handshake(&self, tls: Tls, mut stream: client::TlsStream<Recorded>) -> Tls {
        let round_trips = self.line().round_trip().unwrap_or_default() * 2;
        if tls.asked_for_certificate {
            let failure = match timeout(AFTER_HANDSHAKE + round_trips, stream.read(&mut [0; 64])).await {
                Ok(Ok(0)) => Some(Failure::new(FailureKind::Closed, "the server closed after the handshake")),
                Ok(Err(error)) => Some(of_handshake(&error)),
                // It waits for a request, or has begun to speak HTTP/2.
                Ok(Ok(_)) | Err(_) => None,
            };
            return Tls { failure, ..tls };
        }
        let http2 = match tls.alpn.as_deref() {
            Some("h2") => timeout(SECOND_LOOK + round_trips, speaks_http2(&mut stream)).await.ok(),
            _ => None,
        };
        Tls { http2, ..tls }
    }

    /// What the server chooses of versions and ciphers that rustls does not have.
    async fn old_choice(&self, target: &Target) -> Option<OldChoice> {
        let hello = client_hello(name_of(target), &self.roots().random()?);
        let _pass = self.gate().enter().await;
        let mut tcp = self.line_to(target, Carriage::Tunnelled).await.ok()?;
        tcp.write_all(&hello).await.ok()?;
        let mut came = Vec::new();
        while Choice::read(&came).is_none() && came.len() < 1024 && (came.is_empty() || is_tls(&came)) {
            if tcp.read_buf(&mut came).await.ok()? == 0 {
                break;
            }
        }
        Choice::read(&came).map(old_choice)
    }

    /// How many seconds this machine's clock is ahead of the host's. The certificate is not trusted, and so nothing that the
    /// user gave goes along.
    async fn clock_ahead(&self, target: &Target) -> Option<i64> {
        let (_, stream) = self.shake_hands(target, &["http/1.1"], true).await.ok()?;
        let mut stream = stream?;
        let request = format!(
            "HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: dante-probe\r\nConnection: close\r\n\r\n",
            target.authority()
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut head = Vec::new();
        // A peer that closes without a goodbye of TLS has said what it had to say.
        let _ = (&mut stream).take(HEAD).read_to_end(&mut head).await;
        let head = String::from_utf8_lossy(&head);
        let date = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("date").then(|| value.trim())
        })?;
        let there = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(now() - i64::try_from(there.as_secs()).ok()?)
    }
}

/// Whether a server that agreed to HTTP/2 answers its greeting.
async fn speaks_http2(stream: &mut client::TlsStream<Recorded>) -> bool {
    if stream.write_all(GREETING).await.is_err() {
        return false;
    }
    let mut came = Vec::new();
    loop {
        if let Some(is_answer) = is_answer(&came) {
            return is_answer;
        }
        // A server that goes on without a ping's answer has had its chance.
        if came.len() as u64 > HEAD || !stream.read_buf(&mut came).await.is_ok_and(|count| count > 0) {
            return false;
        }
    }
}

async fn within<T>(limit: Duration, look: impl Future<Output = Option<T>>) -> Option<T> {
    timeout_at(Instant::now() + limit, look).await.ok().flatten()
}

fn broke_off(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Reset | FailureKind::Closed)
}

fn old_choice(choice: Choice) -> OldChoice {
    OldChoice { choice: choice.describe(), is_old_version: choice.is_old() }
}

/// Whether rustls gave up since the server wants an older version than it speaks.
fn refuses_version(error: &io::Error) -> bool {
    matches!(
        tls_error(error),
        Some(Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        ))
    )
}

/// What goes along as the name (SNI): an address never does (RFC 6066, 3).
fn name_of(target: &Target) -> Option<&str> {
    match server_name(target) {
        Ok(ServerName::DnsName(_)) => Some(&target.host),
        _ => None,
    }
}

/// Seconds since 1970, by this machine's clock.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).unwrap_or(i64::MAX)
}

//! [`EngineSession`]: a session of Engine.IO, by WebSocket or by polling. Polls keep their connection, as
//! browsers do; whether a session bears fresh ones is another hop's question.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{
    client::{
        connection::Kept,
        connector::millis,
        engineio::{self, Open, Packet},
        http::{self, Request, truncate_body},
        websocket::{self, Received, Socket, Style},
    },
    context::Context,
    cookies::Jar,
    evidence::{Ended, Exchange, Failure, FailureKind},
    target::Target,
};

/// How many polls in a row may bring no packet: a server that answers at once and says nothing would keep
/// us busy.
const EMPTY_POLLS: usize = 50;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// An open session.
pub(crate) struct EngineSession {
    transport: SessionTransport,
    /// What opened it.
    pub(crate) open: Open,
    start: Instant,
    last: Instant,
    /// How many bytes have come since this was last asked.
    bytes: usize,
    /// The request of a polling session that failed.
    failed_request: Option<Exchange>,
    empty: usize,
    /// Whether the engine has said that it closes.
    pub(crate) closed_by_engine: bool,
    /// Packets that have come and are not looked at yet.
    pub(crate) pending: VecDeque<Packet>,
}

enum SessionTransport {
    Socket(Box<Socket>),
    Polling { context: Box<Context>, cookies: Jar, limit: Duration, kept: Kept },
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) struct OpenError {
    /// The answer.
    pub(crate) exchange: Exchange,
    /// What was wrong about it, if the exchange itself was well.
    pub(crate) garbage: Option<String>,
    /// How a connection ended that was open already.
    pub(crate) ended: Option<Ended>,
}

impl EngineSession {
    /// Opens a session by WebSocket, at the engine's URL.
    ///
    /// # Errors
    /// When the upgrade is refused, or no packet opens the session.
    pub(crate) async fn by_websocket(
        context: &Context,
        target: &Target,
        style: Style,
    ) -> Result<(Exchange, Self), Box<OpenError>> {
        let limit = context.limit();
        let start = Instant::now();
        let cookie = context.cookies.header(target);
        let (exchange, mut socket) =
            websocket::open(&context.connector, target, style, cookie.as_deref(), limit).await.map_err(
                |exchange| Box::new(OpenError { exchange: *exchange, garbage: None, ended: None }),
            )?;
        let opened = timeout(context.limit(), first_packet(&mut socket)).await;
        let (ended, garbage) = match opened {
            Ok(Ok(text)) => match engineio::packet(&text) {
                Ok(Packet::Open(open)) => {
                    let transport = SessionTransport::Socket(Box::new(socket));
                    return Ok((exchange, Self::new(transport, open)));
                }
                Ok(_) | Err(_) => {
                    (None, Some(format!("{:?} does not open a session", truncate_body(text.as_bytes()))))
                }
            },
            // Frames that are none were not sent by an engine that closes.
            Ok(Err((failure, _))) if failure.kind == FailureKind::Garbage => (None, Some(failure.text)),
            Ok(Err((failure, code))) => (Some((failure.text, code)), None),
            Err(_) => (None, Some("the WebSocket opened, but nothing came".to_owned())),
        };
        let ended = ended.map(|(how, code)| {
            let at_ms = millis(start);
            Ended { at_ms, quiet_ms: at_ms.saturating_sub(exchange.ms), how, code, ..Ended::default() }
        });
        Err(Box::new(OpenError { exchange, garbage, ended }))
    }

    /// Opens a session by polling, at the engine's URL, and sends its cookies back from then on.
    ///
    /// # Errors
    /// When the answer opens none.
    pub(crate) async fn by_polling(
        context: &Context,
        target: &Target,
    ) -> Result<(Exchange, Self), Box<OpenError>> {
        let request = context.with_cookies(Request::get(target.clone(), context.limit()));
        let mut kept = Kept::default();
        let (exchange, body) = http::fetch_kept(&context.connector, &mut kept, request).await;
        match opening(&exchange, &body) {
            Ok(open) => {
                let mut cookies = context.cookies.clone();
                cookies.take(target, &exchange.headers);
                let (context, limit) = (Box::new(context.clone()), patience(&open));
                let transport = SessionTransport::Polling { context, cookies, limit, kept };
                Ok((exchange, Self::new(transport, open)))
            }
            Err(garbage) => Err(Box::new(OpenError { exchange, garbage, ended: None })),
        }
    }

    fn new(transport: SessionTransport, open: Open) -> Self {
        let now = Instant::now();
        Self {
            transport,
            open,
            start: now,
            last: now,
            bytes: 0,
            failed_request: None,
            empty: 0,
            closed_by_engine: false,
            pending: VecDeque::new(),
        }
    }

    /// Sends a packet.
    ///
    /// # Errors
    /// When it did not get through.
    pub(crate) async fn send(&mut self, packet: &str) -> Result<(), Failure> {
        match &mut self.transport {
            SessionTransport::Socket(socket) => socket.send(packet).await,
            SessionTransport::Polling { context, cookies, kept, .. } => {
                let target = context.poll(Some(&self.open));
                let cookie = cookies.header(&target);
                let mut request = Request::post(target.clone(), packet.to_owned(), context.limit());
                if let Some(cookie) = cookie {
                    request = request.with("cookie", cookie);
                }
                let (exchange, _) = http::fetch_kept(&context.connector, kept, request).await;
                cookies.take(&target, &exchange.headers);
                if exchange.is(200) {
                    return Ok(());
                }
                let failure = refused(&exchange);
                self.failed_request = Some(exchange);
                Err(failure)
            }
        }
    }

    /// The next packets; pings among them are answered.
    ///
    /// # Errors
    /// When there will be no more.
    pub(crate) async fn recv(&mut self) -> Result<Vec<Packet>, Failure> {
        let text = match &mut self.transport {
            SessionTransport::Socket(socket) => loop {
                match socket.recv().await? {
                    Received::Text(text) => break text,
                    Received::Binary(_) | Received::Other => {}
                    Received::Closed(_) => {
                        return Err(Failure::new(FailureKind::Closed, socket.close_text()));
                    }
                }
            },
            SessionTransport::Polling { context, cookies, limit, kept } => {
                let target = context.poll(Some(&self.open));
                let cookie = cookies.header(&target);
                let mut request = Request::get(target.clone(), *limit).with("accept-encoding", "identity");
                if let Some(cookie) = cookie {
                    request = request.with("cookie", cookie);
                }
                let (exchange, body) = http::fetch_kept(&context.connector, kept, request).await;
                cookies.take(&target, &exchange.headers);
                if !exchange.is(200) {
                    let failure = refused(&exchange);
                    self.failed_request = Some(exchange);
                    return Err(failure);
                }
                String::from_utf8_lossy(&body).into_owned()
            }
        };
        self.last = Instant::now();
        self.bytes += text.len();
        let packets = match self.transport {
            SessionTransport::Socket(_) => engineio::packet(&text).map(|packet| vec![packet]),
            SessionTransport::Polling { .. } => engineio::payload(&text),
        };
        let packets = packets.map_err(|error| Failure::new(FailureKind::Garbage, error))?;
        if packets.iter().all(|packet| *packet == Packet::Noop) {
            self.empty += 1;
            if self.empty > EMPTY_POLLS {
                return Err(Failure::new(FailureKind::Garbage, "one empty answer after another"));
            }
        }
        for packet in &packets {
            if let Packet::Ping(what) = packet {
                self.send(&format!("3{what}")).await?;
            }
        }
        Ok(packets)
    }

    /// Says goodbye. A polling session that is only left stays a reader until the server has missed its pong,
    /// three quarters of a minute later.
    pub(crate) async fn close(mut self) {
        if matches!(self.transport, SessionTransport::Polling { .. }) {
            // The peer may be gone, and that is as good.
            let _ = timeout(GOODBYE, self.send("1")).await;
        }
    }

    /// How many bytes have come since this was last asked.
    pub(crate) fn take_bytes(&mut self) -> usize {
        std::mem::take(&mut self.bytes)
    }

    /// How it ended.
    pub(crate) fn ended(&self, failure: &Failure) -> Ended {
        let failed = self.failed_request.as_ref();
        let status = failed.and_then(|exchange| exchange.status);
        let code = match &self.transport {
            SessionTransport::Socket(socket) => socket.close_code(),
            SessionTransport::Polling { .. } => None,
        };
        Ended {
            at_ms: millis(self.start),
            // A poll waits from when it was sent, which is after the answer to the one before.
            quiet_ms: failed.map_or_else(|| millis(self.last), |exchange| exchange.ms),
            how: failure.text.clone(),
            code,
            status,
            by_engine: self.closed_by_engine,
            body: failed.filter(|exchange| exchange.status.is_some()).map(|exchange| exchange.body.clone()),
        }
    }
}

/// Why a poll did not succeed.
fn refused(exchange: &Exchange) -> Failure {
    exchange.failure.clone().unwrap_or_else(|| {
        let status = exchange.status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
        Failure::new(FailureKind::Other, format!("a poll was answered with {status}"))
    })
}

/// How long a poll may stay open: the server pings by then, and has some time more for it.
fn patience(open: &Open) -> Duration {
    // A hostile peer may name any time.
    Duration::from_millis(open.ping_interval.clamp(1_000, 300_000)) + Duration::from_secs(5)
}

async fn first_packet(socket: &mut Socket) -> Result<String, (Failure, Option<u16>)> {
    loop {
        match socket.recv().await {
            Ok(Received::Text(text)) => return Ok(text),
            Ok(Received::Binary(_) | Received::Other) => {}
            Ok(Received::Closed(code)) => {
                return Err((Failure::new(FailureKind::Closed, socket.close_text()), code));
            }
            Err(failure) => return Err((failure, None)),
        }
    }
}

/// The opening in the answer to a handshake; what is wrong with it otherwise, none if the exchange says so.
pub(crate) fn opening(exchange: &Exchange, body: &[u8]) -> Result<Open, Option<String>> {
    if !exchange.is(200) {
        return Err(None);
    }
    let body = String::from_utf8_lossy(body);
    match engineio::payload(&body).map(|packets| packets.into_iter().next()) {
        Ok(Some(Packet::Open(open))) => Ok(open),
        Ok(_) => Err(Some("the first packet does not open a session".to_owned())),
        Err(error) => Err(Some(error)),
    }
}

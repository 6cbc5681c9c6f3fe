//! WebSocket messages of many sizes: those that we send, and those that the echo sends.

use super::{
    at,
    grow::{FIRST, GROWTH, grow, sizes, step},
};
use crate::{
    contract::echo as contract,
    probe::{
        client::websocket::{self, Received, Socket, Style},
        context::Context,
        evidence::{EchoSizes, EchoStep, Ended, Exchange, Failure, FailureKind},
        target::Target,
    },
};

/// A connection, for as long as it lives.
struct Line<'a> {
    context: &'a Context,
    /// What the first connection asks for.
    url: String,
    target: Target,
    socket: Option<Socket>,
    /// The first answer.
    exchange: Option<Exchange>,
}

impl<'a> Line<'a> {
    fn new(context: &'a Context, target: Target) -> Self {
        Self { context, url: target.to_string(), target, socket: None, exchange: None }
    }

    /// The open connection, or a fresh one.
    async fn open(&mut self) -> Result<Socket, EchoStep> {
        if let Some(socket) = self.socket.take() {
            return Ok(socket);
        }
        // A message takes some more for its frame.
        let largest = contract::LONGEST_MESSAGE + 1024;
        let connector = &self.context.connector;
        let limit = self.context.limit();
        match websocket::open_for(connector, &self.target, Style::Plain, None, limit, largest).await {
            Ok((exchange, socket)) => {
                self.exchange.get_or_insert(exchange);
                Ok(socket)
            }
            Err(exchange) => {
                self.exchange.get_or_insert_with(|| (*exchange).clone());
                let failure = exchange.failure.clone();
                Err(EchoStep { exchange: Some(*exchange), failure, ..EchoStep::default() })
            }
        }
    }

    /// Opens the first one; whether that worked.
    async fn opens(&mut self) -> bool {
        self.socket = self.open().await.ok();
        self.socket.is_some()
    }

    /// What was seen of it.
    fn seen(self, steps: Vec<EchoStep>) -> EchoSizes {
        EchoSizes { url: self.url, exchange: self.exchange.unwrap_or_default(), steps }
    }
}

/// Messages that we send; the echo says how large each one was.
pub(super) async fn up(context: &Context, top: u64) -> EchoSizes {
    let target = at(context, contract::WEBSOCKET, &[(contract::ANSWER, "size")]);
    let mut line = Line::new(context, target);
    if !line.opens().await {
        return line.seen(Vec::new());
    }
    let steps = grow(top, async |bytes| {
        step(context, bytes, async {
            let mut socket = line.open().await?;
            let answer = send_up(&mut socket, bytes).await.map_err(|failure| failed(&socket, failure))?;
            check(answer, bytes).map_err(not_whole)?;
            line.socket = Some(socket);
            Ok(EchoStep::default())
        })
        .await
    })
    .await;
    line.seen(steps)
}

async fn send_up(socket: &mut Socket, bytes: u64) -> Result<u64, Failure> {
    let length = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut next = socket.send_listening("x".repeat(length)).await?;
    loop {
        match next.take() {
            Some(Received::Text(text)) => {
                let received: contract::Received = serde_json::from_str(&text).map_err(|_| {
                    Failure::new(FailureKind::Garbage, "what came back is not what an echo answers")
                })?;
                return Ok(received.bytes);
            }
            Some(Received::Closed(_)) => return Err(Failure::new(FailureKind::Closed, socket.close_text())),
            Some(Received::Binary(_) | Received::Other) | None => next = Some(socket.recv().await?),
        }
    }
}

/// Messages that the echo sends: all that grow over one connection, then one over each.
pub(super) async fn down(context: &Context, top: u64) -> EchoSizes {
    let (count, first, growth) = (sizes(top).count().to_string(), FIRST.to_string(), GROWTH.to_string());
    let all = [
        (contract::COUNT, count.as_str()),
        (contract::SIZE, &first),
        (contract::GROW, &growth),
        (contract::EVERY, "0s"),
    ];
    let mut line = Line::new(context, at(context, contract::WEBSOCKET, &all));
    if !line.opens().await {
        return line.seen(Vec::new());
    }
    let steps = grow(top, async |bytes| {
        step(context, bytes, async {
            if line.socket.is_none() {
                let size = bytes.to_string();
                let one = [(contract::COUNT, "1"), (contract::SIZE, size.as_str())];
                line.target = at(context, contract::WEBSOCKET, &one);
            }
            let mut socket = line.open().await?;
            let came = receive(&mut socket).await.map_err(|failure| failed(&socket, failure))?;
            check(came, bytes).map_err(not_whole)?;
            line.socket = Some(socket);
            Ok(EchoStep::default())
        })
        .await
    })
    .await;
    line.seen(steps)
}

/// The size of the next message.
async fn receive(socket: &mut Socket) -> Result<u64, Failure> {
    loop {
        match socket.recv().await? {
            Received::Text(text) => return Ok(text.len() as u64),
            Received::Closed(_) => return Err(Failure::new(FailureKind::Closed, socket.close_text())),
            Received::Binary(_) | Received::Other => {}
        }
    }
}

/// Whether a message came whole.
fn check(came: u64, bytes: u64) -> Result<(), Failure> {
    if came == bytes {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Garbage, format!("{came} bytes came of {bytes}")))
}

/// A step whose message did not come whole.
fn not_whole(failure: Failure) -> EchoStep {
    EchoStep { failure: Some(failure), ..EchoStep::default() }
}

/// A step that ended the connection.
fn failed(socket: &Socket, failure: Failure) -> EchoStep {
    let ended = Ended { how: failure.text.clone(), code: socket.close_code(), ..Ended::default() };
    EchoStep { ended: Some(ended), failure: Some(failure), ..EchoStep::default() }
}

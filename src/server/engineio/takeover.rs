//! A WebSocket that takes over a session from long polling, which the protocol calls an upgrade
//! (<https://socket.io/docs/v4/engine-io-protocol/#upgrade>): the client sends `2probe` over the WebSocket, hears `3probe`, stops polling, and sends `5`.
//!
//! Dante does this itself, and gives the WebSocket to the engine only after `5`. A host may grant the upgrade and then
//! break it, for which long polling is the remedy; but the engine closes the session then, and answers every poll at once while a
//! WebSocket is silent (engineioxide 0.17.9, `transport/ws.rs` `new_req`, `transport/polling.rs` `polling_req`).

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::session::Claim;
use crate::{
    hosting::listener::{Socket, WriteTimeout},
    server::line::{Line, LineStream},
};

/// How long a client has from the handshake to `5`; engine.io's `upgradeTimeout`.
const TAKEOVER: Duration = Duration::from_secs(10);

/// A poll that the client sent just before it heard `3probe` is let go after so long, and, in case that it sends another one, after
/// twice that again, and so on. engine.io does it every 100 ms.
const FIRST_RELEASE: Duration = Duration::from_millis(50);

/// The largest message before `5`, in bytes; those that belong there have at most six.
const MAX_MESSAGE: usize = 64;

/// How many bytes are read from the connection at once.
const CHUNK: usize = 512;

/// What the engine reads first, and answers with [`ENGINES_ANSWER`], as if this client had just said it: `2probe` and `5` in frames whose
/// mask is zero (RFC 6455, 5.2).
const SAID: &[u8] = b"\x81\x86\0\0\0\x002probe\x81\x81\0\0\0\x005";

/// The frame of the engine's `3probe`, which the client has heard already.
const ENGINES_ANSWER: usize = b"\x81\x063probe".len();

/// Why a WebSocket does not take the session over.
#[derive(Debug, thiserror::Error)]
pub(super) enum TakeoverError {
    #[error("the WebSocket broke: {0}")]
    Broken(#[from] tungstenite::Error),
    #[error("the client closed the WebSocket")]
    Closed,
    #[error("the client said {0:?}")]
    Unexpected(Message),
    #[error("the client was silent for {TAKEOVER:?}")]
    Silent,
}

/// What the engine gets: the connection as if the takeover were still to come.
pub(super) type Taken = WriteTimeout<LineStream>;

/// Waits until the client has sent `5`. Meanwhile, and if that does not come, the session goes on over long polling.
///
/// # Errors
/// When the WebSocket breaks, is silent for too long, or the client says anything else.
pub(super) async fn take_over(
    socket: Arc<Socket>,
    early: Bytes,
    claim: Claim,
) -> Result<Taken, TakeoverError> {
    let config = WebSocketConfig::default()
        .read_buffer_size(1)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let bytewise = Bytewise { socket, early: early.into() };
    let mut websocket = WebSocketStream::from_raw_socket(bytewise, Role::Server, Some(config)).await;
    let agreed = timeout(TAKEOVER, agree(&mut websocket, &claim)).await.unwrap_or(Err(TakeoverError::Silent));
    if let Err(error) = agreed {
        let frame = CloseFrame { code: CloseCode::Protocol, reason: "not an upgrade".into() };
        // For a client that hears it; the connection ends in any case.
        let _ = timeout(TAKEOVER, websocket.close(Some(frame))).await;
        return Err(error);
    }
    let Bytewise { socket, early } = websocket.into_inner();
    let (stop, line) = (socket.stop(), Line::new(socket, false));
    claim.keep(&line);
    let said = [SAID, &early].concat();
    Ok(WriteTimeout::new(LineStream::new(line, said.into()).without(ENGINES_ANSWER), stop))
}

/// Hears `2probe` and `5`. Some clients send only `5` (elephant.io 4), which engine.io takes, too.
async fn agree(websocket: &mut WebSocketStream<Bytewise>, claim: &Claim) -> Result<(), TakeoverError> {
    match next_text(websocket).await?.as_str() {
        "2probe" => {}
        "5" => return Ok(()),
        other => return Err(TakeoverError::Unexpected(Message::text(other))),
    }
    websocket.send(Message::text("3probe")).await?;
    let mut pause = FIRST_RELEASE;
    let next = next_text(websocket);
    let mut next = pin!(next);
    loop {
        claim.release_poll();
        tokio::select! {
            text = &mut next => return match text?.as_str() {
                "5" => Ok(()),
                other => Err(TakeoverError::Unexpected(Message::text(other))),
            },
            () = sleep(pause) => pause *= 2,
        }
    }
}

/// The next text; pings are answered meanwhile.
async fn next_text(
    websocket: &mut WebSocketStream<Bytewise>,
) -> Result<tungstenite::Utf8Bytes, TakeoverError> {
    loop {
        match websocket.next().await.transpose()? {
            Some(Message::Text(text)) => return Ok(text),
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            Some(Message::Close(_)) | None => return Err(TakeoverError::Closed),
            Some(other) => return Err(TakeoverError::Unexpected(other)),
        }
    }
}

/// A connection that is read byte by byte, so that nobody has read more than he has understood.
#[derive(Debug)]
struct Bytewise {
    socket: Arc<Socket>,
    /// What has arrived and is not read yet.
    early: BytesMut,
}

impl AsyncRead for Bytewise {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            let mut chunk = [0; CHUNK];
            let mut arrived = ReadBuf::new(&mut chunk);
            ready!(self.socket.poll_read(cx, &mut arrived))?;
            self.early.extend_from_slice(arrived.filled());
        }
        if let Some(first) = self.early.first().filter(|_| buf.remaining() > 0) {
            buf.put_slice(&[*first]);
            self.early.advance(1);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bytewise {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.end())
    }
}

//! What a client that breaks the protocol of WebSocket is told: a close frame with the code that fits, and then the connection ends
//! (RFC 6455, 7.1.7 and 7.4.1).

use futures_util::SinkExt as _;
use tokio::io::{self, AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

/// Answers the error that ended a WebSocket, and takes what the client still sends until it has closed its side: a connection that closes with bytes unread is
/// reset, and the client might never see the close frame (RFC 9112, 9.6, says so of HTTP, and it is TCP's nature).
///
/// The caller limits the time.
pub(super) async fn answer<S>(socket: &mut WebSocketStream<S>, error: &Error)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(close) = close_frame(error) else { return };
    if socket.send(Message::Close(Some(close))).await.is_ok() {
        end(socket.get_mut()).await;
    }
}

/// Answers a client's own close frame, as it may expect (RFC 6455, 5.5.1), and ends the connection as [`answer`] does.
pub(super) async fn return_close<S>(socket: &mut WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The frame waits in tungstenite since the client's was read. Once it is sent, that is an error: the WebSocket is closed.
    let _ = socket.flush().await;
    end(socket.get_mut()).await;
}

async fn end(connection: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let _ = connection.shutdown().await;
    let _ = io::copy(connection, &mut io::sink()).await;
}

/// The close frame for an error; none where the connection itself broke.
fn close_frame(error: &Error) -> Option<CloseFrame> {
    let (code, reason) = match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        Error::Protocol(error) => (CloseCode::Protocol, error.to_string()),
        Error::Utf8(_) => (CloseCode::Invalid, "a text is not UTF-8".to_owned()),
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            (CloseCode::Size, format!("a message may have {max_size} bytes"))
        }
        _ => return None,
    };
    Some(CloseFrame { code, reason: reason.into() })
}

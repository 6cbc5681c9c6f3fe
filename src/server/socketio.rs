//! A reading over Socket.IO: long polling, WebSocket, and the upgrade between them, for clients of
//! Socket.IO 2, 3 and 4.

use std::sync::Arc;

use serde_json::Value;
use socketioxide::{
    ParserError, SendError, SocketError, SocketIo, TransportType,
    extract::{SocketRef, TryData},
    handler::ConnectHandler as _,
};

use super::{app::App, encoded_poem::EncodedPoem, forwarded, hello, ping, reader::Reader};
use crate::{
    conductor::{ReaderSink, SendOutcome},
    contract::{HELLO_NAMESPACE, events},
    reading::{Reading, ResumeError, ResumeRequest},
    transport::Transport,
};

/// Registers the handlers for new connections: the reading in the main namespace, the Hello exchange in both.
pub(super) fn register(io: &SocketIo, app: &App) {
    let (checking, connecting) = (app.clone(), app.clone());
    let check = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        start_reading(&checking, &socket, auth).map(drop)
    };
    let connect = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        if let Ok(reading) = start_reading(&connecting, &socket, auth) {
            begin(&connecting, socket, reading);
        }
    };
    io.ns("/", connect.with(check));
    io.ns(HELLO_NAMESPACE, async |socket: SocketRef| {
        hello::listen(&socket);
        ping::listen(&socket);
    });
}

/// The reading that a client asks for: in `auth`, or, for clients of Socket.IO 2, which have no `auth`, in the query.
fn start_reading(
    app: &App,
    socket: &SocketRef,
    auth: Result<Value, ParserError>,
) -> Result<Reading, ResumeError> {
    let auth = auth.map_err(|_| ResumeError::Shape("no JSON".to_owned()))?;
    let query = socket.req_parts().uri.query().unwrap_or_default();
    let request = ResumeRequest::from_auth(&auth)?.or(ResumeRequest::from_query(query)?);
    request.start(&app.poem)
}

fn begin(app: &App, socket: SocketRef, reading: Reading) {
    hello::listen(&socket);
    ping::listen(&socket);
    if socket.emit(events::READING, &app.encoded.opening(&reading)).is_err() {
        return;
    }
    let parts = socket.req_parts();
    let client = forwarded::client(&parts.extensions, &parts.headers, app.trust_forwarded);
    let reader = app.readers.enter(transport(&socket), client, reading.offset());
    let sink = SocketIoSink { socket: socket.clone(), poem: app.encoded.clone(), reader };
    let guard = Arc::new(app.conductor.join(reading, sink));
    // Handlers must be cloneable. The last copy is dropped with the socket, and ends the reading.
    socket.on_disconnect(move |_: SocketRef| {
        drop(guard);
        async {}
    });
}

fn transport(socket: &SocketRef) -> Transport {
    match socket.transport_type() {
        TransportType::Websocket => Transport::SocketIoWebSocket,
        TransportType::Polling => Transport::SocketIoPolling,
    }
}

struct SocketIoSink {
    socket: SocketRef,
    poem: Arc<EncodedPoem>,
    reader: Reader,
}

impl ReaderSink for SocketIoSink {
    fn send(&mut self, index: usize) -> SendOutcome {
        match self.socket.emit(events::DIVINE_COMEDY, &self.poem.stanza(index).arguments) {
            Ok(()) => {
                self.reader.sent(transport(&self.socket));
                SendOutcome::Sent
            }
            Err(SendError::Socket(SocketError::InternalChannelFull)) => SendOutcome::Full,
            Err(_) => SendOutcome::Closed,
        }
    }

    fn finish(&mut self) -> SendOutcome {
        match self.socket.clone().disconnect() {
            Err(SocketError::InternalChannelFull) => SendOutcome::Full,
            _ => {
                self.reader.finished();
                SendOutcome::Sent
            }
        }
    }
}

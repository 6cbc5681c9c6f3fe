//! A reading over Socket.IO: long polling, WebSocket, and the upgrade between them, for clients of
//! Socket.IO 2, 3 and 4.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use socketioxide::{
    ParserError, SendError, SocketError, SocketIo, TransportType,
    extract::{SocketRef, TryData},
    handler::ConnectHandler as _,
    socket::DisconnectReason,
};

use super::{
    acks::Acks,
    admission::{self, Place},
    app::App,
    audience::{Listener, Seat},
    encoded_poem::EncodedPoem,
    engineio::Session,
    forwarded, hello,
    line::Passage,
    ping,
    reader::Reader,
    room,
};
use crate::{
    conductor::{Notice, ReaderSink, SendOutcome},
    contract::{HELLO_NAMESPACE, events},
    departure::Departure,
    reading::{ResumeError, ResumeRequest},
    transport::Transport,
};

/// Registers the handlers for new connections: the reading in the main namespace, the Hello exchange in both.
pub(super) fn register(io: &SocketIo, app: &App) {
    let (checking, connecting) = (app.clone(), app.clone());
    let check = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        let asked = read_request(&socket, auth).map_err(|error| error.to_string())?;
        let parts = socket.req_parts();
        room::check(&checking, &asked, &parts.extensions, &parts.headers)
            .map_err(|error| error.to_string())?;
        let place = admission::admit(&checking, &parts.extensions, &parts.headers, asked.returns());
        let place = Arc::new(place.map_err(|refusal| refusal.name().to_owned())?);
        // Until the reading begins, which is in a task of its own. It sets another handler, and this one is dropped.
        socket.on_disconnect(move |_: SocketRef| {
            drop(place);
            async {}
        });
        Ok::<_, String>(())
    };
    let connect = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        if let Ok(asked) = read_request(&socket, auth) {
            begin(&connecting, socket, &asked);
        }
    };
    io.ns("/", connect.with(check));
    let trust_forwarded = app.trust_forwarded;
    io.ns(HELLO_NAMESPACE, async move |socket: SocketRef| {
        note_joined(&socket);
        hello::listen(&socket, trust_forwarded);
        ping::listen(&socket);
    });
    register_for_late(io);
}

/// Registers what is left once the engine has closed all namespaces, at the end of a stop. Who joins now would be told that there is no such
/// namespace, and official clients never come back after a refusal; so it is let go like all others.
fn register_for_late(io: &SocketIo) {
    for path in ["/", HELLO_NAMESPACE] {
        let late = async move |socket: SocketRef| let_go(&socket);
        io.dyn_ns(path, late).expect("the paths differ");
    }
}

/// What a client asks for: in `auth`, or, for clients of Socket.IO 2, which have no `auth`, in the query.
fn read_request(socket: &SocketRef, auth: Result<Value, ParserError>) -> Result<ResumeRequest, ResumeError> {
    let auth = auth.map_err(|_| ResumeError::Shape("no JSON".to_owned()))?;
    let query = socket.req_parts().uri.query().unwrap_or_default();
    Ok(ResumeRequest::from_auth(&auth)?.or(ResumeRequest::from_query(query)?))
}

/// The session below a socket; every request that opens one has it.
fn session(socket: &SocketRef) -> Option<&Session> {
    socket.req_parts().extensions.get::<Arc<Session>>().map(Arc::as_ref)
}

/// From now on it doesn't count as one that was opened and not used.
fn note_joined(socket: &SocketRef) {
    if let Some(session) = session(socket) {
        session.joined();
    }
}

fn begin(app: &App, socket: SocketRef, asked: &ResumeRequest) {
    note_joined(&socket);
    // Who comes here after that may not be among those whom the engine then closes.
    if app.stop.is_cancelled() {
        return let_go(&socket);
    }
    let Ok(reading) = room::begin(app, asked) else {
        // It was checked, and only its room may have become one too many since.
        let _ = socket.disconnect();
        return;
    };
    if let Some(room) = reading.room() {
        room::listen(&socket, app, room, asked.token().cloned());
    }
    hello::listen(&socket, app.trust_forwarded);
    ping::listen(&socket);
    if socket.emit(events::READING, &app.encoded.opening(&reading)).is_err() {
        return;
    }
    let parts = socket.req_parts();
    let client = forwarded::client(&parts.extensions, &parts.headers, app.trust_forwarded);
    let place = admission::take(app, &parts.extensions, &parts.headers);
    let reader = app.readers.enter(transport(&socket), client, reading.offset());
    let (to, poem) = (socket.clone(), app.encoded.clone());
    let acks = reading.acks().then(Acks::default);
    let seat = app.seat(&reading, || Ear(socket.clone()));
    let sink = SocketIoSink { socket: to, poem, reader, acks, _place: place, _seat: seat };
    let guard = Arc::new(app.conductor.join(reading, sink));
    // Handlers must be cloneable. The last copy is dropped with the socket, and ends the reading.
    socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
        // Whoever is let go closes its connection, as others do who leave by themselves.
        let is_let_go = session(&socket).is_some_and(Session::is_let_go);
        let why = if is_let_go { Some(Departure::ServerStopped) } else { departure(reason) };
        if let Some(why) = why {
            guard.leave(why);
        }
        drop(guard);
        async {}
    });
}

/// Why a reader has left, if the engine knows.
fn departure(reason: DisconnectReason) -> Option<Departure> {
    Some(match reason {
        DisconnectReason::TransportClose | DisconnectReason::ClientNSDisconnect => Departure::ClientLeft,
        DisconnectReason::MultipleHttpPollingError | DisconnectReason::PacketParsingError => {
            Departure::ProtocolError
        }
        DisconnectReason::TransportError => Departure::ConnectionClosed,
        DisconnectReason::HeartbeatTimeout => Departure::TimedOut,
        DisconnectReason::ClosingServer => Departure::ServerStopped,
        // By the sink, which knows why.
        DisconnectReason::ServerNSDisconnect => return None,
    })
}

/// Closes the connection below a socket, so that its client comes back.
pub(super) fn let_go(socket: &SocketRef) {
    if let Some(session) = session(socket) {
        session.let_go();
    }
}

fn transport(socket: &SocketRef) -> Transport {
    match socket.transport_type() {
        TransportType::Websocket => Transport::SocketIoWebSocket,
        TransportType::Polling => Transport::SocketIoPolling,
    }
}

/// Hears what is told beside the poem, through the engine: it is told seldom.
struct Ear(SocketRef);

impl Listener for Ear {
    fn tell(&self, notice: &Notice) -> Passage {
        match self.0.emit(notice.event, &notice.argument) {
            Ok(()) => Passage::Sent,
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Passage::Full,
            Err(_) => Passage::Closed,
        }
    }
}

struct SocketIoSink {
    socket: SocketRef,
    poem: Arc<EncodedPoem>,
    _place: Place,
    _seat: Option<Seat>,
    reader: Reader,
    /// If the client acknowledges stanzas.
    acks: Option<Acks>,
}

impl SocketIoSink {
    /// Sends a frame straight to the reader's connection, if that is possible now; see [`Line`].
    fn send_past_engine(&self, frame: &Bytes, is_stanza: bool) -> Passage {
        let Some(line) = session(&self.socket).and_then(Session::line) else { return Passage::Elsewhere };
        // The engine lets go of its connection when the session is over.
        let Some(line) = line.upgrade().filter(|_| self.socket.connected()) else { return Passage::Closed };
        let passage = line.send(frame);
        if is_stanza && passage == Passage::Elsewhere {
            line.expect(frame);
        }
        passage
    }

    fn send_through_engine(&self, event: &str, arguments: &impl Serialize) -> SendOutcome {
        match self.socket.emit(event, arguments) {
            Ok(()) => SendOutcome::Sent,
            Err(SendError::Socket(SocketError::InternalChannelFull)) => SendOutcome::Full,
            Err(_) => SendOutcome::Closed,
        }
    }
}

impl ReaderSink for SocketIoSink {
    fn send(&mut self, index: usize) -> SendOutcome {
        let poem = Arc::clone(&self.poem);
        let stanza = poem.stanza(index);
        let outcome = match &mut self.acks {
            Some(acks) => acks.send(&self.socket, index, stanza),
            None => match self.send_past_engine(&stanza.packet, true) {
                Passage::Sent => SendOutcome::Sent,
                Passage::Full => {
                    self.reader.finds_no_room();
                    SendOutcome::Full
                }
                Passage::Closed => SendOutcome::Closed,
                Passage::Elsewhere => self.send_through_engine(events::DIVINE_COMEDY, &stanza.arguments),
            },
        };
        if outcome == SendOutcome::Sent {
            self.reader.sent(transport(&self.socket), stanza.packet.len());
        }
        outcome
    }

    fn tell(&mut self, notice: &Notice) -> SendOutcome {
        match self.send_past_engine(&notice.packet, false) {
            Passage::Sent => SendOutcome::Sent,
            Passage::Full => SendOutcome::Full,
            Passage::Closed => SendOutcome::Closed,
            Passage::Elsewhere => self.send_through_engine(notice.event, &notice.argument),
        }
    }

    fn finish(&mut self) -> SendOutcome {
        match self.socket.clone().disconnect() {
            Err(SocketError::InternalChannelFull) => SendOutcome::Full,
            _ => {
                self.reader.leaves(Departure::Finished);
                SendOutcome::Sent
            }
        }
    }

    fn leaves(&mut self, why: Departure) {
        self.reader.leaves(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_of_an_end() {
        for (reason, why) in [
            (DisconnectReason::ClientNSDisconnect, Some(Departure::ClientLeft)),
            (DisconnectReason::TransportError, Some(Departure::ConnectionClosed)),
            (DisconnectReason::HeartbeatTimeout, Some(Departure::TimedOut)),
            (DisconnectReason::MultipleHttpPollingError, Some(Departure::ProtocolError)),
            (DisconnectReason::ClosingServer, Some(Departure::ServerStopped)),
            (DisconnectReason::ServerNSDisconnect, None),
        ] {
            assert_eq!(departure(reason), why, "{reason}");
        }
    }
}

//! Names errors of libraries and systems: TLS's, those of input and output, hyper's and HTTP/2's.

use std::{error::Error as _, io};

use tokio_rustls::rustls::Error;

use super::alert::{received, tls_error};
use crate::probe::evidence::{Failure, FailureKind, Http2End};

/// Names an error of TLS, with the alert if the peer sent one.
pub(super) fn of_tls(error: &Error) -> Failure {
    let alert = received(error);
    let text = match &alert {
        Some(alert) => format!("the server closed with the TLS alert {} ({})", alert.name, alert.code),
        None => error.to_string(),
    };
    Failure { alert, ..Failure::new(FailureKind::Tls, text) }
}

/// Why a handshake of TLS failed.
pub(super) fn of_handshake(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Failure::new(FailureKind::Closed, "the peer closed during the handshake")
        }
        _ => of_io(error),
    }
}

/// Names an error of input or output; one of TLS travels inside.
pub(crate) fn of_io(error: &io::Error) -> Failure {
    if let Some(error) = tls_error(error) {
        return of_tls(error);
    }
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<h2::Error>()) {
        return of_http2(error);
    }
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            FailureKind::Reset
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => FailureKind::Unreachable,
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        io::ErrorKind::UnexpectedEof => FailureKind::Closed,
        _ => FailureKind::Other,
    };
    Failure::new(kind, error.to_string())
}

/// Names an error of hyper's.
pub(super) fn of_hyper(error: &hyper::Error) -> Failure {
    if let Some(io) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        return of_io(io);
    }
    if let Some(error) = error.source().and_then(|source| source.downcast_ref::<h2::Error>()) {
        return of_http2(error);
    }
    let kind = if error.is_parse_too_large() {
        FailureKind::TooLarge
    } else if error.is_parse() {
        FailureKind::NotHttp
    } else if error.is_incomplete_message() {
        FailureKind::Closed
    } else {
        FailureKind::Other
    };
    let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    Failure::new(kind, format!("{error}{why}"))
}

/// Names an error of HTTP/2. What h2 finds wrong itself, it answers with a frame of its own.
fn of_http2(error: &h2::Error) -> Failure {
    if let Some(io) = error.get_io() {
        // So h2 names the end of a connection without GOAWAY (proto/streams/streams.rs, recv_eof).
        return match io.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(FailureKind::Closed, "the connection was closed"),
            _ => of_io(io),
        };
    }
    let code = error.reason().map_or_else(|| "without a code".to_owned(), |reason| format!("{reason:?}"));
    let ours = !error.is_remote();
    let (frame, kind, text) = match (error.is_reset(), ours) {
        (true, false) => {
            ("RST_STREAM", FailureKind::Reset, format!("the stream was reset (RST_STREAM, {code})"))
        }
        (true, true) => {
            ("RST_STREAM", FailureKind::Garbage, format!("the answer breaks the rules of HTTP/2 ({code})"))
        }
        (false, false) => {
            ("GOAWAY", FailureKind::Closed, format!("the connection was closed (GOAWAY, {code})"))
        }
        (false, true) => {
            ("GOAWAY", FailureKind::Garbage, format!("what came breaks the rules of HTTP/2 ({code})"))
        }
    };
    let end = Http2End { frame: frame.to_owned(), code, ours };
    Failure { http2: Some(end), ..Failure::new(kind, text) }
}

//! Names errors of libraries and systems: TLS's, those of input and output, hyper's.

use std::{error::Error as _, io};

use tokio_rustls::rustls::Error;

use super::alert::{received, tls_error};
use crate::probe::evidence::{Failure, FailureKind};

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

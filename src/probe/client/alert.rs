//! Alerts of TLS, which say why a server ended a handshake.

use std::io;

use tokio_rustls::rustls::{AlertDescription, Error};

use crate::probe::evidence::Alert;

/// The error of TLS inside one of input and output.
pub(super) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The alert that a peer sent, if that is what an error tells.
pub(super) fn received(error: &Error) -> Option<Alert> {
    match error {
        Error::AlertReceived(alert) => Some(Alert { name: name(*alert), code: u8::from(*alert) }),
        _ => None,
    }
}

/// The name that RFC 8446 (6 and B.2) and RFC 5246 (7.2) give an alert.
fn name(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnrecognisedName => "unrecognized_name".to_owned(),
        AlertDescription::UnknownCA => "unknown_ca".to_owned(),
        AlertDescription::UnknownPSKIdentity => "unknown_psk_identity".to_owned(),
        AlertDescription::Unknown(_) => "unknown".to_owned(),
        // The others are the same words, written together.
        other => {
            let mut name = String::new();
            for letter in format!("{other:?}").chars() {
                if letter.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(letter.to_ascii_lowercase());
            }
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_standard() {
        for (code, expected) in [
            (40, "handshake_failure"),
            (48, "unknown_ca"),
            (70, "protocol_version"),
            (80, "internal_error"),
            (112, "unrecognized_name"),
            (115, "unknown_psk_identity"),
            (116, "certificate_required"),
            (120, "no_application_protocol"),
            (250, "unknown"),
        ] {
            let alert = received(&Error::AlertReceived(AlertDescription::from(code)));
            assert_eq!(alert, Some(Alert { name: expected.to_owned(), code }));
        }
        assert_eq!(received(&Error::DecryptError), None);
    }
}

//! The streams to look at (`--transports`). Pure.

use strum::VariantArray as _;

use crate::{bad_value::BadValue, transport::Transport};

/// Names between commas, each once; all transports if nothing is said.
///
/// # Errors
/// When it cannot be used.
pub(super) fn read(text: Option<&str>) -> Result<Vec<Transport>, BadValue> {
    let Some(text) = text else { return Ok(Transport::VARIANTS.to_vec()) };
    let mut transports = Vec::new();
    for name in text.split(',').map(str::trim) {
        match name.parse() {
            Ok(transport) if !transports.contains(&transport) => transports.push(transport),
            Ok(_) => {
                return Err(BadValue::new(
                    "--transports",
                    text,
                    format!("{name} is listed twice; list each once"),
                ));
            }
            Err(_) => {
                let reason = format!(
                    "{name:?} is not a transport; choose from socketio-websocket, socketio-polling, websocket, sse, separated by commas"
                );
                return Err(BadValue::new("--transports", text, reason));
            }
        }
    }
    Ok(transports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            read(Some("sse, socketio-polling")).unwrap(),
            [Transport::Sse, Transport::SocketIoPolling]
        );
        assert_eq!(read(None).unwrap(), Transport::VARIANTS);
        for (text, parts) in [("smoke", &["\"smoke\"", "sse"][..]), ("sse,sse", &["twice"])] {
            let error = read(Some(text)).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}

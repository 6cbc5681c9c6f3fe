//! A 101 without `close`. hyper adds it to `Connection` where the request has it, too (hyper 1.12, proto/h1/conn.rs, `enforce_version`),
//! but after a 101 there is no HTTP connection to close, and Tcl's client, which sends `Connection: close` and `Connection: Upgrade`, closes
//! its own at that word (http 2.9.8, websocket of tcllib 1.21).

/// How hyper ends the header, whatever its value was.
const CLOSE: &[u8] = b", close\r\n";

/// The head of a 101 without `close`; none for any other answer.
pub(super) fn without_close(head: &[u8]) -> Option<Vec<u8>> {
    if !head.starts_with(b"HTTP/1.1 101 ") || !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    let mut repaired = Vec::with_capacity(head.len());
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let is_connection = line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"connection:"));
        match line.strip_suffix(CLOSE).filter(|_| is_connection) {
            Some(kept) => {
                repaired.extend(kept);
                repaired.extend(b"\r\n");
            }
            None => repaired.extend(line),
        }
    }
    (repaired.len() < head.len()).then_some(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_switch_loses_its_close() {
        let repaired =
            |head: &str| without_close(head.as_bytes()).map(|head| String::from_utf8(head).unwrap());
        let switching =
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade, close\r\nupgrade: websocket\r\n\r\n";
        assert_eq!(repaired(switching).as_deref(), Some(switching.replace(", close", "").as_str()));
        for other in [
            switching.replace(", close", ""),
            switching.replace("101 Switching Protocols", "200 OK"),
            switching.replace("connection", "x-connection"),
            switching.trim_end().to_owned(),
        ] {
            assert_eq!(repaired(&other), None, "{other}");
        }
    }
}

//! [`repair_line`]: a request line as the client meant it. Pure.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::hosting::fault::split;

/// Characters that a URL holds only in escaped form and that IIS decodes. `?` stays, since it starts the query; `%` is
/// handled separately.
const DECODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request line as the client meant it, if it needs repair.
///
/// iisnode passes on the URL that IIS decoded, so an application name with a space or an accent breaks the line (iisnode
/// cprotocolbridge.cpp:490-515). It also copies the browser's HTTP version, although it speaks another one itself
/// (iisnode chttpprotocol.cpp:136-149).
pub(super) fn repair_line(line: &[u8]) -> Option<Vec<u8>> {
    let (method, target, version) = split(line)?;
    let version = match version {
        b"HTTP/1.0" => "HTTP/1.0",
        b"HTTP/1.1" | b"HTTP/2" | b"HTTP/2.0" | b"HTTP/3" | b"HTTP/3.0" => "HTTP/1.1",
        _ => return None,
    };
    let mut repaired = [method, b" "].concat();
    for (at, byte) in target.iter().enumerate() {
        let escape = target.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if *byte == b'%' && !escape {
            repaired.extend(b"%25");
        } else {
            repaired.extend(percent_encode(&[*byte], DECODED).collect::<String>().bytes());
        }
    }
    repaired.extend(format!(" {version}\r\n").bytes());
    (repaired != line).then_some(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_iisnode_decoded_are_repaired() {
        for (line, expected) in [
            ("GET /My App/ HTTP/1.1", Some("GET /My%20App/ HTTP/1.1")),
            (
                "GET /caff\u{e8}/?canto=inferno 1 HTTP/1.0",
                Some("GET /caff%C3%A8/?canto=inferno%201 HTTP/1.0"),
            ),
            ("GET /100%/50%25#x HTTP/1.1", Some("GET /100%25/50%25%23x HTTP/1.1")),
            ("GET /dante/ HTTP/2.0", Some("GET /dante/ HTTP/1.1")),
            ("GET / HTTP/1.1 HTTP/1.1", Some("GET /%20HTTP/1.1 HTTP/1.1")),
            ("GET /dante/socket.io/?EIO=4&a=%20 HTTP/1.1", None),
            ("GET /dante/ HTTP/9", None),
            ("hello", None),
        ] {
            let line = format!("{line}\r\n").into_bytes();
            let expected = expected.map(|line| format!("{line}\r\n").into_bytes());
            assert_eq!(repair_line(&line), expected);
        }
    }
}

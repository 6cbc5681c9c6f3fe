//! The invariants for bytes that look like requests, and for noise; and what exactly is changed behind iisnode.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    invariants::{check_reads, check_writes},
    repair::repair_line,
    request_line::RequestLines,
};

/// Pieces of requests, good and bad, most of them whole lines.
const TELLING: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "GET /a b?c d HTTP/1.1\r\n",
    "POST /\u{e8} HTTP/2.0\r\n",
    "POST /100%/%41#x HTTP/1.1\n",
    "GET / HTTP/1.0\r\n",
    "CONNECT x:1 HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n",
    "Host: x\r\n",
    "Content-Length: 19\r\n",
    "content-length:0\n",
    "Content-Length:                                                1",
    "Content-Length: 5, 5\r\n",
    "Content-Length : 5\r\n",
    " Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding:\tgzip, chunked\r\n",
    "Upgrade: websocket\r\nConnection: upgrade\r\n",
    "Connection: keep-alive\r\n",
    "Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "0\r\n",
    "\r\n",
    "\n",
    "\r",
    " ",
    "7",
    "\t",
    ":",
    "HTTP/1.1",
    "\0",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        10 => select(TELLING).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..9),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn sizes() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![1..4_u8, any::<u8>()], 0..6)
}

/// A request as iisnode may write it: its line, the rest, and whether the next head can be told.
#[derive(Debug, Clone)]
struct Written {
    line: Vec<u8>,
    rest: Vec<u8>,
    clear: bool,
}

/// Bodies that look like requests with something to repair.
fn written() -> impl Strategy<Value = Written> {
    let method = select(&["GET", "POST", "PUT", "x-any"][..]);
    let version = select(&["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3"][..]);
    let end = select(&["\r\n", "\n"][..]);
    let body = prop_oneof![bytes(), Just(b"GET /a b HTTP/1.1\r\n\r\n".repeat(3))];
    let padding = prop_oneof![4 => Just(1), 1 => 0..70_usize];
    (method, "/[a-z /%?#{è]{0,12}", version, end, body, 0..3_u8, padding).prop_map(
        |(method, target, version, end, body, framing, padding)| {
            let line = format!("{method} {target} {version}{end}").into_bytes();
            let padding = " ".repeat(padding);
            let (head, body, clear) = match framing {
                0 => (String::new(), Vec::new(), true),
                1 => {
                    let header = format!("Content-Length:{padding}{}{end}", body.len());
                    let clear = header.len() <= 64;
                    (header, body, clear)
                }
                _ => {
                    let chunk =
                        [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
                    (format!("Transfer-Encoding:{padding}chunked{end}"), chunk, false)
                }
            };
            let head = format!("Host: x{end}{head}X-After: GET /a b HTTP/1.1{end}{end}");
            Written { line, rest: [head.as_bytes(), &body].concat(), clear }
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_read_holds_the_invariants(bytes in bytes(), sizes in sizes()) {
        check_reads(&bytes, &sizes);
    }

    #[test]
    fn noise_holds_them(bytes in vec(any::<u8>(), 0..300), sizes in sizes()) {
        check_reads(&bytes, &sizes);
    }

    #[test]
    fn request_lines_alone_are_repaired_and_none_after_what_is_unclear(
        requests in vec(written(), 1..5),
        sizes in sizes(),
    ) {
        let (mut input, mut expected, mut clear) = (Vec::new(), Vec::new(), true);
        for request in requests {
            let repaired = repair_line(&request.line).filter(|_| clear);
            expected.extend(repaired.as_ref().unwrap_or(&request.line));
            expected.extend(&request.rest);
            input.extend([request.line, request.rest].concat());
            clear &= request.clear;
        }
        let (mut lines, mut out) = (RequestLines::default(), Vec::new());
        lines.feed(&input, &mut out);
        lines.end(&mut out);
        prop_assert_eq!(out.escape_ascii().to_string(), expected.escape_ascii().to_string());
        check_reads(&input, &sizes);
    }

    #[test]
    fn what_is_written_passes_as_it_is(
        mut writes in vec(prop_oneof![
            vec(any::<u8>(), 1..80),
            Just(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec()),
            Just(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec()),
            Just(b"x: y\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec()),
        ], 0..8),
        upgraded in vec(prop_oneof![
            vec(any::<u8>(), 1..80),
            Just(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ], 0..8),
        sizes in sizes(),
    ) {
        writes.push(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n".to_vec());
        writes.extend(upgraded);
        check_writes(&writes.iter().map(Vec::as_slice).collect::<Vec<_>>(), &sizes);
    }
}

//! Each transport, fed with what servers send, in pieces of every size.

use super::{frames::opcode, *};

const READING: &str = r#"{"event":"reading","edition":"e1","of":9,"from":0,"intervalMs":2000,"node":"n"}"#;
const STANZA: &str = r#"{"event":"divinecomedy","text":"A \"b\"\n","index":4,"of":9,"canto":1}"#;

/// What was heard, and what was said.
#[derive(Debug, Default)]
struct Course {
    heard: Vec<String>,
    said: Vec<u8>,
    stop: Option<Stop>,
}

fn site(subject: Subject) -> Site {
    Site { tls: None, authority: "h:1".into(), base: "/dante".into(), subject }
}

/// Feeds the bytes to a new conversation, as the engine does, in pieces of this size.
fn course(
    transport: Transport,
    subject: Subject,
    resume: Option<(u32, &str)>,
    keys: &Keys,
    bytes: &[u8],
    size: usize,
) -> Course {
    let site = site(subject);
    let cookies = Cookies::default();
    let ask = Ask { site: &site, transport, cookies: &cookies, keys, resume };
    let mut conversation = Conversation::new(transport);
    let mut course = Course::default();
    conversation.open(&ask, &mut course.said);
    let mut waiting = Vec::new();
    for piece in bytes.chunks(size) {
        waiting.extend_from_slice(piece);
        let Course { heard, said, .. } = &mut course;
        match conversation.hear(&ask, &waiting, said, &mut |news| heard.push(format!("{news:?}"))) {
            Ok(used) => drop(waiting.drain(..used)),
            Err(stop) => {
                course.stop = Some(stop);
                break;
            }
        }
    }
    course
}

/// The same in pieces of several sizes, which must make no difference.
fn courses(
    transport: Transport,
    subject: Subject,
    resume: Option<(u32, &str)>,
    bytes: impl Fn(&Keys) -> Vec<u8>,
) -> Course {
    let keys = Keys::new();
    let bytes = bytes(&keys);
    let whole = course(transport, subject.clone(), resume, &keys, &bytes, bytes.len());
    for size in [1, 2, 7, 100] {
        let pieces = course(transport, subject.clone(), resume, &keys, &bytes, size);
        assert_eq!((&pieces.heard, &pieces.stop), (&whole.heard, &whole.stop), "{transport} {size}");
        assert_eq!(pieces.said.len(), whole.said.len(), "{transport} {size}");
    }
    whole
}

/// A server's frame.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let head = match payload.len() {
        0..126 => vec![0x80 | opcode, length[1]],
        _ => vec![0x80 | opcode, 126, length[0], length[1]],
    };
    [&head, payload].concat()
}

fn upgraded(keys: &Keys, frames: &[Vec<u8>]) -> Vec<u8> {
    let head = format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {}\r\n\r\n", keys.accept());
    [head.into_bytes(), frames.concat()].concat()
}

/// The client's frames after its request, unmasked.
fn frames_said(said: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let start = said.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let (mut rest, mut frames) = (&said[start..], Vec::new());
    while let [first, length, tail @ ..] = rest {
        let (mask, tail) = tail.split_at(4);
        let (payload, tail) = tail.split_at(usize::from(length & 0x7f));
        frames.push((first & 0x0f, payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b).collect()));
        rest = tail;
    }
    frames
}

fn heard(of: Heard<'_>) -> String {
    format!("{of:?}")
}

fn opening() -> String {
    heard(Heard::Opening(Opening { edition: "e1", of: 9, interval_ms: 2000 }))
}

#[test]
fn plain_websocket() {
    let resume = Some((4, "e 1"));
    let course = courses(Transport::WebSocket, Subject::Poem, resume, |keys| {
        let close = [&1000u16.to_be_bytes()[..], b"the poem has ended"].concat();
        let frames = [
            frame(opcode::TEXT, READING.as_bytes()),
            frame(opcode::PING, b"x"),
            frame(opcode::TEXT, STANZA.as_bytes()),
            frame(opcode::CLOSE, &close),
        ];
        upgraded(keys, &frames)
    });
    assert!(
        course
            .said
            .starts_with(b"GET /dante/websocket/ws?format=json&from=4&edition=e+1 HTTP/1.1\r\nHost: h:1\r\n")
    );
    assert_eq!(course.heard, [opening(), heard(Heard::Stanza(4, "A \"b\"\n"))]);
    assert_eq!(course.stop, Some(Stop::Over));
    let said = frames_said(&course.said);
    assert_eq!((said[0].clone(), said[1].0), ((opcode::PONG, b"x".to_vec()), opcode::CLOSE));
}

#[test]
fn a_message_in_several_frames_and_other_closes() {
    let course = courses(Transport::WebSocket, Subject::Poem, None, |keys| {
        let (start, end) = STANZA.split_at(30);
        let mut first = frame(opcode::TEXT, start.as_bytes());
        first[0] &= 0x7f;
        let close = 1012u16.to_be_bytes();
        let frames = [
            first,
            frame(opcode::PING, b""),
            frame(opcode::CONTINUATION, end.as_bytes()),
            frame(opcode::CLOSE, &close),
        ];
        upgraded(keys, &frames)
    });
    assert_eq!(course.heard, [heard(Heard::Stanza(4, "A \"b\"\n"))]);
    assert_eq!(course.stop, Some(Stop::Cut("WebSocket close 1012".into())));
}

#[test]
fn what_is_no_websocket_is_refused() {
    for (answer, word) in [
        ("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n", "not a WebSocket"),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>", "an HTML page"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "check the path"),
    ] {
        let course =
            courses(Transport::SocketIoWebSocket, Subject::Poem, None, |_| answer.as_bytes().to_vec());
        assert!(matches!(&course.stop, Some(Stop::Forbidden(text)) if text.contains(word)), "{course:?}");
    }
}

#[test]
fn socket_io_over_websocket() {
    let text = |packet: &str| frame(opcode::TEXT, packet.as_bytes());
    let course = courses(Transport::SocketIoWebSocket, Subject::Poem, Some((4, "e1")), |keys| {
        let frames = [
            text(r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#),
            text(r#"40{"sid":"t"}"#),
            text(r#"42["reading",{"edition":"e1","of":9,"from":4,"intervalMs":2000,"node":"n"}]"#),
            text("2"),
            text(r#"42["divinecomedy","[\"a\",{}]",{"index":4,"of":9}]"#),
            text(r#"42["stranger",[1,{"index":7}]]"#),
            text("41"),
        ];
        upgraded(keys, &frames)
    });
    assert!(course.said.starts_with(b"GET /dante/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"));
    assert_eq!(course.heard, [opening(), heard(Heard::Stanza(4, r#"["a",{}]"#))]);
    assert_eq!(course.stop, Some(Stop::Over));
    let connect = br#"40{"edition":"e1","from":4}"#.to_vec();
    assert_eq!(frames_said(&course.said), [(opcode::TEXT, connect), (opcode::TEXT, b"3".to_vec())]);
}

#[test]
fn any_socket_io_server() {
    let subject =
        Subject::Event { name: "tick".into(), namespace: "/x".into(), auth: Some(r#"{"a":1}"#.into()) };
    let text = |packet: &str| frame(opcode::TEXT, packet.as_bytes());
    let course = courses(Transport::SocketIoWebSocket, subject, None, |keys| {
        let frames = [
            text(r#"0{"sid":"s"}"#),
            text(r#"40/x,{"sid":"t"}"#),
            text(r#"42/x,7["tick"]"#),
            text(r#"42/x,["tock"]"#),
            text(r#"451-/x,["tick",{"_placeholder":true,"num":0}]"#),
            frame(opcode::BINARY, b"\x00\x01"),
            text(r#"44/x,{"message":"no more"}"#),
        ];
        upgraded(keys, &frames)
    });
    assert_eq!(course.heard, ["Connected", "Event", "Event"]);
    assert!(
        matches!(course.stop, Some(Stop::Forbidden(text)) if text.ends_with("refuses the connection: no more"))
    );
    assert_eq!(frames_said(&course.said), [(opcode::TEXT, br#"40/x,{"a":1}"#.to_vec())]);
}

#[test]
fn long_polling() {
    let answer = |body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let course = courses(Transport::SocketIoPolling, Subject::Poem, None, |_| {
        let chunked =
            "40{\"sid\":\"t\"}\u{1e}42[\"reading\",{\"edition\":\"e1\",\"of\":9,\"intervalMs\":2000}]";
        let chunked = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{chunked}\r\n0\r\n\r\n",
            chunked.len()
        );
        let last = answer("2\u{1e}42[\"divinecomedy\",\"\u{e8}\",{\"index\":4}]")
            .replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        [answer(r#"0{"sid":"s/1"}"#), answer("ok"), chunked, last].concat().into_bytes()
    });
    assert_eq!(course.heard, [opening(), heard(Heard::Stanza(4, "\u{e8}"))]);
    assert_eq!(course.stop, Some(Stop::Reopen));
    let said = String::from_utf8(course.said).unwrap();
    let requests: Vec<_> = said
        .lines()
        .filter(|line| line.ends_with(" HTTP/1.1"))
        .map(|line| line.trim_start_matches("40"))
        .collect();
    const SESSION: &str = "/dante/socket.io/?EIO=4&transport=polling&sid=s%2F1 HTTP/1.1";
    let expected = [
        "GET /dante/socket.io/?EIO=4&transport=polling HTTP/1.1",
        &format!("POST {SESSION}"),
        &format!("GET {SESSION}"),
        &format!("GET {SESSION}"),
    ];
    assert_eq!(requests, expected);
    assert!(said.contains("Content-Length: 2\r\n\r\n40GET "), "{said}");
}

#[test]
fn a_pong_and_a_cookie_wait_for_the_next_connection() {
    let (site, keys, cookies) = (site(Subject::Poem), Keys::new(), Cookies::default());
    let transport = Transport::SocketIoPolling;
    let ask = Ask { site: &site, transport, cookies: &cookies, keys: &keys, resume: None };
    let (mut polling, mut out) = (Conversation::new(transport), Vec::new());
    let answer =
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: node=b; Path=/\r\nContent-Length: 1\r\n\r\n2";
    assert_eq!(polling.hear(&ask, answer, &mut out, &mut |_| {}), Err(Stop::Reopen));
    assert!(out.is_empty());
    polling.open(&ask, &mut out);
    let said = String::from_utf8(out).unwrap();
    assert!(
        said.starts_with("POST /dante/socket.io/?") && said.ends_with("\r\nCookie: node=b\r\n\r\n3"),
        "{said}"
    );
}

#[test]
fn a_session_that_is_gone_is_no_reason_to_stay_away() {
    let unknown = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let opened = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n0{\"sid\":\"s\"}";
    let stop = |answers: &str| {
        courses(Transport::SocketIoPolling, Subject::Poem, None, |_| answers.as_bytes().to_vec()).stop
    };
    assert_eq!(stop(unknown), Some(Stop::Forbidden("HTTP 400 Bad Request".into())));
    assert_eq!(stop(&format!("{opened}{unknown}")), Some(Stop::Refused("HTTP 400 Bad Request".into())));
}

#[test]
fn server_sent_events() {
    let events = format!(
        "retry: 1000\nevent: reading\ndata: {READING}\n\n:\n\nid: e1:4\nevent: divinecomedy\ndata: {STANZA}\n\nevent: end\ndata: {{\"event\":\"end\"}}\n\n"
    );
    let (start, end) = events.split_at(100);
    let chunks = format!("{:x}\r\n{start}\r\n{:x}\r\n{end}\r\n", start.len(), end.len());
    for (header, body) in [("Transfer-Encoding: chunked\r\n", &chunks), ("", &events)] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{header}\r\n");
        let course = courses(Transport::Sse, Subject::Poem, Some((4, "e1")), |_| {
            [head.as_bytes(), body.as_bytes()].concat()
        });
        assert!(course.said.starts_with(b"GET /dante/sse/stream?from=4&edition=e1 HTTP/1.1\r\n"));
        assert_eq!(course.heard, [opening(), heard(Heard::Stanza(4, "A \"b\"\n"))]);
        assert_eq!(course.stop, Some(Stop::Over));
    }
}

#[test]
fn strangers_are_named() {
    for (transport, body, word) in [
        (Transport::Sse, "data: {\"x\":1}\n\n", "Dante's events"),
        (Transport::SocketIoPolling, "hello", "Socket.IO"),
        (Transport::SocketIoPolling, "42[\"divinecomedy\",\"no place\"]", "Socket.IO"),
    ] {
        let course = courses(transport, Subject::Poem, None, |_| {
            let media_type = if transport == Transport::Sse { "text/event-stream" } else { "text/plain" };
            let length = body.len();
            format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}")
                .into_bytes()
        });
        let text = format!("{:?}", course.stop);
        assert!(text.contains(word), "{text}");
    }
}

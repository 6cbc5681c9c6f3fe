//! Plain WebSocket as RFC 6455 has it: handshakes that are refused and why, and the close frame for whoever breaks the protocol.

use dante::cli::ServeArgs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Answer, Server, Setup, Stream, soon, websocket_request};

const PATH: &str = "/websocket/ws";

async fn server() -> Server {
    let args = ServeArgs { interval: Some("1h".into()), ..ServeArgs::default() };
    Server::start(Setup { args, stanzas: (3, 0), ..Setup::default() }).await
}

#[tokio::test]
async fn several_lines_of_connection_are_one_list() {
    let server = server().await;
    for (line, with, status) in [
        // As Tcl's websocket sends it.
        ("Connection: Upgrade", "Connection: close\r\nConnection: Upgrade", 101),
        ("Connection: Upgrade", "Connection: Upgrade\r\nConnection: keep-alive", 101),
        ("Connection: Upgrade", "Connection: keep-alive", 426),
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
        ("Upgrade: websocket", "Upgrade: h2c", 426),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400),
    ] {
        let request = websocket_request(PATH, "Upgrade").replace(line, with);
        let answer = server.send(&request).await;
        assert_eq!(answer.status, status, "{with}: {answer:?}");
        if status == 101 {
            // Without hyper's `close`, at which Tcl's client closes the connection.
            assert_eq!(answer.header("connection"), Some("Upgrade"), "{with}: {answer:?}");
        } else {
            let said = (answer.header("sec-websocket-version"), answer.header("upgrade"));
            assert_eq!(said, (Some("13"), Some("websocket")), "{with}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn of_the_subprotocols_offered_the_first_is_chosen() {
    let server = server().await;
    for path in [PATH, "/socket.io/?EIO=4&transport=websocket"] {
        for (offered, chosen) in [("", None), ("Sec-WebSocket-Protocol: v2.chat, chat\r\n", Some("v2.chat"))]
        {
            let request = websocket_request(path, "Upgrade");
            let request = format!("{}{offered}\r\n", request.strip_suffix("\r\n").unwrap());
            let answer = server.send(&request).await;
            assert_eq!((answer.status, answer.header("sec-websocket-protocol")), (101, chosen), "{path}");
        }
    }
}

/// A frame of a client, masked with zeros. Its length is announced in as few bytes as go.
fn frame(first: u8, announced: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match announced {
        ..126 => frame.push(0x80 | u8::try_from(announced).unwrap()),
        _ => {
            frame.push(0x80 | 127);
            frame.extend(announced.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn whole(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload.len() as u64, payload)
}

async fn opened(server: &Server) -> Box<dyn Stream> {
    let mut stream = server.connect().await;
    stream.write_all(websocket_request(PATH, "Upgrade").as_bytes()).await.unwrap();
    assert_eq!(soon(Answer::read(&mut stream)).await.status, 101);
    // The first stanza.
    let mut text = [0; 4];
    soon(stream.read_exact(&mut text)).await.unwrap();
    assert_eq!(&text, b"\x81\x020.");
    stream
}

#[tokio::test]
async fn whoever_breaks_the_protocol_is_told_by_a_close_frame() {
    let server = server().await;
    for (what, sent, code) in [
        ("a reserved bit", whole(0xc1, b"x"), 1002),
        ("a reserved opcode", whole(0x83, b"x"), 1002),
        ("a reserved control opcode", whole(0x8b, b""), 1002),
        ("no mask", b"\x81\x01x".to_vec(), 1002),
        ("a continuation of nothing", whole(0x80, b"x"), 1002),
        ("a new message within another", [whole(0x01, b"x"), whole(0x81, b"y")].concat(), 1002),
        ("a ping in fragments", whole(0x09, b"x"), 1002),
        ("a ping that is too long", whole(0x89, &[0; 126]), 1002),
        ("a close code of one byte", whole(0x88, b"x"), 1002),
        ("no UTF-8", whole(0x81, b"\xff"), 1007),
        ("no UTF-8, in fragments", [whole(0x01, b"\xc3"), whole(0x80, b"\x28")].concat(), 1007),
        ("a reason that is no UTF-8", whole(0x88, b"\x03\xe8\xff"), 1007),
        ("a message that is too long", whole(0x81, &[b'x'; 5000]), 1009),
        ("one in fragments", [whole(0x01, &[b'x'; 3000]), whole(0x80, &[b'x'; 3000])].concat(), 1009),
        ("one that is only announced", frame(0x82, 1 << 40, b"x"), 1009),
    ] {
        let mut stream = opened(&server).await;
        stream.write_all(&sent).await.unwrap();
        // Many bytes behind it: they are not to break the connection before the frame is read.
        let _ = stream.write_all(&[0; 20_000]).await;
        let mut answer = Vec::new();
        soon(stream.read_to_end(&mut answer)).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let [0x88, length, high, low, reason @ ..] = &answer[..] else { panic!("{what}: {answer:?}") };
        assert_eq!(u16::from_be_bytes([*high, *low]), code, "{what}");
        assert!(usize::from(*length) == reason.len() + 2 && *length <= 125, "{what}: {answer:?}");
        assert!(std::str::from_utf8(reason).is_ok_and(|reason| !reason.is_empty()), "{what}");
        // Nobody waits for a reader who is gone.
        server.until_readers(0).await;
        drop(stream);
    }
    // Who just leaves gets none.
    let mut stream = opened(&server).await;
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn a_close_is_answered() {
    let server = server().await;
    for (what, sent, answered) in [
        ("nothing said", whole(0x88, b""), &b"\x88\x00"[..]),
        ("a code", whole(0x88, b"\x03\xe8"), b"\x88\x02\x03\xe8"),
        ("an application's code and a reason", whole(0x88, b"\x0f\xa0bye"), b"\x88\x05\x0f\xa0bye"),
        ("more behind it", [whole(0x88, b"\x03\xe9"), whole(0x89, b"x")].concat(), b"\x88\x02\x03\xe9"),
    ] {
        let mut stream = opened(&server).await;
        stream.write_all(&sent).await.unwrap();
        let mut answer = Vec::new();
        soon(stream.read_to_end(&mut answer)).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(answer, answered, "{what}");
        server.until_readers(0).await;
    }
}

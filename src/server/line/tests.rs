//! Lines over real connections.
#![cfg(unix)]

use std::time::Duration;

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::yield_now,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::hosting::listener::Stream;

/// A connection: our socket, and the client's. The system makes of a buffer of one byte the smallest that it has.
fn connection(buffer: usize) -> (Arc<Socket>, UnixStream) {
    let (server, client) = UnixStream::pair().unwrap();
    SockRef::from(&server).set_send_buffer_size(buffer).unwrap();
    (Arc::new(Socket::new(Stream::Local(server), CancellationToken::new())), client)
}

fn stanza(index: usize) -> Bytes {
    text_frame(&format!("{index} {}", "canto ".repeat(index % 900)))
}

/// The texts of all frames; pings are left out.
fn texts(mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let [first, short, rest @ ..] = bytes {
        let (length, rest) = match short {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            short => (usize::from(*short), rest),
        };
        let (payload, rest) = rest.split_at(length);
        match first {
            0x81 => texts.push(String::from_utf8(payload.to_vec()).unwrap()),
            0x89 => assert!(payload.is_empty()),
            other => panic!("a frame that nobody wrote: {other:x}"),
        }
        bytes = rest;
    }
    texts
}

#[tokio::test]
async fn stanzas_wait_for_the_one_that_went_through_the_engine() {
    let (socket, mut client) = connection(100_000);
    let line = Line::new(socket, false);
    let mut engine = LineStream::new(Arc::clone(&line), Bytes::new());
    assert_eq!(line.send(&stanza(1)), Passage::Elsewhere, "nothing went through the engine yet");
    line.expect(&stanza(1));
    engine.write_all(&text_frame("reading")).await.unwrap();
    assert_eq!(line.send(&stanza(2)), Passage::Elsewhere, "the stanza is still in the engine's queue");
    let (start, end) = (&stanza(1)[..4], &stanza(1)[4..]);
    engine.write_all(start).await.unwrap();
    assert_eq!(line.send(&stanza(2)), Passage::Elsewhere, "the stanza is only begun");
    engine.write_all(end).await.unwrap();
    assert_eq!(line.send(&stanza(2)), Passage::Sent);
    engine.write_all(&[0x89]).await.unwrap();
    assert_eq!(line.send(&stanza(3)), Passage::Full, "the engine is within a frame");
    engine.write_all(&[0]).await.unwrap();
    assert_eq!(line.send(&stanza(3)), Passage::Sent);
    engine.write_all(&[0x88, 0]).await.unwrap();
    assert_eq!(line.send(&stanza(4)), Passage::Closed, "nothing follows a close frame");
    drop((engine, line));
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    let heard = texts(received.strip_suffix(&[0x88, 0]).unwrap());
    let said = [b"reading".as_slice(), &stanza(1)[2..], &stanza(2)[2..], &stanza(3)[2..]];
    assert_eq!(heard.iter().map(String::as_bytes).collect::<Vec<_>>(), said);
}

/// Both write at once, and the client reads so slowly that nearly every frame is taken in pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_and_a_slow_client_lose_nothing() {
    const EACH: usize = 1000;
    let (socket, mut client) = connection(1);
    let line = Line::new(socket, true);
    let mut engine = LineStream::new(Arc::clone(&line), Bytes::new());
    let engine = tokio::spawn(async move {
        for index in 0..EACH {
            let frame = text_frame(&format!("engine {index} {}", "x".repeat(index % 3000)));
            engine.write_all(if index % 5 == 0 { &[0x89, 0] } else { &frame }).await.unwrap();
            yield_now().await;
        }
        engine
    });
    let conductor = tokio::spawn(async move {
        let mut in_pieces = 0;
        for index in 0..EACH {
            loop {
                match line.send(&stanza(index)) {
                    Passage::Sent => break,
                    Passage::Full => in_pieces += usize::from(line.state().begun),
                    other => panic!("{other:?}"),
                }
                yield_now().await;
            }
        }
        in_pieces
    });
    let reader = tokio::spawn(async move {
        let (mut received, mut piece) = (Vec::new(), [0; 777]);
        loop {
            let taken = client.read(&mut piece).await.unwrap();
            if taken == 0 {
                return received;
            }
            received.extend(&piece[..taken]);
            yield_now().await;
        }
    });
    let in_pieces = conductor.await.unwrap();
    drop(engine.await.unwrap());
    let heard = texts(&reader.await.unwrap());
    assert!(in_pieces > 0, "no stanza was taken in pieces, so this test shows nothing");
    let (engine, stanzas): (Vec<_>, Vec<_>) = heard.iter().partition(|text| text.starts_with("engine"));
    let number = |text: &&String, at| text.split(' ').nth(at).unwrap().parse::<usize>().unwrap();
    assert!(stanzas.iter().map(|text| number(text, 0)).eq(0..EACH));
    assert!(engine.iter().map(|text| number(text, 1)).eq((0..EACH).filter(|index| index % 5 != 0)));
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up() {
    let (socket, client) = connection(1);
    let line = Line::new(socket, true);
    while line.send(&stanza(899)) == Passage::Sent {}
    tokio::time::pause();
    tokio::time::advance(PATIENCE - Duration::from_secs(1)).await;
    assert_eq!(line.send(&stanza(899)), Passage::Full);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(line.send(&stanza(899)), Passage::Closed);
    drop(client);
}

#[tokio::test]
async fn a_comment_comes_only_where_nothing_waits() {
    let (socket, mut client) = connection(1);
    let line = Line::new(socket, true);
    line.interject(&Bytes::from_static(b":\n\n"));
    let mut received = [0; 3];
    client.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b":\n\n");
    while line.send(&stanza(899)) == Passage::Sent {}
    line.interject(&Bytes::from_static(b":\n\n"));
    let reader = tokio::spawn(async move {
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        received
    });
    while line.send(&stanza(899)) == Passage::Full {
        yield_now().await;
    }
    drop(line);
    assert!(
        texts(&reader.await.unwrap()).iter().all(|text| *text == format!("899 {}", "canto ".repeat(899)))
    );
}

#[tokio::test]
async fn what_slips_in_is_never_taken_for_a_stanza() {
    let (socket, mut client) = connection(1);
    let line = Line::new(socket, true);
    let (mut slipped, mut sent, mut full) = (0, 0, 0);
    let reader = tokio::spawn(async move {
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        received
    });
    let notice = text_frame(&"notice ".repeat(2000));
    while slipped < 50 || sent < 500 {
        match line.slip_in(&notice) {
            Passage::Sent => slipped += 1,
            passage => {
                assert_eq!(passage, Passage::Full);
                full += 1;
            }
        }
        if line.send(&stanza(sent)) == Passage::Sent {
            sent += 1;
        } else {
            yield_now().await;
        }
    }
    assert!(full > 0, "the client was never slow");
    line.conclude(&Bytes::new()).await.unwrap();
    assert_eq!(line.slip_in(&notice), Passage::Closed);
    drop(line);
    let texts = texts(&reader.await.unwrap());
    let (notices, stanzas): (Vec<_>, Vec<_>) = texts.iter().partition(|text| text.starts_with("notice "));
    assert!(notices.len() == slipped && notices.iter().all(|text| text.len() == 14_000));
    let expected: Vec<_> = (0..sent).map(|index| format!("{index} {}", "canto ".repeat(index))).collect();
    assert_eq!(stanzas, expected.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_last_piece_comes_after_all_that_waits() {
    let (socket, mut client) = connection(1);
    let line = Line::new(socket, true);
    while line.send(&stanza(899)) == Passage::Sent {}
    let begun = line.state().begun;
    let conclude = tokio::spawn({
        let line = Arc::clone(&line);
        async move { line.conclude(&Bytes::from_static(b"last")).await }
    });
    yield_now().await;
    assert!(!conclude.is_finished(), "the client takes nothing yet");
    let reader = tokio::spawn(async move {
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        received
    });
    conclude.await.unwrap().unwrap();
    let passage = if begun { Passage::Sent } else { Passage::Elsewhere };
    assert_eq!(line.send(&stanza(899)), passage, "one that was begun is whole");
    assert_eq!(line.send(&stanza(1)), Passage::Elsewhere, "and no other one begins");
    drop(line);
    let received = reader.await.unwrap();
    let stanzas = texts(received.strip_suffix(b"last").unwrap());
    assert!(stanzas.iter().all(|text| *text == format!("899 {}", "canto ".repeat(899))));
}

/// So that the engine, which forgets a session whose first packet it cannot write, closes it.
#[tokio::test]
async fn a_connection_that_breaks_ends_for_its_reader_and_not_for_its_writer() {
    let (socket, client) = connection(1);
    let line = Line::new(socket, false);
    let mut engine = LineStream::new(line, Bytes::new());
    drop(client);
    engine.write_all(b"\x81\x010").await.unwrap();
    engine.flush().await.unwrap();
    assert_eq!(engine.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn what_the_client_has_already_is_not_written_again() {
    let (socket, mut client) = connection(1);
    let mut engine = LineStream::new(Line::new(socket, false), Bytes::from_static(b"early")).without(3);
    let mut early = [0; 5];
    engine.read_exact(&mut early).await.unwrap();
    engine.write_all(b"\x81\x00\x81").await.unwrap();
    engine.write_all(b"\x81\x00").await.unwrap();
    drop(engine);
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert_eq!((&early, received.as_slice()), (b"early", b"\x81\x00".as_slice()));
}

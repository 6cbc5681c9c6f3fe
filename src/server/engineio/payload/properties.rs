//! The check against the engine's own decoders: what it accepts, they decode whole and in time; and it accepts
//! whatever the official clients send.

use std::{sync::mpsc, time::Duration};

use axum::body::Body;
use engineioxide_core::{Packet, ProtocolVersion, payload::decoder};
use futures_util::{FutureExt as _, StreamExt as _};
use http::HeaderValue;
use proptest::{collection::vec, prelude::*};

use super::*;

const FRAMINGS: [Framing; 3] = [Framing::V4, Framing::V3Text, Framing::V3Binary];

/// How long the engine may take before it counts as stuck. What it is stuck in cannot be ended, so the thread
/// stays until the tests are over.
const STUCK: Duration = Duration::from_secs(20);

/// How many packets the engine decodes, and whether all of them are good.
fn decode(payload: Vec<u8>, framing: Framing) -> Option<(usize, bool)> {
    let (done, outcome) = mpsc::channel();
    std::thread::spawn(move || {
        let binary = HeaderValue::from_static("application/octet-stream");
        let (version, kind) = match framing {
            Framing::V4 => (ProtocolVersion::V4, None),
            Framing::V3Text => (ProtocolVersion::V3, None),
            Framing::V3Binary => (ProtocolVersion::V3, Some(&binary)),
        };
        let packets = decoder(Body::from(payload), kind, version, 1 << 20);
        let packets: Vec<_> = packets.collect().now_or_never().unwrap_or_default();
        let is_a_clients = |packet: &Packet| {
            use Packet::{Binary, BinaryV3, Close, Message, Ping, Pong};
            matches!(packet, Close | Ping | Pong | Message(_) | Binary(_) | BinaryV3(_))
        };
        let good = packets.iter().all(|packet| packet.as_ref().is_ok_and(is_a_clients));
        // Nobody waits any more if it took too long.
        let _ = done.send((packets.len(), good));
    });
    outcome.recv_timeout(STUCK).ok()
}

/// One packet as a client writes it.
#[derive(Debug, Clone)]
enum Sent {
    Text(String),
    Bytes(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    let text = prop_oneof![
        Just("1".to_owned()),
        Just("2".to_owned()),
        Just("3".to_owned()),
        // Any characters but the separator of version 4, which no JSON has in it.
        "4[^\u{1e}]{0,20}",
        r#"42\["[a-z😀€é]{0,9}",\{"message":"[^\u{1e}]{0,9}"\}\]"#,
        r"40/[a-z😀]{0,5},",
    ];
    prop_oneof![3 => text.prop_map(Sent::Text), 1 => vec(any::<u8>(), 0..20).prop_map(Sent::Bytes)]
}

/// Packets in the form of a framing.
fn write(packets: &[Sent], framing: Framing) -> Vec<u8> {
    let mut payload = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        let text = match packet {
            Sent::Text(text) => text.clone(),
            Sent::Bytes(bytes) if framing == Framing::V3Text => format!("b4{}", STANDARD.encode(bytes)),
            Sent::Bytes(bytes) => format!("b{}", STANDARD.encode(bytes)),
        };
        let binary = |mark, packet: &[u8]| {
            let digits = packet.len().to_string().into_bytes();
            [&[mark], &*digits.iter().map(|digit| digit - b'0').collect::<Vec<_>>(), &[LENGTH_END], packet]
                .concat()
        };
        match (framing, packet) {
            (Framing::V4, _) if at > 0 => payload.extend(format!("{SEPARATOR}{text}").bytes()),
            (Framing::V4, _) => payload.extend(text.bytes()),
            (Framing::V3Text, _) => {
                payload.extend(format!("{}:{text}", text.encode_utf16().count()).bytes());
            }
            (Framing::V3Binary, Sent::Text(text)) => payload.extend(binary(TEXT_MARK, text.as_bytes())),
            (Framing::V3Binary, Sent::Bytes(bytes)) => {
                payload.extend(binary(BINARY_MARK, &[&[BINARY_MESSAGE], &**bytes].concat()));
            }
        }
    }
    payload
}

/// A payload with something wrong in it, most likely: bytes put in, taken out, or changed.
fn crooked(framing: Framing) -> impl Strategy<Value = Vec<u8>> {
    let telling = prop_oneof![
        any::<u8>(),
        proptest::sample::select(&b"0123456789:b4\x1e\x00\x01\xff\xf0\x9f\x98\x80"[..])
    ];
    let change = (any::<proptest::sample::Index>(), 0..3_u8, telling);
    (vec(sent(), 0..6), vec(change, 0..6)).prop_map(move |(packets, changes)| {
        let mut payload = write(&packets, framing);
        for (at, what, byte) in changes {
            let at = at.index(payload.len() + 1);
            match what {
                0 => payload.insert(at, byte),
                1 if at < payload.len() => drop(payload.remove(at)),
                _ if at < payload.len() => payload[at] = byte,
                _ => payload.push(byte),
            }
        }
        payload
    })
}

proptest! {
    #[test]
    fn what_clients_write_is_accepted(packets in vec(sent(), 1..20)) {
        for framing in FRAMINGS {
            let payload = write(&packets, framing);
            prop_assert_eq!(check(&payload, framing), Ok(packets.len()), "{:?}", framing);
            prop_assert_eq!(decode(payload, framing), Some((packets.len(), true)), "{:?}", framing);
        }
    }

    #[test]
    fn what_is_accepted_the_engine_decodes(
        payloads in FRAMINGS.map(crooked),
        noise in vec(any::<u8>(), 0..40),
        text in "([0-9]{1,2}:|[b0-6]|\u{1e}|[a😀€]){0,12}",
    ) {
        for (framing, payload) in FRAMINGS.into_iter().zip(payloads) {
            for payload in [payload, noise.clone(), text.clone().into_bytes()] {
                if let Ok(count) = check(&payload, framing) {
                    prop_assert_eq!(decode(payload, framing), Some((count, true)), "{:?}", framing);
                }
            }
        }
    }
}

#[test]
fn what_official_clients_sent_is_accepted() {
    /// As `tests/js/payloads.test.js` writes it.
    #[derive(serde::Deserialize)]
    struct Recorded {
        client: String,
        version: u8,
        binary: bool,
        body: String,
    }
    let recorded: Vec<Recorded> =
        serde_json::from_str(include_str!("../../../../tests/fixtures/payloads.json")).unwrap();
    for Recorded { client, version, binary, body } in recorded {
        let framing = match (version, binary) {
            (4, _) => Framing::V4,
            (_, false) => Framing::V3Text,
            (_, true) => Framing::V3Binary,
        };
        let body = STANDARD.decode(body).unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        let count = check(&body, framing).unwrap_or_else(|error| panic!("{client}: {error}: {text}"));
        assert_eq!(decode(body, framing), Some((count, true)), "{client}: {text}");
    }
}

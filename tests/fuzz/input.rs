//! What is sent: packets, payloads and frames as the protocols have them, and then crooked.

use fastrand::Rng;

/// Packets that mean something to the engine, to Socket.IO, or to neither.
const PACKETS: [&str; 34] = [
    "40",
    "40/hello,",
    "40{\"from\":3,\"edition\":\"x\"}",
    "40/nowhere,",
    "41",
    "41/hello,",
    "42[\"sendMessage\",{\"message\":\"Hello! \u{1f600}\u{20ac}\"}]",
    "42/hello,[\"sendMessage\",{\"message\":\"\"}]",
    "42/hello,7[\"echo\"]",
    "4299999999999999999999[\"echo\"]",
    "42[\"sendMessage\",[[[[[[[[[[[[[[[[[[[[[[[[",
    "42[1]",
    "42{}",
    "43/hello,1[]",
    "44{\"message\":\"x\"}",
    "450-[\"sendMessage\"]",
    "451-[\"sendMessage\",{\"_placeholder\":true,\"num\":0}]",
    "4599999999999999999999-[\"x\"]",
    "461-/hello,9[{\"_placeholder\":true,\"num\":99}]",
    "45-[]",
    "4",
    "47",
    "1",
    "2",
    "3",
    "2probe",
    "3probe",
    "5",
    "6",
    "0{}",
    "bAQIDBA==",
    "b4AQIDBA==",
    "\u{1f600}",
    "",
];

/// Pieces that decoders stumble over.
const PIECES: [&[u8]; 18] = [
    b":",
    b"1:",
    b"0:",
    b"99999999999999999999:",
    b"-1:",
    b"\x1e",
    b"\x1e\x1e",
    b"\xff",
    b"\x00\x01\xff",
    b"\x01\x02\xff\x04",
    b"\xf0\x9f\x98\x80",
    b"\xf0\x9f",
    b"\xc3\xa9",
    b"\xed\xa0\xbd",
    b"/",
    b",",
    b"[",
    b"\"",
];

/// What a length of version 3 is counted in, rightly or wrongly.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Utf16,
    Characters,
    Bytes,
}

/// One packet, now and then crooked.
pub(crate) fn packet(rng: &mut Rng) -> Vec<u8> {
    let mut packet = rng.choice(PACKETS).unwrap_or_default().as_bytes().to_vec();
    if rng.u8(..) < 4 {
        packet = packet.repeat(rng.usize(1..4000));
    }
    if rng.bool() {
        bend(rng, &mut packet);
    }
    packet
}

/// Changes bytes, a few times: puts pieces in, takes some out, repeats some.
pub(crate) fn bend(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..=bytes.len());
        let end = (at + rng.usize(0..6)).min(bytes.len());
        match rng.u8(0..5) {
            0 => drop(bytes.splice(at..at, rng.choice(PIECES).unwrap_or_default().iter().copied())),
            1 => drop(bytes.drain(at..end)),
            2 => bytes[at..end].iter_mut().for_each(|byte| *byte = rng.u8(..)),
            3 => {
                let part = bytes[at..end].repeat(rng.usize(1..5));
                drop(bytes.splice(at..at, part));
            }
            _ => bytes.truncate(at),
        }
    }
}

/// A payload of long polling: what is posted, and the type that it is posted with.
pub(crate) fn payload(rng: &mut Rng, version: u8) -> (Vec<u8>, &'static str) {
    let count = if rng.u8(..) < 3 { rng.usize(1000..5000) } else { rng.usize(0..6) };
    let packets: Vec<_> = (0..count).map(|_| packet(rng)).collect();
    let binary = version == 3 && rng.u8(0..3) == 0;
    let mut payload = match (version, binary) {
        (3, false) => {
            packets.iter().flat_map(|packet| [length(rng, packet), packet.clone()].concat()).collect()
        }
        (3, true) => packets.iter().flat_map(|packet| binary_packet(rng, packet)).collect(),
        _ => packets.join(&b"\x1e"[..]),
    };
    if rng.u8(0..3) == 0 {
        bend(rng, &mut payload);
    }
    (payload, if binary { "application/octet-stream" } else { "text/plain;charset=UTF-8" })
}

fn length(rng: &mut Rng, packet: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(packet);
    let length = match rng.choice([Unit::Utf16, Unit::Utf16, Unit::Characters, Unit::Bytes]) {
        Some(Unit::Characters) => text.chars().count(),
        Some(Unit::Bytes) => packet.len(),
        _ => text.encode_utf16().count(),
    };
    match rng.u8(0..12) {
        0 => format!("{}:", length + 1),
        1 => format!("{}:", length.saturating_sub(1)),
        2 => format!("{}:", rng.usize(0..4)),
        3 => format!("{}:", rng.u64(..)),
        4 => format!("0{length}:"),
        5 => format!("{length}"),
        _ => format!("{length}:"),
    }
    .into_bytes()
}

fn binary_packet(rng: &mut Rng, packet: &[u8]) -> Vec<u8> {
    let length = packet.len() + if rng.u8(0..6) == 0 { rng.usize(0..3) } else { 0 };
    let digits = length.to_string().into_bytes().into_iter().map(|digit| digit - b'0');
    let mark = if rng.u8(0..8) == 0 { rng.u8(..) } else { rng.u8(0..2) };
    [&[mark], &*digits.collect::<Vec<_>>(), &[0xff], packet].concat()
}

/// Frames of WebSocket (RFC 6455, 5.2): a message in one or several, masked as a client's, and now and then crooked.
pub(crate) fn frames(rng: &mut Rng) -> Vec<u8> {
    let message = packet(rng);
    let opcode = rng.choice([1, 1, 1, 1, 2, 2, 8, 9, 10, 3]).unwrap_or(1);
    let (first, rest) =
        message.split_at(if rng.u8(0..4) == 0 { rng.usize(0..=message.len()) } else { message.len() });
    let mut bytes = frame(rng, opcode, rest.is_empty(), first);
    if !rest.is_empty() {
        bytes.extend(frame(rng, 0, true, rest));
    }
    if rng.u8(0..6) == 0 {
        bend(rng, &mut bytes);
    }
    bytes
}

fn frame(rng: &mut Rng, opcode: u8, last: bool, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![opcode | if last { 0x80 } else { 0 }];
    match content.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        medium @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    let mask: [u8; 4] = std::array::from_fn(|_| rng.u8(..));
    frame.extend(mask);
    frame.extend(content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A target that the server serves, or nearly.
pub(crate) fn target(rng: &mut Rng) -> String {
    let path = rng.choice([
        "/",
        "/socket.io/",
        "/websocket/ws",
        "/sse/stream",
        "/hosting.json",
        "/static/",
        "/hello/",
    ]);
    let mut query = String::new();
    for _ in 0..rng.usize(0..6) {
        let name = rng
            .choice(["EIO", "transport", "sid", "b64", "from", "edition", "format", "canto", "x"])
            .unwrap_or_default();
        let value = rng.choice([
            "3",
            "4",
            "polling",
            "websocket",
            "json",
            "1",
            "",
            "-1",
            "AAAAAAAAAAAAAAAA",
            "%00%ff",
            "4=3",
            "inferno/1",
        ]);
        query += &format!("{}{name}={}", if query.is_empty() { "?" } else { "&" }, value.unwrap_or_default());
    }
    path.unwrap_or_default().to_owned() + &query
}

//! What a client posts over long polling, checked before the engine decodes it: engineioxide-core's own
//! decoders trust announced lengths. Pure; it knows nothing of HTTP.
//!
//! A payload of version 4 is packets with a record separator between them; one of version 3 has each
//! packet's length before it, in text or, where a packet carries bytes, in binary.
//! (<https://github.com/socketio/engine.io-protocol>, "Payload" in the trees v3 and v4.)

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The most packets in one payload. The shortest event that Dante knows, a ping of its page, fits about so
/// many times into the largest body; more are a flood, and each may cost the engine a task.
const MAX_PACKETS: usize = 1024;

/// Between two packets of version 4.
const SEPARATOR: char = '\x1e';

/// The most digits that a length of version 3 has; the largest body has five.
const MAX_DIGITS: usize = 7;

/// Before a packet of text, in a binary payload of version 3.
const TEXT_MARK: u8 = 0;
/// Before a packet of bytes.
const BINARY_MARK: u8 = 1;
/// After a packet's length.
const LENGTH_END: u8 = 0xff;
/// The type that a packet of bytes has: a message.
const BINARY_MESSAGE: u8 = 4;

/// How a payload is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Version 4.
    V4,
    /// Version 3, text.
    V3Text,
    /// Version 3, `application/octet-stream`.
    V3Binary,
}

/// Why a payload is refused; packets are counted from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PayloadError {
    #[error("the payload has no packet")]
    Empty,
    #[error("the payload has more than {MAX_PACKETS} packets")]
    TooManyPackets,
    #[error("the payload is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    #[error("packet {packet} of the payload {fault}")]
    Packet { packet: usize, fault: PacketFault },
}

/// What is wrong with one packet.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PacketFault {
    #[error("is empty")]
    Empty,
    #[error("has no length before it: a whole number from 1, and then a colon (in binary, 255)")]
    NoLength,
    #[error("is announced with length {announced}, and only {found} follow")]
    Cut { announced: usize, found: usize },
    #[error("is announced with length {0}, which ends inside a character")]
    InsideCharacter(usize),
    #[error("is not UTF-8")]
    NotUtf8,
    #[error("begins with {0:?}, which is not a type that clients send over polling")]
    Type(char),
    #[error("is marked {0}; 0 marks text, and 1 bytes")]
    Mark(u8),
    #[error("carries bytes that are not base64")]
    Base64,
}

/// Checks a whole payload, and counts its packets.
///
/// # Errors
/// When it is not what the protocol says, or has a packet that a client does not send over polling.
pub(crate) fn check(payload: &[u8], framing: Framing) -> Result<usize, PayloadError> {
    if payload.is_empty() {
        return Err(PayloadError::Empty);
    }
    match framing {
        Framing::V4 => {
            let text = text_of(payload)?;
            count(text.split(SEPARATOR).map(|packet| check_packet(packet, Framing::V4)))
        }
        Framing::V3Text => {
            let mut rest = text_of(payload)?;
            count(std::iter::from_fn(|| (!rest.is_empty()).then(|| next_text(&mut rest))))
        }
        Framing::V3Binary => {
            let mut rest = payload;
            count(std::iter::from_fn(|| (!rest.is_empty()).then(|| next_binary(&mut rest))))
        }
    }
}

fn text_of(payload: &[u8]) -> Result<&str, PayloadError> {
    std::str::from_utf8(payload).map_err(|error| PayloadError::NotUtf8(error.valid_up_to()))
}

/// Counts packets up to the first that is wrong.
fn count(packets: impl Iterator<Item = Result<(), PacketFault>>) -> Result<usize, PayloadError> {
    let mut packet = 0;
    for checked in packets {
        packet += 1;
        if packet > MAX_PACKETS {
            return Err(PayloadError::TooManyPackets);
        }
        checked.map_err(|fault| PayloadError::Packet { packet, fault })?;
    }
    Ok(packet)
}

/// Takes `length:packet` off the text. The length counts UTF-16 code units, as JavaScript does.
fn next_text(rest: &mut &str) -> Result<(), PacketFault> {
    let (digits, after) = rest.split_once(':').ok_or(PacketFault::NoLength)?;
    let announced = length(digits.bytes().map(|digit| digit.wrapping_sub(b'0')))?;
    let (mut found, mut end) = (0, 0);
    for character in after.chars() {
        if found >= announced {
            break;
        }
        found += character.len_utf16();
        end += character.len_utf8();
    }
    if found < announced {
        return Err(PacketFault::Cut { announced, found });
    }
    if found > announced {
        return Err(PacketFault::InsideCharacter(announced));
    }
    let (packet, after) = after.split_at(end);
    *rest = after;
    check_packet(packet, Framing::V3Text)
}

/// Takes mark, length, 255 and packet off the bytes. The length counts bytes.
fn next_binary(rest: &mut &[u8]) -> Result<(), PacketFault> {
    let (&mark, after) = rest.split_first().ok_or(PacketFault::Empty)?;
    if mark != TEXT_MARK && mark != BINARY_MARK {
        return Err(PacketFault::Mark(mark));
    }
    let header = after.iter().take(MAX_DIGITS + 1).position(|byte| *byte == LENGTH_END);
    let (digits, after) = after.split_at(header.ok_or(PacketFault::NoLength)?);
    let (announced, after) = (length(digits.iter().copied())?, &after[1..]);
    let cut = PacketFault::Cut { announced, found: after.len() };
    let (packet, after) = after.split_at_checked(announced).ok_or(cut)?;
    *rest = after;
    match (mark, packet) {
        (BINARY_MARK, [BINARY_MESSAGE, ..]) => Ok(()),
        (BINARY_MARK, [other, ..]) => Err(PacketFault::Type(char::from(other.wrapping_add(b'0')))),
        _ => check_packet(std::str::from_utf8(packet).map_err(|_| PacketFault::NotUtf8)?, Framing::V3Binary),
    }
}

/// A length from its digits, each from 0 to 9: a whole number from 1, without zeros before it.
fn length(digits: impl ExactSizeIterator<Item = u8>) -> Result<usize, PacketFault> {
    if digits.len() > MAX_DIGITS {
        return Err(PacketFault::NoLength);
    }
    let mut length = 0;
    for digit in digits {
        if digit > 9 || (length == 0 && digit == 0) {
            return Err(PacketFault::NoLength);
        }
        length = length * 10 + usize::from(digit);
    }
    if length == 0 { Err(PacketFault::NoLength) } else { Ok(length) }
}

/// Checks one packet of text: its type, and that bytes in it are base64.
fn check_packet(packet: &str, framing: Framing) -> Result<(), PacketFault> {
    let kind = packet.chars().next().ok_or(PacketFault::Empty)?;
    // Of one byte, if it is a type at all.
    let content = packet.get(1..).unwrap_or_default();
    let is_base64 = |text| STANDARD.decode(text).is_ok();
    match kind {
        // Close and message; ping and pong, but for the probe of an upgrade, which comes over WebSocket.
        '1' | '4' => Ok(()),
        '2' | '3' if content != "probe" => Ok(()),
        'b' => {
            let content = if framing == Framing::V4 { Some(content) } else { content.strip_prefix('4') };
            if content.is_some_and(is_base64) { Ok(()) } else { Err(PacketFault::Base64) }
        }
        other => Err(PacketFault::Type(other)),
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(packet: usize, fault: PacketFault) -> Result<usize, PayloadError> {
        Err(PayloadError::Packet { packet, fault })
    }

    #[test]
    fn version_4() {
        use PacketFault::{Base64, Empty, Type};
        for (payload, expected) in [
            ("40", Ok(1)),
            ("4", Ok(1)),
            ("1", Ok(1)),
            ("3\x1e40/hello,\x1e42[\"x\"]", Ok(3)),
            ("bAQID", Ok(1)),
            ("b", Ok(1)),
            ("", Err(PayloadError::Empty)),
            ("\x1e", fault(1, Empty)),
            ("40\x1e", fault(2, Empty)),
            ("40\x1e\x1e40", fault(2, Empty)),
            ("0{}", fault(1, Type('0'))),
            ("5", fault(1, Type('5'))),
            ("6", fault(1, Type('6'))),
            ("2probe", fault(1, Type('2'))),
            ("40\x1e\u{e9}abcd", fault(2, Type('\u{e9}'))),
            ("bA", fault(1, Base64)),
            ("bAR==", fault(1, Base64)),
        ] {
            assert_eq!(check(payload.as_bytes(), Framing::V4), expected, "{payload:?}");
        }
        assert_eq!(check(b"4a\xff", Framing::V4), Err(PayloadError::NotUtf8(2)));
    }

    #[test]
    fn version_3_in_text() {
        use PacketFault::{Base64, Cut, Empty, InsideCharacter, NoLength, Type};
        for (payload, expected) in [
            ("1:2", Ok(1)),
            ("2:40", Ok(1)),
            ("2:401:1", Ok(2)),
            // U+1F600 counts two, U+20AC one.
            ("3:4😀", Ok(1)),
            ("2:4€1:2", Ok(2)),
            ("6:b4AQID", Ok(1)),
            ("", Err(PayloadError::Empty)),
            // What the engine never came back from: the length ends inside a character, and more follows.
            ("1:😀x", fault(1, InsideCharacter(1))),
            ("1:😀", fault(1, InsideCharacter(1))),
            ("2:4😀x", fault(1, InsideCharacter(2))),
            ("1:21:😀x", fault(2, InsideCharacter(1))),
            ("0:", fault(1, NoLength)),
            ("0:40", fault(1, NoLength)),
            ("02:40", fault(1, NoLength)),
            ("+2:40", fault(1, NoLength)),
            ("-2:40", fault(1, NoLength)),
            (" 2:40", fault(1, NoLength)),
            ("2", fault(1, NoLength)),
            (":40", fault(1, NoLength)),
            ("x:40", fault(1, NoLength)),
            ("\u{662}:40", fault(1, NoLength)),
            ("99999999:40", fault(1, NoLength)),
            ("18446744073709551617:40", fault(1, NoLength)),
            ("3:40", fault(1, Cut { announced: 3, found: 2 })),
            ("9999999:4", fault(1, Cut { announced: 9_999_999, found: 1 })),
            ("1:", fault(1, Cut { announced: 1, found: 0 })),
            ("1:40", fault(2, NoLength)),
            ("6:2probe", fault(1, Type('2'))),
            ("5:bAQID", fault(1, Base64)),
        ] {
            assert_eq!(check(payload.as_bytes(), Framing::V3Text), expected, "{payload:?}");
        }
        assert_eq!(check(b"1:\xff", Framing::V3Text), Err(PayloadError::NotUtf8(2)));
        assert_eq!(check_packet("", Framing::V3Text), Err(Empty));
    }

    #[test]
    fn version_3_in_binary() {
        use PacketFault::{Cut, Mark, NoLength, NotUtf8, Type};
        for (payload, expected) in [
            (&b"\x00\x02\xff40"[..], Ok(1)),
            (b"\x00\x01\x00\xff42[\"abcde\"", Ok(1)),
            (b"\x01\x03\xff\x04ab", Ok(1)),
            (b"\x00\x01\xff2\x01\x01\xff\x04", Ok(2)),
            // Lengths count bytes here.
            (b"\x00\x05\xff4\xf0\x9f\x98\x80", Ok(1)),
            (b"\x00\x02\xff4\xf0\x9f\x98\x80", fault(1, NotUtf8)),
            (b"\x02\x01\xff2", fault(1, Mark(2))),
            (b"2:40", fault(1, Mark(b'2'))),
            (b"\x00\xff", fault(1, NoLength)),
            (b"\x00\x00\xff", fault(1, NoLength)),
            (b"\x00\x00\x01\xff2", fault(1, NoLength)),
            (b"\x00\x0a\xff2", fault(1, NoLength)),
            (b"\x00\x01", fault(1, NoLength)),
            (b"\x00\x01\x01\x01\x01\x01\x01\x01\x01\xff2", fault(1, NoLength)),
            (b"\x00\x09\xff2", fault(1, Cut { announced: 9, found: 1 })),
            (b"\x01\x01\xff4", fault(1, Type('d'))),
            (b"\x01\x01\xff\x02", fault(1, Type('2'))),
        ] {
            assert_eq!(check(payload, Framing::V3Binary), expected, "{payload:?}");
        }
    }

    #[test]
    fn not_too_many_packets() {
        let packets = |count| vec!["2"; count].join("\x1e");
        assert_eq!(check(packets(MAX_PACKETS).as_bytes(), Framing::V4), Ok(MAX_PACKETS));
        assert_eq!(
            check(packets(MAX_PACKETS + 1).as_bytes(), Framing::V4),
            Err(PayloadError::TooManyPackets)
        );
        let packets = "1:2".repeat(MAX_PACKETS + 1);
        assert_eq!(check(packets.as_bytes(), Framing::V3Text), Err(PayloadError::TooManyPackets));
    }

    #[test]
    fn errors_say_what_and_why() {
        let error = check("1:😀x".as_bytes(), Framing::V3Text).unwrap_err().to_string();
        assert_eq!(
            error,
            "packet 1 of the payload is announced with length 1, which ends inside a character"
        );
    }
}

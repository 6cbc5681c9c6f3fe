//! What the fuzz targets of `fuzz/` call: one function for each, which takes any bytes and panics when
//! something does not hold. The tests run them for a moment, so that they go on working.

use crate::{
    hosting::{listener::invariants, prefix::Prefix},
    poem::Poem,
    probe::client::{
        deflate::Agreement, engineio, events, http2::frames::FrameReader, inflating::Frames, unpack::Unpacker,
    },
    server::{
        engineio::payload::{Framing, check},
        request_prefix::{PrefixRules, Route, route},
    },
};

/// The bytes of a connection, and how they are cut: the first byte says how many of the next ones are sizes.
pub fn listener(bytes: &[u8]) {
    let (sizes, bytes) = split_sizes(bytes);
    invariants::check_reads(bytes, sizes);
    let is_refusal = |write: &&[u8]| write.starts_with(b"HTTP/1.") && write.ends_with(b"\r\n\r\n");
    let writes: Vec<_> = bytes.split(|byte| *byte == 0).filter(|write| !is_refusal(write)).collect();
    invariants::check_writes(&writes, sizes);
}

/// A prefix, and on the next line the path of a request.
pub fn prefix(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (configured, path) = text.split_once('\n').unwrap_or(("/", &text));
    let prefix = Prefix::parse(configured).unwrap_or(Prefix::ROOT);
    assert_eq!(Prefix::parse(&prefix.to_string()), Ok(prefix.clone()), "what is written is read again");
    for (learn, fold_case) in [(false, false), (true, true)] {
        for told in [None, Some(&prefix)] {
            let rules = PrefixRules { told, configured: &prefix, learn, fold_case };
            if let Route::In(range) = route(path, &rules) {
                assert_eq!(range.end, path.len());
                let Some(rest) = path.get(range) else { panic!("it is cut inside a character: {path}") };
                assert!(rest.starts_with('/') || rest == path, "{rest} of {path}");
            }
        }
    }
}

/// A poem's text.
pub fn poem(bytes: &[u8]) {
    let Ok(poem) = Poem::parse(bytes) else { return };
    for (index, stanza) in poem.stanzas().iter().enumerate() {
        assert_eq!((stanza.place.index, stanza.place.of), (index, poem.len()));
        assert!(!stanza.text.trim().is_empty(), "stanza {index} is empty");
    }
    for canto in poem.cantos() {
        assert!(poem.stanzas().get(canto.stanzas.clone()).is_some(), "{canto:?}");
    }
    assert!(!poem.text().is_empty() && poem.edition().len() == 8);
}

/// What a client posts over long polling.
pub fn payload(bytes: &[u8]) {
    for framing in [Framing::V4, Framing::V3Text, Framing::V3Binary] {
        if let Ok(count) = check(bytes, framing) {
            assert!((1..=bytes.len()).contains(&count), "{count} packets in {} bytes", bytes.len());
        }
    }
}

/// What a server or a proxy sends to the probe, and how it is cut.
pub fn probe(bytes: &[u8]) {
    let (sizes, bytes) = split_sizes(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let packets = engineio::payload(text);
        assert!(packets.is_err() || packets.is_ok_and(|packets| !packets.is_empty()));
    }
    let (mut whole, mut cut) = (events::Parser::default(), events::Parser::default());
    let at_once = whole.feed(bytes);
    let in_pieces: Result<Vec<_>, _> = pieces(bytes, sizes).map(|piece| cut.feed(piece)).collect();
    assert_eq!(at_once, in_pieces.map(|events| events.concat()));
    assert_eq!(whole.stray(), cut.stray());

    let (mut whole, mut cut) = (Unpacker::new(Some("gzip")), Unpacker::new(Some("gzip")));
    let at_once = whole.feed(bytes);
    let in_pieces: Result<Vec<_>, _> = pieces(bytes, sizes).map(|piece| cut.feed(piece)).collect();
    if let (Ok(at_once), Ok(in_pieces)) = (at_once, in_pieces) {
        assert!(at_once == in_pieces.concat(), "gzip gives the same, however it is cut");
    }
}

/// The frames that a server of HTTP/2, or of a WebSocket whose messages are compressed, sends to the probe, and how they are cut.
pub fn frames(bytes: &[u8]) {
    /// No settings, and the beginning of a block of headers of stream 1 that is whole (RFC 9113, 6.2 and 6.5).
    const BEFORE_HEADERS: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0";
    let (sizes, bytes) = split_sizes(bytes);
    let block = &bytes[..bytes.len().min(0x3fff)];
    let length = u16::try_from(block.len()).unwrap_or_default().to_be_bytes();
    let headers = [BEFORE_HEADERS, &length, b"\x01\x04\0\0\0\x01", block].concat();
    for bytes in [bytes, &headers] {
        let (mut whole, mut cut) = (FrameReader::default(), FrameReader::default());
        whole.feed(bytes, 0);
        pieces(bytes, sizes).for_each(|piece| cut.feed(piece, 0));
        assert_eq!(whole.seen, cut.seen);
    }
    let Ok(Some(agreement)) = Agreement::read(Some("permessage-deflate")) else { panic!("it is one") };
    let (mut frames, mut out) = (Frames::new(agreement, 1 << 16), Vec::new());
    // An error ends the connection.
    let _ = pieces(bytes, sizes).try_for_each(|piece| frames.feed(piece, &mut out));
}

/// The first byte says how many of the next ones are sizes of pieces.
fn split_sizes(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = bytes.split_first() else { return (&[], &[]) };
    rest.split_at(rest.len().min(usize::from(count % 8)))
}

/// Cuts bytes into pieces of these sizes, over and over.
fn pieces<'a>(mut bytes: &'a [u8], sizes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter().map(|size| usize::from(*size).max(1)).cycle();
    std::iter::from_fn(move || {
        let size = sizes.next().unwrap_or(bytes.len()).min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    /// Letters that mean something to one of the targets, and any others.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let telling = proptest::sample::select(&b"/%.:,;04b{}[]\"\r\n \x1e\x1f\x8b\x08\0\xffdata"[..]);
        vec(prop_oneof![telling, any::<u8>()], 0..200)
    }

    proptest! {
        #[test]
        fn every_target_takes_any_bytes(bytes in bytes()) {
            for target in [super::listener, super::prefix, super::poem, super::payload, super::probe, super::frames] {
                target(&bytes);
            }
        }
    }
}

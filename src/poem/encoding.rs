//! Bytes → text, or what they are instead and how to save them right.

use std::fmt;

use super::{MAX_BYTES, PoemError};

/// So many bytes from the start are looked at to tell what a file is.
const SAMPLE: usize = 64 * 1024;

/// What a file can be, where it ought to be UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name says it; what users read is below")]
pub enum FileKind {
    Utf16Le,
    Utf16Be,
    Utf32,
    Pdf,
    PostScript,
    Rtf,
    Html,
    Xml,
    Word,
    OldWord,
    OpenDocument,
    Epub,
    Mobi,
    Zip,
    Gzip,
    Compressed,
    Archive,
    Picture,
    Binary,
}

impl fmt::Display for FileKind {
    /// What it is, and how to make text of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EXPORT: &str = "save it as plain text (.txt) in UTF-8";
        const GUTENBERG: &str = "Project Gutenberg has each book as \"Plain Text UTF-8\", too";
        match self {
            Self::Utf16Le => f.write_str(
                "it is UTF-16 text; save it as UTF-8 (Notepad: Save as, Encoding: UTF-8), \
                 or run: iconv -f UTF-16LE -t UTF-8 FILE >poem.txt",
            ),
            Self::Utf16Be => f.write_str(
                "it is UTF-16 text, big-endian; save it as UTF-8 (Notepad: Save as, Encoding: UTF-8), \
                 or run: iconv -f UTF-16BE -t UTF-8 FILE >poem.txt",
            ),
            Self::Utf32 => {
                f.write_str("it is UTF-32 text; save it as UTF-8, or run: iconv -f UTF-32 -t UTF-8 FILE >poem.txt")
            }
            Self::Pdf => f.write_str(
                "it is a PDF; run: pdftotext -layout FILE poem.txt (or copy its text into an editor and save it as UTF-8)",
            ),
            Self::PostScript => f.write_str("it is PostScript; run: ps2ascii FILE poem.txt"),
            Self::Rtf => write!(
                f,
                "it is an RTF document; open it in a word processor (TextEdit: Format, Make Plain Text) and {EXPORT}"
            ),
            Self::Html => write!(f, "it is an HTML page; open it in a browser and {EXPORT}; {GUTENBERG}"),
            Self::Xml => write!(f, "it is XML, not plain text; {EXPORT} with the program that it is from"),
            Self::Word => write!(f, "it is a Word document; open it in Word or LibreOffice and {EXPORT}"),
            Self::OldWord => {
                write!(f, "it is a document of Microsoft Office; open it in Word or LibreOffice and {EXPORT}")
            }
            Self::OpenDocument => write!(f, "it is an OpenDocument file; open it in LibreOffice and {EXPORT}"),
            Self::Epub => {
                write!(f, "it is an EPUB book; {EXPORT} (in Calibre: Convert books, to TXT); {GUTENBERG}")
            }
            Self::Mobi => {
                write!(f, "it is a Kindle book; {EXPORT} (in Calibre: Convert books, to TXT); {GUTENBERG}")
            }
            Self::Zip => f.write_str("it is a ZIP archive; unpack it and give the text file in it"),
            Self::Gzip => f.write_str("it is compressed by gzip; run: gunzip -c FILE >poem.txt"),
            Self::Compressed => f.write_str("it is compressed; decompress it and give the text file"),
            Self::Archive => f.write_str("it is an archive; unpack it and give the text file in it"),
            Self::Picture => {
                f.write_str("it is a picture; Dante needs text: run text recognition (OCR) and save it as UTF-8")
            }
            Self::Binary => f.write_str("it is a binary file, not text; give a plain-text file in UTF-8"),
        }
    }
}

/// The text in `bytes`, without a byte order mark and what old systems leave at the end.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, PoemError> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if let Some(kind) = by_signature(sample).or_else(|| by_zeros(sample)) {
        return Err(PoemError::NotText(kind));
    }
    if bytes.len() > MAX_BYTES {
        return Err(PoemError::TooLarge);
    }
    // DOS ended texts with Ctrl-Z; a file system that lost power leaves zeros.
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | 0x1a)).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    let line = |at: usize| 1 + super::clean::line_breaks(&bytes[..at]);
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(if is_binary(sample) {
            PoemError::NotText(FileKind::Binary)
        } else {
            PoemError::Zero { line: line(at) }
        });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) if is_binary(sample) => Err(PoemError::NotText(FileKind::Binary)),
        Err(error) => {
            let at = error.valid_up_to();
            let line = line(at);
            // Somewhere there are letters in UTF-8, so this one is damaged.
            let damaged = !bytes[..at].is_ascii() || has_utf8_letters(&bytes[at..]);
            Err(if damaged {
                PoemError::Damaged { line }
            } else {
                PoemError::NotUtf8 { line, byte: bytes[at] }
            })
        }
    }
}

/// By the first bytes, which most formats reserve for this.
fn by_signature(bytes: &[u8]) -> Option<FileKind> {
    const SIGNATURES: [(&[u8], FileKind); 24] = [
        (b"\xff\xfe\0\0", FileKind::Utf32),
        (b"\0\0\xfe\xff", FileKind::Utf32),
        (b"\xff\xfe", FileKind::Utf16Le),
        (b"\xfe\xff", FileKind::Utf16Be),
        (b"%PDF-", FileKind::Pdf),
        (b"%!PS", FileKind::PostScript),
        (b"{\\rtf", FileKind::Rtf),
        (b"\xd0\xcf\x11\xe0", FileKind::OldWord),
        (b"PK\x03\x04", FileKind::Zip),
        (b"PK\x05\x06", FileKind::Zip),
        (b"\x1f\x8b", FileKind::Gzip),
        (b"BZh", FileKind::Compressed),
        (b"\xfd7zXZ\0", FileKind::Compressed),
        (b"\x28\xb5\x2f\xfd", FileKind::Compressed),
        (b"\x1f\x9d", FileKind::Compressed),
        (b"7z\xbc\xaf\x27\x1c", FileKind::Archive),
        (b"Rar!\x1a\x07", FileKind::Archive),
        (b"\x89PNG", FileKind::Picture),
        (b"\xff\xd8\xff", FileKind::Picture),
        (b"GIF8", FileKind::Picture),
        (b"II*\0", FileKind::Picture),
        (b"MM\0*", FileKind::Picture),
        (b"AT&TFORM", FileKind::Picture),
        (b"\x7fELF", FileKind::Binary),
    ];
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = unmarked.trim_ascii_start();
    let known =
        SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature) || start.starts_with(signature));
    match known.map(|(_, kind)| *kind) {
        Some(FileKind::Zip) => Some(in_zip(bytes)),
        Some(FileKind::Compressed)
            if start.starts_with(b"BZh") && start.get(4..10).is_none_or(|magic| magic != b"1AY&SY") =>
        {
            None
        }
        Some(kind) => Some(kind),
        None if bytes.get(60..68) == Some(b"BOOKMOBI") => Some(FileKind::Mobi),
        None if bytes.get(257..262) == Some(b"ustar") => Some(FileKind::Archive),
        None => markup(start),
    }
}

/// What a ZIP file holds, by the names of its first entries.
fn in_zip(bytes: &[u8]) -> FileKind {
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    match () {
        () if holds(b"application/epub+zip") => FileKind::Epub,
        () if holds(b"application/vnd.oasis.opendocument") => FileKind::OpenDocument,
        () if holds(b"[Content_Types].xml") || holds(b"word/") => FileKind::Word,
        () => FileKind::Zip,
    }
}

fn markup(start: &[u8]) -> Option<FileKind> {
    let is =
        |tag: &str| start.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag.as_bytes()));
    let html = ["<!doctype html", "<html", "<head>", "<body", "<title>", "<meta "].into_iter().any(is);
    let page = || start.windows(5).take(2000).any(|window| window.eq_ignore_ascii_case(b"<html"));
    match () {
        () if html => Some(FileKind::Html),
        () if (is("<?xml") || is("<!--")) && page() => Some(FileKind::Html),
        () if is("<?xml") => Some(FileKind::Xml),
        () => None,
    }
}

/// UTF-16 and UTF-32 without a mark: every second byte of most European text is zero, or three of four.
fn by_zeros(bytes: &[u8]) -> Option<FileKind> {
    let zeros =
        |from: usize, step: usize| bytes.iter().skip(from).step_by(step).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0, 2), zeros(1, 2));
    let half = bytes.len() / 2;
    // A third of the high bytes: text with some letters of other scripts, too, but no binary noise.
    let mostly = |count: usize| count > 0 && count * 3 >= half;
    match (mostly(even), mostly(odd)) {
        (true, true) if !is_mostly_zero(bytes) => Some(FileKind::Utf32),
        (false, true) if even * 10 <= odd => Some(FileKind::Utf16Le),
        (true, false) if odd * 10 <= even => Some(FileKind::Utf16Be),
        _ => None,
    }
}

fn is_mostly_zero(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == 0).count() * 10 > bytes.len() * 8
}

/// Whether one byte in twenty is a control character that texts don't have.
fn is_binary(bytes: &[u8]) -> bool {
    let odd = |byte: &&u8| matches!(byte, 0..=8 | 0x0e..=0x19 | 0x1c..=0x1f | 0x7f);
    bytes.iter().filter(odd).count() * 20 > bytes.len()
}

/// Whether there are two-byte letters in UTF-8. In an 8-bit encoding a capital letter with an accent is
/// hardly ever followed by a sign of the range 80 to BF.
fn has_utf8_letters(bytes: &[u8]) -> bool {
    let pairs = bytes.windows(2).filter(|pair| matches!(pair, [0xc3, 0x80..=0xbf] | [0xe2, 0x80])).count();
    pairs > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Option<FileKind> {
        match decode(bytes) {
            Err(PoemError::NotText(kind)) => Some(kind),
            _ => None,
        }
    }

    #[test]
    fn what_is_not_text_is_named() {
        let text = "Inferno: Canto I\n\nNel mezzo del cammin — è così\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let swapped: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let utf32: Vec<u8> = text.chars().flat_map(|letter| (letter as u32).to_le_bytes()).collect();
        for (bytes, wanted) in [
            (utf16.clone(), FileKind::Utf16Le),
            ([b"\xff\xfe".as_slice(), &utf16].concat(), FileKind::Utf16Le),
            (swapped.clone(), FileKind::Utf16Be),
            ([b"\xfe\xff".as_slice(), &swapped].concat(), FileKind::Utf16Be),
            (utf32, FileKind::Utf32),
            (b"%PDF-1.7\n\0".to_vec(), FileKind::Pdf),
            (b"{\\rtf1\\ansi".to_vec(), FileKind::Rtf),
            (b"\xef\xbb\xbf\n <!DOCTYPE HTML>".to_vec(), FileKind::Html),
            (b"<?xml version='1.0'?>\n<html>".to_vec(), FileKind::Html),
            (b"<?xml version='1.0'?><TEI>".to_vec(), FileKind::Xml),
            (b"PK\x03\x04 [Content_Types].xml".to_vec(), FileKind::Word),
            (b"PK\x03\x04 mimetypeapplication/epub+zip".to_vec(), FileKind::Epub),
            (b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.text".to_vec(), FileKind::OpenDocument),
            (b"PK\x03\x04 poem.txt".to_vec(), FileKind::Zip),
            (b"\x1f\x8b\x08".to_vec(), FileKind::Gzip),
            (b"\xd0\xcf\x11\xe0\xa1".to_vec(), FileKind::OldWord),
            (b"\x01\x02\x03\xff\x05\x00\x06\x07".repeat(10), FileKind::Binary),
        ] {
            assert_eq!(kind(&bytes), Some(wanted));
            assert!(!wanted.to_string().contains('\n'), "{wanted}");
        }
        assert_eq!(kind(&vec![0xff_u8; MAX_BYTES + 1]), None);
        let large = [b"%PDF-".as_slice(), &[0; MAX_BYTES]].concat();
        assert_eq!(kind(&large), Some(FileKind::Pdf), "what it is says more than its size");
    }

    #[test]
    fn old_encodings_damage_and_zeros_name_their_line() {
        assert_eq!(decode(b"a\n\nperch\xe9\n"), Err(PoemError::NotUtf8 { line: 3, byte: 0xe9 }));
        assert_eq!(decode(b"a\r\rb\r\xe9"), Err(PoemError::NotUtf8 { line: 4, byte: 0xe9 }));
        assert_eq!(decode("perch\u{e9}\nx".as_bytes()).map(str::len), Ok(9));
        assert_eq!(decode(b"perch\xc3\xa9\n\xc3"), Err(PoemError::Damaged { line: 2 }));
        assert_eq!(decode(b"a long line of text\nand a b\0c\n"), Err(PoemError::Zero { line: 2 }));
        assert_eq!(decode(b"a long line of text\n\x1a\0\0"), Ok("a long line of text\n"));
    }

    #[test]
    fn texts_that_begin_like_something_else_are_texts() {
        for text in ["BZh, said the cat", "PKs and queues", "<3 my poem", "%percent", "", "\u{feff}a"] {
            assert!(decode(text.as_bytes()).is_ok(), "{text}");
        }
    }
}

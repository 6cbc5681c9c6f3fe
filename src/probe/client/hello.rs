//! The first messages of a handshake as old servers know it, as bytes: rustls speaks only TLS 1.2 and 1.3, with strong
//! ciphers, and so cannot find out what a server wants instead. Pure.

/// TLS 1.0 (RFC 2246, 6.2.1): what a record says that may be read by any server.
const TLS_1_0: [u8; 2] = [3, 1];
/// TLS 1.2 (RFC 5246, 6.2.1): the most that is offered.
const TLS_1_2: [u8; 2] = [3, 3];

/// What servers of those days choose from, the strongest first (RFC 5246, A.5; RFC 8422, 6; RFC 5288): RSA with AES in GCM, ECDHE and
/// RSA with AES in CBC, both with 3DES, RSA with RC4. The last one is no cipher: it says that renegotiation is safe (RFC 5746, 3.3).
const SUITES: [u16; 15] = [
    0x009d, 0x009c, 0xc00a, 0xc014, 0xc009, 0xc013, 0x003d, 0x003c, 0x0035, 0x002f, 0xc008, 0xc012, 0x000a,
    0x0005, 0x00ff,
];

/// secp256r1, secp384r1 and x25519 (RFC 8422, 5.1.1).
const GROUPS: [u16; 3] = [23, 24, 29];

/// RSA and ECDSA with SHA-256 and SHA-1, RSA-PSS with SHA-256 (RFC 5246, 7.4.1.4.1; RFC 8446, 4.2.3).
const SIGNATURES: [u16; 5] = [0x0401, 0x0403, 0x0804, 0x0201, 0x0203];

/// What a server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    version: [u8; 2],
    suite: u16,
}

/// A ClientHello that offers TLS 1.2 at most (RFC 5246, 7.4.1.2), for a name if it has one: an address has none (RFC 6066, 3).
pub(super) fn client_hello(name: Option<&str>, random: &[u8; 32]) -> Vec<u8> {
    let mut extensions = Vec::new();
    if let Some(name) = name {
        let entry = [&[0], with_length(name.as_bytes()).as_slice()].concat();
        extension(&mut extensions, 0, &with_length(&entry));
    }
    extension(&mut extensions, 10, &with_length(&words(&GROUPS)));
    // Points come uncompressed (RFC 8422, 5.1.2).
    extension(&mut extensions, 11, &[1, 0]);
    extension(&mut extensions, 13, &with_length(&words(&SIGNATURES)));
    let mut hello = TLS_1_2.to_vec();
    hello.extend(random);
    // No session to resume.
    hello.push(0);
    hello.extend(with_length(&words(&SUITES)));
    // No compression.
    hello.extend([1, 0]);
    hello.extend(with_length(&extensions));
    // A handshake of type client_hello, with its length in three bytes, in a record of the oldest version.
    let message = [&[1, 0], with_length(&hello).as_slice()].concat();
    [&[22], TLS_1_0.as_slice(), &with_length(&message)].concat()
}

impl Choice {
    /// Reads a ServerHello (RFC 5246, 7.4.1.3), if an answer starts with one.
    pub(super) fn read(answer: &[u8]) -> Option<Self> {
        let [22, 3, _, _, _, 2, _, _, _, rest @ ..] = answer else { return None };
        // Version, random, session.
        let version = [*rest.first()?, *rest.get(1)?];
        let session = usize::from(*rest.get(34)?);
        let suite = u16::from_be_bytes([*rest.get(35 + session)?, *rest.get(36 + session)?]);
        Some(Self { version, suite })
    }

    /// Whether it is a version that browsers refuse (RFC 8996).
    pub(super) fn is_old(self) -> bool {
        self.version < TLS_1_2
    }

    /// In words.
    pub(super) fn describe(self) -> String {
        match self.version {
            [3, 0] => "SSL 3.0".to_owned(),
            [3, minor @ 1..=3] => {
                let suite = if self.is_old() {
                    String::new()
                } else {
                    format!(" with cipher suite {:#06x}", self.suite)
                };
                format!("TLS 1.{}{suite}", minor - 1)
            }
            [major, minor] => format!("version {major}.{minor} of TLS"),
        }
    }
}

/// Whether bytes can be the start of what a server of TLS sends: an alert or a handshake, of any version.
pub(super) fn is_tls(answer: &[u8]) -> bool {
    matches!(answer, [21 | 22, 3, ..])
}

fn extension(list: &mut Vec<u8>, kind: u16, content: &[u8]) {
    list.extend(kind.to_be_bytes());
    list.extend(with_length(content));
}

fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a name has at most 253 bytes, and the rest is short");
    [length.to_be_bytes().as_slice(), content].concat()
}

fn words(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a record, a handshake and the fixed part of a ClientHello, and gives what is left: its extensions.
    fn extensions(hello: &[u8]) -> &[u8] {
        let (record, message) = hello.split_at(5);
        assert_eq!(record[..3], [22, 3, 1]);
        assert_eq!(usize::from(u16::from_be_bytes([record[3], record[4]])), message.len());
        assert_eq!(message[..2], [1, 0]);
        assert_eq!(usize::from(u16::from_be_bytes([message[2], message[3]])), message.len() - 4);
        let rest = &message[4 + 2 + 32 + 1..];
        let suites = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        let rest = &rest[2 + suites + 2..];
        assert_eq!(usize::from(u16::from_be_bytes([rest[0], rest[1]])), rest.len() - 2);
        &rest[2..]
    }

    #[test]
    fn lengths_fit() {
        let named = client_hello(Some("dante.test"), &[7; 32]);
        let name = [&[0, 0, 0, 15, 0, 13, 0, 0, 10], b"dante.test".as_slice()].concat();
        assert!(extensions(&named).starts_with(&name));
        assert_eq!(extensions(&client_hello(None, &[7; 32]))[..2], [0, 10]);
    }

    #[test]
    fn answers_are_told_apart() {
        let hello = |minor| {
            let fixed = [&[22, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor], [9; 32].as_slice()].concat();
            [fixed.as_slice(), &[2, 7, 7, 0, 0x2f, 0]].concat()
        };
        let chosen = |answer: &[u8]| Choice::read(answer).map(|choice| (choice.is_old(), choice.describe()));
        assert_eq!(chosen(&hello(1)), Some((true, "TLS 1.0".to_owned())));
        assert_eq!(chosen(&hello(2)), Some((true, "TLS 1.1".to_owned())));
        assert_eq!(chosen(&hello(3)), Some((false, "TLS 1.2 with cipher suite 0x002f".to_owned())));
        assert_eq!(chosen(&[21, 3, 1, 0, 2, 2, 70]), None);
        assert_eq!(chosen(b"HTTP/1.1 400 Bad Request"), None);
        assert!(is_tls(&[21, 3, 1, 0, 2, 2, 70]) && is_tls(&hello(3)));
        assert!(!is_tls(b"HTTP/1.1 400") && !is_tls(&[]) && !is_tls(&[0, 0, 18, 4]));
        for length in 0..hello(2).len() - 3 {
            assert_eq!(Choice::read(&hello(2)[..length]), None);
        }
    }
}

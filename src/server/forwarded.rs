//! The headers in which proxies describe the client and themselves: X-Forwarded-For and its kin. Dante uses them only
//! if it was told to trust the proxy (`--trust-forwarded`).

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderValue},
};

use crate::hosting::{
    fault::{Fault, describe_text},
    listener::{Accepted, Peer},
    prefix::Prefix,
};

/// The header that names the client.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The longest X-Forwarded-For that is kept whole, in bytes: some twenty proxies.
const LONGEST_CHAIN: usize = 1024;

/// The longest client's address that is kept, in bytes: more than any with a port and a zone.
const LONGEST_CLIENT: usize = 200;

/// The last value of a proxy's header, which is the one that counts. Each proxy appends its value, so the last one is
/// the nearest proxy's, and a client's forgery comes before it (Werkzeug `ProxyFix`, ASP.NET Core `ForwardLimit`: one
/// trusted proxy by default, counted from the end).
pub(super) fn last_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let last = String::from_utf8_lossy(headers.get_all(name).iter().next_back()?.as_bytes()).into_owned();
    Some(last.rsplit(',').next().unwrap_or_default().trim().to_owned())
}

/// Trusted proxy headers whose value cannot be used. X-Forwarded-For is left out: it is a list by design.
pub(super) fn faults(headers: &HeaderMap) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, check) in [
        ("x-forwarded-prefix", unusable_prefix as fn(&str) -> Option<String>),
        ("x-forwarded-proto", unusable_proto),
        ("x-forwarded-host", unusable_host),
    ] {
        if let Some(value) = last_value(headers, name)
            && let Some(reason) = check(&value)
        {
            faults.push(Fault::Forwarded { name, value: describe_text(value.as_bytes()), reason });
        }
    }
    faults
}

fn unusable_prefix(value: &str) -> Option<String> {
    Prefix::parse(value).err().map(|error| error.to_string())
}

fn unusable_proto(value: &str) -> Option<String> {
    let known = ["http", "https", "ws", "wss"].iter().any(|known| value.eq_ignore_ascii_case(known));
    (!known).then(|| "not http or https".to_owned())
}

fn unusable_host(value: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (value.is_empty() || !value.bytes().all(good)).then(|| "not a name with an optional port".to_owned())
}

/// Leaves of an X-Forwarded-For that no proxies could have written only its last value, bounded: it stays in memory as long as
/// its reader, and a client can send 400 KB.
pub(super) fn shorten(headers: &mut HeaderMap) {
    let bytes: usize = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::len).sum();
    if bytes > LONGEST_CHAIN
        && let Some(last) = last_value(headers, FORWARDED_FOR)
    {
        // A lossy text may have been cut within a letter; its bytes came out of a header all the same.
        let kept = HeaderValue::from_bytes(&last.as_bytes()[..last.len().min(LONGEST_CLIENT)]);
        headers.insert(FORWARDED_FOR, kept.unwrap_or(HeaderValue::from_static("")));
    }
}

/// The client for the log, escaped and bounded: the peer's address, or, if the proxy is trusted, the address that it names.
pub(super) fn client(extensions: &Extensions, headers: &HeaderMap, trusted: bool) -> String {
    let named = trusted.then(|| named(headers)).flatten();
    named.map_or_else(|| peer(extensions), |client| describe_text(client.as_bytes()))
}

/// The client's address, if it is known to be one client's. That of a trusted proxy's client is; a peer's is not if it is on this machine or
/// in a private network, where peers are mostly proxies, with many clients behind them.
pub(super) fn address(extensions: &Extensions, headers: &HeaderMap, trusted: bool) -> Option<IpAddr> {
    if trusted {
        return named(headers).and_then(|client| parse_address(&client));
    }
    match extensions.get::<ConnectInfo<Accepted>>()?.0.peer {
        Peer::Tcp(peer) => Some(peer.ip().to_canonical()).filter(is_public),
        Peer::Local => None,
    }
}

/// The client that a proxy names.
fn named(headers: &HeaderMap) -> Option<String> {
    last_value(headers, FORWARDED_FOR).filter(|client| !client.is_empty())
}

/// An address as proxies write it: IIS adds the port, and an address of IPv6 may be in brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// Whether an address is neither this machine's nor of a private network (RFC 1918, RFC 3927, RFC 4193, RFC 4291, and RFC 6598, which some
/// clouds use within).
fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            !(address.is_loopback() || address.is_private() || address.is_link_local() || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local())
        }
    }
}

/// The address at the other end of the connection.
pub(super) fn peer(extensions: &Extensions) -> String {
    let accepted = extensions.get::<ConnectInfo<Accepted>>();
    accepted.map_or_else(|| "unknown".to_owned(), |ConnectInfo(accepted)| accepted.peer.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_values_the_last_one_counts() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-forwarded-prefix", "//evil.example, /a"),
            ("x-forwarded-prefix", "/b, /dante"),
            ("x-forwarded-proto", "https, gopher"),
            ("x-forwarded-host", "a.example, b.example"),
            ("x-forwarded-for", "192.0.2.1, unknown"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        assert_eq!(last_value(&headers, "x-forwarded-prefix").as_deref(), Some("/dante"));
        let faults = faults(&headers);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].to_string().contains("x-forwarded-proto is \"gopher\""), "{faults:?}");
    }

    #[test]
    fn a_client_cannot_forge_its_address() {
        let mut headers = HeaderMap::new();
        for value in ["10.0.0.1", "198.51.100.1, 192.0.2.7"] {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        assert_eq!(client(&Extensions::new(), &headers, true), "192.0.2.7");
        assert_eq!(client(&Extensions::new(), &headers, false), "unknown");
        headers.insert("x-forwarded-for", "192.0.2.7, ".parse().unwrap());
        assert_eq!(client(&Extensions::new(), &headers, true), "unknown");
    }

    #[test]
    fn what_is_kept_and_logged_of_a_client_is_bounded() {
        let mut headers = HeaderMap::new();
        let chain = vec!["192.0.2.1"; 20].join(", ");
        headers.append("x-forwarded-for", chain.parse().unwrap());
        shorten(&mut headers);
        assert_eq!(headers["x-forwarded-for"], chain, "a chain of proxies is kept whole");
        for (sent, last) in [
            (["x".repeat(100_000), "192.0.2.7".to_owned()], "192.0.2.7".to_owned()),
            (["192.0.2.7".to_owned(), "x".repeat(100_000)], "x".repeat(200)),
        ] {
            headers.clear();
            for value in sent {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            shorten(&mut headers);
            let kept: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
            assert_eq!(kept, [&last]);
        }
        headers.insert("x-forwarded-for", HeaderValue::from_bytes(&[0xE9; 300]).unwrap());
        let shown = client(&Extensions::new(), &headers, true);
        assert!(shown.is_ascii() || shown.ends_with('\u{2026}'), "{shown}");
        assert!(shown.chars().count() <= 801, "{} characters", shown.chars().count());
    }

    fn from(peer: Peer) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(Accepted { peer, socket: std::sync::Weak::new() }));
        extensions
    }

    #[test]
    fn addresses_that_are_one_clients() {
        for (peer, expected) in [
            ("203.0.113.7:1", Some("203.0.113.7")),
            ("[::ffff:203.0.113.7]:1", Some("203.0.113.7")),
            ("[2001:db8::1]:1", Some("2001:db8::1")),
            ("127.0.0.1:1", None),
            ("[::1]:1", None),
            ("[::ffff:127.0.0.1]:1", None),
            ("10.0.0.5:1", None),
            ("172.17.0.1:1", None),
            ("192.168.1.7:1", None),
            ("169.254.1.1:1", None),
            ("100.64.0.1:1", None),
            ("100.128.0.1:1", Some("100.128.0.1")),
            ("[fe80::1]:1", None),
            ("[fd00::1]:1", None),
        ] {
            let extensions = from(Peer::Tcp(peer.parse().unwrap()));
            let expected: Option<IpAddr> = expected.map(|address| address.parse().unwrap());
            assert_eq!(address(&extensions, &HeaderMap::new(), false), expected, "{peer}");
        }
        assert_eq!(address(&from(Peer::Local), &HeaderMap::new(), false), None);
    }

    #[test]
    fn addresses_that_a_trusted_proxy_names() {
        let proxy = from(Peer::Tcp("203.0.113.1:1".parse().unwrap()));
        for (named, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("10.0.0.5", Some("10.0.0.5")),
            ("192.0.2.7:50123", Some("192.0.2.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("unknown", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", format!("198.51.100.1, {named}").parse().unwrap());
            let expected: Option<IpAddr> = expected.map(|address| address.parse().unwrap());
            assert_eq!(address(&proxy, &headers, true), expected, "{named}");
        }
        assert_eq!(address(&proxy, &HeaderMap::new(), true), None, "it would be every client's");
    }
}

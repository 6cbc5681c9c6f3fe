//! The Content-Security-Policy: browsers may load and do on Dante's pages only what Dante itself serves.

use axum::http::{HeaderMap, HeaderValue, header};

use super::forwarded;

/// What every answer says that is no page of a stream.
pub(super) const PLAIN: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The policy of a page. Beside `'self'` it names the host that the page came from, for WebSockets.
///
/// In the standard `'self'` takes in `ws:` and `wss:` of the page's own host (CSP Level 3, "Does url match expression in origin with redirect count?";
/// w3c/webappsec-csp#7), but Safari only does since April 2022 (WebKit r292266, bugs 201591 and 235873; first in Technology Preview 144).
/// In one that is older, up to Safari 15, each WebSocket of such a page is forbidden, and MDN still warns of it (`connect-src`). A source of
/// scheme, host and port is taken literally there, `ws:` not even for `wss:`, so both are named. `ws:` alone would let the page connect to
/// any host.
///
/// The name is what the client, or a proxy that changes it, has sent. One that is not surely a host is left out, and a wrong one forbids
/// nothing: `'self'` stands before it.
pub(super) fn of_page(headers: &HeaderMap, trusts_forwarded: bool) -> HeaderValue {
    let forwarded = trusts_forwarded.then(|| forwarded::last_value(headers, "x-forwarded-host")).flatten();
    let sent = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = forwarded.as_deref().filter(|host| is_host(host)).or(sent.filter(|host| is_host(host)));
    let sources = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    let policy = PLAIN.replacen(';', &format!("; connect-src 'self'{sources};"), 1);
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(PLAIN))
}

/// Whether a text is a name or an address of IPv4, and perhaps a port: nothing else is a host in a policy, in which an address of IPv6
/// cannot be written (CSP Level 3, "host-part").
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = |port: &str| {
        (1..=5).contains(&port.len())
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    // The length is that of the longest name (RFC 1035, 2.3.4).
    name.len() <= 253 && name.split('.').all(is_label) && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(sent: &[(&str, &[u8])], trusts: bool) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let name: header::HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        of_page(&headers, trusts).to_str().unwrap().to_owned()
    }

    const REST: &str = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    #[test]
    fn the_pages_own_host_is_named() {
        for host in
            ["h.example", "localhost:8888", "192.0.2.7:80", "xn--mnchen-3ya.example", "H.Example:65535"]
        {
            let connect = format!("default-src 'self'; connect-src 'self' ws://{host} wss://{host}; {REST}");
            assert_eq!(policy(&[("host", host.as_bytes())], false), connect);
        }
    }

    #[test]
    fn what_is_no_host_adds_nothing() {
        let nothing = format!("default-src 'self'; connect-src 'self'; {REST}");
        assert_eq!(policy(&[], false), nothing);
        for host in [
            "",
            "*",
            "*.example",
            "a b",
            "a;script-src *",
            "a,b",
            "a'b",
            "a/b",
            "a_b",
            "a..b",
            ".a",
            "a.",
            "a:",
            "a:0",
            "a:65536",
            "a:+80",
            "a:1:2",
            "a@b",
            "ws://a",
            "[::1]:80",
            "\u{e9}",
        ] {
            assert_eq!(policy(&[("host", host.as_bytes())], false), nothing, "{host}");
        }
        assert_eq!(policy(&[("host", "a".repeat(254).as_bytes())], false), nothing);
        assert_eq!(policy(&[("host", b"\xff")], false), nothing);
    }

    #[test]
    fn a_proxy_that_is_trusted_names_the_host() {
        let sent: [(&str, &[u8]); 3] = [
            ("host", b"127.0.0.1:9000"),
            ("x-forwarded-host", b"evil.example, a.example"),
            ("x-forwarded-host", b"h.example:8443"),
        ];
        assert!(policy(&sent, true).contains("'self' ws://h.example:8443 wss://h.example:8443;"));
        assert!(policy(&sent, false).contains("'self' ws://127.0.0.1:9000 wss://127.0.0.1:9000;"));
        let unusable: [(&str, &[u8]); 2] = [("host", b"a"), ("x-forwarded-host", b"b c")];
        assert!(policy(&unusable, true).contains("'self' ws://a wss://a;"));
    }
}

//! The headers in which proxies describe the client and themselves: X-Forwarded-For and its kin. Dante uses them only
//! if it was told to trust the proxy (`--trust-forwarded`).

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
};

use crate::hosting::{
    fault::{Fault, describe_text},
    listener::Peer,
    prefix::Prefix,
};

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

/// The client for the log: the peer's address, or, if the proxy is trusted, the address that it names.
pub(super) fn client(extensions: &Extensions, headers: &HeaderMap, trusted: bool) -> String {
    let forwarded = trusted.then(|| last_value(headers, "x-forwarded-for")).flatten();
    forwarded.filter(|client| !client.is_empty()).unwrap_or_else(|| peer(extensions))
}

/// The address at the other end of the connection.
pub(super) fn peer(extensions: &Extensions) -> String {
    let peer = extensions.get::<ConnectInfo<Peer>>();
    peer.map_or_else(|| "unknown".to_owned(), |ConnectInfo(peer)| peer.to_string())
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
}

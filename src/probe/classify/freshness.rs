//! Whether an answer was made for the request, or kept from an earlier one.

use crate::probe::evidence::Exchange;

/// What says that an answer comes from a cache, if anything does.
pub(crate) fn comes_from_cache(exchange: &Exchange) -> Option<String> {
    if exchange.saw.is_some() && exchange.asked().is_some() && !exchange.is_ours() {
        return Some("it was made for another request".to_owned());
    }
    // RFC 9111, 5.1.
    if let Some(age) = exchange.header("age").filter(|age| age.parse::<u64>().is_ok_and(|age| age > 0)) {
        return Some(format!("Age: {age}"));
    }
    // RFC 9211: "ExampleCache; hit".
    let statuses = [
        "x-cache",
        "cf-cache-status",
        "x-cache-status",
        "x-proxy-cache",
        "cache-status",
        "cdn-cache",
        "x-vercel-cache",
    ];
    let hit = statuses.iter().find_map(|name| {
        let value = exchange.header(name)?;
        let lower = value.to_ascii_lowercase();
        let hit = ["hit", "stale", "revalidated"].iter().any(|word| lower.contains(word));
        (hit && !lower.contains("fwd=")).then(|| format!("{name}: {value}"))
    });
    // Two numbers: the second is the request that was kept (Varnish, "X-Varnish").
    hit.or_else(|| {
        let ids = exchange.header("x-varnish")?;
        (ids.split_whitespace().count() > 1).then(|| format!("x-varnish: {ids}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ASK_HEADER, SeenExchange};

    #[test]
    fn signs() {
        let with = |headers: &[(&str, &str)]| Exchange {
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            ..Exchange::default()
        };
        for (headers, cached) in [
            (&[("age", "0")][..], false),
            (&[("age", "86400")], true),
            (&[("x-cache", "MISS from squid.test")], false),
            (&[("x-cache", "HIT from squid.test")], true),
            (&[("cf-cache-status", "DYNAMIC")], false),
            (&[("cache-status", "Edge; hit; ttl=3")], true),
            (&[("x-varnish", "32770")], false),
            (&[("x-varnish", "32772 32770")], true),
        ] {
            assert_eq!(comes_from_cache(&with(headers)).is_some(), cached, "{headers:?}");
        }
        let asked = |asked: &str| Exchange {
            sent: vec![(ASK_HEADER.into(), "x-2".into())],
            saw: Some(SeenExchange { asked: asked.into(), ..SeenExchange::default() }),
            ..Exchange::default()
        };
        assert_eq!((comes_from_cache(&asked("x-2")), asked("x-2").is_ours()), (None, true));
        assert!(comes_from_cache(&asked("x-1")).is_some() && !asked("x-1").is_ours());
    }
}

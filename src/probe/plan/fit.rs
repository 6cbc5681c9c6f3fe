//! Which options do not fit the way out. Pure.

use crate::{
    bad_value::BadValue,
    cli::ProbeArgs,
    probe::{
        target::Target,
        way_out::{WayOut, WaysOut},
    },
};

/// Refuses options that cannot do, on this way out, what they are for.
///
/// # Errors
/// When they cannot be used together.
pub(super) fn check(args: &ProbeArgs, ways_out: &WaysOut, target: &Target) -> Result<(), BadValue> {
    check_ways(args, ways_out, target)?;
    check_browser(args, ways_out, target)
}

/// Refuses what the way out makes impossible.
fn check_ways(args: &ProbeArgs, ways_out: &WaysOut, target: &Target) -> Result<(), BadValue> {
    let proxy = match ways_out.to(target) {
        WayOut::Through(proxy) => Some(proxy),
        WayOut::Direct | WayOut::Excepted(..) => None,
    };
    match (proxy, args.resolve.first()) {
        (None, _) if args.direct => Err(BadValue::new(
            "--direct",
            args.url(),
            "no proxy is set for this URL, so there is nothing to compare; leave it out, or name the proxy with --proxy",
        )),
        // A proxy that is asked for a URL looks up the name in it (RFC 9112, 3.2.2), and so does curl's.
        (Some(proxy), Some(resolve)) if !target.tls && proxy.speaks_http() => {
            let reason = format!(
                "the proxy {proxy} ({}) looks up the names of http: URLs itself; add --proxy \"\" to do without it",
                proxy.source
            );
            Err(BadValue::new("--resolve", resolve, reason))
        }
        _ => Ok(()),
    }
}

/// Refuses what a browser cannot be told to do behind a proxy.
fn check_browser(args: &ProbeArgs, ways_out: &WaysOut, target: &Target) -> Result<(), BadValue> {
    let (Some(browser), WayOut::Through(proxy)) = (&args.browser, ways_out.to(target)) else { return Ok(()) };
    let refuse = |reason: &str| {
        let reason = format!("{reason} the proxy {proxy} ({})", proxy.source);
        Err(BadValue::new("--browser", browser, reason))
    };
    if proxy.credentials.is_some() {
        return refuse(
            "a browser asks its user for the password of a proxy; leave --browser out, or do without",
        );
    }
    if !args.header.is_empty() {
        // Behind a proxy, the browser cannot be kept from other hosts.
        return refuse(
            "the headers of --header could reach other hosts; leave one of both out, or do without",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosting::environment::Environment;

    #[test]
    fn refusals_name_the_value_and_the_remedy() {
        type Change = fn(&mut ProbeArgs);
        for (url, proxy, change, parts) in [
            (
                "https://example.org/",
                None,
                (|args| args.direct = true) as Change,
                &["--direct", "--proxy"][..],
            ),
            (
                "https://example.org/",
                Some("http://u:p@p:3128"),
                |args| args.browser = Some(String::new()),
                &["--browser", "password", "http://u@p:3128"],
            ),
            (
                "https://example.org/",
                Some("http://p:3128"),
                |args| {
                    args.browser = Some(String::new());
                    args.header = vec!["Authorization: Bearer x".into()];
                },
                &["--browser", "--header", "http://p:3128"],
            ),
            (
                "http://example.org/",
                Some("http://p:3128"),
                |args| args.resolve = vec!["example.org:80:192.0.2.1".into()],
                &["--resolve", "http://p:3128", "--proxy \"\""],
            ),
        ] {
            let mut args = ProbeArgs { url: Some(url.into()), ..ProbeArgs::default() };
            change(&mut args);
            let target = Target::parse(url).unwrap();
            let ways_out = WaysOut::read(proxy, &Environment::default(), &target).unwrap();
            let error = check(&args, &ways_out, &target).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}

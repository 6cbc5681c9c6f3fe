use super::*;

fn detect(variables: &[(&str, &str)]) -> Result<Hosting, BadValue> {
    let env = variables.iter().copied().collect();
    let given = |name: &'static str| Environment::get(&env, name).map(|value| (name, value));
    let overrides = Overrides { listen: given("DANTE_LISTEN"), prefix: given("DANTE_PREFIX") };
    Hosting::detect(&overrides, &env, 42)
}

/// (environment, host, prefix, endpoint)
type Row<'a> = (&'a [(&'a str, &'a str)], Host, &'a str, &'a str);

#[test]
fn detection() {
    let rows: &[Row<'_>] = &[
        (&[], Host::Itself, "/", "127.0.0.1:8888"),
        (&[("DANTE_LISTEN", "99"), ("PORT", "98")], Host::Itself, "/", "127.0.0.1:99"),
        (&[("PORT", "98")], Host::Itself, "/", "0.0.0.0:98"),
        (&[("port", "98")], Host::Itself, "/", "0.0.0.0:98"),
        (&[("PORT", "")], Host::Itself, "/", "127.0.0.1:8888"),
        (&[("LISTEN_FDS", "1"), ("LISTEN_PID", "42")], Host::Itself, "/", "an inherited socket"),
        (&[("LISTEN_FDS", "1"), ("LISTEN_PID", "41")], Host::Itself, "/", "127.0.0.1:8888"),
        (&[("LISTEN_FDS", "1"), ("LISTEN_PID", "42"), ("PORT", "1")], Host::Itself, "/", "0.0.0.0:1"),
        (&[("DANTE_PREFIX", "/x/")], Host::Itself, "/x", "127.0.0.1:8888"),
        (&[("DANTE_PREFIX", "/")], Host::Itself, "/", "127.0.0.1:8888"),
        (
            &[("ASPNETCORE_PORT", "5000"), ("PORT", "80"), ("ASPNETCORE_APPL_PATH", "/d")],
            Host::AspNetCore,
            "/d",
            "127.0.0.1:5000",
        ),
        (
            &[("ASPNETCORE_PORT", "5000"), ("ASPNETCORE_APPL_PATH", "/")],
            Host::AspNetCore,
            "/",
            "127.0.0.1:5000",
        ),
        (&[("HTTP_PLATFORM_PORT", "5001"), ("PORT", "80")], Host::HttpPlatform, "/", "127.0.0.1:5001"),
        (
            &[("HTTP_PLATFORM_PORT", "5001"), ("HTTP_PLATFORM_APPL_PATH", "/My App")],
            Host::HttpPlatform,
            "/My%20App",
            "127.0.0.1:5001",
        ),
        (&[("WEBSITE_SITE_NAME", "s"), ("WEBSITES_PORT", "80")], Host::Azure, "/", "0.0.0.0:80"),
        (&[("WEBSITES_PORT", "80")], Host::Itself, "/", "127.0.0.1:8888"),
    ];
    for (variables, host, prefix, endpoint) in rows {
        let found = detect(variables).unwrap();
        let shown = (found.prefix.value.to_string(), found.endpoint.value.to_string());
        assert_eq!(
            (found.host.value, shown.0.as_str(), shown.1.as_str()),
            (*host, *prefix, *endpoint),
            "{variables:?}"
        );
        assert!(!found.learn_prefix, "{variables:?}");
    }
}

#[cfg(unix)]
#[test]
fn detection_where_sockets_have_paths() {
    let iisnode = detect(&[("IISNODE_VERSION", "0.2"), ("PORT", "80"), ("PORT", "/tmp/s")]).unwrap();
    assert_eq!(iisnode.host.value, Host::Iisnode);
    assert_eq!(iisnode.endpoint.value, Endpoint::Unix("/tmp/s".into()));
    assert_eq!((iisnode.prefix.value.as_str(), iisnode.learn_prefix), ("/dante", true));
    let told = detect(&[("IISNODE_VERSION", "0.2"), ("PORT", "/tmp/s"), ("DANTE_PREFIX", "/demo")]).unwrap();
    assert_eq!((told.prefix.value.as_str(), told.learn_prefix), ("/demo", false));
    let pipe = detect(&[("PORT", r"\\.\pipe\x")]).unwrap_err();
    assert!(pipe.reason.contains("only on Windows"), "{pipe}");
}

#[cfg(windows)]
#[test]
fn detection_where_pipes_have_names() {
    let iisnode = detect(&[("IISNODE_VERSION", "0.2"), ("Port", "80"), ("PORT", r"\\.\pipe\x")]).unwrap();
    assert_eq!(iisnode.endpoint.value, Endpoint::Pipe(r"\\.\pipe\x".into()));
    assert_eq!((iisnode.prefix.value.as_str(), iisnode.learn_prefix), ("/dante", true));
}

#[test]
fn values_that_cannot_be_used() {
    for (variables, name) in [
        (&[("DANTE_LISTEN", "80a")][..], "DANTE_LISTEN"),
        (&[("PORT", "http")], "PORT"),
        (&[("ASPNETCORE_PORT", "x")], "ASPNETCORE_PORT"),
        (&[("HTTP_PLATFORM_PORT", "-1")], "HTTP_PLATFORM_PORT"),
        (&[("DANTE_PREFIX", "dante")], "DANTE_PREFIX"),
        (&[("IISNODE_VERSION", "0.2"), ("PORT", "80")], "PORT"),
    ] {
        assert_eq!(detect(variables).unwrap_err().name, name, "{variables:?}");
    }
}

#[test]
fn what_would_have_gone_before() {
    let azure = ("WEBSITE_SITE_NAME", "s");
    // (environment, how many override the host, the prefix, the endpoint)
    type Row<'a> = (&'a [(&'a str, &'a str)], usize, usize, usize);
    let rows: &[Row<'_>] = &[
        (&[], 5, 6, 7),
        (&[azure], 4, 6, 9),
        (&[azure, ("SERVER_PORT", "80")], 4, 6, 8),
        (&[("port", "80"), ("DANTE_PREFIX", "/d")], 5, 1, 5),
        (&[("DANTE_LISTEN", "80")], 5, 6, 1),
        (&[("ASPNETCORE_PORT", "80"), ("ASPNETCORE_APPL_PATH", "/d")], 1, 2, 3),
        (&[("LISTEN_FDS", "1"), ("LISTEN_PID", "42")], 5, 6, 6),
    ];
    for (variables, host, prefix, endpoint) in rows {
        let found = detect(variables).unwrap();
        assert_eq!(found.host.overridden_by, &HOST_RANKS[..*host], "{variables:?}");
        assert_eq!(found.prefix.overridden_by, &PREFIX_RANKS[..*prefix], "{variables:?}");
        assert_eq!(found.endpoint.overridden_by, &ENDPOINT_RANKS[..*endpoint], "{variables:?}");
    }
}

#[test]
fn a_token_is_found() {
    let found = detect(&[("ASPNETCORE_PORT", "1"), ("ASPNETCORE_TOKEN", "t")]).unwrap();
    assert_eq!(found.pairing_token.as_deref(), Some("t"));
}

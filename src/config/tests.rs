use super::*;

fn config(args: ServeArgs, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::new(&args, &variables.iter().copied().collect(), 42)
}

#[test]
fn defaults() {
    let config = config(ServeArgs::default(), &[]).unwrap();
    assert_eq!(config.interval, Duration::from_secs(2));
    assert_eq!(config.polling_duration, Duration::from_secs(25));
    assert_eq!((config.drain, config.grace), (Duration::from_secs(5), Duration::from_secs(10)));
    assert_eq!(config.keep_alive, Some(Duration::from_secs(75)));
    assert_eq!(config.socket_mode.to_string(), "660");
    assert_eq!(config.threads, 1);
    assert_eq!(config.asked_limits, AskedLimits::default());
    assert_eq!(config.transports.to_string(), "websocket,polling");
    assert_eq!(config.engine_versions.to_string(), "4,3");
    assert_eq!(config.origins, Origins::Own);
    assert!(!config.trust_forwarded && config.poem.is_none() && config.log_plan.is_none());
    assert_eq!((config.metrics, config.redis), (None, None));
}

#[test]
fn what_is_typed_outranks_what_is_set() {
    let variables = [("DANTE_INTERVAL", "5s"), ("DANTE_GRACE", "1s"), ("DANTE_TRUST_FORWARDED", "1")];
    let config =
        config(ServeArgs { interval: Some("1s".into()), ..ServeArgs::default() }, &variables).unwrap();
    assert_eq!((config.interval, config.grace), (Duration::from_secs(1), Duration::from_secs(1)));
    assert!(config.trust_forwarded);
}

#[test]
fn hosts_and_proxies_on_a_socket_decide_how_long_connections_are_kept() {
    for (variables, expected) in [
        (&[("DANTE_LISTEN", "0.0.0.0:80")][..], Some(75)),
        (&[("DANTE_LISTEN", "1"), ("IISNODE_VERSION", "0.2.21")], None),
        (&[("HTTP_PLATFORM_PORT", "80")], None),
        (&[("ASPNETCORE_PORT", "80")], None),
        (&[("PORT", "80"), ("WEBSITE_INSTANCE_ID", "1")], None),
        (&[("HTTP_PLATFORM_PORT", "80"), ("DANTE_KEEP_ALIVE", "2m")], Some(120)),
        (&[("DANTE_KEEP_ALIVE", "none")], None),
        #[cfg(unix)]
        (&[("DANTE_LISTEN", "unix:/run/dante.sock")], None),
        #[cfg(unix)]
        (&[("DANTE_LISTEN", "unix:/run/dante.sock"), ("DANTE_KEEP_ALIVE", "1s")], Some(1)),
    ] {
        let keep_alive = config(ServeArgs::default(), variables).unwrap().keep_alive;
        assert_eq!(keep_alive, expected.map(Duration::from_secs), "{variables:?}");
    }
}

#[test]
fn bad_values_name_their_source() {
    for (name, value) in [
        ("DANTE_INTERVAL", "0"),
        ("DANTE_INTERVAL", "0s"),
        ("DANTE_INTERVAL", "19ms"),
        ("DANTE_INTERVAL", "2"),
        ("DANTE_INTERVAL", "soon"),
        ("DANTE_GRACE", "-1s"),
        ("DANTE_KEEP_ALIVE", "0s"),
        ("DANTE_KEEP_ALIVE", "2h"),
        ("DANTE_KEEP_ALIVE", "never"),
        ("DANTE_SOCKET_MODE", "668"),
        ("DANTE_SOCKET_MODE", "000"),
        ("DANTE_POLLING_DURATION", "0"),
        ("DANTE_POLLING_DURATION", "301"),
        ("DANTE_POLLING_DURATION", "10s"),
        ("DANTE_TRANSPORTS", "smoke"),
        ("DANTE_ENGINE_VERSIONS", "3"),
        ("DANTE_REUSE_PORT", "yes"),
        ("DANTE_MAX_READERS", "0"),
        ("DANTE_MAX_READERS", "10000001"),
        ("DANTE_MAX_READERS", "many"),
        ("DANTE_MAX_PER_ADDRESS", "0"),
        ("DANTE_MAX_PER_ADDRESS", "-1"),
        ("DANTE_THREADS", "0"),
        ("DANTE_THREADS", "257"),
        ("DANTE_THREADS", "all"),
        ("DANTE_REDIS", "127.0.0.1:6379"),
        ("DANTE_LOG_FORMAT", "xml"),
        ("DANTE_METRICS_LISTEN", "9100a"),
        ("DANTE_TRUST_FORWARDED", "maybe"),
        ("DANTE_ALLOW_ORIGIN", "shop.example"),
    ] {
        let error = config(ServeArgs::default(), &[(name, value)]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name} {value:?}: ")), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_shared_port_leaves_socket_io_only_websocket() {
    let shared = |more: &[(&'static str, &'static str)]| {
        let variables = [&[("DANTE_REUSE_PORT", "1")], more].concat();
        config(ServeArgs::default(), &variables).map(|config| config.transports.to_string())
    };
    assert_eq!(shared(&[]), Ok("websocket".to_owned()));
    assert_eq!(shared(&[("DANTE_TRANSPORTS", "websocket")]), Ok("websocket".to_owned()));
    for (name, value) in [
        ("DANTE_TRANSPORTS", "polling"),
        ("DANTE_TRANSPORTS", "websocket,polling"),
        ("DANTE_LISTEN", "unix:/run/dante.sock"),
    ] {
        let error = shared(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(value) && error.contains("leave out --reuse-port"), "{error}");
    }
    let args = ServeArgs { reuse_port: true, transports: Some("polling".into()), ..ServeArgs::default() };
    assert!(config(args, &[]).unwrap_err().to_string().starts_with("--transports \"polling\": long polling"));
}

#[test]
fn node_arguments_are_taken_only_under_iisnode() {
    let args = || ServeArgs { node_arguments: vec!["prove".into()], ..ServeArgs::default() };
    assert_eq!(config(args(), &[]), Err(ConfigError::Argument("prove".into())));
    assert!(config(args(), &[("IISNODE_VERSION", "0.2.21")]).is_ok());
}

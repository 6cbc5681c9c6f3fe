//! Verdicts on the way out: the proxy that requests go through.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::ProxyUnreachable,
        "The proxy cannot be reached, and so nothing reaches the host.",
        "check the proxy's URL and whether it runs; to go without it: --proxy \"\", or the host's name in NO_PROXY",
    ),
    Entry::new(
        VerdictId::NotAProxy,
        "What listens where the proxy should be is not a proxy of that kind.",
        "check port and scheme of the proxy's URL: http, https (TLS to the proxy itself) and socks5 are different kinds",
    ),
    Entry::new(
        VerdictId::ProxyUntrusted,
        "The certificate of the proxy itself is not trusted, so neither the probe nor a browser goes through it.",
        "write the proxy's URL with the name that its certificate is for; where the certificate is fine, install its authority, or name the authority's file in SSL_CERT_FILE; else give the proxy a certificate that this machine trusts",
    ),
    Entry::new(
        VerdictId::ProxyCredentials,
        "The proxy wants a user name and password, or refuses those that it got.",
        "put them into the proxy's URL, special characters percent-encoded: http://USER:PASSWORD@HOST:PORT",
    ),
    Entry::new(
        VerdictId::ProxyRefuses,
        "The proxy does not open a tunnel to this host and port.",
        "allow the host in the proxy's rules; most proxies allow CONNECT only to port 443, so serve pages and WebSocket over https: on that port; or name the host in NO_PROXY, if it can be reached without the proxy",
    ),
    Entry::new(
        VerdictId::ProxyCannotReach,
        "The proxy cannot reach the host: it does not find the name, or gets no connection.",
        "check the URL; try the host from the proxy's own machine: its DNS and its firewall count, not those of this machine",
    ),
    Entry::new(
        VerdictId::ProxyHangs,
        "The proxy accepts the connection, but opens no tunnel and gives no reason.",
        "look into the proxy's log, and try the host from the proxy's own machine: a firewall may drop its packets",
    ),
    Entry::new(
        VerdictId::ProxyInterferes,
        "The proxy on the way out changes, holds back or cuts what the host sends.",
        "except this host from inspection, caching and time-outs in the proxy, or from the proxy altogether (NO_PROXY, or the browsers' list); an inspecting proxy has to pass on the bytes of streams as they come",
    ),
    Entry::new(
        VerdictId::TlsIntercepted,
        "A proxy opens the TLS connection, reads along, and shows a certificate of its own.",
        "where that is meant to be, install the proxy's certificate authority, or name its file in SSL_CERT_FILE; programs and streams do better if the proxy leaves this host alone (Squid: ssl_bump splice; mitmproxy: ignore_hosts)",
    ),
];

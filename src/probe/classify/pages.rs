//! What pages of hosts say: the words by which a login, a firewall or a limit is known. Words that a
//! program writes itself have their source; the others are what such pages commonly say.

use crate::probe::evidence::Exchange;

/// What servers of TLS answer to plain HTTP: nginx (ngx_http_special_response.c, 497), Apache (modules/ssl/ssl_engine_kernel.c),
/// Go (net/http/server.go), lighttpd has none, HAProxy none, Node none.
pub(super) const PLAIN_TO_TLS: &[&str] = &[
    "plain http request was sent to https port",
    "speaking plain http to an ssl",
    "http request to an https server",
    "this combination of host and port requires tls",
];

/// nginx, 496 and 495 (ngx_http_special_response.c).
pub(super) const CLIENT_CERTIFICATE: &[&str] =
    &["no required ssl certificate was sent", "the ssl certificate error", "client certificate required"];

/// Firewalls' pages: ModSecurity's 406 by way of Apache's page, Cloudflare ("Attention Required!", error 1020), AWS WAF, Azure Application
/// Gateway and Front Door, Akamai ("Reference #"), Imperva ("Incapsula incident"), Sucuri, F5 ("The requested URL was rejected").
pub(super) const FIREWALL: &[&str] = &[
    "attention required!",
    "access denied",
    "mod_security",
    "not acceptable!",
    "request blocked",
    "request was blocked",
    "has been blocked",
    "web application firewall",
    "incapsula incident",
    "the requested url was rejected",
    "sucuri",
    "azure web application firewall",
    "microsoft-azure-application-gateway",
    "could not be verified",
    "bot detected",
];

/// Words of firewalls that stand on no other page; theirs come with status 200, too.
pub(super) const FIREWALL_BY_NAME: &[&str] =
    &["incapsula incident", "the requested url was rejected. please consult", "sucuri website firewall"];

/// What Apache says when it speaks TLS to a port of plain HTTP (modules/proxy/mod_proxy_http.c, `Error during SSL Handshake with
/// remote server`).
pub(super) const TLS_TO_SERVER: &[&str] = &["error during ssl handshake with remote server"];

/// What says that a limit on requests was met, whatever the status.
pub(super) const RATE_LIMIT: &[&str] = &[
    "too many requests",
    "rate limit",
    "rate-limit",
    "ratelimit",
    "max connections reached",
    "you are being rate limited",
    "throttled",
    "quota exceeded",
];

/// What hosts say that have no server to pass a request to: HAProxy (src/http.c, 503), Envoy ("no healthy upstream", "upstream connect
/// error"), Traefik ("no available server"), Varnish ("Backend fetch failed"), Apache's balancer, Kubernetes' ingress and its default
/// backend, Node's proxies ("ECONNREFUSED").
pub(super) const NO_SERVER: &[&str] = &[
    "no server is available to handle this request",
    "no healthy upstream",
    "upstream connect error",
    "no available server",
    "backend fetch failed",
    "backend unavailable",
    "unable to connect to the backend",
    "econnrefused",
    "application failed to respond",
    "no healthy backend",
    "first byte timeout",
    "guru meditation",
];

const MAINTENANCE: &[&str] =
    &["maintenance", "be back soon", "be right back", "be back shortly", "temporarily down for", "wartung"];

/// Words of iisnode's own error pages, which come with status 200 unless `devErrorsEnabled` is off
/// (cprotocolbridge.cpp:162-178 and 210-402).
pub(crate) const IISNODE_PAGES: [&str; 4] =
    ["iisnode encountered an error", "HTTP subStatus", "unable to start the node", "iisnode-"];

/// Whether a body is an error page of iisnode's.
pub(crate) fn is_iisnode_page(body: &str) -> bool {
    IISNODE_PAGES.iter().any(|words| body.contains(words))
}

/// Whether a body has one of these words; they are in lower case.
pub(super) fn says(body: &str, words: &[&str]) -> bool {
    let body = body.to_ascii_lowercase();
    words.iter().any(|word| body.contains(word))
}

/// Whether it is a page.
pub(super) fn is_html(exchange: &Exchange) -> bool {
    let kind = exchange.header("content-type").unwrap_or_default();
    kind.starts_with("text/html")
        || exchange.body.trim_start().to_ascii_lowercase().starts_with("<!doctype html")
        || (kind.is_empty() && exchange.body.trim_start().starts_with('<'))
}

/// A page with a field for a password, or one that is called so.
pub(super) fn is_login(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    let password = ["type=password", "type=\"password\"", "type='password'"];
    let titles = ["<title>sign in", "<title>log in", "<title>login", "<title>anmelden"];
    password.iter().chain(&titles).any(|words| body.contains(words))
}

/// A bot check: Cloudflare says so in a header (developers.cloudflare.com, "Detect a challenge page response"), AWS WAF by its own
/// (docs.aws.amazon.com, "x-amzn-waf-action"); others by their words.
pub(super) fn is_challenge(exchange: &Exchange) -> bool {
    exchange.header("cf-mitigated").is_some()
        || exchange.header("x-amzn-waf-action").is_some()
        || (is_html(exchange)
            && says(
                &exchange.body,
                &["<title>just a moment", "verify you are human", "checking your browser", "captcha"],
            )
            && exchange.saw.is_none())
}

/// Apache's page for every 503 (modules/http/http_protocol.c, `get_canned_error_string`).
const APACHE_503: &str = "due to maintenance downtime or capacity";

/// 503 with the words, or with a page and a time at which to come back.
pub(super) fn is_maintenance(exchange: &Exchange) -> bool {
    // It may be wrapped anywhere.
    let text = exchange.body.split_whitespace().collect::<Vec<_>>().join(" ");
    if says(&text, &[APACHE_503]) {
        return false;
    }
    says(&exchange.body, MAINTENANCE) || (exchange.header("retry-after").is_some() && is_html(exchange))
}

/// A JSON object that has an error and nothing else of note.
pub(super) fn is_error_in_json(exchange: &Exchange) -> bool {
    if !exchange.body.trim_start().starts_with('{') {
        return false;
    }
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(&exchange.body) else { return false };
    let known = ["error", "errors", "errorMessage", "error_description", "fault", "message", "detail"];
    fields.len() <= 6 && fields.keys().any(|key| known.contains(&key.as_str()))
}

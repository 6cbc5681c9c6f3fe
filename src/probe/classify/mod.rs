//! [`classify`]: one reading of an answer, the same for all hops. Pure: what an answer means beside others is for
//! `diagnose` to say.

mod change;
mod engine_error;
mod file_type;
mod freshness;
mod pages;
mod redirect;

use std::str::FromStr as _;

pub(crate) use self::{
    change::{Change, change},
    engine_error::EngineError,
    file_type::refusal,
    freshness::comes_from_cache,
    pages::{IISNODE_PAGES, is_iisnode_page},
    redirect::RedirectKind,
};
use super::{
    evidence::{Exchange, FailureKind},
    target::Target,
};
use crate::contract::{FAULT_HEADER, FaultId};

/// What an exchange is, by all that is seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    /// A status that says yes (2xx or 101), and no page of somebody else's.
    Good,
    /// A page where no page was asked for, or a page of which nothing is known.
    Page,
    /// JSON that tells of an error and is neither Dante's nor an engine's.
    ErrorInJson,
    /// Dante refuses the request as it arrived.
    Fault(FaultId),
    /// An engine refuses.
    Engine(EngineError),
    /// A redirect.
    Redirect(RedirectKind),
    /// A page to sign in, whatever its status.
    Login,
    /// Credentials are wanted: 401, 407.
    Credentials,
    /// A client certificate is wanted, by a page of HTTP.
    ClientCertificate,
    /// A firewall or a bot check.
    Firewall,
    /// 403, and nothing that tells why.
    Forbidden,
    /// The method is refused: 405, 501.
    Method,
    /// The body is too large: 413.
    BodyLimit,
    /// Too many requests: 429, or another status with words that say so.
    RateLimit,
    /// 421.
    Misdirected,
    /// 426: a WebSocket endpoint met a plain request.
    UpgradeRequired,
    /// Nothing at this path: 404, 410.
    NotFound,
    /// A page of maintenance: 503 with Retry-After and a page, or with its words.
    Maintenance,
    /// A host says that the server behind it does not answer, or nothing that it understands.
    OriginDown,
    /// It gave up waiting: 504, 524.
    OriginSlow,
    /// It cannot speak TLS with it: 525, 526.
    OriginTls,
    /// 503, and nothing that tells why.
    Unavailable,
    /// iisnode's error page, with a status that says yes.
    IisnodePage,
    /// 500 and others.
    ServerError,
    /// Plain HTTP met a port of TLS.
    PlainToTls,
    /// Any other status.
    Other(u16),
    /// The head came, and the body did not come whole.
    Cut,
    /// No answer.
    None(FailureKind),
}

/// No gateway gives up waiting in less: one second is the shortest time that is set anywhere, and timers may fire a little early.
const GATEWAY_WAIT_MS: u64 = 500;

/// Reads an answer.
pub(crate) fn classify(exchange: &Exchange) -> Class {
    let Some(status) = exchange.status else {
        return Class::None(exchange.failure.as_ref().map(|failure| failure.kind).unwrap_or_default());
    };
    if let Some(fault) = fault(exchange) {
        return Class::Fault(fault);
    }
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        let kind = Target::parse(&exchange.url)
            .ok()
            .and_then(|asked| Some(redirect::kind(&asked, exchange.header("location")?)));
        return Class::Redirect(kind.unwrap_or(RedirectKind::Unusable));
    }
    if let Some(error) = EngineError::read(exchange) {
        return Class::Engine(error);
    }
    let body = &exchange.body;
    let is_page = pages::is_html(exchange);
    let says = |words: &[&str]| pages::says(body, words);
    match status {
        _ if status == 400 && says(pages::PLAIN_TO_TLS) => Class::PlainToTls,
        _ if status == 400 && says(pages::CLIENT_CERTIFICATE) => Class::ClientCertificate,
        _ if pages::is_challenge(exchange) => Class::Firewall,
        200..=299 if pages::is_iisnode_page(body) => Class::IisnodePage,
        200..=299 | 401 | 403 if is_page && pages::is_login(body) => Class::Login,
        401 | 407 => Class::Credentials,
        403 | 406 if says(pages::FIREWALL) => Class::Firewall,
        200..=299 if is_page && says(pages::FIREWALL_BY_NAME) => Class::Firewall,
        500..=599 if says(pages::TLS_TO_SERVER) => Class::OriginTls,
        _ if status >= 400 && says(pages::RATE_LIMIT) => Class::RateLimit,
        200..=299 if exchange.failure.is_some() => Class::Cut,
        200..=299 if is_page => Class::Page,
        200..=299 | 400 | 403 | 404 if pages::is_error_in_json(exchange) => Class::ErrorInJson,
        101 | 200..=299 => Class::Good,
        403 => Class::Forbidden,
        404 | 410 => Class::NotFound,
        405 | 501 => Class::Method,
        413 => Class::BodyLimit,
        421 => Class::Misdirected,
        426 => Class::UpgradeRequired,
        429 => Class::RateLimit,
        // Cloudflare's own: 520-523 and 530 the origin, 524 its time, 525 and 526 its TLS
        // (developers.cloudflare.com, "5xx errors").
        525 | 526 => Class::OriginTls,
        // Who gives up waiting has waited: http-proxy-middleware answers 504 to a refused connection, too.
        504 if exchange.head_ms.is_some_and(|ms| ms < GATEWAY_WAIT_MS) => Class::OriginDown,
        504 | 524 => Class::OriginSlow,
        502 | 520..=523 | 530 => Class::OriginDown,
        500 | 503 if says(pages::NO_SERVER) => Class::OriginDown,
        503 if pages::is_maintenance(exchange) => Class::Maintenance,
        503 => Class::Unavailable,
        500..=599 => Class::ServerError,
        other => Class::Other(other),
    }
}

/// The fault that Dante found in a request: by its header, or by its sentence where something drops headers.
fn fault(exchange: &Exchange) -> Option<FaultId> {
    match exchange.header(FAULT_HEADER) {
        Some(name) => FaultId::from_str(name).ok(),
        None if matches!(exchange.status, Some(400..=499 | 505)) => FaultId::of_sentence(&exchange.body),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Exchange {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Exchange {
            url: "http://host:8080/dante/".into(),
            status: Some(status),
            headers,
            body: body.into(),
            ..Exchange::default()
        }
    }

    #[test]
    fn answers() {
        const HTML: (&str, &str) = ("content-type", "text/html");
        const JSON: (&str, &str) = ("content-type", "application/json");
        for (exchange, class) in [
            (answer(200, &[], "0{}"), Class::Good),
            (answer(101, &[], ""), Class::Good),
            (answer(200, &[HTML], "<h1>It works!</h1>"), Class::Page),
            (answer(200, &[JSON], r#"{"error":"route not found"}"#), Class::ErrorInJson),
            (answer(404, &[("dante-fault", "empty-segment")], "x"), Class::Fault(FaultId::EmptySegment)),
            (
                answer(400, &[], "The URL in the request line contains a space, which ends it: something …"),
                Class::Fault(FaultId::Space),
            ),
            (
                answer(400, &[], r#"{"code":1,"message":"Session ID unknown"}"#),
                Class::Engine(EngineError::UnknownSession),
            ),
            (answer(400, &[], "\"Invalid session\""), Class::Engine(EngineError::UnknownSession)),
            (answer(302, &[("location", "/login?next=/dante/")], ""), Class::Redirect(RedirectKind::Login)),
            (answer(302, &[], ""), Class::Redirect(RedirectKind::Unusable)),
            (
                answer(200, &[HTML], "<form method=post><input name=user><input type=password></form>"),
                Class::Login,
            ),
            (answer(401, &[JSON], r#"{"message":"Missing Authentication Token"}"#), Class::Credentials),
            (
                answer(400, &[HTML], "<title>400 No required SSL certificate was sent</title>"),
                Class::ClientCertificate,
            ),
            (
                answer(403, &[("cf-mitigated", "challenge"), HTML], "<title>Just a moment...</title>"),
                Class::Firewall,
            ),
            (answer(403, &[HTML], "<title>Attention Required! | Access denied</title>"), Class::Firewall),
            (answer(403, &[HTML], "<title>403 Forbidden</title>"), Class::Forbidden),
            (answer(405, &[], ""), Class::Method),
            (answer(413, &[HTML], "<title>413 Request Entity Too Large</title>"), Class::BodyLimit),
            (answer(429, &[], ""), Class::RateLimit),
            (answer(403, &[], "Rate limit exceeded"), Class::RateLimit),
            (answer(403, &[JSON], r#"{"message":"Missing Authentication Token"}"#), Class::ErrorInJson),
            (
                answer(
                    503,
                    &[HTML],
                    "temporarily unable to service your request due to maintenance downtime or capacity",
                ),
                Class::Unavailable,
            ),
            (
                answer(
                    500,
                    &[HTML],
                    "<p>Reason: <strong>Error during SSL Handshake with remote server</strong></p>",
                ),
                Class::OriginTls,
            ),
            (
                Exchange { head_ms: Some(2), ..answer(504, &[], "Error occurred while trying to proxy") },
                Class::OriginDown,
            ),
            (answer(200, &[HTML], "Request unsuccessful. Incapsula incident ID: 1"), Class::Firewall),
            (answer(503, &[], ""), Class::Unavailable),
            (
                answer(
                    503,
                    &[HTML],
                    "<h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n",
                ),
                Class::OriginDown,
            ),
            (
                answer(503, &[HTML, ("retry-after", "3600")], "<title>Down for maintenance</title>"),
                Class::Maintenance,
            ),
            (answer(502, &[HTML], "<title>502 Bad Gateway</title>"), Class::OriginDown),
            (answer(522, &[], ""), Class::OriginDown),
            (answer(526, &[], ""), Class::OriginTls),
            (answer(504, &[], ""), Class::OriginSlow),
            (answer(500, &[], ""), Class::ServerError),
            (answer(418, &[], ""), Class::Other(418)),
        ] {
            assert_eq!(classify(&exchange), class, "{exchange:?}");
        }
        assert_eq!(classify(&Exchange::default()), Class::None(FailureKind::Other));
    }
}

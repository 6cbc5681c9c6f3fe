//! What the ASP.NET Core Module (ANCM) expects of the program behind it: to check a token on every request, and to
//! answer its shutdown request. lextudio's HttpPlatformHandler v2 uses the same headers.

use http::{HeaderMap, Method};
use subtle::ConstantTimeEq as _;

use super::environment::Environment;
use crate::contract::paths;

/// Holds the token that the module passed in the environment.
const TOKEN_HEADER: &str = "ms-aspnetcore-token";

/// Holds `shutdown` on the shutdown request.
const EVENT_HEADER: &str = "ms-aspnetcore-event";

/// The token that the module sends with every request, if it set one (dotnet/aspnetcore
/// `serverprocess.cpp`; lextudio/httpplatformhandlerv2 `serverprocess.cpp:2108-2246`).
pub(crate) fn pairing_token(env: &Environment) -> Option<String> {
    env.get("ASPNETCORE_TOKEN").or_else(|| env.get("HTTP_PLATFORM_TOKEN"))
}

/// Whether a request came through the module. The module sets the header itself and removes it from what clients
/// send, so only a local process that bypasses IIS lacks it. The reference application answers 400
/// (aspnet/IISIntegration `IISMiddleware.cs:89`). How long the comparison takes tells nothing of the token but its length, which
/// is that of any GUID.
pub(crate) fn is_paired(headers: &HeaderMap, token: &str) -> bool {
    headers.get(TOKEN_HEADER).is_some_and(|sent| sent.as_bytes().ct_eq(token.as_bytes()).into())
}

/// Whether this is the module's request to stop. It expects 202, and waits 10 s for the program to end.
pub(crate) fn is_shutdown(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let event = headers.get(EVENT_HEADER).and_then(|event| event.to_str().ok());
    method == Method::POST && path == paths::SHUTDOWN && event.is_some_and(|event| event.trim() == "shutdown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let mut headers = HeaderMap::new();
        assert!(!is_paired(&headers, "token"));
        for wrong in ["", "t", "tokeN", "Token", "token2", "tok", "token, token"] {
            headers.insert(TOKEN_HEADER, wrong.parse().unwrap());
            assert!(!is_paired(&headers, "token"), "{wrong}");
        }
        headers.insert(TOKEN_HEADER, "token".parse().unwrap());
        assert!(is_paired(&headers, "token"));
    }

    #[test]
    fn the_shutdown_request() {
        let mut headers = HeaderMap::new();
        assert!(!is_shutdown(&Method::POST, paths::SHUTDOWN, &headers));
        headers.insert(EVENT_HEADER, " shutdown ".parse().unwrap());
        assert!(is_shutdown(&Method::POST, paths::SHUTDOWN, &headers));
        assert!(!is_shutdown(&Method::GET, paths::SHUTDOWN, &headers));
        assert!(!is_shutdown(&Method::POST, "/", &headers));
    }
}

//! What an answer means by itself, the same at every hop: a login page is one wherever it comes.

use super::{Finding, Severity, VerdictId, facts};
use crate::{
    contract::FaultId,
    probe::{
        classify::{Change, Class, RedirectKind, change, classify, comes_from_cache, is_iisnode_page},
        evidence::{Exchange, FailureKind},
        hop::Hop,
    },
};

/// The verdict on an exchange that went wrong, if its answer tells by itself what is the matter.
pub(super) fn by_itself(exchange: &Exchange, hop: Hop, severity: Severity) -> Option<Finding> {
    let line = || facts::describe_exchange(exchange);
    let finding = |id| Some(Finding::new(id, hop, severity, line()).by(exchange));
    match classify(exchange) {
        Class::Fault(fault) => finding(of_fault(fault)),
        // It has let others through: rules and limits of proxies hold for each tunnel.
        Class::None(FailureKind::ProxyRefused) => finding(VerdictId::ProxyRefuses),
        Class::None(FailureKind::ProxyCredentials) => finding(VerdictId::ProxyCredentials),
        Class::Redirect(RedirectKind::Login) | Class::Login => finding(VerdictId::LoginRequired),
        Class::Credentials => finding(VerdictId::CredentialsRequired),
        Class::ClientCertificate => finding(VerdictId::TlsClientCertificate),
        Class::Firewall => finding(VerdictId::BlockedByFirewall),
        Class::RateLimit => finding(VerdictId::RateLimited),
        Class::Misdirected => finding(VerdictId::Misdirected),
        Class::BodyLimit => finding(VerdictId::BodyLimit),
        // A host says that it got no answer; of what it got instead it says nothing.
        Class::OriginDown if is_ancm(&exchange.body) => finding(VerdictId::GuestNotStarted),
        Class::OriginDown => finding(VerdictId::GuestNotStarted).map(or_another_protocol),
        Class::OriginSlow => finding(VerdictId::GuestTooSlow),
        Class::OriginTls => finding(VerdictId::OriginTlsFailed),
        Class::Maintenance => finding(VerdictId::Maintenance),
        Class::IisnodePage => finding(VerdictId::IisnodeError200),
        Class::ServerError if is_ancm(&exchange.body) => finding(VerdictId::GuestNotStarted),
        _ => None,
    }
}

/// The server behind a host may be there, and be spoken to in another protocol than its own.
pub(super) fn or_another_protocol(finding: Finding) -> Finding {
    finding.or(
        &[VerdictId::TlsToServer, VerdictId::Http2ToServer],
        "{app}'s log says what arrives there: nothing, a TLS handshake (the host uses https://), or HTTP/2",
    )
}

/// The verdict on a request that did not come through as it was sent.
pub(super) fn by_change(exchange: &Exchange, hop: Hop, severity: Severity) -> Option<Finding> {
    let saw = || exchange.saw.as_ref().map(|saw| saw.target.as_str()).unwrap_or_default();
    let line = |what: String| format!("{}; {what}", facts::describe_exchange(exchange));
    let (id, what) = match change(exchange)? {
        Change::QueryLost => (VerdictId::QueryLost, format!("{} reached Dante, without the query", saw())),
        Change::ParameterLost(name) if name == "sid" => {
            (VerdictId::SidLost, format!("{} reached Dante, without its sid", saw()))
        }
        Change::ParameterLost(name) => {
            (VerdictId::QueryLost, format!("{} reached Dante, without its {name}", saw()))
        }
        Change::Case | Change::Encoding => (VerdictId::UrlChanged, format!("{} reached Dante", saw())),
        Change::UpgradeStripped | Change::Http10 => return None,
    };
    Some(Finding::new(id, hop, severity, line(what)))
}

/// The verdict on an answer that a cache gave where none may.
pub(super) fn by_cache(exchange: &Exchange, id: VerdictId, hop: Hop, severity: Severity) -> Option<Finding> {
    let sign = comes_from_cache(exchange)?;
    Some(Finding::new(id, hop, severity, format!("{}; {sign}", facts::describe_exchange(exchange))))
}

/// The verdict on a fault that Dante found in the request.
pub(super) fn of_fault(fault: FaultId) -> VerdictId {
    match fault {
        FaultId::Tls => VerdictId::TlsToServer,
        FaultId::ProxyProtocol => VerdictId::ProxyProtocol,
        FaultId::Http2 => VerdictId::Http2ToServer,
        FaultId::Space | FaultId::Unescaped => VerdictId::UrlDecoded,
        FaultId::NoHost | FaultId::SeveralHosts | FaultId::BadHost => VerdictId::HostHeaderLost,
        FaultId::EmptySegment => VerdictId::DoubleSlash,
        FaultId::OtherPrefix | FaultId::DoubledPrefix | FaultId::RewriteTarget | FaultId::NotServed => {
            VerdictId::PrefixMismatch
        }
        FaultId::Version
        | FaultId::LongTarget
        | FaultId::LargeHead
        | FaultId::LateHead
        | FaultId::LateBody
        | FaultId::Header
        | FaultId::Garbage
        | FaultId::Forwarded => VerdictId::RefusedByDante,
    }
}

/// IIS's pages for a process that did not start or is gone (learn.microsoft.com, "HTTP status codes in IIS"; iisnode's
/// cprotocolbridge.cpp).
fn is_ancm(body: &str) -> bool {
    let codes = [
        "500.1001", "500.1002", "500.1011", "500.1013", "502.5", "503.1002", "503.1003", "500.30", "500.31",
        "500.32",
    ];
    codes.iter().any(|code| body.contains(code)) || is_iisnode_page(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::Failure;

    #[test]
    fn a_tunnel_that_is_refused_is_the_proxys_doing_and_no_garbage() {
        let found = |kind| {
            let exchange = Exchange { failure: Some(Failure::new(kind, "x")), ..Exchange::default() };
            by_itself(&exchange, Hop::Upgrade, Severity::Degraded).map(|finding| finding.id)
        };
        assert_eq!(found(FailureKind::ProxyRefused), Some(VerdictId::ProxyRefuses));
        assert_eq!(found(FailureKind::ProxyCredentials), Some(VerdictId::ProxyCredentials));
        assert_eq!(found(FailureKind::NotHttp), None);
    }
}

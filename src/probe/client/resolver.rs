//! From a name to its addresses.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::lookup_host, time::timeout};

use super::connector::Connector;
use crate::probe::{
    evidence::{Failure, FailureKind, Name},
    target::Target,
};

impl Connector {
    /// Looks a name up.
    pub(crate) async fn look_up(&self, target: &Target, limit: Duration) -> (Name, Vec<SocketAddr>) {
        let mut name = Name { name: target.host.clone(), ..Name::default() };
        let given: Vec<_> = self.plan().resolved(&target.host, target.port).collect();
        let addresses = if given.is_empty() {
            match timeout(limit, lookup_host((target.host.as_str(), target.port))).await {
                Ok(Ok(addresses)) => addresses.collect(),
                Ok(Err(error)) => {
                    name.failure = Some(of_resolver(&error));
                    Vec::new()
                }
                Err(_) => {
                    let text = format!("DNS gave no answer within {:.1} s", limit.as_secs_f64());
                    name.failure = Some(Failure::new(FailureKind::Timeout, text));
                    Vec::new()
                }
            }
        } else {
            name.given = true;
            given
        };
        // A name may have any number of addresses; a few tell enough.
        let mut addresses: Vec<SocketAddr> = addresses.into_iter().take(8).collect();
        addresses.dedup();
        name.addresses = addresses.iter().map(|address| address.ip().to_string()).collect();
        if addresses.is_empty() && name.failure.is_none() {
            name.failure = Some(Failure::new(FailureKind::Unknown, "the name has no address"));
        }
        (name, addresses)
    }
}

/// Names an error of the resolver. Only its words tell a name that does not exist from a resolver that has no answer (`EAI_AGAIN`): in
/// glibc, macOS and FreeBSD the first, in musl the second, in Windows the third (`WSATRY_AGAIN`).
fn of_resolver(error: &io::Error) -> Failure {
    let text = error.to_string();
    let temporary = ["Temporary failure in name resolution", "Try again", "(os error 11002)"];
    if temporary.iter().any(|words| text.contains(words)) {
        return Failure::new(FailureKind::Timeout, format!("DNS gave no answer ({text})"));
    }
    Failure::new(FailureKind::Unknown, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_unknown_is_told_from_a_resolver_without_an_answer() {
        for (text, expected) in [
            ("failed to lookup address information: Name or service not known", FailureKind::Unknown),
            (
                "failed to lookup address information: No address associated with hostname",
                FailureKind::Unknown,
            ),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                FailureKind::Timeout,
            ),
            ("failed to lookup address information: Try again", FailureKind::Timeout),
            ("No such host is known. (os error 11001)", FailureKind::Unknown),
        ] {
            assert_eq!(of_resolver(&io::Error::other(text)).kind, expected, "{text}");
        }
    }
}
